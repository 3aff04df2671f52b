"""What a file is allowed to ask for is what the opening balance and the engine really read."""

from dataclasses import replace

import numpy as np
import pytest

from simvet.draws import Draws
from simvet.errors import InputError, SimvetError
from simvet.levers import Lever
from simvet.loading import load_scenario
from simvet.opening.balance import open_accounts
from simvet.opening.figures import READERS
from simvet.pathway import Pathway
from simvet.readable import READABLE_FIGURES, require_readable, years_back
from simvet.result import simulate
from simvet.rules.names import LIMITS, STAGE_LIMITS
from simvet.sampling import sample_region
from simvet.tables import Row

SCENARIO = load_scenario("zhejiang").with_horizon(2021)
CASE = SCENARIO.regions[0]
ROWS = SCENARIO.rows["zhejiang"]
A_FIGURE = next(row for row in ROWS if row.use == "figure")
READABLE = [(name, stage or "region", back) for (name, stage), back in READABLE_FIGURES.items()]


def figure_of(indicator: str, stage: str, year: int) -> Row:
    return replace(A_FIGURE, indicator=indicator, stage=stage, year=year, definition="", where="here:1")


def test_every_reader_has_its_years_and_every_year_its_reader() -> None:
    assert {name for name, _ in READABLE_FIGURES} == set(READERS)


@pytest.mark.parametrize(("indicator", "stage", "back"), READABLE)
def test_the_balance_knows_every_unknown_of_a_figure_that_a_file_may_give(
    indicator: str, stage: str, back: int
) -> None:
    figures = [figure_of(indicator, stage, CASE.base_year - gone) for gone in range(back + 1)]
    require_readable(figures, CASE.base_year, SCENARIO.pathway)
    sample = sample_region("zhejiang", ROWS, Draws(1), 2, True)
    accounts = open_accounts(CASE.base_year, [*ROWS, *figures], sample, 2)
    added = accounts.ledger.rows[-len(figures) :]
    assert all(row.kind == "figure" and row.above for row in added)
    matrix, _, _ = accounts.ledger.dense_rows(added)
    assert np.isfinite(matrix).all()
    assert (np.abs(matrix).sum(axis=2) > 0.0).all()


@pytest.mark.parametrize(("indicator", "stage", "back"), READABLE)
def test_a_figure_one_year_further_back_is_refused(indicator: str, stage: str, back: int) -> None:
    with pytest.raises(InputError):
        require_readable([figure_of(indicator, stage, CASE.base_year - back - 1)], CASE.base_year, SCENARIO.pathway)


def test_a_figure_without_a_form_has_no_years() -> None:
    assert years_back("transition_rate", "primary") is None
    assert years_back("topup_rate", "higher_vocational") == 0


def seats_under(stage: str, limit: str, pathway: Pathway) -> bool:
    """Return whether a limit, alone on its stage, holds the stage's seats down."""
    limits = {**CASE.limits, stage: (limit,)}
    alone = replace(SCENARIO, regions=(replace(CASE, limits=limits),))
    if limit == "card":
        # A card limits where one is held: at a teacher for each student every college holds one.
        alone = alone.with_levers(
            Lever(
                "strict", "card_limit_students_per_teacher", "zhejiang", "", "set", 1.0, CASE.base_year + 1, None,
                "province", "test", "test",
            )
        )  # fmt: skip
    try:
        seats = simulate(alone, draws=2).books.arrays["stage_seats"]
    except (SimvetError, RuntimeWarning):
        return False
    return bool(np.isfinite(seats[:, 1, 0, pathway.stage_index[stage]]).all())


@pytest.mark.parametrize("stage", SCENARIO.pathway.stages)
def test_a_file_may_switch_on_exactly_the_limits_that_the_engine_reads(stage: str) -> None:
    read = {limit for limit in LIMITS[:-1] if seats_under(stage, limit, SCENARIO.pathway)}
    assert read == set(STAGE_LIMITS.get(stage, ()))
