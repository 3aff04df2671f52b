"""A study as its author means it: policies, levers, uncertainties, outcomes, a design, draws; frozen, with a digest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from simvet.engines import ENGINES
from simvet.errors import InputError, nearest
from simvet.runs import MOST_DRAWS
from simvet.sampling import Uncertainty
from simvet.scenario import Scenario, digest_of
from simvet.studies.designs import DESIGNS, most_points
from simvet.studies.factors import Factor
from simvet.studies.outcomes import Outcome, target_outcomes

Floats = NDArray[np.float64]

CHUNK: dict[str, int] = {"cohort": 2000, "agents": 1}
"""Draws of a chunk: a second or two of work, so that handing it out costs little and losing it costs little."""
LUCKS = ("common", "own")
"""Whether experiments meet the same rows of chance, or each point its own; policies always meet the same."""
MOST_EXPERIMENTS = 10_000_000
"""Experiments of a study; their table is held in memory."""


@dataclass(frozen=True)
class Study:
    """Many runs of one question.

    Notes
    -----
    Shape: ``policies`` are scenarios of the same regions and data; every point of the design is run under each of
    them, with ``draws`` draws. ``table`` holds the points of a design that is given: (point, factor), each number
    between 0 and 1, or None. ``luck`` says whether all experiments meet the same rows of chance (common: their
    difference is the factors' alone) or each point its own (own: a future of its own). ``chunk`` is in draws. Unit:
    none. Errors: checked by :func:`require_study`. Source: a study file, or Python.
    """

    policies: tuple[Scenario, ...]
    factors: tuple[Factor, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    design: str = "draws"
    points: int = 1
    draws: int = 1000
    seed: int = 1
    engine: str = "cohort"
    noise: Uncertainty = field(default_factory=Uncertainty)
    luck: str = "common"
    chunk: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)
    table: Floats | None = field(default=None, repr=False, compare=False)
    where: str = "study"

    @property
    def chunk_draws(self) -> int:
        """Return the draws of a chunk, at least one."""
        return self.chunk or CHUNK.get(self.engine, 1)

    @property
    def digest(self) -> str:
        """Return the sha256 of everything that decides the results, 16 hex digits."""
        said: list[object] = [
            [[p.name, p.digest, p.data_digest] for p in self.policies],
            [
                [f.kind, f.name, f.low, f.high, None if np.isnan(f.mode) else f.mode, list(f.levels), f.start, f.end,
                 f.ramp]
                for f in self.factors
            ],
            [[o.name, o.indicator, o.stage, o.region, o.year] for o in self.outcomes],
            [self.design, self.points, self.draws, self.seed, self.engine, self.chunk_draws],
            [self.noise.parameters, self.noise.opening, self.noise.drift, self.noise.chance, self.luck],
            None if self.table is None else digest_of(np.asarray(self.table, dtype=np.float64).tolist()),
        ]  # fmt: skip
        return digest_of(said)

    @property
    def levers(self) -> tuple[int, ...]:
        """Return the places of the levers among the factors."""
        return tuple(place for place, factor in enumerate(self.factors) if factor.kind == "lever")

    def unit_points(self) -> Floats:
        """Return the design, shape (point, factor), every number between 0 and 1.

        Raises
        ------
        InputError : the design does not fit the factors.
        """
        if self.table is not None:
            return np.asarray(self.table, dtype=np.float64)
        return DESIGNS[self.design](self.factors, self.points, self.seed)

    def experiments(self) -> tuple[NDArray[np.int64], Floats]:
        """Return every experiment: the place of its policy, shape (experiment,), and its values, (experiment, factor).

        Notes
        -----
        Unit: each factor's. Experiments are numbered policy by policy, points in the order of the design. Errors: as
        :meth:`unit_points`. Source: the design.
        """
        points = self.unit_points()
        values = np.empty_like(points)
        for place, factor in enumerate(self.factors):
            values[:, place] = factor.values(points[:, place])
        policy = np.repeat(np.arange(len(self.policies)), len(points))
        return policy, np.tile(values, (len(self.policies), 1))


def study_of(scenario: Scenario, *more: Scenario, **told: object) -> Study:
    """Return a checked study of one or several scenarios; see Study for what can be told.

    Parameters
    ----------
    scenario, more : Scenario; the policies.
    **told : fields of Study; ``outcomes`` are all targets that a run answers by default.

    Returns
    -------
    Study.

    Raises
    ------
    InputError : as :func:`require_study`.

    Notes
    -----
    Unit: none. Source: the caller.
    """
    study = replace(Study((scenario, *more)), **told)  # type: ignore[arg-type]
    if not study.outcomes:
        study = replace(study, outcomes=tuple(target_outcomes(scenario, None, study.where)))
    return require_study(study)


def require_study(study: Study) -> Study:
    """Return a study that can be run; complain before any work starts.

    Parameters
    ----------
    study : Study.

    Returns
    -------
    Study.

    Raises
    ------
    InputError : there are no draws, points or outcomes, too many of them, an unknown design or engine, a factor twice,
        policies of other regions or data, or a table of the wrong shape.

    Notes
    -----
    Unit: none. Source: the study.
    """
    where = study.where
    for kind, word, known in (
        ("design", study.design, DESIGNS),
        ("engine", study.engine, ENGINES),
        ("luck", study.luck, LUCKS),
    ):
        if word not in known and not (kind == "design" and study.table is not None):
            raise InputError(
                where, "{kind} {word!r} is unknown", "Did you mean {near!r}?", kind=kind, word=word,
                near=nearest(word, known),
            )  # fmt: skip
    for name, number, most in (("draws", study.draws, MOST_DRAWS * 1000), ("points", study.points, MOST_EXPERIMENTS)):
        if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= most:
            raise InputError(where, "{number} {name} cannot be run", "Choose 1 to {most}", number=number, name=name,
                             most=most)  # fmt: skip
    if isinstance(study.chunk, bool) or not isinstance(study.chunk, int) or not 0 <= study.chunk <= MOST_DRAWS:
        raise InputError(where, "{number} {name} cannot be run", "Choose 1 to {most}", number=study.chunk,
                         name="chunk", most=MOST_DRAWS)  # fmt: skip
    if not study.outcomes:
        raise InputError(where, "the study reads no outcomes", "Name a target or an indicator")
    _require_once([factor.name for factor in study.factors], where)
    _require_once([outcome.name for outcome in study.outcomes], where)
    _require_once([policy.name for policy in study.policies], where)
    _require_alike(study.policies, where)
    if study.table is not None:
        _require_table(study.table, len(study.factors), where)
    elif most_points(study.design, study.factors, study.points) * len(study.policies) > MOST_EXPERIMENTS:
        raise InputError(where, "{number} {name} cannot be run", "Choose 1 to {most}", number=study.points,
                         name="points", most=MOST_EXPERIMENTS)  # fmt: skip
    return study


def _require_once(names: Sequence[str], where: str) -> None:
    for name in names:
        if names.count(name) > 1:
            raise InputError(where, "{name!r} stands twice", "Keep one of the two", name=name)


def _require_alike(policies: Sequence[Scenario], where: str) -> None:
    first = policies[0]
    for other in policies[1:]:
        same = [(c.region, c.base_year) for c in other.regions] == [(c.region, c.base_year) for c in first.regions]
        if not same or other.data_digest != first.data_digest or other.until != first.until:
            raise InputError(
                where, "{one!r} and {other!r} are of different regions, years or data",
                "A study compares policies of one region on the same data", one=first.name, other=other.name,
            )  # fmt: skip


def _require_table(table: Floats, factors: int, where: str) -> None:
    array = np.asarray(table, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != factors or not len(array):
        raise InputError(
            where, "a table of shape {shape} does not hold {factors} factors", "Give one column for each factor",
            shape=array.shape, factors=factors,
        )  # fmt: skip
    if not np.all(np.isfinite(array)) or array.min(initial=0.0) < 0.0 or array.max(initial=0.0) > 1.0:
        raise InputError(where, "the table holds a number outside 0 to 1", "Give the place within each range")
