"""Time one workload of students on several libraries side by side, and check that their results agree.

Run from the project's folder with ``python -m benchmarks.agents.compare``; ``--quick`` takes one small population.
Each peer runs in an environment of its own, made on first use outside the repository; simvet's own entries, the peers
without a file of requirements, run in the present interpreter. Each run is a fresh process on one core with one thread.
The peers take turns, so that a slow spell of the machine meets all; figures are medians over the rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.agents import workload as w

ROOT = Path(__file__).resolve().parents[2]
PEERS = Path(__file__).resolve().parent / "peers"
OWN = ("simvet_compiled", "simvet_numpy")
PEER_NAMES = (
    *OWN,
    "laser_kernels",
    "numpy_arrays",
    "polars_frame",
    "pandas_frame",
    "starsim_module",
    "mesa_frames_set",
    "vivarium_components",
    "mesa_objects",
)
MOST_STUDENTS = {"mesa_objects": 1_000_000, "vivarium_components": 1_000_000}  # more takes minutes or all memory
YEARS = 10
TIME_LIMIT = 900  # seconds for one run
SLOW = 20  # seconds from which one run has to do
SPREAD_STUDENTS, SPREAD_SEEDS, REFERENCE_STUDENTS = 10_000, 20, 1_000_000
THREADS = {f"{name}_THREADS": "1" for name in ("OMP_NUM", "OPENBLAS_NUM", "MKL_NUM", "NUMBA_NUM", "POLARS_MAX")}
OWN_PROGRAM = (
    "from benchmarks.agents import workload; from benchmarks.agents.peers import {name}; "
    "workload.main({name}.run, warm_up=True)"
)


class PeerError(Exception):
    """A peer cannot be installed or fails."""


def interpreter(name: str, environments: Path) -> str:
    """Give the Python of a peer, making its environment when it is missing or has other requirements.

    Parameters
    ----------
    name : str
        Peer.
    environments : pathlib.Path
        Folder of the environments.

    Returns
    -------
    str
        Path of the interpreter.
    """
    requirements = PEERS / "requirements" / f"{name}.txt"
    if not requirements.exists():
        return sys.executable
    folder = environments / name
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    installed = folder / "installed.txt"
    if not installed.exists() or installed.read_text() != requirements.read_text():
        print(f"making the environment of {name}", file=sys.stderr, flush=True)
        call([sys.executable, "-m", "venv", "--clear", str(folder)])
        call([str(python), "-m", "pip", "install", "--quiet", "--requirement", str(requirements)])
        installed.write_text(requirements.read_text())
    return str(python)


def call(command: list[str]) -> str:
    """Run a command and give what it prints.

    Parameters
    ----------
    command : list of str
        Program and arguments.

    Returns
    -------
    str
        Its standard output.

    Raises
    ------
    PeerError
        With the last line of its complaint, if it fails or takes too long.
    """
    environment = os.environ | THREADS
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=TIME_LIMIT, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise PeerError(f"not done in {TIME_LIMIT} s") from error
    if done.returncode:
        raise PeerError((done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1])
    return done.stdout


def run_peer(name: str, students: int, seed: int, environments: Path) -> dict[str, Any]:
    """Run a peer once in a process of its own.

    Parameters
    ----------
    name : str
        Peer.
    students : int
        Students at the start; 0 only imports and warms up.
    seed : int
        Seed of the random numbers.
    environments : pathlib.Path
        Folder of the environments.

    Returns
    -------
    dict
        What the peer prints.
    """
    python = interpreter(name, environments)
    program = ["-c", OWN_PROGRAM.format(name=name)] if name in OWN else [str(PEERS / f"{name}.py")]
    options = ["--students", str(students), "--years", str(YEARS), "--seed", str(seed)]
    return json.loads(call([python, *program, *options]).splitlines()[-1])


def totals(result: dict[str, Any]) -> np.ndarray:
    """Give the checked figures of a run: final heads of the five stages, placed, dropouts, all student-years."""
    return np.array([*result["stage_totals"], result["placed"], result["dropouts"], result["student_years"]], float)


class Check:
    """Compares results with the reference.

    A figure holds if it differs from the mean of the reference runs of the same size, five or as many as make a million
    students, by no more than five standard deviations and 0.2 %. The deviation is that of 20 reference runs of 10,000
    students, times the root of the size, as for sums of independent persons. Against a single reference run, which
    deviates as much as the peer's, five are 3.5 of the difference: a right peer would miss a figure once in 2,000. The
    0.2 % allow for the deviation being an estimate, and for float32 draws. Above a million students the reference is
    that of a million, scaled.

    Parameters
    ----------
    sizes : list of int
        Sizes that will be checked.
    """

    def __init__(self, sizes: list[int]) -> None:
        sample = [totals(w.reference_run(SPREAD_STUDENTS, YEARS, seed)) for seed in range(100, 100 + SPREAD_SEEDS)]
        self.deviation = np.std(sample, axis=0, ddof=1)
        self.reference = {}
        for size in {min(size, REFERENCE_STUDENTS) for size in sizes}:
            print(f"reference of {size:,} students", file=sys.stderr, flush=True)
            runs = min(5, max(1, REFERENCE_STUDENTS // size))
            self.reference[size] = np.mean(
                [totals(w.reference_run(size, YEARS, 200 + run)) for run in range(runs)], axis=0
            )

    def worst(self, result: dict[str, Any]) -> float:
        """Give the largest difference of a run's figures, in parts of what is tolerated; infinite if books disagree."""
        students = result["students"]
        known = min(students, REFERENCE_STUDENTS)
        expected = self.reference[known] * (students / known)
        tolerated = 5 * self.deviation * (students / SPREAD_STUDENTS) ** 0.5 + 0.002 * expected
        if len({result["stage_totals"][w.VOCATIONAL], result["sv_by_year"][-1]}) > 1:
            return float("inf")
        return float(np.max(np.abs(totals(result) - expected) / tolerated))


def measure(names: list[str], sizes: list[int], rounds: int, environments: Path) -> tuple[dict, dict[str, int]]:
    """Run all peers at all sizes, taking turns.

    Parameters
    ----------
    names : list of str
        Peers.
    sizes : list of int
        Students at the start.
    rounds : int
        Runs of each peer and size; slow ones run once.
    environments : pathlib.Path
        Folder of the environments.

    Returns
    -------
    tuple of dict
        Results, or the error met, by peer and size; memory after import by peer, in bytes.
    """
    results: dict[tuple[str, int], list[dict[str, Any]] | str] = {}
    base: dict[str, int] = {}
    for name in names:
        try:
            base[name] = run_peer(name, 0, 1, environments)["peak_bytes"]
        except PeerError as error:
            results |= {(name, size): str(error) for size in sizes}
    for round_number in range(rounds):
        for size in sizes:
            for name in base:
                done = results.setdefault((name, size), [])
                too_many = size > MOST_STUDENTS.get(name, size)
                if isinstance(done, str) or too_many or (done and done[0]["wall_seconds"] > SLOW):
                    continue
                try:
                    done.append(run_peer(name, size, 1 + round_number, environments))
                except PeerError as error:
                    results[name, size] = str(error)
                print(f"round {round_number + 1}: {name}, {size:,} students", file=sys.stderr, flush=True)
    return results, base


def table(results: dict, base: dict[str, int], check: Check) -> str:
    """Write the results as a table in Markdown.

    Parameters
    ----------
    results, base : dict
        As `measure` gives them.
    check : Check
        The check of the results.

    Returns
    -------
    str
        The table.
    """
    lines = [
        "| peer | students | runs | million student-years per CPU second | ns per student-year | simvet is faster by "
        "| peak bytes per student | results agree (worst, of 1 tolerated) |",
        "| --- | --: | --: | --: | --: | --: | --: | --- |",
    ]
    own = {size: nanoseconds(runs) for (name, size), runs in results.items() if name == OWN[0] and usable(runs)}
    for (name, size), runs in sorted(results.items(), key=lambda item: (item[0][1], PEER_NAMES.index(item[0][0]))):
        if not usable(runs):
            lines.append(f"| {name} | {size:,} | 0 | {runs or 'not tried: too many students'} | | | | |")
            continue
        cost = nanoseconds(runs)
        memory = (statistics.median(run["peak_bytes"] for run in runs) - base[name]) / size
        worst = max(check.worst(run) for run in runs)
        ratio = f"{cost / own[size]:.1f}" if size in own else ""
        agrees = f"{'yes' if worst <= 1 else '**no**'} ({worst:.2f})"
        cells = (name, f"{size:,}", len(runs), f"{1000 / cost:.3g}", f"{cost:,.1f}", ratio, f"{memory:,.0f}", agrees)
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def usable(runs: list[dict[str, Any]] | str) -> bool:
    """Tell whether there is a result, and not an error or nothing."""
    return bool(runs) and not isinstance(runs, str)


def nanoseconds(runs: list[dict[str, Any]]) -> float:
    """Give the median processor time of a student-year."""
    return statistics.median(1e9 * run["cpu_seconds"] / run["student_years"] for run in runs)


def main() -> None:
    """Measure, check and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    count = {"type": lambda text: int(float(text)), "nargs": "+"}
    parser.add_argument("--sizes", **count, help="students at the start; default 1e5 1e6")
    parser.add_argument("--peers", nargs="+", choices=PEER_NAMES, default=PEER_NAMES)
    parser.add_argument("--rounds", type=int, help="runs of each; default 3")
    parser.add_argument("--quick", action="store_true", help="one run each of 1e5 students")
    parser.add_argument("--environments", type=Path, default=Path(tempfile.gettempdir()) / "simvet-agent-peers")
    parser.add_argument(
        "--allocation", choices=("rounds", "loop"), default="rounds",
        help="how peers without kernels of their own seat students: in vectorised rounds, or one by one in Python",
    )  # fmt: skip
    parser.add_argument("--json", type=Path, help="write every run's result to this file")
    arguments = parser.parse_args()
    os.environ[w.ALLOCATION] = arguments.allocation
    sizes = sorted(arguments.sizes or ([100_000] if arguments.quick else [100_000, 1_000_000]))
    names = [name for name in arguments.peers if (PEERS / f"{name}.py").exists()]
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # the processes of the peers inherit it
    check = Check(sizes)
    results, base = measure(names, sizes, arguments.rounds or (1 if arguments.quick else 3), arguments.environments)
    print(table(results, base, check))
    if arguments.json:
        rows = [{"peer": name, "students": size, "runs": runs} for (name, size), runs in results.items()]
        arguments.json.write_text(json.dumps({"results": rows, "base_bytes": base}, indent=1))


if __name__ == "__main__":
    main()
