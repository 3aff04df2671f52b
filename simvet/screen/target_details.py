"""One target in full: what the plan prints, what the run says, what stands in the way, whence the numbers come."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from simvet.catalogue import CATALOGUE
from simvet.items import known_processes, process_name
from simvet.planning.plan import Plan
from simvet.planning.words import quantity_name
from simvet.register import BASE_FIGURE, INSTRUMENT, RegisterRow
from simvet.report.explain import ITEM_QUANTITIES, indicator_name, labels_of
from simvet.report.register import need_text
from simvet.report.register_file import lacking_text
from simvet.report.terminal import bound_text, change_text, gap_text, target_name
from simvet.report.trust_words import avoid_text, light_text, reasons_text
from simvet.report.wording import Language, band, number, word
from simvet.runs import Run
from simvet.screen.pieces import html_table
from simvet.screen.service import service
from simvet.screen.session import Session
from simvet.screen.target_rows import plan_about, region_of, standing
from simvet.screen.target_why import show_why
from simvet.sources import chain_of
from simvet.tables import Row
from simvet.verdicts import Cause, Verdict

EFFECT = 1e-4
"""Part of the bound, or of the probability, below which a relaxation is said to do nothing."""


def show_details(desk: Session, row: RegisterRow, name: str) -> None:
    """Draw everything about one row of the register.

    Parameters
    ----------
    desk : Session.
    row : RegisterRow.
    name : str; of the row, in the planner's language.

    Notes
    -----
    Unit: printed with each number. Errors: told on the page. Source: the register, the verdict and a run.
    """
    st.header(desk.say("targets_details"))
    plan = plan_about(desk, row.target.region)
    own = row.target.region == region_of(desk.plan)
    if not own:
        st.info(desk.say("targets_base_only", region=word("region", row.target.region, desk.language)))
    st.html(html_table(name, (), _facts(desk, row, own), "target_facts"))
    if row.verdict is None:
        return
    if row.status != BASE_FIGURE:
        _causes(desk, row.verdict, own)
        show_why(desk, row, plan, name)
    _chain(desk, row, plan)


def _facts(desk: Session, row: RegisterRow, own: bool) -> list[tuple[str, str]]:
    """Return the facts about a row as pairs of heading and text."""
    t, language = row.target, desk.language
    where = "、" if language == "zh" else ", "
    document = word("document", t.document, language)
    facts = [
        (desk.say("targets_fact_text"), t.labels[language]),
        (desk.say("targets_fact_document"), where.join(part for part in (document, t.locator) if part)),
        (desk.say("targets_fact_region"), word("region", t.region, language)),
        (desk.say("targets_fact_stage"), word("stage", t.stage, language)),
        (desk.say("targets_fact_kind"), desk.say(f"targets_kind_{t.kind}")),
        (desk.say("targets_fact_verdict"), desk.say(f"targets_standing_{standing(row)}")),
    ]
    if t.note:
        facts.append((desk.say("targets_fact_note"), t.note))
    if row.verdict is None:
        return facts + _unanswered(desk, row)
    return facts + _trust_facts(desk, row) + _verdict_facts(desk, row.verdict, own)


def _trust_facts(desk: Session, row: RegisterRow) -> list[tuple[str, str]]:
    """Return how far the figures of a row carry, why, and when not to trust them."""
    if row.trust is None:
        return []
    language = desk.language
    facts = [
        (desk.say("targets_fact_trust"), light_text(row.trust, language)),
        (desk.say("targets_fact_trust_reasons"), reasons_text(row.trust, language)),
        (desk.say("targets_fact_trust_avoid"), avoid_text(row.trust, language, len(row.trust.warnings))),
    ]
    return [fact for fact in facts if fact[1]]


def _unanswered(desk: Session, row: RegisterRow) -> list[tuple[str, str]]:
    t, language = row.target, desk.language
    if row.status != INSTRUMENT:
        return [(desk.say("targets_fact_lacking"), lacking_text(row, language))]
    facts = []
    if t.bound is not None:
        level = number(t.bound, CATALOGUE[t.key].unit if t.key in CATALOGUE else t.unit, language)
        facts.append((desk.say("targets_fact_level"), desk.say("targets_level", level=level, year=t.year)))
    if t.key in CATALOGUE:
        facts.append((desk.say("targets_fact_owner"), word("owner", CATALOGUE[t.key].owner, language)))
    return [*facts, (desk.say("targets_fact_role"), desk.say("targets_instrument"))]


def _verdict_facts(desk: Session, v: Verdict, own: bool) -> list[tuple[str, str]]:
    language, t = desk.language, v.target
    base = desk.say(f"targets_base_{'assumed' if v.assumed_base else 'figure' if v.milestone_assumed else 'printed'}")
    facts = [
        (desk.say("targets_fact_bound"),
         word("text", "bound_cell", language, bound=bound_text(v, language), year=t.year)),
        (desk.say("targets_fact_probability"),
         desk.say("targets_probability", percent=f"{v.probability * 100:.0f}", error=f"{v.error * 100:.1f}",
                  draws=v.draws)),
        (desk.say("targets_fact_band"), band(v.median, v.low, v.high, v.unit, language)),
        (desk.say("targets_fact_gap"), gap_text(v, language)),
        (desk.say("targets_fact_base"), f"{number(v.base_value, v.unit, language)} · {base}"),
    ]  # fmt: skip
    if t.kind == "baseline":
        return facts
    first = desk.say("first_never") if v.first_year is None else str(v.first_year)
    milestone = word(
        "text", "milestone_cell", language, value=number(v.value_as_of, v.unit, language),
        milestone=number(v.milestone, v.unit, language), mark="",
    )  # fmt: skip
    facts += [
        (desk.say("targets_fact_first"), first),
        (desk.say("targets_fact_milestone", year=v.as_of), milestone),
    ]
    if v.late is not None:
        key = "targets_too_late" if v.late.too_late else "targets_latest"
        facts.append((desk.say("targets_fact_late"), desk.say(key, year=v.late.latest_start)))
    if v.causes:
        facts.append((desk.say("targets_fact_owner"), word("owner", v.owner, language) if v.owner else "–"))
        if v.probability < 1.0:
            facts.append((desk.say("targets_fact_need"), need_text(v, language)))
        names = word("text", "list_separator", language).join(target_name(rival, language) for rival in v.fights)
        facts.append((desk.say("targets_fact_fights"), names or desk.say("targets_none")))
    elif own:
        facts.append((desk.say("targets_fact_need"), desk.say("cause_searching")))
    return facts


def _causes(desk: Session, v: Verdict, own: bool) -> None:
    if not v.causes:
        st.caption(desk.say("targets_searching" if own else "targets_not_searched"))
        return
    bound = max(abs(v.bound), 1e-12)
    moved = [c for c in v.causes if abs(c.probability) > EFFECT or abs(c.value) > EFFECT * bound]
    if not moved:
        st.caption(desk.say("targets_no_cause", count=len(v.causes)))
        return
    order = {key: place for place, key in enumerate(v.binding)}
    moved.sort(key=lambda c: (order.get(c.key, len(order)), -c.probability, -abs(c.value)))
    heads = tuple(desk.say(f"targets_cause_{name}") for name in ("name", "binding", "points", "value"))
    rows = [_cause_cells(desk, v, cause) for cause in moved]
    caption = desk.say("targets_causes", still=len(v.causes) - len(moved))
    st.html(html_table(caption, heads, rows, "target_causes"))


def _cause_cells(desk: Session, v: Verdict, cause: Cause) -> tuple[str, ...]:
    points = f"{cause.probability * 100 + 0.0:+.1f} ±{cause.error * 100:.1f}"
    return (
        word("cause", cause.key, desk.language),
        desk.say("targets_binding") if cause.key in v.binding else "–",
        word("text", "points", desk.language, value=points),
        change_text(cause.value, v.unit, desk.language),
    )


def _chain(desk: Session, row: RegisterRow, plan: Plan) -> None:
    """Draw the chain from the indicator to the sources of its inputs, and the facts of the run."""
    if row.verdict is None:
        return
    run = service().quick.answer(plan).run
    if run is None:
        return
    language, t = desk.language, row.target
    stage = run.stage_of(row.verdict.reading, t.stage)
    chain = chain_of(run, row.verdict.reading, stage, t.region)
    name = indicator_name(chain.indicator, stage, labels_of(chain.indicator, stage, run.scenario.targets), language)
    st.header(desk.say("targets_chain"))
    formula = word("text", "chain_formula", language, name=name, formula=word("formula", chain.formula, language))
    lines = [formula, *_moved_by(desk, chain.levers, chain.projects)]
    if chain.without:
        names = word("text", "list_separator", language).join(quantity_name(one, language) for one in chain.without)
        lines.append(word("text", "chain_without", language, names=names))
    st.text("\n".join(lines))
    st.caption(desk.say("targets_inputs", count=len(chain.inputs)))
    if chain.inputs:
        st.dataframe(_input_frame(desk, chain.inputs), hide_index=True, height=min(420, 40 + 35 * len(chain.inputs)),
                     key="target_inputs", alt=desk.say("targets_inputs", count=len(chain.inputs)))  # fmt: skip
    _run_facts(desk, run, row.verdict)


def _moved_by(desk: Session, levers: tuple[object, ...], projects: tuple[object, ...]) -> list[str]:
    language = desk.language
    told = [
        word("text", "chain_lever", language, lever=lever.title(language), source=lever.source)  # type: ignore[attr-defined]
        for lever in levers
    ]
    told += [
        word("text", "chain_project", language, project=project.labels[language], source=project.source,  # type: ignore[attr-defined]
             status=word("status", project.status, language))  # type: ignore[attr-defined]
        for project in projects
    ]  # fmt: skip
    return told or [desk.say("targets_no_lever")]


def _input_frame(desk: Session, rows: tuple[Row, ...]) -> pd.DataFrame:
    heads = ("name", "stage", "year", "value", "range", "unit", "status", "grade", "title", "locator", "address")
    names = [desk.say(f"targets_input_{head}") for head in heads]
    return pd.DataFrame([_input_cells(row, desk.language) for row in rows], columns=names).astype(str)


def _input_cells(row: Row, language: Language) -> list[str]:
    about = "–"
    if row.stage in known_processes():
        about = process_name(row.stage, language)
    elif row.stage and row.indicator not in ITEM_QUANTITIES:
        about = word("stage", row.stage, language)
    low, high = (number(value, row.unit, language) for value in (row.low, row.high))
    # An assumption's reason says more than its title, which is the same for all.
    source = row.note if row.status == "assumed" and row.note else row.source_title
    return [
        quantity_name(row.indicator, language), about, str(row.year), number(row.value, row.unit, language),
        f"{low} – {high}" if row.low < row.high else "–", word("unit", row.unit, language),
        word("status", row.status, language), row.grade, source or "–", row.locator or "–",
        row.address or "–",
    ]  # fmt: skip


def _run_facts(desk: Session, run: Run, v: Verdict) -> None:
    facts = [
        (desk.say("targets_run_scenario"), run.scenario.labels[desk.language]),
        (desk.say("targets_run_digest"), run.scenario.digest),
        (desk.say("targets_run_data"), run.scenario.data_digest),
        (desk.say("targets_run_seed"), str(run.seed)),
        (desk.say("targets_run_draws"), str(v.draws)),
    ]
    st.html(html_table(desk.say("targets_run"), (), facts, "run_facts"))
