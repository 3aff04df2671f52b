"""The workload in laser-core: a `LaserFrame` of students, a `PropertySet` of parameters, kernels compiled by numba."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = os.environ["NUMBA_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numba as nb
import numpy as np
from laser.core import LaserFrame, PropertySet
from laser.core.random import seed as seed_generators

from benchmarks.agents import workload as w

REMAINS, LEAVES, FINISHES = 0, 1, 2
MIDDLE_END, VOCATIONAL_END, HIGH_END, HIGHER_END, _ = w.LAST_GRADE
VOCATIONAL_START, HIGH_START, HIGHER_START = w.FIRST_GRADE[w.VOCATIONAL], w.FIRST_GRADE[w.HIGH], w.FIRST_GRADE[w.HIGHER]


@nb.njit(parallel=True, nogil=True)
def progress(count, code, score, drop, repeat, is_last, outcome):
    """Let each student drop out, repeat, be promoted or finish the stage."""
    dropouts = 0
    for agent in nb.prange(count):
        stage_grade = code[agent]
        draw = np.random.random()  # noqa: NPY002 - what compiled code offers
        draw -= drop[stage_grade] * (1.5 - score[agent] / w.TOP_SCORE)
        outcome[agent] = REMAINS
        if draw < 0:
            outcome[agent] = LEAVES
            dropouts += 1
        elif draw >= repeat[stage_grade]:
            if is_last[stage_grade]:
                outcome[agent] = FINISHES
            else:
                code[agent] = stage_grade + 1
    return dropouts


@nb.njit(nogil=True)
def sit_exam(agents, score):
    """Move each score by a triangular error."""
    for agent in agents:
        change = np.floor(600 * (np.random.random() + np.random.random() - 1))  # noqa: NPY002
        score[agent] = min(max(score[agent] + change, 0), w.TOP_SCORE)


@nb.njit(nogil=True)
def place(agents, seats, code, district, preference, school, field, track, outcome):
    """Give each agent, in order, the first listed option that has a seat left, then what vocational seats remain."""
    without = np.empty(len(agents), np.int64)
    unplaced = 0
    for agent in agents:
        option = -1
        for _ in range(w.CHOICES):
            if np.random.random() * 256 < preference[agent]:  # noqa: NPY002
                option = w.VOCATIONAL_OPTIONS + w.GENERAL_PER_DISTRICT * district[agent]
                option += int(w.GENERAL_PER_DISTRICT * np.random.random())  # noqa: NPY002
            else:
                option = int(w.VOCATIONAL_OPTIONS * np.random.random() ** 2)  # noqa: NPY002
            if seats[option] > 0:
                break
            option = -1
        if option < 0:
            without[unplaced] = agent
            unplaced += 1
        else:
            enter(agent, option, seats, code, school, field, track, outcome)
    option = placed = 0
    while placed < unplaced and option < w.VOCATIONAL_OPTIONS:
        if seats[option] > 0:
            enter(without[placed], option, seats, code, school, field, track, outcome)
            placed += 1
        else:
            option += 1
    return unplaced - placed


@nb.njit(nogil=True)
def enter(agent, option, seats, code, school, field, track, outcome):
    """Take a seat of an option."""
    seats[option] -= 1
    outcome[agent] = REMAINS
    if option < w.VOCATIONAL_OPTIONS:
        code[agent] = VOCATIONAL_START
        school[agent] = option // w.FIELDS
        field[agent] = option % w.FIELDS
        track[agent] = np.random.random() < w.TRACK_SHARE  # noqa: NPY002
    else:
        code[agent] = HIGH_START
        school[agent] = w.VOCATIONAL_SCHOOLS + option - w.VOCATIONAL_OPTIONS
        field[agent] = w.NO_FIELD


@nb.njit(nogil=True)
def admit(agents, places, code, school, field, outcome):
    """Admit agents, in order, to higher vocational colleges while their field has places left."""
    for agent in agents:
        if places[field[agent]] > 0:
            places[field[agent]] -= 1
            outcome[agent] = REMAINS
            code[agent] = HIGHER_START
            school[agent] = w.FIRST_HIGHER_SCHOOL + int(w.HIGHER_SCHOOLS * np.random.random())  # noqa: NPY002


@nb.njit(nogil=True)
def count_heads(count, code, district, school, heads, schools):
    """Count heads by stage, grade and district, and enrolment by vocational school."""
    for agent in range(count):
        heads[code[agent], district[agent]] += 1
        if code[agent] // 4 == w.VOCATIONAL:
            schools[school[agent]] += 1


class Schools:
    """The frame of students and the components that act on it each year.

    Parameters
    ----------
    students : int
        Students at the start.
    seed : int
        Seed of the random numbers.
    """

    def __init__(self, students: int, seed: int) -> None:
        self.rng, self.sizes, self.tally = seed_generators(seed), w.Sizes(students), w.Tally(students)
        self.parameters = PropertySet(
            {
                "drop": w.DROP_BY_CODE,
                "repeat": w.REPEAT_BY_CODE,
                "is_last": w.IS_LAST_BY_CODE,
                "apply_by_track": np.array(w.APPLY_BY_TRACK),
                "seats": self.sizes.seats(),
                "places": self.sizes.higher_places(),
            }
        )
        columns = w.initial_students(students, self.rng)
        self.people = LaserFrame(capacity=int(1.3 * students), initial_count=students)
        for name, column in columns.items():
            self.people.add_scalar_property(name, dtype=column.dtype)
            getattr(self.people, name)[:] = column
        self.people.add_scalar_property("outcome", dtype=np.uint8)

    def year(self) -> None:
        """Run one year; the frame keeps the order of the agents' making, so stable sorts settle ties."""
        people, parameters = self.people, self.parameters
        self.tally.student_years += people.count
        chances = parameters.drop, parameters.repeat, parameters.is_last
        self.tally.dropouts += progress(people.count, people.code, people.score, *chances, people.outcome)
        finish = np.flatnonzero(people.outcome == FINISHES)
        code = people.code[finish]
        self.exam(finish[code == MIDDLE_END])
        self.to_higher(finish[code == VOCATIONAL_END], finish[code == HIGH_END])
        self.to_bachelor(finish[code == HIGHER_END])
        people.squash(people.outcome == REMAINS)
        start, end = people.add(self.sizes.entrants)
        for name, column in w.entrants(self.sizes.entrants, self.rng).items():
            getattr(people, name)[start:end] = column
        heads = np.zeros((w.STAGE_GRADES, w.DISTRICTS), np.int64)
        schools = np.zeros(w.VOCATIONAL_SCHOOLS, np.int64)
        count_heads(people.count, people.code, people.district, people.school, heads, schools)
        self.tally.heads.append(heads)
        self.tally.schools.append(schools)

    def exam(self, agents: np.ndarray) -> None:
        """Hold the exam and place those who sit it."""
        people = self.people
        sit_exam(agents, people.score)
        ranked = agents[np.argsort(-people.score[agents], kind="stable")]
        student = people.code, people.district, people.preference
        unplaced = place(
            ranked, self.parameters.seats.copy(), *student, people.school, people.field, people.track, people.outcome
        )
        self.tally.left_unplaced += unplaced
        self.tally.placed += len(agents) - unplaced

    def to_higher(self, vocational: np.ndarray, high: np.ndarray) -> None:
        """Admit vocational finishers by quota and a share of the high-school finishers."""
        people = self.people
        track = people.track[vocational]
        applies = self.rng.random(len(vocational)) < self.parameters.apply_by_track[track]
        key = people.score[vocational] + 7501 * track.astype(np.int16)
        ranked = np.argsort(-key, kind="stable")
        ranked = vocational[ranked[applies[ranked]]]
        columns = people.code, people.school, people.field, people.outcome
        admit(ranked, self.parameters.places.copy(), *columns)
        chosen = high[self.rng.random(len(high)) < w.HIGH_TO_HIGHER]
        people.field[chosen] = self.rng.integers(0, w.FIELDS, len(chosen))
        admit(chosen, np.full(w.FIELDS, len(chosen)), *columns)

    def to_bachelor(self, agents: np.ndarray) -> None:
        """Admit the best applicants to bachelor programmes."""
        people = self.people
        applicants = agents[self.rng.random(len(agents)) < w.APPLY_TO_BACHELOR]
        ranked = applicants[np.argsort(-people.score[applicants], kind="stable")]
        admitted = ranked[: self.sizes.bachelor_places]
        people.code[admitted], people.outcome[admitted] = w.FIRST_GRADE[w.BACHELOR], REMAINS


def run(students: int, years: int, seed: int) -> dict[str, Any]:
    """Run the workload; see `workload.reference_run` for parameters and result."""
    schools = Schools(students, seed)
    schools.tally.start()
    for _ in range(years):
        schools.year()
    return schools.tally.result()


if __name__ == "__main__":
    w.main(run, warm_up=True)
