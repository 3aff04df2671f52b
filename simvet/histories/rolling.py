"""Rolling-origin hindcasts: at every origin only what was known then, beside the plain methods."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simvet.errors import InputError
from simvet.histories.bands import Experience, widened
from simvet.histories.components import Floats
from simvet.histories.outlook import LEAST_YEARS_FIT, Outlook, Series, outlook, sight_of
from simvet.histories.plain import plain_forecasts
from simvet.histories.table import History, history_of

QUANTILES = (0.1, 0.5, 0.9)
OURS = "simvet"
"""Name of the model among the methods."""
Tell = Callable[[int, int], None]


@dataclass(frozen=True)
class Hindcast:
    """What would have been said at each origin, and what came.

    Notes
    -----
    Shape: ``foretold`` maps a method to (origin, region, series, lead); ``bands`` (quantile, origin, region, series,
    lead) those of the model; ``came`` (origin, region, series, lead), NaN where it is not known. Unit: persons,
    persons/year. Errors: none. Source: :func:`hindcast`.
    """

    name: str
    kind: str
    regions: tuple[str, ...]
    origins: tuple[int, ...]
    series: tuple[Series, ...]
    leads: int
    foretold: Mapping[str, Floats]
    bands: Floats
    came: Floats
    sizes: Floats


def hindcast(
    history: History, leads: int = 10, draws: int = 400, seed: int = 1, first: int | None = None,
    tell: Tell | None = None,
) -> Hindcast:  # fmt: skip
    """Foretell a history from each of its years, each time with what was known by then alone.

    Parameters
    ----------
    history : History.
    leads : int, most years ahead.
    draws : int.
    seed : int.
    first : int, optional; first origin, by default the first with four years behind it.
    tell : callable, optional; is told the origins done and all of them.

    Returns
    -------
    Hindcast.

    Raises
    ------
    InputError : the history has no year after its first origin.

    Notes
    -----
    Unit: persons. The scale of the bands at an origin comes from the errors that were visible by then. Source: MODEL,
    section 9; Tashman, Out-of-sample tests of forecasting accuracy (2000).
    """
    origins = _origins(history, first)
    truth = sight_of(history)
    shape = (len(origins), len(history.regions), len(truth.series), leads)
    came, bands = np.full(shape, np.nan), np.full((len(QUANTILES), *shape), np.nan)
    foretold: dict[str, Floats] = {}
    memory = _Memory(Experience(history.kind))
    for origin in _earlier(history) if first is None else ():
        memory.learn(history.until(origin, 1))
        memory.keep(outlook(history.until(origin, LEAST_YEARS_FIT), leads, draws, seed))
    for place, origin in enumerate(origins):
        memory.learn(history.until(origin, 1))
        known = history.until(origin, LEAST_YEARS_FIT)
        view = outlook(known, leads, draws, seed)
        memory.keep(view)
        here_in, to = _places(view, history.regions, truth.series)
        at = np.ix_([place], to[0], to[1], range(leads))
        here = banded(view, memory.experience)
        foretold.setdefault(OURS, np.full(shape, np.nan))[at] = view.middle[here_in][None]
        for k in range(len(QUANTILES)):
            bands[k][at] = here[k][here_in][None]
        for method, values in plain_forecasts(known, leads).items():
            foretold.setdefault(method, np.full(shape, np.nan))[at] = values[here_in][None]
        offset = origin - history.years[0]
        ahead = truth.counts[:, :, offset + 1 : offset + 1 + leads]
        came[place, :, :, : ahead.shape[2]] = np.where(ahead > 0, ahead, np.nan)
        if tell:
            tell(place + 1, len(origins))
    sizes = np.nanmean(history.enrolment, axis=(1, 2))
    return Hindcast(
        history.name, history.kind, history.regions, origins, truth.series, leads, foretold, bands, came, sizes
    )


def _places(
    view: Outlook, regions: tuple[str, ...], series: tuple[Series, ...]
) -> tuple[tuple[NDArray[np.int64], ...], tuple[list[int], list[int]]]:
    """Return where regions and series that a view shares with some others stand in it, and where among those.

    What was in the file then may be in it no more: a region that is refused later, and what it alone has.
    """
    rows = [k for k, region in enumerate(view.regions) if region in regions]
    columns = [k for k, one in enumerate(view.series) if one in series]
    to = [regions.index(view.regions[k]) for k in rows], [series.index(view.series[k]) for k in columns]
    return np.ix_(rows, columns), to


@dataclass(frozen=True)
class _Said:
    """What an outlook said, without its draws."""

    origin: int
    regions: tuple[str, ...]
    series: tuple[Series, ...]
    middle: Floats
    deviation: Floats
    small: NDArray[np.bool_]


@dataclass
class _Memory:
    """Outlooks from earlier origins, and what their errors taught: only what stood in the file of that year."""

    experience: Experience
    said: list[_Said] = field(default_factory=list)
    learnt: int | None = None

    def keep(self, view: Outlook) -> None:
        """Keep an outlook."""
        self.said.append(_Said(view.origin, view.regions, view.series, view.middle, view.deviation, view.small))

    def learn(self, known: History) -> None:
        """Learn from the errors that show since the last year that was learnt from, by what is known by now."""
        now = known.years[-1]
        last = now - 1 if self.learnt is None else self.learnt
        sight = sight_of(known)
        for said in self.said:
            for column, one in enumerate(said.series):
                # Graduates beside a grade leave after the year that they stand beside, and are counted in the next.
                late = int(known.kind == "grades" and one.measure == "graduates")
                for year in range(max(last + 1 - late, said.origin + 1), now + 1 - late):
                    if year - said.origin <= said.middle.shape[2] and one in sight.series:
                        came = sight.counts[:, sight.series.index(one), year - known.years[0]]
                        self._add(said, column, year, dict(zip(known.regions, came, strict=True)), now)
        self.learnt = now

    def _add(self, said: _Said, column: int, year: int, came: Mapping[str, float], now: int) -> None:
        lead = year - said.origin
        counts = np.array([came.get(region, np.nan) for region in said.regions])
        with np.errstate(invalid="ignore", divide="ignore"):
            errors = np.log(np.where(counts > 0, counts, np.nan) / said.middle[:, column, lead - 1])
        errors = errors / np.maximum(said.deviation[:, column, lead - 1], 1e-6)
        self.experience.add(said.series[column], lead, now, errors, said.small)


def banded(view: Outlook, experience: Experience) -> Floats:
    """Return the quantiles of an outlook, its spread scaled by experience; (quantile, region, series, lead)."""
    drawn = scaled_draws(view, experience)
    with np.errstate(invalid="ignore"):
        return np.quantile(drawn, QUANTILES, axis=0)


def scaled_draws(view: Outlook, experience: Experience) -> Floats:
    """Return the draws of an outlook, their spread scaled by experience; (draw, region, series, lead), persons."""
    leads = range(1, view.middle.shape[2] + 1)
    by_size = [
        np.array([[experience.scale(one, lead, view.origin, size) for lead in leads] for one in view.series])
        for size in (False, True)
    ]
    return widened(view.drawn, view.middle, np.where(view.small[:, None, None], by_size[1], by_size[0]))


def foresight(
    history: History, leads: int = 10, draws: int = 400, seed: int = 1, tell: Tell | None = None
) -> tuple[Outlook, Floats]:
    """Return what a history lets one expect after its last year, with draws that experience has scaled.

    Parameters
    ----------
    history : History.
    leads : int, years ahead.
    draws : int.
    seed : int.
    tell : callable, optional; is told the origins done and all of them.

    Returns
    -------
    (Outlook, (draw, region, series, lead) array of persons).

    Notes
    -----
    Every earlier year of the history is an origin first, so that the bands are those that would have been right.
    Unit: persons. Errors: none beyond those of ``outlook``. Source: MODEL, sections 7 and 9.
    """
    memory = _Memory(Experience(history.kind))
    origins = (*_earlier(history), *_usable(history, history.years[0] + LEAST_YEARS_FIT - 1))
    for place, origin in enumerate(origins):
        memory.learn(history.until(origin, 1))
        memory.keep(outlook(history.until(origin, LEAST_YEARS_FIT), leads, draws, seed))
        if tell:
            tell(place + 1, len(origins))
    memory.learn(history_of(history.record, 1))
    view = outlook(history, leads, draws, seed)
    return view, scaled_draws(view, memory.experience)


def _origins(history: History, first: int | None) -> tuple[int, ...]:
    earliest = history.years[0] + LEAST_YEARS_FIT - 1
    start = earliest if first is None else first
    found = _usable(history, start)
    if start < earliest or not found:
        raise InputError(
            history.name, "no origin from {start} on: years {first} to {last}, four of them before the first origin",
            "Choose an origin from {earliest} to {latest}, or bring a longer history",
            start=start, first=history.years[0], last=history.years[-1], earliest=earliest,
            latest=history.years[-1] - 1,
        )  # fmt: skip
    return found


def _usable(history: History, start: int) -> tuple[int, ...]:
    return tuple(year for year in range(start, history.years[-1]) if _known(history, year))


def _earlier(history: History) -> tuple[int, ...]:
    """Return the origins before the first one that counts: those of regions that are refused since."""
    start, end = history.record.years[0] + LEAST_YEARS_FIT - 1, history.years[0] + LEAST_YEARS_FIT - 1
    return tuple(year for year in range(start, end) if _known(history, year))


def _known(history: History, year: int) -> bool:
    """Return whether something can be foretold from a year: it has counts, and they were of the same kind then."""
    try:
        known = history.until(year, LEAST_YEARS_FIT)
    except InputError:
        return False
    return known.years[-1] == year and known.kind == history.kind
