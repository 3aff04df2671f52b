"""Pictures of a run as files: PNG for documents, SVG for print, all in one archive."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from simvet.errors import InputError
from simvet.report.brief_rows import verdict_titles
from simvet.report.context import headlines_first, printable
from simvet.report.figures import fan_chart, probability_board
from simvet.report.why_figures import binding_chart
from simvet.report.word_parts import FIRST_TIME
from simvet.report.wording import Language, require_language, word
from simvet.result import Result
from simvet.rules.names import PROVIDERS
from simvet.verdicts import Verdict

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI = 160
"""Dots per inch of a PNG: 150 mm of paper at some 190 dots per inch."""
LONGEST = 48
"""Letters of a title that a picture has room for."""
WARNING = "#B34700"
"""Vermilion of the warnings on the screen."""
STRIP = 0.22
"""Height of the strip that a warning stands in, inches."""
MOST_FANS = 2
"""Fans in the brief; the files hold one of every headline target."""
MOST_BARS = 8
"""Bars on the board where a plan has no headline target."""


def picture_files(result: Result, verdicts: Sequence[Verdict], language: Language, mark: str = "") -> dict[str, bytes]:
    """Draw a run: the board of all targets, a fan of every headline target, which limit binds at every provider.

    Parameters
    ----------
    result : Result.
    verdicts : sequence of Verdict of that run; may be empty.
    language : str; ``zh`` or ``en``.
    mark : str; a warning that stands on every picture, such as that assumptions are not signed off.

    Returns
    -------
    dict of file name -> bytes; each picture as .png and as .svg, whose letters are outlines and need no font.

    Raises
    ------
    InputError : the language is unknown, or the packaged font is missing.

    Notes
    -----
    Unit: on the axes. Equal runs give equal bytes. Source: ``report.figures`` and ``report.why_figures``.
    """
    chosen = require_language(language)
    shown, ordered = _drawable(result), headlines_first([_drawable_verdict(v) for v in verdicts])
    files: dict[str, bytes] = {}
    figures = [("board", probability_board(ordered, chosen, shown.scenario.labels[chosen]))] if ordered else []
    for place, (verdict, figure) in enumerate(_fans(shown, ordered, chosen), start=1):
        figures.append((_file_name(f"fan_{place}_{verdict.reading}_{verdict.target.stage}"), figure))
    for region in shown.books.regions:
        figures += [(f"binding_{region}_{stage}", figure) for stage, figure in _bindings(shown, region, chosen)]
    for name, figure in figures:
        if mark:
            _mark(figure, mark)
        files[f"{name}.png"], files[f"{name}.svg"] = png(figure), svg(figure)
    return files


def _mark(figure: Figure, mark: str) -> None:
    """Write a warning at the foot of a picture, in a strip of its own so that nothing drawn is covered."""
    strip = STRIP / figure.get_figheight()
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.set(rect=(0.0, strip, 1.0, 1.0 - strip))  # type: ignore[call-arg]
    figure.text(0.01, 0.4 * strip, printable(mark), ha="left", va="bottom", fontsize=7, color=WARNING, gid="mark")


def zip_files(files: Mapping[str, bytes]) -> bytes:
    """Pack files into an archive; equal files give equal bytes.

    Parameters
    ----------
    files : mapping of name -> bytes.

    Returns
    -------
    bytes, a ZIP archive in the order of the names.

    Notes
    -----
    Unit: none. Errors: none. Source: PKWARE APPNOTE; every time stamp is 1980-01-01.
    """
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, FIRST_TIME)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[name], compress_type=zipfile.ZIP_DEFLATED, compresslevel=9)
    return stream.getvalue()


def headline_pictures(result: Result, verdicts: Sequence[Verdict], language: Language) -> list[tuple[str, bytes]]:
    """Draw what the brief shows: the board of the headline targets and fans of the first of them.

    Parameters
    ----------
    result : Result.
    verdicts : sequence of Verdict, headline targets first.
    language : str.

    Returns
    -------
    list of (caption, PNG).

    Notes
    -----
    Where a plan has no headline target, the first few targets stand in. Unit: on the axes. Errors: none. Source: the
    run.
    """
    if not verdicts:
        return []
    shown = _drawable(result)
    cleaned = [_drawable_verdict(v) for v in verdicts]
    titles = verdict_titles(verdicts, language, len(result.books.regions) > 1)
    heads = [v for v in cleaned if v.headline] or cleaned[:MOST_BARS]
    board = probability_board(heads, language, shown.scenario.labels[language])
    pictures = [(word("text", "brief_caption_board", language, count=len(heads)), png(board))]
    names = {id(v): title for v, title in zip(cleaned, titles, strict=True)}
    for verdict, figure in list(_fans(shown, cleaned, language))[:MOST_FANS]:
        pictures.append((word("text", "brief_caption_fan", language, target=names[id(verdict)]), png(figure)))
    return pictures


def png(figure: Figure) -> bytes:
    """Return a figure as PNG; unit: DPI; errors: none; source: the figure."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=DPI, metadata={"Software": None})
    return stream.getvalue()


def svg(figure: Figure) -> bytes:
    """Return a figure as SVG, its letters as outlines; unit: points; errors: none; source: the figure."""
    import matplotlib as mpl  # noqa: PLC0415 - slow to import

    stream = io.BytesIO()
    # The salt keeps the names of clip paths, which are random otherwise.
    with mpl.rc_context({"svg.fonttype": "path", "svg.hashsalt": "simvet"}):
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    return stream.getvalue()


def _fans(result: Result, verdicts: Sequence[Verdict], language: Language) -> Iterator[tuple[Verdict, Figure]]:
    """Yield a fan for every headline target that has a number of its own, each indicator once."""
    seen: set[tuple[str, ...]] = set()
    for v in verdicts:
        about = (v.reading, v.target.stage, v.target.region)
        if v.headline and v.target.kind != "baseline" and about not in seen:
            seen.add(about)
            yield v, fan_chart(result, v.reading, v.target.stage, v.target.region, language, v.target, milestone=True)


def _bindings(result: Result, region: str, language: Language) -> Iterator[tuple[str, Figure]]:
    for stage in PROVIDERS:
        try:
            yield stage, binding_chart(result, stage, region, language)
        except InputError:
            # Nothing limits this stage in this scenario.
            continue


def _label(text: str) -> str:
    """Return a label that matplotlib draws as it stands: a dollar sign would begin a formula."""
    shown = printable(text)
    cut = shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…"
    return cut.replace("$", r"\$")


def _drawable(result: Result) -> Result:
    """Return a run whose names can be drawn."""
    scenario = result.scenario
    labels = {language: _label(text) for language, text in scenario.labels.items()}
    return replace(result, scenario=replace(scenario, labels=labels))


def _drawable_verdict(verdict: Verdict) -> Verdict:
    labels = {language: _label(text) for language, text in verdict.target.labels.items()}
    return replace(verdict, target=replace(verdict.target, labels=labels))


def _file_name(text: str) -> str:
    return re.sub(r"[^a-z0-9_]+", "_", text.lower())
