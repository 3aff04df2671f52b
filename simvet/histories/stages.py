"""Forecast of a history by stage: cohorts pass through; entry follows leavers where nearly all go on, else seats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from simvet.histories.components import Floats
from simvet.histories.labels import StageFacts, stage_facts
from simvet.histories.posterior import keyed_normals
from simvet.histories.trends import Path, damped_path, drawn_paths, last_run, lasting_path, slope_of

if TYPE_CHECKING:
    from simvet.histories.table import History

FOLLOWING = 6.0
"""Power of the share of leavers who go on: at 100 % entry follows the leavers, at 60 % nearly all depends on seats."""
COVERAGE_YEARS = 3
PLACES = 0.5
"""Weight of the trend in enrolment (places) against that in entrants (intake), where seats decide."""
PLACES_RECENT = 0.35
POOLED = 0.5
"""How far trends of the options at one gate, and of the regions, are drawn to their common trend."""
CEILING = 1.1
"""Entrants per leaver that an option can never pass; above one because adults and returners enter too. Assumed."""
COMPLETION_RECENT = 0.8
COMPLETION_PRIOR = 0.1
"""Years that full agreement of graduates with entrants and retention is worth."""
FADING = 0.96
"""What is left of yearly losses and gains after a year; assumed, judged by hindcasts."""
LEAST_INTAKE = 0.3
"""Part of last year's intake below which places alone cannot push the next one."""
SEEN = 10.0
"""How many times more, or less, than was ever seen a count may become: ratios of a few persons multiply to anything.
Assumed; real histories come nowhere near."""


@dataclass(frozen=True)
class Ways:
    """Paths of what moves one stage of one region.

    Notes
    -----
    ``retention``: log of the share of a year's students, entrants and graduates aside, still there a year later;
    ``completion``: log of graduates against what entrants and retention foretell; ``intake`` and ``places``: log of
    entrants and of enrolment under a trend that lasts; ``share``: logit of entrants per leaver left by earlier options,
    None where nobody feeds the stage; ``following``: weight of the leavers. Unit: log points, logits, share. Errors:
    none. Source: :func:`ways_of`.
    """

    retention: Path
    completion: float
    intake: Path
    places: Path
    share: Path | None
    following: float


@dataclass(frozen=True)
class StageFit:
    """A history by stage with its fitted ways.

    Notes
    -----
    Shape: ``ways`` maps (region, stage index) to Ways. Unit: see Ways. Errors: none. Source: :func:`fit_stages`.
    """

    history: History
    facts: tuple[StageFacts, ...]
    order: tuple[int, ...]
    feeders: tuple[tuple[int, ...], ...]
    before: tuple[tuple[int, ...], ...]
    ways: Mapping[tuple[int, int], Ways]
    leads: int


def _logit(share: Floats) -> Floats:
    kept = np.clip(share, 1e-6, CEILING - 1e-6)
    return np.log(kept / (CEILING - kept))


def _share(logit: Floats) -> Floats:
    found: Floats = CEILING / (1.0 + np.exp(-logit))
    return found


def fit_stages(history: History, leads: int) -> StageFit:
    """Fit what moves the stages of a history.

    Parameters
    ----------
    history : History of kind ``stages``.
    leads : int, years that are to be foretold.

    Returns
    -------
    StageFit.

    Notes
    -----
    Feeders and the order of admission come from ``data/histories/labels.csv``; the same rule holds for every stage.
    Errors: none. Source: MODEL, sections 4 and 9; docs/validation.md.
    """
    facts = tuple(stage_facts(column.stage) for column in history.columns)
    names = [one.canonical for one in facts]
    feeders = tuple(tuple(names.index(f) for f in one.feeders if f in names) for one in facts)
    order = tuple(sorted(range(len(facts)), key=lambda k: (facts[k].position, facts[k].admitted)))
    gates = [[k for k in range(len(facts)) if facts[k].position == one.position] for one in facts]
    # At one gate an option takes from what those admitted before it have left, and only they reach into its pool.
    before = tuple(
        tuple(k for k in gates[j] if facts[k].admitted < facts[j].admitted and set(feeders[k]) <= set(feeders[j]))
        for j in range(len(facts))
    )
    ways = {}
    for region in range(len(history.regions)):
        slopes = _common_slopes(history, region, gates)
        for stage in range(len(facts)):
            ways[region, stage] = _ways_of(history, region, stage, facts, feeders, before, gates, slopes, leads)
    return StageFit(history, facts, order, feeders, before, ways, leads)


def _common_slopes(history: History, region: int, gates: list[list[int]]) -> Mapping[str, list[float]]:
    """Return, for each stage, the trend of all options at its gate taken together."""
    found: dict[str, list[float]] = {"intake": [], "places": []}
    for gate in gates:
        for key, counts, recent in (("intake", history.entrants, 0.8), ("places", history.enrolment, PLACES_RECENT)):
            known = np.where(counts[region] > 0, counts[region], np.nan)
            some = [k for k in gate if np.isfinite(known[k]).any()]
            total = last_run(np.log(known[some].sum(axis=0))) if some else np.zeros(1)
            found[key].append(slope_of(total, recent))
    return found


def _ways_of(
    history: History, region: int, stage: int, facts: tuple[StageFacts, ...], feeders: tuple[tuple[int, ...], ...],
    before: tuple[tuple[int, ...], ...], gates: list[list[int]], slopes: Mapping[str, list[float]], leads: int,
) -> Ways:  # fmt: skip
    enrolment, entrants, graduates = (
        np.where(counts[region] > 0, counts[region], np.nan)
        for counts in (history.enrolment, history.entrants, history.graduates)
    )
    retention = _kept(enrolment[stage], entrants[stage], graduates[stage])
    known = last_run(retention)
    steady = damped_path(known if len(known) else np.zeros(1), leads)
    # What a cohort loses or gains on its way gets smaller with the years, as in histories by grade.
    steady = replace(steady, mean=steady.mean * FADING ** np.arange(1, leads + 1))
    own, all_students = last_run(np.log(entrants[stage])), last_run(np.log(enrolment[stage]))
    slope = slope_of(own) * (1 - POOLED) + POOLED * slopes["intake"][stage]
    spread = slope_of(all_students, PLACES_RECENT) * (1 - POOLED) + POOLED * slopes["places"][stage]
    own, all_students = (some if len(some) else np.full(1, np.nan) for some in (own, all_students))
    intake = lasting_path(own, slope, leads)
    if not facts[stage].feeders:
        # Nobody plans how many children enter the first stage, and their numbers turn: the last one is held.
        intake = replace(damped_path(own, leads), mean=np.full(leads, own[-1]))
    places = lasting_path(all_students, spread, leads)
    share, following = None, 0.0
    if feeders[stage]:
        pool = graduates[list(feeders[stage])].sum(axis=0)
        left = pool - entrants[list(before[stage])].sum(axis=0)
        logits = last_run(_logit(entrants[stage] / np.where(left > 0, left, np.nan)))
        if len(logits):
            share = damped_path(logits, leads)
            following = _coverage(entrants[gates[stage]], graduates, [feeders[k] for k in gates[stage]]) ** FOLLOWING
    completion = _completion(entrants[stage], graduates[stage], retention, facts[stage].years)
    return Ways(steady, completion, intake, places, share, following)


def _kept(enrolment: Floats, entrants: Floats, graduates: Floats) -> Floats:
    """Return the log of what stayed from each year to the next, along the last axis; NaN where it is not known."""
    share = (enrolment[..., 1:] - entrants[..., 1:] + graduates[..., 1:]) / enrolment[..., :-1]
    found: Floats = np.log(np.where(share > 0, share, np.nan))
    return found


def _coverage(entrants: Floats, graduates: Floats, feeders: list[tuple[int, ...]]) -> float:
    """Return which share of the leavers before a gate go on, mean of the last years, at most 1."""
    pool = graduates[sorted({f for some in feeders for f in some})].sum(axis=0)
    ratio = last_run(np.minimum(1.0, np.nansum(entrants, axis=0) / pool))
    return float(ratio[-COVERAGE_YEARS:].mean()) if len(ratio) else 1.0


def _completion(entrants: Floats, graduates: Floats, retention: Floats, years: int) -> float:
    """Return the log of graduates against entrants kept on, recent years weighing more, drawn to zero."""
    seen = [
        float(np.log(graduates[t] / entrants[t - years]) - retention[t - years : t].sum())
        for t in range(years, len(entrants))
    ]
    ratios = last_run(np.array(seen)) if seen else np.zeros(0)
    weights = COMPLETION_RECENT ** np.arange(len(ratios) - 1, -1, -1.0)
    return float((weights * ratios).sum() / (weights.sum() + COMPLETION_PRIOR))


@dataclass(frozen=True)
class StagesAhead:
    """Counts to come of a history by stage.

    Notes
    -----
    Shape: each (region, stage, lead), most likely values; those drawn with a leading draw axis. Unit: persons,
    persons/year. Errors: none. Source: :func:`carry_stages`.
    """

    enrolment: Floats
    entrants: Floats
    graduates: Floats
    drawn_enrolment: Floats
    drawn_entrants: Floats
    drawn_graduates: Floats


def carry_stages(fit: StageFit, draws: int, seed: int) -> StagesAhead:
    """Carry a history by stage forward.

    Parameters
    ----------
    fit : StageFit.
    draws : int.
    seed : int.

    Returns
    -------
    StagesAhead.

    Notes
    -----
    ``E[t] = E[t-1] retention + N[t] - G[t]``; graduates are the entrants of as many years before as the programme
    takes, kept on; those who entered before the history begins are what the stock holds beyond known entrants, in equal
    parts. Unit: persons. Errors: none. Source: MODEL, section 1.
    """
    shape = (len(fit.history.regions), len(fit.facts), fit.leads)
    middle = [np.empty(shape) for _ in range(3)]
    drawn = [np.empty((draws, *shape)) for _ in range(3)]
    for region in range(shape[0]):
        for into, one in zip(middle, _flow(fit, region, None, seed), strict=True):
            into[region] = one[0]
        for spread, many in zip(drawn, _flow(fit, region, draws, seed), strict=True):
            spread[:, region] = many
    return StagesAhead(middle[0], middle[1], middle[2], drawn[0], drawn[1], drawn[2])


def _flow(fit: StageFit, region: int, draws: int | None, seed: int) -> tuple[Floats, Floats, Floats]:
    """Return enrolment, entrants and graduates (draw, stage, lead) of one region; one row without draws."""
    course = _course(fit, region, draws, seed)
    for lead in range(fit.leads):
        for stage in range(len(fit.facts)):
            course.leave(stage, lead)
        for stage in fit.order:
            course.enter(stage, lead)
            course.stay(stage, lead)
    ahead = slice(course.past, None)
    return course.enrolment[:, :, ahead], course.entrants[:, :, ahead], course.graduates[:, :, ahead]


@dataclass(frozen=True)
class _Course:
    """A region on its way: counts (draw, stage, year), filled up year by year, and paths of what moves them."""

    fit: StageFit
    ways: tuple[Ways, ...]
    past: int
    enrolment: Floats
    entrants: Floats
    graduates: Floats
    limits: tuple[tuple[Floats, Floats], ...]
    retention: Floats
    """(draw, stage, year), the years gone as well."""
    intake: Floats
    places: Floats
    share: tuple[Floats | None, ...]

    def leave(self, s: int, lead: int) -> None:
        """Fill in the graduates of a stage."""
        now, years = self.past + lead, self.fit.facts[s].years
        found = _leavers(
            years, self.enrolment[:, s], self.entrants[:, s], self.retention[:, s], self.ways[s], now, self.past
        )
        self.graduates[:, s, now] = self._within(2, s, found)

    def enter(self, s: int, lead: int) -> None:
        """Fill in the entrants of a stage: by its leavers where nearly all go on, else by its seats."""
        now, here, way = self.past + lead, self.share[s], self.ways[s]
        found = _seats(
            self.intake[:, s, lead], self.places[:, s, lead], self.enrolment[:, s, now - 1], self.retention[:, s, now],
            self.graduates[:, s, now], self.entrants[:, s, now - 1],
        )  # fmt: skip
        if here is not None:
            pool = self.graduates[:, list(self.fit.feeders[s]), now].sum(axis=1)
            left = np.maximum(pool - self.entrants[:, list(self.fit.before[s]), now].sum(axis=1), 0.02 * pool)
            found = way.following * np.log(_share(here[:, lead]) * left) + (1 - way.following) * found
        if not self.fit.facts[s].feeders:
            found = self.intake[:, s, lead]
        self.entrants[:, s, now] = self._within(1, s, np.exp(found))

    def stay(self, s: int, lead: int) -> None:
        """Fill in the enrolment of a stage."""
        now = self.past + lead
        kept = self.enrolment[:, s, now - 1] * np.exp(self.retention[:, s, now])
        stock = np.maximum(kept + self.entrants[:, s, now] - self.graduates[:, s, now], self.entrants[:, s, now])
        # Where entrants or graduates are not known, the trend of enrolment itself goes on, unless the stage has ended.
        going = np.isfinite(self.enrolment[:, s, self.past - 1]) & (self.enrolment[:, s, self.past - 1] > 0)
        stock = np.where(~np.isfinite(stock) & going, np.exp(self.places[:, s, lead]), stock)
        self.enrolment[:, s, now] = self._within(0, s, stock)

    def _within(self, measure: int, s: int, found: Floats) -> Floats:
        least, most = self.limits[measure]
        return np.clip(found, least[s], most[s])


def _course(fit: StageFit, region: int, draws: int | None, seed: int) -> _Course:
    """Return a region at its last year, with its paths drawn; the most likely ones without draws."""
    history, stages, rows = fit.history, range(len(fit.facts)), draws or 1

    def path(key: str, stage: int, way: Path) -> Floats:
        if draws is None:
            return way.mean[None]
        words = ("stage", key, history.regions[region], fit.facts[stage].canonical, history.years[-1])
        normals = keyed_normals(seed, words, (draws, fit.leads + 1))
        return drawn_paths(way, normals[:, :-1], normals[:, -1])

    # A zero in the file is taken as unknown, here as in the fit.
    known = [
        np.where(one[region] > 0, one[region], np.nan)
        for one in (history.enrolment, history.entrants, history.graduates)
    ]
    blank = np.full((rows, len(stages), fit.leads), np.nan)
    counts = [np.concatenate([np.broadcast_to(one, (rows, *one.shape)), blank], axis=2) for one in known]
    ways = tuple(fit.ways[region, s] for s in stages)
    kept = np.stack([path("retention", s, ways[s].retention) for s in stages], axis=1)
    seen = np.broadcast_to(_kept(*known), (rows, len(stages), len(history.years) - 1))
    return _Course(
        fit, ways, len(history.years), counts[0], counts[1], counts[2],
        limits=tuple(_limits(one) for one in known),
        retention=np.concatenate([np.full((rows, len(stages), 1), np.nan), seen, kept], axis=2),
        intake=np.stack([path("intake", s, ways[s].intake) for s in stages], axis=1),
        places=np.stack([path("places", s, ways[s].places) for s in stages], axis=1),
        share=tuple(path("share", s, way.share) if way.share else None for s, way in enumerate(ways)),
    )  # fmt: skip


def _limits(counts: Floats) -> tuple[Floats, Floats]:
    """Return the least and the most that each series (series, year) may become; none where nothing is known of it."""
    least, most = np.fmin.reduce(counts, axis=-1) / SEEN, np.fmax.reduce(counts, axis=-1) * SEEN
    return np.where(np.isnan(least), 0.0, least), np.where(np.isnan(most), np.inf, most)


def _seats(intake: Floats, places: Floats, before: Floats, kept: Floats, left: Floats, last: Floats) -> Floats:
    """Return the log of entrants that seats allow: half by the trend of intake, half by what places leave free."""
    free = np.maximum(np.exp(places) - before * np.exp(kept) + left, LEAST_INTAKE * last)
    found: Floats = (1 - PLACES) * intake + PLACES * np.log(free)
    return found


def _leavers(
    years: int, enrolment: Floats, entrants: Floats, retention: Floats, way: Ways, now: int, past: int
) -> Floats:
    """Return graduates of a year: entrants of a programme's length before, kept on, times the usual completion."""
    if now - years >= 0:
        some = retention[:, now - years + 1 : now + 1]
        kept = np.nanmean(some, axis=1) * years
        found: Floats = entrants[:, now - years] * np.exp(kept + way.completion)
        return found
    # They entered before the history begins: the stock of its last year, less what known entrants left in it.
    known = np.zeros(len(enrolment))
    for year in range(past):
        known += entrants[:, year] * np.exp(np.nansum(retention[:, year + 1 : past], axis=1))
    cohorts = years - past
    old: Floats = np.maximum(enrolment[:, past - 1] - known, 0.02 * enrolment[:, past - 1]) / cohorts
    return np.asarray(old * np.exp(retention[:, past : now + 1].sum(axis=1)), dtype=float)
