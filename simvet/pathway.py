"""Stages, grades, tracks, exits and gates: who may follow whom, read from data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simvet.errors import InputError, nearest


@dataclass(frozen=True)
class Track:
    """A track of a stage: where it stands among all tracks and which cells its grades fill.

    Notes
    -----
    Shape and unit: ``grades`` in years. Errors: none. Source: ``data/pathway.yaml``.
    """

    stage: str
    key: str
    grades: int
    first_cell: int
    labels: Mapping[str, str]

    @property
    def name(self) -> str:
        """Return ``stage/track``, the name used in files."""
        return f"{self.stage}/{self.key}"


@dataclass(frozen=True)
class Gate:
    """One admission gate: a pool of leavers, one exam, and the options that compete for them.

    Notes
    -----
    Shape and unit: none. Errors: none. Source: ``data/pathway.yaml``.
    """

    key: str
    pool: tuple[str, ...]
    options: tuple[str, ...]
    labels: Mapping[str, str]


@dataclass(frozen=True)
class Pathway:
    """The graph that students walk.

    Notes
    -----
    Shape and unit: a cell is one grade of one track; cells are counted in the order of the file. Errors: an unknown
    stage or track is an InputError with the nearest known one. Source: MODEL, section 2.
    """

    stages: tuple[str, ...]
    stage_labels: Mapping[str, Mapping[str, str]]
    tracks: tuple[Track, ...]
    gates: tuple[Gate, ...]
    transfers: tuple[tuple[str, str], ...]
    exit_labels: Mapping[str, Mapping[str, str]]

    @cached_property
    def track_index(self) -> dict[str, int]:
        """Return the position of each ``stage/track``."""
        return {track.name: position for position, track in enumerate(self.tracks)}

    @cached_property
    def stage_index(self) -> dict[str, int]:
        """Return the position of each stage."""
        return {stage: position for position, stage in enumerate(self.stages)}

    @property
    def cells(self) -> int:
        """Return the number of cells (grades of tracks)."""
        return sum(track.grades for track in self.tracks)

    @cached_property
    def first_cell(self) -> NDArray[np.int64]:
        """Return the first cell of each track, shape (track,)."""
        return np.array([track.first_cell for track in self.tracks], dtype=np.int64)

    @cached_property
    def grades(self) -> NDArray[np.int64]:
        """Return the years of each track, shape (track,)."""
        return np.array([track.grades for track in self.tracks], dtype=np.int64)

    @cached_property
    def partner(self) -> NDArray[np.int64]:
        """Return the track that transfers of each track go to, -1 for none, shape (track,)."""
        partner = np.full(len(self.tracks), -1, dtype=np.int64)
        for source, target in self.transfers:
            partner[self.track_index[source]] = self.track_index[target]
        return partner

    @cached_property
    def cell_table(self) -> tuple[tuple[str, str, int], ...]:
        """Return (stage, track, grade) of every cell, grades counted from 1."""
        return tuple((track.stage, track.key, grade + 1) for track in self.tracks for grade in range(track.grades))

    def cells_of(self, track: str) -> slice:
        """Return the cells of a track given as ``stage/track``."""
        found = self.tracks[self.track_index[track]]
        return slice(found.first_cell, found.first_cell + found.grades)

    def stage_tracks(self, stage: str) -> tuple[int, ...]:
        """Return the positions of a stage's tracks."""
        return tuple(position for position, track in enumerate(self.tracks) if track.stage == stage)

    def stage_grades(self, stage: str) -> int:
        """Return the years of a stage's longest track, by which a new school fills."""
        return max(self.tracks[position].grades for position in self.stage_tracks(stage))

    def stage_cells(self, stage: str) -> NDArray[np.int64]:
        """Return the cells of a stage, all tracks."""
        return np.array([cell for cell, row in enumerate(self.cell_table) if row[0] == stage], dtype=np.int64)

    def gate(self, key: str) -> Gate:
        """Return the gate of that key."""
        return next(gate for gate in self.gates if gate.key == key)

    def require_stage(self, stage: str, where: str) -> str:
        """Return the stage if it is on the pathway; complain with the nearest known one if not."""
        if stage not in self.stage_index:
            raise InputError(
                where,
                "stage {stage!r} is not on the pathway",
                "Did you mean {near!r}?",
                stage=stage,
                near=nearest(stage, self.stages),
            )
        return stage


CARRIED: dict[str, int] = {
    "primary/regular": 6, "middle/regular": 3, "general_high/regular": 3, "secondary_vocational/regular": 3,
    "secondary_vocational/integrated_higher": 3, "secondary_vocational/integrated_bachelor": 3,
    "higher_vocational/regular": 3, "higher_vocational/integrated": 2, "vocational_bachelor/regular": 4,
    "vocational_bachelor/topup": 2, "vocational_bachelor/integrated": 4, "bachelor/regular": 4, "bachelor/topup": 2,
    "bachelor/integrated": 4,
}  # fmt: skip
"""Tracks and their years that the opening balance and the engine compute with."""
CARRIED_GATES = ("senior_secondary", "transfer_selection", "topup", "vocational_exam", "general_exam")
"""Gates in the order in which the engine runs them."""


def require_carried(pathway: Pathway, where: str) -> Pathway:
    """Return the pathway if balance and engine carry it; complain about what they would silently get wrong.

    Parameters
    ----------
    pathway : Pathway.
    where : str, the place to name in the complaint.

    Returns
    -------
    Pathway.

    Raises
    ------
    InputError : a track, its years or a gate differs from what is computed.

    Notes
    -----
    Unit: grades in years. Source: CARRIED.
    """
    told = {track.name: track.grades for track in pathway.tracks}
    for name in sorted({*told, *CARRIED}):
        if told.get(name) != CARRIED.get(name):
            raise InputError(
                where, "track {name!r} has {given} grades, the model computes with {wanted}",
                "Restore it, or teach the balance and the engine first", name=name, given=told.get(name, 0),
                wanted=CARRIED.get(name, 0),
            )  # fmt: skip
    gates = tuple(gate.key for gate in pathway.gates)
    if gates != CARRIED_GATES:
        raise InputError(
            where, "the gates are {given}, the model runs {wanted}",
            "Restore them, or teach the balance and the engine first", given=", ".join(gates),
            wanted=", ".join(CARRIED_GATES),
        )  # fmt: skip
    return pathway


def pathway_from(content: Mapping[str, Any]) -> Pathway:
    """Return the pathway that a parsed ``pathway.yaml`` describes.

    Parameters
    ----------
    content : mapping with stages, transfers, gates and exits.

    Returns
    -------
    Pathway.

    Raises
    ------
    KeyError : the file lacks a block; it belongs to the program and is covered by its tests.

    Notes
    -----
    Unit: grades in years. Source: ``data/pathway.yaml``.
    """
    tracks: list[Track] = []
    cell = 0
    for stage in content["stages"]:
        for track in stage["tracks"]:
            grades = int(track["grades"])
            labels = {"zh": str(track["zh"]), "en": str(track["en"])}
            tracks.append(Track(str(stage["key"]), str(track["key"]), grades, cell, labels))
            cell += grades
    gates = tuple(
        Gate(str(g["key"]), tuple(g["pool"]), tuple(g["options"]), {"zh": str(g["zh"]), "en": str(g["en"])})
        for g in content["gates"]
    )
    return Pathway(
        stages=tuple(str(stage["key"]) for stage in content["stages"]),
        stage_labels={str(s["key"]): {"zh": str(s["zh"]), "en": str(s["en"])} for s in content["stages"]},
        tracks=tuple(tracks),
        gates=gates,
        transfers=tuple((str(t["from"]), str(t["to"])) for t in content["transfers"]),
        exit_labels={str(e["key"]): {"zh": str(e["zh"]), "en": str(e["en"])} for e in content["exits"]},
    )
