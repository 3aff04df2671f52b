"""A batch loses nothing, repeats nothing and never mixes: what is on disk after every mishap."""

from __future__ import annotations

import errno
import importlib.util
import json
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from simvet import studies
from simvet.errors import InputError
from simvet.loading import load_scenario
from simvet.studies import batch as batch_module
from simvet.studies import chunks as chunk_module
from simvet.studies import executors, labelled, store
from simvet.studies.batch import run_study
from simvet.studies.chunks import cut, pack, unpack
from simvet.studies.experiments import run_experiments
from simvet.studies.factors import lever_factor, uncertainty_factor
from simvet.studies.outcomes import target_outcomes
from simvet.studies.reading import read_ensemble
from simvet.studies.store import part_is_whole
from simvet.studies.study import Study, study_of


@pytest.fixture(scope="module")
def study() -> Study:
    scenario = load_scenario("zhoushan").with_horizon(2025)
    factors = (
        lever_factor(scenario, "places", None, None, (0.9, 1.1), 2024, None, False, "test"),
        uncertainty_factor(scenario, "new_school/start", None, None, (), "test"),
    )
    outcomes = tuple(target_outcomes(scenario, ["places", "progression_rate"], "test"))
    return study_of(
        scenario, factors=factors, outcomes=outcomes, design="latin_hypercube", points=6, draws=10, chunk=20
    )


def parts_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / store.PARTS).glob("*.parquet"))}


def noted(asked: list[int], real):
    """Return a run_chunk that notes which chunks it was asked for."""

    def run(packed: bytes, chunk):
        asked.append(chunk.number)
        return real(packed, chunk)

    return run


@pytest.fixture(scope="module")
def undisturbed(study: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("batch") / "undisturbed"
    assert run_study(study, folder).counts["computed"] == 3
    return folder


def test_every_draw_of_every_experiment_is_in_one_chunk() -> None:
    for experiments, draws, size in ((7, 10, 30), (3, 100, 40), (1, 1, 2000), (5, 40, 40), (2, 30, 7)):
        seen = np.zeros((experiments, draws), dtype=int)
        for place, chunk in enumerate(cut(experiments, draws, size)):
            assert chunk.number == place and chunk.rows <= max(size, draws if draws < size else size)
            seen[chunk.start : chunk.stop, chunk.first : chunk.first + chunk.draws] += 1
        assert (seen == 1).all()


def test_a_study_travels_whole(study: Study) -> None:
    assert unpack(pack(study)).digest == study.digest


def test_a_study_of_another_version_is_refused_by_the_worker(study: Study) -> None:
    other = b"0.0.1" + pack(study)[pack(study).index(b"\n") :]
    with pytest.raises(InputError, match=r"comes from simvet 0\.0\.1"):
        unpack(other)


@pytest.mark.parametrize("executor", ["processes", "dask"])
def test_every_executor_writes_the_same_bytes(study: Study, undisturbed: Path, tmp_path: Path, executor: str) -> None:
    run_study(study, tmp_path / "there", executor, 2)
    assert parts_of(tmp_path / "there") == parts_of(undisturbed)


def test_a_stopped_batch_goes_on_and_repeats_no_finished_chunk(
    study: Study, undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, asked = executors.run_chunk, []

    def stopped(packed, chunk):
        if chunk.number == 1:
            raise KeyboardInterrupt
        asked.append(chunk.number)
        return real(packed, chunk)

    monkeypatch.setattr(executors, "run_chunk", stopped)
    with pytest.raises(KeyboardInterrupt):
        run_study(study, tmp_path / "b", "here")
    assert json.loads((tmp_path / "b" / store.MANIFEST).read_text())["state"] == "interrupted"
    monkeypatch.setattr(
        executors, "run_chunk", lambda packed, chunk: (asked.append(chunk.number), real(packed, chunk))[1]
    )
    found = run_study(study, tmp_path / "b", "here")
    assert asked == [0, 1, 2]
    assert found.counts["kept_before"] == 1 and found.counts["computed"] == 2
    assert parts_of(tmp_path / "b") == parts_of(undisturbed)


def test_a_damaged_part_is_done_again(study: Study, undisturbed: Path, tmp_path: Path) -> None:
    run_study(study, tmp_path / "b")
    part = tmp_path / "b" / store.PARTS / "part-000001.parquet"
    whole = part.read_bytes()
    for spoilt in (whole[:-200], b"", whole[:400] + bytes(100) + whole[500:]):
        part.write_bytes(spoilt)
        assert run_study(study, tmp_path / "b").counts["computed"] == 1
        assert parts_of(tmp_path / "b") == parts_of(undisturbed)


def test_a_bad_chunk_is_named_and_the_rest_is_kept(
    study: Study, undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = chunk_module.chunk_results

    def bad(one, policy, values, chunk):
        if chunk.number == 1:
            raise FloatingPointError("planted")
        return real(one, policy, values, chunk)

    monkeypatch.setattr(chunk_module, "chunk_results", bad)
    found = run_study(study, tmp_path / "b", "here")
    assert found.failed == {1: "FloatingPointError: planted"}
    manifest = json.loads((tmp_path / "b" / store.MANIFEST).read_text())
    assert manifest["state"] == "failed" and manifest["failed"] == {"1": "FloatingPointError: planted"}
    with pytest.raises(InputError, match="1 of 3 chunks have no results"):
        found.outcome(study.outcomes[0].name)
    monkeypatch.setattr(chunk_module, "chunk_results", real)
    assert run_study(study, tmp_path / "b", "here").counts["computed"] == 1
    assert parts_of(tmp_path / "b") == parts_of(undisturbed)


def test_a_full_disk_is_named_and_the_batch_goes_on_when_there_is_room(
    study: Study, undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = store.write_whole

    def full(path: Path, content: bytes) -> None:
        if path.name == "part-000002.parquet":
            raise OSError(errno.ENOSPC, "No space left on device")
        real(path, content)

    monkeypatch.setattr(store, "write_whole", full)
    found = run_study(study, tmp_path / "b", "here")
    assert found.failed == {2: "not written: No space left on device"}
    monkeypatch.setattr(store, "write_whole", real)
    run_study(study, tmp_path / "b", "here")
    assert parts_of(tmp_path / "b") == parts_of(undisturbed)


def test_a_batch_stops_computing_what_no_disk_can_hold(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    real = executors.run_chunk
    monkeypatch.setattr(
        executors, "run_chunk", lambda packed, chunk: (asked.append(chunk.number), real(packed, chunk))[1]
    )

    def full(path: Path, content: bytes) -> None:
        if path.suffix == ".parquet" and path.parent.name == store.PARTS:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(store, "write_whole", full)
    found = run_study(replace(study, chunk=10), tmp_path / "b", "here")
    assert len(asked) == batch_module.FULL_DISK < 6 and len(found.failed) == len(asked)


def test_two_studies_never_mix(study: Study, undisturbed: Path, tmp_path: Path) -> None:
    before = parts_of(undisturbed)
    with pytest.raises(InputError, match="holds another study"):
        run_study(replace(study, seed=2), undisturbed)
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "letter.txt").write_text("mine")
    with pytest.raises(InputError, match="not empty"):
        run_study(study, tmp_path / "foreign")
    assert [path.name for path in (tmp_path / "foreign").iterdir()] == ["letter.txt"]
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match="file of that name"):
        run_study(study, tmp_path / "file")
    assert parts_of(undisturbed) == before


def test_two_batches_never_write_into_one_folder_at_a_time(study: Study, undisturbed: Path) -> None:
    with store.open_folder(undisturbed, study), pytest.raises(InputError, match="another batch is writing"):
        run_study(study, undisturbed)


def test_the_manifest_says_what_was_run(study: Study, undisturbed: Path) -> None:
    told = json.loads((undisturbed / store.MANIFEST).read_text())
    assert told["state"] == "finished" and told["study"] == study.digest
    assert told["policies"][0]["scenario_digest"] == study.policies[0].digest
    assert told["policies"][0]["data_digest"] == study.policies[0].data_digest
    assert told["seed"] == 1 and told["seconds"] > 0 and set(told["versions"]) >= {"simvet", "numpy", "python"}
    log = [json.loads(line) for line in (undisturbed / store.LOG).read_text().splitlines()]
    assert [line["chunk"] for line in log] == [0, 1, 2] and sum(line["rows"] for line in log) == 60


def test_results_are_read_by_pandas_duckdb_and_xarray(study: Study, undisturbed: Path) -> None:
    found = read_ensemble(study, undisturbed)
    name = study.outcomes[0].name
    frame = pd.concat(pd.read_parquet(path) for path in sorted((undisturbed / store.PARTS).glob("*.parquet")))
    assert len(frame) == 60 and frame["experiment"].nunique() == 6
    parts = f"'{undisturbed}/draws/*.parquet'"
    asked = f"select avg({name}__reached::int) p from {parts} group by experiment order by experiment"  # noqa: S608
    column = duckdb.sql(asked).fetchnumpy()["p"]
    assert column == pytest.approx(found.probability(name))
    with xr.open_dataset(undisturbed / store.DATASET) as data:
        assert data["probability"].sel(outcome=name).values == pytest.approx(found.probability(name))
        assert data["median"].sel(outcome=name).values == pytest.approx(found.median(name))
        assert data["places"].values == pytest.approx(found.values[:, 0])
    assert list(found.experiments()["places"]) == pytest.approx(list(found.values[:, 0]))


def test_results_in_memory_are_those_on_disk(study: Study, undisturbed: Path) -> None:
    there, here = read_ensemble(study, undisturbed), run_study(study)
    for outcome in study.outcomes:
        assert np.array_equal(there.outcome(outcome.name), here.outcome(outcome.name))
        assert np.array_equal(there.reached(outcome.name), here.reached(outcome.name))


def test_a_summary_of_few_columns_at_a_time_is_that_of_many(
    study: Study, undisturbed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = read_ensemble(study, undisturbed)
    many = found.dataset()
    monkeypatch.setattr(labelled, "VALUES_AT_ONCE", 1)
    assert found.dataset().equals(many)


def test_the_size_of_chunks_changes_no_number(study: Study) -> None:
    name = study.outcomes[0].name
    whole = run_study(study).outcome(name)
    for size in (3, 7, 10, 60):
        assert np.array_equal(run_study(replace(study, chunk=size)).outcome(name), whole)


def test_experiments_side_by_side_are_what_they_are_alone(study: Study) -> None:
    _, values = study.experiments()
    levers = {0: 1.1}
    together, reached = run_experiments(study, 0, levers, values, 5, 4)
    for place in range(len(values)):
        alone, hit = run_experiments(study, 0, levers, values[place : place + 1], 5, 4)
        assert np.array_equal(alone[0], together[place]) and np.array_equal(hit[0], reached[place])


def test_own_luck_gives_each_point_rows_of_its_own_and_policies_the_same(study: Study) -> None:
    scenario = study.policies[0]
    late = load_scenario("zhoushan_topup_doubled").with_horizon(2025)
    own = study_of(
        scenario, late, factors=study.factors[1:], outcomes=study.outcomes, design="latin_hypercube", points=4,
        draws=5, luck="own", chunk=10,
    )  # fmt: skip
    found = run_study(own)
    places = found.outcome(own.outcomes[0].name)
    # Doubled top-up leaves the places of schools alone, so that luck alone could tell the policies apart.
    assert np.array_equal(places[:4], places[4:])
    still = replace(own, table=np.full((4, 1), 0.5), design="given", luck="own")
    drawn = run_study(still).outcome(own.outcomes[0].name)
    assert len({tuple(row) for row in drawn[:4].tolist()}) == 4
    common = run_study(replace(still, luck="common")).outcome(own.outcomes[0].name)
    assert len({tuple(row) for row in common[:4].tolist()}) == 1


def test_progress_tells_rate_and_time_left(study: Study) -> None:
    told = []
    run_study(study, tell=told.append)
    assert [p.done for p in told] == [1, 2, 3] and told[-1].left == 0.0
    assert all(p.rate > 0 and p.total == 3 for p in told)


def test_a_part_of_another_study_is_not_taken_for_ones_own(study: Study, undisturbed: Path) -> None:
    chunk = cut(6, 10, 20)[0]
    part = undisturbed / store.PARTS / "part-000000.parquet"
    assert part_is_whole(part, study.digest, chunk)
    assert not part_is_whole(part, "0" * 16, chunk)
    assert not part_is_whole(part, study.digest, replace(chunk, number=1))
    assert not part_is_whole(part, study.digest, replace(chunk, stop=1))


def test_the_public_names_of_studies_are_functions_whatever_was_imported_before() -> None:
    for name in studies.__all__:
        assert callable(getattr(studies, name)), name
        # A module of the same name would take the place of the function as soon as it is imported.
        assert importlib.util.find_spec(f"simvet.studies.{name}") is None, name
