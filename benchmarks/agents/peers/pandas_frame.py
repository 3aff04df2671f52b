"""The workload in pandas: one frame, masks, ``sort_values``, ``groupby`` and ``concat``; numpy for the seats alone."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
import pandas as pd

from benchmarks.agents import workload as w


class Schools:
    """The frame of students and the rules of a year; rows stay in the order of the persons' numbers.

    Parameters
    ----------
    students : int
        Students at the start.
    seed : int
        Seed of the random numbers.
    """

    def __init__(self, students: int, seed: int) -> None:
        self.sizes, self.rng, self.tally = w.Sizes(students), np.random.default_rng(seed), w.Tally(students)
        self.seats, self.places = self.sizes.seats(), self.sizes.higher_places()
        self.frame = pd.DataFrame(w.initial_students(students, self.rng))

    def year(self) -> None:
        """Run one year."""
        frame = self.frame
        self.tally.student_years += len(frame)
        draw = self.rng.random(len(frame), dtype=np.float32)
        draw = draw - w.DROP_BY_CODE[frame["code"]] * (1.5 - frame["score"] / w.TOP_SCORE)
        up = draw >= w.REPEAT_BY_CODE[frame["code"]]
        finishes = up & w.IS_LAST_BY_CODE[frame["code"]]
        self.tally.dropouts += int((draw < 0).sum())

        finish = frame[finishes]
        frame["code"] += up
        by_stage = finish.groupby(finish["code"] // 4)
        stages = {stage: by_stage.get_group(stage).copy() for stage in by_stage.groups}
        placed = [
            self.exam(stages[w.MIDDLE]),
            self.vocational_to_higher(stages[w.VOCATIONAL]),
            self.high_to_higher(stages[w.HIGH]),
            self.to_bachelor(stages[w.HIGHER]),
        ]
        stay = pd.concat([frame[(draw >= 0) & ~finishes], *placed]).sort_index()
        new = pd.DataFrame(w.entrants(self.sizes.entrants, self.rng))
        self.frame = pd.concat([stay, new], ignore_index=True)
        self.tally.record(self.frame["code"].values, self.frame["district"].values, self.frame["school"].values)

    def exam(self, finish: pd.DataFrame) -> pd.DataFrame:
        """Hold the exam and place those who sit it."""
        change = np.floor(600 * (self.rng.random(len(finish)) + self.rng.random(len(finish)) - 1)).astype(np.int16)
        finish["score"] = (finish["score"] + change).clip(0, w.TOP_SCORE)
        finish = finish.sort_values("score", ascending=False, kind="stable")
        shape = (len(finish), w.CHOICES)
        kind, place = self.rng.random(shape, dtype=np.float32), self.rng.random(shape)
        choices = w.list_choices(finish["district"].values, finish["preference"].values, kind, place)
        option = w.allocate(choices, self.seats)
        placed, option = finish[option >= 0].copy(), option[option >= 0]
        self.tally.placed += len(placed)
        self.tally.left_unplaced += len(finish) - len(placed)
        vocational = option < w.VOCATIONAL_OPTIONS
        school = np.where(vocational, option // w.FIELDS, option + (w.VOCATIONAL_SCHOOLS - w.VOCATIONAL_OPTIONS))
        placed["code"] = np.where(vocational, w.FIRST_GRADE[w.VOCATIONAL], w.FIRST_GRADE[w.HIGH]).astype(np.uint8)
        placed["school"] = school.astype(np.int16)
        placed["field"] = np.where(vocational, option % w.FIELDS, w.NO_FIELD).astype(np.uint8)
        placed["track"] = (vocational & (self.rng.random(len(placed)) < w.TRACK_SHARE)).astype(np.uint8)
        return placed

    def vocational_to_higher(self, finish: pd.DataFrame) -> pd.DataFrame:
        """Admit vocational finishers, field by field, the best first."""
        applicants = finish[self.rng.random(len(finish)) < np.take(w.APPLY_BY_TRACK, finish["track"])]
        key = applicants["score"] + 7501 * applicants["track"].astype(np.int16)
        ranked = applicants.loc[key.sort_values(ascending=False, kind="stable").index]
        return self.admit(ranked[ranked.groupby("field").cumcount() < self.places[ranked["field"]]].copy())

    def high_to_higher(self, finish: pd.DataFrame) -> pd.DataFrame:
        """Let a share of high-school finishers enter a higher vocational college."""
        admitted = finish[self.rng.random(len(finish)) < w.HIGH_TO_HIGHER].copy()
        admitted["field"] = self.rng.integers(0, w.FIELDS, len(admitted), dtype=np.uint8)
        return self.admit(admitted)

    def admit(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Put students into the first year of a higher vocational college."""
        frame["code"] = np.uint8(w.FIRST_GRADE[w.HIGHER])
        first, last = w.FIRST_HIGHER_SCHOOL, w.FIRST_HIGHER_SCHOOL + w.HIGHER_SCHOOLS
        frame["school"] = self.rng.integers(first, last, len(frame), dtype=np.int16)
        return frame

    def to_bachelor(self, finish: pd.DataFrame) -> pd.DataFrame:
        """Admit the best applicants to bachelor programmes."""
        applicants = finish[self.rng.random(len(finish)) < w.APPLY_TO_BACHELOR]
        ranked = applicants.sort_values("score", ascending=False, kind="stable")
        return ranked.head(self.sizes.bachelor_places).assign(code=np.uint8(w.FIRST_GRADE[w.BACHELOR]))


def run(students: int, years: int, seed: int) -> dict[str, Any]:
    """Run the workload; see `workload.reference_run` for parameters and result."""
    schools = Schools(students, seed)
    schools.tally.start()
    for _ in range(years):
        schools.year()
    return schools.tally.result()


if __name__ == "__main__":
    w.main(run)
