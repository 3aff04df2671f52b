"""How far off forecasts were: per cent errors, bias, coverage and width of bands, pinball loss."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from simvet.histories.components import Floats
from simvet.histories.rolling import OURS, QUANTILES, Hindcast

SCORE_COLUMNS = (
    "measure", "stage", "region", "lead", "method", "mape", "bias", "spread80", "coverage80", "width80", "pinball",
    "forecasts",
)  # fmt: skip
SINGLE_GRADES = "grade"
"""Stage under which all single grades are scored together."""
EVERYWHERE = "all"


@dataclass(frozen=True)
class _Part:
    """The cases of one line of the table: forecasts and outcomes, flat."""

    foretold: Mapping[str, Floats]
    bands: Floats
    came: Floats


def score_table(found: Hindcast, by_region: bool = False) -> pd.DataFrame:
    """Return the errors of all methods by measure, stage and lead.

    Parameters
    ----------
    found : Hindcast.
    by_region : bool; whether each region is a line of its own.

    Returns
    -------
    DataFrame with the columns of SCORE_COLUMNS; ``stage`` is ``grade`` for all single grades together.

    Notes
    -----
    ``mape`` mean absolute, ``bias`` mean signed error and ``spread80`` the 80 % quantile of absolute errors, per cent
    of the outcome; ``coverage80`` share of outcomes inside the 80 % band; ``width80`` mean width of that band and
    ``pinball`` mean pinball loss over its quantiles and the median, per cent of the outcome. Bands are the model's
    alone. Errors: none. Source: Hyndman & Koehler (2006); Gneiting & Raftery (2007).
    """
    rows = []
    groups = dict.fromkeys(one.group for one in found.series)
    regions = range(len(found.regions)) if by_region else [None]
    for group in groups:
        columns = [k for k, one in enumerate(found.series) if one.group == group]
        for region in regions:
            for lead in range(found.leads):
                part = _part(found, columns, region, lead)
                if np.isfinite(part.came).any():
                    name = EVERYWHERE if region is None else found.regions[region]
                    rows += list(_lines(part, (*group, name, lead + 1)))
    return pd.DataFrame(rows, columns=list(SCORE_COLUMNS))


def _part(found: Hindcast, columns: list[int], region: int | None, lead: int) -> _Part:
    rows = slice(None) if region is None else slice(region, region + 1)
    foretold = {method: values[:, rows][:, :, columns, lead].ravel() for method, values in found.foretold.items()}
    bands = found.bands[:, :, rows][:, :, :, columns, lead].reshape(len(QUANTILES), -1)
    return _Part(foretold, bands, found.came[:, rows][:, :, columns, lead].ravel())


def _lines(part: _Part, key: tuple[object, ...]) -> Iterable[tuple[object, ...]]:
    for method, values in part.foretold.items():
        known = np.isfinite(values) & np.isfinite(part.came)
        if not known.any():
            continue
        error = 100.0 * (values[known] / part.came[known] - 1.0)
        size = np.abs(error)
        inner: tuple[float, float, float] = (np.nan, np.nan, np.nan)
        if method == OURS:
            inner = _band_scores(part.bands[:, known], part.came[known])
        yield (
            *key, method, float(size.mean()), float(error.mean()), float(np.quantile(size, 0.8)), *inner,
            int(known.sum()),
        )  # fmt: skip


def _band_scores(bands: Floats, came: Floats) -> tuple[float, float, float]:
    """Return coverage (share), width and pinball loss (per cent of the outcome)."""
    inside = (came >= bands[0]) & (came <= bands[-1])
    levels = np.array(QUANTILES)[:, None]
    miss = came - bands
    loss = np.maximum(levels * miss, (levels - 1.0) * miss) / came
    return float(inside.mean()), float(100 * ((bands[-1] - bands[0]) / came).mean()), float(100 * loss.mean())


def case_table(found: Hindcast) -> pd.DataFrame:
    """Return every forecast whose outcome is known, one line each.

    Parameters
    ----------
    found : Hindcast.

    Returns
    -------
    DataFrame: region, measure, stage, grade, origin, lead, year, came, low80, high80 and one column for each method.

    Notes
    -----
    Unit: persons, persons/year. Errors: none. Source: the hindcast.
    """
    o, r, s, lead = np.nonzero(np.isfinite(found.came))
    origins = np.array(found.origins)[o]
    grades = ["all" if found.series[k].grade is None else str(found.series[k].grade) for k in s]
    table = pd.DataFrame(
        {
            "region": np.array(found.regions)[r],
            "measure": [found.series[k].measure for k in s],
            "stage": [found.series[k].stage for k in s],
            "grade": grades,
            "origin": origins,
            "lead": lead + 1,
            "year": origins + lead + 1,
            "came": found.came[o, r, s, lead],
            "low80": found.bands[0][o, r, s, lead],
            "high80": found.bands[-1][o, r, s, lead],
        }
    )
    for method, values in found.foretold.items():
        table[method] = values[o, r, s, lead]
    return table


def best_plain(table: pd.DataFrame) -> pd.DataFrame:
    """Return the model's error beside the best plain method's, by measure, stage, region and lead.

    Parameters
    ----------
    table : DataFrame of :func:`score_table`.

    Returns
    -------
    DataFrame: measure, stage, region, lead, mape, best, best_method, gain (per cent below the best; negative: above),
    coverage80, forecasts.

    Notes
    -----
    The best is chosen after the fact, lead by lead: no plain method could have known that it would be. Unit: per cent.
    Errors: none. Source: the table.
    """
    keys = ["measure", "stage", "region", "lead"]
    ours = table[table["method"] == OURS].set_index(keys)
    plain = table[table["method"] != OURS].sort_values("mape", kind="stable").groupby(keys, sort=False).first()
    joined = ours.join(plain[["method", "mape"]].rename(columns={"method": "best_method", "mape": "best"}))
    joined["gain"] = 100.0 * (1.0 - joined["mape"] / joined["best"])
    kept = ["mape", "best", "best_method", "gain", "coverage80", "forecasts"]
    return joined[kept].reset_index()
