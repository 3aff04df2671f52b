"""What the gates brought, school by school: cut-offs, empty seats, first choices, mismatch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from simvet.engines.agents import AgentWorld
from simvet.engines.schools import SECONDARY, Admission, SchoolBook
from simvet.errors import InputError
from simvet.schools import known_fields

if TYPE_CHECKING:
    import pandas


def require_schools(world: AgentWorld) -> AgentWorld:
    """Return a world whose students chose schools; complain if they chose among options alone.

    Parameters
    ----------
    world : AgentWorld.

    Returns
    -------
    AgentWorld.

    Raises
    ------
    InputError : the run had no schools.

    Notes
    -----
    Unit: none. Source: the scenario's choices.
    """
    if not world.books:
        raise InputError(
            "admissions", "this run has no schools", "Run it with schools: synthetic, or with a list of your own"
        )
    return world


def admissions_frame(world: AgentWorld) -> pandas.DataFrame:
    """Return one row for every programme, gate and year.

    Parameters
    ----------
    world : AgentWorld at the end of its run, with schools.

    Returns
    -------
    pandas.DataFrame; columns draw, region, year, gate, option, code, school, synthetic, district, field, seats, placed,
    unfilled, first_choices, cutoff, position. ``cutoff`` is the score quantile among the applicants of the gate that
    the last admitted had, ``position`` that applicant's place 位次 from the top; both empty where seats were left.

    Raises
    ------
    InputError : the run had no schools.

    Notes
    -----
    Unit: persons, share. Source: the gates of the run.
    """
    import pandas as pd  # noqa: PLC0415

    frames = []
    fields = np.array([*known_fields(), ""], dtype=object)
    for (draw, region), book in require_schools(world).books.items():
        codes, names = np.array([*book.codes, ""], dtype=object), np.array([*book.names, ""], dtype=object)
        for (year, position), found in _open(book):
            programmes = found.programmes
            offered = np.flatnonzero((found.seats > 0) | (found.placed > 0))
            school, field = programmes.school[offered], programmes.field[offered]
            options = np.array(book.pathway.gates[position].options, dtype=object)
            frames.append(
                pd.DataFrame(
                    {
                        "draw": draw,
                        "region": world.cases[region].region,
                        "year": year,
                        "gate": book.pathway.gates[position].key,
                        "option": options[programmes.option[offered]],
                        "code": codes[school],
                        "school": names[school],
                        "synthetic": book.list.synthetic,
                        "district": np.where(school >= 0, book.district[school] + 1, 0),
                        "field": fields[field],
                        "seats": found.seats[offered],
                        "placed": found.placed[offered],
                        "unfilled": found.seats[offered] - found.placed[offered],
                        "first_choices": found.first_choices[offered],
                        "cutoff": found.cutoff[offered],
                        "position": found.position[offered],
                    }
                )
            )
    return pd.concat(frames, ignore_index=True)


def matching_frame(world: AgentWorld) -> pandas.DataFrame:
    """Return one row for every gate and year: how well applicants and seats met.

    Parameters
    ----------
    world : AgentWorld at the end of its run, with schools.

    Returns
    -------
    pandas.DataFrame; columns draw, region, year, gate, applicants, listed (those who named a programme),
    placed, first_choice_share (of those listed),
    supplementary, unfilled (seats, elsewhere aside), mismatch_share: of those placed in a programme with a field, the
    part whose home district (entry to senior secondary) or own field (exams for college) is another one; empty at the
    exam for general leavers, who have no field.

    Raises
    ------
    InputError : the run had no schools.

    Notes
    -----
    Unit: persons, share. Source: the gates of the run.
    """
    import pandas as pd  # noqa: PLC0415

    rows = []
    for (draw, region), book in require_schools(world).books.items():
        for (year, position), found in _open(book):
            here = found.programmes.school >= 0
            known = found.with_field > 0 and book.pathway.gates[position].key != "general_exam"
            rows.append(
                (
                    draw, world.cases[region].region, year, book.pathway.gates[position].key, found.applicants,
                    found.listed, int(found.placed.sum()), found.first_served / max(found.listed, 1),
                    found.supplementary,
                    int((found.seats - found.placed)[here].sum()),
                    1.0 - found.in_field / found.with_field if known else np.nan,
                )
            )  # fmt: skip
    columns = ["draw", "region", "year", "gate", "applicants", "listed", "placed", "first_choice_share",
               "supplementary", "unfilled", "mismatch_share"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def schools_frame(world: AgentWorld) -> pandas.DataFrame:
    """Return one row for every school as it stands at the end of the run.

    Parameters
    ----------
    world : AgentWorld at the end of its run, with schools.

    Returns
    -------
    pandas.DataFrame; columns draw, region, code, school, synthetic, stage, district, programmes (with fields), planned
    (first-year seats), enrolment, standing, progression, teachers, equipment (parts of those of all
    vocational schools; empty for others).

    Raises
    ------
    InputError : the run had no schools.

    Notes
    -----
    Unit: persons, standard deviations, shares. Source: the schools' own books.
    """
    import pandas as pd  # noqa: PLC0415

    frames = []
    for (draw, region), book in require_schools(world).books.items():
        count = len(book.stage)
        offered = book.planned >= 1.0
        fields = np.bincount(book.school[offered & (book.field >= 0)], minlength=count)
        frames.append(
            pd.DataFrame(
                {
                    "draw": draw,
                    "region": world.cases[region].region,
                    "code": book.codes,
                    "school": book.names,
                    "synthetic": book.list.synthetic,
                    "stage": [book.stages[number] for number in book.stage],
                    "district": book.district + 1,
                    "programmes": fields,
                    "planned": np.bincount(book.school, book.planned, minlength=count).round(1),
                    "enrolment": book.enrolment,
                    "standing": book.standing,
                    "progression": book.progression,
                    "teachers": np.where(book.stage == SECONDARY, book.teachers, np.nan),
                    "equipment": np.where(book.stage == SECONDARY, book.equipment, np.nan),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def _open(book: SchoolBook) -> Iterator[tuple[tuple[int, int], Admission]]:
    yield from sorted(book.admissions.items())
