"""The best reach of a target when levers help only together: climbed lever by lever, each step truly run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from simvet.studies.looking import Evaluator, Look
from simvet.studies.offers import Offer, Package, nothing
from simvet.studies.package import Found, search
from simvet.studies.reach import Reach
from simvet.studies.surrogate import Picture, picture_of

Floats = NDArray[np.float64]

SWEEPS = 3
"""Rounds over the levers; a round that brings nothing is the last."""
TRIED = 4
"""Values of a lever that a round tries, spread over those on offer, beside leaving it alone."""
STARTS = 2
"""Packages from which a whole search sets out where the picture around no measure has none."""
Score = tuple[float, float]


def climbed(evaluator: Evaluator, offers: tuple[Offer, ...], reach: Reach, probability: float) -> Reach:
    """Return the reach of every target after a climb from the best package that was tried for it.

    Parameters
    ----------
    evaluator : Evaluator.
    offers : tuple of Offer.
    reach : Reach; what corners and random packages found.
    probability : float; share of draws in which a target must be reached.

    Returns
    -------
    Reach; no target has less than before.

    Notes
    -----
    A corner made of levers moved alone misses those that help only together: seats for those who want them, and more
    who want them. The climb moves one lever at a time from the best package, so it ends where no single lever brings
    more; that no package does better still rests on there being no second summit. Targets that at most one lever moves
    are left as they are: that lever's values have all been run. Unit: see Reach. Errors: as the evaluator's. Source:
    coordinate ascent on the same random numbers.
    """
    margin, share, packages = reach.margin.copy(), reach.probability.copy(), list(reach.package)
    tried = reach.tried
    movers = movers_of(evaluator, offers)
    ends = _ends(offers)
    for target in map(int, np.flatnonzero(margin < 0.0)):
        if len(movers[target]) < 2:
            continue
        starts = [packages[target], *ends]
        looks = evaluator.look(starts)
        place = max(range(len(starts)), key=lambda n: _score(looks[n], [target], probability))
        package, look, looked = climb(evaluator, offers, (target,), starts[place], probability, movers[target])
        tried += looked
        share[target] = max(share[target], look.probability[target])
        # The likely margin is what a step back is measured from, so the package that is kept has the best of those.
        if look.likely(probability)[target] >= margin[target]:
            packages[target], margin[target] = package, look.likely(probability)[target]
    return replace(reach, margin=margin, probability=share, package=tuple(packages), tried=tried)


def movers_of(evaluator: Evaluator, offers: tuple[Offer, ...]) -> list[tuple[int, ...]]:
    """Return for each target the levers that move it in any draw: pulled alone, or let go where all are pulled.

    Parameters
    ----------
    evaluator : Evaluator; a Looker remembers the packages of levers alone from the picture around no measure.
    offers : tuple of Offer.

    Returns
    -------
    list of tuple of int; places of levers, one tuple a target.

    Notes
    -----
    Unit: none. Errors: as the evaluator's. Any draw counts, not the likely one: a lever that binds in few worlds alone
    may bind in most beside another. One that binds in none alone shows where it is the only one let go. Source: runs.
    """
    alone = nothing(offers)
    centres = [alone, *_ends(offers)]
    bases = [look.margins for look in evaluator.look(centres)]
    moved = np.zeros((len(offers), bases[0].shape[1]), dtype=np.bool_)
    for place, offer in enumerate(offers):
        pulled = [(bases[0], _with(alone, place, value)) for value in offer.levels]
        let_go = [(base, _with(end, place, np.nan)) for base, end in zip(bases[1:], centres[1:], strict=True)]
        tries = [*pulled, *let_go]
        for (base, _), look in zip(tries, evaluator.look([package for _, package in tries]), strict=True):
            moved[place] |= (look.margins != base).any(axis=0)
    return [tuple(int(n) for n in np.flatnonzero(moved[:, target])) for target in range(bases[0].shape[1])]


def _ends(offers: tuple[Offer, ...]) -> list[Package]:
    """Return the packages with every lever at its highest and at its lowest value on offer."""
    return [tuple(pick(offer.levels) if offer.levels else float("nan") for offer in offers) for pick in (max, min)]


def _score(look: Look, wanted: list[int], probability: float) -> Score:
    """Return how much of what is asked a package brings: probability first, then margin."""
    missing = np.minimum(look.likely(probability)[wanted], 0.0)
    return float(np.minimum(look.probability[wanted], probability).sum()), float(missing.sum())


def climb(
    evaluator: Evaluator, offers: tuple[Offer, ...], targets: Sequence[int], start: Package, probability: float,
    levers: Sequence[int],
) -> tuple[Package, Look, int]:  # fmt: skip
    """Return the best package for some targets that moving one lever at a time leads to.

    Parameters
    ----------
    evaluator : Evaluator.
    offers : tuple of Offer.
    targets : sequence of int.
    start : Package.
    probability : float.
    levers : sequence of int; places of the levers that may move.

    Returns
    -------
    package : Package.
    look : Look; of that package.
    looked : int; packages that were looked at.

    Notes
    -----
    Ends early where all targets are likely enough. Unit: none. Errors: as the evaluator's. Source: coordinate ascent.
    """
    wanted = list(targets)

    def score(look: Look) -> Score:
        return _score(look, wanted, probability)

    at, look = start, evaluator.look([start])[0]
    best, looked = score(look), 1
    for _ in range(SWEEPS):
        before = best
        for lever in levers:
            tries = [_with(at, lever, value) for value in _values(offers[lever])]
            looks = evaluator.look(tries)
            looked += len(tries)
            place = max(range(len(tries)), key=lambda n: score(looks[n]))
            if score(looks[place]) > best:
                at, look, best = tries[place], looks[place], score(looks[place])
            if bool((look.likely(probability)[wanted] >= 0.0).all()):
                return at, look, looked
        if best == before:
            break
    return at, look, looked


def search_from(
    evaluator: Evaluator, offers: tuple[Offer, ...], targets: Sequence[int], probability: float, budget: float,
    starts: Sequence[Package],
) -> Found | None:  # fmt: skip
    """Return the cheapest package found around others: where levers help only together, no measure shows no way.

    Parameters
    ----------
    evaluator : Evaluator.
    offers : tuple of Offer.
    targets : sequence of int.
    probability : float.
    budget : float; CNY.
    starts : sequence of Package; those that reach single targets.

    Returns
    -------
    Found or None.

    Notes
    -----
    Climbs from the most promising starts until all targets hold, then searches in the picture around what it found.
    Unit: CNY. Errors: as the evaluator's. Source: MODEL, section 8, inverse question (b).
    """
    movers = movers_of(evaluator, offers)
    levers = sorted({lever for target in targets for lever in movers[target]})
    wanted = list(targets)
    looks = evaluator.look(list(starts))
    order = sorted(range(len(starts)), key=lambda n: -float(looks[n].likely(probability)[wanted].min()))
    best: Found | None = None
    for place in order[:STARTS]:
        package, look, _ = climb(evaluator, offers, targets, starts[place], probability, levers)
        if not bool((look.likely(probability)[wanted] >= 0.0).all()):
            continue
        limit = budget if best is None else min(budget, best.cost * (1.0 - 1e-6) - 1e-6)
        around = picture_of(evaluator, offers, package, probability)
        best = search(evaluator, offers, targets, probability, limit, around) or best
    return best


def search_together(
    evaluator: Evaluator, picture: Picture, targets: Sequence[int], probability: float, first: Reach, reach: Reach
) -> Found | None:
    """Return the cheapest package for some targets, also where levers help only together.

    Parameters
    ----------
    evaluator : Evaluator.
    picture : Picture around no measure.
    targets : sequence of int.
    probability : float.
    first, reach : Reach; before and after the climb.

    Returns
    -------
    Found or None.

    Notes
    -----
    The picture around no measure comes first. Where it shows no way, the search sets out from elsewhere and from the
    packages of the climb, and the cheaper of what they find counts; where no climb won a target and nothing is found
    elsewhere, there is none. Unit: CNY. Errors: as the evaluator's. Source: MODEL, section 8, inverse question (b).
    """
    offers, most = picture.offers, float("inf")
    found = search(evaluator, offers, targets, probability, most, picture)
    if found is not None or not targets:
        return found
    found = search(evaluator, offers, targets, probability, most, picture, elsewhere=True)
    won = [target for target in targets if first.margin[target] < 0.0]
    if found is None and not won:
        return None
    starts = [reach.package[target] for target in won or targets] + ([found.package] if found else [])
    other = search_from(evaluator, offers, targets, probability, most, starts)
    return min((one for one in (found, other) if one is not None), key=lambda one: one.cost, default=None)


def _values(offer: Offer) -> list[float]:
    """Return the values that a round tries: left alone, and TRIED spread over those on offer with both ends."""
    if not offer.levels:
        return [float("nan")]
    last = len(offer.levels) - 1
    places = sorted({round(part * last / (TRIED - 1)) for part in range(TRIED)})
    return [float("nan"), *(offer.levels[place] for place in places)]


def _with(package: Package, lever: int, value: float) -> Package:
    return (*package[:lever], value, *package[lever + 1 :])
