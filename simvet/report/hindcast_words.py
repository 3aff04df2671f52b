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
    for (measure, stage), part in best.groupby(["measure", "stage"], sort=False):
        leads = part.set_index("lead")
        far = min(5, int(leads.index.max()))
        near, later = leads.loc[1] if 1 in leads.index else leads.iloc[0], leads.loc[far]
        key = "better" if later["gain"] > BETTER else "worse" if later["gain"] < -WORSE else "equal"
        told.append(
            word(
                "histories", f"hindcast_{key}", language, series=series_name(str(measure), str(stage), language),
                near=f"{near['mape']:.1f}", lead=far, far=f"{later['mape']:.1f}", gain=f"{abs(later['gain']):.0f}",
                method=word("history_method", str(later["best_method"]), language), best=f"{later['best']:.1f}",
            )
        )  # fmt: skip
    ours = table[table["method"] == OURS]
    weights = ours["forecasts"]
    held = 100 * float((ours["coverage80"] * weights).sum() / weights.sum())
    told.append(word("histories", "hindcast_bands", language, held=f"{held:.0f}"))
    return told


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
