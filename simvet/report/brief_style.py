"""How the brief looks: paper, lettering, paragraphs and tables, after the habits of Chinese official documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.text.paragraph import Paragraph

from simvet.report.context import printable
from simvet.report.fonts import FAMILY
from simvet.report.word_parts import add_field
from simvet.report.wording import Language

PAGE = (Mm(210), Mm(297))
"""A4."""
MARGINS = {"top": Mm(30), "bottom": Mm(26), "left": Mm(28), "right": Mm(26)}
"""Margins of an upright page, near those of GB/T 9704-2012, which leaves 37 mm above for a printed red head."""
WIDE_MARGINS = {"top": Mm(20), "bottom": Mm(17), "left": Mm(16), "right": Mm(16)}
"""Margins of the page that lies on its side for the table."""
BLACK, RED, GREY = RGBColor(0, 0, 0), RGBColor(0xB0, 0x1E, 0x1E), RGBColor(0x55, 0x55, 0x55)
SIZES = {
    "Normal": 12.0, "Title": 20.0, "Heading 1": 14.0, "Caption": 9.0, "Header": 8.5, "Footer": 9.0,
    "Footnote Text": 8.0, "Brief Cell": 8.0, "Brief Small": 7.0, "Brief Warning": 11.0, "Brief Note": 9.5,
}  # fmt: skip
"""Letters of every style, points."""
SHADES = {"head": "E8ECF1", "group": "F4F4F4", "likely": "E3F1E6", "open": "FBF3DC", "unlikely": "F8E4E1"}
"""Fills of table cells; every fill says what a word beside it says too."""


def dress(document: Any, language: Language) -> None:
    """Give every style the packaged font, its size and its spacing, and the document its language.

    Parameters
    ----------
    document : docx Document.
    language : str.

    Notes
    -----
    Unit: points. Errors: none. Source: SIZES.
    """
    styles = document.styles
    for name in ("Footnote Text", "Brief Cell", "Brief Small", "Brief Warning", "Brief Note"):
        styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH).base_style = styles["Normal"]
    styles.add_style("Footnote Reference", WD_STYLE_TYPE.CHARACTER).font.superscript = True
    for name, size in SIZES.items():
        style = styles[name]
        _letter(style.element.get_or_add_rPr(), language)
        # Latin letters look larger than Chinese ones of the same size.
        smaller = 1.5 if language == "en" and name == "Normal" else 0.0
        style.font.size, style.font.color.rgb = Pt(size - smaller), BLACK
        style.font.italic, style.font.bold = False, name in ("Title", "Heading 1", "Brief Warning")
    defaults = styles.element.find(qn("w:docDefaults")).find(qn("w:rPrDefault")).find(qn("w:rPr"))
    _letter(defaults, language)
    _space(styles, language)


def _letter(properties: Any, language: Language) -> None:
    """Name the packaged font for every script, and the language, in the properties of some characters."""
    fonts = properties.get_or_add_rFonts() if hasattr(properties, "get_or_add_rFonts") else None
    if fonts is None:
        fonts = properties.find(qn("w:rFonts"))
    for name in list(fonts.attrib):
        del fonts.attrib[name]
    for script in ("ascii", "hAnsi", "eastAsia", "cs"):
        fonts.set(qn(f"w:{script}"), FAMILY)
    told = properties.find(qn("w:lang"))
    if told is None:
        told = OxmlElement("w:lang")
        properties.append(told)
    told.set(qn("w:val"), "zh-CN" if language == "zh" else "en-GB")
    told.set(qn("w:eastAsia"), "zh-CN")


def _space(styles: Any, language: Language) -> None:
    lines = {
        "Normal": 1.35 if language == "zh" else 1.15,
        "Title": 1.2,
        "Heading 1": 1.2,
        "Brief Warning": 1.2,
        "Brief Note": 1.15,
    }
    around = {"Normal": (0, 4), "Title": (0, 6), "Heading 1": (12, 5), "Caption": (2, 8), "Brief Warning": (4, 8)}
    for name in SIZES:
        form = styles[name].paragraph_format
        form.line_spacing = lines.get(name, 1.0)
        form.space_before, form.space_after = (Pt(value) for value in around.get(name, (0, 0)))
    styles["Title"].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    styles["Caption"].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    styles["Heading 1"].paragraph_format.keep_with_next = True
    if language == "zh":
        styles["Normal"].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
    for name in ("Footnote Text", "Brief Cell", "Brief Small", "Brief Note"):
        # Set flush left: justified lines of a narrow cell are full of holes.
        styles[name].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.LEFT
    for name in ("Title", "Header", "Footer"):
        borders = styles[name].element.pPr.find(qn("w:pBdr"))
        if borders is not None:
            styles[name].element.pPr.remove(borders)


def lay(section: Any, wide: bool) -> None:
    """Set the paper of a section, upright or on its side; unit: mm; errors: none; source: MARGINS, WIDE_MARGINS."""
    section.orientation = WD_ORIENT.LANDSCAPE if wide else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = (PAGE[1], PAGE[0]) if wide else PAGE
    for side, width in (WIDE_MARGINS if wide else MARGINS).items():
        setattr(section, f"{side}_margin", width)
    section.header_distance, section.footer_distance = Mm(11 if wide else 16), Mm(9 if wide else 14)


def new_section(document: Any, wide: bool) -> None:
    """Begin a page with other paper; unit: mm; errors: none; source: :func:`lay`."""
    lay(document.add_section(WD_SECTION.NEW_PAGE), wide)


def head_and_foot(document: Any, head: str, warning: str) -> None:
    """Write what stands on every page: whose brief it is, what is not signed off, and the page's number.

    Parameters
    ----------
    document : docx Document.
    head : str.
    warning : str; empty where everything is signed off.

    Notes
    -----
    Unit: none. Errors: none. Source: the caller.
    """
    section = document.sections[0]
    above, below = section.header.paragraphs[0], section.footer.paragraphs[0]
    above.text = printable(head)
    above.alignment = below.alignment = WD_ALIGN_PARAGRAPH.CENTER
    if warning:
        run = above.add_run(f"　{warning}")
        run.font.color.rgb, run.bold = RED, True
    below.add_run("— ")
    add_field(below, "PAGE", "1")
    below.add_run(" —")


def paragraph(document: Any, text: str, style: str = "Normal", indent: bool = False) -> Paragraph:
    """Return a new paragraph; ``indent`` moves its first line by two characters.

    Parameters
    ----------
    document : docx Document or cell.
    text : str.
    style : str.
    indent : bool.

    Returns
    -------
    Paragraph.

    Notes
    -----
    Unit: hundredths of a character. Errors: none. Source: GB/T 9704-2012, section 7.3.3.
    """
    new: Paragraph = document.add_paragraph(printable(text), style=style)
    if indent:
        properties = new._p.get_or_add_pPr()
        moved = properties.get_or_add_ind()
        moved.set(qn("w:firstLineChars"), "200")
        moved.set(qn("w:firstLine"), "480")
    return new


def new_table(document: Any, headings: Sequence[str], widths: Sequence[float]) -> Any:
    """Return a table of one heading row that is repeated on every page.

    Parameters
    ----------
    document : docx Document.
    headings : sequence of str.
    widths : sequence of float, of the columns.

    Returns
    -------
    docx Table.

    Notes
    -----
    Unit: mm. Errors: none. Source: ECMA-376 part 1, section 17.4.49 (w:tblHeader).
    """
    table = document.add_table(rows=1, cols=len(headings), style="Table Grid")
    table.autofit = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
    _pad(table)
    mark = OxmlElement("w:tblHeader")
    table.rows[0]._tr.get_or_add_trPr().append(mark)
    for cell, text, width in zip(table.rows[0].cells, headings, widths, strict=True):
        cell.width = Mm(width)
        cell.paragraphs[0].style = document.styles["Brief Cell"]
        cell.paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.CENTER
        cell.paragraphs[0].add_run(text).bold = True
        shade(cell, "head")
    return table


def _pad(table: Any) -> None:
    """Make lines thin and cell margins narrow."""
    properties = table._tbl.tblPr
    borders, margins = OxmlElement("w:tblBorders"), OxmlElement("w:tblCellMar")
    for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
        line = OxmlElement(f"w:{side}")
        for name, value in (("val", "single"), ("sz", "4"), ("space", "0"), ("color", "8A8A8A")):
            line.set(qn(f"w:{name}"), value)
        borders.append(line)
    for side, room in (("top", 30), ("left", 70), ("bottom", 30), ("right", 70)):
        margin = OxmlElement(f"w:{side}")
        margin.set(qn("w:w"), str(room))
        margin.set(qn("w:type"), "dxa")
        margins.append(margin)
    look = properties.find(qn("w:tblLook"))
    layout = properties.find(qn("w:tblLayout"))
    # The schema wants borders, layout, margins, look in this order.
    layout.addprevious(borders)
    layout.addnext(margins)
    if look is not None:
        margins.addnext(look)


def add_row(table: Any, widths: Sequence[float]) -> Any:
    """Return the cells of a new row that is not torn over two pages; unit: mm; errors: none; source: the caller."""
    row = table.add_row()
    row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    for cell, width in zip(row.cells, widths, strict=True):
        cell.width = Mm(width)
    return row.cells


def shade(cell: Any, name: str) -> None:
    """Fill a cell; unit, errors: none; source: SHADES."""
    properties = cell._tc.get_or_add_tcPr()
    fill = OxmlElement("w:shd")
    for key, value in (("val", "clear"), ("color", "auto"), ("fill", SHADES[name])):
        fill.set(qn(f"w:{key}"), value)
    properties.append(fill)
