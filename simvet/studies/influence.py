"""Which factors decide: Morris screening and Sobol shares of a study's outcomes, with what is doubtful said."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from simvet.errors import InputError, nearest
from simvet.studies.batch import run_study
from simvet.studies.indices import ANALYSES, Indices, indices
from simvet.studies.outcomes import Outcome
from simvet.studies.study import Study, require_study
from simvet.studies.subjects import (
    Floats,
    Of,
    Subject,
    Varied,
    find_outcome,
    measured,
    require_measure,
    subject_of,
    varied_of,
)

if TYPE_CHECKING:
    import pandas as pd

WIDE = 0.1
"""Half-width of a Sobol band above which the sample is called too small."""
APART = 0.05
"""Difference between ST and S1 below which acting together is not spoken of."""
FEW_DRAWS = 30
"""Draws below which a probability is called coarse."""

REMARKS: dict[str, str] = {
    "no_effect": "the outcome did not move with the factor at all",
    "below_zero": "an S1 below zero, which only a sample can give",
    "not_apart": "a band as wide as the index, which is then not told from zero",
    "wide": "a band so wide that the order of factors may be another",
    "total_below_first": "ST below S1, which only a sample can give",
    "both_ways": "Morris effects of both signs",
    "not_linear": "Morris effects that differ by more than their size",
    "sum_above_one": "S1 that add up to more than the whole",
    "total_short": "ST that add up to less than the whole, which only a sample can give",
    "together": "much of the variance comes from factors acting together",
    "no_variance": "the outcome is the same at every point",
    "stuck": "the probability is the same at every point",
    "coarse": "a probability of few draws",
}
"""What can be said of an index or an outcome; the sentences are in the wording catalogue."""


@dataclass(frozen=True)
class Row:
    """The indices of one factor.

    Notes
    -----
    Shape: one factor. ``first`` and ``second`` are mu* and sigma (Morris, outcome's unit over the whole range), or S1
    and ST (Sobol, share of the variance); confidences are half-widths of 95 % bands, nan where there is none. ``sign``:
    1 where more of the factor goes with more of the outcome, -1 with less, 0 where it is not told. ``remarks`` are keys
    of REMARKS. Errors: none. Source: SALib.
    """

    factor: Varied
    first: float
    first_confidence: float
    second: float
    second_confidence: float
    sign: int
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """What decides one outcome: rows sorted, the strongest factor first; see Row.

    Notes
    -----
    Shape: one row a factor. ``mean`` and ``variance`` are those of the outcome over the design, in ``unit`` and its
    square. Errors: none. Source: the study.
    """

    outcome: Subject
    unit: str
    rows: tuple[Row, ...]
    mean: float
    variance: float
    remarks: tuple[str, ...] = ()

    @property
    def sum_of_first(self) -> float:
        """Return the sum of the first column; of Sobol indices the share that factors explain one by one."""
        return float(sum(row.first for row in self.rows))


@dataclass(frozen=True)
class Sensitivity:
    """Sensitivity of a study's outcomes to its factors.

    Notes
    -----
    Shape: one Answer an outcome. Unit: see Row. ``experiments`` of ``draws`` draws each were run. Errors: none. Source:
    :func:`sensitivity`.
    """

    method: Literal["morris", "sobol"]
    of: Of
    samples: int
    experiments: int
    draws: int
    seed: int
    policy: str
    labels: dict[str, str]
    answers: tuple[Answer, ...]

    def answer(self, name: str) -> Answer:
        """Return the answer of an outcome.

        Raises
        ------
        InputError : it was not asked about.
        """
        for found in self.answers:
            if found.outcome.name == name:
                return found
        known = [found.outcome.name for found in self.answers]
        raise InputError("outcome", "{kind} {word!r} is unknown", "Did you mean {near!r}?", kind="outcome", word=name,
                         near=nearest(name, known))  # fmt: skip

    def frame(self) -> pd.DataFrame:
        """Return all rows as a table, one line for each outcome and factor; remarks joined by spaces."""
        import pandas as pd  # noqa: PLC0415

        names = ("mu_star", "sigma") if self.method == "morris" else ("S1", "ST")
        return pd.DataFrame([
            {
                "outcome": answer.outcome.name, "factor": row.factor.name, "kind": row.factor.kind,
                "unit": row.factor.unit, names[0]: row.first, f"{names[0]}_conf": row.first_confidence,
                names[1]: row.second, f"{names[1]}_conf": row.second_confidence, "sign": row.sign,
                "remarks": " ".join((*answer.remarks, *row.remarks)),
            }
            for answer in self.answers for row in answer.rows
        ])  # fmt: skip


def sensitivity(
    study: Study, method: str = "sobol", samples: int = 64, outcomes: Sequence[str] | None = None, of: str = "value",
    executor: str = "here", workers: int = 1, tell: Callable[..., None] | None = None,
) -> Sensitivity:  # fmt: skip
    """Return which factors of a study decide its outcomes.

    Parameters
    ----------
    study : Study; one policy, two factors or more. Its design is not read: the method has its own.
    method : str; ``morris`` or ``sobol``.
    samples : int; Morris trajectories (factors + 1 experiments each), or Sobol base points, a power of two (factors + 2
        experiments each).
    outcomes : sequence of str or None; names of the study's outcomes, all by default.
    of : str; ``value`` for the median over the inner draws, ``probability`` for the share that reach the target.
    executor, workers, tell : as for ``run_study``.

    Returns
    -------
    Sensitivity.

    Raises
    ------
    InputError : the method, an outcome or the measure is unknown, there are fewer than two factors, or a median is not
        finite.

    Notes
    -----
    Unit: see Row. All experiments meet the same inner draws, so that differences between them are the factors' and not
    luck. Source: Morris (1991), Saltelli et al. (2010); SALib.
    """
    if method not in ANALYSES:
        raise InputError(study.where, "{kind} {word!r} is unknown", "Did you mean {near!r}?", kind="method",
                         word=method, near=nearest(method, ANALYSES))  # fmt: skip
    _require_one_policy(study)
    chosen = [find_outcome(study, name) for name in outcomes] if outcomes is not None else list(study.outcomes)
    if of == "probability" and outcomes is None:
        chosen = [outcome for outcome in chosen if outcome.target is not None] or chosen
    measures = [require_measure(study, outcome, of) for outcome in chosen]
    count = 0

    def evaluate(points: Floats) -> Floats:
        nonlocal count
        count = len(points)
        given = require_study(replace(study, table=points, outcomes=tuple(chosen)))
        ensemble = run_study(given, executor=executor, workers=workers, tell=tell)
        return np.stack([measured(ensemble, outcome, kind) for outcome, kind in zip(chosen, measures, strict=True)], 1)

    found = indices(method, len(study.factors), evaluate, samples, study.seed)
    varied = varied_of(study)
    answers = tuple(
        answer_of(method, outcome, kind, varied, one, study.draws)
        for outcome, kind, one in zip(chosen, measures, found, strict=True)
    )
    policy = study.policies[0]
    return Sensitivity(
        "morris" if method == "morris" else "sobol", measures[0], samples, count, study.draws, study.seed, policy.name,
        dict(policy.labels), answers,
    )  # fmt: skip


def answer_of(method: str, outcome: Outcome, of: Of, varied: Sequence[Varied], found: Indices, draws: int) -> Answer:
    """Return indices as an answer: rows sorted by strength, doubtful numbers with their remarks.

    Parameters
    ----------
    method : str; a key of ANALYSES.
    outcome : Outcome.
    of : str; one of MEASURES.
    varied : sequence of Varied, in the order of the indices.
    found : Indices.
    draws : int; of each experiment.

    Returns
    -------
    Answer; without rows where the outcome does not move.

    Notes
    -----
    Unit: see Row. Errors: none. Source: the indices.
    """
    unit = "share" if of == "probability" else outcome.unit
    coarse = ("coarse",) if of == "probability" and draws < FEW_DRAWS else ()
    if not found.moves:
        still = "stuck" if of == "probability" else "no_variance"
        return Answer(subject_of(outcome), unit, (), found.mean, found.variance, (still, *coarse))
    remarks = morris_remarks if method == "morris" else sobol_remarks
    rows = [
        Row(
            factor, float(found.first[n]), float(found.first_confidence[n]), float(found.second[n]),
            float(found.second_confidence[n]), int(found.sign[n]), remarks(found, n),
        )
        for n, factor in enumerate(varied)
    ]  # fmt: skip
    strength = 1 if method == "sobol" else 0
    rows.sort(key=lambda row: -(row.second if strength else row.first))
    general = _general(found) if method == "sobol" else ()
    return Answer(subject_of(outcome), unit, tuple(rows), found.mean, found.variance, (*general, *coarse))


def morris_remarks(found: Indices, place: int) -> tuple[str, ...]:
    """Return what must be said of a factor's Morris measures; keys of REMARKS; errors: none; source: the measures."""
    size, half, spread = found.first[place], found.first_confidence[place], found.second[place]
    if size <= 1e-9 * float(np.max(found.first, initial=0.0)):
        return ("no_effect",)
    said = [
        ("not_apart", half >= size),
        ("both_ways", found.sign[place] == 0),
        ("not_linear", spread > size),
    ]
    return tuple(key for key, holds in said if holds)


def sobol_remarks(found: Indices, place: int) -> tuple[str, ...]:
    """Return what must be said of a factor's Sobol indices; keys of REMARKS; errors: none; source: the indices."""
    first, half = found.first[place], found.first_confidence[place]
    total, total_half = found.second[place], found.second_confidence[place]
    if total <= 1e-12:
        return ("no_effect",)
    said = [
        ("below_zero", first < 0.0),
        ("not_apart", first >= 0.0 and half >= first),
        ("wide", max(half, total_half) > WIDE),
        ("total_below_first", total < first),
    ]
    return tuple(key for key, holds in said if holds)


def _general(found: Indices) -> tuple[str, ...]:
    share = float(found.first.sum())
    band = float(np.sqrt((found.first_confidence**2).sum()))
    whole = float(found.second.sum()) + float(np.sqrt((found.second_confidence**2).sum()))
    if whole < 1.0:
        # Totals of all factors hold the whole variance at least once: this sample has not seen it.
        return ("total_short",)
    said = [("sum_above_one", share > 1.0), ("together", share + band < 1.0 - APART)]
    return tuple(key for key, holds in said if holds)


def _require_one_policy(study: Study) -> None:
    if len(study.policies) != 1:
        raise InputError(
            study.where, "the study has {count} policies, and factors are judged under one",
            "Keep one; the others make studies of their own", count=len(study.policies),
        )  # fmt: skip


__all__ = ["REMARKS", "Answer", "Row", "Sensitivity", "answer_of", "morris_remarks", "sensitivity", "sobol_remarks"]
