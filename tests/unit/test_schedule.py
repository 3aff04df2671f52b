"""From numbers and levers to the path of every quantity."""

from dataclasses import replace

import numpy as np
import pytest

from simvet.draws import Draws
from simvet.levers import Lever
from simvet.loading import load_scenario
from simvet.sampling import Uncertainty
from simvet.scenario import Project, Scenario, Spread
from simvet.schedule import Schedule

STILL = Uncertainty(parameters=False, opening=False, drift=False)


def lever(quantity: str, key: str, operation: str, value: float, start: int, end: int | None = None) -> Lever:
    return Lever("test", quantity, "zhejiang", key, operation, value, start, end, "none", "test", "test")  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def base() -> Schedule:
    return Schedule(load_scenario("zhejiang").with_horizon(2028), Draws(1), 3, STILL)


def varied(base: Schedule, *levers: Lever, **changes: object) -> Schedule:
    scenario: Scenario = replace(base.scenario, **changes).with_levers(*levers)  # type: ignore[arg-type]
    return Schedule(scenario, base.draws, base.count, base.uncertainty, base.openings)


def test_seats_grow_by_their_yearly_rate_from_the_base_year(base: Schedule) -> None:
    seats = base.path(0, "topup_seats")
    rate = base.path(0, "topup_seat_growth")[0, 0]
    assert rate > 0.0
    assert seats[:, 0] == pytest.approx(base.openings[0].base[("topup_seats", "")])
    assert seats[0, 1:] / seats[0, :-1] == pytest.approx(np.full(8, 1.0 + rate))


def test_a_growth_lever_bends_the_path_from_its_year_on(base: Schedule) -> None:
    before, after = (
        base.path(0, "topup_seats"),
        varied(base, lever("topup_seat_growth", "", "set", 0.0, 2024)).path(0, "topup_seats"),
    )
    assert np.array_equal(after[:, :4], before[:, :4])
    assert np.array_equal(after[:, 4:], np.repeat(before[:, 3:4], 5, axis=1))


def test_a_ramp_is_reached_in_its_last_year_and_kept(base: Schedule) -> None:
    ramp = varied(base, lever("block_share", "vocational", "ramp", 0.6, 2022, 2025))
    path, start = ramp.path(0, "block_share", "vocational"), base.path(0, "block_share", "vocational")
    assert np.array_equal(path[:, :2], start[:, :2])
    assert path[0, 2:5] == pytest.approx(start[0, 1] + (0.6 - start[0, 1]) * np.array([0.25, 0.5, 0.75]))
    assert np.all(path[:, 5:] == 0.6)


def test_what_vocational_leavers_gain_in_seats_general_leavers_lose(base: Schedule) -> None:
    more = varied(base, lever("block_share", "vocational", "add", 0.2, 2022))
    gain = more.path(0, "block_share", "vocational") - base.path(0, "block_share", "vocational")
    loss = base.path(0, "block_share", "general") - more.path(0, "block_share", "general")
    assert gain[0, 3] == pytest.approx(0.2)
    assert loss == pytest.approx(gain)


def test_an_approval_opens_its_intake_after_the_lag(base: Schedule) -> None:
    approved = varied(base, lever("approved_institutions", "", "add", 2.0, 2022, 2022))
    extra = approved.path(0, "licence", "vocational_bachelor") - base.path(0, "licence", "vocational_bachelor")
    lag = round(float(base.openings[0].sample.of("approval_lag")[0]))
    intake = float(base.path(0, "approval_intake")[0, 0])
    assert lag == 1
    assert extra[0] == pytest.approx(np.where(base.calendar >= 2022 + lag, 2.0 * intake, 0.0))


def test_approvals_come_in_whole_institutions_when_the_future_is_drawn() -> None:
    drawn = Schedule(load_scenario("zhejiang").with_horizon(2028), Draws(1), 60, replace(STILL, drift=True))
    licence = drawn.path(0, "licence", "vocational_bachelor")
    institutions = (licence - licence[:, :1]) / drawn.path(0, "approval_intake")
    assert institutions == pytest.approx(np.rint(institutions), abs=1e-9)
    assert np.all(np.diff(institutions, axis=1) >= -1e-9)
    assert len(set(np.rint(institutions[:, -1]).tolist())) > 3


def school(opening: float, places: float = 4000.0, spread: float = 0.0) -> Project:
    return Project(
        "school", {"zh": "新校", "en": "school"}, "zhejiang", "secondary_vocational", Spread(places, places, places),
        Spread(opening, opening - spread, opening + spread), "city", "test", "assumed", "test",
    )  # fmt: skip


def test_a_school_adds_its_places_from_its_opening_year_on(base: Schedule) -> None:
    built = varied(base, projects=(school(2024),))
    extra = built.path(0, "places", "secondary_vocational") - base.path(0, "places", "secondary_vocational")
    assert extra[0].tolist() == pytest.approx([0.0, 0.0, 0.0, 0.0, 4000.0, 4000.0, 4000.0, 4000.0, 4000.0])
    assert built.opened_places(2023).tolist() == [[0.0]] * 3
    assert built.opened_places(2024).tolist() == [[4000.0]] * 3


def test_a_closure_takes_places_away_and_opens_none(base: Schedule) -> None:
    closed = varied(base, projects=(school(2024, -700.0),))
    extra = closed.path(0, "places", "secondary_vocational") - base.path(0, "places", "secondary_vocational")
    assert extra[0, 4:] == pytest.approx(np.full(5, -700.0))
    assert not closed.opened_places(2028).any()


def test_an_uncertain_opening_spreads_over_its_years_and_no_others() -> None:
    scenario = replace(load_scenario("zhejiang").with_horizon(2028), projects=(school(2024, spread=1.0),))
    schedule = Schedule(scenario, Draws(1), 400, replace(STILL, parameters=True))
    (built,) = schedule.built(0)
    assert set(built.opening[:, 0].tolist()) == {2023.0, 2024.0, 2025.0}
    assert np.all(built.places == 4000.0)


def test_a_later_opening_never_has_more_places(base: Schedule) -> None:
    paths = [
        varied(base, projects=(school(year),)).path(0, "places", "secondary_vocational") for year in (2022, 2023, 2026)
    ]
    assert np.all(paths[0] >= paths[1])
    assert np.all(paths[1] >= paths[2])


def test_without_uncertainty_all_draws_are_the_same(base: Schedule) -> None:
    for name, key in (("dropout_rate", "secondary_vocational"), ("topup_seats", ""), ("intake_plan", "bachelor")):
        path = base.path(0, name, key)
        assert np.array_equal(path, np.repeat(path[:1], 3, axis=0))


def test_drift_starts_after_the_base_year_and_stays_within_bounds() -> None:
    drawn = Schedule(load_scenario("zhejiang").with_horizon(2028), Draws(1), 200, replace(STILL, drift=True))
    path = drawn.path(0, "dropout_rate", "secondary_vocational")
    assert np.all(path[:, 0] == path[0, 0])
    assert path[:, 1].std() > 0.0
    assert path[:, 5].std() > path[:, 1].std()
    assert np.all((path > 0.0) & (path < 1.0))


def test_a_value_held_at_a_bound_is_counted_under_its_lever(base: Schedule) -> None:
    pulled = varied(base, replace(lever("transfer_pass_rate", "", "add", 0.5, 2022), name="too much"))
    assert pulled.path(0, "transfer_pass_rate").max() == 1.0
    assert pulled.held["too much"] == 3 * 7
    assert not base.held


def test_primary_entrants_are_the_children_born_six_and_seven_years_before(base: Schedule) -> None:
    rows = {row.year: row for row in base.scenario.rows["zhejiang"] if row.use == "path" and row.indicator == "births"}
    of = base.openings[0].sample.of
    older, younger = (rows[year].value * of("entrants_per_birth", rows[year].definition)[0] for year in (2015, 2016))
    assert base.primary_entrants[0, 2, 0] == pytest.approx(older / 3.0 + younger * 2.0 / 3.0)
