"""The student store: plain columns with compact types, one row for life, appended by entry cohort."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simvet.errors import InputError
from simvet.rules.student_year import BLOCK_BITS, BLOCK_LIMIT, BLOCKS, GONE

Ints = NDArray[np.int64]

KINDS = ("entry", "arrival", "arrival/upper", "joined", "outside/secondary_vocational", "outside/higher_vocational",
         "outside/vocational_bachelor", "outside/bachelor", "adult")  # fmt: skip
"""How a student comes in after the opening; each kind of each year is a block of its own."""
OPENING_BLOCKS = 64
"""Blocks kept for the opening: one for every cell."""
NO_SCHOOL, NO_FIELD = -1, 255

# What ``left`` says of somebody who has gone; the first words are the year's moves of ``student_year``.
LEFT = (
    "", "dropout", "", "departure", "", "declined", "unplaced", "elsewhere", "work_in_region", "work_elsewhere",
    "graduated", "left_before_exam",
)  # fmt: skip
DECLINED, UNPLACED, ELSEWHERE, WORK_HERE, WORK_AWAY, GRADUATED, LEFT_BEFORE_EXAM = range(5, 12)

COLUMNS: dict[str, tuple[type[np.generic], int]] = {
    "cell": (np.uint8, GONE), "left": (np.uint8, 0), "district": (np.uint8, 0), "score": (np.int16, 0),
    "preference": (np.uint8, 0), "school": (np.int16, NO_SCHOOL), "field": (np.uint8, NO_FIELD), "rank": (np.uint8, 0),
    "first_school": (np.int16, NO_SCHOOL), "first_field": (np.uint8, NO_FIELD), "first_rank": (np.uint8, 0),
    "college_school": (np.int16, NO_SCHOOL), "college_field": (np.uint8, NO_FIELD), "college_rank": (np.uint8, 0),
}  # fmt: skip
"""Columns with their type and what stands in a row that nobody has written.

``first_`` keeps senior secondary school once somebody is at college, ``college_`` the college before a top-up.
"""
BYTES = sum(np.dtype(kind).itemsize for kind, _ in COLUMNS.values())
"""Bytes of a student's row, the cells of past years aside."""


@dataclass
class Students:
    """All students of one region in one draw.

    Notes
    -----
    Shape: columns (room,), of which ``rows`` are in use; ``blocks`` (block, 3): first row, row after the last, block
    number. ``past`` holds the cell of every row in every autumn, one array a year; ``changes`` the rows of those who
    changed between general and vocational school in a year, with the school, field and list entry that they had before.
    Unit: none. Errors: InputError where a block would hold too many. Source: MODEL, sections 1 and 4.
    """

    first_year: int
    rows: int = 0
    columns: dict[str, NDArray[Any]] = field(default_factory=dict)
    blocks: list[tuple[int, int, int]] = field(default_factory=list)
    past: dict[int, NDArray[np.uint8]] = field(default_factory=dict)
    changes: dict[int, tuple[Ints, NDArray[np.int16], NDArray[np.uint8], NDArray[np.uint8]]] = field(
        default_factory=dict
    )

    def __post_init__(self) -> None:
        self.columns = {name: np.empty(0, dtype=kind) for name, (kind, _) in COLUMNS.items()}

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Return a column with all its room; rows beyond ``rows`` are empty."""
        return self.columns[name]

    def reserve(self, room: int) -> None:
        """Make room for so many rows in all."""
        if room <= len(self.columns["cell"]):
            return
        for name, (kind, nothing) in COLUMNS.items():
            wider = np.empty(room, dtype=kind)
            wider[: self.rows] = self.columns[name][: self.rows]
            wider[self.rows :] = nothing
            self.columns[name] = wider

    def append(self, number: int, count: int) -> tuple[int, int]:
        """Append a block of students; return its first row and the one after its last.

        Raises
        ------
        InputError : more students enter at once than a block can number.
        """
        if count > BLOCK_LIMIT:
            raise InputError(
                "--engine", "{count} students enter one track in one year", "At most {most}; split the region",
                count=count, most=BLOCK_LIMIT,
            )  # fmt: skip
        first, end = self.rows, self.rows + count
        if end > len(self.columns["cell"]):
            self.reserve(max(end, int(1.2 * len(self.columns["cell"]))))
        self.rows = end
        self.blocks.append((first, end, number))
        return first, end

    def block_number(self, kind: str, year: int) -> int:
        """Return the number of a block, the same under every policy.

        Raises
        ------
        InputError : the horizon is longer than blocks can be numbered.
        """
        number = OPENING_BLOCKS + (year - self.first_year) * len(KINDS) + KINDS.index(kind)
        if number >= BLOCKS:
            most = self.first_year + (BLOCKS - OPENING_BLOCKS) // len(KINDS) - 1
            raise InputError(
                "--until", "year {year} is outside the horizon {first} to {last}", "Choose a year inside it",
                year=year, first=self.first_year, last=most,
            )  # fmt: skip
        return number

    def kind_of(self, number: int) -> str:
        """Return how the students of a block came in: ``opening``, or one of KINDS with the school year."""
        if number < OPENING_BLOCKS:
            return "opening"
        year, kind = divmod(number - OPENING_BLOCKS, len(KINDS))
        return f"{KINDS[kind]} {self.first_year + year}"

    def persons(self, rows: Ints) -> NDArray[np.uint32]:
        """Return the person numbers of rows, the row word of all their random numbers."""
        starts = np.array([block[0] for block in self.blocks], dtype=np.int64)
        numbers = np.array([block[2] for block in self.blocks], dtype=np.int64)
        # Empty blocks start where the next one does; the last that starts at or before a row is its own.
        block = np.searchsorted(starts, rows, side="right") - 1
        return ((numbers[block] << BLOCK_BITS) + rows - starts[block]).astype(np.uint32)

    def row_of(self, person: int) -> int | None:
        """Return the row of a person number, None where there is no such person."""
        number, place = person >> BLOCK_BITS, person & (BLOCK_LIMIT - 1)
        for first, end, block in self.blocks:
            if block == number and first + place < end:
                return first + place
        return None

    def living_blocks(self) -> Ints:
        """Return the blocks that still have somebody in them, shape (block, 3)."""
        cell = self.columns["cell"]
        alive = [block for block in self.blocks if block[1] > block[0] and (cell[block[0] : block[1]] != GONE).any()]
        return np.array(alive, dtype=np.int64).reshape(-1, 3)

    def remember(self, year: int) -> None:
        """Keep where everybody is in an autumn."""
        self.past[year] = self.columns["cell"][: self.rows].astype(np.uint8)
