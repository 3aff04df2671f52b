"""The workload in vivarium: a component with private columns, attribute pipelines for the chances, random streams.

Vivarium's defaults stay: simulants who leave remain in the table, untracked, and a stream draws for a map of ten times
the initial population.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
import pandas as pd
from vivarium import Component, InteractiveContext
from vivarium.framework.engine import Builder
from vivarium.framework.event import Event
from vivarium.framework.population import SimulantData

from benchmarks.agents import workload as w

COLUMNS = ["code", "district", "score", "preference", "school", "field", "track", "is_enrolled"]


class Schooling(Component):
    """Students' columns and the rules of a year; the index gives the order of their making.

    Parameters
    ----------
    students : int
        Students at the start.
    seed : int
        Seed of the initial students and the new ones.
    """

    def __init__(self, students: int, seed: int) -> None:
        super().__init__()
        self.sizes, self.generator, self.tally = w.Sizes(students), np.random.default_rng(seed), w.Tally(students)
        self.seats, self.places = self.sizes.seats(), self.sizes.higher_places()

    def setup(self, builder: Builder) -> None:
        """Register columns, pipelines and streams."""
        stream = builder.randomness.get_stream
        self.event, self.exam_draws, self.higher, self.bachelor = map(stream, ("event", "exam", "higher", "bachelor"))
        self.create_simulants = builder.population.get_simulant_creator()
        builder.population.register_initializer(self.enrol, COLUMNS)
        builder.population.register_tracked_query("is_enrolled == True")
        builder.value.register_attribute_producer(
            "dropout_probability", source=self.dropout_probability, required_resources=["code", "score"]
        )
        builder.value.register_attribute_producer(
            "repeat_probability", source=self.repeat_probability, required_resources=["code"]
        )

    def enrol(self, data: SimulantData) -> None:
        """Give the simulants of the start, and the new ones of a year, their columns."""
        at_start = data.user_data.get("sim_state") == "setup"
        draw = w.initial_students if at_start else w.entrants
        frame = pd.DataFrame(draw(len(data.index), self.generator), index=data.index)
        self.population_view.initialize(frame.assign(is_enrolled=True))

    def dropout_probability(self, index: pd.Index) -> pd.Series:
        """Give the probability to drop out this year."""
        students = self.population_view.get(index, ["code", "score"])
        return w.DROP_BY_CODE[students["code"]] * (1.5 - students["score"] / w.TOP_SCORE)

    def repeat_probability(self, index: pd.Index) -> pd.Series:
        """Give the probability to repeat the grade."""
        code = self.population_view.get(index, "code")
        return pd.Series(w.REPEAT_BY_CODE[code], index=code.index)

    def on_time_step(self, event: Event) -> None:
        """Run one year on a copy of the enrolled students' columns and write it back."""
        names = [*COLUMNS, "dropout_probability", "repeat_probability"]
        students = self.population_view.get(event.index, names)
        self.tally.student_years += len(students)
        draw = self.event.get_draw(students.index) - students["dropout_probability"]
        up = draw >= students["repeat_probability"]
        is_last = pd.Series(w.IS_LAST_BY_CODE[students["code"]], index=students.index)
        self.tally.dropouts += int((draw < 0).sum())
        finish = students[up & is_last].copy()
        students["is_enrolled"] = (draw >= 0) & ~(up & is_last)
        students["code"] += up & ~is_last
        stage = finish["code"] // 4
        placed = pd.concat(
            [
                self.exam(finish[stage == w.MIDDLE].copy()),
                self.vocational_to_higher(finish[stage == w.VOCATIONAL]),
                self.high_to_higher(finish[stage == w.HIGH]),
                self.to_bachelor(finish[stage == w.HIGHER]),
            ]
        )
        students.loc[placed.index, COLUMNS] = placed[COLUMNS]
        self.population_view.update(COLUMNS, lambda _: students[COLUMNS])
        self.create_simulants(self.sizes.entrants, {})

    def exam(self, finish: pd.DataFrame) -> pd.DataFrame:
        """Hold the exam and place those who sit it."""
        draw = self.exam_draws.get_draw
        error = draw(finish.index, "error") + draw(finish.index, "second error") - 1
        finish["score"] = (finish["score"] + np.floor(600 * error)).clip(0, w.TOP_SCORE).astype(np.int16)
        finish = finish.sort_values("score", ascending=False, kind="stable")
        kind = np.column_stack([draw(finish.index, f"kind {choice}") for choice in range(w.CHOICES)])
        place = np.column_stack([draw(finish.index, f"place {choice}") for choice in range(w.CHOICES)])
        option = w.allocate(
            w.list_choices(finish["district"].values, finish["preference"].values, kind, place), self.seats
        )
        placed, option = finish[option >= 0].copy(), option[option >= 0]
        self.tally.placed += len(placed)
        self.tally.left_unplaced += len(finish) - len(placed)
        vocational = option < w.VOCATIONAL_OPTIONS
        school = np.where(vocational, option // w.FIELDS, option + (w.VOCATIONAL_SCHOOLS - w.VOCATIONAL_OPTIONS))
        placed["code"] = np.where(vocational, w.FIRST_GRADE[w.VOCATIONAL], w.FIRST_GRADE[w.HIGH]).astype(np.uint8)
        placed["school"] = school.astype(np.int16)
        placed["field"] = np.where(vocational, option % w.FIELDS, w.NO_FIELD).astype(np.uint8)
        placed["track"] = (vocational & (draw(placed.index, "track") < w.TRACK_SHARE)).astype(np.uint8)
        return placed

    def vocational_to_higher(self, finish: pd.DataFrame) -> pd.DataFrame:
        """Admit vocational finishers, field by field, the best first."""
        applicants = self.higher.filter_for_probability(finish, np.take(w.APPLY_BY_TRACK, finish["track"]), "applies")
        key = applicants["score"] + 7501 * applicants["track"].astype(np.int16)
        ranked = applicants.loc[key.sort_values(ascending=False, kind="stable").index]
        return self.admit(
            ranked[ranked.groupby("field").cumcount() < self.places[ranked["field"]]].copy(), "vocational"
        )

    def high_to_higher(self, finish: pd.DataFrame) -> pd.DataFrame:
        """Let a share of high-school finishers enter a higher vocational college."""
        admitted = self.higher.filter_for_probability(finish, w.HIGH_TO_HIGHER, "moves").copy()
        admitted["field"] = (w.FIELDS * self.higher.get_draw(admitted.index, "field")).astype(np.uint8)
        return self.admit(admitted, "high")

    def admit(self, frame: pd.DataFrame, key: str) -> pd.DataFrame:
        """Put students into the first year of a higher vocational college."""
        school = w.FIRST_HIGHER_SCHOOL + w.HIGHER_SCHOOLS * self.higher.get_draw(frame.index, f"school {key}")
        return frame.assign(code=np.uint8(w.FIRST_GRADE[w.HIGHER]), school=school.astype(np.int16))

    def to_bachelor(self, finish: pd.DataFrame) -> pd.DataFrame:
        """Admit the best applicants to bachelor programmes."""
        applicants = self.bachelor.filter_for_probability(finish, w.APPLY_TO_BACHELOR)
        ranked = applicants.sort_values("score", ascending=False, kind="stable")
        return ranked.head(self.sizes.bachelor_places).assign(code=np.uint8(w.FIRST_GRADE[w.BACHELOR]))

    def on_collect_metrics(self, event: Event) -> None:
        """Count heads and enrolment, new students included."""
        students = self.population_view.get(event.index, ["code", "district", "school"])
        self.tally.record(students["code"].values, students["district"].values, students["school"].values)


def run(students: int, years: int, seed: int) -> dict[str, Any]:
    """Run the workload; see `workload.reference_run` for parameters and result."""
    schooling = Schooling(students, seed)
    configuration = {
        "population": {"population_size": students},
        "randomness": {"random_seed": seed},
        "time": {"step_size": 365},
    }
    simulation = InteractiveContext(components=[schooling], configuration=configuration, logging_verbosity=0)
    schooling.tally.start()
    simulation.take_steps(years, with_logging=False)
    return schooling.tally.result()


if __name__ == "__main__":
    w.main(run)
