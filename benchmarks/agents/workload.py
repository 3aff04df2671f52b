"""The workload of students that every peer runs: constants, the rules of the seats, a plain reference and the results.

A population of students in five stages moves through ten school years. Each year every student drops out, repeats,
is promoted or finishes the stage; those who finish middle school sit an exam and are given a place in the order of
their scores; later stages admit by quota; new students enter. Only the standard library and numpy are used here,
because every peer imports this file in an environment of its own. Every random number is the peer's own.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

ALLOCATION = "AGENT_WORKLOAD_ALLOCATION"
"""Setting that makes the peers without kernels of their own seat students in a loop: ``loop``."""
STAGES = ("MS", "SV", "HS", "HV", "BA")
STAGE_SHARES = (0.45, 0.20, 0.21, 0.13, 0.01)
MIDDLE, VOCATIONAL, HIGH, HIGHER, BACHELOR = range(5)
STAGE_GRADES = 20  # codes stage * 4 + grade, of which 14 occur
FIRST_GRADE = tuple(4 * stage for stage in range(5))
LAST_GRADE = (2, 6, 10, 14, 17)
DROP = (0.002, 0.03, 0.005, 0.02, 0.01)
REPEAT = (0.005, 0.01, 0.005, 0.01, 0.01)
DISTRICTS, FIELDS, NO_FIELD = 90, 15, 255
TOP_SCORE = 7500  # tenths of a point
CHOICES = 6
VOCATIONAL_SCHOOLS, GENERAL_PER_DISTRICT = 250, 7
VOCATIONAL_OPTIONS = VOCATIONAL_SCHOOLS * FIELDS
GENERAL_OPTIONS = DISTRICTS * GENERAL_PER_DISTRICT
FIRST_HIGHER_SCHOOL, HIGHER_SCHOOLS = 880, 50
TRACK_SHARE = 0.3
APPLY_BY_TRACK = (0.85, 0.98)
HIGH_TO_HIGHER, APPLY_TO_BACHELOR = 0.2, 0.5

DROP_BY_CODE = np.repeat(DROP, 4)  # probability a year, before the score's factor, by stage * 4 + grade
REPEAT_BY_CODE = np.repeat(REPEAT, 4)
IS_LAST_BY_CODE = np.isin(np.arange(STAGE_GRADES), LAST_GRADE)


def spread_seats(total: int, options: int) -> np.ndarray:
    """Spread a number of seats as evenly as whole seats allow.

    Parameters
    ----------
    total : int
        Seats to spread.
    options : int
        Options that share them.

    Returns
    -------
    numpy.ndarray
        Seats of each option, int64.
    """
    steps = np.arange(options + 1) * total // options
    return np.diff(steps)


@dataclass(frozen=True)
class Sizes:
    """Numbers that follow from the number of students.

    Parameters
    ----------
    students : int
        Students at the start.
    """

    students: int

    @property
    def entrants(self) -> int:
        """New students a year."""
        return round(0.15 * self.students)

    @property
    def bachelor_places(self) -> int:
        """Places in bachelor programmes a year."""
        return round(0.008 * self.students)

    def seats(self) -> np.ndarray:
        """Seats of the exam by option: first the vocational ones, shuffled, then the general ones."""
        half = round(0.5 * self.entrants)
        # The legacy generator, because its permutation is promised never to change.
        shuffle = np.random.RandomState(0).permutation(VOCATIONAL_OPTIONS)
        vocational = spread_seats(half, VOCATIONAL_OPTIONS)[shuffle]
        return np.concatenate([vocational, spread_seats(half, GENERAL_OPTIONS)])

    def higher_places(self) -> np.ndarray:
        """Places in higher vocational colleges for vocational finishers a year, by field."""
        return spread_seats(round(0.035 * self.students), FIELDS)


def draw_students(code: np.ndarray, generator: np.random.Generator) -> dict[str, np.ndarray]:
    """Draw students for given stages and grades, one array for each attribute.

    Parameters
    ----------
    code : numpy.ndarray
        Stage * 4 + grade of each student.
    generator : numpy.random.Generator
        Source of random numbers.

    Returns
    -------
    dict of str to numpy.ndarray
        ``code``, ``district``, ``score`` (tenths of a point), ``preference`` (of 256), ``school``, ``field``, ``track``
    """
    count, stage = len(code), code // 4
    draw = generator.random
    district = generator.integers(0, DISTRICTS, count, dtype=np.uint8)
    score = (2500 * (draw(count) + draw(count) + draw(count))).astype(np.int16)
    preference = (64 + 192 * draw(count)).astype(np.uint8)
    school = np.full(count, -1, np.int16)
    programme = np.full(count, NO_FIELD, np.uint8)
    track = np.zeros(count, np.uint8)
    if stage.any():
        first = VOCATIONAL_SCHOOLS + GENERAL_PER_DISTRICT * district.astype(np.int16)
        in_vocational, in_higher = stage == VOCATIONAL, stage == HIGHER
        school = np.where(in_vocational, draw(count) * VOCATIONAL_SCHOOLS, school)
        school = np.where(stage == HIGH, first + np.floor(draw(count) * GENERAL_PER_DISTRICT), school)
        school = np.where(in_higher, FIRST_HIGHER_SCHOOL + draw(count) * HIGHER_SCHOOLS, school).astype(np.int16)
        programme = np.where(in_vocational | in_higher, draw(count) * FIELDS, programme).astype(np.uint8)
        track = (in_vocational & (draw(count) < TRACK_SHARE)).astype(np.uint8)
    return {
        "code": code.astype(np.uint8),
        "district": district,
        "score": score,
        "preference": preference,
        "school": school,
        "field": programme,
        "track": track,
    }


def initial_students(students: int, generator: np.random.Generator) -> dict[str, np.ndarray]:
    """Draw the population of the start, in the order of stage and grade; the position is the person's number.

    Parameters
    ----------
    students : int
        Students at the start.
    generator : numpy.random.Generator
        Source of random numbers.

    Returns
    -------
    dict of str to numpy.ndarray
        As `draw_students` gives them.
    """
    stage = generator.choice(5, students, p=STAGE_SHARES)
    grades = np.where(stage == BACHELOR, 2, 3)
    code = np.sort(4 * stage + (generator.random(students) * grades).astype(np.int64))
    return draw_students(code, generator)


def entrants(count: int, generator: np.random.Generator) -> dict[str, np.ndarray]:
    """Draw the new students of a year, as `draw_students` gives them."""
    return draw_students(np.zeros(count, np.uint8), generator)


def list_choices(district: np.ndarray, preference: np.ndarray, kind: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Turn uniform draws into ranked lists of options.

    Parameters
    ----------
    district, preference : numpy.ndarray
        Home district and preference for general schools (of 256) of each student.
    kind, place : numpy.ndarray
        Two uniform draws for each student and choice, ``(students, 6)``.

    Returns
    -------
    numpy.ndarray
        Options, ``(students, 6)``, int16.
    """
    general = kind * 256 < preference[:, None]
    school = VOCATIONAL_OPTIONS + GENERAL_PER_DISTRICT * district.astype(np.int16)[:, None]
    school = school + (place * GENERAL_PER_DISTRICT).astype(np.int16)
    return np.where(general, school, (VOCATIONAL_OPTIONS * place * place).astype(np.int16))


def allocate(choices: np.ndarray, seats: np.ndarray) -> np.ndarray:
    """Give each student, in order, the first listed option that has a seat left, then what vocational seats remain.

    With one order of students for all options, taking turns gives what deferred acceptance gives; its rounds need no
    loop over students, so this is what someone with numpy alone would write.

    Parameters
    ----------
    choices : numpy.ndarray
        Ranked options of each student, best student first, ``(students, 6)``.
    seats : numpy.ndarray
        Seats by option.

    Returns
    -------
    numpy.ndarray
        Option of each student, -1 for none, int16.
    """
    if os.environ.get(ALLOCATION) == "loop":
        return allocate_one_by_one(choices, seats)
    students = len(choices)
    nowhere = len(seats)
    ranked = np.column_stack([choices, np.full(students, nowhere, choices.dtype)])
    limits = np.append(seats, students)
    cutoff = np.full(nowhere + 1, students)  # the first student in the order whom an option refuses
    pointer = np.zeros(students, np.int64)
    position = np.arange(students)
    option = ranked[:, 0].copy()
    while True:
        order = np.argsort(option, kind="stable")
        ordered = option[order]
        sizes = np.bincount(option, minlength=nowhere + 1)
        starts = np.cumsum(sizes) - sizes
        over = np.flatnonzero(sizes > limits)
        if not len(over):
            break
        cutoff[over] = order[starts[over] + limits[over]]
        refused = order[position >= (starts + limits)[ordered]]
        while len(refused):
            pointer[refused] += 1
            option[refused] = ranked[refused, pointer[refused]]
            refused = refused[refused >= cutoff[option[refused]]]
    return supplement(np.where(option == nowhere, -1, option), seats)


def allocate_one_by_one(choices: np.ndarray, seats: np.ndarray) -> np.ndarray:
    """Do what `allocate` does in a loop over students, as the rule is read: what most users would write first.

    Parameters
    ----------
    choices, seats : numpy.ndarray
        As for `allocate`.

    Returns
    -------
    numpy.ndarray
        As `allocate` gives it.
    """
    left = seats.tolist()
    found = np.full(len(choices), -1, choices.dtype)
    for student, listed in enumerate(choices.tolist()):
        for option in listed:
            if left[option] > 0:
                left[option] -= 1
                found[student] = option
                break
    return supplement(found, seats)


def supplement(option: np.ndarray, seats: np.ndarray) -> np.ndarray:
    """Give the k-th student without a place the k-th vocational seat that is left.

    Parameters
    ----------
    option : numpy.ndarray
        Option of each student, best student first, -1 for none; changed in place.
    seats : numpy.ndarray
        Seats by option.

    Returns
    -------
    numpy.ndarray
        The same array.
    """
    taken = np.bincount(option[option >= 0], minlength=len(seats))
    left = np.repeat(np.arange(VOCATIONAL_OPTIONS), (seats - taken)[:VOCATIONAL_OPTIONS])
    without = np.flatnonzero(option < 0)[: len(left)]
    option[without] = left[: len(without)]
    return option


@dataclass
class Tally:
    """What a run counts, and its clocks.

    Parameters
    ----------
    students : int
        Students at the start.
    """

    students: int
    student_years: int = 0
    dropouts: int = 0
    placed: int = 0
    left_unplaced: int = 0
    heads: list[np.ndarray] = field(default_factory=list)
    schools: list[np.ndarray] = field(default_factory=list)
    started: tuple[float, float] = (0.0, 0.0)

    def start(self) -> None:
        """Start the clocks."""
        self.started = (time.process_time(), time.perf_counter())

    def record(self, code: np.ndarray, district: np.ndarray, school: np.ndarray) -> None:
        """Count heads by stage, grade and district, and the enrolment of each vocational school.

        Parameters
        ----------
        code, district, school : numpy.ndarray
            One entry for each student of the year's end.
        """
        cells = code.astype(np.int64) * DISTRICTS + district
        self.heads.append(np.bincount(cells, minlength=STAGE_GRADES * DISTRICTS).reshape(STAGE_GRADES, DISTRICTS))
        self.schools.append(np.bincount(school[code // 4 == VOCATIONAL], minlength=VOCATIONAL_SCHOOLS))

    def result(self) -> dict[str, Any]:
        """Stop the clocks and sum up.

        Returns
        -------
        dict
            Times in seconds; counts of students.
        """
        processor, wall = time.process_time() - self.started[0], time.perf_counter() - self.started[1]
        totals = [heads.reshape(5, 4, DISTRICTS).sum(axis=(1, 2)) for heads in self.heads]
        return {
            "students": self.students,
            "student_years": int(self.student_years),
            "cpu_seconds": processor,
            "wall_seconds": wall,
            "stage_totals": totals[-1].tolist(),
            "placed": int(self.placed),
            "dropouts": int(self.dropouts),
            "left_unplaced": int(self.left_unplaced),
            "sv_by_year": [int(total[VOCATIONAL]) for total in totals],
            "sv_in_schools": int(self.schools[-1].sum()),
        }


def reference_run(students: int, years: int, seed: int) -> dict[str, Any]:
    """Run the workload one student at a time, in plain Python: slow, and as close to the rules' words as can be.

    Parameters
    ----------
    students : int
        Students at the start.
    years : int
        School years to run.
    seed : int
        Seed of the random numbers.

    Returns
    -------
    dict
        As `Tally.result` gives it.
    """
    sizes, rng, tally = Sizes(students), random.Random(seed), Tally(students)  # noqa: S311
    columns = initial_students(students, np.random.default_rng(seed))
    live = [list(row) for row in zip(*(column.tolist() for column in columns.values()), strict=True)]
    seats = sizes.seats().tolist()
    tally.start()
    for _ in range(years):
        tally.student_years += len(live)
        live = _reference_year(live, sizes, seats, rng, tally)
        code, district, _score, _preference, school, _field, _track = (
            np.array(column) for column in zip(*live, strict=True)
        )
        tally.record(code, district, school)
    return tally.result()


CODE, DISTRICT, SCORE, PREFERENCE, SCHOOL, FIELD, TRACK = range(7)


def _reference_year(live: list[list[int]], sizes: Sizes, seats: list[int], rng: random.Random, tally: Tally) -> list:
    """Run one year; the list is in the order of the persons' numbers and stays so, which settles ties."""
    stay: dict[int, list[int]] = {}
    finishers: tuple[list[int], ...] = ([], [], [], [], [])
    for person, student in enumerate(live):
        stage, draw = student[CODE] // 4, rng.random()
        drop = DROP[stage] * (1.5 - student[SCORE] / TOP_SCORE)
        if draw < drop:
            tally.dropouts += 1
            continue
        if draw >= drop + REPEAT[stage]:
            if student[CODE] == LAST_GRADE[stage]:
                finishers[stage].append(person)
                continue
            student[CODE] += 1
        stay[person] = student

    _reference_exam([(person, live[person]) for person in finishers[MIDDLE]], seats, rng, tally, stay)

    applicants: list[list[tuple[int, int]]] = [[] for _ in range(FIELDS)]
    for person in finishers[VOCATIONAL]:
        student = live[person]
        if rng.random() < APPLY_BY_TRACK[student[TRACK]]:
            applicants[student[FIELD]].append((-(student[SCORE] + 7501 * student[TRACK]), person))
    for places, ranked in zip(sizes.higher_places().tolist(), applicants, strict=True):
        for _, person in sorted(ranked)[:places]:
            stay[person] = _to_higher(live[person], live[person][FIELD], rng)

    for person in finishers[HIGH]:
        if rng.random() < HIGH_TO_HIGHER:
            stay[person] = _to_higher(live[person], rng.randrange(FIELDS), rng)

    ranked = sorted((-live[person][SCORE], person) for person in finishers[HIGHER] if rng.random() < APPLY_TO_BACHELOR)
    for _, person in ranked[: sizes.bachelor_places]:
        stay[person] = live[person]
        live[person][CODE] = FIRST_GRADE[BACHELOR]

    new = entrants(sizes.entrants, np.random.default_rng(rng.getrandbits(64)))
    rows = [list(row) for row in zip(*(column.tolist() for column in new.values()), strict=True)]
    return [stay[person] for person in sorted(stay)] + rows


def _to_higher(student: list[int], programme: int, rng: random.Random) -> list[int]:
    """Put a student into the first year of a higher vocational college."""
    student[CODE], student[FIELD] = FIRST_GRADE[HIGHER], programme
    student[SCHOOL] = FIRST_HIGHER_SCHOOL + rng.randrange(HIGHER_SCHOOLS)
    return student


def _reference_exam(
    finishers: list[tuple[int, list[int]]],
    seats: list[int],
    rng: random.Random,
    tally: Tally,
    stay: dict[int, list[int]],
) -> None:
    """Hold the exam and give the places, one student after another."""
    left = list(seats)
    for _, student in finishers:
        change = int(600 * (rng.random() + rng.random() - 1) // 1)
        student[SCORE] = min(max(student[SCORE] + change, 0), TOP_SCORE)
    without = []
    given = []
    for person, student in sorted(finishers, key=lambda entry: (-entry[1][SCORE], entry[0])):
        listed = [_reference_choice(student, rng) for _ in range(CHOICES)]
        option = next((option for option in listed if left[option] > 0), -1)
        if option < 0:
            without.append(person)
        else:
            left[option] -= 1
            given.append((person, option))
    spare = [option for option in range(VOCATIONAL_OPTIONS) for _ in range(left[option])]
    given.extend(zip(without, spare, strict=False))
    tally.placed += len(given)
    tally.left_unplaced += max(len(without) - len(spare), 0)
    student_of = dict(finishers)
    for person, option in given:
        student = stay[person] = student_of[person]
        if option < VOCATIONAL_OPTIONS:
            student[CODE] = FIRST_GRADE[VOCATIONAL]
            student[SCHOOL], student[FIELD] = divmod(option, FIELDS)
            student[TRACK] = int(rng.random() < TRACK_SHARE)
        else:
            student[CODE], student[FIELD] = FIRST_GRADE[HIGH], NO_FIELD
            student[SCHOOL] = VOCATIONAL_SCHOOLS + option - VOCATIONAL_OPTIONS


def _reference_choice(student: list[int], rng: random.Random) -> int:
    """Draw one listed option."""
    if rng.random() < student[PREFERENCE] / 256:
        return VOCATIONAL_OPTIONS + GENERAL_PER_DISTRICT * student[DISTRICT] + rng.randrange(GENERAL_PER_DISTRICT)
    return int(VOCATIONAL_OPTIONS * rng.random() ** 2)


def peak_memory() -> int:
    """Give the largest resident memory of this process so far, in bytes; 0 where the system does not tell."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return 1024 * int(line.split()[1])


def main(run: Callable[[int, int, int], dict[str, Any]], warm_up: bool = False) -> None:
    """Run one peer from the command line and print its result as one line of JSON.

    Parameters
    ----------
    run : callable
        The peer: students, years and seed to result.
    warm_up : bool
        Whether to run a tiny population first, for peers that compile at the first call.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--students", type=lambda text: int(float(text)), required=True, help="0: import only")
    parser.add_argument("--years", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if warm_up:
        run(2000, 2, arguments.seed)
    result = run(arguments.students, arguments.years, arguments.seed) if arguments.students else {}
    sys.stdout.write(json.dumps(result | {"peak_bytes": peak_memory()}) + "\n")
