"""An Excel workbook from a stranger -> its sheets as plain cells; what runs, reaches outside or swells is refused."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from xml.parsers import expat

from simvet.errors import InputError
from simvet.loading.list_file import BLOCK, BROKEN_WORKBOOK, ODD_KINDS
from simvet.loading.school_list import PLAIN_NUMBER

MOST_PACKED = 5_000_000
"""Bytes of a workbook as it is uploaded; that of a province with every figure takes a fiftieth."""
MOST_UNPACKED = 50_000_000
"""Bytes of a workbook when unpacked, which its directory declares before anything is inflated."""
MOST_RATIO = 100
"""Times that a large part may swell; sheets swell about tenfold, a bomb a thousandfold."""
SMALL_PART = 1_000_000
"""Bytes of a part below which nobody asks how far it swells."""
MOST_PARTS = 1_000
MOST_ROWS = 20_000
"""Rows of a sheet."""
MOST_COLUMNS = 100
"""Columns of a sheet that may hold something."""
MOST_ELEMENTS = 1_000_000
"""XML elements that are looked at in all, which bounds the time; the sheets of a province have a hundredth."""
MOST_TEXT = 10_000_000
"""Characters of all cells together; one shared text may stand in every cell."""
LONGEST_TEXT = 32_767
"""Characters that Excel lets a cell hold."""
OLD_HEADER = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""First bytes of what Excel writes with a password, and of .xls files."""
FORBIDDEN = (
    (re.compile(r"vbaproject|vbadata|macrosheets?/|dialogsheets?/"), "macros"),
    (re.compile(r"externallinks?/|connections\.xml|querytables?/"), "links to other files"),
    (re.compile(r"embeddings?/|activex/|ctrlprops/|oleobject"), "embedded objects"),
)
"""Parts of a workbook that are refused by their name in small letters, and how a complaint calls them."""
FORBIDDEN_TYPES = (
    (("vbaproject", "xlmacrosheet", "xlintlmacrosheet", "dialogsheet"), "macros"),
    (("externallink", "externallinkpath", "connections", "querytable", "attachedtemplate"), "links to other files"),
    (("oleobject", "package", "control", "activexcontrolbinary"), "embedded objects"),
)
"""Kinds of relationship that are refused, whatever the part is called."""
BUILT_IN_DATES = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
"""Numbers of the formats that show a date or a time, those of Chinese Excel among them."""
BESIDE_DATES = re.compile(r'"[^"]*"|\\.|[_*].|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
"""What a format shows as it stands, or does not show."""
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
"""How a workbook writes a character that XML cannot hold."""
REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})", re.ASCII)
BROKEN = (*BROKEN_WORKBOOK, expat.ExpatError, ArithmeticError)


@dataclass(frozen=True)
class Strange:
    """A cell that holds no plain value; ``text`` is the day of a date, as year-month-day.

    Notes
    -----
    Shape and unit: none. Errors: none. Source: a workbook.
    """

    kind: str
    text: str = ""


Value = str | float | bool | Strange


@dataclass
class SheetCells:
    """A sheet: row number (from 1) -> column (from 0) -> value, blank cells left out; ``merged`` names merged ranges.

    Notes
    -----
    Unit: none. Errors: none. Source: a workbook.
    """

    rows: dict[int, dict[int, Value]] = field(default_factory=dict)
    merged: list[str] = field(default_factory=list)


def letter_of(column: int) -> str:
    """Return how a workbook calls a column; unit: none; errors: none; source: columns count from 0, ``A``."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def read_workbook(source: Path | bytes, place: str) -> dict[str, SheetCells]:
    """Return every sheet of a workbook, hidden ones too.

    Parameters
    ----------
    source : Path of a file, or its content.
    place : str; how a complaint names it.

    Returns
    -------
    dict of sheet name -> SheetCells, in the order of the workbook.

    Raises
    ------
    InputError : it is no workbook, too large, encrypted, or holds macros, links to other files, embedded objects or
        document types.

    Notes
    -----
    Shape and unit: none. Source: ECMA-376; the sheets are read by expat, which resolves nothing and stops when told.
    """
    raw = source if isinstance(source, bytes) else _content(source, place)
    if len(raw) > MOST_PACKED:
        raise _too_large(place, len(raw), MOST_PACKED)
    if raw.startswith(OLD_HEADER):
        raise InputError(
            place, "the workbook has a password or the old form .xls", "Save it again as .xlsx without a password"
        )
    if place.lower().endswith((".xlsm", ".xltm", ".xlam")):
        raise _holds("macros", place, place)
    try:
        with zipfile.ZipFile(BytesIO(raw)) as packed:
            _require_small(packed, place)
            for part in packed.infolist():
                _require_harmless(part, packed, place)
            return _Book(packed, place).sheets()
    except BROKEN:
        raise _broken(place) from None


def _content(path: Path, place: str) -> bytes:
    if path.is_dir():
        raise InputError(place, "this is a folder, not a file", "Name the file inside it")
    if not path.exists():
        raise InputError(place, "there is no such file", "Check the name and the folder")
    if not path.is_file():
        raise InputError(place, "this is a device or a pipe, not a file", "Name a file that lies on the disk")
    try:
        size = path.stat().st_size
        if size > MOST_PACKED:
            raise _too_large(place, size, MOST_PACKED)
        return path.read_bytes()
    except OSError:
        raise InputError(place, "the file cannot be read", "Check its name and your right to read it") from None


def _broken(place: str) -> InputError:
    return InputError(place, "this is not a workbook that can be read", "Start from the template and save it as .xlsx")


def _too_large(place: str, size: int, most: int) -> InputError:
    return InputError(
        place, "the workbook holds {size} MB", "A region takes less than {most} MB; delete what does not belong to it",
        size=round(size / 1e6, 1), most=most // 1_000_000,
    )  # fmt: skip


def _holds(kind: str, part: str, place: str) -> InputError:
    return InputError(
        place, "the workbook holds {kind} ({part})", "Copy the plain values into the template and save it as .xlsx",
        kind=kind, part=part[-80:],
    )  # fmt: skip


def _require_small(packed: zipfile.ZipFile, place: str) -> None:
    """Complain about what would swell, by what the directory declares; nothing is inflated yet."""
    parts = packed.infolist()
    size = sum(part.file_size for part in parts)
    if size > MOST_UNPACKED:
        raise _too_large(place, size, MOST_UNPACKED)
    for part in parts:
        if part.file_size > max(SMALL_PART, MOST_RATIO * part.compress_size):
            raise InputError(
                place, "part {part!r} of the workbook swells more than {most} times when it is unpacked",
                "Delete formats beside the tables, or start from the template", part=part.filename[-80:],
                most=MOST_RATIO,
            )  # fmt: skip
    plain = all(part.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for part in parts)
    if not plain or len(parts) > MOST_PARTS or len({part.filename for part in parts}) < len(parts):
        raise _broken(place)


def _require_harmless(part: zipfile.ZipInfo, packed: zipfile.ZipFile, place: str) -> None:
    """Complain about a part that runs, reaches outside, defines entities, or is larger than it declares."""
    name = part.filename.lower()
    for pattern, kind in FORBIDDEN:
        if pattern.search(name):
            raise _holds(kind, part.filename, place)
    tail, size = b"", 0
    with packed.open(part) as file:
        while block := file.read(BLOCK):
            size += len(block)
            if size > part.file_size:
                raise _broken(place)
            # Without its zero bytes, UTF-16 reads like ASCII here.
            text = tail + block.replace(b"\x00", b"")
            if not name.endswith((".xml", ".rels", ".vml")):
                continue
            if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
                raise _holds("a document type or entities", part.filename, place)
            if name == "[content_types].xml" and b"macroEnabled" in text:
                raise _holds("macros", part.filename, place)
            tail = text[-16:]


@dataclass
class _Book:
    """A workbook on its way through the parser; ``elements`` and ``characters`` are what it may still hold."""

    packed: zipfile.ZipFile
    place: str
    elements: int = MOST_ELEMENTS
    characters: int = MOST_TEXT
    texts: list[str] = field(default_factory=list)
    dated: list[bool] = field(default_factory=list)
    first_day: date = date(1899, 12, 30)

    def sheets(self) -> dict[str, SheetCells]:
        """Return every sheet by its name."""
        for part in self.packed.namelist():
            if part.lower().endswith(".rels"):
                self.links(part)
        book = next(target for kind, target in self.links("_rels/.rels").values() if kind == "officedocument")
        folder, name = posixpath.split(book)
        links = self.links(f"{folder}/_rels/{name}.rels" if folder else f"_rels/{name}.rels")
        targets = dict(links.values())
        named = self.sheet_names(book)
        if "sharedstrings" in targets:
            self.read_texts(targets["sharedstrings"])
        if "styles" in targets:
            self.read_styles(targets["styles"])
        found = {}
        for sheet, link in named:
            kind, part = links[link]
            if sheet in found:
                raise _broken(self.place)
            # A sheet of another kind, such as a chart, has no cells; its name alone will be complained of.
            found[sheet] = self.read_sheet(part, sheet) if kind == "worksheet" else SheetCells()
        return found

    def walk(
        self, part: str, begin: Callable[[str, Mapping[str, str]], None], end: Callable[[str], None] | None = None,
        data: Callable[[str], None] | None = None,
    ) -> None:  # fmt: skip
        """Hand the elements of a part to their readers, names without namespaces."""

        def start(name: str, attributes: dict[str, str]) -> None:
            self.elements -= 1
            if self.elements < 0:
                raise InputError(
                    self.place, "the workbook has more than {most} cells and parts of cells",
                    "Delete rows and columns beside the tables, empty ones too", most=MOST_ELEMENTS,
                )  # fmt: skip
            begin(name.rpartition(" ")[2], attributes)

        def refuse(*_: object) -> None:
            raise _holds("a document type or entities", part, self.place)

        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = start
        parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
        if end:
            parser.EndElementHandler = lambda name: end(name.rpartition(" ")[2])
        if data:
            parser.CharacterDataHandler = data
        with self.packed.open(part) as file:
            while block := file.read(BLOCK):
                parser.Parse(block, False)
            parser.Parse(b"", True)

    def links(self, part: str) -> dict[str, tuple[str, str]]:
        """Return name -> (kind, part) of what a part refers to; complain about what lies outside."""
        found: dict[str, tuple[str, str]] = {}
        folder = posixpath.dirname(posixpath.dirname(part))

        def begin(name: str, given: Mapping[str, str]) -> None:
            if name != "Relationship":
                return
            kind, target = given["Type"].rpartition("/")[2].lower(), given["Target"]
            for kinds, told in FORBIDDEN_TYPES:
                if kind in kinds:
                    raise _holds(told, target, self.place)
            if given.get("TargetMode", "").lower() == "external":
                # A web address in a cell is an external link that nobody follows.
                if kind != "hyperlink":
                    raise _holds("links to other files", target, self.place)
                return
            inside = target[1:] if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
            found[given["Id"]] = (kind, inside)

        self.walk(part, begin)
        return found

    def sheet_names(self, part: str) -> list[tuple[str, str]]:
        """Return (name, link) of every sheet, and note the first day of the calendar."""
        found: list[tuple[str, str]] = []

        def begin(name: str, given: Mapping[str, str]) -> None:
            if name == "sheet":
                link = next(text for key, text in given.items() if key.endswith(" id"))
                found.append((given["name"], link))
            elif name == "workbookPr" and given.get("date1904", "0") in ("1", "true"):
                self.first_day = date(1904, 1, 1)

        self.walk(part, begin)
        return found

    def read_texts(self, part: str) -> None:
        """Read the texts that cells share."""
        reader = _Text()

        def begin(name: str, _: Mapping[str, str]) -> None:
            if name == "si":
                reader.clear()
            reader.begin(name)

        def end(name: str) -> None:
            reader.end(name)
            if name == "si":
                self.texts.append(reader.said())

        self.walk(part, begin, end, reader.data)

    def read_styles(self, part: str) -> None:
        """Note which cell formats show a date."""
        codes: dict[str, str] = {}
        inside = [False]

        def begin(name: str, given: Mapping[str, str]) -> None:
            if name == "numFmt":
                codes[given["numFmtId"]] = given.get("formatCode", "")[:1000]
            elif name == "cellXfs":
                inside[0] = True
            elif name == "xf" and inside[0]:
                number = given.get("numFmtId", "0")
                shown = BESIDE_DATES.sub("", codes.get(number, "")).lower().replace("general", "")
                self.dated.append(bool(set(shown) & set("dmyhs")) if number in codes else int(number) in BUILT_IN_DATES)

        def end(name: str) -> None:
            if name == "cellXfs":
                inside[0] = False

        self.walk(part, begin, end)

    def read_sheet(self, part: str, name: str) -> SheetCells:
        """Return the cells of a sheet."""
        reader = _Sheet(self, name)
        self.walk(part, reader.begin, reader.end, reader.text.data)
        return reader.cells


class _Text:
    """The text of a cell, in one run or several, without the readings that Chinese and Japanese texts may carry."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.runs: list[str] = []
        self.length, self.open, self.reading = 0, False, False

    def begin(self, name: str) -> None:
        if name == "rPh":
            self.reading = True
        self.open = name in ("t", "v") and not self.reading

    def end(self, name: str) -> None:
        if name == "rPh":
            self.reading = False
        self.open = False

    def data(self, text: str) -> None:
        if self.open:
            self.length += len(text)
            if self.length > LONGEST_TEXT:
                raise ValueError("a cell is longer than Excel lets it be")
            self.runs.append(text)

    def said(self) -> str:
        return ESCAPED.sub(lambda found: chr(int(found[1], 16)), "".join(self.runs))


class _Sheet:
    """The reader of one sheet: counts rows and columns where the workbook leaves their numbers out."""

    def __init__(self, book: _Book, name: str) -> None:
        self.book, self.name, self.cells, self.text = book, name, SheetCells(), _Text()
        self.row, self.column, self.kind, self.style, self.formula = 0, -1, "n", 0, False

    def begin(self, name: str, given: Mapping[str, str]) -> None:
        if name == "row":
            self.row, self.column = int(given.get("r", self.row + 1)), -1
            if self.row > MOST_ROWS:
                raise InputError(
                    f"{self.book.place}: {self.name[-40:]}", "the sheet has more than {most} rows",
                    "Delete rows below the table, empty ones too", most=MOST_ROWS,
                )  # fmt: skip
        elif name == "c":
            self.column, self.kind, self.style = self.column + 1, given.get("t", "n"), int(given.get("s", 0))
            self.formula = False
            self.text.clear()
            if "r" in given:
                self._move(given["r"])
        elif name == "mergeCell":
            self.cells.merged.append(given["ref"][:40])
        self.formula = self.formula or name == "f"
        self.text.begin(name)

    def _move(self, reference: str) -> None:
        found = REFERENCE.fullmatch(reference)
        if not found or int(found[2]) != self.row:
            raise ValueError("a cell stands in another row than it says")
        column = 0
        for letter in found[1]:
            column = 26 * column + ord(letter) - 64
        self.column = column - 1

    def end(self, name: str) -> None:
        self.text.end(name)
        if name != "c":
            return
        value = self._value()
        if value is None or (isinstance(value, str) and not value.strip()):
            return
        if self.column >= MOST_COLUMNS:
            raise InputError(
                f"{self.book.place}: {self.name[-40:]}!{letter_of(self.column)}{self.row}",
                "the cell stands beside the table", "Delete it, or move it to a sheet of your own file",
            )  # fmt: skip
        row = self.cells.rows.setdefault(self.row, {})
        if self.column in row:
            raise ValueError("a cell stands twice")
        row[self.column] = value

    def _value(self) -> Value | None:
        if self.formula:
            return Strange(ODD_KINDS["f"])
        text = self.text.said()
        if self.kind == "s":
            text = self.book.texts[int(text)] if text else ""
        if self.kind in ("s", "str", "inlineStr"):
            self.book.characters -= len(text)
            if self.book.characters < 0:
                raise _too_large(self.book.place, MOST_TEXT + 1, MOST_TEXT)
            return text
        return self._no_text(text) if text else None

    def _no_text(self, text: str) -> Value:
        """Return the number, truth value, date or error of a cell."""
        if self.kind == "b":
            return text in ("1", "true")
        if self.kind == "d":
            return Strange("a date", text[:10])
        if self.kind != "n" or not PLAIN_NUMBER.fullmatch(text):
            return Strange(ODD_KINDS["e"])
        number = float(text)
        if self.style >= len(self.book.dated) or not self.book.dated[self.style]:
            return number
        day = self.book.first_day + timedelta(days=int(number)) if 0 <= number < 2_958_466 else None
        return Strange("a date", day.isoformat() if day else "")
