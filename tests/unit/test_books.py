"""Books that balance, and what happens when they do not."""

from copy import deepcopy

import numpy as np
import pytest

from simvet.books import AXES, LONG_NAMES, Books
from simvet.errors import BalanceError
from simvet.result import simulate
from simvet.sampling import Uncertainty


@pytest.fixture(scope="module")
def run() -> Books:
    return simulate("zhejiang", draws=4, until=2024).books


@pytest.fixture(scope="module")
def whole_run() -> Books:
    return simulate("zhejiang", draws=4, until=2024, uncertainty=Uncertainty(chance=True)).books


@pytest.fixture
def books(run: Books) -> Books:
    return deepcopy(run)


def test_a_finished_run_balances_to_a_billionth(books: Books) -> None:
    assert books.check_balance() <= 1e-9


def test_a_finished_run_in_whole_persons_balances_exactly(whole_run: Books) -> None:
    assert whole_run.check_balance() == 0.0


def test_one_lost_student_is_noticed_and_placed(whole_run: Books) -> None:
    books = deepcopy(whole_run)
    cell = books.pathway.cells_of("secondary_vocational/regular").start
    books.arrays["stock"][2, 3, 0, cell] -= 1.0
    with pytest.raises(
        BalanceError, match=r"1 persons in draw 2, year 202[34], region zhejiang, secondary_vocational/regular"
    ):
        books.check_balance()


def test_a_lost_student_is_noticed_even_among_millions_of_expectations(books: Books) -> None:
    books.arrays["graduates"][0, 2, 0, books.pathway.track_index["primary/regular"]] += 1.0
    with pytest.raises(BalanceError, match="primary/regular"):
        books.check_balance()


def test_an_applicant_who_vanishes_at_a_gate_is_noticed_by_its_name(books: Books) -> None:
    books.arrays["declined"][1, 2, 0, 3] -= 1.0
    with pytest.raises(BalanceError, match="draw 1, year 2022, region zhejiang, vocational_exam"):
        books.check_balance()


@pytest.mark.parametrize("name", ["stock", "entrants", "dropouts", "transfers_in", "pool", "unplaced"])
def test_a_missing_number_is_not_balanced(books: Books, name: str) -> None:
    books.arrays[name][0, 1] = np.nan
    with pytest.raises(BalanceError):
        books.check_balance()


def test_books_that_were_never_written_are_not_balanced(run: Books) -> None:
    with pytest.raises(BalanceError):
        Books.empty(run.pathway, run.regions, run.years, 2, False).check_balance()


def test_a_negative_flow_is_refused_even_if_it_adds_up(books: Books) -> None:
    track = books.pathway.track_index["middle/regular"]
    for name in ("dropouts", "arrivals"):
        books.arrays[name][0, 1, 0, track] -= 1e6
    with pytest.raises(BalanceError, match="below zero"):
        books.check_balance()


def test_moves_during_the_base_year_stand_as_missing_not_as_zero(run: Books) -> None:
    assert np.isnan(run.arrays["dropouts"][:, 0]).all()
    assert np.isfinite(run.arrays["dropouts"][:, 1:]).all()


def test_years_before_the_books_are_not_kept(books: Books) -> None:
    before = deepcopy(books.arrays)
    books.enter(2019, {"stock": np.zeros((4, 1, books.pathway.cells))})
    assert all(np.array_equal(before[name], books.arrays[name], equal_nan=True) for name in before)


def test_a_stage_is_the_sum_of_its_tracks(run: Books) -> None:
    tracks = ("regular", "integrated_higher", "integrated_bachelor")
    total = sum(run.track("entrants", f"secondary_vocational/{track}") for track in tracks)
    assert run.stage("entrants", "secondary_vocational") == pytest.approx(total)


def test_the_dataset_carries_every_array_with_unit_and_name(run: Books) -> None:
    dataset = run.to_dataset()
    assert set(dataset.data_vars) == set(AXES) == set(LONG_NAMES)
    for name, variable in dataset.data_vars.items():
        assert variable.attrs["units"]
        assert variable.attrs["long_name"]
        assert np.array_equal(variable.values, run.arrays[str(name)], equal_nan=True)
    enrolment = dataset["stock"].where(dataset["cell_stage"] == "middle", drop=True).sum("cell")
    assert enrolment.values == pytest.approx(run.enrolment("middle"))
