"""Tables for the terminal, in the reader's language."""

from __future__ import annotations

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from simvet.checking import RegionCheck
from simvet.comparison import Comparison, Difference
from simvet.lateness import LateLever
from simvet.loading import load_pathway, load_scenario, scenario_files
from simvet.needs import LIKELY
from simvet.report.trust_words import light_text, trust_lines
from simvet.report.wording import Language, band, number, word
from simvet.result import Result
from simvet.scenario import Target
from simvet.targets import RATIO_BAND, is_roughly_equal, missing_datum, not_modelled, unit_of
from simvet.trust import Trust
from simvet.verdicts import UNLIKELY, Verdict


def verdict_table(
    result: Result, verdicts: Sequence[Verdict], late: Sequence[LateLever], language: Language, width: int
) -> RenderableType:
    """Return the verdicts of a run as a table (as blocks where it is narrow), with what is not modelled listed below.

    Parameters
    ----------
    result : Result.
    verdicts : sequence of Verdict, headlines first.
    late : sequence of LateLever.
    language : str.
    width : int; columns of the terminal.

    Returns
    -------
    rich renderable.

    Notes
    -----
    Unit: printed with each number. Errors: none. Source: MODEL, section 8.
    """
    title = word(
        "text",
        "verdict_title",
        language,
        title=result.scenario.labels[language],
        draws=f"{result.draws:,}",
        seed=result.seed,
    )
    shown_here = [v for v in verdicts if v.target.kind in SHOWN_KINDS or v.headline]
    told = [(verdict.target.labels[language], verdict.reading) for verdict in shown_here]
    several = len(result.books.regions) > 1
    trusts = dict(zip(map(id, verdicts), result.trust(verdicts), strict=True))
    rows = [
        _cells(v, trusts[id(v)], language, told.count(pair) > 1, several)
        for v, pair in zip(shown_here, told, strict=True)
    ]
    as_of = verdicts[0].as_of if verdicts else result.scenario.as_of
    shown = _wide(title, rows, as_of, language) if width >= NARROW else _blocks(title, rows, as_of, language)
    parts: list[RenderableType] = [
        *(Text(line) for line in lever_lines(result, language)),
        shown,
        Text(_probability_note(result, language), style="dim"),
        Text(word("text", "milestone_note", language), style="dim"),
    ]
    named = [(target_name(v.target, language), trusts[id(v)]) for v in shown_here]
    lines = trust_lines(list(trusts.values()), named, result.scenario.name, language)
    parts += [Text(line, style="dim") for line in lines]
    if any("quota_general" in v.binding and v.target.key == "progression_rate" for v in verdicts):
        parts.append(Text(word("text", "general_note", language), style="dim"))
    parts += [Text(line, style="yellow") for line in late_lines(late, language)]
    parts += [
        Text(word("text", "held", language, lever=word("quantity", name, language), count=count), style="yellow")
        for name, count in result.schedule.held.items()
    ]
    counted = [v for v in verdicts if v not in shown_here]
    return Group(*parts, *_counted(result, counted, language), *_others(not_modelled(result.scenario), language))


SHOWN_KINDS = ("flow", "resource", "service", "baseline", "own")
"""Kinds of targets that a run prints one by one; the many counts and shares are summed up, ``targets`` prints all."""


def _counted(result: Result, verdicts: Sequence[Verdict], language: Language) -> list[RenderableType]:
    """Return a line for each kind of targets that a run does not print one by one."""
    lines: list[RenderableType] = []
    for kind in dict.fromkeys(v.target.kind for v in verdicts):
        found = [v.probability for v in verdicts if v.target.kind == kind]
        likely, unlikely = sum(p >= LIKELY for p in found), sum(p <= UNLIKELY for p in found)
        line = word(
            "text", "counted_line", language, kind=word("kind", kind, language), count=len(found), likely=likely,
            middling=len(found) - likely - unlikely, unlikely=unlikely,
        )  # fmt: skip
        lines.append(Text(line))
    if lines:
        lines.append(Text(word("text", "counted_more", language, name=result.scenario.name), style="dim"))
    return lines


COLUMNS = (
    ("column_target", 34, False),
    ("column_bound", 23, False),
    ("column_median", 25, False),
    ("column_gap", 12, True),
    ("column_probability", 13, True),
    ("column_trust", 8, False),
    ("column_first", 13, False),
    ("column_milestone", 24, False),
    ("column_cause", 34, False),
)
"""Columns of the verdict table: wording key, width, flush right."""
NARROW = 120
"""Columns below which eight cells would break every word: a block for each target instead."""


def _wide(title: str, rows: Sequence[Sequence[RenderableType]], as_of: int, language: Language) -> RenderableType:
    table = new_table(title)
    for name, width, right in COLUMNS:
        heading = word("text", name, language, year=as_of)
        table.add_column(heading, justify="right" if right else "left", max_width=width, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def _blocks(title: str, rows: Sequence[Sequence[RenderableType]], as_of: int, language: Language) -> RenderableType:
    blocks: list[RenderableType] = [Text(title, style="bold")]
    for row in rows:
        blocks.append(row[0])
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="dim", no_wrap=True)
        grid.add_column(overflow="fold")
        for (name, _, _), cell in zip(COLUMNS[1:], row[1:], strict=True):
            grid.add_row("  " + word("text", name, language, year=as_of), cell)
        blocks.append(grid)
    return Group(*blocks)


def lever_lines(result: Result, language: Language) -> list[str]:
    """Return the scenario's levers with their first year and their owner, one line each."""
    return [
        word(
            "text",
            "lever_line",
            language,
            lever=lever.title(language),
            year=lever.start,
            owner=word("owner", lever.owner, language),
        )
        for lever in result.scenario.levers
    ]


def _probability_note(result: Result, language: Language) -> str:
    return word(
        "text", "probability_note_chance" if result.schedule.uncertainty.chance else "probability_note", language
    )


def _cells(v: Verdict, trust: Trust, language: Language, twice: bool, several: bool) -> list[RenderableType]:
    unit = v.unit
    name = full_name(v.target, v.reading, language, twice)
    if several:
        name = f"{word('region', v.target.region, language)}·{name}"
    if v.target.comparator == "==" and v.target.kind == "baseline":
        name = word("text", "baseline_row", language, name=name)
    if v.headline:
        name = word("text", "headline", language, name=name)
    base_check = v.target.kind == "baseline"
    first = (
        "–"
        if base_check
        else str(v.first_year)
        if v.first_year is not None
        else word("text", "not_before", language, until=v.until)
    )
    milestone = word(
        "text", "milestone_cell", language, value=number(v.value_as_of, unit, language),
        milestone=number(v.milestone, unit, language), mark=" *" if v.milestone_assumed else "",
    )  # fmt: skip
    return [
        Text(name, style="bold" if v.headline else ""),
        word("text", "bound_cell", language, bound=bound_text(v, language), year=v.target.year),
        band(v.median, v.low, v.high, unit, language),
        gap_text(v, language),
        probability_text(v),
        light_text(trust, language),
        first,
        "–" if base_check else milestone,
        cause_text(v, language),
    ]


def probability_text(v: Verdict) -> Text:
    """Return the probability of a verdict with its Monte Carlo error, marked where it hangs on an assumed base."""
    mark = " †" if v.assumed_base else ""
    style = "green" if v.probability >= LIKELY else "red" if v.probability <= UNLIKELY else "yellow"
    return Text(f"{v.probability * 100:.0f}% ±{v.error * 100:.1f}{mark}", style=style)


def gap_text(v: Verdict, language: Language) -> str:
    """Return the distance of the median from the bound; points for shares, nothing inside an equality band."""
    if is_roughly_equal(v.target):
        outside = max(RATIO_BAND[0] - v.median, v.median - RATIO_BAND[1], 0.0)
        return word("text", "points", language, value=f"{outside * 100:+.1f}") if outside else "–"
    if v.unit == "share":
        return word("text", "points", language, value=f"{v.gap * 100:+.1f}")
    return number(v.gap, v.unit, language, signed=True)


def new_table(title: str) -> Table:
    """Return an empty table in the style of all tables here."""
    return Table(
        title=title,
        title_justify="left",
        title_style="bold",
        header_style="bold",
        pad_edge=False,
        box=SIMPLE_HEAD,
        show_lines=False,
    )


def target_name(target: Target, language: Language) -> str:
    """Return a target's name, with its stage where the name alone is not clear."""
    name = target.labels[language]
    # The English names of the register leave the stage to its own column.
    if language == "en" and target.stage != "region" and word("stage", target.stage, language) not in name:
        return f"{name} ({word('stage', target.stage, language)})"
    return name


def bound_text(v: Verdict, language: Language) -> str:
    """Return the bound of a verdict as text, with its comparator."""
    if is_roughly_equal(v.target):
        return word("text", "ratio_bound", language)
    value = number(v.bound, v.unit, language)
    if v.target.bound is None:
        return word("text", "provincial", language, value=value)
    kind = {">=": "at_least", "<=": "at_most", "==": "equals", "~": "about"}[v.target.comparator]
    return word("text", kind, language, value=value)


def cause_text(v: Verdict, language: Language, short: bool = False) -> str:
    """Return the binding causes of a verdict with the effect of relaxing each by 10 %; short, points are bare."""
    form = "cause_short" if short else "cause_cell"
    if v.target.kind == "baseline" or (v.probability >= 1.0):
        return word("text", "binding_reached", language)
    if not v.causes:
        return word("text", "binding_reached", language)
    if not v.binding:
        return word("text", "binding_none", language)
    effect = {cause.key: cause for cause in v.causes}
    cells = []
    for key in v.binding:
        name = word("cause", key, language)
        if not v.by_value:
            change = f"{effect[key].probability * 100:+.0f}"
            if not short:
                change = word("text", "points", language, value=change)
            cells.append(word("text", f"{form}_probability", language, cause=name, effect=change))
        else:
            change = change_text(effect[key].value, v.unit, language)
            cells.append(word("text", f"{form}_value", language, cause=name, effect=change))
    return word("text", "clause_separator", language).join(cells)


def late_lines(late: Sequence[LateLever], language: Language) -> list[str]:
    """Return a sentence for each lever that comes too late for a headline target."""
    separator = "、" if language == "zh" else ", "
    found: dict[str, list[LateLever]] = {}
    for item in late:
        found.setdefault(item.labels[language], []).append(item)
    lines = []
    for title, items in found.items():
        targets = separator.join(
            word("text", "late_target", language, target=item.target.labels[language], first=item.first)
            for item in items
        )
        lines.append(word("text", "late_line", language, lever=title, year=items[0].target.year, targets=targets))
    return lines


def _others(targets: Sequence[Target], language: Language) -> list[RenderableType]:
    """Return what a run does not judge: instruments by name, and outcomes with the datum that each lacks."""
    separator = word("text", "list_separator", language)
    lines: list[RenderableType] = []
    instruments = [target.labels[language] for target in targets if target.kind == "lever"]
    if instruments:
        line = word("text", "instruments_line", language, count=len(instruments), names=separator.join(instruments))
        lines.append(Text(line, style="dim"))
    for target in targets:
        if target.kind == "lever":
            continue
        missing = missing_datum(target)
        told = missing[language] if missing else word("text", "before_books", language, year=target.year)
        line = word("text", "lacking_line", language, name=target.labels[language], missing=told)
        lines.append(Text(line, style="dim"))
    return lines


def comparison_table(comparison: Comparison, language: Language) -> RenderableType:
    """Return a comparison as a table.

    Parameters
    ----------
    comparison : Comparison.
    language : str.

    Returns
    -------
    rich renderable.

    Notes
    -----
    Unit: printed with each number. Errors: none. Source: common random numbers.
    """
    first, second = comparison.first.scenario, comparison.second.scenario
    title = word(
        "text",
        "compare_title",
        language,
        first=first.labels[language],
        second=second.labels[language],
        draws=f"{comparison.first.draws:,}",
    )
    table = new_table(title)
    for name in (
        "column_target",
        "column_year",
        "column_first_run",
        "column_second_run",
        "column_change",
        "column_probability_change",
    ):
        table.add_column(word("text", name, language))
    told = [(d.target.labels[language], d.reading) for d in comparison.differences]
    for d, pair in zip(comparison.differences, told, strict=True):
        table.add_row(*_difference_cells(d, language, twice=told.count(pair) > 1))
    return table


def _difference_cells(d: Difference, language: Language, twice: bool) -> list[str]:
    unit = unit_of(d.target, d.reading)
    name = full_name(d.target, d.reading, language, twice)
    middle, low, high = (change_text(value, unit, language) for value in (d.change, d.low, d.high))
    change = f"{middle} ({low} – {high})"
    if d.identical:
        change = word("text", "unchanged", language)
    elif d.change == 0.0 and d.low == 0.0 and d.high == 0.0:
        change = word("text", "no_effect", language, year=d.target.year)
    shares = f"{d.probability_first * 100:.0f}% → {d.probability_second * 100:.0f}%"
    probability = f"{shares} ({d.probability_change * 100:+.1f} ±{d.error * 100:.1f})"
    return [
        name,
        str(d.target.year),
        number(d.median_first, unit, language),
        number(d.median_second, unit, language),
        change,
        probability,
    ]


def full_name(target: Target, reading: str, language: Language, twice: bool) -> str:
    """Return a target's name with its document where two print the same, and its reading where the text has several."""
    name = target_name(target, language)
    if twice:
        name = word("text", "in_document", language, name=name, document=word("document", target.document, language))
    told = word("reading", reading, language)
    return name if told == reading else word("text", "reading", language, name=name, reading=told)


def change_text(value: float, unit: str, language: Language) -> str:
    """Return a change: points for shares, a signed number otherwise."""
    if unit == "share":
        return word("text", "points", language, value=f"{value * 100 + 0.0:+.1f}")
    return number(value, unit, language, signed=True)


def scenario_table(language: Language) -> RenderableType:
    """Return the scenarios that can be named, as a table.

    Parameters
    ----------
    language : str.

    Returns
    -------
    rich renderable.

    Raises
    ------
    InputError : a scenario file is wrong.

    Notes
    -----
    Unit: none. Source: ``scenarios/``.
    """
    table = new_table(word("text", "list_title", language))
    for name in ("column_name", "column_title", "column_levers"):
        table.add_column(word("text", name, language), no_wrap=name == "column_name")
    for name in scenario_files():
        scenario = load_scenario(name)
        table.add_row(name, scenario.labels[language], str(len(scenario.levers)))
    return table


def check_tables(report: RegionCheck, language: Language) -> RenderableType:
    """Return the report on an opening balance.

    Parameters
    ----------
    report : RegionCheck.
    language : str.

    Returns
    -------
    rich renderable.

    Notes
    -----
    Unit: printed with each number. Errors: none. Source: MODEL, section 1.
    """
    separator = "、" if language == "zh" else ", "
    head = [
        Text(
            word(
                "text", "check_title", language, region=word("region", report.region, language), year=report.base_year
            ),
            style="bold",
        ),
        Text(
            word(
                "text",
                "check_counts",
                language,
                unknowns=report.unknowns,
                figures=report.figures,
                identities=report.identities,
                softs=report.softs,
                rank=report.rank,
                free=report.free,
            )
        ),
        Text(word("text", "status_counts", language, **report.statuses)),
        Text(
            word(
                "text",
                "check_solved",
                language,
                count=len(report.solved),
                names=separator.join(_named(report.solved, language)),
            )
        ),
        Text(
            word(
                "text",
                "check_assumed",
                language,
                count=len(report.assumed),
                names=separator.join(_named(report.assumed, language)),
            )
        ),
        Text(word("text", "check_numbers_rule", language), style="dim"),
    ]
    choices = new_table(word("text", "check_choice_title", language))
    for name in ("column_gate", "column_option", "column_seats_status", "column_alpha", "column_beta"):
        choices.add_column(word("text", name, language))
    solved, assumed = word("text", "solved", language), word("text", "assumed", language)
    pathway = load_pathway()
    for choice in report.choices:
        choices.add_row(
            pathway.gate(choice.gate).labels[language],
            _option_name(choice.option, language),
            (solved if choice.seats_solved else assumed) if choice.closes else word("text", "open_seats", language),
            solved if choice.alpha_solved else assumed,
            assumed,
        )
    table = new_table(word("text", "loo_title", language))
    for name in ("column_figure", "column_published", "column_predicted", "column_tension"):
        table.add_column(word("text", name, language))
    for figure in report.figures_left_out:
        unit = "share" if abs(figure.value) < 1.0 else "ratio" if abs(figure.value) < 10.0 else "persons"
        verdict = Text(
            word("text", "tension" if figure.tension else "agrees", language),
            style="red" if figure.tension else "green",
        )
        if not figure.used:
            verdict.append(word("text", "compared_only", language), style="dim")
        printed = number(figure.value, unit, language)
        predicted = band(figure.median, figure.low, figure.high, unit, language)
        table.add_row(figure_name(figure.label, language), printed, predicted, verdict)
    return Group(*head, choices, table)


def _named(unknowns: Sequence[str], language: Language) -> list[str]:
    """Return unknowns grouped by their first words, so that six years of one series take one line."""
    counted: dict[str, int] = {}
    for name in unknowns:
        parts = [part for part in name.split("/") if not part.isdigit() and not part.startswith("grade_")]
        key = "/".join(parts)
        counted[key] = counted.get(key, 0) + 1
    pathway = load_pathway()
    gates = {gate.key: gate.labels[language] for gate in pathway.gates}
    named = []
    for key, count in counted.items():
        words = [gates.get(part, word("stage", part, language)) for part in key.split("/")]
        words = [
            word("part", part, language) if w == part else w for w, part in zip(words, key.split("/"), strict=True)
        ]
        named.append("·".join(words) + (f"×{count}" if count > 1 else ""))
    return named


def _option_name(option: str, language: Language) -> str:
    pathway = load_pathway()
    if option in pathway.track_index:
        track = pathway.tracks[pathway.track_index[option]]
        return f"{pathway.stage_labels[track.stage][language]}·{track.labels[language]}"
    return str(pathway.exit_labels[option][language])


def figure_name(label: str, language: Language) -> str:
    """Return a figure's label in words: year, stage, indicator, coverage."""
    year, indicator, stage, definition = label.split(" ")
    cover = word("definition", definition, language)
    space = "" if language == "zh" else " "
    place, what = word("stage", stage, language), word("indicator", indicator, language)
    text = f"{year} {what}" if what.startswith(place) else f"{year} {place}{space}{what}"
    return f"{text}（{cover}）" if cover and language == "zh" else f"{text} ({cover})" if cover else text


__all__ = ["check_tables", "comparison_table", "scenario_table", "verdict_table"]
