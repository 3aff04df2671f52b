"""The workload in polars: one frame, expressions, lazy where a query has several steps; numpy for the seats alone."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = os.environ["POLARS_MAX_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
import polars as pl

from benchmarks.agents import workload as w

DROP = pl.lit(pl.Series(w.DROP_BY_CODE, dtype=pl.Float32))
REPEAT = pl.lit(pl.Series(w.REPEAT_BY_CODE, dtype=pl.Float32))
IS_LAST = pl.lit(pl.Series(w.IS_LAST_BY_CODE))
TRACK = pl.col("track").cast(pl.Int16)
BEST_FIRST = {"descending": [True, False]}


class Schools:
    """The frame of students and the rules of a year.

    Parameters
    ----------
    students : int
        Students at the start.
    seed : int
        Seed of the random numbers.
    """

    def __init__(self, students: int, seed: int) -> None:
        self.sizes, self.rng, self.tally = w.Sizes(students), np.random.default_rng(seed), w.Tally(students)
        self.seats, self.places = self.sizes.seats(), pl.lit(pl.Series(self.sizes.higher_places()))
        self.next_person = 0
        self.frame = self.numbered(w.initial_students(students, self.rng))

    def numbered(self, columns: dict[str, np.ndarray]) -> pl.DataFrame:
        """Put new students into a frame with their numbers."""
        first, self.next_person = self.next_person, self.next_person + len(columns["code"])
        return pl.DataFrame(columns).with_columns(person=pl.int_range(first, self.next_person))

    def draws(self, frame: pl.DataFrame) -> pl.Series:
        """Draw a uniform number for each row."""
        return pl.Series(self.rng.random(frame.height, dtype=np.float32))

    def year(self) -> None:
        """Run one year."""
        self.tally.student_years += self.frame.height
        code, draw = pl.col("code"), pl.col("draw")
        events = (
            self.frame.lazy()
            .with_columns(draw=self.draws(self.frame) - DROP.gather(code) * (1.5 - pl.col("score") / w.TOP_SCORE))
            .with_columns(up=draw >= REPEAT.gather(code))
            .with_columns(finishes=pl.col("up") & IS_LAST.gather(code))
            .filter(draw >= 0)
            .collect()
        )
        self.tally.dropouts += self.frame.height - events.height
        stay = events.filter(~pl.col("finishes")).with_columns(code + pl.col("up"))
        finish = events.filter("finishes")
        parts = [
            stay,
            self.exam(finish.filter(code == w.LAST_GRADE[w.MIDDLE])),
            self.vocational_to_higher(finish.filter(code == w.LAST_GRADE[w.VOCATIONAL])),
            self.high_to_higher(finish.filter(code == w.LAST_GRADE[w.HIGH])),
            self.to_bachelor(finish.filter(code == w.LAST_GRADE[w.HIGHER])),
            self.numbered(w.entrants(self.sizes.entrants, self.rng)),
        ]
        self.frame = pl.concat([part.select(self.frame.columns).cast(self.frame.schema) for part in parts])
        self.record()

    def exam(self, finish: pl.DataFrame) -> pl.DataFrame:
        """Hold the exam and place those who sit it."""
        change = (600 * (self.draws(finish) + self.draws(finish) - 1)).floor().cast(pl.Int16)
        finish = finish.with_columns((pl.col("score") + change).clip(0, w.TOP_SCORE)).sort(
            "score", "person", **BEST_FIRST
        )
        shape = (finish.height, w.CHOICES)
        kind, place = self.rng.random(shape, dtype=np.float32), self.rng.random(shape)
        choices = w.list_choices(finish["district"].to_numpy(), finish["preference"].to_numpy(), kind, place)
        option, vocational = pl.col("option"), pl.col("option") < w.VOCATIONAL_OPTIONS
        placed = finish.with_columns(option=w.allocate(choices, self.seats), draw=self.draws(finish)).filter(
            option >= 0
        )
        self.tally.placed += placed.height
        self.tally.left_unplaced += finish.height - placed.height
        return placed.with_columns(
            code=pl.when(vocational).then(w.FIRST_GRADE[w.VOCATIONAL]).otherwise(w.FIRST_GRADE[w.HIGH]),
            school=pl.when(vocational)
            .then(option // w.FIELDS)
            .otherwise(option + (w.VOCATIONAL_SCHOOLS - w.VOCATIONAL_OPTIONS)),
            field=pl.when(vocational).then(option % w.FIELDS).otherwise(w.NO_FIELD),
            track=vocational & (pl.col("draw") < w.TRACK_SHARE),
        )

    def vocational_to_higher(self, finish: pl.DataFrame) -> pl.DataFrame:
        """Admit vocational finishers, field by field, the best first."""
        chance = pl.when(TRACK == 1).then(w.APPLY_BY_TRACK[1]).otherwise(w.APPLY_BY_TRACK[0])
        admitted = (
            finish.lazy()
            .filter(self.draws(finish) < chance)
            .with_columns(key=pl.col("score") + 7501 * TRACK)
            .sort("key", "person", **BEST_FIRST)
            .filter(pl.int_range(pl.len()).over("field") < self.places.gather(pl.col("field")))
            .collect()
        )
        return self.admit(admitted)

    def high_to_higher(self, finish: pl.DataFrame) -> pl.DataFrame:
        """Let a share of high-school finishers enter a higher vocational college."""
        admitted = finish.filter(self.draws(finish) < w.HIGH_TO_HIGHER)
        return self.admit(admitted.with_columns(field=(w.FIELDS * self.draws(admitted)).cast(pl.UInt8)))

    def admit(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Put students into the first year of a higher vocational college."""
        school = w.FIRST_HIGHER_SCHOOL + (w.HIGHER_SCHOOLS * self.draws(frame)).cast(pl.Int16)
        return frame.with_columns(code=pl.lit(w.FIRST_GRADE[w.HIGHER]), school=school)

    def to_bachelor(self, finish: pl.DataFrame) -> pl.DataFrame:
        """Admit the best applicants to bachelor programmes."""
        applicants = finish.filter(self.draws(finish) < w.APPLY_TO_BACHELOR)
        admitted = applicants.sort("score", "person", **BEST_FIRST).head(self.sizes.bachelor_places)
        return admitted.with_columns(code=pl.lit(w.FIRST_GRADE[w.BACHELOR]))

    def record(self) -> None:
        """Count heads and enrolment."""
        heads = np.zeros((w.STAGE_GRADES, w.DISTRICTS), np.int64)
        counts = self.frame.group_by("code", "district").len()
        heads[counts["code"].to_numpy(), counts["district"].to_numpy()] = counts["len"].to_numpy()
        schools = np.zeros(w.VOCATIONAL_SCHOOLS, np.int64)
        counts = self.frame.filter(pl.col("code") // 4 == w.VOCATIONAL).group_by("school").len()
        schools[counts["school"].to_numpy()] = counts["len"].to_numpy()
        self.tally.heads.append(heads)
        self.tally.schools.append(schools)


def run(students: int, years: int, seed: int) -> dict[str, Any]:
    """Run the workload; see `workload.reference_run` for parameters and result."""
    schools = Schools(students, seed)
    schools.tally.start()
    for _ in range(years):
        schools.year()
    return schools.tally.result()


if __name__ == "__main__":
    w.main(run)
