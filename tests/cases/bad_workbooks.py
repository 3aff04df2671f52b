"""Workbooks of a region that must be refused, built from the template of Zhoushan; tests of the screen use them."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Mapping
from functools import lru_cache
from io import BytesIO
from typing import Any

from openpyxl import Workbook, load_workbook

from simvet.loading.workbook_template import write_region_workbook

Change = Callable[[Workbook], object]
FIGURES = {"figures": "indicator", "assumptions": "indicator", "resources": "indicator"}
"""Sheets whose rows are told apart by an indicator and a stage; those of the others by a key or a name."""


@lru_cache(maxsize=8)
def good(region: str = "zhoushan") -> bytes:
    """Return the template of a region, which is a good workbook."""
    content = BytesIO()
    write_region_workbook(region, content)
    return content.getvalue()


def edited(change: Change) -> bytes:
    """Return the good workbook after somebody opened, changed and saved it."""
    book = load_workbook(BytesIO(good()))
    change(book)
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def place(book: Workbook, sheet: str, row: str, column: str) -> tuple[int, int]:
    """Return row and column of a cell; the row is a number, or what it begins with: a key, or ``indicator/stage``."""
    header = [cell.value for cell in book[sheet][1]]
    number = header.index(column) + 1
    if row.isdigit():
        return int(row), number
    columns = [FIGURES.get(sheet, "name" if sheet == "projects" else "key")]
    wanted = [row]
    if sheet in FIGURES:
        columns, wanted = ["indicator", "stage"], row.split("/")
    for line in range(2, book[sheet].max_row + 1):
        cells = [book[sheet].cell(line, header.index(name) + 1).value for name in columns]
        use = book[sheet].cell(line, header.index("use") + 1).value if "use" in header else ""
        if cells == wanted and use != "history":
            return line, number
    raise LookupError(f"{sheet} has no row {row}")


def spoilt(sheet: str, row: str, column: str, value: Any) -> bytes:
    """Return the good workbook with one other cell."""

    def change(book: Workbook) -> None:
        line, number = place(book, sheet, row, column)
        cell = book[sheet].cell(line, number)
        # Excel lets a column of texts hold a number again only where the cell has another form.
        cell.number_format = "General"
        cell.value = value
        if isinstance(value, str) and value.startswith("'"):
            cell.value = value[1:]
            cell.data_type = "s"

    return edited(change)


def repacked(changes: Mapping[str, Callable[[bytes], bytes]], added: Mapping[str, bytes] | None = None) -> bytes:
    """Return the good workbook with parts rewritten and added."""
    content = BytesIO()
    with zipfile.ZipFile(BytesIO(good())) as source, zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as target:
        for part in source.namelist():
            text = source.read(part)
            target.writestr(part, changes[part](text) if part in changes else text)
        for part, text in (added or {}).items():
            target.writestr(part, text)
    return content.getvalue()


def sheet_part(name: str) -> str:
    """Return the part of the good workbook that holds a sheet."""
    return f"xl/worksheets/sheet{load_workbook(BytesIO(good()), read_only=True).sheetnames.index(name) + 1}.xml"


def with_entities() -> bytes:
    """Return the good workbook with entities that would multiply."""
    bomb = b'<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">%s]>' % b"".join(
        b'<!ENTITY %c "%s">' % (98 + n, (b"&%c;" % (97 + n)) * 10) for n in range(9)
    )

    def change(text: bytes) -> bytes:
        return re.sub(rb"(<\?xml[^>]*\?>)", lambda found: found[1] + bomb, text, count=1)

    return repacked({sheet_part("items"): change})


def _without_sheet(name: str) -> bytes:
    return edited(lambda book: book.remove(book[name]))


def _renamed_sheet() -> bytes:
    return edited(lambda book: setattr(book["assumptions"], "title", "assumption"))


BAD: dict[str, Callable[[], bytes]] = {
    "no_workbook": lambda: b"region,year\nlishui,2021\n",
    "macros": lambda: repacked({}, {"xl/vbaProject.bin": b"\x00"}),
    "entities": with_entities,
    "missing_sheet": lambda: _without_sheet("items"),
    "unknown_sheet": _renamed_sheet,
    "unknown_column": lambda: spoilt("assumptions", "1", "value", "valeu"),
    "formula": lambda: spoilt("assumptions", "2", "value", "=0.02*2"),
    "text_for_a_number": lambda: spoilt("assumptions", "2", "value", "about 4 %"),
    "range_out_of_order": lambda: spoilt("assumptions", "2", "value", 0.99),
    "unknown_quantity": lambda: spoilt("assumptions", "dropout_rate/secondary_vocational", "indicator", "dropout_rat"),
    "code_with_a_path": lambda: spoilt("region", "region", "value", "../china"),
}
"""Name -> content of a workbook that is refused with one line that says why; all but the first are nearly good."""
