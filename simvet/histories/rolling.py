"""Rolling-origin hindcasts: at every origin only what was known then, beside the plain methods."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from simvet.errors import InputError
from simvet.histories.bands import Experience, widened
from simvet.histories.components import Floats
from simvet.histories.outlook import LEAST_YEARS_FIT, Outlook, Series, outlook, sight_of
from simvet.histories.plain import plain_forecasts
from simvet.histories.table import History

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
    experience = Experience(history.kind)
    for place, origin in enumerate(origins):
        known = history.until(origin, LEAST_YEARS_FIT)
        rows = [history.regions.index(region) for region in known.regions if region in history.regions]
        some = [k for k, region in enumerate(known.regions) if region in history.regions]
        view = outlook(known, leads, draws, seed)
        columns = [truth.series.index(one) for one in view.series]
        at = np.ix_([place], rows, columns, range(leads))
        here = banded(view, experience)
        foretold.setdefault(OURS, np.full(shape, np.nan))[at] = view.middle[some][None]
        for k in range(len(QUANTILES)):
            bands[k][at] = here[k][some][None]
        for method, values in plain_forecasts(known, leads).items():
            foretold.setdefault(method, np.full(shape, np.nan))[at] = values[some][None]
        offset = origin - history.years[0]
        ahead = truth.counts[:, :, offset + 1 : offset + 1 + leads]
        came[place, :, :, : ahead.shape[2]] = np.where(ahead > 0, ahead, np.nan)
        _learn(experience, view, came[place][np.ix_(rows, columns, range(leads))], some)
        if tell:
            tell(place + 1, len(origins))
    sizes = np.nanmean(history.enrolment, axis=(1, 2))
    return Hindcast(
        history.name, history.kind, history.regions, origins, truth.series, leads, foretold, bands, came, sizes
    )


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
    truth = sight_of(history)
    experience = Experience(history.kind)
    origins = [] if len(history.years) <= LEAST_YEARS_FIT else _origins(history, None)
    for place, origin in enumerate(origins):
        known = history.until(origin, LEAST_YEARS_FIT)
        some = [k for k, region in enumerate(known.regions) if region in history.regions]
        rows = [history.regions.index(known.regions[k]) for k in some]
        view = outlook(known, leads, draws, seed)
        columns = [truth.series.index(one) for one in view.series]
        offset = origin - history.years[0]
        came = np.full((len(rows), len(columns), leads), np.nan)
        ahead = truth.counts[np.ix_(rows, columns, range(offset + 1, min(offset + 1 + leads, truth.counts.shape[2])))]
        came[:, :, : ahead.shape[2]] = np.where(ahead > 0, ahead, np.nan)
        _learn(experience, view, came, some)
        if tell:
            tell(place + 1, len(origins))
    view = outlook(history, leads, draws, seed)
    return view, scaled_draws(view, experience)


def _origins(history: History, first: int | None) -> tuple[int, ...]:
    earliest = history.years[0] + LEAST_YEARS_FIT - 1
    start = earliest if first is None else first
    if not earliest <= start < history.years[-1]:
        raise InputError(
            history.name, "no origin from {start} on: years {first} to {last}, four of them before the first origin",
            "Choose an origin from {earliest} to {latest}, or bring a longer history",
            start=start, first=history.years[0], last=history.years[-1], earliest=earliest,
            latest=history.years[-1] - 1,
        )  # fmt: skip
    return tuple(year for year in range(start, history.years[-1]) if _known(history, year))


def _known(history: History, year: int) -> bool:
    """Return whether something can be foretold from a year."""
    try:
        history.until(year, LEAST_YEARS_FIT)
    except InputError:
        return False
    return True


def _learn(experience: Experience, view: Outlook, came: Floats, some: list[int]) -> None:
    with np.errstate(invalid="ignore", divide="ignore"):
        errors = np.log(came / view.middle[some]) / np.maximum(view.deviation[some], 1e-6)
    for column, one in enumerate(view.series):
        for lead in range(errors.shape[2]):
            experience.add(one, lead + 1, view.origin + lead + 1, errors[:, column, lead], view.small[some])


def each_case(found: Hindcast) -> Iterator[tuple[int, str, Series, int]]:
    """Yield origin, region, series and lead of every case whose outcome is known, in the order of the arrays."""
    for o, r, s, lead in np.argwhere(np.isfinite(found.came)):
        yield found.origins[o], found.regions[r], found.series[s], int(lead) + 1
