"""The same study gives the same bytes wherever it runs, however it is cut, and whoever dies on the way."""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import distributed
import mesa
import numpy as np
import psutil
import pytest

from simvet.loading import load_scenario
from simvet.studies import executors, store
from simvet.studies.batch import Progress, run_study
from simvet.studies.chunks import Chunk, pack, run_chunk
from simvet.studies.factors import lever_factor, uncertainty_factor
from simvet.studies.outcomes import target_outcomes
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
        scenario, factors=factors, outcomes=outcomes, design="latin_hypercube", points=8, draws=10, chunk=10
    )


@pytest.fixture(scope="module")
def agents(study: Study) -> Study:
    scenario = load_scenario("zhoushan").with_horizon(2017)
    outcomes = tuple(replace(outcome, year=2017) for outcome in study.outcomes)
    return study_of(scenario, outcomes=outcomes, engine="agents", draws=4, chunk=1)


@pytest.fixture(scope="module")
def undisturbed(study: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("executors") / "undisturbed"
    run_study(study, folder, "here")
    return folder


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50
    ) as running:
        yield running


def parts_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted((folder / store.PARTS).glob("*.parquet"))}


def spawned(but: set[int]) -> list[int]:
    family = [child for child in psutil.Process().children() if child.pid not in but]
    return [child.pid for child in family if any("spawn_main" in word for word in child.cmdline())]


def deadly(packed: bytes, chunk: Chunk) -> bytes:
    """Kill the worker over one chunk, as a fault of memory would."""
    if chunk.number == 1:
        os._exit(3)
    return run_chunk(packed, chunk)


def test_a_scheduler_by_its_address_writes_the_same_bytes(study: Study, undisturbed: Path, tmp_path: Path, cluster):
    # As `simvet batch --dask` does it: no client of the process stands ready.
    found = run_study(study, tmp_path / "there", address=cluster.scheduler_address)
    assert found.counts["computed"] == 8 and not found.failed
    assert parts_of(tmp_path / "there") == parts_of(undisturbed)


def test_a_client_that_is_nobodys_default_serves_two_studies_without_mixing_them(
    study: Study, undisturbed: Path, tmp_path: Path, cluster
) -> None:
    other = replace(study, seed=2)
    with distributed.Client(cluster, set_as_default=False) as client:
        run_study(study, tmp_path / "one", client=client)
        run_study(other, tmp_path / "two", client=client)
    run_study(other, tmp_path / "two_here", "here")
    assert parts_of(tmp_path / "one") == parts_of(undisturbed)
    assert parts_of(tmp_path / "two") == parts_of(tmp_path / "two_here") != parts_of(undisturbed)


def test_runs_by_person_are_the_same_bytes_on_every_executor(agents: Study, tmp_path: Path, cluster) -> None:
    run_study(agents, tmp_path / "here", "here")
    run_study(agents, tmp_path / "pool", "processes", 2)
    run_study(agents, tmp_path / "dask", address=cluster.scheduler_address)
    here = parts_of(tmp_path / "here")
    assert len(here) == 4 and parts_of(tmp_path / "pool") == here and parts_of(tmp_path / "dask") == here


def test_a_part_of_an_ensemble_is_its_rows_of_the_whole(study: Study, agents: Study) -> None:
    for one, few in ((study, 4), (agents, 2)):
        whole, part = run_study(one), run_study(replace(one, draws=few))
        for outcome in one.outcomes:
            assert np.array_equal(part.outcome(outcome.name), whole.outcome(outcome.name)[:, :few])


def test_runs_by_person_do_not_depend_on_the_size_of_chunks(agents: Study) -> None:
    alone, together = run_study(agents), run_study(replace(agents, chunk=3))
    for outcome in agents.outcomes:
        assert np.array_equal(alone.outcome(outcome.name), together.outcome(outcome.name))


def test_worlds_by_person_do_not_pile_up_in_a_worker(agents: Study) -> None:
    def worlds() -> int:
        return sum(isinstance(one, mesa.Model) for one in gc.get_objects())

    packed, before = pack(agents), worlds()
    for number in range(3):
        run_chunk(packed, Chunk(number, 0, 1, number, 1))
    assert worlds() <= before


def test_a_killed_worker_of_the_pool_costs_nothing(study: Study, undisturbed: Path, tmp_path: Path) -> None:
    killed: list[int] = []
    before = set(spawned(set()))

    def kill(done: Progress) -> None:
        # The second one strikes a pool that has just been made anew.
        if done.done in {1, 3} and len(killed) < 2 and spawned(before):
            killed.append(spawned(before)[0])
            os.kill(killed[-1], signal.SIGKILL)

    found = run_study(study, tmp_path / "b", "processes", 2, tell=kill)
    assert killed and not found.failed and found.counts["handed_out_again"] >= 1
    assert parts_of(tmp_path / "b") == parts_of(undisturbed)


def test_a_chunk_that_kills_its_worker_is_named_and_no_other_with_it(
    study: Study, undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executors, "run_chunk", deadly)
    monkeypatch.setattr(executors, "MOST_DEATHS", 4)
    monkeypatch.setattr(executors, "SUSPECT", 2)
    found = run_study(study, tmp_path / "b", "processes", 2)
    assert found.failed == {1: "RuntimeError: its worker died 4 times"}
    whole = parts_of(undisturbed)
    assert parts_of(tmp_path / "b") == {name: part for name, part in whole.items() if name != "part-000001.parquet"}


def test_a_suspect_runs_alone() -> None:
    work = executors.Work(b"", [], bool)
    suspect, other = Chunk(0, 0, 1, 0, 1), Chunk(1, 1, 2, 0, 1)
    work.of_chunk[0] = executors.SUSPECT
    assert work.may_start(suspect, []) and not work.may_start(suspect, [other])
    assert work.may_start(other, [other]) and not work.may_start(other, [suspect])


def test_workers_end_with_a_parent_that_was_killed() -> None:
    code = (
        "import os, time\nfrom simvet.studies.executors import _pool\n"
        "if __name__ == '__main__':\n"
        "    print(_pool(1).submit(os.getpid).result(), flush=True)\n    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        worker = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
        gone, alive = psutil.wait_procs([worker], timeout=20)
    assert gone and not alive


def test_a_scheduler_that_is_lost_is_found_again(study: Study, undisturbed: Path, tmp_path: Path) -> None:
    options = {
        "n_workers": 1, "threads_per_worker": 1, "processes": False, "protocol": "tcp", "host": "127.0.0.1",
        "dashboard_address": None, "silence_logs": 50,
    }  # fmt: skip
    running = [distributed.LocalCluster(**options)]
    address = running[0].scheduler_address
    port = int(address.rsplit(":", 1)[1])

    def strike(done: Progress) -> None:
        if done.done == 2 and len(running) == 1:
            running[0].close()
            running.append(distributed.LocalCluster(scheduler_port=port, **options))

    try:
        found = run_study(study, tmp_path / "b", address=address, tell=strike)
    finally:
        running[-1].close()
    # Two chunks at most were under way when it was lost; the others can only have been done by the second one.
    assert len(running) == 2 and not found.failed and found.counts["computed"] == 8
    assert parts_of(tmp_path / "b") == parts_of(undisturbed)


def test_a_torn_line_of_the_log_is_cut_and_the_rest_is_kept(study: Study, tmp_path: Path) -> None:
    run_study(study, tmp_path / "b")
    log = tmp_path / "b" / store.LOG
    lines = log.read_text().splitlines(keepends=True)
    log.write_text("".join(lines[:-1]) + lines[-1][:20])
    run_study(study, tmp_path / "b")
    assert [json.loads(line)["chunk"] for line in log.read_text().splitlines()] == [*range(7)]


def test_a_system_without_locks_runs_without_them(
    study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)
    assert run_study(study, tmp_path / "b").counts["computed"] == 8
