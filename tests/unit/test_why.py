"""Asked why, simvet answers in numbers that add up, in rows that stand in a table, and in pictures that can be read."""

import csv
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import combinations
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from simvet.cli import main
from simvet.decomposition import Decomposition, decompose
from simvet.errors import InputError
from simvet.indicators import INDICATORS
from simvet.items import BASES, PACES
from simvet.report.why_figures import binding_chart, require_picture, save_picture, waterfall_chart
from simvet.report.wording import word, wording
from simvet.result import Result, simulate
from simvet.rules.names import LIMITS
from simvet.sources import READ_USES, chain_of
from simvet.tables import GRADES, STATUSES, home

DRAWS = 12
REGIONS = ("zhejiang", "zhoushan", "wenzhou", "lishui")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(scope="module")
def planned() -> Result:
    return simulate("zhoushan_colleges_for_vocational", DRAWS, until=2026)


@pytest.fixture(scope="module")
def found(planned: Result) -> Decomposition:
    return decompose(planned, "progression_rate", 2025, "secondary_vocational")


@lru_cache(maxsize=32)
def lines_of(file: str) -> tuple[list[str], list[list[str]]]:
    rows = list(csv.reader((home() / file).read_text(encoding="utf-8-sig").splitlines()))
    return rows[0], rows


def is_number(cell: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?", cell) is not None


def drawn(figure: Figure) -> FigureCanvasAgg:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return canvas


def overlaps(texts: Sequence[Text], canvas: FigureCanvasAgg) -> list[tuple[str, str]]:
    boxes = [(text.get_text(), text.get_window_extent(canvas.get_renderer())) for text in texts if text.get_text()]
    return [(a, b) for (a, one), (b, two) in combinations(boxes, 2) if one.overlaps(two)]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_explain_prints_base_drift_every_lever_and_the_end_and_the_shares_add_up(
    language: str, found: Decomposition, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = ["explain", "zhoushan_colleges_for_vocational", "progression_rate", "2025", "--draws", "12"]
    assert main([*typed, "--lang", language]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    table, sources = said.out[said.out.index("─") :].split(word("text", "explain_exact", language)[:20])
    lines = [line for line in table.splitlines()[1:] if line.strip()]
    names = [
        word("text", "part_base", language, year=2016), word("text", "part_under_way", language),
        word("text", "part_drift", language),
        *(part.labels[language] for part in found.parts if part.labels),
        word("text", "part_final", language, year=2025),
    ]  # fmt: skip
    assert len([part for part in found.parts if part.kind in ("lever", "project")]) == 4
    assert [name for line, name in zip(lines, names, strict=True) if not line.strip().startswith(name)] == []
    base, *changes, final = [float(re.findall(r"[+-]?\d+\.\d(?=\s*(?:%|个|百分|point))", line)[0]) for line in lines]
    assert abs(base + sum(changes) - final) <= 0.05 * len(lines)
    assert abs(final - 100.0 * found.final.mean()) <= 0.05 + 1e-9
    assert word("status", "assumed", language) in sources
    assert all(part.labels[language] in sources for part in found.parts if part.labels)


@pytest.mark.parametrize("region", REGIONS)
def test_every_input_behind_every_indicator_is_that_line_of_a_table(region: str) -> None:
    run = simulate(region, 2, until=2026)
    items = {*BASES.values(), *PACES.values(), "success_rate", "lead_time"}
    asked = [(name, stage) for name, one in INDICATORS.items() for stage in one.stages or ("secondary_vocational",)]
    asked += [(item.key, item.stage) for item in run.scenario.items[region].values()]
    seen = 0
    for name, stage in asked:
        chain = chain_of(run, name, stage)
        assert chain.unit and (chain.inputs or chain.projects or chain.without or name in NEEDS_PROJECTS), name
        for row in chain.inputs:
            seen += 1
            file, line = row.where.rsplit(":", 1)
            head, lines = lines_of(file)
            written = lines[int(line) - 1]
            assert row.status in STATUSES and row.grade in GRADES and row.use in READ_USES and row.source_title
            if row.indicator in items:
                assert any(is_number(cell) and float(cell) == row.value for cell in written), row
                continue
            cells = dict(zip(head, written, strict=True))
            assert (cells["indicator"], cells["stage"] or "region") == (row.indicator, row.stage or "region")
            assert float(cells["value"]) == row.value
            assert (cells["unit"], cells["status"], cells["grade"]) == (row.unit, row.status, row.grade)
            assert (cells["source_title"], cells["locator"]) == (row.source_title, row.locator)
            if row.status == "published":
                assert row.grade != "D" and (row.locator or row.address)
            if row.status == "assumed":
                assert row.grade == "D" and row.note
    assert seen > 200


NEEDS_PROJECTS = {
    "new_school_places", "built_schools", "begun_schools", "school_investment", "school_investment_spent",
}  # fmt: skip
"""Indicators that rest on nothing where a region plans no project."""


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_indicator_has_a_formula_in_words(language: str) -> None:
    formulas = wording()["formula"]
    told = [formulas[name][language] for name in (*INDICATORS, *(f"item_{family}" for family in BASES))]
    assert all(len(text) > 5 for text in told)
    assert all(bool(CHINESE.search(text)) == (language == "zh") for text in told)
    ratios = [name for name, one in INDICATORS.items() if one.unit == "share" and name.endswith("_rate")]
    assert all("/" in formulas[name][language] or "÷" in formulas[name][language] for name in ratios)


def test_all_that_acts_on_a_number_stands_in_its_chain(planned: Result, found: Decomposition) -> None:
    chain = chain_of(planned, "progression_rate", "secondary_vocational")
    named = {lever.title("en") for lever in chain.levers} | {project.labels["en"] for project in chain.projects}
    acting = {part.labels["en"] for part in found.parts if part.labels and np.any(part.values != 0.0)}
    assert acting and acting <= named


def test_the_chain_of_a_value_per_student_names_students() -> None:
    run = simulate("zhejiang", 2, until=2026)
    names = {row.indicator for row in chain_of(run, "equipment_per_student", "secondary_vocational").inputs}
    assert names & {"enrolment", "entrants", "intake_plan_growth"}


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("kind", ["waterfall", "binding"])
def test_a_picture_has_names_on_its_axes_and_no_name_covers_another(
    kind: str, language: str, planned: Result, found: Decomposition, tmp_path: Path
) -> None:
    figure = waterfall_chart(found, language) if kind == "waterfall" else binding_chart(planned, language=language)
    canvas = drawn(figure)
    (axes,) = figure.axes
    assert axes.get_xlabel() and (kind == "waterfall" or axes.get_ylabel() == "%")
    assert bool(CHINESE.search(axes.get_xlabel())) == (language == "zh")
    for labels in (axes.get_yticklabels(), axes.get_xticklabels(), axes.texts):
        assert overlaps(labels, canvas) == []
    legend = axes.get_legend()
    names = [text.get_text() for text in legend.get_texts()] if legend else []
    if kind == "waterfall":
        told = [label.get_text().replace("\n", " " if language == "en" else "") for label in axes.get_yticklabels()]
        assert len(told) == len(found.parts) + 2 == len(axes.texts)
        names = [part.labels[language] for part in found.parts if part.labels]
        assert [name for name in names if not any(name in label for label in told)] == []
    else:
        assert set(names) <= {word("limit", name, language) for name in LIMITS}
    assert all(bool(CHINESE.search(name)) == (language == "zh") for name in names) and names
    picture = matplotlib.image.imread(save_picture(figure, tmp_path / f"{kind}.png"))
    assert picture.shape[0] > 300 and picture.shape[1] > 900
    assert 0.01 < float((picture[..., :3].mean(axis=2) < 0.95).mean()) < 0.9


def test_the_amounts_beside_the_waterfall_are_the_means_of_the_parts(found: Decomposition) -> None:
    (axes,) = waterfall_chart(found, "en").axes
    base, *changes, final = [float(text.get_text().replace(",", "")) for text in axes.texts]
    means = [100.0 * part.values.mean() for part in found.parts]
    assert base == pytest.approx(100.0 * found.base.mean(), abs=0.051)
    assert final == pytest.approx(100.0 * found.final.mean(), abs=0.051)
    assert changes == pytest.approx(means, abs=0.051)


def test_the_title_of_the_waterfall_fits_into_the_picture(found: Decomposition) -> None:
    figure = waterfall_chart(found, "en")
    canvas = drawn(figure)
    (title,) = figure.texts
    assert title.get_window_extent(canvas.get_renderer()).x1 <= figure.bbox.width


def test_nothing_is_written_without_a_sign(found: Decomposition) -> None:
    nearly = replace(found, parts=tuple(replace(part, values=np.full(DRAWS, -1e-5)) for part in found.parts))
    texts = [text.get_text() for text in waterfall_chart(nearly, "zh").axes[0].texts]
    assert [text for text in texts if text.startswith("-") and not re.search("[1-9]", text)] == []


def test_the_command_writes_the_picture_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "why.png"
    typed = ["explain", "lishui", "progression_rate", "2025", "--draws", "4", "--lang", "en", "--picture", str(picture)]
    assert main(typed) == 0
    assert f"written to {picture}" in capsys.readouterr().out
    content = picture.read_bytes()
    assert matplotlib.image.imread(picture).shape[1] > 900
    assert main(typed) == 2
    said = capsys.readouterr()
    assert "the file is there already" in said.err and said.err.count("\n") == 1
    assert said.out == ""
    assert picture.read_bytes() == content


@pytest.mark.parametrize(
    ("name", "complaint"),
    [("why.docx", "no picture ends in"), ("why", "no picture ends in"), ("no/why.png", "the folder cannot be written")],
)
def test_a_picture_that_cannot_be_written_is_refused(name: str, complaint: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        require_picture(tmp_path / name)
    assert complaint in str(error.value).replace("'.docx'", "").replace("{ending!r}", "")


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [
        (["explain", "lishui", "progresion_rate", "2025"], "Did you mean 'progression_rate'"),
        (["explain", "lishui", "progression_rate", "2021"], "is outside the horizon"),
        (["explain", "lishui", "progression_rate", "2099"], "is outside the horizon"),
        (["explain", "lishui", "enrolment", "2025"], "Name a stage"),
        (["explain", "lishui", "new_school_places", "2025", "--region", "wenzhou"], "is not in this scenario"),
    ],
)
def test_a_question_that_has_no_answer_is_refused_in_one_line(
    typed: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*typed, "--draws", "2", "--lang", "en"]) == 2
    said = capsys.readouterr()
    assert complaint in said.err and said.err.count("\n") == 1
    assert said.out == ""
