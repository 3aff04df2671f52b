"""The front: what each further target costs, and what further probability costs; no package of it is beaten in both."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from simvet.studies.answers import FrontPoint
from simvet.studies.looking import Evaluator, Look
from simvet.studies.offers import Offer, Package, nothing, price_of
from simvet.studies.package import Found, most_reached, polish
from simvet.studies.surrogate import Picture

Floats = NDArray[np.float64]

POPULATION, GENERATIONS = 60, 60
"""Size of the search by probability: it looks at the picture only, which costs a millisecond a package."""
KEPT = 15
"""Packages of the front by probability that are truly run."""


def front_by_number(
    evaluator: Evaluator, offers: tuple[Offer, ...], picture: Picture, probability: float, budget: float,
    also: Sequence[Package] = (),
) -> tuple[FrontPoint, ...]:  # fmt: skip
    """Return the cheapest package for each number of targets reached.

    Parameters
    ----------
    evaluator : Evaluator.
    offers : tuple of Offer.
    picture : Picture around the levers left alone.
    probability : float; share of draws in which a target must be reached.
    budget : float; CNY.
    also : sequence of Package; known to be good, from other searches.

    Returns
    -------
    tuple of FrontPoint, by cost; each truly run, none beaten by another.

    Notes
    -----
    Unit: CNY. Errors: as the evaluator's. Source: epsilon constraint on the number; ``scipy.optimize.milp`` (HiGHS).
    """
    targets = tuple(range(len(picture.centre)))
    look = evaluator.look([nothing(offers)])[0]
    points = [_point(offers, nothing(offers), look, probability)]
    points += [_point(offers, p, one, probability) for p, one in zip(also, evaluator.look(also), strict=True)]
    number = points[0].number + 1
    while number <= len(targets):
        found = most_reached(evaluator, picture, targets, probability, budget, number)
        if found is None:
            break
        held = [target for target in targets if found.look.likely(probability)[target] >= 0.0]
        trimmed: Found = polish(evaluator, offers, found, held, probability)
        points.append(_point(offers, trimmed.package, trimmed.look, probability))
        number = max(points[-1].number, number) + 1
    return _unbeaten(points, lambda point: float(point.number))


def front_by_probability(
    evaluator: Evaluator, offers: tuple[Offer, ...], budget: float, seed: int, also: Package
) -> tuple[FrontPoint, ...]:
    """Return packages that no other beats in both cost and mean probability.

    Parameters
    ----------
    evaluator : Evaluator.
    offers : tuple of Offer.
    budget : float; CNY.
    seed : int.
    also : Package; one that is known to be good.

    Returns
    -------
    tuple of FrontPoint, by cost; each truly run.

    Notes
    -----
    The search walks an additive picture draw by draw, its front is then run. Unit: CNY, share. Errors: as the
    evaluator's. Source: Deb et al. (2002), NSGA-II; ``pymoo``.
    """
    surface = _Surface(evaluator, offers)
    packages = [nothing(offers), also, *surface.front(budget, seed)]
    looks = evaluator.look(packages)
    points = [_point(offers, package, look, 0.8) for package, look in zip(packages, looks, strict=True)]
    return _unbeaten([p for p in points if p.cost <= budget], lambda point: point.probability)


class _Surface:
    """Mean probability over all targets in an additive picture, draw by draw."""

    def __init__(self, evaluator: Evaluator, offers: tuple[Offer, ...]) -> None:
        self.offers = offers
        self.values = [(float("nan"), *offer.levels) for offer in offers]
        alone = nothing(offers)
        packages = [
            (*alone[:lever], value, *alone[lever + 1 :]) for lever, row in enumerate(self.values) for value in row[1:]
        ]
        base, *looks = evaluator.look([alone, *packages])
        self.base = base.margins.astype(np.float32)
        self.effect: list[list[NDArray[np.float32]]] = []
        place = 0
        for row in self.values:
            moved = [(looks[place + n].margins - base.margins).astype(np.float32) for n in range(len(row) - 1)]
            self.effect.append([np.zeros_like(self.base), *moved])
            place += len(row) - 1
        self.money = [[offer.price(v) for v in row] for offer, row in zip(offers, self.values, strict=True)]

    def package(self, choice: NDArray[np.int64]) -> Package:
        return tuple(row[int(n)] for row, n in zip(self.values, choice, strict=True))

    def judged(self, choices: NDArray[np.int64]) -> Floats:
        """Return cost and lack of probability of many choices, shape (choice, 2)."""
        found = np.empty((len(choices), 2))
        for place, choice in enumerate(choices):
            margin = self.base.copy()
            for effects, n in zip(self.effect, choice, strict=True):
                if n:
                    margin += effects[int(n)]
            money = sum(row[int(n)] for row, n in zip(self.money, choice, strict=True))
            found[place] = money, 1.0 - float((margin >= 0.0).mean())
        return found

    def front(self, budget: float, seed: int) -> list[Package]:
        """Return the packages of the front in the picture, spread over its length."""
        from pymoo.algorithms.moo.nsga2 import NSGA2  # noqa: PLC0415 - seconds of import that packages do without
        from pymoo.core.problem import Problem  # noqa: PLC0415
        from pymoo.operators.crossover.pntx import TwoPointCrossover  # noqa: PLC0415
        from pymoo.operators.mutation.pm import PM  # noqa: PLC0415
        from pymoo.operators.repair.rounding import RoundingRepair  # noqa: PLC0415
        from pymoo.operators.sampling.rnd import IntegerRandomSampling  # noqa: PLC0415
        from pymoo.optimize import minimize  # noqa: PLC0415

        surface = self

        class Packages(Problem):  # type: ignore[misc]
            """Choices of a value for each lever; cost and lack of probability, both to be small."""

            def __init__(self) -> None:
                upper = [len(row) - 1 for row in surface.values]
                super().__init__(n_var=len(upper), n_obj=2, n_ieq_constr=1, xl=0, xu=np.array(upper), vtype=int)

            def _evaluate(self, x: NDArray[np.int64], out: dict[str, Floats], *_: object, **__: object) -> None:
                out["F"] = surface.judged(x)
                out["G"] = out["F"][:, :1] - (budget if np.isfinite(budget) else 1e18)

        # Many levers left alone: a random package moves them all and costs the most.
        start = IntegerRandomSampling()
        algorithm = NSGA2(
            pop_size=POPULATION, sampling=start, crossover=TwoPointCrossover(),
            mutation=PM(prob=0.9, eta=5, vtype=float, repair=RoundingRepair()), eliminate_duplicates=True,
        )  # fmt: skip
        found = minimize(Packages(), algorithm, ("n_gen", GENERATIONS), seed=seed, verbose=False)
        choices = np.atleast_2d(found.X).astype(np.int64)
        ordered = choices[np.argsort(self.judged(choices)[:, 0])]
        picked = np.unique(np.linspace(0, len(ordered) - 1, KEPT).round().astype(int))
        return [self.package(ordered[place]) for place in picked]


def _point(offers: Sequence[Offer], package: Package, look: Look, probability: float) -> FrontPoint:
    number = int((look.likely(probability) >= 0.0).sum())
    cost, low, high = (price_of(offers, package, which) for which in ("value", "low", "high"))
    return FrontPoint(package, cost, low, high, number, float(look.probability.mean()))


def _unbeaten(points: Sequence[FrontPoint], worth: Callable[[FrontPoint], float]) -> tuple[FrontPoint, ...]:
    """Return the points that no cheaper one equals, by cost."""
    kept: list[FrontPoint] = []
    for point in sorted(points, key=lambda p: (p.cost, -worth(p))):
        if not kept or worth(point) > worth(kept[-1]):
            kept.append(point)
    return tuple(kept)
