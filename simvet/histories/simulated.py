"""Histories with known rates: what a fit must give back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simvet.histories.components import Floats
from simvet.histories.record import Births, Column, Record, frozen
from simvet.histories.table import History, history_of

LEVELS = {"region": 0.008, "series": 0.012, "drift": 0.006, "year": 0.008, "noise": 0.006}
"""Spreads of what makes rates differ: between regions, series of a region, years; log points. Assumed, near those that
fits of real histories give."""
DRIFT_KEPT = 0.85
LUCK = 0.02
"""Variance of chance against the number of students: a third of a binomial's with 90 % promotion, assumed."""


@dataclass(frozen=True)
class Known:
    """A history with the rates that made it.

    Notes
    -----
    Shape: ``rates`` (region, series), log rates of the last year without what comes and goes: entry per birth,
    progression into each later grade, graduation. Unit: log points. Errors: none. Source: :func:`known_history`.
    """

    history: History
    rates: Floats


def known_history(regions: int, years: int, grades: int, seed: int) -> Known:
    """Return a history made from known rates.

    Parameters
    ----------
    regions, years, grades : int.
    seed : int.

    Returns
    -------
    Known; births reach six years beyond the last year, graduates stand beside the last grade.

    Notes
    -----
    Sizes of regions differ by a factor of ten either way. Unit: persons. Errors: those of ``history_of`` for fewer
    than five years. Source: the process that ``components.region_covariance`` describes, simulated forward.
    """
    luck = np.random.Generator(np.random.Philox(key=seed))
    series = grades + 1
    common = luck.normal(-0.02, 0.02, series)
    lasting = luck.normal(0, LEVELS["region"], (regions, 1)) + luck.normal(0, LEVELS["series"], (regions, series))
    size = np.exp(luck.normal(8.5, 1.2, (regions, 1)))
    births = size * np.exp(np.cumsum(luck.normal(0, 0.02, (regions, years + 6)), axis=1))
    enrolment, graduates = np.zeros((regions, grades, years)), np.full((regions, grades, years), np.nan)
    enrolment[:, :, 0] = np.round(size * np.exp(luck.normal(0, 0.05, (regions, grades))))
    drift = np.zeros((regions, series))
    rates = np.zeros((regions, series))
    for year in range(years + 1):
        drift = DRIFT_KEPT * drift + luck.normal(0, LEVELS["drift"], drift.shape)
        passing = luck.normal(0, LEVELS["year"], (regions, 1)) + luck.normal(0, LEVELS["noise"], drift.shape)
        now = np.exp(common + lasting + drift + passing)
        if year:
            graduates[:, -1, year - 1] = np.round(enrolment[:, -1, year - 1] * now[:, -1])
        if year == years:
            break
        if year:
            enrolment[:, 1:, year] = enrolment[:, :-1, year - 1] * now[:, 1:-1]
        enrolment[:, 0, year] = births[:, year] * now[:, 0]
        chance = luck.normal(0, 1, (regions, grades)) * np.sqrt(LUCK * enrolment[:, :, year])
        enrolment[:, :, year] = np.maximum(np.round(enrolment[:, :, year] + chance), 1.0)
        rates = common + lasting + drift
    return Known(_history(enrolment, graduates, births), rates)


def _history(enrolment: Floats, graduates: Floats, births: Floats) -> History:
    regions, grades, years = enrolment.shape
    names = tuple(f"region {k:03d}" for k in range(regions))
    columns = tuple(Column("high", grade + 1) for grade in range(grades))
    counts = np.stack([enrolment, np.full(enrolment.shape, np.nan), graduates])
    labels = np.broadcast_to(np.array([str(column.grade) for column in columns])[None, :, None], enrolment.shape)
    first = tuple(range(2000, 2000 + births.shape[1]))
    born = np.broadcast_to(np.array(first) - 6, births.shape).copy()
    record = Record(
        "known rates", names, tuple(range(2000, 2000 + years)), columns, frozen(counts), frozen(labels.astype(object)),
        Births(names, first, frozen(born), frozen(births)),
    )  # fmt: skip
    return history_of(record)
