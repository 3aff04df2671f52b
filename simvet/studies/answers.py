"""The answer to what it would take: moves with their costs, targets before and after, and what stands in the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Move:
    """A lever that the package moves; unit: the lever's, costs in CNY; errors: none; source: the package."""

    name: str
    labels: Mapping[str, str]
    owner: str
    unit: str
    stands: float
    value: float
    start: int
    cost: float
    low: float
    high: float


@dataclass(frozen=True)
class Aim:
    """A target before and after the package.

    Notes
    -----
    Shape: ``before`` and ``after`` are probabilities on the draws of the search, ``fresh`` and ``fresh_error`` those of
    an independent run of the package, ``fresh_before`` of the same draws without it. ``standing`` is held (likely
    before already), won, edge (likely enough, but within a Monte Carlo error of what is asked) or missed. Unit: values
    in ``unit``. Errors: none. Source: runs.
    """

    key: str
    reading: str
    stage: str
    year: int
    unit: str
    comparator: str
    bound: float | None
    labels: Mapping[str, str]
    document: str
    standing: str
    before: float
    after: float
    fresh: float
    fresh_before: float
    fresh_error: float
    median_before: float
    median_after: float
    best: float


@dataclass(frozen=True)
class Barred:
    """Why a target is missed, and the smallest step back that would do.

    Notes
    -----
    Shape: ``with_`` are the places of targets that shut it out, empty where no package reaches it alone; ``best`` is
    the largest probability that any package tried gives it. ``bound`` would be likely under the package that helps it
    most, ``year`` is the first later year in which its own bound would be, None where none is. Unit: the target's.
    Errors: none. Source: runs.
    """

    target: int
    best: float
    with_: tuple[int, ...]
    smallest: bool
    bound: float | None
    year: int | None


@dataclass(frozen=True)
class FrontPoint:
    """A package of the front.

    Notes
    -----
    Shape: ``package`` has one value a lever, NaN where left alone; ``number`` of targets reached. Unit: ``cost`` CNY,
    ``probability`` the mean over the targets. Errors: none. Source: a run of the package.
    """

    package: tuple[float, ...]
    cost: float
    low: float
    high: float
    number: int
    probability: float


@dataclass(frozen=True)
class Step:
    """One measure in the order of measures.

    Notes
    -----
    Unit: ``cost`` CNY of this step, ``price`` CNY for each further percentage point of the mean probability. Errors:
    none. Source: runs before and after the step.
    """

    name: str
    labels: Mapping[str, str]
    owner: str
    unit: str
    before: float
    value: float
    cost: float
    probability: float
    price: float


@dataclass(frozen=True)
class Outlook:
    """A package in every future.

    Notes
    -----
    Shape: ``mean`` and ``number`` map a future to the mean probability and to the number of targets that are likely.
    ``regret`` is the largest loss of mean probability against the best package in the same future. Unit: ``cost`` CNY.
    Errors: none. Source: runs.
    """

    package: tuple[float, ...]
    cost: float
    mean: Mapping[str, float]
    number: Mapping[str, int]
    worst: float
    regret: float
    likely_share: float


@dataclass(frozen=True)
class Answer:
    """What it would take.

    Notes
    -----
    Shape: ``kind`` is nothing_needed, package, part (a package for the largest set that can be reached), budget (a
    package exists, but not for the money) or none. ``needed_budget`` is what the cheapest whole package costs where
    the budget stands in the way. ``futures`` maps names to labels, ``robust`` is the place of the chosen outlook. Unit:
    CNY, share. Errors: none. Source: MODEL, section 8.
    """

    kind: str
    scenario: str
    region: str
    start: int
    probability: float
    draws: int
    fresh_draws: int
    seed: int
    fresh_seed: int
    budget: float | None
    moves: tuple[Move, ...]
    package: tuple[float, ...]
    cost: float
    cost_low: float
    cost_high: float
    aims: tuple[Aim, ...]
    barred: tuple[Barred, ...]
    offered: tuple[str, ...]
    looked: int
    tightened: int
    needed_budget: float | None = None
    front: tuple[FrontPoint, ...] = ()
    front_by_probability: tuple[FrontPoint, ...] = ()
    order: tuple[Step, ...] = ()
    outlooks: tuple[Outlook, ...] = ()
    robust: int | None = None
    futures: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def checked(self) -> bool:
        """Return whether the independent run bears out every target that the package reaches, within two errors."""
        reached = [aim for aim in self.aims if aim.standing in ("held", "won")]
        return all(aim.fresh >= self.probability - 2.0 * aim.fresh_error for aim in reached)
