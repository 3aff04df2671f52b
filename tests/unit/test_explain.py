"""Why a number is what it is: the table of parts, the chain down to the sources, and two pictures."""

import csv
from itertools import pairwise
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from simvet.cli import main
from simvet.decomposition import decompose
from simvet.errors import InputError
from simvet.indicators import INDICATORS
from simvet.report.why_figures import binding_chart, save_picture, waterfall_chart
from simvet.report.wording import wording
from simvet.result import Result, simulate
from simvet.rules.names import LIMITS
from simvet.sources import chain_of
from simvet.tables import home

DRAWS = 25


def is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


@pytest.fixture(scope="module")
def integrated() -> Result:
    return simulate("zhejiang_integrated_2023", DRAWS)


@pytest.mark.parametrize(
    ("language", "words"),
    [("zh", ["基期", "逐年波动", "2025 年", "来源"]), ("en", ["base", "drift", "2025", "Source"])],
)
def test_explain_tells_base_drift_levers_result_and_sources(
    language: str, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    typed = ["explain", "zhejiang_integrated_2023", "progression_rate", "2025", "--draws", "20", "--lang", language]
    assert main(typed) == 0
    out = capsys.readouterr().out
    for word in words:
        assert word.lower() in out.lower(), word


def test_every_input_of_a_chain_is_a_line_of_a_table_with_source_grade_and_status(integrated: Result) -> None:
    for indicator, stage in (
        ("progression_rate", "secondary_vocational"), ("enrolment", "higher_vocational"),
        ("equipment_per_student", "secondary_vocational"), ("dual_qualified_share", "secondary_vocational"),
        ("silk_road_colleges", "higher_vocational"),
    ):  # fmt: skip
        chain = chain_of(integrated, indicator, stage)
        assert chain.inputs, indicator
        for row in chain.inputs:
            file, line = row.where.rsplit(":", 1)
            (written,) = csv.reader([(home() / file).read_text(encoding="utf-8-sig").splitlines()[int(line) - 1]])
            assert row.status in ("published", "derived", "assumed")
            assert row.grade in ("A", "B", "C", "D")
            assert row.source_title in written or row.status == "assumed"
            assert any(is_number(cell) and float(cell) == row.value for cell in written)
            if row.status == "published":
                assert row.locator or row.address


def test_what_the_scenario_adds_stands_in_the_chain(integrated: Result) -> None:
    added = {lever.quantity for lever in chain_of(integrated, "integrated_share").levers}
    assert added == {"integrated_higher_share", "integrated_bachelor_share"}


def test_every_indicator_has_a_formula_and_a_name_and_every_limit_a_name() -> None:
    words = wording()
    for name in INDICATORS:
        assert name in words["formula"], name
        assert name in words["indicator"], name
    assert set(LIMITS) <= set(words["limit"])


def test_the_waterfall_shows_every_part_and_no_label_covers_another(integrated: Result, tmp_path: Path) -> None:
    found = decompose(integrated, "progression_rate", 2025)
    figure = waterfall_chart(found, "zh")
    (axes,) = figure.axes
    labels = axes.get_yticklabels()
    assert len(labels) == len(found.parts) + 2
    assert any("一体化" in label.get_text() for label in labels)
    FigureCanvasAgg(figure).draw()
    boxes = sorted((label.get_window_extent() for label in labels), key=lambda box: box.y0)
    assert all(lower.y1 <= upper.y0 + 1 for lower, upper in pairwise(boxes))
    assert min(box.x0 for box in boxes) >= 0
    file = save_picture(figure, tmp_path / "parts.png")
    assert matplotlib.image.imread(file).shape[0] > 300


def test_bars_of_the_waterfall_end_where_the_result_stands(integrated: Result) -> None:
    found = decompose(integrated, "progression_rate", 2025)
    (axes,) = waterfall_chart(found, "en").axes
    bars = [patch for patch in axes.patches if patch.get_width() != 0 or patch.get_height() == 0.62]
    ends = [bar.get_x() + bar.get_width() for bar in bars]
    assert ends[-1] == pytest.approx(float(found.final.mean()))


def test_the_picture_of_limits_fills_every_year_to_the_last_draw(integrated: Result) -> None:
    (axes,) = binding_chart(integrated, "secondary_vocational", "zhejiang", "zh").axes
    heights: dict[float, float] = {}
    for patch in axes.patches:
        heights[round(patch.get_x(), 6)] = heights.get(round(patch.get_x(), 6), 0.0) + patch.get_height()
    assert len(heights) == len(integrated.books.years) - 1
    assert np.allclose(list(heights.values()), 1.0)
    assert axes.get_ylim()[1] == pytest.approx(1.0)


def test_the_table_of_limits_says_what_every_draw_says(integrated: Result) -> None:
    frame = integrated.binding()
    assert np.allclose(frame.groupby(["region", "stage", "year"])["share"].sum(), 1.0)
    place = integrated.scenario.pathway.stages.index("secondary_vocational")
    drawn = integrated.books.arrays["binding"][:, integrated.books.years.index(2024), 0, place]
    rows = frame[(frame["stage"] == "secondary_vocational") & (frame["year"] == 2024)]
    for _, row in rows.iterrows():
        assert row["share"] == pytest.approx(np.mean(drawn == LIMITS.index(row["limit"])))


def test_a_picture_is_never_written_over(integrated: Result, tmp_path: Path) -> None:
    figure = binding_chart(integrated)
    save_picture(figure, tmp_path / "limits.svg")
    with pytest.raises(InputError, match="already"):
        save_picture(figure, tmp_path / "limits.svg")
