"""The Word brief: a row for every verdict, a note behind every figure, a font inside, nothing that points outside."""

import datetime
import io
import re
import zipfile
from dataclasses import replace

import docx
import pytest
from fontTools.ttLib import TTFont
from lxml import etree

from simvet.report.brief import write_brief
from simvet.report.brief_rows import COLUMNS, FIGURES, advice, base_year, verdict_titles
from simvet.report.context import ReportContext, headlines_first, printable
from simvet.report.fonts import FAMILY
from simvet.report.terminal import bound_text
from simvet.report.word_parts import obfuscated
from simvet.report.wording import number, word
from simvet.result import simulate
from simvet.verdicts import PLAN_YEARS

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
HOSTILE = '=HYPERLINK("http://evil.example","x")\x07\x1b\u202e <script>alert(1)</script> {count} $\\frac{ ' + "长" * 300
DAY = datetime.date(2025, 11, 3)


def context(language="zh", **changed):
    given = {
        "changes": (), "baseline": "base", "link": "http://10.0.0.1:8501/?run=7", "unsigned": 12, "assumed": 30,
        "signatures": {}, "made_on": DAY,
    }  # fmt: skip
    return ReportContext(language, **{**given, **changed})


@pytest.fixture(scope="module")
def run():
    result = simulate("zhoushan", 60, 1)
    return result, result.verdicts()


@pytest.fixture(scope="module", params=["zh", "en"])
def brief(request, run):
    return request.param, write_brief(*run, context(request.param))


def files(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def part(data, name):
    return etree.fromstring(files(data)[name])


def written(element):
    return "".join(node.text or "" for node in element.iter(f"{W}t"))


def rows_of(data):
    """Return the rows of the table of targets without headings, as XML."""
    table = part(data, "word/document.xml").find(f".//{W}tbl")
    rows = [row.findall(f"{W}tc") for row in table.findall(f"{W}tr")]
    return [cells for cells in rows[1:] if len(cells) == len(COLUMNS)]


def notes_of(data):
    found = part(data, "word/footnotes.xml").findall(f"{W}footnote")
    return {note.get(f"{W}id"): written(note).strip() for note in found if note.get(f"{W}type") is None}


def references(data):
    """Return a function that lists the numbers of the notes that a cell refers to, fields resolved by bookmark."""
    body = part(data, "word/document.xml")
    marks = {}
    for mark in body.iter(f"{W}bookmarkStart"):
        inside = mark.getnext().find(f"{W}footnoteReference")
        marks[mark.get(f"{W}name")] = inside.get(f"{W}id")

    def of(cell):
        direct = [node.get(f"{W}id") for node in cell.iter(f"{W}footnoteReference")]
        fields = [
            marks[re.search(r"NOTEREF (\S+)", node.text)[1]]
            for node in cell.iter(f"{W}instrText")
            if "NOTEREF" in node.text
        ]
        return direct + fields

    return of


def test_every_verdict_has_a_row_with_its_own_figures_headlines_first(brief, run):
    language, data = brief
    result, verdicts = run
    ordered = headlines_first(verdicts)
    rows = rows_of(data)
    assert len(rows) == len(verdicts) > 20
    titles = verdict_titles(ordered, language, False)
    for cells, v, title in zip(rows, ordered, titles, strict=True):
        told = {name: [written(p) for p in cell.findall(f"{W}p")] for name, cell in zip(COLUMNS, cells, strict=True)}
        assert told["target"][0] == title
        assert told["base"][0].startswith(number(v.base_value, v.unit, language))
        assert str(base_year(result, v)) in told["base"][1]
        assert told["bound"][0].startswith(bound_text(v, language))
        assert str(v.target.year) in told["bound"][1]
        assert told["status"][0].startswith(number(v.value_as_of, v.unit, language))
        assert told["forecast"][0].startswith(number(v.median, v.unit, language).split("%")[0].split(" ")[0])
        shown = re.search(r"(\d+)% ?±(\d+\.\d)", told["forecast"][1])
        assert int(shown[1]) == round(v.probability * 100)
        assert float(shown[2]) == pytest.approx(v.error * 100, abs=0.051)
        assert ("†" in told["forecast"][1]) == v.assumed_base
        assert told["advice"] == [printable(text) for text in advice(v, language)]
        if v.binding and v.target.kind != "baseline":
            assert word("cause", v.binding[0], language) in told["cause"][0]
    heads = [v.headline for v in ordered if v.target.kind != "baseline"]
    assert heads == sorted(heads, reverse=True) and any(heads)


def test_every_figure_refers_to_a_note_with_text(brief):
    language, data = brief
    notes, of = notes_of(data), references(data)
    used = set()
    for cells in rows_of(data):
        for name, cell in zip(COLUMNS, cells, strict=True):
            found = of(cell)
            assert found or name not in FIGURES, name
            used.update(found)
            for number_ in found:
                assert len(notes[number_]) > 10
    digest = part(data, "word/footnotes.xml")
    assert used <= set(notes)
    # What a note is about stands where it is asked for.
    first = dict(zip(COLUMNS, rows_of(data)[0], strict=True))
    assert any("simvet" in notes[n] for n in of(first["forecast"]))
    assert any(word("document", "zs-action-plan", language) in notes[n] for n in of(first["bound"]))
    assert len(set(notes.values())) == len(notes) and digest is not None


def test_numbers_that_fields_show_are_those_of_the_notes(brief):
    _, data = brief
    body = part(data, "word/document.xml")
    order = [node.get(f"{W}id") for node in body.iter(f"{W}footnoteReference")]
    assert order == [str(place) for place in range(1, len(order) + 1)]
    for code in body.iter(f"{W}instrText"):
        shown = code.getparent().getnext().getnext()
        if "NOTEREF" in code.text:
            assert written(shown) == re.search(r"_RefNote(\d+)", code.text)[1]


def test_notes_name_run_plan_and_missing_signature(brief, run):
    language, data = brief
    result, _ = run
    told = " ".join(notes_of(data).values())
    for fact in (result.scenario.digest, result.scenario.data_digest, "60", word("text", "brief_not_signed", language)):
        assert fact in told


def test_separators_and_settings_are_those_that_word_asks_for(brief):
    _, data = brief
    kinds = [note.get(f"{W}type") for note in part(data, "word/footnotes.xml")][:2]
    assert kinds == ["separator", "continuationSeparator"]
    settings = [child.tag.removeprefix(W) for child in part(data, "word/settings.xml")]
    assert {"embedTrueTypeFonts", "saveSubsetFonts", "footnotePr", "removePersonalInformation"} <= set(settings)
    types = files(data)["[Content_Types].xml"].decode()
    assert 'PartName="/word/footnotes.xml"' in types and "obfuscatedFont" in types


def test_the_font_is_inside_and_holds_every_character_shown(brief):
    _, data = brief
    held = files(data)
    table = etree.fromstring(held["word/fontTable.xml"])
    embedded = table.find(f".//{W}embedRegular")
    relations = etree.fromstring(held["word/_rels/fontTable.xml.rels"])
    target = {r.get("Id"): r.get("Target") for r in relations}[embedded.get(f"{R}id")]
    raw = held[f"word/{target}"]
    assert raw[:4] != b"\x00\x01\x00\x00"
    font = TTFont(io.BytesIO(obfuscated(raw, embedded.get(f"{W}fontKey"))))
    assert font["name"].getDebugName(1) == FAMILY == table[0].get(f"{W}name")
    assert font["OS/2"].fsType & 0x0002 == 0
    parts = [n for n in held if re.fullmatch(r"word/(document|footnotes|header\d*|footer\d*)\.xml", n)]
    assert len(parts) >= 4
    shown = {c for n in parts for c in written(etree.fromstring(held[n]))}
    assert {hex(ord(c)) for c in shown if ord(c) not in font.getBestCmap()} == set()
    assert len(raw) < 600_000


def test_every_style_that_is_used_names_the_font_for_chinese(brief):
    _, data = brief
    styles = part(data, "word/styles.xml")
    named = {s.get(f"{W}styleId"): s for s in styles.findall(f"{W}style")}
    used = {node.get(f"{W}val") for node in part(data, "word/document.xml").iter(f"{W}pStyle")}
    assert {"Title", "Heading1", "BriefCell", "Caption"} <= used
    for name in used:
        fonts = named[name].find(f"{W}rPr/{W}rFonts")
        assert fonts.get(f"{W}eastAsia") == fonts.get(f"{W}ascii") == FAMILY
        assert not [key for key in fonts.attrib if "Theme" in key]


def test_it_points_nowhere_outside_and_names_nobody(brief):
    language, data = brief
    held = files(data)
    for name, content in held.items():
        if name.endswith(".rels"):
            assert b"TargetMode" not in content, name
    assert not [name for name in held if "thumbnail" in name]
    core = docx.Document(io.BytesIO(data)).core_properties
    assert (core.author, core.last_modified_by, core.comments) == ("", "", "")
    assert core.title and core.language == ("zh-CN" if language == "zh" else "en-GB")
    assert f'w:val="{core.language}"' in held["word/styles.xml"].decode()


def test_headings_repeat_pages_are_numbered_and_pictures_described(brief):
    _, data = brief
    body = part(data, "word/document.xml")
    for table in body.iter(f"{W}tbl"):
        assert table.find(f"{W}tr/{W}trPr/{W}tblHeader") is not None
    document = docx.Document(io.BytesIO(data))
    sizes = [(section.page_width.mm, section.page_height.mm) for section in document.sections]
    assert [tuple(map(round, size)) for size in sizes] == [(210, 297), (297, 210), (210, 297)]
    assert "PAGE" in etree.tostring(document.sections[0].footer._element).decode()
    shapes = list(document.inline_shapes)
    assert 1 <= len(shapes) <= 3
    for shape in shapes:
        assert len(shape._inline.docPr.get("descr")) > 5


@pytest.mark.parametrize("unsigned", [0, 12])
def test_the_mark_for_what_is_not_signed_stands_on_top_and_on_every_page_or_nowhere(run, unsigned):
    data = write_brief(*run, context(unsigned=unsigned))
    document = docx.Document(io.BytesIO(data))
    top = "".join(p.text for p in document.paragraphs[:4]) + document.sections[0].header.paragraphs[0].text
    assert top.count("【未审签") == (2 if unsigned else 0)
    if unsigned:
        assert "30 项假定数据中有 12 项" in top


def test_a_signature_is_told_where_the_base_comes_from(run):
    result, verdicts = run
    assumed = [row for rows in result.scenario.rows.values() for row in rows if row.status == "assumed"]
    signed = {row.where: ("市教育局", "2025-10-01", "王某") for row in assumed}
    told = " ".join(notes_of(write_brief(result, verdicts, context(unsigned=0, signatures=signed))).values())
    assert "王某" in told and "未审签" not in told


def test_changes_and_the_move_against_the_base_are_told(run):
    result, verdicts = run
    before = [replace(v, probability=max(v.probability - 0.25, 0.0)) for v in verdicts]
    told = context("zh", changes=("甲改为乙", "丙推迟一年"), baseline="旧情景")
    data = write_brief(result, verdicts, told, before)
    text = written(part(data, "word/document.xml"))
    assert "旧情景" in text and "（1）甲改为乙" in text and "（2）丙推迟一年" in text
    for cells, v in zip(rows_of(data), headlines_first(verdicts), strict=True):
        moved = f"{(v.probability - max(v.probability - 0.25, 0.0)) * 100:+.0f}"
        assert f"比基准 {moved} 个百分点" in written(cells[COLUMNS.index("forecast")])


def test_names_that_users_typed_come_through_as_text(run):
    result, verdicts = run
    labels = {"zh": HOSTILE, "en": HOSTILE}
    hostile = replace(result, scenario=replace(result.scenario, labels=labels))
    marked = [replace(v, target=replace(v.target, labels=labels)) for v in verdicts[:3]]
    told = context("en", changes=(HOSTILE,), baseline=HOSTILE, link='https://x/"><a href="y">')
    data = write_brief(hostile, marked, told)
    text = written(part(data, "word/document.xml"))
    assert text.count(printable(HOSTILE)) >= 4
    assert "<script>alert(1)</script>" in text and not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\u202e]", text)
    assert 'https://x/"><a href="y">' in text
    assert b"hyperlink" not in files(data)["word/document.xml"]


def test_equal_runs_are_equal_bytes(run):
    assert write_brief(*run, context()) == write_brief(*run, context())


def test_a_run_without_targets_still_gives_a_brief(run):
    result, _ = run
    text = written(part(write_brief(result, [], context()), "word/document.xml"))
    assert "没有可推算的目标" in text


def test_a_base_that_nobody_prints_is_of_the_year_where_milestones_begin(run):
    result, verdicts = run
    for v in verdicts:
        year = base_year(result, v)
        if v.target.base_value is not None:
            assert year == v.target.base_year
            continue
        assert year >= v.target.year - PLAN_YEARS
        values = result.indicator(v.reading, v.target.stage)[:, result.books.years.index(year), 0]
        assert sorted(values)[len(values) // 2 - 1] <= v.base_value <= sorted(values)[len(values) // 2]
