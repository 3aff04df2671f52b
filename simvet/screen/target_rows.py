"""The rows of the register as the page about targets lists them: what a run says, lacks or only pulls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from simvet.catalogue import CATALOGUE
from simvet.errors import InputError
from simvet.loading import load_register
from simvet.planning.own import find_plan_scenario
from simvet.planning.plan import Plan
from simvet.register import ANSWERED, BASE_FIGURE, INSTRUMENT, LACKING, RegisterRow, register_regions
from simvet.report.terminal import full_name, target_name
from simvet.report.wording import Language, word
from simvet.scenario import Target
from simvet.screen.service import service
from simvet.screen.session import Session, best_answer
from simvet.targets import missing_datum
from simvet.trust import Trust
from simvet.verdicts import Verdict
from simvet.verdicts import standing as standing_word

EVERY_REGION = "all"
UNKNOWN = "unknown"
STANDINGS = ("likely", "open", "unlikely", LACKING, INSTRUMENT, BASE_FIGURE)
"""What a row can be: by its probability, or why it has none."""


@dataclass(frozen=True)
class Filters:
    """Which rows are wanted; empty choices and an empty text let everything through.

    Notes
    -----
    Unit, errors: none. Source: the planner.
    """

    region: str
    kinds: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    standings: tuple[str, ...] = ()
    text: str = ""

    def lets(self, row: RegisterRow) -> bool:
        """Return whether a row passes."""
        t = row.target
        told = " ".join((*t.labels.values(), t.locator, t.key, t.document, *_documents(t.document))).casefold()
        return (
            self.region in (EVERY_REGION, t.region)
            and (not self.kinds or t.kind in self.kinds)
            and (not self.owners or owner_of(row) in self.owners)
            and (not self.standings or standing(row) in self.standings)
            and self.text.strip().casefold() in told
        )


def _documents(name: str) -> tuple[str, str]:
    return word("document", name, "zh"), word("document", name, "en")


def region_of(plan: Plan) -> str:
    """Return the region of a plan; unit: none; errors: InputError; source: its scenario."""
    return find_plan_scenario(plan.scenario).regions[0].region


def same_region(plan: Plan, other: Plan) -> bool:
    """Return whether two plans are about one region; no where one's scenario was cleared away; unit, errors: none."""
    try:
        return region_of(plan) == region_of(other)
    except InputError:
        return False


def regions_of(desk: Session) -> tuple[str, ...]:
    """Return the regions of the register, and the plan's own where it is another; unit, errors: none; source: both."""
    return tuple(dict.fromkeys((*register_regions(), region_of(desk.plan))))


def rows_of(desk: Session, region: str) -> list[RegisterRow]:
    """Return the rows about a region, or about all.

    Parameters
    ----------
    desk : Session.
    region : str; EVERY_REGION for all.

    Returns
    -------
    list of RegisterRow, in register order; several for a row whose text can be read in several ways.

    Raises
    ------
    InputError : the plan cannot be run.

    Notes
    -----
    Unit: each target's. The plan's own region answers for the plan at hand, the others for their base scenario.
    Source: the register and the runs.
    """
    rows: list[RegisterRow] = []
    for name in regions_of(desk) if region == EVERY_REGION else (region,):
        plan = plan_about(desk, name)
        answer = best_answer(desk) if plan is desk.plan else service().quick.verdicts(plan)
        rows += answered(find_plan_scenario(plan.scenario).targets, answer.verdicts, answer.trusts)
    return rows


def plan_about(desk: Session, region: str) -> Plan:
    """Return the plan that answers for a region: the one at hand, or the region's base; unit, errors: none."""
    return desk.plan if region == region_of(desk.plan) else Plan(region)


def answered(targets: Sequence[Target], verdicts: Sequence[Verdict], trusts: Sequence[Trust] = ()) -> list[RegisterRow]:
    """Return targets with what is known of each, as ``simvet.register`` does, without pulling the instruments.

    Parameters
    ----------
    targets : sequence of Target.
    verdicts : sequence of Verdict; they may come from another process.
    trusts : sequence of Trust, optional; of each verdict.

    Returns
    -------
    list of RegisterRow.

    Notes
    -----
    Unit: each target's. Errors: none. Source: the verdicts; targets are told apart by the line that they stand in.
    """
    numbers = {target.where: number for number, target in enumerate(load_register(), start=1)}
    rows: list[RegisterRow] = []
    known: Sequence[Trust | None] = trusts or [None] * len(verdicts)
    lights = list(zip(verdicts, known, strict=True))
    for target in targets:
        number = numbers.get(target.where, 0)
        found = [(v, light) for v, light in lights if v.target.where == target.where and v.target.key == target.key]
        if found:
            status = BASE_FIGURE if target.kind == "baseline" else ANSWERED
            rows += [RegisterRow(number, target, status, verdict=verdict, trust=light) for verdict, light in found]
        elif target.kind == "lever":
            rows.append(RegisterRow(number, target, INSTRUMENT))
        else:
            rows.append(RegisterRow(number, target, LACKING, missing=missing_datum(target)))
    return rows


def standing(row: RegisterRow) -> str:
    """Return how a row stands, one of STANDINGS; unit: none; errors: none; source: its verdict or status."""
    if row.status == ANSWERED and row.verdict is not None:
        return standing_word(row.verdict.probability)
    return row.status


def owner_of(row: RegisterRow) -> str:
    """Return who can relax what binds a row, UNKNOWN until causes are searched; unit, errors: none; source: it."""
    if row.status == INSTRUMENT:
        return CATALOGUE[row.target.key].owner if row.target.key in CATALOGUE else UNKNOWN
    return row.verdict.owner if row.verdict is not None and row.verdict.owner else UNKNOWN


def row_id(row: RegisterRow) -> str:
    """Return what tells a row from all others; unit, errors: none; source: its line, stage and reading."""
    reading = row.verdict.reading if row.verdict is not None else ""
    return "|".join((row.target.where, row.target.key, row.target.stage, reading))


def row_name(row: RegisterRow, language: Language, twice: bool) -> str:
    """Return the name of a row, with its document where two print the same; unit, errors: none; source: the target."""
    if row.verdict is not None:
        return full_name(row.target, row.verdict.reading, language, twice)
    return target_name(row.target, language)


def names_of(rows: Sequence[RegisterRow], language: Language) -> dict[str, str]:
    """Return the name of every row by what tells it apart; unit, errors: none; source: the rows."""
    told = [(r.target.region, r.target.labels[language], r.verdict.reading if r.verdict else "") for r in rows]
    counted: dict[tuple[str, str, str], int] = {}
    for pair in told:
        counted[pair] = counted.get(pair, 0) + 1
    return {row_id(row): row_name(row, language, counted[pair] > 1) for row, pair in zip(rows, told, strict=True)}
