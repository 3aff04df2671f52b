"""Synthetic school lists: right in number and seats of a region, invented in everything else, and marked so."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from simvet.draws import Draws
from simvet.errors import InputError, nearest
from simvet.schools import FIELDLESS, LISTS, STAGES, TRACKS, SchoolList, count_of, known_fields
from simvet.tables import home, named_numbers, require_not_negative

PUPILS_STAY = ("general_high", "secondary_vocational")
"""Stages whose seats follow where pupils live; colleges stand where they were founded."""


def synthetic_schools(region: str, seats: Mapping[tuple[str, str], float], draws: Draws) -> SchoolList:
    """Return a list of schools that might be: right in number and seats, invented in everything else.

    Parameters
    ----------
    region : str; a region of ``data/agents/schools.csv``.
    seats : mapping of (stage, track) -> first-year seats of the base year, persons; fractions are dropped, as the
        engines drop them.
    draws : Draws; the list depends on its seed and the region alone.

    Returns
    -------
    SchoolList, marked as synthetic in ``synthetic`` and in every name.

    Raises
    ------
    InputError : a stage or track is unknown, seats are not a number from 0 on, or the region has no counts.

    Notes
    -----
    Shape and unit: see SchoolList; quality is 0, unknown. Source: counts of ``data/agents/schools.csv``, lowered where
    a school would fall below ``least_programme_seats``; log-normal sizes; districts by log-normal weights, after each
    has one school of the stage as far as they reach; the seats of general and vocational schools lie as the districts'
    weights do; fields by systematic sampling with chance proportional to share
    (Madow 1949), so that a field's expected seats are its share; whole seats by largest remainder (Hamilton).
    """
    whole = _whole_seats(region, seats)
    districts = count_of(region, "districts")
    drawn = [_draw_stage(region, stage, districts, totals, draws) for stage, totals in whole.items() if any(totals)]
    sizes = [place.size for place, _ in drawn]
    first = np.cumsum([0, *sizes])
    shifted = (p + np.array([[n], [0], [0], [0]]) for n, (_, p) in zip(first, drawn, strict=False))
    programmes = np.concatenate((np.zeros((4, 0), dtype=np.int64), *shifted), axis=1)
    numbers = range(1, int(first[-1]) + 1)
    return SchoolList(
        region=region, districts=districts, district_names=(), synthetic=True, source=f"synthetic, seed {draws.seed}",
        codes=tuple(f"synthetic-{region}-{n:05d}" for n in numbers),
        names=tuple(f"示例学校 {n:03d}（合成）" for n in numbers),
        stage=np.repeat([STAGES.index(stage) for stage, totals in whole.items() if any(totals)], sizes).astype(np.int8),
        district=np.concatenate([np.zeros(0, np.int64), *(place for place, _ in drawn)]).astype(np.int16),
        quality=np.zeros(len(numbers)),
        programme_school=programmes[0].astype(np.int32), programme_track=programmes[1].astype(np.int8),
        programme_field=programmes[2].astype(np.int16), programme_seats=programmes[3].astype(np.float64),
    )  # fmt: skip


def _whole_seats(region: str, seats: Mapping[tuple[str, str], float]) -> dict[str, list[int]]:
    """Return the whole seats of every track, by stage in the order of STAGES."""
    where = f"schools of {region}: seats"
    known = tuple(f"{stage}/{track}" for stage, tracks in TRACKS.items() for track in tracks)
    for (stage, track), value in seats.items():
        name = f"{stage}/{track}"
        if name not in known:
            raise InputError(
                where, "{kind} {word!r} is unknown", "Did you mean {near!r}? It takes {known}", kind="track", word=name,
                near=nearest(name, known), known=", ".join(known),
            )  # fmt: skip
        if not math.isfinite(value):
            raise InputError(
                where, "{name!r} is {value}, not a number", "Write a finite number", name=name, value=value
            )
        require_not_negative(name, value, where)
    return {stage: [int(seats.get((stage, track), 0.0)) for track in TRACKS[stage]] for stage in STAGES}


def _draw_stage(
    region: str, stage: str, districts: int, totals: list[int], draws: Draws
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the districts of a stage's schools, and (school, track, field, seats) by programme, shape (4, n)."""
    named, key = named_numbers(home() / LISTS), f"{region}/{stage}"
    # With at least two seats a programme, no stage has more programmes than seats.
    least = max(named["least_programme_seats"].value, 2.0)
    count = max(1, min(count_of(region, "schools", stage), int(max(totals) / least)))
    if stage == "general_high":
        count = max(count, min(districts, max(totals)))
    size = np.exp(named["school_size_spread"].value * draws.normal("school", 0, f"{key}/size", count))
    place = _draw_districts(region, key, count, districts, named["district_size_spread"].value, draws)
    if stage in PUPILS_STAY:
        # Where the pupils live, their schools are: what is large within a district is drawn, not the district's part.
        weight = _district_weights(region, districts, named["district_size_spread"].value, draws)
        held_by = np.bincount(place, size, minlength=districts)
        size *= weight[place] / held_by[place]
    size /= size.sum()
    fields, slots = np.full((count, 1), -1), np.ones(count, dtype=np.int64)
    if stage not in FIELDLESS:
        # A school twice the mean offers 1.4 times the fields, as its programmes are larger, too.
        wanted = np.rint(named[f"fields_per_school_{stage}"].value * np.sqrt(size * count))
        slots = np.clip(wanted, 1, np.maximum(1, max(totals) * size // least)).astype(np.int64)
        fields = _draw_fields(key, stage, slots, draws)
    found = []
    for number, (track, total) in enumerate(zip(TRACKS[stage], totals, strict=True)):
        if total:
            part = 1.0 if track == "regular" else named[f"part_of_schools_{track}"].value
            offers = count if total == max(totals) else max(1, min(math.ceil(part * count), int(total / least)))
            # The smallest of exponential times by size: a large school is likelier to offer a track.
            times = -np.log(draws.uniform("school", 0, f"{key}/{track}", count)) / size
            rows = np.sort(np.argsort(times, kind="stable")[:offers])
            expected = total * size[rows] / size[rows].sum()
            used = np.clip(expected // least, 1, slots[rows]).astype(np.int64)
            filled = np.arange(fields.shape[1]) < used[:, None]
            pairs = np.stack((np.repeat(rows, used), fields[rows][filled]))
            pairs, at = np.unique(pairs, axis=1, return_inverse=True)
            weight = np.bincount(at.ravel(), np.repeat(expected / used, used)).astype(np.float64)
            held = _share_out(total, weight)
            found.append(np.stack((pairs[0], np.full(held.size, number), pairs[1], held)))
    programmes = np.concatenate(found, axis=1)
    order = np.lexsort((programmes[2], programmes[1], programmes[0]))
    return place, programmes[:, order]


def _draw_fields(key: str, stage: str, slots: NDArray[np.int64], draws: Draws) -> NDArray[np.int64]:
    """Return the field of every slot of every school, shape (school, slot); a large field may fill several slots."""
    fields = known_fields().values()
    share = np.array([f.share[0] if stage == "secondary_vocational" else f.share_college[0] for f in fields])
    luck = draws.uniform("school", 0, f"{key}/order", slots.size * share.size).reshape(slots.size, share.size)
    order = np.argsort(luck, axis=1, kind="stable")
    ends = np.cumsum(share[order], axis=1)
    start = draws.uniform("school", 0, f"{key}/start", slots.size)
    # Points spread evenly over the circle of shares: each of them alone meets a field with chance equal to its share.
    points = (start[:, None] + np.arange(slots.max()) / slots[:, None]) % 1.0
    found = (ends[:, None, :] <= points[:, :, None]).sum(axis=2).clip(max=share.size - 1)
    drawn: NDArray[np.int64] = np.take_along_axis(order, found, axis=1)
    return drawn


def _district_weights(region: str, districts: int, spread: float, draws: Draws) -> NDArray[np.float64]:
    """Return how large each district is against the others, the same for every stage, shape (district,)."""
    return np.asarray(np.exp(spread * draws.normal("school", 0, f"{region}/district", districts)), dtype=np.float64)


def _draw_districts(
    region: str, key: str, count: int, districts: int, spread: float, draws: Draws
) -> NDArray[np.int64]:
    """Return the districts of a stage's schools in rising order: one school each first, the rest by weight."""
    weight = _district_weights(region, districts, spread, draws)
    first = np.argsort(draws.uniform("school", 0, f"{key}/first", districts), kind="stable")[:count]
    luck = draws.uniform("school", 0, f"{key}/district", max(count - districts, 0))
    rest = np.searchsorted(np.cumsum(weight)[:-1], luck * weight.sum(), side="right")
    return np.sort(np.concatenate((first, rest))).astype(np.int64)


def _share_out(total: int, weight: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return whole seats that add up to a total, one for each and the rest by largest remainder of the weights."""
    exact = (total - weight.size) * weight / weight.sum()
    seats: NDArray[np.int64] = np.floor(exact).astype(np.int64) + 1
    left = total - int(seats.sum())
    seats[np.argsort(seats - 1 - exact, kind="stable")[:left]] += 1
    return seats
