"""The workload in mesa-frames: a polars agent set in a model, changed by its ``set``, ``remove`` and ``add``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = os.environ["POLARS_MAX_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import numpy as np
import polars as pl
from mesa_frames import AgentSetPolars, ModelDF

from benchmarks.agents import workload as w

DROP = pl.lit(pl.Series(w.DROP_BY_CODE, dtype=pl.Float32))
REPEAT = pl.lit(pl.Series(w.REPEAT_BY_CODE, dtype=pl.Float32))
IS_LAST = pl.lit(pl.Series(w.IS_LAST_BY_CODE))
TRACK = pl.col("track").cast(pl.Int16)
BEST_FIRST = {"descending": [True, False]}


class Students(AgentSetPolars):
    """The agents: one frame, with ``unique_id`` in the order of their making.

    Parameters
    ----------
    model : Schools
        The model they live in.
    """

    def __init__(self, model: Schools) -> None:
        super().__init__(model)
        self.next_id = 0
        self.enrol(w.initial_students(model.sizes.students, model.random))

    def enrol(self, columns: dict[str, np.ndarray]) -> None:
        """Add new students."""
        first, self.next_id = self.next_id, self.next_id + len(columns["code"])
        self.add(pl.DataFrame(columns).with_columns(unique_id=pl.int_range(first, self.next_id)))

    def step(self) -> None:
        """Run one year."""
        model, code, draw = self.model, pl.col("code"), pl.col("draw")
        model.tally.student_years += len(self)
        chance = self.draws(self.agents) - DROP.gather(code) * (1.5 - pl.col("score") / w.TOP_SCORE)
        events = self.agents.with_columns(draw=chance).with_columns(up=draw >= REPEAT.gather(code))
        finish = events.filter("up", IS_LAST.gather(code))
        model.tally.dropouts += events.filter(draw < 0).height
        self["code"] = events.select(pl.when(IS_LAST.gather(code)).then(code).otherwise(code + pl.col("up")))["code"]

        changed = [
            self.exam(finish.filter(code == w.LAST_GRADE[w.MIDDLE])),
            self.vocational_to_higher(finish.filter(code == w.LAST_GRADE[w.VOCATIONAL])),
            self.high_to_higher(finish.filter(code == w.LAST_GRADE[w.HIGH])),
            self.to_bachelor(finish.filter(code == w.LAST_GRADE[w.HIGHER])),
        ]
        schema = {name: self.agents.schema[name] for name in ("unique_id", "code", "score", "school", "field", "track")}
        placed = pl.concat([part.select(*schema).cast(schema) for part in changed])
        self.set({name: placed[name] for name in schema if name != "unique_id"}, mask=placed.select("unique_id"))
        left = finish.join(placed, on="unique_id", how="anti")["unique_id"]
        self.remove(pl.concat([left, events.filter(draw < 0)["unique_id"]]))
        self.enrol(w.entrants(model.sizes.entrants, model.random))

    def draws(self, frame: pl.DataFrame) -> pl.Series:
        """Draw a uniform number for each row."""
        return pl.Series(self.model.random.random(frame.height, dtype=np.float32))

    def exam(self, finish: pl.DataFrame) -> pl.DataFrame:
        """Hold the exam and place those who sit it."""
        model, random = self.model, self.model.random
        change = (600 * (self.draws(finish) + self.draws(finish) - 1)).floor().cast(pl.Int16)
        score = (pl.col("score") + change).clip(0, w.TOP_SCORE)
        finish = finish.with_columns(score).sort("score", "unique_id", **BEST_FIRST)
        shape = (finish.height, w.CHOICES)
        kind, place = random.random(shape, dtype=np.float32), random.random(shape)
        choices = w.list_choices(finish["district"].to_numpy(), finish["preference"].to_numpy(), kind, place)
        options = pl.Series(w.allocate(choices, model.seats))
        option, vocational = pl.col("option"), pl.col("option") < w.VOCATIONAL_OPTIONS
        placed = finish.with_columns(option=options, draw=self.draws(finish)).filter(option >= 0)
        model.tally.placed += placed.height
        model.tally.left_unplaced += finish.height - placed.height
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
            finish.filter(self.draws(finish) < chance)
            .with_columns(key=pl.col("score") + 7501 * TRACK)
            .sort("key", "unique_id", **BEST_FIRST)
            .filter(pl.int_range(pl.len()).over("field") < self.model.places.gather(pl.col("field")))
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
        admitted = applicants.sort("score", "unique_id", **BEST_FIRST).head(self.model.sizes.bachelor_places)
        return admitted.with_columns(code=pl.lit(w.FIRST_GRADE[w.BACHELOR]))


class Schools(ModelDF):
    """The model: seats, quotas and the set of students.

    Parameters
    ----------
    students : int
        Students at the start.
    seed : int
        Seed of the random numbers.
    """

    def __init__(self, students: int, seed: int) -> None:
        super().__init__(seed)
        self.sizes, self.tally = w.Sizes(students), w.Tally(students)
        self.seats, self.places = self.sizes.seats(), pl.lit(pl.Series(self.sizes.higher_places()))
        self.agents += Students(self)

    def step(self) -> None:
        """Run one year and count heads and enrolment."""
        super().step()
        agents = self.get_agents_of_type(Students).agents
        heads = np.zeros((w.STAGE_GRADES, w.DISTRICTS), np.int64)
        counts = agents.group_by("code", "district").len()
        heads[counts["code"].to_numpy(), counts["district"].to_numpy()] = counts["len"].to_numpy()
        schools = np.zeros(w.VOCATIONAL_SCHOOLS, np.int64)
        counts = agents.filter(pl.col("code") // 4 == w.VOCATIONAL).group_by("school").len()
        schools[counts["school"].to_numpy()] = counts["len"].to_numpy()
        self.tally.heads.append(heads)
        self.tally.schools.append(schools)


def run(students: int, years: int, seed: int) -> dict[str, Any]:
    """Run the workload; see `workload.reference_run` for parameters and result."""
    schools = Schools(students, seed)
    schools.tally.start()
    for _ in range(years):
        schools.step()
    return schools.tally.result()


if __name__ == "__main__":
    w.main(run)
