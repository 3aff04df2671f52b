"""The cheapest package: proposed by the picture, truly run, corrected, and trimmed until nothing can be taken back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simvet.studies.looking import Evaluator, Look, key_of
from simvet.studies.offers import Offer, Package, nothing, price_of
from simvet.studies.surrogate import Picture, Wish, cheapest, picture_of

Floats = NDArray[np.float64]

TURNS = 12
"""Proposals that are truly run before the picture counts as having no package."""
AT_RANDOM, STARTS = 30, 3
"""Packages from which a search begins again where levers moved alone show no way, and how many of the best are used."""
ROUNDS = 3
"""Pictures: the first around where things stand, the others around the best package so far."""
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Found:
    """A package that truly does what it was asked for.

    Notes
    -----
    Unit: ``cost`` CNY. Errors: none. Source: a run of the package.
    """

    package: Package
    look: Look
    cost: float


def search(
    evaluator: Evaluator, offers: tuple[Offer, ...], targets: Sequence[int], probability: float,
    budget: float = float("inf"), picture: Picture | None = None, tell: Tell | None = None, elsewhere: bool = False,
) -> Found | None:  # fmt: skip
    """Return the cheapest package under which all targets are likely enough, None where the search finds none.

    Parameters
    ----------
    evaluator : Evaluator.
    offers : tuple of Offer.
    targets : sequence of int; places of the targets.
    probability : float; share of the draws in which each target must be reached.
    budget : float; CNY.
    picture : Picture, optional; around the levers left alone.
    tell : callable, optional; told what is being done.
    elsewhere : bool; where the first picture has no package, look around others too: levers that help only together
        show nothing when they are moved alone.

    Returns
    -------
    Found or None.

    Notes
    -----
    Every answer has been truly run. Optimal in the last picture, which is exact for levers moved one at a time from the
    answer. Unit: CNY. Errors: InputError as the evaluator's. Source: MODEL, section 8, inverse question (b).
    """
    alone = nothing(offers)
    look = evaluator.look([alone])[0]
    if not targets or bool((look.likely(probability)[list(targets)] >= 0.0).all()):
        return Found(alone, look, 0.0)
    picture = picture or picture_of(evaluator, offers, alone, probability)
    best: Found | None = None
    for turn in range(ROUNDS):
        limit = budget if best is None else min(budget, best.cost * (1.0 - 1e-6) - 1e-6)
        found = proposed(evaluator, picture, targets, probability, limit, tell)
        if found is None and turn == 0 and elsewhere:
            found = _elsewhere(evaluator, picture, targets, probability, limit, tell)
        if found is None:
            return best
        if tell:
            tell("polish")
        best = polish(evaluator, offers, found, targets, probability)
        if turn < ROUNDS - 1:
            if tell:
                tell("picture")
            picture = picture_of(evaluator, offers, best.package, probability)
    return best


def _elsewhere(
    evaluator: Evaluator, picture: Picture, targets: Sequence[int], probability: float, budget: float,
    tell: Tell | None,
) -> Found | None:  # fmt: skip
    """Return a package that holds, sought from where every lever is pulled: as far as it goes, or anywhere."""
    wanted, offers = list(targets), picture.offers
    packages = [tuple(pick(offer.levels) if offer.levels else float("nan") for offer in offers) for pick in (max, min)]
    generator = np.random.default_rng(len(offers))
    for _ in range(AT_RANDOM):
        packages.append(tuple(float(generator.choice([np.nan, *offer.levels])) for offer in offers))
    looks = evaluator.look(packages)
    margins = [look.likely(probability)[wanted].min() for look in looks]
    for place in np.argsort(margins)[::-1][:STARTS]:
        cost = price_of(offers, packages[place])
        if margins[place] >= 0.0 and cost <= budget:
            return Found(packages[place], looks[place], cost)
        around = picture_of(evaluator, offers, packages[place], probability)
        found = proposed(evaluator, around, targets, probability, budget, tell)
        if found is not None:
            return found
    return None


def proposed(
    evaluator: Evaluator, picture: Picture, targets: Sequence[int], probability: float, budget: float,
    tell: Tell | None,
) -> Found | None:  # fmt: skip
    """Return the first proposal of a picture that truly holds; each that does not corrects the picture.

    Parameters
    ----------
    evaluator : Evaluator.
    picture : Picture.
    targets : sequence of int.
    probability : float.
    budget : float; CNY.
    tell : callable or None.

    Returns
    -------
    Found or None; None after TURNS proposals, or where the corrected picture has no package.

    Notes
    -----
    Unit: CNY. Errors: as the evaluator's. Source: cutting planes on the margins.
    """
    wanted = list(targets)
    correction = np.zeros(len(picture.centre))
    seen: set[Package] = set()
    for _ in range(TURNS):
        if tell:
            tell("proposal")
        proposal = cheapest(picture, Wish(tuple(targets), correction, budget))
        if proposal is None or key_of(proposal) in seen:
            return None
        seen.add(key_of(proposal))
        look = evaluator.look([proposal])[0]
        true = look.likely(probability)
        if bool((true[wanted] >= 0.0).all()):
            return Found(proposal, look, price_of(picture.offers, proposal))
        missed = true - picture.predicted(proposal)
        # What the picture promised too much of is taken off, and stays off: proposals only become stronger.
        correction = np.where(true < 0.0, np.minimum(correction, missed), correction)
    return None


def polish(
    evaluator: Evaluator, offers: tuple[Offer, ...], found: Found, targets: Sequence[int], probability: float
) -> Found:
    """Return a package with every lever moved back as far as all targets hold.

    Parameters
    ----------
    evaluator, offers, targets, probability : as for :func:`search`.
    found : Found.

    Returns
    -------
    Found; never dearer.

    Notes
    -----
    The dearest move first: left alone if that holds, else halved back on the lever's own steps. Unit: CNY. Errors: as
    the evaluator's. Source: bisection on the same random numbers.
    """
    wanted = list(targets)

    def holds(package: Package) -> Found | None:
        look = evaluator.look([package])[0]
        if bool((look.likely(probability)[wanted] >= 0.0).all()):
            return Found(package, look, price_of(offers, package))
        return None

    for lever in sorted(range(len(offers)), key=lambda n: -offers[n].price(found.package[n])):
        if np.isnan(found.package[lever]):
            continue
        trial = holds(_with(found.package, lever, float("nan")))
        found = trial or _moved_back(offers[lever], lever, found, holds)
    return found


def _moved_back(offer: Offer, lever: int, found: Found, holds: Callable[[Package], Found | None]) -> Found:
    near, far = offer.stands, found.package[lever]
    while abs(far - near) > 1.001 * offer.step:
        middle = offer.snapped(0.5 * (near + far))
        if np.isnan(middle) or middle in (near, far):
            break
        trial = holds(_with(found.package, lever, middle))
        if trial is None:
            near = middle
        else:
            far, found = middle, trial
    return found


def _with(package: Package, lever: int, value: float) -> Package:
    return (*package[:lever], value, *package[lever + 1 :])


def most_reached(
    evaluator: Evaluator, picture: Picture, targets: Sequence[int], probability: float, budget: float,
    at_least: int | None = None, tell: Tell | None = None,
) -> Found | None:  # fmt: skip
    """Return the package that reaches most of the targets, the cheapest among those; or at least so many.

    Parameters
    ----------
    evaluator : Evaluator.
    picture : Picture.
    targets : sequence of int.
    probability : float.
    budget : float; CNY.
    at_least : int, optional; this many are enough.
    tell : callable, optional.

    Returns
    -------
    Found; the best of the proposals that were truly run, None where no proposal reaches ``at_least``.

    Notes
    -----
    Unit: CNY. Errors: as the evaluator's. Source: MODEL, section 8; the number is an epsilon constraint.
    """
    wanted = list(targets)
    correction = np.zeros(len(picture.centre))
    best: Found | None = None
    most = -1
    seen: set[Package] = set()
    for _ in range(TURNS):
        if tell:
            tell("proposal")
        proposal = cheapest(picture, Wish(tuple(targets), correction, budget, at_least, at_least is None))
        if proposal is None or key_of(proposal) in seen:
            break
        seen.add(key_of(proposal))
        look = evaluator.look([proposal])[0]
        true = look.likely(probability)
        number = int((true[wanted] >= 0.0).sum())
        promised = picture.predicted(proposal) + correction
        cost = price_of(picture.offers, proposal)
        if number > most or (best is not None and number == most and cost < best.cost):
            best, most = Found(proposal, look, cost), number
        broken = (true < 0.0) & (promised >= -1e-9)
        if not bool(broken[wanted].any()) or (at_least is not None and number >= at_least):
            break
        correction = np.where(broken, np.minimum(correction, true - picture.predicted(proposal)), correction)
    return None if at_least is not None and most < at_least else best
