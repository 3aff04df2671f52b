"""The workload in starsim: a module with states on `ss.People`, one distribution for each decision, growth and removal.

Starsim's defaults stay: common random numbers are on, and people who leave keep their place in the arrays.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = os.environ["NUMBA_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
import starsim as ss

from benchmarks.agents import workload as w


class Schooling(ss.Demographics):
    """Students' states and the rules of a year; people's numbers give the order of their making.

    Parameters
    ----------
    students : int
        Students at the start.
    seed : int
        Seed of the initial students and the new ones.
    """

    def __init__(self, students: int, seed: int) -> None:
        super().__init__()
        self.define_states(
            *(ss.IntArr(name) for name in ("code", "district", "score", "preference", "school", "field", "track"))
        )
        self.sizes, self.generator, self.tally = w.Sizes(students), np.random.default_rng(seed), w.Tally(students)
        self.seats, self.places = self.sizes.seats(), self.sizes.higher_places()
        self.event, self.error, self.kind, self.place = ss.random(), ss.random(), ss.random(), ss.random()
        self.takes_track = ss.bernoulli(p=w.TRACK_SHARE)
        self.applies_to_higher, self.applies_to_bachelor = ss.random(), ss.bernoulli(p=w.APPLY_TO_BACHELOR)
        self.moves_to_higher = ss.bernoulli(p=w.HIGH_TO_HIGHER)
        self.higher_field = ss.randint(low=0, high=w.FIELDS)
        self.higher_school = ss.randint(low=w.FIRST_HIGHER_SCHOOL, high=w.FIRST_HIGHER_SCHOOL + w.HIGHER_SCHOOLS)

    def init_post(self) -> None:
        """Give the initial people their states."""
        super().init_post()
        self.enrol(self.sim.people.auids, w.initial_students(self.sizes.students, self.generator))

    def enrol(self, uids: ss.uids, columns: dict[str, np.ndarray]) -> None:
        """Give people the states of drawn students."""
        for name, column in columns.items():
            getattr(self, name)[uids] = column

    def step(self) -> None:
        """Run one year."""
        people = self.sim.people
        uids = people.auids
        self.tally.student_years += len(uids)
        code = self.code[uids]
        draw = self.event.rvs(uids) - w.DROP_BY_CODE[code] * (1.5 - self.score[uids] / w.TOP_SCORE)
        up, is_last = draw >= w.REPEAT_BY_CODE[code], w.IS_LAST_BY_CODE[code]
        dropouts = uids[draw < 0]
        self.tally.dropouts += len(dropouts)
        self.code[uids[up & ~is_last]] += 1
        finish, stage = uids[up & is_last], code[up & is_last] // 4
        people.request_removal(dropouts)
        self.exam(finish[stage == w.MIDDLE])
        self.vocational_to_higher(finish[stage == w.VOCATIONAL])
        self.high_to_higher(finish[stage == w.HIGH])
        self.to_bachelor(finish[stage == w.HIGHER])
        people.request_removal(finish[stage == w.BACHELOR])
        self.enrol(people.grow(self.sizes.entrants), w.entrants(self.sizes.entrants, self.generator))

    def exam(self, uids: ss.uids) -> None:
        """Hold the exam and place those who sit it."""
        change = np.floor(600 * (self.error.rvs(uids) + self.error.rvs(uids) - 1))
        self.score[uids] = np.clip(self.score[uids] + change, 0, w.TOP_SCORE)
        uids = uids[np.argsort(-self.score[uids], kind="stable")]
        kind = np.column_stack([self.kind.rvs(uids) for _ in range(w.CHOICES)])
        place = np.column_stack([self.place.rvs(uids) for _ in range(w.CHOICES)])
        choices = w.list_choices(self.district[uids], self.preference[uids], kind, place)
        option = w.allocate(choices, self.seats)
        self.sim.people.request_removal(uids[option < 0])
        self.tally.left_unplaced += np.count_nonzero(option < 0)
        uids, option = uids[option >= 0], option[option >= 0]
        self.tally.placed += len(uids)
        vocational = option < w.VOCATIONAL_OPTIONS
        self.code[uids] = np.where(vocational, w.FIRST_GRADE[w.VOCATIONAL], w.FIRST_GRADE[w.HIGH])
        general_school = option + (w.VOCATIONAL_SCHOOLS - w.VOCATIONAL_OPTIONS)
        self.school[uids] = np.where(vocational, option // w.FIELDS, general_school)
        self.field[uids] = np.where(vocational, option % w.FIELDS, w.NO_FIELD)
        self.track[uids] = vocational & self.takes_track.rvs(uids)

    def vocational_to_higher(self, uids: ss.uids) -> None:
        """Admit vocational finishers, field by field, the best first."""
        applies = self.applies_to_higher.rvs(uids) < np.take(w.APPLY_BY_TRACK, self.track[uids])
        ranked = uids[applies]
        ranked = ranked[np.argsort(-(self.score[ranked] + 7501 * self.track[ranked]), kind="stable")]
        by_field = [ranked[self.field[ranked] == number][:places] for number, places in enumerate(self.places)]
        self.admit(uids, ss.uids.cat(by_field))

    def high_to_higher(self, uids: ss.uids) -> None:
        """Let a share of high-school finishers enter a higher vocational college."""
        admitted = self.moves_to_higher.filter(uids)
        self.field[admitted] = self.higher_field.rvs(admitted)
        self.admit(uids, admitted)

    def admit(self, uids: ss.uids, admitted: ss.uids) -> None:
        """Put the admitted of the finishers into the first year of a higher vocational college; the others leave."""
        self.sim.people.request_removal(uids.remove(admitted))
        self.code[admitted] = w.FIRST_GRADE[w.HIGHER]
        self.school[admitted] = self.higher_school.rvs(admitted)

    def to_bachelor(self, uids: ss.uids) -> None:
        """Admit the best applicants to bachelor programmes; the others leave."""
        applicants = self.applies_to_bachelor.filter(uids)
        ranked = applicants[np.argsort(-self.score[applicants], kind="stable")]
        admitted = ranked[: self.sizes.bachelor_places]
        self.sim.people.request_removal(uids.remove(admitted))
        self.code[admitted] = w.FIRST_GRADE[w.BACHELOR]

    def update_results(self) -> None:
        """Count heads and enrolment of those who have not left."""
        super().update_results()
        uids = self.sim.people.alive.uids
        self.tally.record(self.code[uids], self.district[uids], self.school[uids])


def run(students: int, years: int, seed: int) -> dict[str, Any]:
    """Run the workload; see `workload.reference_run` for parameters and result."""
    schooling = Schooling(students, seed)
    # Both ends count as points of time, so ten years last nine.
    time = {"start": 2020, "dur": years - 1, "dt": 1}
    sim = ss.Sim(
        n_agents=students, demographics=schooling, rand_seed=seed, verbose=0, use_aging=False, copy_inputs=False, **time
    )
    sim.init()
    schooling.tally.start()
    sim.run()
    return schooling.tally.result()


if __name__ == "__main__":
    w.main(run, warm_up=True)
