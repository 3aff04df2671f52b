"""Hindcasts in words: what the errors mean for a planner, and what is odd about the data."""

from __future__ import annotations

import pandas as pd

from simvet.histories.flags import Flag
from simvet.histories.labels import stage_facts
from simvet.histories.rolling import OURS, Hindcast
from simvet.histories.scores import SINGLE_GRADES, best_plain
from simvet.report.wording import Language, word

BETTER, WORSE = 2.0, 10.0
"""Per cent below the best plain method that count as better, and above it as worse. The best is only known afterwards,
so a little above it is as good as can be."""
FEWEST = 5
"""Forecasts from which a series is judged."""
POINTS = 1.0
"""Per cent points of error below which nobody is told not to lean on a series."""
NARROW, WIDE = 70.0, 95.0
"""Per cent of outcomes inside the 80 % band outside which a band is called too narrow or too wide."""
MOST_FLAGS = 12
"""Remarks on the data that are printed; the number of the others is said."""


def series_name(measure: str, stage: str, language: Language) -> str:
    """Return what a line of a table is about; unit, errors: none; source: the wording."""
    name = word("histories", "single_grades", language) if stage == SINGLE_GRADES else stage_name(stage, language)
    return word("histories", "series", language, stage=name, measure=word("histories", measure, language))


def stage_name(stage: str, language: Language) -> str:
    """Return the name of a stage of a history; unit, errors: none; source: the wording."""
    return word("history_stage", stage_facts(stage).canonical, language)


def hindcast_sentences(found: Hindcast, table: pd.DataFrame, language: Language) -> list[str]:
    """Return what a hindcast means, in sentences a planner understands.

    Parameters
    ----------
    found : Hindcast.
    table : DataFrame of ``score_table``.
    language : str.

    Returns
    -------
    list of str: one on the whole, one for each series of a stage, one on the bands.

    Notes
    -----
    Unit: per cent. Errors: none. Source: the table.
    """
    told = [
        word(
            "histories", "hindcast_what", language, origins=len(found.origins), first=found.origins[0],
            last=found.origins[-1], regions=len(found.regions),
        )
    ]  # fmt: skip
    best = best_plain(table)
    for key, part in best.groupby(["measure", "stage"], sort=False):
        told.append(_compared(str(key[0]), str(key[1]), part.set_index("lead"), language))
    ours = table[(table["method"] == OURS) & table["coverage80"].notna()]
    if len(ours):
        weights = ours["forecasts"]
        held = 100 * float((ours["coverage80"] * weights).sum() / weights.sum())
        told.append(word("histories", "hindcast_bands", language, held=f"{held:.0f}"))
        told += _odd_bands(ours, language)
    return told


def _compared(measure: str, stage: str, leads: pd.DataFrame, language: Language) -> str:
    """Return how one series did; no judgement on a few forecasts, or on a difference that is none."""
    rested = leads[leads["forecasts"] >= FEWEST]
    far = int(min(5, rested.index.max())) if len(rested) else int(leads.index.min())
    near, later = leads.iloc[0], leads.loc[[far]].iloc[0]
    apart = later["mape"] - later["best"]
    if later["forecasts"] < FEWEST:
        key = "few"
    elif later["gain"] > BETTER:
        key = "better"
    else:
        key = "worse" if later["gain"] < -WORSE and apart > POINTS else "equal"
    method = word("history_method", str(later["best_method"]), language)
    return word(
        "histories", f"hindcast_{key}", language, series=series_name(measure, stage, language),
        near=f"{near['mape']:.1f}", lead=far, far=f"{later['mape']:.1f}", gain=f"{abs(later['gain']):.0f}",
        method=method, best=f"{later['best']:.1f}", count=int(later["forecasts"]),
    )  # fmt: skip


def _odd_bands(ours: pd.DataFrame, language: Language) -> list[str]:
    """Return which series had bands that held far too seldom or nearly always, over the first five leads."""
    found: dict[str, list[str]] = {"narrow": [], "wide": []}
    for key, part in ours[ours["lead"] <= 5].groupby(["measure", "stage"], sort=False):
        count = int(part["forecasts"].sum())
        share = 100 * float((part["coverage80"] * part["forecasts"]).sum() / count)
        if count >= FEWEST and not NARROW <= share <= WIDE:
            name = series_name(str(key[0]), str(key[1]), language)
            shown = word("histories", "band_share", language, series=name, share=f"{share:.0f}", count=count)
            found["narrow" if share < NARROW else "wide"].append(shown)
    mark = word("text", "list_separator", language)
    return [
        word("histories", f"bands_{key}", language, series=mark.join(names)) for key, names in found.items() if names
    ]


def flag_sentences(flags: tuple[Flag, ...], language: Language) -> list[str]:
    """Return what is odd about a history, first the first ones.

    Parameters
    ----------
    flags : tuple of Flag.
    language : str.

    Returns
    -------
    list of str, at most ``MOST_FLAGS`` and one that counts the others.

    Notes
    -----
    Unit: none. Errors: none. Source: the flags.
    """
    told = []
    for flag in flags[:MOST_FLAGS]:
        facts = {key: _shown(value) for key, value in flag.facts.items()}
        stage = stage_name(flag.stage, language) if flag.stage else ""
        told.append(
            word("histories", f"flag_{flag.kind}", language, region=flag.region, year=flag.year, stage=stage, **facts)
        )
    if len(flags) > MOST_FLAGS:
        told.append(word("histories", "more_flags", language, count=len(flags) - MOST_FLAGS))
    return told


def _shown(value: object) -> object:
    if isinstance(value, float):
        return f"{100 * value:+.1f} %" if abs(value) < 5 else f"{value:,.0f}"
    return value
