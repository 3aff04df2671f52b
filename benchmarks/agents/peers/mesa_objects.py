"""The workload in mesa: one agent object for each student, with its own step; the model holds the exam."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import mesa
import numpy as np

from benchmarks.agents import workload as w


class Student(mesa.Agent):
    """A student; mesa numbers them in the order of their making.

    Parameters
    ----------
    model : mesa.Model
        The model the student lives in.
    **columns : int
        The student's attributes, as `workload.draw_students` names them.
    """

    def __init__(self, model: Schools, **columns: int) -> None:
        super().__init__(model)
        self.__dict__.update(columns)

    def step(self) -> None:
        """Drop out, repeat, be promoted or finish the stage."""
        stage, draw = self.code // 4, self.random.random()
        drop = w.DROP[stage] * (1.5 - self.score / w.TOP_SCORE)
        if draw < drop:
            self.model.tally.dropouts += 1
            self.remove()
        elif draw >= drop + w.REPEAT[stage]:
            if self.code == w.LAST_GRADE[stage]:
                self.model.finishers[stage].append(self)
            else:
                self.code += 1

    def sit_exam(self) -> None:
        """Move the score by a triangular error."""
        change = int(600 * (self.random.random() + self.random.random() - 1) // 1)
        self.score = min(max(self.score + change, 0), w.TOP_SCORE)

    def choose(self, seats: list[int]) -> int:
        """Give the first of six listed options that has a seat left, -1 for none."""
        draw, share = self.random.random, self.preference / 256
        for _ in range(w.CHOICES):
            if draw() < share:
                school = w.GENERAL_PER_DISTRICT * self.district + int(w.GENERAL_PER_DISTRICT * draw())
                option = w.VOCATIONAL_OPTIONS + school
            else:
                option = int(w.VOCATIONAL_OPTIONS * draw() ** 2)
            if seats[option]:
                return option
        return -1

    def enter(self, option: int) -> None:
        """Enter the school and programme of an option of the exam."""
        if option < w.VOCATIONAL_OPTIONS:
            self.code = w.FIRST_GRADE[w.VOCATIONAL]
            self.school, self.field = divmod(option, w.FIELDS)
            self.track = int(self.random.random() < w.TRACK_SHARE)
        else:
            self.code, self.field = w.FIRST_GRADE[w.HIGH], w.NO_FIELD
            self.school = w.VOCATIONAL_SCHOOLS + option - w.VOCATIONAL_OPTIONS

    def enter_higher(self) -> None:
        """Enter a higher vocational college."""
        self.code = w.FIRST_GRADE[w.HIGHER]
        self.school = w.FIRST_HIGHER_SCHOOL + int(w.HIGHER_SCHOOLS * self.random.random())


def best_first(student: Student) -> tuple[int, int]:
    """Sort by score, then by number."""
    return -student.score, student.unique_id


class Schools(mesa.Model):
    """The model: students, seats and quotas.

    Parameters
    ----------
    students : int
        Students at the start.
    seed : int
        Seed of the random numbers.
    """

    def __init__(self, students: int, seed: int) -> None:
        super().__init__(seed=seed)
        self.sizes, self.tally = w.Sizes(students), w.Tally(students)
        self.seats, self.places = self.sizes.seats().tolist(), self.sizes.higher_places().tolist()
        self.finishers: list[list[Student]] = []
        self.add(w.initial_students(students, self.rng))

    def add(self, columns: dict[str, np.ndarray]) -> None:
        """Make agents of drawn students."""
        Student.create_agents(self, len(columns["code"]), **{name: column.tolist() for name, column in columns.items()})

    def step(self) -> None:
        """Run one year."""
        self.tally.student_years += len(self.agents)
        self.finishers = [[] for _ in w.STAGES]
        self.agents.do("step")
        self.hold_exam()
        self.vocational_to_higher()
        self.high_to_higher()
        self.to_bachelor()
        for student in self.finishers[w.BACHELOR]:
            student.remove()
        self.add(w.entrants(self.sizes.entrants, self.rng))
        self.tally.record(*(np.array(self.agents.get(name)) for name in ("code", "district", "school")))

    def hold_exam(self) -> None:
        """Hold the exam and give the places in the order of the scores."""
        seats, without = list(self.seats), []
        for student in self.finishers[w.MIDDLE]:
            student.sit_exam()
        for student in sorted(self.finishers[w.MIDDLE], key=best_first):
            option = student.choose(seats)
            if option < 0:
                without.append(student)
                continue
            seats[option] -= 1
            student.enter(option)
        spare = [option for option in range(w.VOCATIONAL_OPTIONS) for _ in range(seats[option])]
        for student, option in zip(without, spare, strict=False):
            student.enter(option)
        for student in without[len(spare) :]:
            student.remove()
        left = max(len(without) - len(spare), 0)
        self.tally.left_unplaced += left
        self.tally.placed += len(self.finishers[w.MIDDLE]) - left

    def vocational_to_higher(self) -> None:
        """Admit vocational finishers, field by field, the best first."""
        left = list(self.places)
        ranked = sorted(
            self.finishers[w.VOCATIONAL],
            key=lambda student: (-(student.score + 7501 * student.track), student.unique_id),
        )
        for student in ranked:
            if self.random.random() < w.APPLY_BY_TRACK[student.track] and left[student.field]:
                left[student.field] -= 1
                student.enter_higher()
            else:
                student.remove()

    def high_to_higher(self) -> None:
        """Let a share of high-school finishers enter a higher vocational college."""
        for student in self.finishers[w.HIGH]:
            if self.random.random() < w.HIGH_TO_HIGHER:
                student.field = self.random.randrange(w.FIELDS)
                student.enter_higher()
            else:
                student.remove()

    def to_bachelor(self) -> None:
        """Admit the best applicants to bachelor programmes."""
        places = self.sizes.bachelor_places
        for student in sorted(self.finishers[w.HIGHER], key=best_first):
            if places and self.random.random() < w.APPLY_TO_BACHELOR:
                places -= 1
                student.code = w.FIRST_GRADE[w.BACHELOR]
            else:
                student.remove()


def run(students: int, years: int, seed: int) -> dict[str, Any]:
    """Run the workload; see `workload.reference_run` for parameters and result."""
    schools = Schools(students, seed)
    schools.tally.start()
    for _ in range(years):
        schools.step()
    return schools.tally.result()


if __name__ == "__main__":
    w.main(run)
