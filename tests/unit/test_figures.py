"""Pictures say what the numbers say: units on the axes, the target at its value, every glyph at hand."""

import warnings
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import simvet
from simvet.comparison import Comparison
from simvet.errors import InputError
from simvet.levers import Lever
from simvet.report.figures import comparison_chart, fan_chart, find_target, probability_board, run_names
from simvet.result import Result
from simvet.verdicts import Verdict

DRAWS = 24


@pytest.fixture(autouse=True)
def matplotlib_settings_restored() -> Iterator[None]:
    with mpl.rc_context():
        yield


@pytest.fixture(scope="module")
def province() -> Result:
    return simvet.simulate("zhejiang", draws=DRAWS)


@pytest.fixture(scope="module")
def verdicts(province: Result) -> list[Verdict]:
    return province.verdicts(causes=False)


@pytest.fixture(scope="module")
def paired() -> Comparison:
    return simvet.compare("zhejiang", "zhejiang_colleges_for_vocational", draws=DRAWS)


def render(figure: Figure) -> bytes:
    """Draw a figure with every warning an error, a missing glyph among them."""
    content = BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure.savefig(content, format="png")
    return content.getvalue()


def lines(axes: Axes, kind: str) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(np.asarray(x.get_xdata()), np.asarray(x.get_ydata())) for x in axes.lines if x.get_gid() == kind]


def ticks(figure: Figure, place: int = 0) -> list[str]:
    figure.draw_without_rendering()
    return [label.get_text() for label in figure.axes[place].get_yticklabels()]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_picture_renders_without_a_missing_glyph(
    language: str, province: Result, verdicts: list[Verdict], paired: Comparison
) -> None:
    for figure in (
        fan_chart(province, "progression_rate", language=language, milestone=True),
        fan_chart(province, "enrolment", "secondary_vocational", language=language),
        fan_chart(province, "universal_admission", "higher_vocational", language=language),
        probability_board(verdicts, language),
        comparison_chart(paired, "progression_rate", language=language),
    ):
        assert len(render(figure)) > 5_000


def test_a_count_is_drawn_in_wan_for_a_chinese_reader_and_in_persons_for_an_english_one(province: Result) -> None:
    chinese = fan_chart(province, "enrolment", "secondary_vocational")
    english = fan_chart(province, "enrolment", "secondary_vocational", language="en")
    assert chinese.axes[0].get_ylabel() == "万人"
    assert english.axes[0].get_ylabel() == "persons"
    assert "75" in ticks(chinese)
    assert "750,000" in ticks(english)


def test_a_flow_carries_its_period_and_a_share_its_per_cent(province: Result) -> None:
    assert fan_chart(province, "entrants", "secondary_vocational").axes[0].get_ylabel() == "万人/年"
    share = fan_chart(province, "progression_rate")
    assert share.axes[0].get_ylabel() == "%"
    assert "50" in ticks(share)
    assert share.axes[0].get_xlabel()


def test_the_years_run_from_the_base_year_to_the_horizon(province: Result) -> None:
    axes = fan_chart(province, "enrolment", "secondary_vocational").axes[0]
    ((years, median),) = lines(axes, "median")
    assert list(years) == list(province.books.years)
    drawn = province.indicator("enrolment", "secondary_vocational")[:, :, 0]
    np.testing.assert_allclose(median, np.median(drawn, axis=0))
    assert int(axes.get_xticks()[0]) == province.books.years[0]


def test_a_year_that_nobody_knows_is_left_out_and_not_drawn_as_zero(province: Result) -> None:
    ((years, median),) = lines(fan_chart(province, "universal_admission", "higher_vocational").axes[0], "median")
    assert years[0] == province.books.years[0] + 1
    assert np.isfinite(median).all()


@pytest.mark.parametrize(
    ("name", "stage", "bound"), [("progression_rate", "region", 0.5), ("enrolment", "secondary_vocational", 760_000.0)]
)
def test_the_target_is_marked_at_its_bound_in_its_year(province: Result, name: str, stage: str, bound: float) -> None:
    axes = fan_chart(province, name, stage).axes[0]
    ((years, values),) = lines(axes, "target")
    assert set(values) == {bound}
    assert years.mean() == pytest.approx(2025)
    (label,) = [text.get_text() for text in axes.texts if text.get_gid() == "target label"]
    assert "2025" in label
    assert "≥" in label


def test_roughly_equal_is_marked_as_a_band(province: Result) -> None:
    found = lines(fan_chart(province, "general_vocational_ratio").axes[0], "target")
    assert sorted(float(values[0]) for _, values in found) == [0.45, 0.55]


def test_a_target_of_ones_own_takes_the_place_of_the_plans(province: Result) -> None:
    plan = find_target(province.scenario, "progression_rate")
    assert plan is not None
    ((_, values),) = lines(fan_chart(province, "progression_rate", target=replace(plan, bound=0.6)).axes[0], "target")
    assert set(values) == {0.6}


def test_an_indicator_without_a_target_has_no_mark(province: Result) -> None:
    assert not lines(fan_chart(province, "dropout_rate").axes[0], "target")


def test_the_board_draws_every_verdict_headlines_first_with_its_error(verdicts: list[Verdict]) -> None:
    axes = probability_board(verdicts).axes[0]
    widths = [bar.get_width() for bar in axes.patches]
    ordered = sorted(verdicts, key=lambda v: (v.target.kind == "baseline", not v.headline))
    assert widths == [v.probability for v in ordered]
    printed = [f"{v.probability * 100:.0f}% ±{v.error * 100:.1f}" for v in ordered]
    assert all(text.get_text().startswith(said) for said, text in zip(printed, axes.texts, strict=True))
    assert "%" in axes.get_xlabel()
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert len(set(names)) == len(names)


def test_no_two_lines_of_the_board_overlap(verdicts: list[Verdict]) -> None:
    for language in ("zh", "en"):
        figure = probability_board(verdicts, language)
        figure.draw_without_rendering()
        boxes = [label.get_window_extent() for label in figure.axes[0].get_yticklabels()]
        assert all(upper.y0 >= lower.y1 for upper, lower in pairwise(boxes))
        assert min(box.x0 for box in boxes) >= 0


def test_a_comparison_draws_both_medians_and_their_paired_difference(paired: Comparison) -> None:
    above, below = comparison_chart(paired, "progression_rate").axes
    first, second = (run.indicator("progression_rate")[:, :, 0] for run in (paired.first, paired.second))
    medians = [values for _, values in lines(above, "median")]
    np.testing.assert_allclose(medians, [np.median(first, axis=0), np.median(second, axis=0)])
    ((_, difference),) = lines(below, "median")
    np.testing.assert_allclose(difference, np.median(second - first, axis=0))
    assert above.get_ylabel() == "%"
    assert below.get_ylabel() == "百分点"
    assert [set(values) for _, values in lines(above, "target")] == [{0.5}]


def test_a_lever_added_in_python_is_named_in_the_legend(paired: Comparison) -> None:
    lever = Lever(
        "seats",
        "topup_seats",
        "zhejiang",
        "",
        "multiply",
        2.0,
        2022,
        None,
        "province",
        "test",
        "test",
        {"zh": "专升本翻番"},
    )
    added = replace(paired.second, scenario=paired.first.scenario.with_levers(lever))
    assert run_names(replace(paired, second=added), "zh")[1] == "浙江省·基准＋专升本翻番"


@pytest.mark.parametrize(
    ("name", "stage", "region", "language"),
    [
        ("enrolment", "region", None, "zh"),
        ("progresion_rate", "region", None, "zh"),
        ("enrolment", "higher", None, "zh"),
        ("progression_rate", "region", "wenzhou", "zh"),
        ("progression_rate", "region", None, "fr"),
    ],
)
def test_what_cannot_be_drawn_is_said(
    province: Result, name: str, stage: str, region: str | None, language: str
) -> None:
    with pytest.raises(InputError):
        fan_chart(province, name, stage, region, language)


def test_a_board_of_nothing_is_refused() -> None:
    with pytest.raises(InputError):
        probability_board([])
