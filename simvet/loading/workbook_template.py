"""The workbook to fill in: the data of a region that is there already, laid out as an upload must be."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

from simvet.behaviour import AgentChoices
from simvet.errors import InputError
from simvet.items import FAMILIES, ITEM_COLUMNS, ITEM_OWNERS, ITEM_STAGES, item_rows, known_items, known_processes
from simvet.loading.checks import COMPARATORS, LARGEST_NUMBER, LAST_YEAR
from simvet.loading.parts import OWNERS
from simvet.loading.register import load_missing, load_pathway, load_project_standards
from simvet.loading.scenarios import load_scenario
from simvet.loading.school_list import PLAIN_NUMBER
from simvet.loading.workbook_places import FILES
from simvet.loading.workbook_sheets import KEY_COLUMNS, LIMIT_KEYS, NUMBER_COLUMNS, REGION_KEYS, SHEET_COLUMNS, SHEETS
from simvet.loading.workbook_sheets import shown_number as shown
from simvet.loading.yaml_file import parse, plain
from simvet.rules.names import PROJECT_STAGES
from simvet.scenario import Project, ProjectStandard, Scenario, Spread, Target
from simvet.tables import (
    COLUMNS,
    DISTRIBUTIONS,
    GRADES,
    STATUSES,
    UNITS,
    USES,
    home,
    place_of,
    read_cells,
    region_folder,
    region_rows,
)

OWN_KINDS = ("flow", "resource", "project_count", "project_share", "partnership", "attainment", "service", "own")
"""Kinds of targets that a run answers; the others are instruments, or figures of the base year."""
LONGEST_LIST = 255
"""Characters that Excel lets a list of words have inside a cell's rule; a longer one stands on sheet ``readme``."""
RULED_ROWS = 2_000
"""Rows of a sheet that offer words to choose from."""
WIDEST = 48
"""Characters of a column's width at most."""
WORDS_FROM = 4
"""Column of sheet ``readme`` in which the lists of words begin, counted from 0."""
WRITTEN = datetime(2000, 1, 1)
Table = list[dict[str, str]]


def write_region_workbook(region_or_scenario: str, path_or_buffer: str | Path | IO[bytes]) -> None:
    """Write the workbook of a region: a template to fill in, filled with the region's own data.

    Parameters
    ----------
    region_or_scenario : str; a region, whose base scenario has its name, or a scenario of one region.
    path_or_buffer : str or Path of an .xlsx file that is not there yet, or an open binary file.

    Raises
    ------
    InputError : there is no such scenario, it holds what a workbook does not carry, or the file cannot be written.

    Notes
    -----
    Shape: the sheets and columns of SHEET_COLUMNS; read back, it gives the same books. Unit: each row's own. Source:
    the region's data and scenario, and its targets of the register as targets of its own.
    """
    scenario = load_scenario(region_or_scenario)
    _require_carried(scenario)
    tables = _tables(scenario)
    if not isinstance(path_or_buffer, str | Path):
        _write(tables, path_or_buffer)
        return
    path, place = Path(path_or_buffer), place_of(Path(path_or_buffer))
    if path.suffix.lower() != ".xlsx":
        raise InputError(place, "no workbook ends in {ending!r}", "Write a name that ends in .xlsx", ending=path.suffix)
    if path.exists():
        raise InputError(place, "the file is there already", "Choose another name; nothing is overwritten")
    try:
        with path.open("xb") as file:
            _write(tables, file)
    except OSError as error:
        raise InputError(
            place, "the output cannot be written ({problem})", "Free the disk, or send the output elsewhere",
            problem=error.strerror or os.strerror(error.errno or 0),
        ) from None  # fmt: skip


def _require_carried(scenario: Scenario) -> None:
    """Complain about a scenario that says more than a workbook holds."""
    standards = load_project_standards()
    region = scenario.regions[0].region
    for kind, there in (
        ("several regions", len(scenario.regions) > 1),
        ("levers", bool(scenario.levers)),
        ("choices about single students", scenario.agents.said != AgentChoices().said),
        ("replaced numbers", scenario.rows[region] != (*region_rows(region), *item_rows(region))),
        ("durations of a project", any(p.durations != standards[p.kind].durations for p in scenario.projects)),
    ):
        if there:
            raise InputError(
                scenario.where, "scenario {name!r} holds {kind}, which a workbook does not carry",
                "Name a region, or a scenario of one region without them", name=scenario.name, kind=kind,
            )  # fmt: skip


def _tables(scenario: Scenario) -> dict[str, Table]:
    """Return the rows of every sheet but ``readme``."""
    case, standards = scenario.regions[0], load_project_standards()
    folder = region_folder(case.region)
    tables = {"region": _region_table(scenario)}
    for sheet, file in FILES.items():
        columns = ITEM_COLUMNS if sheet == "items" else COLUMNS
        path = folder / file
        # A region need not count anything.
        tables[sheet] = [cells for cells, _ in read_cells(path, columns)] if path.exists() else []
    carried = [target for target in scenario.targets if _is_carried(target, case.base_year)]
    tables["targets"] = [
        {
            "key": target.key, "stage": target.stage, "comparator": target.comparator,
            "target": shown(float(target.bound or 0.0)), "year": str(target.year), "title_zh": target.labels["zh"],
            "title_en": target.labels["en"],
        }
        for target in carried
    ]  # fmt: skip
    tables["projects"] = [_project_row(project, standards[project.kind]) for project in scenario.projects]
    return tables


def _region_table(scenario: Scenario) -> Table:
    case = scenario.regions[0]
    values = {
        "region": case.region, "title_zh": scenario.labels["zh"], "title_en": scenario.labels["en"],
        "base_year": str(case.base_year), "until": str(scenario.until), "as_of": str(scenario.as_of),
        "province": scenario.province, "seats_spill": str(scenario.seats_spill).lower(),
        "five_year_counts": str(scenario.five_year_counts).lower(), "headlines": ", ".join(scenario.headlines),
        **{key: ", ".join(case.limits.get(key.removeprefix("limits_"), ())) for key in LIMIT_KEYS},
    }  # fmt: skip
    told = _texts()
    meanings = {key: told["workbook_key_limits" if key in LIMIT_KEYS else f"workbook_key_{key}"] for key in values}
    return [
        {"key": key, "value": values[key], "meaning_zh": meanings[key]["zh"], "meaning_en": meanings[key]["en"]}
        for key in (*REGION_KEYS, *LIMIT_KEYS)
    ]


def _is_carried(target: Target, base_year: int) -> bool:
    """Return whether a target can be written as one of a scenario's own."""
    if target.bound is None or target.kind not in OWN_KINDS or not base_year < target.year <= LAST_YEAR:
        return False
    if abs(target.bound) > LARGEST_NUMBER:
        return False
    # "Roughly equal" (普职大体相当) is a band, and as a target of its own the number would be a share.
    if target.key == "general_vocational_ratio" and target.kind != "own":
        return False
    return (target.document, target.key, target.stage) not in load_missing()


def _project_row(project: Project, usual: ProjectStandard) -> dict[str, str]:
    """Return a project as cells; what is usual for its kind stays empty and is filled in when it is read."""
    places = project.places
    value, low, high = (max(number, 0.0) for number in (places.value, places.low, places.high))
    each = usual.cost_per_place
    usual_cost = Spread(each.value * value, each.low * low, each.high * high)
    # A dated closing of no kind is one that a file writes without kind.
    closes = project.opening is not None and places.low < 0 and project.kind == "new_school"
    several = project.count.high > 1.0 and project.start is not None
    return {
        "name": project.name, "title_zh": project.labels["zh"], "title_en": project.labels["en"],
        "stage": project.stage, "kind": "" if closes else project.kind,
        **_spread_cells("count", None if project.count == Spread(1.0, 1.0, 1.0) else project.count),
        **_spread_cells("places", places),
        **_spread_cells("cost", None if project.cost == usual_cost else project.cost),
        **_spread_cells("start", project.start), **_spread_cells("opening", project.opening),
        **_spread_cells("failure", None if project.failure == usual.failure else project.failure),
        "last_start": shown(project.last_start) if several else "", "reached": project.reached,
        "owner": project.owner, "source": project.source, "status": project.status,
    }  # fmt: skip


def _spread_cells(name: str, spread: Spread | None) -> dict[str, str]:
    if spread is None:
        return {}
    if spread.low == spread.value == spread.high:
        return {name: shown(spread.value)}
    return {name: shown(spread.value), f"{name}_low": shown(spread.low), f"{name}_high": shown(spread.high)}


@lru_cache(maxsize=1)
def _texts() -> Mapping[str, Mapping[str, str]]:
    """Return the texts about the workbook in both languages; the reports' catalogue lies in a layer above this one."""
    texts: Mapping[str, Mapping[str, str]] = plain(parse(home() / "data" / "wording_workbook.yaml"))["text"]
    return texts


def words_of(sheet: str) -> dict[str, tuple[str, ...]]:
    """Return the columns of a sheet that take fixed words, with the words.

    Parameters
    ----------
    sheet : str; one of SHEET_COLUMNS.

    Returns
    -------
    dict of column -> tuple of str.

    Notes
    -----
    Shape and unit: none. Errors: none for a sheet without such columns. Source: what the tables and scenarios are
    checked against.
    """
    stages = load_pathway().stages
    known = {
        "items": {
            "key": tuple(dict.fromkeys(item.partition("/")[0] for item in known_items(FAMILIES))),
            "stage": ITEM_STAGES, "family": FAMILIES, "process": known_processes(), "owner": ITEM_OWNERS,
            "status": STATUSES, "grade": GRADES,
        },
        "targets": {"stage": ("region", *stages), "comparator": COMPARATORS},
        "projects": {
            "stage": tuple(stages), "kind": tuple(load_project_standards()), "reached": PROJECT_STAGES,
            "owner": OWNERS, "status": STATUSES,
        },
    }  # fmt: skip
    numbers = {"unit": UNITS, "distribution": DISTRIBUTIONS, "status": STATUSES, "use": USES, "grade": GRADES}
    known |= dict.fromkeys(("figures", "assumptions", "resources"), numbers)
    return known.get(sheet, {})


def _write(tables: Mapping[str, Table], file: IO[bytes]) -> None:
    """Write the sheets; every text stays a text, whatever it begins with."""
    from xlsxwriter import Workbook  # noqa: PLC0415 - few runs write a workbook

    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
    with Workbook(file, options) as book:
        book.set_properties({"title": "simvet", "created": WRITTEN})
        formats = {
            "header": book.add_format({"bold": True, "bg_color": "#DCE6F1", "bottom": 1}),
            "text": book.add_format({"num_format": "@"}),
            "long": book.add_format({"text_wrap": True, "valign": "top"}),
        }
        sheets = {name: book.add_worksheet(name) for name in SHEETS}
        ranges = _write_readme(sheets["readme"], formats)
        for name, rows in tables.items():
            _write_sheet(sheets[name], name, rows, formats)
            _rule_words(sheets[name], name, ranges)


def _write_readme(sheet: Any, formats: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    """Write what the sheets are, and every list of words; return where each list stands."""
    told = _texts()
    lines = [(name, told[f"workbook_sheet_{name}"]) for name in SHEETS]
    lines += [("", text) for key, text in told.items() if key.startswith("workbook_rule_")]
    for row, (name, text) in enumerate(lines):
        sheet.write_string(row, 0, name, formats["header"] if name else formats["long"])
        sheet.write_string(row, 1, text["zh"], formats["long"])
        sheet.write_string(row, 2, text["en"], formats["long"])
    sheet.set_column(0, 0, 14)
    sheet.set_column(1, 2, 70)
    lists: dict[tuple[str, ...], int] = {}
    ranges = {}
    for name in SHEET_COLUMNS:
        for column, words in words_of(name).items():
            place = lists.setdefault(words, WORDS_FROM + len(lists))
            sheet.write_string(0, place, column, formats["header"])
            for row, word in enumerate(words, start=1):
                sheet.write_string(row, place, word)
            letter = _letter(place)
            ranges[(name, column)] = f"=readme!${letter}$2:${letter}${len(words) + 1}"
    sheet.set_column(WORDS_FROM, WORDS_FROM + len(lists), 22)
    return ranges


def _letter(column: int) -> str:
    from xlsxwriter.utility import xl_col_to_name  # noqa: PLC0415 - few runs write a workbook

    return str(xl_col_to_name(column))


def _write_sheet(sheet: Any, name: str, rows: Table, formats: Mapping[str, Any]) -> None:
    columns = SHEET_COLUMNS[name]
    sheet.freeze_panes(1, 0)
    for place, column in enumerate(columns):
        texts = [row.get(column, "") for row in rows]
        numbers = column in NUMBER_COLUMNS and name != "region"
        # Typed into a column of texts, "3-1" stays what it is and becomes no date.
        kept = numbers or column == "signed_on" or columns == KEY_COLUMNS
        sheet.set_column(place, place, _width([column, *texts]), None if kept else formats["text"])
        sheet.write_string(0, place, column, formats["header"])
        for number, text in enumerate(texts, start=1):
            if not text:
                continue
            year = name == "region" and column == "value" and text.isdigit()
            if (numbers or year) and PLAIN_NUMBER.fullmatch(text) and float(f"{float(text):.16G}") == float(text):
                sheet.write_number(number, place, float(text))
            else:
                # The few numbers that need a seventeenth digit are kept whole as text.
                sheet.write_string(number, place, text, None if kept else formats["text"])


def _width(texts: Iterable[str]) -> int:
    # A Chinese character is as wide as two others.
    return min(WIDEST, 2 + max(sum(1 if letter.isascii() else 2 for letter in text) for text in texts))


def _rule_words(sheet: Any, name: str, ranges: Mapping[tuple[str, str], str]) -> None:
    """Offer the words that a column takes."""
    for column, words in words_of(name).items():
        place = SHEET_COLUMNS[name].index(column)
        short = len(",".join(words)) <= LONGEST_LIST
        source = list(words) if short else ranges[(name, column)]
        sheet.data_validation(1, place, RULED_ROWS, place, {"validate": "list", "source": source})
