"""A region as one workbook: its sheets -> the tables and the scenario file that every region has, kept in a folder."""

from __future__ import annotations

import csv
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from io import StringIO
from pathlib import Path

from simvet.errors import InputError, nearest
from simvet.items import ITEM_COLUMNS
from simvet.loading.school_list import PLAIN_NUMBER
from simvet.loading.workbook_file import read_workbook
from simvet.loading.workbook_places import FILES, Origins, Place
from simvet.loading.workbook_sheets import (
    BETWEEN_WORDS,
    CODE,
    LIMIT_KEYS,
    MAY_BE_EMPTY,
    NUMBER_COLUMNS,
    REGION_KEYS,
    SHEET_COLUMNS,
    SIGNATURE_COLUMNS,
    SPREADS,
    YES_OR_NO,
    SheetTable,
    clean,
    require_sheets,
    sheet_table,
    shown_number,
)
from simvet.scenario import digest_of
from simvet.tables import OWN_REGION, Row

MOST_CALCULATED = 1_000
"""Rows of a sheet that a run calculates with; the time of the opening balance grows faster than their number."""
Identity = tuple[str, int, str, str, str, str, str]
"""What tells a row of a table from all others."""


@dataclass(frozen=True)
class RegionWorkbook:
    """An uploaded region: its tables and its scenario under a code that no other content has.

    Notes
    -----
    Shape: ``tables`` maps a file name to CSV text; ``signatures`` maps :func:`row_identity` to owner, day and name.
    Unit: none. Errors: cells are plain and columns known; the rest is checked when it is loaded. Source: ``origins``
    leads from every line back to its cell. ``digest`` covers tables and scenario, not signatures.
    """

    region: str
    key: str
    labels: Mapping[str, str]
    tables: Mapping[str, str]
    scenario_text: str
    signatures: Mapping[Identity, tuple[str, str, str]]
    digest: str
    origins: Origins


def row_identity(row: Row) -> Identity:
    """Return what tells a row from all others; unit: none; errors: none; source: ``tables.read_table``."""
    return (row.region, row.year, row.indicator, row.stage, row.track, row.definition, row.use)


def read_region_workbook(source: Path | bytes, name: str = "workbook.xlsx") -> RegionWorkbook:
    """Return a region that a user wrote into a workbook.

    Parameters
    ----------
    source : Path of an .xlsx file, or its content.
    name : str; how a complaint names the workbook.

    Returns
    -------
    RegionWorkbook.

    Raises
    ------
    InputError : it is no harmless workbook, a sheet or column is missing, unknown or doubled, or a cell is no plain
        value; ``where`` names sheet and cell.

    Notes
    -----
    Shape and unit: none. Source: the workbook, laid out as
    :func:`simvet.loading.workbook_template.write_region_workbook` does.
    """
    name = clean(Path(name).name)[-80:] or "workbook.xlsx"
    found = read_workbook(source, name)
    require_sheets(list(found), name)
    tables = {sheet: sheet_table(sheet, found[sheet], name) for sheet in SHEET_COLUMNS}
    keys = _region_keys(tables["region"])
    region = keys["region"][1]
    for sheet in ("figures", "assumptions", "resources"):
        _require_own_rows(tables[sheet], region)
    plain = _scenario_lines(region, keys, tables)
    digest = digest_of([[_csv_text(tables[sheet], region) for sheet in FILES], [text for text, _ in plain]])
    key = f"own_{region}_{digest[:8]}"
    lines = _scenario_lines(key, keys, tables)
    kept = {FILES[sheet]: _csv_text(tables[sheet], key) for sheet in FILES}
    origins = Origins(
        name, region, key, {sheet: (tables[sheet].first, *(row for row, _ in tables[sheet].rows)) for sheet in FILES},
        {sheet: table.letters for sheet, table in tables.items()}, kept, tuple(place for _, place in lines),
        {word: row for word, (row, _) in keys.items()},
    )  # fmt: skip
    return RegionWorkbook(
        region=region, key=key, labels={language: keys[f"title_{language}"][1] for language in ("zh", "en")},
        tables=kept,
        scenario_text="".join(f"{text}\n" for text, _ in lines), digest=digest, origins=origins,
        signatures={
            identity: signed for sheet in ("assumptions", "resources")
            for identity, signed in _signatures(tables[sheet], key).items()
        },
    )  # fmt: skip


def _region_keys(table: SheetTable) -> dict[str, tuple[int, str]]:
    """Return key -> (row, value) of sheet ``region``, complete."""
    known, found = (*REGION_KEYS, *LIMIT_KEYS), dict[str, tuple[int, str]]()
    for row, cells in table.rows:
        key, where = cells["key"], table.where("key", row)
        if key not in known:
            raise InputError(
                where, "key {key!r} is unknown here", "Did you mean {near!r}?", key=key[:40],
                near=nearest(key[:40], known),
            )  # fmt: skip
        if key in found:
            raise InputError(where, "a key stands twice", "Keep one of the two")
        found[key] = (row, cells["value"].strip())
        if not cells["value"].strip() and key not in MAY_BE_EMPTY:
            raise InputError(
                table.where("value", row), "key {key!r} is empty", "Write a value, or leave the key out", key=key
            )
    for key in known:
        if key not in found and key not in MAY_BE_EMPTY:
            raise InputError(table.where("key", table.first), "key {key!r} is missing", "Add it", key=key)
    row, region = found["region"]
    if not CODE.fullmatch(region):
        raise InputError(
            table.where("value", row), "{region!r} is not a code of a region",
            "Write up to 40 small letters, digits and underscores, a letter first", region=region[:40],
        )  # fmt: skip
    return found


def _require_own_rows(table: SheetTable, region: str) -> None:
    calculated = 0
    for row, cells in table.rows:
        calculated += cells["use"] != "history"
        if calculated > MOST_CALCULATED:
            raise InputError(
                table.where("use", row), "the sheet has more than {most} rows that are calculated with",
                "Give rows of other years use = history, or leave them out", most=MOST_CALCULATED,
            )  # fmt: skip
        if cells["region"] != region:
            raise InputError(
                table.where("region", row), "the row belongs to region {given!r}",
                "Write {wanted!r}, the code on sheet region", given=cells["region"][:40], wanted=region,
            )  # fmt: skip


def _csv_text(table: SheetTable, region: str) -> str:
    """Return a sheet as a table, under the code of the region; one line a row."""
    columns = [column for column in SHEET_COLUMNS[table.sheet] if column not in SIGNATURE_COLUMNS]
    if table.sheet == "items":
        columns = list(ITEM_COLUMNS)
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for _, cells in table.rows:
        writer.writerow([region if column == "region" else cells[column] for column in columns])
    return text.getvalue()


def _signatures(table: SheetTable, key: str) -> dict[Identity, tuple[str, str, str]]:
    found: dict[Identity, tuple[str, str, str]] = {}
    for row, cells in table.rows:
        owner, day, signer = (cells[column].strip() for column in SIGNATURE_COLUMNS)
        if not owner and not day and not signer:
            continue
        if bool(day) != bool(signer):
            column = "signed_by" if day else "signed_on"
            raise InputError(
                table.where(column, row), "{column!r} is empty", "A signature has both a day and a name", column=column
            )
        if day and not _is_day(day):
            raise InputError(
                table.where("signed_on", row), "{column!r} is {text!r}, not a day",
                "Write year-month-day, such as 2021-09-01, or format the cell as a date", column="signed_on",
                text=day[:40],
            )  # fmt: skip
        # A row without a year is complained of when the tables are loaded.
        year = int(float(cells["year"])) if cells["year"] and abs(float(cells["year"])) < 1e6 else 0
        named = [cells[column] for column in ("indicator", "stage", "track", "definition", "use")]
        found[(key, year, named[0], named[1], named[2], named[3], named[4])] = (owner, day, signer)
    return found


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return len(text) == 10


Lines = list[tuple[str, Place]]
"""Lines of a scenario file, each with the cell that it comes from."""


def _scenario_lines(region: str, keys: Mapping[str, tuple[int, str]], tables: Mapping[str, SheetTable]) -> Lines:
    """Return the scenario file, one value a line, so that every line has one cell."""

    def at(key: str) -> Place:
        return ("region", keys.get(key, keys["region"])[0], key)

    lines: Lines = [("title:", at("title_zh"))]
    lines += [(f"  {language}: {_quoted(keys[f'title_{language}'][1])}", at(f"title_{language}"))
              for language in ("zh", "en")]  # fmt: skip
    lines += [("regions:", at("base_year")), (f"  - region: {region}", at("region"))]
    lines.append((f"    base_year: {_year_or_text(keys['base_year'][1])}", at("base_year")))
    lines.append(("    limits: {}" if not _limits(keys) else "    limits:", at("region")))
    for stage, limits in _limits(keys).items():
        lines.append((f"      {stage}:", at(f"limits_{stage}")))
        lines += [(f"        - {_quoted(limit)}", (*at(f"limits_{stage}")[:2], limit)) for limit in limits]
    lines += [(f"{key}: {_year_or_text(keys[key][1])}", at(key)) for key in ("until", "as_of")]
    lines += [(f"{key}: {_yes_or_text(keys[key][1])}", at(key)) for key in YES_OR_NO]
    lines.append((f"province: {_quoted(keys.get('province', (0, ''))[1] or 'none')}", at("province")))
    headlines = _words(keys.get("headlines", (0, ""))[1])
    lines.append((f"headlines: [{', '.join(map(_quoted, headlines))}]", at("headlines")))
    lines += _listed("targets", tables["targets"])
    return lines + _listed("projects", tables["projects"])


def _limits(keys: Mapping[str, tuple[int, str]]) -> dict[str, list[str]]:
    given = {key.removeprefix("limits_"): _words(keys[key][1]) for key in LIMIT_KEYS if key in keys}
    return {stage: limits for stage, limits in given.items() if limits}


def _words(text: str) -> list[str]:
    return [word for word in BETWEEN_WORDS.split(text) if word]


def _quoted(text: str) -> str:
    # What JSON calls a string, YAML calls one in double quotes.
    return json.dumps(text, ensure_ascii=False)


def _year_or_text(text: str) -> str:
    return shown_number(float(text)) if PLAIN_NUMBER.fullmatch(text) else _quoted(text)


def _yes_or_text(text: str) -> str:
    return text.lower() if text.lower() in ("true", "false") else _quoted(text)


def _listed(name: str, table: SheetTable) -> Lines:
    """Return targets or projects as a list of blocks."""
    lines: Lines = [(f"{name}:" if table.rows else f"{name}: []", ("region", 1, name))]
    for row, cells in table.rows:
        block: Lines = []
        for column in SHEET_COLUMNS[table.sheet]:
            place = (table.sheet, row, column)
            if column == "title_zh":
                titles = [(language, cells[f"title_{language}"]) for language in ("zh", "en")]
                block.append(("title:" if any(text for _, text in titles) else "title: {}", place))
                block += [(f"  {language}: {_quoted(text)}", (table.sheet, row, f"title_{language}"))
                          for language, text in titles if text]  # fmt: skip
            elif column in SPREADS and (cells[f"{column}_low"] or cells[f"{column}_high"]):
                block.append((f"{column}:", place))
                block += [(f"  {end or 'value'}: {cells[f'{column}{mark}']}", (table.sheet, row, f"{column}{mark}"))
                          for end, mark in (("", ""), ("low", "_low"), ("high", "_high"))
                          if cells[f"{column}{mark}"]]  # fmt: skip
            elif cells[column] and not column.startswith("title_") and not column.endswith(("_low", "_high")):
                block.append(
                    (f"{column}: {cells[column] if column in NUMBER_COLUMNS else _quoted(cells[column])}", place)
                )
        # The place of a block's first line is that of its row where no column is named.
        lines += [(f"  {'- ' if n == 0 else '  '}{text}", place) for n, (text, place) in enumerate(block)]
    return lines


def keep_region_workbook(book: RegionWorkbook, folder: Path) -> Path:
    """Write an uploaded region where scenarios and tables are found, all of it or nothing.

    Parameters
    ----------
    book : RegionWorkbook.
    folder : Path, where uploaded regions are kept; it is made if it is not there.

    Returns
    -------
    Path of the scenario file, ``<folder>/<key>/<key>.yaml``; its tables lie in ``<folder>/<key>/data/<key>/``.

    Raises
    ------
    InputError : the key is none, another content is kept under it, or the folder cannot be written.

    Notes
    -----
    Shape and unit: none. Source: written beside and renamed, so that nobody ever reads half a region.
    """
    if not OWN_REGION.fullmatch(book.key):
        raise InputError(
            book.origins.workbook, "{region!r} is not a code of a region",
            "Write up to 40 small letters, digits and underscores, a letter first", region=book.key[:80],
        )  # fmt: skip
    files = {f"data/{book.key}/{name}": text for name, text in book.tables.items()}
    files[f"{book.key}.yaml"] = book.scenario_text
    target = folder / book.key
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            _write_beside(files, target)
        same = not target.is_symlink() and all(
            (target / name).read_text(encoding="utf-8") == text for name, text in files.items()
        )
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            book.origins.workbook, "the output cannot be written ({problem})",
            "Free the disk, or send the output elsewhere", problem=getattr(error, "strerror", None) or "UTF-8",
        ) from None  # fmt: skip
    if not same:
        raise InputError(
            book.origins.workbook, "another region is kept under the code {key!r}", "Change the title a little",
            key=book.key,
        )  # fmt: skip
    return target / f"{book.key}.yaml"


def _write_beside(files: Mapping[str, str], target: Path) -> None:
    building = Path(tempfile.mkdtemp(prefix=".building_", dir=target.parent))
    try:
        for name, text in files.items():
            path = building / target.name / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        try:
            (building / target.name).rename(target)
        except OSError:
            # Somebody kept the same workbook in the meantime.
            if not target.exists():
                raise
    finally:
        shutil.rmtree(building, ignore_errors=True)
