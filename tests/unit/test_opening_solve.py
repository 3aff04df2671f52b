"""The opening balance as a problem of its own: prior, rows, bounds."""

import numpy as np
import pytest
from numpy.typing import NDArray

from simvet.opening.ledger import Ledger, add_forms, scale_form
from simvet.opening.solve import solve_bounded

Floats = NDArray[np.float64]


def solve(
    rows: list[list[float]], wanted: list[float], spread: list[float], prior: list[float], prior_spread: list[float]
) -> Floats:
    given = (np.array([part], dtype=np.float64) for part in (rows, wanted, spread, prior, prior_spread))
    return solve_bounded(*given)[0]


def test_prior_and_figure_meet_at_their_precision_weighted_mean() -> None:
    found = solve([[1.0]], [130.0], [10.0], [100.0], [20.0])
    assert found[0] == pytest.approx((100.0 / 400.0 + 130.0 / 100.0) / (1.0 / 400.0 + 1.0 / 100.0))


def test_an_exact_figure_wins_and_a_vague_one_says_nothing() -> None:
    assert solve([[1.0]], [130.0], [1e-6], [100.0], [20.0])[0] == pytest.approx(130.0)
    assert solve([[1.0]], [130.0], [1e9], [100.0], [20.0])[0] == pytest.approx(100.0)


def test_the_gap_of_a_total_is_shared_by_the_variance_of_its_parts() -> None:
    found = solve([[1.0, 1.0]], [130.0], [1e-6], [50.0, 50.0], [10.0, 20.0])
    assert found == pytest.approx([50.0 + 30.0 * 0.2, 50.0 + 30.0 * 0.8])


def test_nobody_is_counted_below_zero_and_the_others_take_the_rest() -> None:
    found = solve([[1.0, 1.0]], [10.0], [1e-3], [-50.0, 30.0], [10.0, 10.0])
    assert found[0] == 0.0
    assert found[1] == pytest.approx(10.0, abs=1e-2)


def test_an_unknown_without_spread_keeps_its_prior() -> None:
    found = solve([[1.0, 1.0]], [130.0], [1e-3], [50.0, 50.0], [0.0, 20.0])
    assert found == pytest.approx([50.0, 80.0], abs=1e-3)


def test_what_no_row_mentions_keeps_its_prior() -> None:
    assert solve([[1.0, 0.0]], [130.0], [1.0], [50.0, 77.0], [10.0, 20.0])[1] == 77.0


def test_a_row_without_spread_is_refused() -> None:
    with pytest.raises(ValueError, match="above zero"):
        solve([[1.0]], [1.0], [0.0], [1.0], [1.0])


def test_a_draw_does_not_depend_on_the_draws_solved_beside_it() -> None:
    random = np.random.default_rng(5)
    draws, rows, unknowns = 40, 3, 6
    given = (
        random.normal(size=(draws, rows, unknowns)), random.normal(50.0, 20.0, (draws, rows)),
        random.uniform(0.5, 5.0, (draws, rows)), random.normal(20.0, 20.0, (draws, unknowns)),
        random.uniform(1.0, 20.0, (draws, unknowns)),
    )  # fmt: skip
    together = solve_bounded(*given)
    for draw in (0, 17, draws - 1):
        alone = solve_bounded(*(part[draw : draw + 1] for part in given))
        assert np.array_equal(together[draw], alone[0])


def test_forms_add_and_scale_name_by_name() -> None:
    form = add_forms({"a": 1.0, "b": 2.0}, scale_form({"b": 1.0, "c": 4.0}, 0.5))
    assert form == {"a": 1.0, "b": 2.5, "c": 2.0}


def two_schools() -> Ledger:
    ledger = Ledger(draws=2)
    ledger.unknown("one", 100.0, 10.0)
    ledger.unknown("other", np.array([200.0, 300.0]), 10.0)
    return ledger


def test_a_ledger_reads_counts_with_their_offset_and_ratios_as_ratios() -> None:
    ledger = two_schools()
    ledger.known("total", "figure", {"one": 1.0, "other": 1.0}, 350.0, 340.0, 360.0, 1.0, -5.0)
    ledger.known_ratio("ratio", "figure", {"other": 1.0}, {"one": 1.0}, 2.5, 2.4, 2.6, 1.0)
    found = np.array([[100.0, 200.0], [100.0, 300.0]])
    assert ledger.predict(ledger.rows[0], found).tolist() == [295.0, 395.0]
    assert ledger.predict(ledger.rows[1], found).tolist() == [2.0, 3.0]


def test_a_ratio_becomes_a_linear_row_that_holds_where_the_ratio_does() -> None:
    ledger = two_schools()
    ledger.known_ratio("ratio", "figure", {"other": 1.0}, {"one": 1.0}, 2.5, 2.4, 2.6, 1.0)
    matrix, wanted, _ = ledger.dense_rows(ledger.rows)
    assert np.allclose(matrix @ np.array([100.0, 250.0]), wanted)


def test_a_form_over_an_unknown_name_is_an_error_of_the_program() -> None:
    with pytest.raises(KeyError):
        two_schools().coefficients({"nobody": 1.0})
