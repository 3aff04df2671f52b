"""The order of measures: at each step the move that brings a further point of probability for the least money."""

from __future__ import annotations

import math

import numpy as np

from simvet.studies.answers import Step
from simvet.studies.looking import Evaluator
from simvet.studies.offers import Offer, Package, nothing, price_of

MOST_STEPS = 10
"""Measures that are put in order; what comes after costs more for less."""
LEAST = 0.002
"""Gain of mean probability below which a move counts as doing nothing."""


def order_of_measures(
    evaluator: Evaluator, offers: tuple[Offer, ...], probability: float, budget: float
) -> tuple[Step, ...]:
    """Return the moves in the order of their price for each further point.

    Parameters
    ----------
    evaluator : Evaluator.
    offers : tuple of Offer.
    probability : float; where every target is this likely the order ends.
    budget : float; CNY.

    Returns
    -------
    tuple of Step.

    Notes
    -----
    Greedy: the cheapest price of a point first, every candidate truly run. A later step may move a lever further. Unit:
    CNY, share. Errors: as the evaluator's. Source: MODEL, section 8; Dantzig (1957) for the greedy order.
    """
    at: Package = nothing(offers)
    look = evaluator.look([at])[0]
    steps: list[Step] = []
    while len(steps) < MOST_STEPS and not bool((look.likely(probability) >= 0.0).all()):
        spent, mean = price_of(offers, at), float(look.probability.mean())
        moves = [(n, value) for n, offer in enumerate(offers) for value in offer.levels if value != at[n]]
        packages = [(*at[:n], value, *at[n + 1 :]) for n, value in moves]
        best: tuple[float, int] | None = None
        looks = evaluator.look(packages)
        for place, (package, found) in enumerate(zip(packages, looks, strict=True)):
            gain = float(found.probability.mean()) - mean
            cost = price_of(offers, package)
            if gain < LEAST or cost > budget or cost < spent:
                continue
            price = (cost - spent) / (100.0 * gain)
            if best is None or (price, -gain) < (best[0], -float(looks[best[1]].probability.mean()) + mean):
                best = (price, place)
        if best is None:
            break
        price, place = best
        number, value = moves[place]
        offer = offers[number]
        before = offer.stands if math.isnan(at[number]) else at[number]
        at, look = packages[place], looks[place]
        steps.append(
            Step(offer.name, offer.labels, offer.owner, offer.unit, before, value, price_of(offers, at) - spent,
                 float(np.mean(look.probability)), price)
        )  # fmt: skip
    return tuple(steps)
