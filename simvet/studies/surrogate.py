"""An additive picture of what levers do, and the cheapest package in it: a multiple-choice problem for HiGHS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_matrix, lil_matrix

from simvet.studies.looking import Evaluator
from simvet.studies.offers import Offer, Package, nothing

Floats = NDArray[np.float64]

TIE = 1e-4
"""Part of the cheapest cost (or of a million CNY) that a move of a whole range weighs: among equal costs the fewest and
smallest moves win."""
SECONDS = 10.0
"""Longest that one problem may take; the best package found until then counts."""
GAP = 1e-6
"""Part of the cost by which the answer may miss the optimum of the picture."""


@dataclass(frozen=True)
class Picture:
    """Margins around a package: its own, and what each lever's move adds, moved alone.

    Notes
    -----
    Shape: ``centre`` (target,), ``effect`` (option, target); options are pairs of lever and value. Unit: parts of the
    bound. Errors: none. Source: runs on the same random numbers.
    """

    offers: tuple[Offer, ...]
    at: Package
    centre: Floats
    options: tuple[tuple[int, float], ...]
    effect: Floats

    def predicted(self, package: Package) -> Floats:
        """Return the margins that the picture expects of a package made of its options, shape (target,)."""
        total = self.centre.copy()
        for lever, value in enumerate(package):
            if not _same(value, self.at[lever]):
                total += self.effect[self._place(lever, value)]
        return total

    def _place(self, lever: int, value: float) -> int:
        return next(
            place for place, (number, option) in enumerate(self.options) if number == lever and _same(option, value)
        )


def _same(one: float, other: float) -> bool:
    return (np.isnan(one) and np.isnan(other)) or one == other


def picture_of(
    evaluator: Evaluator, offers: tuple[Offer, ...], at: Package, probability: float, more: Sequence[Package] = ()
) -> Picture:
    """Return the additive picture around a package.

    Parameters
    ----------
    evaluator : Evaluator.
    offers : tuple of Offer.
    at : Package; the centre.
    probability : float; the margins are those that this share of draws has at least.
    more : sequence of Package; their values are options too.

    Returns
    -------
    Picture.

    Notes
    -----
    Unit: parts of the bound. Errors: InputError as the evaluator's. One run for each lever and value. Source: runs.
    """
    options: list[tuple[int, float]] = []
    for lever, offer in enumerate(offers):
        values = [float("nan"), *offer.levels, *(package[lever] for package in more), at[lever]]
        kept: list[float] = []
        for value in values:
            if not any(_same(value, other) for other in kept):
                kept.append(value)
        options += [(lever, value) for value in kept]
    packages = [(*at[:lever], value, *at[lever + 1 :]) for lever, value in options]
    looks = evaluator.look([at, *packages])
    centre = looks[0].likely(probability)
    effect = np.array([look.likely(probability) - centre for look in looks[1:]])
    return Picture(offers, at, centre, tuple(options), effect)


@dataclass(frozen=True)
class Wish:
    """What a package must do in the picture.

    Notes
    -----
    Shape: ``targets`` are places of targets that must be reached; ``at_least`` asks for so many of all of them instead.
    ``correction`` (target,) is added to what the picture expects. Unit: ``budget`` CNY. Errors: none. Source: the
    question.
    """

    targets: tuple[int, ...]
    correction: Floats
    budget: float = float("inf")
    at_least: int | None = None
    most: bool = False


def cheapest(picture: Picture, wish: Wish) -> Package | None:
    """Return the cheapest package of the picture, None where it has none.

    Parameters
    ----------
    picture : Picture.
    wish : Wish; with ``most`` the number of targets comes before the cost.

    Returns
    -------
    Package or None.

    Notes
    -----
    Unit: each lever's. One binary for each lever and value, one for each target that may be missed; exact within GAP.
    Errors: none. Source: multiple-choice knapsack; ``scipy.optimize.milp`` (HiGHS).
    """
    offers, options = picture.offers, picture.options
    money = np.array([offers[lever].price(value) for lever, value in options])
    reach = np.array([offers[lever].reach(value) + (0.0 if np.isnan(value) else 0.05) for lever, value in options])
    scale = max(float(np.min(money[money > 0.0], initial=np.inf)), 1.0)
    scale = 1e6 if not np.isfinite(scale) else min(scale, 1e6)
    count, wanted = len(options), list(wish.targets)
    free = wish.at_least is not None or wish.most
    width = count + (len(wanted) if free else 0)
    rows, low, high = _constraints(picture, wish, wanted, money, width, free)
    goal = np.zeros(width)
    goal[:count] = money / scale + TIE * reach
    if wish.most:
        # One more target is worth more than every cost together.
        goal[count:] = -(float(goal[:count].sum()) + 1.0)
    answer = milp(
        goal, integrality=np.ones(width), bounds=Bounds(0.0, 1.0), constraints=LinearConstraint(rows, low, high),
        options={"time_limit": SECONDS, "mip_rel_gap": GAP},
    )  # fmt: skip
    if answer.x is None:
        return None
    chosen = list(nothing(offers))
    for (lever, value), taken in zip(options, answer.x[:count], strict=True):
        if taken > 0.5:
            chosen[lever] = value
    return tuple(chosen)


def _constraints(
    picture: Picture, wish: Wish, wanted: list[int], money: Floats, width: int, free: bool
) -> tuple[csr_matrix, Floats, Floats]:
    """Return rows with their bounds: one value a lever, wanted margins at or above zero, the budget, the number."""
    options, count = picture.options, len(picture.options)
    levers = len(picture.offers)
    total = levers + len(wanted) + 2
    rows = lil_matrix((total, width))
    low, high = np.full(total, -np.inf), np.full(total, np.inf)
    for place, (lever, _) in enumerate(options):
        rows[lever, place] = 1.0
    low[:levers] = high[:levers] = 1.0
    for number, target in enumerate(wanted):
        row = levers + number
        effect = picture.effect[:, target]
        # Each target in its own unit: the solver's tolerance must not hide the smallest of them.
        unit = max(float(np.max(np.abs(effect), initial=0.0)), abs(float(picture.centre[target])), 1e-9)
        need = -(picture.centre[target] + wish.correction[target]) / unit
        rows[row, :count] = effect / unit
        low[row] = need
        if free:
            least = float(np.minimum(effect, 0.0).sum()) / unit
            slack = need - least + 1.0
            rows[row, count + number] = -slack
            low[row] = need - slack
    rows[total - 2, :count] = money / 1e6
    high[total - 2] = wish.budget / 1e6
    if free:
        rows[total - 1, count:] = 1.0
        low[total - 1] = float(wish.at_least or 0)
    return csr_matrix(rows), low, high
