"""The opening balance against an independent solver, and against the figures it has to meet."""

import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import lsq_linear

from simvet.cache import cache_folder
from simvet.draws import Draws
from simvet.loading import load_scenario
from simvet.opening import balance as opening
from simvet.opening.accounts import Accounts
from simvet.opening.solve import solve_bounded
from simvet.result import Result, simulate
from simvet.sampling import Uncertainty

Floats = NDArray[np.float64]


def by_scipy(rows: Floats, wanted: Floats, spread: Floats, prior: Floats, prior_spread: Floats) -> Floats:
    """Solve one draw with scipy's bounded-variable least squares."""
    free = prior_spread > 0.0
    matrix = np.vstack([rows[:, free] / spread[:, None], np.diag(1.0 / prior_spread[free])])
    held = rows[:, ~free] @ prior[~free]
    target = np.concatenate([(wanted - held) / spread, prior[free] / prior_spread[free]])
    found = prior.copy()
    found[free] = lsq_linear(matrix, target, bounds=(0.0, np.inf), method="bvls", tol=1e-14, max_iter=10_000).x
    return found


@pytest.mark.parametrize("size", [(3, 5), (8, 20), (15, 12)])
def test_random_problems_have_the_solution_that_scipy_finds(size: tuple[int, int]) -> None:
    rows, unknowns = size
    random = np.random.default_rng(rows)
    draws = 40
    given = (
        random.normal(size=(draws, rows, unknowns)), random.normal(0.0, 60.0, (draws, rows)),
        random.uniform(0.5, 5.0, (draws, rows)), random.normal(10.0, 30.0, (draws, unknowns)),
        random.uniform(5.0, 30.0, (draws, unknowns)),
    )  # fmt: skip
    found = solve_bounded(*given)
    at_zero = 0
    for draw in range(draws):
        wanted = by_scipy(*(part[draw] for part in given))
        at_zero += int(np.count_nonzero(wanted == 0.0))
        assert np.max(np.abs(found[draw] - wanted)) <= 1e-6 * max(1.0, np.abs(wanted).max())
    assert at_zero > draws  # the bounds were really at work


@pytest.mark.parametrize("region", ["zhejiang", "zhoushan"])
def test_the_ledger_of_a_region_has_the_solution_that_scipy_finds(
    region: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIMVET_CACHE", str(tmp_path))
    seen: list[tuple[Floats, ...]] = []

    def spy(*given: Floats) -> Floats:
        seen.append(tuple(part.copy() for part in given))
        return solve_bounded(*given)

    monkeypatch.setattr(opening, "solve_bounded", spy)
    scenario = load_scenario(region)
    case, draws = scenario.regions[0], Draws(1)
    accounts, _ = opening.balance(case, scenario.rows[region], "digest", draws, 4, Uncertainty())
    found = opening.solve_accounts(accounts, draws, True)
    for draw in range(4):
        wanted = by_scipy(*(part[draw] for part in seen[-1]))
        assert np.max(np.abs(found[draw] - wanted)) <= 1e-6 * np.abs(wanted).max()
        assert np.all((found[draw] == 0.0) | (wanted > 0.0))


@pytest.fixture(scope="module")
def base() -> Result:
    return simulate("zhejiang", draws=400, until=2021)


@pytest.fixture(scope="module")
def solved() -> tuple[Accounts, Floats]:
    scenario = load_scenario("zhejiang")
    return opening.balance(
        scenario.regions[0], scenario.rows["zhejiang"], scenario.data_digest, Draws(1), 400, Uncertainty()
    )


@pytest.mark.parametrize(
    ("name", "stage", "figure", "spread"),
    [
        ("enrolment", "secondary_vocational", 743_000.0, 500.0),
        ("enrolment", "higher_vocational", 487_000.0, 500.0),
        ("enrolment", "vocational_bachelor", 4_800.0, 50.0),
        ("progression_rate", "region", 0.42, 0.005),
        ("topup_rate", "region", 0.198, 0.0005),
        ("graduates_total", "region", 337_700.0, 50.0),
    ],
)
def test_the_base_year_of_the_province_shows_its_published_figures(
    base: Result, name: str, stage: str, figure: float, spread: float
) -> None:
    drawn = base.indicator(name, stage)[:, 0, 0]
    sys.stdout.write(f"{name} {stage}: {drawn.mean():.6g} (sd {drawn.std():.3g}), published {figure:g} +- {spread:g}\n")
    assert drawn.mean() == pytest.approx(figure, abs=spread)
    assert np.quantile(np.abs(drawn - figure), 0.9) <= 2.0 * spread


def test_every_published_figure_is_met_within_its_spread(solved: tuple[Accounts, Floats]) -> None:
    accounts, found = solved
    rows = [row for row in accounts.ledger.rows if row.kind == "figure"]
    matrix, wanted, spread = accounts.ledger.dense_rows(rows)
    gap = ((np.einsum("dru,du->dr", matrix, found) - wanted) / spread).mean(axis=0)
    for row, off in zip(rows, gap, strict=True):
        drawn = accounts.ledger.predict(row, found).mean()
        sys.stdout.write(f"{row.label}: {drawn:.6g}, published {row.low:g} to {row.high:g}, {off:+.2f} spreads\n")
    assert len(rows) >= 10
    assert np.all(np.abs(gap) <= 1.0)


def test_identities_hold_in_every_draw(solved: tuple[Accounts, Floats]) -> None:
    accounts, found = solved
    rows = [row for row in accounts.ledger.rows if row.kind == "identity"]
    matrix, wanted, spread = accounts.ledger.dense_rows(rows)
    gap = np.abs(np.einsum("dru,du->dr", matrix, found) - wanted) / spread
    assert len(rows) > 10
    assert np.quantile(gap, 0.99) < 4.0


def test_the_balance_leaves_free_what_no_page_prints(base: Result) -> None:
    # Published totals are narrow, the split by track is not: a fixed balance would hide that.
    integrated = base.books.track("entrants", "secondary_vocational/integrated_higher")[:, 0, 0]
    enrolment = base.books.enrolment("secondary_vocational")[:, 0, 0]
    assert enrolment.std() / enrolment.mean() < 0.002
    assert integrated.std() / integrated.mean() > 0.05


def test_a_balance_comes_from_the_cache_as_it_was_solved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMVET_CACHE", str(tmp_path))
    fresh = simulate("zhoushan", draws=5, until=2018)
    cached = simulate("zhoushan", draws=5, until=2018)
    assert len(list(cache_folder().glob("opening-zhoushan-*.npy"))) == 1
    assert fresh.books.arrays["stock"].tobytes() == cached.books.arrays["stock"].tobytes()
