"""What no package reaches: targets out of reach alone, targets that shut each other out, and on what that rests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from simvet.studies.looking import Evaluator
from simvet.studies.offers import Offer, Package, nothing
from simvet.studies.package import proposed
from simvet.studies.surrogate import Picture, Wish, cheapest

Floats = NDArray[np.float64]

AT_RANDOM = 12
"""Packages drawn from the whole box beside the corners: they would show levers that help only together."""
MOST_RIVALS = 4
"""Targets that are tried against another by whole searches."""
MOST_TRIPLES = 1500
"""Sets of three that are tried before a set is only thinned out."""


@dataclass(frozen=True)
class Reach:
    """The best that any package tried does for each target alone.

    Notes
    -----
    Shape: (target,); ``package`` is the one that does it. ``tried`` counts packages truly run. Unit: ``margin`` parts
    of the bound at the wanted probability, ``probability`` share of draws. Errors: none. Source: runs.
    """

    margin: Floats
    probability: Floats
    package: tuple[Package, ...]
    tried: int


def reach_of(evaluator: Evaluator, offers: tuple[Offer, ...], picture: Picture, probability: float, seed: int) -> Reach:
    """Return the best that each target can have: every corner that helps it most, and packages drawn at random.

    Parameters
    ----------
    evaluator : Evaluator.
    offers : tuple of Offer.
    picture : Picture around the levers left alone.
    probability : float.
    seed : int; of the packages drawn.

    Returns
    -------
    Reach.

    Notes
    -----
    A target's corner has every lever at the value that raises it most when moved alone. That no package does better
    rests on levers not turning each other's sign; random packages would show where they do. Unit: see Reach. Errors:
    as the evaluator's. Source: MODEL, section 8, inverse question (c).
    """
    corners = [_corner(picture, target) for target in range(len(picture.centre))]
    packages = [nothing(offers), *_singles(picture), *corners, *_random(picture, seed)]
    looks = evaluator.look(packages)
    margins = np.array([look.likely(probability) for look in looks])
    shares = np.array([look.probability for look in looks])
    best = margins.argmax(axis=0)
    places = np.arange(margins.shape[1])
    return Reach(
        margins[best, places], shares.max(axis=0), tuple(packages[place] for place in best), len({*map(str, packages)})
    )


def _singles(picture: Picture) -> list[Package]:
    return [(*picture.at[:lever], value, *picture.at[lever + 1 :]) for lever, value in picture.options]


def _corner(picture: Picture, target: int) -> Package:
    """Return the package with every lever where it helps a target most, left alone where none of its values helps."""
    chosen = list(nothing(picture.offers))
    gain = np.zeros(len(chosen))
    for (lever, value), effect in zip(picture.options, picture.effect[:, target], strict=True):
        if effect > gain[lever] + 1e-12:
            chosen[lever], gain[lever] = value, effect
    return tuple(chosen)


def _random(picture: Picture, seed: int) -> list[Package]:
    generator = np.random.default_rng(seed)
    by_lever: list[list[float]] = [[] for _ in picture.offers]
    for lever, value in picture.options:
        by_lever[lever].append(value)
    return [tuple(values[generator.integers(len(values))] for values in by_lever) for _ in range(AT_RANDOM)]


@dataclass(frozen=True)
class Clash:
    """A smallest set of targets that no package reaches together, though each alone can be reached.

    Notes
    -----
    Shape: ``targets`` are places. ``smallest`` says that no smaller set holds the last of them back (else the set is
    only such that none can be left out). ``best`` is the probability of each under the package that comes nearest.
    Errors: none. Source: the picture, and runs of its proposals.
    """

    targets: tuple[int, ...]
    smallest: bool
    best: tuple[float, ...]


def clash_of(
    evaluator: Evaluator, picture: Picture, reached: Sequence[int], target: int, probability: float
) -> Clash | None:
    """Return the smallest set among the targets reached that shuts a target out; None where the picture has none.

    Parameters
    ----------
    evaluator : Evaluator.
    picture : Picture.
    reached : sequence of int; targets that some package reaches together.
    target : int; one that it does not reach, though it can be reached alone.
    probability : float.

    Returns
    -------
    Clash or None.

    Notes
    -----
    Sets are tried by size in the picture and confirmed by runs: no proposal for the set holds. Unit: none. Errors: as
    the evaluator's. Source: MODEL, section 8; deletion filter of Chinneck (2008) beyond three.
    """
    still = np.zeros(len(picture.centre))

    def shut(group: Sequence[int]) -> bool:
        return cheapest(picture, Wish((*group, target), still)) is None

    def truly_shut(group: Sequence[int]) -> bool:
        return proposed(evaluator, picture, (*group, target), probability, float("inf"), None) is None

    for size in (1, 2):
        groups = list(combinations(reached, size))
        if len(groups) > MOST_TRIPLES:
            break
        for group in groups:
            if shut(group) and truly_shut(group):
                return _clash(evaluator, picture, (*group, target), smallest=True)
    for rival in _hurt(evaluator, picture, reached, target, probability):
        # The picture sees room that runs do not confirm: pairs whose moves pull apart are run outright.
        if truly_shut((rival,)):
            return _clash(evaluator, picture, (rival, target), smallest=True)
    group = tuple(reached)
    if not shut(group):
        return None
    for one in reached:
        fewer = tuple(other for other in group if other != one)
        if shut(fewer):
            group = fewer
    return _clash(evaluator, picture, (*group, target), smallest=False) if truly_shut(group) else None


def _hurt(evaluator: Evaluator, picture: Picture, reached: Sequence[int], target: int, probability: float) -> list[int]:
    """Return the targets that fail where everything helps another one, the hardest hit first, at most MOST_RIVALS."""
    margin = evaluator.look([_corner(picture, target)])[0].likely(probability)
    return sorted((one for one in reached if margin[one] < 0.0), key=lambda one: margin[one])[:MOST_RIVALS]


def _clash(evaluator: Evaluator, picture: Picture, targets: tuple[int, ...], smallest: bool) -> Clash:
    """Return a clash with the probabilities under the package that comes nearest among the corners of its targets."""
    corners = [_corner(picture, target) for target in targets]
    shares = np.array([look.probability[list(targets)] for look in evaluator.look(corners)])
    nearest = shares[int(shares.min(axis=1).argmax())]
    return Clash(targets, smallest, tuple(float(share) for share in nearest))
