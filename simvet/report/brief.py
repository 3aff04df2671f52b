"""The brief that a planner takes away: a Word file with the verdict on every target and a note behind every figure."""

from __future__ import annotations

import datetime
import io
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Mm
from docx.text.paragraph import Paragraph

from simvet.report.brief_rows import COLUMNS, Line, lookup, run_text, verdict_cells, verdict_titles
from simvet.report.brief_style import (
    GREY,
    RED,
    add_row,
    dress,
    head_and_foot,
    lay,
    new_section,
    new_table,
    paragraph,
    shade,
)  # fmt: skip
from simvet.report.brief_trust import data_rows, late_texts, pull_rows, trust_texts
from simvet.report.context import ReportContext, headlines_first, printable, unsigned_text
from simvet.report.pictures import headline_pictures
from simvet.report.word_parts import Footnotes, embed_font, new_document, saved, use_settings
from simvet.report.wording import word
from simvet.result import Result
from simvet.verdicts import Verdict, standing

WIDTHS = (42.0, 21.0, 28.0, 21.0, 28.0, 41.0, 37.0, 47.0)
"""Columns of the table of targets, mm; together the width of the page on its side."""
DATA_WIDTHS = (20.0, 84.0, 18.0, 16.0, 18.0)
PULL_WIDTHS = (34.0, 44.0, 28.0, 50.0)
PICTURE = (146.0, 92.0)
"""Largest width and height of a picture, mm."""
MOST_PULLS = 8
"""Pulls between targets that the brief lists, the strongest."""


def write_brief(
    result: Result, verdicts: Sequence[Verdict], context: ReportContext, baseline: Sequence[Verdict] = ()
) -> bytes:
    """Write the brief on a run: verdicts, what to do, how far to trust it, every figure with its source.

    Parameters
    ----------
    result : Result.
    verdicts : sequence of Verdict of that run; all of them get a row, headline targets first.
    context : ReportContext.
    baseline : sequence of Verdict, optional; of the scenario that this one is held against: where given, every row
        says by how much its probability moved.

    Returns
    -------
    bytes, a .docx file (ECMA-376) with footnotes and the packaged font in it; nothing in it points to the internet.

    Raises
    ------
    InputError : the packaged font is missing.

    Notes
    -----
    Shape: one table row a verdict. Unit: printed with each figure. Equal input gives equal bytes. Source: the run, the
    register and the region's rows; the form follows GB/T 9704-2012 as far as it concerns an annex.
    """
    return _Brief(result, headlines_first(verdicts), context, baseline).written()


class _Brief:
    """A brief while it is written."""

    def __init__(
        self, result: Result, verdicts: Sequence[Verdict], context: ReportContext, baseline: Sequence[Verdict]
    ) -> None:
        self.result, self.verdicts, self.context = result, verdicts, context
        self.language = context.language
        self.before = lookup(baseline)
        self.titles = verdict_titles(verdicts, self.language, len(result.books.regions) > 1)
        self.trusts = result.trust(verdicts)
        self.notes = Footnotes()
        self.document = new_document()
        self.chapters = 0

    def say(self, key: str, **facts: object) -> str:
        return word("text", f"brief_{key}", self.language, **facts)

    def written(self) -> bytes:
        """Return the whole brief."""
        use_settings(self.document)
        dress(self.document, self.language)
        lay(self.document.sections[0], wide=False)
        self._front()
        self._pictures()
        new_section(self.document, wide=True)
        self._targets()
        new_section(self.document, wide=False)
        self._pulls()
        self._trust()
        self._method()
        self.notes.attach(self.document)
        self._properties()
        embed_font(self.document, self._characters())
        return saved(self.document)

    def _heading(self, key: str) -> None:
        ordinal = self.say("ordinals").split(" ")[self.chapters]
        self.chapters += 1
        paragraph(self.document, self.say("heading", ordinal=ordinal, title=self.say(key)), "Heading 1")

    def _text(self, text: str) -> Paragraph:
        return paragraph(self.document, text, indent=self.language == "zh")

    def _title(self) -> tuple[str, str]:
        """Return the two lines of the title, so that no word is torn."""
        regions = dict.fromkeys(case.region for case in self.result.scenario.regions)
        listed = word("text", "list_separator", self.language)
        plans = dict.fromkeys(v.target.document for v in self.verdicts if v.target.kind != "own") or {"own": None}
        named = listed.join(self.say("plan", plan=word("document", plan, self.language)) for plan in plans)
        region = listed.join(word("region", region, self.language) for region in regions)
        return printable(self.say("title_about", region=region, plans=named)), self.say("title_what")

    def _front(self) -> None:
        """Write title, warning, bottom line and changes."""
        context = self.context
        scenario = printable(self.result.scenario.labels[self.language])
        warning = unsigned_text(context)
        short = self.say("unsigned_short", unsigned=f"{context.unsigned:,}") if warning else ""
        head_and_foot(self.document, self.say("page_head", scenario=_cut(scenario)), short)
        about, what = self._title()
        title = paragraph(self.document, about, "Title")
        title.runs[0].add_break()
        title.add_run(what)
        under = paragraph(self.document, self.say("under", scenario=scenario, date=self._date()), "Brief Note")
        under.alignment = WD_ALIGN_PARAGRAPH.CENTER
        if warning:
            told = paragraph(self.document, warning, "Brief Warning")
            told.runs[0].font.color.rgb, told.alignment = RED, WD_ALIGN_PARAGRAPH.CENTER
        self._heading("conclusion")
        self._text(self._bottom_line())
        self._heading("changes")
        told_changes = [change for change in map(printable, context.changes) if change]
        base = printable(context.baseline) or self.say("its_base")
        self._text(self.say("changed" if told_changes else "unchanged", baseline=base, count=len(told_changes)))
        for place, change in enumerate(told_changes, start=1):
            self._text(self.say("change", number=place, change=change))

    def _date(self) -> str:
        day = self.context.made_on
        return self.say("date", year=day.year, month=day.month, day=day.day)

    def _bottom_line(self) -> str:
        judged = [v for v in self.verdicts if v.target.kind != "baseline"]
        sentences = [
            self.say(key, count=len(found), **{name: counts[name] for name in ("likely", "open", "unlikely")})
            for key, found in (("headlines_stand", [v for v in judged if v.headline]), ("all_stand", judged))
            if found
            for counts in [Counter(standing(v.probability) for v in found)]
        ]
        binding = Counter(v.binding[0] for v in judged if v.binding and standing(v.probability) != "likely")
        if binding:
            cause, count = binding.most_common(1)[0]
            owner = next(v.owner for v in judged if v.binding and v.binding[0] == cause)
            named = word("cause", cause, self.language)
            sentences.append(
                self.say("main_cause", cause=named, count=count, owner=word("owner", owner, self.language))
            )
        late = sum(v.late is not None and v.late.too_late for v in judged)
        if late:
            sentences.append(self.say("late_count", count=late))
        dagger = sum(v.assumed_base for v in judged)
        if dagger:
            sentences.append(self.say("dagger_count", count=dagger, all=len(judged)))
        return self.say("sentence_gap").join(sentences) or self.say("no_targets")

    def _targets(self) -> None:
        """Write the table of targets."""
        self._heading("targets")
        headings = [self.say(f"column_{name}") for name in COLUMNS]
        table = new_table(self.document, headings, WIDTHS)
        group = ""
        for verdict, title, trust in zip(self.verdicts, self.titles, self.trusts, strict=True):
            own = "checks" if verdict.target.kind == "baseline" else "headlines" if verdict.headline else "others"
            if own != group:
                group = own
                cells = add_row(table, WIDTHS)
                across = cells[0].merge(cells[-1])
                self._fill(across, (Line(self.say(f"group_{group}"), weight="strong"),))
                shade(across, "group")
                across.paragraphs[0].paragraph_format.keep_with_next = True
            found = verdict_cells(self.result, verdict, title, self.context, self.before(verdict), trust)
            cells = add_row(table, WIDTHS)
            for cell, name in zip(cells, COLUMNS, strict=True):
                self._fill(cell, found[name])
            shade(cells[COLUMNS.index("forecast")], standing(verdict.probability))
        legend = paragraph(self.document, self.say("table_note"), "Brief Note")
        legend.paragraph_format.space_before = Mm(1.5)

    def _fill(self, cell: Any, lines: Sequence[Line]) -> None:
        for place, line in enumerate(lines):
            target = cell.paragraphs[0] if place == 0 else cell.add_paragraph()
            target.style = self.document.styles["Brief Small" if line.weight == "small" else "Brief Cell"]
            run = target.add_run(printable(line.text))
            if line.weight == "strong":
                run.bold = True
            elif line.weight == "small":
                run.font.color.rgb = GREY
            for note in line.notes:
                self.notes.refer(target, note)

    def _pictures(self) -> None:
        pictures = headline_pictures(self.result, self.verdicts, self.language)
        if not pictures:
            return
        self._heading("pictures")
        for place, (caption, picture) in enumerate(pictures, start=1):
            holder = self.document.add_paragraph()
            holder.alignment, holder.paragraph_format.keep_with_next = WD_ALIGN_PARAGRAPH.CENTER, True
            holder.paragraph_format.line_spacing = 1.0
            shape = holder.add_run().add_picture(io.BytesIO(picture), width=Mm(PICTURE[0]))
            shrink = min(1.0, Mm(PICTURE[1]) / shape.height)
            shape.width, shape.height = round(shape.width * shrink), round(shape.height * shrink)
            described = shape._inline.docPr
            described.set("descr", printable(caption))
            described.set("name", self.say("picture", number=place))
            text = self.say("caption", number=place, caption=caption)
            self.notes.refer(
                paragraph(self.document, text, "Caption"),
                self.say("note_picture", run=run_text(self.result, self.language)),
            )

    def _pulls(self) -> None:
        """Write which targets pull each other down and what comes too late, where anything does."""
        pulls = pull_rows(self.result, self.verdicts, self.language)
        late = late_texts(self.result, self.verdicts, self.titles, self.language)
        if not pulls and not late:
            return
        self._heading("pulls")
        for text in late:
            self._text(text)
        if pulls:
            self._text(self.say("pulls_told", count=len(pulls), shown=min(len(pulls), MOST_PULLS)))
            names = ("cause", "hurt", "loss", "helped")
            self._small_table([self.say(f"pull_{name}") for name in names], PULL_WIDTHS, pulls[:MOST_PULLS])

    def _small_table(self, headings: Sequence[str], widths: Sequence[float], rows: Sequence[Sequence[str]]) -> None:
        table = new_table(self.document, headings, widths)
        for row in rows:
            for cell, text in zip(add_row(table, widths), row, strict=True):
                self._fill(cell, (Line(text),))

    def _trust(self) -> None:
        """Write how far the figures carry, and from which years they are."""
        self._heading("trust")
        for text in trust_texts(self.result, self.verdicts, self.context, self.trusts):
            self._text(text)
        rows = data_rows(self.result, self.language)
        if rows:
            self._text(self.say("data_told"))
            headings = [self.say(f"data_{name}") for name in ("region", "source", "years", "count", "grade")]
            self._small_table(headings, DATA_WIDTHS, rows)

    def _method(self) -> None:
        self._heading("method")
        parts: tuple[Callable[[], str], ...] = (
            lambda: self.say("method_told", run=run_text(self.result, self.language)),
            lambda: self.say("method_limits"),
        )
        for part in parts:
            self._text(part())
        if self.context.link:
            self._text(self.say("link", link=printable(self.context.link)))

    def _properties(self) -> None:
        """Give the file its title and language, and nobody's name."""
        core = self.document.core_properties
        core.title, core.language = (
            _cut(self.say("sentence_gap").join(self._title()), 250),
            "zh-CN" if self.language == "zh" else "en-GB",
        )
        core.author = core.comments = core.last_modified_by = core.keywords = core.subject = ""
        core.created = core.modified = datetime.datetime.combine(self.context.made_on, datetime.time())
        core.revision = 1

    def _characters(self) -> str:
        """Return every character that the document shows."""
        told = list(self.notes.numbers)
        parts = [self.document.element.body]
        parts += [part._element for s in self.document.sections[:1] for part in (s.header, s.footer)]
        told += [node.text or "" for part in parts for node in part.iter(qn("w:t"))]
        return "".join(told)


def _cut(text: str, most: int = 60) -> str:
    """Return a text that fits a line, with dots where it was cut."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
