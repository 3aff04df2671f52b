"""Every number says what it is, where it comes from and how sure it is."""

from pathlib import Path

import pytest

from simvet.catalogue import CATALOGUE, keys_of
from simvet.draws import Draws
from simvet.indicators import INDICATORS
from simvet.items import BASES, PACES, item_id, item_rows, region_items
from simvet.loading import load_pathway, load_register, load_scenario, scenario_files
from simvet.loading.register import load_project_standards
from simvet.rules.names import PROJECT_STAGES
from simvet.sampling import quantity_rows, sample_region
from simvet.tables import read_table, region_rows
from simvet.targets import is_modelled, is_outcome, missing_datum

DATA = Path(__file__).parents[2] / "data"
REGIONS = ("zhejiang", "wenzhou", "lishui", "zhoushan")


@pytest.mark.parametrize("path", sorted(DATA.glob("*/*.csv")), ids=lambda p: f"{p.parent.name}/{p.name}")
def test_every_row_carries_unit_status_range_source_and_grade(path):
    others = {"register.csv", "tolerances.csv", "items.csv", "processes.csv", "projects.csv", "missing.csv"}
    if path.parent.name in ("agents", "histories", "levers", "trust", "validation") or path.name in others:
        return  # of their own columns, and held to the same by tests of their own
    rows = read_table(path)
    assert rows
    for row in rows:
        assert row.source_title, row.where
        assert row.grade in {"A", "B", "C", "D"}, row.where
        assert (row.grade == "D") == (row.status == "assumed"), row.where
        if row.status == "derived":
            assert row.formula, row.where
        if row.status == "assumed" and row.low == row.high:
            assert row.value in (0.0, 5.0) or row.indicator in ("attractiveness_weight", "enrolment_grade_1"), row.where


def test_the_plans_2020_column_is_among_the_figures():
    figures = {
        (row.indicator, row.stage): row.value
        for row in region_rows("zhejiang")
        if row.use == "figure" and row.year == 2020
    }
    assert figures[("enrolment", "secondary_vocational")] == 743_000
    assert figures[("enrolment", "higher_vocational")] == 487_000
    assert figures[("enrolment", "vocational_bachelor")] == 4_800
    assert figures[("progression_rate", "secondary_vocational")] == 0.42
    assert figures[("topup_rate", "higher_vocational")] == 0.198
    assert figures[("graduates_total", "region")] == 337_700


def test_coverages_that_differ_are_never_joined():
    """No figure of one coverage stands for another: the same fact with two coverages is two rows."""
    for region in REGIONS:
        seen = {}
        for row in region_rows(region):
            if row.use == "figure":
                key = (row.year, row.indicator, row.stage)
                assert key not in seen, f"{row.where}: two figures for {key}"
                seen[key] = row.definition
            if row.indicator == "births" and row.use == "path":
                assert row.definition in {"resident_pre_census", "resident_census", "registered"}, row.where


@pytest.mark.parametrize("region", REGIONS)
def test_births_carry_the_feeder_to_2035(region):
    base = load_scenario(region).regions[0].base_year
    years = {row.year for row in region_rows(region) if row.indicator == "births" and row.use == "path"}
    assert set(range(base - 6, 2030)) <= years


@pytest.mark.parametrize("region", REGIONS)
def test_every_quantity_that_data_must_give_is_given_once(region):
    rows = quantity_rows(region_rows(region), region)
    assert rows
    for name, key in rows:
        assert key in keys_of(name) or (key == "" and CATALOGUE[name].axis == "region")


def test_a_sample_stays_inside_the_range_of_its_row():
    sample = sample_region("zhejiang", region_rows("zhejiang"), Draws(3), 500, True)
    for (name, key), row in sample.rows.items():
        drawn = sample.of(name, key)
        assert drawn.min() >= row.low - 1e-12 and drawn.max() <= row.high + 1e-12, name


def test_the_register_holds_207_rows_and_every_outcome_is_answered_or_names_what_it_lacks():
    register = load_register()
    assert len(register) == 207
    assert sum(is_outcome(target) for target in register) == 195
    for target in register:
        if is_modelled(target):
            assert target.key in INDICATORS or item_id(target.key, target.stage) in region_items(target.region), (
                target.where
            )
        elif is_outcome(target):
            assert all(missing_datum(target).values()), target.where
        else:
            assert target.key in CATALOGUE, f"{target.where}: the instrument is no lever"
    lacking = [target for target in register if is_outcome(target) and not is_modelled(target)]
    assert len(lacking) <= 15


@pytest.mark.parametrize("region", REGIONS)
def test_every_item_of_a_plan_carries_range_status_owner_and_reason(region):
    rows = {(row.indicator, row.stage): row for row in item_rows(region)}
    assert region_items(region)
    for item in region_items(region).values():
        for quantity in (BASES[item.family], PACES[item.family]):
            row = rows[(quantity, item.id)]
            assert row.note and row.grade in {"A", "B", "C", "D"}, row.where
            assert (row.grade == "D") == (row.status == "assumed"), row.where
        assert rows[(PACES[item.family], item.id)].low < rows[(PACES[item.family], item.id)].high, item.where
        assert item.owner in {"province", "city", "school", "enterprise"}


def test_every_kind_of_project_has_all_its_stages_and_a_range():
    for kind, usual in load_project_standards().items():
        assert tuple(usual.durations) == PROJECT_STAGES, kind
        assert sum(spread.high for spread in usual.durations.values()) > 0
        assert usual.failure.low < usual.failure.high


def test_every_region_has_a_base_and_at_least_three_variants():
    names = list(scenario_files())
    for region in REGIONS:
        assert region in names
        assert sum(name.startswith(f"{region}_") for name in names) >= 3


@pytest.mark.parametrize("name", list(scenario_files()))
def test_every_scenario_is_read_and_its_levers_have_owner_source_and_both_titles(name):
    scenario = load_scenario(name)
    assert set(scenario.labels) == {"zh", "en"}
    for lever in scenario.levers:
        assert lever.owner in {"province", "city", "school", "enterprise"}
        assert lever.source
        assert lever.title("zh") != lever.title("en")


def test_every_gate_leads_from_tracks_that_exist_to_tracks_or_exits_that_exist():
    pathway = load_pathway()
    for gate in pathway.gates:
        assert set(gate.pool) <= set(pathway.track_index)
        assert set(gate.options) <= set(pathway.track_index) | set(pathway.exit_labels)
