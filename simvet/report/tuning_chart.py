"""The small picture of a tuning widget: median and 80 % band over the years as SVG, its scale fixed for all stops."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simvet.report.canvas import FIRST, INK, MARK, axis_unit
from simvet.report.wording import Language
from simvet.targets import RATIO_BAND, is_roughly_equal
from simvet.verdicts import Verdict

Floats = NDArray[np.float64]

WIDTH, HEIGHT = 340, 176
"""Size of a picture, pixels."""
LEFT, RIGHT, TOP, BOTTOM = 46, 12, 10, 22
"""Room around the plot, pixels."""
MOST_YEARS = 6
"""Years written below a picture at most."""


@dataclass(frozen=True)
class Chart:
    """Where a value and a year stand in a picture.

    Notes
    -----
    Shape: ``ticks`` are values on the axis. Unit: ``low`` and ``high`` in the target's unit, printed divided by
    ``scale`` in ``unit``. Errors: none. Source: the smallest and largest value over all stops of the levers, so that a
    moved lever moves the curve and never the axis.
    """

    years: tuple[int, ...]
    low: float
    high: float
    ticks: tuple[float, ...]
    scale: float
    unit: str

    def x(self, year: int) -> float:
        """Return where a year stands, pixels from the left."""
        span = max(self.years[-1] - self.years[0], 1)
        return LEFT + (year - self.years[0]) / span * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        """Return where a value stands, pixels from the top."""
        return HEIGHT - BOTTOM - (value - self.low) / (self.high - self.low) * (HEIGHT - TOP - BOTTOM)

    def heights(self, values: Floats) -> list[float | None]:
        """Return where the values of all years stand, None where nothing is known."""
        return [round(self.y(float(value)), 1) if math.isfinite(value) else None for value in values]


def chart_of(verdict: Verdict, bands: Sequence[Floats], years: tuple[int, ...], language: Language) -> Chart:
    """Return the scale of a target's picture that holds every band, and the target itself.

    Parameters
    ----------
    verdict : Verdict; of any place of the levers.
    bands : sequence of (3, year) arrays; of all places.
    years : tuple of int.
    language : str.

    Returns
    -------
    Chart.

    Notes
    -----
    Unit: the target's. Errors: none. Source: some five round ticks.
    """
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415 - slow to import

    values = np.concatenate([band.ravel() for band in bands] + [np.array(bounds_of(verdict))])
    values = values[np.isfinite(values)]
    low, high = float(values.min()), float(values.max())
    room = 0.04 * ((high - low) or abs(high) or 1.0)
    scale, unit = axis_unit(verdict.unit, high, language, difference=False)
    bottom = max(low - room, 0.0) if low >= 0.0 else low - room
    top = high + room
    locator = MaxNLocator(6, steps=[1, 2, 2.5, 5, 10])
    ticks = [float(tick) * scale for tick in locator.tick_values(bottom / scale, top / scale)]
    return Chart(years, bottom, top, tuple(tick for tick in ticks if bottom <= tick <= top), scale, unit)


def bounds_of(verdict: Verdict) -> tuple[float, ...]:
    """Return the bound of a target, or both ends of "roughly equal"; unit: its own; errors: none; source: register."""
    return RATIO_BAND if is_roughly_equal(verdict.target) else (verdict.bound,)


def chart_svg(chart: Chart, verdict: Verdict, band: Floats, rest: Floats) -> str:
    """Return the picture of a target at one place of the levers.

    Parameters
    ----------
    chart : Chart.
    verdict : Verdict; its bound and year are marked.
    band : (3, year) array; lower edge, median, upper edge.
    rest : (3, year) array; the same where no lever is moved, its median is drawn dashed.

    Returns
    -------
    str, SVG; its writing is digits only, so that it needs no font, and two of its parts carry the classes ``band`` and
    ``median`` for whoever moves them.

    Notes
    -----
    Unit: see Chart. Errors: none. Source: the run.
    """
    low, median, high = (chart.heights(row) for row in band)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'font-family="sans-serif" font-size="11" fill="{INK}">{_axes(chart)}'
        f'<polygon class="band" points="{_around(chart, low, high)}" fill="{FIRST}" fill-opacity="0.22"/>'
        f'<polyline points="{_line(chart, chart.heights(rest[1]))}" fill="none" stroke="{INK}" '
        f'stroke-width="1.2" stroke-dasharray="4 3"/>'
        f'<polyline class="median" points="{_line(chart, median)}" fill="none" stroke="{FIRST}" stroke-width="2.2"/>'
        f"{_target(chart, verdict)}</svg>"
    )


def _axes(chart: Chart) -> str:
    parts, right = [], WIDTH - RIGHT
    steps = [round(tick / chart.scale, 6) for tick in chart.ticks]
    digits = next((d for d in range(4) if all(abs(s - round(s, d)) < 1e-6 for s in steps)), 4)
    for tick, step in zip(chart.ticks, steps, strict=True):
        y = chart.y(tick)
        parts.append(
            f'<line x1="{LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}" stroke="#d9dee3"/>'
            f'<text x="{LEFT - 5}" y="{y + 4:.1f}" text-anchor="end">{step + 0.0:,.{digits}f}</text>'
        )
    for year in _years(chart.years):
        x = chart.x(year)
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{HEIGHT - BOTTOM}" y2="{HEIGHT - BOTTOM + 4}" stroke="{INK}"/>'
            f'<text x="{x:.1f}" y="{HEIGHT - 5}" text-anchor="middle">{year}</text>'
        )
    return "".join(parts)


def _years(years: tuple[int, ...]) -> list[int]:
    """Return the years to write: round ones, five years or fewer apart."""
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100) if (years[-1] - years[0]) / step < MOST_YEARS)
    return [year for year in years if year % step == 0]


def _line(chart: Chart, heights: Sequence[float | None]) -> str:
    at = zip(chart.years, heights, strict=True)
    return " ".join(f"{chart.x(year):.1f},{y:.1f}" for year, y in at if y is not None)


def _around(chart: Chart, low: Sequence[float | None], high: Sequence[float | None]) -> str:
    there = [(chart.x(year), y) for year, y in zip(chart.years, high, strict=True) if y is not None]
    back = [(chart.x(year), y) for year, y in zip(chart.years, low, strict=True) if y is not None]
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in [*there, *reversed(back)])


def _target(chart: Chart, verdict: Verdict) -> str:
    x, parts = chart.x(verdict.target.year), []
    for bound in bounds_of(verdict):
        y = chart.y(bound)
        parts.append(
            f'<line x1="{LEFT}" x2="{x:.1f}" y1="{y:.1f}" y2="{y:.1f}" stroke="{MARK}" stroke-dasharray="1 3"/>'
            f'<line x1="{x - 8:.1f}" x2="{x + 8:.1f}" y1="{y:.1f}" y2="{y:.1f}" stroke="{MARK}" stroke-width="3"/>'
        )
    return "".join(parts)
