"""The parts of a Word file that python-docx does not write: footnotes, an embedded font, settings, fields."""

from __future__ import annotations

import io
import uuid
import zipfile
from typing import Any

from docx import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.text.paragraph import Paragraph

from simvet.errors import InputError
from simvet.report.context import printable
from simvet.report.fonts import FAMILY, FONT_PATH

FOOTNOTES = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
OBFUSCATED_FONT = "application/vnd.openxmlformats-officedocument.obfuscatedFont"
KEY_LENGTH = 32
"""Bytes at the start of a font that are obfuscated, ECMA-376 part 4, section 9.1 (font embedding)."""
NEVER_EMBED = 0x0002
"""Bit of fsType (table OS/2) by which a maker forbids embedding."""
FIRST_TIME = (1980, 1, 1, 0, 0, 0)
"""Time stamp of every file in the archive, so that equal documents are equal bytes."""
ALWAYS = "".join(map(chr, range(0x20, 0x7F))) + "、。，；：？！（）《》“”‘’—…·0123456789"
"""Characters that the embedded font always holds, so that a planner can add a line."""

_SETTINGS = (
    '<w:zoom w:percent="100"/><w:removePersonalInformation/><w:embedTrueTypeFonts/><w:saveSubsetFonts/>'
    '<w:defaultTabStop w:val="420"/><w:characterSpacingControl w:val="compressPunctuation"/>'
    '<w:footnotePr><w:footnote w:id="-1"/><w:footnote w:id="0"/></w:footnotePr>'
    '<w:compat><w:compatSetting w:name="compatibilityMode" w:uri="http://schemas.microsoft.com/office/word" '
    'w:val="15"/></w:compat><w:themeFontLang w:val="en-US" w:eastAsia="zh-CN"/>'
    '<w:decimalSymbol w:val="."/><w:listSeparator w:val=","/>'
)
_SEPARATORS = (
    '<w:footnote w:type="separator" w:id="-1"><w:p><w:pPr><w:spacing w:after="0" w:line="240" w:lineRule="auto"/>'
    "</w:pPr><w:r><w:separator/></w:r></w:p></w:footnote>"
    '<w:footnote w:type="continuationSeparator" w:id="0"><w:p><w:pPr><w:spacing w:after="0" w:line="240" '
    'w:lineRule="auto"/></w:pPr><w:r><w:continuationSeparator/></w:r></w:p></w:footnote>'
)


class Footnotes:
    """Footnotes of a document, each text written once.

    Notes
    -----
    The first reference to a text is a footnote; later ones are NOTEREF fields to it that carry its number, so that a
    note about forty figures stands on one page. Unit: none. Errors: none. Source: ECMA-376 part 1, sections 17.11
    (footnotes) and 17.16.5.43 (NOTEREF).
    """

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def refer(self, paragraph: Paragraph, text: str) -> None:
        """Put a reference to a note at the end of a paragraph."""
        shown = printable(text)
        known = self.numbers.get(shown)
        number = self.numbers.setdefault(shown, len(self.numbers) + 1)
        paragraph.add_run("[", style="Footnote Reference")
        if known is None:
            mark, end = OxmlElement("w:bookmarkStart"), OxmlElement("w:bookmarkEnd")
            for element in (mark, end):
                element.set(qn("w:id"), str(number))
            mark.set(qn("w:name"), f"_RefNote{number}")
            reference = OxmlElement("w:footnoteReference")
            reference.set(qn("w:id"), str(number))
            paragraph._p.append(mark)
            paragraph.add_run(style="Footnote Reference")._r.append(reference)
            paragraph._p.append(end)
        else:
            add_field(paragraph, f"NOTEREF _RefNote{number} \\f \\h", str(number), "Footnote Reference")
        paragraph.add_run("]", style="Footnote Reference")

    def attach(self, document: Any) -> None:
        """Write the notes into the document's package."""
        notes = parse_xml(f"<w:footnotes {nsdecls('w')}>{_SEPARATORS}</w:footnotes>")
        for text, number in self.numbers.items():
            note = parse_xml(
                f'<w:footnote {nsdecls("w")} w:id="{number}"><w:p><w:pPr><w:pStyle w:val="FootnoteText"/></w:pPr><w:r>'
                '<w:rPr><w:rStyle w:val="FootnoteReference"/></w:rPr><w:footnoteRef/></w:r>'
                '<w:r><w:t xml:space="preserve"/></w:r></w:p></w:footnote>'
            )
            # Set as text, never pasted into XML: a note quotes what users typed.
            next(iter(note.iter(qn("w:t")))).text = f" {text}"
            notes.append(note)
        part = document.part
        blob = _serialized(notes)
        part.relate_to(Part(PackURI("/word/footnotes.xml"), FOOTNOTES, blob, part.package), RELATIONSHIP_TYPE.FOOTNOTES)


def add_field(paragraph: Paragraph, instruction: str, shown: str, style: str | None = None) -> None:
    """Put a field at the end of a paragraph, with the text that is shown until it is updated.

    Parameters
    ----------
    paragraph : Paragraph.
    instruction : str; such as ``PAGE``.
    shown : str.
    style : str, optional; of the characters.

    Notes
    -----
    Unit: none. Errors: none. Source: ECMA-376 part 1, section 17.16.
    """
    for kind in ("begin", "instruction", "separate", "text", "end"):
        run = paragraph.add_run(style=style)
        if kind == "instruction":
            code = OxmlElement("w:instrText")
            code.set(qn("xml:space"), "preserve")
            code.text = f" {instruction} "
            run._r.append(code)
        elif kind == "text":
            run.text = shown
        else:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
            run._r.append(mark)


def use_settings(document: Any) -> None:
    """Replace the template's settings: fonts are embedded, no personal data are kept, footnotes have separators."""
    settings = document.settings.element
    for child in list(settings):
        settings.remove(child)
    for child in list(parse_xml(f"<w:settings {nsdecls('w')}>{_SETTINGS}</w:settings>")):
        settings.append(child)


def font_for(characters: str) -> bytes:
    """Return the packaged font, cut down to some characters and those that any text needs.

    Parameters
    ----------
    characters : str; any order, any number of times.

    Returns
    -------
    bytes, a TrueType font that keeps its family name.

    Raises
    ------
    InputError : the font file is missing, or its maker forbids embedding.

    Notes
    -----
    Unit: none. Equal characters give equal bytes. Source: ``fonts.FONT_PATH``; OpenType, table OS/2, fsType.
    """
    from fontTools.subset import Options, Subsetter  # noqa: PLC0415 - slow to import
    from fontTools.ttLib import TTFont  # noqa: PLC0415

    if not FONT_PATH.is_file():
        raise InputError(
            FONT_PATH.name,
            "the packaged Chinese font is missing",
            "install simvet again; the font belongs to the package",
        )
    font = TTFont(FONT_PATH, recalcTimestamp=False)
    if font["OS/2"].fsType & NEVER_EMBED:
        raise InputError(FONT_PATH.name, "the font may not be embedded", "install simvet again; the font was exchanged")
    cutter = Subsetter(Options(name_IDs=["*"], notdef_outline=True, recalc_timestamp=False))
    cutter.populate(text=characters + ALWAYS)
    cutter.subset(font)
    stream = io.BytesIO()
    font.save(stream)
    return stream.getvalue()


def obfuscated(font: bytes, key: str) -> bytes:
    """Return a font with its first bytes mixed with a key, or back again.

    Parameters
    ----------
    font : bytes.
    key : str; a GUID in braces.

    Returns
    -------
    bytes of the same length.

    Notes
    -----
    The key's 16 bytes, last first, are added (exclusive or) to the first and to the second 16 bytes of the font. Unit:
    none. Errors: none. Source: ECMA-376 part 4 (2006), section 2.8.1, "font embedding".
    """
    mask = bytes.fromhex(key.strip("{}").replace("-", ""))[::-1]
    head = bytes(byte ^ mask[place % len(mask)] for place, byte in enumerate(font[:KEY_LENGTH]))
    return head + font[KEY_LENGTH:]


def embed_font(document: Any, characters: str) -> None:
    """Put the packaged font into a document, so that Chinese shows on a machine without any Chinese font.

    Parameters
    ----------
    document : docx Document.
    characters : str; every character that the document shows.

    Raises
    ------
    InputError : the font file is missing, or may not be embedded.

    Notes
    -----
    Unit: none. The key is made from the font itself, so that equal documents are equal bytes. Source: ECMA-376 part 1,
    section 17.8.3 (w:embedRegular).
    """
    font = font_for(characters)
    key = f"{{{uuid.uuid5(uuid.NAMESPACE_OID, font.hex())}}}".upper()
    table = next(rel.target_part for rel in document.part.rels.values() if rel.reltype == RELATIONSHIP_TYPE.FONT_TABLE)
    file = Part(PackURI("/word/fonts/font1.odttf"), OBFUSCATED_FONT, obfuscated(font, key), document.part.package)
    relation = table.relate_to(file, RELATIONSHIP_TYPE.FONT)
    table._blob = _serialized(
        parse_xml(
            f'<w:fonts {nsdecls("w", "r")}><w:font w:name="{FAMILY}"><w:panose1 w:val="020B0500000000000000"/>'
            '<w:charset w:val="86"/><w:family w:val="swiss"/><w:pitch w:val="variable"/>'
            f'<w:embedRegular r:id="{relation}" w:fontKey="{key}" w:subsetted="true"/></w:font></w:fonts>'
        )
    )


def _serialized(element: Any) -> bytes:
    from docx.opc.oxml import serialize_part_xml  # noqa: PLC0415

    return bytes(serialize_part_xml(element))


def new_document() -> Any:
    """Return an empty document without the template's picture."""
    document = Document()
    package = document.part.package
    for name, relation in list(package.rels.items()):
        if relation.reltype == RELATIONSHIP_TYPE.THUMBNAIL:
            del package.rels[name]
    return document


def saved(document: Any) -> bytes:
    """Return a document as bytes; equal documents are equal bytes.

    Parameters
    ----------
    document : docx Document.

    Returns
    -------
    bytes, a .docx file.

    Notes
    -----
    Unit: none. Errors: none. Source: python-docx, packed anew without the time of day.
    """
    stream = io.BytesIO()
    document.save(stream)
    packed = io.BytesIO()
    with zipfile.ZipFile(stream) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(
                zipfile.ZipInfo(name, FIRST_TIME), old.read(name), compress_type=zipfile.ZIP_DEFLATED, compresslevel=9
            )
    return packed.getvalue()
