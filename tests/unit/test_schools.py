"""A synthetic list has the right seats and says that it is invented; fields and counts come from data."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simvet.draws import Draws
from simvet.errors import InputError
from simvet.schools import FIELDLESS, STAGES, TRACKS, SchoolList, count_of, known_fields
from simvet.synthetic import synthetic_schools
from simvet.tables import home, named_numbers

REGIONS = ("zhejiang", "wenzhou", "lishui", "zhoushan")
SEATS = {
    ("general_high", "regular"): 13_000.0,
    ("secondary_vocational", "regular"): 6_500.0,
    ("secondary_vocational", "integrated_higher"): 3_200.0,
    ("secondary_vocational", "integrated_bachelor"): 140.0,
    ("higher_vocational", "regular"): 4_001.0,
    ("bachelor", "regular"): 3_000.0,
}
ARRAYS = (
    "stage", "district", "quality", "programme_school", "programme_field", "programme_track", "programme_seats",
)  # fmt: skip


def same(first: SchoolList, second: SchoolList) -> bool:
    return first.codes == second.codes and all(
        np.array_equal(getattr(first, name), getattr(second, name)) for name in ARRAYS
    )


def table(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, old: str, new: str) -> None:
    """Copy data/agents to a new home with one text replaced, and forget what was read."""
    for folder in ("data", "data/agents"):
        (tmp_path / folder).mkdir()
    (tmp_path / "data" / "pathway.yaml").touch()
    for path in (home() / "data" / "agents").iterdir():
        text = path.read_text(encoding="utf-8")
        assert path.name != name or old in text
        (tmp_path / "data" / "agents" / path.name).write_text(text.replace(old, new, 1) if path.name == name else text)
    monkeypatch.setenv("SIMVET_HOME", str(tmp_path))
    known_fields.cache_clear()
    count_of.__globals__["_counts"].cache_clear()


@pytest.fixture(autouse=True)
def _forget():
    yield
    known_fields.cache_clear()
    count_of.__globals__["_counts"].cache_clear()


@pytest.mark.parametrize("region", REGIONS)
def test_seats_of_every_track_add_up_exactly(region):
    schools = synthetic_schools(region, SEATS, Draws(1))
    for stage in STAGES:
        for track in TRACKS[stage]:
            assert schools.seats(stage, track) == SEATS.get((stage, track), 0.0)


@given(
    st.dictionaries(
        st.sampled_from([(stage, track) for stage in STAGES for track in TRACKS[stage]]),
        st.one_of(st.integers(0, 60), st.integers(0, 400_000), st.floats(0.0, 5_000.0)),
    ),
    st.sampled_from(REGIONS),
    st.integers(0, 2**64 - 1),
)
@settings(deadline=None, max_examples=40)
def test_any_seats_are_handed_out_whole_and_every_programme_has_one(seats, region, seed):
    schools = synthetic_schools(region, seats, Draws(seed))
    for (stage, track), value in seats.items():
        assert schools.seats(stage, track) == int(value)
    assert np.all(schools.programme_seats >= 1.0)
    assert np.array_equal(schools.programme_seats, np.floor(schools.programme_seats))
    assert set(schools.programme_school) == set(range(len(schools.codes)))


@pytest.mark.parametrize("region", REGIONS)
def test_every_district_has_a_general_and_where_they_reach_a_vocational_school(region):
    schools = synthetic_schools(region, SEATS, Draws(2))
    for stage in ("general_high", "secondary_vocational"):
        held = schools.district[schools.stage == STAGES.index(stage)]
        assert held.min() >= 0
        assert held.max() < schools.districts == count_of(region, "districts")
        assert len(set(held)) == min(schools.districts, held.size)
    assert set(schools.district[schools.stage == 0]) == set(range(schools.districts))


def test_a_general_school_stands_in_every_district_even_where_seats_are_few():
    schools = synthetic_schools("lishui", {("general_high", "regular"): 9.0}, Draws(3))
    assert schools.district.tolist() == list(range(9))


def test_the_number_of_schools_is_that_of_the_data_where_seats_suffice():
    schools = synthetic_schools("lishui", SEATS, Draws(1))
    for stage in ("general_high", "secondary_vocational", "higher_vocational", "bachelor"):
        assert np.sum(schools.stage == STAGES.index(stage)) == count_of("lishui", "schools", stage)


def test_few_seats_make_few_schools_and_programmes():
    least = named_numbers(home() / "data" / "agents" / "lists.csv")["least_programme_seats"].value
    schools = synthetic_schools("zhejiang", {("secondary_vocational", "regular"): 130.0}, Draws(4))
    assert len(schools.codes) == 130 // least
    assert schools.programme_seats.size <= 2 * len(schools.codes)


def test_the_list_is_sorted_and_every_index_points_at_something():
    schools = synthetic_schools("wenzhou", SEATS, Draws(5))
    assert list(zip(schools.stage, schools.codes, strict=True)) == sorted(
        zip(schools.stage, schools.codes, strict=True)
    )
    rows = list(zip(schools.programme_school, schools.programme_track, schools.programme_field, strict=True))
    assert rows == sorted(set(rows))
    stage = schools.stage[schools.programme_school]
    assert np.all((schools.programme_field == -1) == np.isin(stage, [STAGES.index(s) for s in FIELDLESS]))
    assert schools.programme_field.max() < len(known_fields())
    assert all(track < len(TRACKS[STAGES[s]]) for s, track in zip(stage, schools.programme_track, strict=True))
    assert [getattr(schools, name).dtype for name in ARRAYS] == [
        np.int8, np.int16, np.float64, np.int32, np.int16, np.int8, np.float64,
    ]  # fmt: skip


def test_an_integrated_track_is_offered_by_a_part_of_the_schools_in_fields_they_have():
    schools = synthetic_schools("zhejiang", {key: 20 * value for key, value in SEATS.items()}, Draws(6))
    vocational = schools.stage[schools.programme_school] == STAGES.index("secondary_vocational")
    offers = [
        set(zip(schools.programme_school[chosen], schools.programme_field[chosen], strict=True))
        for chosen in (vocational & (schools.programme_track == track) for track in range(3))
    ]
    assert offers[1] <= offers[0]
    assert offers[2] <= offers[0]
    holders = [len({school for school, _ in offer}) for offer in offers]
    named = named_numbers(home() / "data" / "agents" / "lists.csv")
    assert holders[1] == np.ceil(named["part_of_schools_integrated_higher"].value * holders[0])
    assert holders[2] <= np.ceil(named["part_of_schools_integrated_bachelor"].value * holders[0])


def test_fields_take_their_share_of_the_seats():
    found = np.zeros(len(known_fields()))
    for seed in range(20):
        schools = synthetic_schools("zhejiang", {("secondary_vocational", "regular"): 150_000.0}, Draws(seed))
        found += np.bincount(schools.programme_field, schools.programme_seats, minlength=found.size)
    wanted = [field.share[0] for field in known_fields().values()]
    np.testing.assert_allclose(found / found.sum(), wanted, atol=0.01)


def test_school_sizes_spread_as_the_data_say():
    schools = synthetic_schools("zhejiang", {("general_high", "regular"): 280_000.0}, Draws(7))
    spread = named_numbers(home() / "data" / "agents" / "lists.csv")["school_size_spread"].value
    size = np.log(schools.programme_seats)
    # Within a district: how large a district is as a whole has a spread of its own.
    many = np.bincount(schools.district)
    within = size - (np.bincount(schools.district, size) / many)[schools.district]
    assert np.sqrt((within**2).sum() / (len(size) - len(many))) == pytest.approx(spread, rel=0.1)


def test_seats_of_senior_schools_lie_where_pupils_do():
    schools = synthetic_schools("zhejiang", {("general_high", "regular"): 280_000.0,
                                             ("secondary_vocational", "regular"): 200_000.0}, Draws(7))  # fmt: skip
    stage = schools.stage[schools.programme_school]
    place = schools.district[schools.programme_school]
    general, vocational = (
        np.bincount(place[stage == number], schools.programme_seats[stage == number], minlength=90) for number in (0, 1)
    )
    assert np.corrcoef(general, vocational)[0, 1] > 0.99


def test_the_same_seed_gives_the_same_list_and_another_seed_another():
    first = synthetic_schools("lishui", SEATS, Draws(8))
    assert same(first, synthetic_schools("lishui", dict(reversed(SEATS.items())), Draws(8)))
    assert not same(first, synthetic_schools("lishui", SEATS, Draws(9)))


def test_a_region_added_changes_no_other_and_has_luck_of_its_own(monkeypatch, tmp_path):
    before = synthetic_schools("lishui", SEATS, Draws(8))
    old = "lishui,districts,region"
    rows = (home() / "data" / "agents" / "schools.csv").read_text(encoding="utf-8").splitlines()
    added = "\n".join(row.replace("lishui,", "elsewhere,", 1) for row in rows if row.startswith("lishui,"))
    table(monkeypatch, tmp_path, "schools.csv", old, f"{added}\n{old}")
    other = synthetic_schools("elsewhere", SEATS, Draws(8))
    assert same(before, synthetic_schools("lishui", SEATS, Draws(8)))
    assert not np.array_equal(before.programme_seats, other.programme_seats)


def test_a_stage_keeps_its_schools_when_another_gets_more_seats():
    more = SEATS | {("higher_vocational", "regular"): 9_000.0}
    first, second = synthetic_schools("lishui", SEATS, Draws(8)), synthetic_schools("lishui", more, Draws(8))
    for stage in (0, 1):
        kept = [s.programme_seats[s.stage[s.programme_school] == stage] for s in (first, second)]
        assert np.array_equal(*kept)


def test_every_invented_school_says_so():
    schools = synthetic_schools("zhoushan", SEATS, Draws(1))
    assert schools.synthetic
    assert schools.names[6] == "示例学校 007（合成）"
    assert all(name.endswith("（合成）") for name in schools.names)
    assert all(code.startswith("synthetic-zhoushan-") for code in schools.codes)
    assert not schools.quality.any()


def test_the_catalogue_has_19_fields_in_both_languages_whose_shares_add_up():
    fields = known_fields().values()
    assert len(fields) == 19
    assert len({field.labels["zh"] for field in fields}) == len({field.labels["en"] for field in fields}) == 19
    assert sum(field.share[0] for field in fields) == pytest.approx(1.0)
    assert sum(field.share_college[0] for field in fields) == pytest.approx(1.0)


def test_counts_agree_with_the_figures_that_the_regions_print():
    printed = {
        ("zhejiang", "secondary_vocational"): 323, ("zhejiang", "general_high"): 561, ("wenzhou", "general_high"): 104,
        ("wenzhou", "secondary_vocational"): 37, ("lishui", "general_high"): 25, ("lishui", "secondary_vocational"): 13,
        ("zhoushan", "general_high"): 14, ("zhoushan", "secondary_vocational"): 4,
    }  # fmt: skip
    assert {key: count_of(key[0], "schools", key[1]) for key in printed} == printed
    assert [count_of(region, "districts") for region in REGIONS] == [90, 12, 9, 4]
    colleges = ("higher_vocational", "vocational_bachelor", "bachelor")
    totals = [sum(count_of(region, "schools", stage) for stage in colleges) for region in REGIONS]
    assert totals == [110, 11, 3, 4]


@pytest.mark.parametrize(
    ("seats", "message"),
    [
        ({("secondary_vocational", "integrated"): 5.0},
         "schools of lishui: seats: track 'secondary_vocational/integrated' is unknown. "
         "Did you mean 'secondary_vocational/integrated_higher'?"),
        ({("general_high", "regular"): float("nan")},
         "schools of lishui: seats: 'general_high/regular' is nan, not a number. Write a finite number"),
        ({("general_high", "regular"): -1.0},
         "schools of lishui: seats: 'general_high/regular' is -1 at its lowest, less than nothing."),
    ],
)  # fmt: skip
def test_seats_that_cannot_be_are_refused(seats, message):
    with pytest.raises(InputError) as caught:
        synthetic_schools("lishui", seats, Draws(1))
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("fields.csv", "fishery\",0.03", "fishery\",0.04",
         "data/agents/fields.csv: the shares of the fields add up to 1.01. They must add up to 1"),
        ("fields.csv", "\nwater,", "\nagriculture,",
         "data/agents/fields.csv:6: the row stands twice, first at data/agents/fields.csv:2."),
        ("fields.csv", ",0.005,0.001,0.02,", ",0.005,0.03,0.02,",
         "data/agents/fields.csv:3: 'share' is 0.005, not between low 0.03 and high 0.02. Put the three in order"),
        ("schools.csv", "lishui,schools,bachelor", "lishui,schools,middle",
         "data/agents/schools.csv:19: 'stage' is 'middle'."),
        ("schools.csv", "lishui,schools,bachelor", "lishui,schools,general_high",
         "data/agents/schools.csv:19: the row stands twice, first at data/agents/schools.csv:15."),
        ("schools.csv", "lishui,schools,bachelor", "elsewhere,schools,bachelor",
         "data/agents/schools.csv: there is no row for 'schools' of 'lishui/bachelor'. Add a row"),
        ("schools.csv", "lishui,schools,bachelor,2021,1,", "lishui,schools,bachelor,2021,1.5,",
         "data/agents/schools.csv:19: 'value' is 1.5, not a whole number from 0 on."),
    ],
)  # fmt: skip
def test_a_spoilt_table_is_named_by_line(monkeypatch, tmp_path, name, old, new, message):
    table(monkeypatch, tmp_path, name, old, new)
    with pytest.raises(InputError) as caught:
        synthetic_schools("lishui", SEATS, Draws(1))
    assert str(caught.value).startswith(message)
