"""Speed and memory of the engine, as ratios measured in one run; see README.md beside this file.

Run from the project's folder with ``python -m benchmarks.engine`` or ``python benchmarks/engine.py``; ``--quick``
repeats less. Times are processor time of this process, which has one thread, so that other work on the machine disturbs
them less; wall time stands beside the main figure. Nothing here passes or fails: a busy machine is no error.
"""

from __future__ import annotations

import os

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
os.environ.update(dict.fromkeys(ONE_THREAD, "1"))  # Read by numpy and numba when they are imported.

import argparse  # noqa: E402
import platform  # noqa: E402
import statistics  # noqa: E402
import subprocess  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable, Iterator  # noqa: E402
from contextlib import contextmanager  # noqa: E402
from dataclasses import fields, replace  # noqa: E402
from functools import partial  # noqa: E402
from importlib.metadata import version  # noqa: E402
from typing import Any  # noqa: E402
from unittest.mock import patch  # noqa: E402

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

import simvet  # noqa: E402
import simvet.engines.cohort as cohort_engine  # noqa: E402
from simvet import yearly  # noqa: E402
from simvet.books import AXES, Books  # noqa: E402
from simvet.draws import Draws  # noqa: E402
from simvet.loading import load_scenario  # noqa: E402
from simvet.opening.state import Opening, open_region  # noqa: E402
from simvet.rules.admission import BINS, REFINEMENTS, place_by_score  # noqa: E402
from simvet.rules.names import CARRIED_LIMITS, PROVIDERS  # noqa: E402
from simvet.runs import Run, run_years  # noqa: E402
from simvet.sampling import Uncertainty  # noqa: E402
from simvet.scenario import Scenario  # noqa: E402
from simvet.schedule import Capacity, Schedule  # noqa: E402
from simvet.targets import is_modelled, readings_of  # noqa: E402

Floats = NDArray[np.float64]
GateCall = tuple[Floats, Floats, Floats, Floats]

REGION = "zhejiang"
EVERYTHING = "zhejiang_everything_on"
SUPPLIED = ("places", "opened_places", "usable_places", "training_persons")
"""Rows of the books beside those by provider that resources fill."""
LAST_YEAR = 2035
DRAWS = 1000
SEED = 1
MANY = 10_000
"""Draws of the memory measurement."""
UNCERTAIN = Uncertainty()


# --- the engine as it is used -----------------------------------------------------------------------------------------


def openings_of(scenario: Scenario, draws: int, uncertainty: Uncertainty = UNCERTAIN) -> list[Opening]:
    """Return the opening balance of every region, from the cache on disk where it has been solved before."""
    return [
        open_region(
            case, scenario.pathway, scenario.rows[case.region], scenario.data_digest, Draws(SEED), draws, uncertainty
        )
        for case in scenario.regions
    ]


def schedule_of(scenario: Scenario, openings: list[Opening], uncertainty: Uncertainty = UNCERTAIN) -> Schedule:
    """Return a new schedule on given openings."""
    return Schedule(scenario, Draws(SEED), openings[0].stock.shape[0], uncertainty, openings)


def run(scenario: Scenario, openings: list[Opening], uncertainty: Uncertainty = UNCERTAIN) -> Books:
    """Run what the requirement calls the engine: schedule and year loop, books checked."""
    return run_years(schedule_of(scenario, openings, uncertainty), "cohort", SEED)


def cut(opening: Opening, draw: int) -> Opening:
    """Return the opening of one draw alone."""

    def part(values: Any) -> Any:
        if isinstance(values, dict):
            return {name: part(drawn) for name, drawn in values.items()}
        return values[draw : draw + 1].copy()

    names = [field.name for field in fields(Opening) if field.name not in ("case", "sample")]
    sample = replace(opening.sample, count=1, values=part(opening.sample.values))
    return replace(opening, sample=sample, **{name: part(getattr(opening, name)) for name in names})


# --- the gate in plain numpy, the baseline ----------------------------------------------------------------------------


class NumpyGate:
    """The gate of :func:`simvet.rules.admission.place_by_score`, all rows at once in plain numpy."""

    def __init__(self, pool: Floats, utility: Floats, slope: Floats, seats: Floats) -> None:
        self.pool, self.utility, self.slope, self.seats = pool, utility, slope, seats
        self.placed = np.zeros_like(utility)
        self.is_open = seats > 0.0
        self.cutoff = np.where(self.is_open, 0.0, 1.0)
        self.declined, self.unplaced = np.zeros_like(pool), np.zeros_like(pool)
        self.alive = pool > 0.0

    def place(self) -> GateCall:
        """Return placed, cutoff, declined and unplaced."""
        closed = np.flatnonzero(self.alive & ~self.is_open.any(axis=1))
        self._finish(closed, np.ones(closed.size))
        for index in range(BINS):
            rows = np.flatnonzero(self.alive)
            self._walk_bin(rows, np.full(rows.size, 1.0 - index / BINS), 1.0 - (index + 1) / BINS)
        return self.placed, self.cutoff, self.declined, self.unplaced

    def _weights(self, rows: NDArray[np.int64], score: Floats) -> Floats:
        odds = np.exp(self.utility[rows] + self.slope[rows] * score[:, None])
        return np.where(self.is_open[rows], odds, 0.0)

    def _walk_bin(self, rows: NDArray[np.int64], top: Floats, bottom: float) -> None:
        """Place the students of a score bin; rows where an option closes go on below its cut-off."""
        while rows.size:
            width = top - bottom
            weight, part, closing = self._first_to_close(rows, top, width)
            taken = self.pool[rows] * width * part / (1.0 + weight.sum(axis=1))
            self.placed[rows] += taken[:, None] * weight
            self.declined[rows] += taken
            top = top - part * width
            kept = closing >= 0
            rows, top, closing = rows[kept], top[kept], closing[kept]
            self.placed[rows, closing] = self.seats[rows, closing]
            self.is_open[rows, closing] = False
            self.cutoff[rows, closing] = top
            full = ~self.is_open[rows].any(axis=1)
            self._finish(rows[full], top[full])
            kept = ~full & (top - bottom > 1e-15)
            rows, top = rows[kept], top[kept]

    def _first_to_close(
        self, rows: NDArray[np.int64], top: Floats, width: Floats
    ) -> tuple[Floats, Floats, NDArray[np.int64]]:
        """Return odds, the part of the bin above the first cut-off, and the option that closes there, or -1."""
        mass = self.pool[rows] * width
        weight = self._weights(rows, top - 0.5 * width)
        part, closing = self._closing(rows, mass, weight)
        for _ in range(REFINEMENTS - 1):
            again = np.flatnonzero(closing >= 0)
            if not again.size:
                break
            weight[again] = self._weights(rows[again], top[again] - 0.5 * part[again] * width[again])
            part[again], closing[again] = self._closing(rows[again], mass[again], weight[again])
        return weight, part, closing

    def _closing(self, rows: NDArray[np.int64], mass: Floats, weight: Floats) -> tuple[Floats, NDArray[np.int64]]:
        want = mass[:, None] * weight / (1.0 + weight.sum(axis=1, keepdims=True))
        left = self.seats[rows] - self.placed[rows]
        share = np.ones_like(want)
        np.divide(left, want, out=share, where=self.is_open[rows] & (want > left))
        closing = share.argmin(axis=1)
        part = share[np.arange(rows.size), closing]
        return part, np.where(part < 1.0, closing, -1)

    def _finish(self, rows: NDArray[np.int64], top: Floats) -> None:
        """Send everybody below the last cut-off away: those who want nothing whatever is open have declined."""
        mass, bottom = np.zeros(rows.size), np.zeros(rows.size)
        while np.any(bottom < top):
            upper = np.maximum(np.minimum(top, bottom + 1.0 / BINS), bottom)
            score = 0.5 * (bottom + upper)[:, None]
            mass += (upper - bottom) / (1.0 + np.exp(self.utility[rows] + self.slope[rows] * score).sum(axis=1))
            bottom = upper
        self.declined[rows] += self.pool[rows] * mass
        self.unplaced[rows] = self.pool[rows] * (top - mass)
        self.alive[rows] = False


# --- the students without their resources, the baseline of the whole chain -------------------------------------------


class StudentsAlone:
    """What the year loop asks of :class:`simvet.supply.yearly.Supply`, answered with nothing: no limits, no money."""

    def __init__(self, schedule: Schedule) -> None:
        regions = len(schedule.scenario.regions)
        self.rates = np.zeros((schedule.count, regions))
        sizes = {"provider": len(PROVIDERS), "resource": len(CARRIED_LIMITS)}
        self.rows = {
            name: np.zeros((schedule.count, regions, *(sizes[axis] for axis in axes)))
            for name, axes in AXES.items()
            if name in SUPPLIED or axes[:1] == ("provider",)
        }

    def open_year(self, _: int) -> Capacity:
        """Return a capacity that limits nothing."""
        return Capacity({stage: {} for stage in PROVIDERS}, None)

    def close_year(self, _: int, __: Floats) -> dict[str, Floats]:
        """Return empty accounts."""
        return self.rows

    def families_see(self, _: dict[str, Floats], __: int) -> dict[str, Floats]:
        """Return that nothing changes."""
        return {"dual_qualified": self.rates, "modernised": self.rates}


def read_register(scenario: Scenario, openings: list[Opening]) -> int:
    """Run, then read every target of the region's plans in every reading; return how many numbers there are a year."""
    schedule = schedule_of(scenario, openings)
    done = Run(scenario, schedule, run_years(schedule, "cohort", SEED), SEED)
    outcomes = [t for t in scenario.targets if is_modelled(t)]
    return len([done.indicator(name, t.stage) for t in outcomes for name in readings_of(t)])


# --- measuring --------------------------------------------------------------------------------------------------------


def seconds(work: Callable[[], object]) -> float:
    """Return the processor time of one call, s."""
    start = time.process_time()
    work()
    return time.process_time() - start


def median_seconds(work: Callable[[], object], repeats: int) -> float:
    """Return the median processor time of several calls, s."""
    return statistics.median(seconds(work) for _ in range(repeats))


def exponent(sizes: list[int], times: list[float]) -> float:
    """Return the slope of log time over log size: 1 is linear growth."""
    return float(np.polyfit(np.log(sizes), np.log(times), 1)[0])


def show(measure: str, figure: str, asked: str = "") -> None:
    """Print one row of the table."""
    print(f"| {measure} | {figure} | {asked} |", flush=True)


@contextmanager
def recorded_gates(calls: list[GateCall], times: list[float]) -> Iterator[None]:
    """Record what the gates are given and how long they take."""

    def recording(*given: Any) -> GateCall:
        start = time.process_time()
        found = place_by_score(*given)
        times.append(time.process_time() - start)
        calls.append(given)
        return found

    with patch.object(cohort_engine, "place_by_score", recording):
        yield


@contextmanager
def empty_cache() -> Iterator[None]:
    """Let opening balances be kept in a folder that is empty."""
    before = os.environ.get("SIMVET_CACHE")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SIMVET_CACHE"] = folder
        try:
            yield
        finally:
            os.environ.pop("SIMVET_CACHE")
            if before is not None:
                os.environ["SIMVET_CACHE"] = before


def measure_engine(scenario: Scenario, openings: list[Opening], repeats: int) -> None:
    """Time schedule, year loop and both."""
    rounds = []
    for _ in range(repeats):
        wall, start = time.perf_counter(), time.process_time()
        schedule = schedule_of(scenario, openings)
        middle = time.process_time()
        run_years(schedule, "cohort", SEED)
        end = time.process_time()
        rounds.append((middle - start, end - middle, end - start, time.perf_counter() - wall))
    made, looped, both, wall = (statistics.median(column) for column in zip(*rounds, strict=True))
    fastest = min(row[2] for row in rounds)
    show(
        "**engine time**, 1,000 draws x 15 years",
        f"**{both:.3f} s** (fastest {fastest:.3f}, wall {wall:.3f})",
        "< 0.25 s",
    )
    show("- schedule alone", f"{made * 1e3:.0f} ms")
    show("- year loop alone, paths drawn and books checked in it", f"{looped * 1e3:.0f} ms")


def measure_everything(scenario: Scenario, openings: list[Opening], repeats: int) -> None:
    """Compare students alone, the region as its scenario has it, and the region with everything on; they take turns."""
    everything = load_scenario(EVERYTHING).with_horizon(LAST_YEAR)
    given = openings_of(everything, DRAWS)
    read = read_register(everything, given)

    def alone() -> Books:
        with patch.object(yearly, "Supply", StudentsAlone):
            return run(scenario, openings)

    works = [alone, partial(run, scenario, openings), partial(run, everything, given)]
    works.append(partial(read_register, everything, given))
    rounds = [[seconds(work) for work in works] for _ in range(repeats)]
    bare, usual, full, told = (statistics.median(column) for column in zip(*rounds, strict=True))
    ratios = [statistics.median(row[place] / row[0] for row in rounds) for place in (1, 2, 3)]
    show("students alone, no resources", f"{bare:.3f} s", "< 0.25 s")
    show("- with the resources and limits of the base scenario", f"{usual:.3f} s, {ratios[0]:.2f} times")
    show("- **with every limit, projects, cards and money on**", f"**{full:.3f} s, {ratios[1]:.2f} times**", "2 times")
    show(f"- the same, and all {read} targets of the plans read", f"{told:.3f} s, {ratios[2]:.2f} times")


def measure_one_by_one(scenario: Scenario, openings: list[Opening], rounds: int, singles: int = 8) -> None:
    """Compare the batch with runs of one draw; both alternate, so that they meet the same machine."""
    drawn = np.linspace(0, DRAWS - 1, rounds * singles).astype(int)
    cuts = [[cut(opening, int(draw)) for opening in openings] for draw in drawn]
    first, batch = run(scenario, cuts[0]).arrays, run(scenario, openings).arrays
    same = all(np.array_equal(first[name][0], batch[name][0], equal_nan=True) for name in batch)
    ratios, each = [], []
    for position in range(rounds):
        together = seconds(partial(run, scenario, openings))
        mine = cuts[position * singles : (position + 1) * singles]
        alone = sum(seconds(partial(run, scenario, one)) for one in mine) / singles
        ratios.append(DRAWS * alone / together)
        each.append(alone)
    show("**batch against one by one**", f"**{statistics.median(ratios):.0f} times faster**", "50 times")
    show("- one draw alone", f"{statistics.median(each) * 1e3:.1f} ms, {len(drawn)} runs")
    show("- draw 0 alone equals draw 0 of the batch, every bit", "yes" if same else "NO")


def measure_gates(scenario: Scenario, openings: list[Opening], repeats: int) -> None:
    """Measure the gates' share of the engine, and the compiled gate against the numpy twin on the same calls."""
    shares = []
    for _ in range(repeats):
        calls: list[GateCall] = []
        times: list[float] = []
        with recorded_gates(calls, times):
            total = seconds(partial(run, scenario, openings))
        shares.append(sum(times) / total)
    fast, slow, gap = [], [], 0.0
    for call in calls:
        pairs = [(seconds(partial(place_by_score, *call)), seconds(NumpyGate(*call).place)) for _ in range(repeats)]
        fast.append(statistics.median(pair[0] for pair in pairs))
        slow.append(statistics.median(pair[1] for pair in pairs))
        gap = max(gap, disagreement(call))
    show(f"share of the {len(calls)} gates", f"{statistics.median(shares):.0%} of engine time")
    show("compiled gate, 1,000 rows", f"{statistics.median(fast) * 1e3:.2f} ms")
    show(
        "numpy gate, the same rows",
        f"{statistics.median(slow) * 1e3:.2f} ms (largest {max(slow) * 1e3:.1f})",
        "10-20 ms",
    )
    show("- numpy against compiled", f"{sum(slow) / sum(fast):.1f} times slower")
    show("- largest difference, share of the pool or of the score scale", f"{gap:.1e}", "1e-9")


def disagreement(call: GateCall) -> float:
    """Return the largest difference between both gates: persons over the pool, and score quantiles."""
    pool = np.maximum(call[0], 1.0)
    differences = [np.abs(a - b) for a, b in zip(place_by_score(*call), NumpyGate(*call).place(), strict=True)]
    scale = (pool[:, None], 1.0, pool, pool)
    return max(float(np.max(gap / size)) for gap, size in zip(differences, scale, strict=True))


def measure_growth(scenario: Scenario, openings: list[Opening], repeats: int) -> None:
    """Measure how engine time grows with draws and with years."""
    sizes = [250, 1000, 4000, MANY]
    given = [openings if size == DRAWS else openings_of(scenario, size) for size in sizes]
    works = [partial(run, scenario, one) for one in given]
    show_growth("draws", sizes, alternating(works, repeats))
    spans = [5, 10, 15]
    shorter = [scenario.with_horizon(scenario.base_year + span) for span in spans]
    show_growth("years", spans, alternating([partial(run, one, openings) for one in shorter], 3 * repeats))


def alternating(works: list[partial[Books]], repeats: int) -> list[float]:
    """Return median times of several works, which take turns so that they meet the same machine."""
    for work in works:
        work()
    rounds = [[seconds(work) for work in works] for _ in range(repeats)]
    return [statistics.median(column) for column in zip(*rounds, strict=True)]


def show_growth(name: str, sizes: list[int], times: list[float]) -> None:
    """Print times and the fitted exponent."""
    listed = ", ".join(f"{size:,}: {spent:.3f} s" for size, spent in zip(sizes, times, strict=True))
    show(f"growth in {name}", f"exponent {exponent(sizes, times):.2f} ({listed})", "linear: 1")


def measure_opening(scenario: Scenario, repeats: int) -> None:
    """Measure the opening balance, solved anew and read from disk."""
    fresh = []
    for _ in range(repeats):
        with empty_cache():
            fresh.append(seconds(partial(openings_of, scenario, DRAWS)))
            cached = median_seconds(partial(openings_of, scenario, DRAWS), repeats)
    show("opening balance, 1,000 draws, solved anew", f"{statistics.median(fresh):.2f} s", "not in engine time")
    show("- read from the disk cache, utilities fitted anew", f"{cached:.2f} s", "not in engine time")


def measure_whole(scenario: Scenario, openings: list[Opening], repeats: int) -> None:
    """Measure whole persons against expectations."""
    chance = replace(UNCERTAIN, chance=True)
    whole = openings_of(scenario, DRAWS, chance)
    run(scenario, whole, chance)
    ratios = []
    for _ in range(repeats):
        expected = seconds(partial(run, scenario, openings))
        ratios.append(seconds(partial(run, scenario, whole, chance)) / expected)
    show("whole persons (chance) against expectations", f"{statistics.median(ratios):.1f} times slower")


# --- in processes of their own ----------------------------------------------------------------------------------------

MEMORY = f"""
import resource, sys
from pathlib import Path

def peak():
    status = Path("/proc/self/status")  # On Linux ru_maxrss begins at what the starting process held.
    if status.exists():
        return next(int(line.split()[1]) * 1024 for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)

from simvet.runs import start_run
from simvet.sampling import Uncertainty
imported = peak()
run = start_run("{REGION}", {MANY}, {SEED}, {LAST_YEAR}, "cohort", Uncertainty())
print(imported, sum(values.nbytes for values in run.books.arrays.values()), peak())
"""
IMPORT = "import time; t = time.perf_counter(); import simvet; print(time.perf_counter() - t)"
SIMULATE = "import time; t = time.perf_counter(); import simvet; simvet.simulate; print(time.perf_counter() - t)"
HELP = "import sys; sys.argv = ['simvet', '--help']; from simvet.cli import entry; entry()"


def answer(code: str) -> list[float]:
    """Return the numbers that a new Python process prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return [float(word) for word in done.stdout.split()]


def measure_memory() -> None:
    """Measure the largest memory of a run of 10,000 draws, its opening solved anew and read from disk."""
    try:
        import resource  # noqa: F401, PLC0415
    except ImportError:
        show("peak memory, 10,000 draws to 2035", "not measured on this system", "< 1.5 GiB")
        return
    size = 2.0**30
    with empty_cache():
        solved, read = answer(MEMORY), answer(MEMORY)
    show("**peak memory**, 10,000 draws to 2035", f"**{solved[2] / size:.2f} GiB**", "< 1.5 GiB")
    show("- opening balance read from disk", f"{read[2] / size:.2f} GiB")
    show("- books alone; after import", f"{solved[1] / size:.2f} GiB; {solved[0] / size:.2f} GiB")


def measure_import(repeats: int) -> None:
    """Measure the wall time of importing simvet, of reaching ``simulate`` and of ``simvet --help``, warm disk."""
    for name, code, asked in (("`import simvet`", IMPORT, "< 0.5 s"), ("`simvet.simulate` reached", SIMULATE, "")):
        show(name, f"{statistics.median(answer(code)[0] for _ in range(repeats)):.3f} s", asked)
    walls = []
    for _ in range(repeats):
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", HELP], capture_output=True, check=True)
        walls.append(time.perf_counter() - start)
    show("`simvet --help`, whole process", f"{statistics.median(walls):.2f} s")


# --- the whole --------------------------------------------------------------------------------------------------------


def pin_to_one_core() -> str:
    """Keep this process and those it starts on one core where the system can; say what was done."""
    if not hasattr(os, "sched_setaffinity"):
        return "not pinned"
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    return f"pinned to core {core}"


def describe(pinned: str) -> None:
    """Print what is measured, on what."""
    names = ("numpy", "numba", "llvmlite")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"simvet {simvet.__version__}, {REGION} to {LAST_YEAR}, {DRAWS:,} draws, processor time, medians.")
    print(
        f"Python {platform.python_version()}, {versions}; {platform.machine()}, {os.cpu_count()} cores{load}; {pinned}."
    )
    print()


def main() -> None:
    """Measure everything and print it as a table."""
    parser = argparse.ArgumentParser(description="Measure the engine's speed and memory.")
    parser.add_argument("--quick", action="store_true", help="repeat less; no memory of 10,000 draws")
    quick = parser.parse_args().quick
    repeats = 3 if quick else 7
    describe(pin_to_one_core())
    print("| measure | figure | asked |\n| --- | --- | --- |")
    scenario = load_scenario(REGION).with_horizon(LAST_YEAR)
    openings = openings_of(scenario, DRAWS)
    run(scenario, openings)  # Compiles, and draws every parameter once.
    measure_engine(scenario, openings, 3 * repeats)
    measure_everything(scenario, openings, 2 * repeats)
    measure_one_by_one(scenario, openings, max(5, repeats - 2))
    measure_gates(scenario, openings, repeats)
    measure_growth(scenario, openings, repeats)
    measure_whole(scenario, openings, repeats)
    measure_opening(scenario, 3)
    measure_import(5)
    if not quick:
        measure_memory()


if __name__ == "__main__":
    main()
