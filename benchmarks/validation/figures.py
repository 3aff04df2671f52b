"""The page of figures, line by line."""

from __future__ import annotations

import numpy as np
import pandas as pd

from simvet.errors import InputError
from simvet.histories.components import Floats
from simvet.histories.grades import fit_grades
from simvet.histories.parameters import NORMAL_90, underlying_rates
from simvet.histories.region_rows import refit
from simvet.histories.rolling import OURS, Hindcast
from simvet.histories.scores import best_plain, score_table
from simvet.histories.simulated import known_history
from simvet.loading import load_scenario

SHOWN = 5
NCES = {
    ("high", "enrolment"): {1: 0.4, 2: 0.7, 3: 0.9, 4: 1.1, 5: 1.3, 10: 2.2},
}
"""Mean absolute per cent error of the projections that NCES published for grades 9-12 of public schools."""
NAMES = {"grade": "single grades", "high": "high (grades 9-12)"}


def header() -> list[str]:
    """Return the first lines of the page."""
    return [
        "# Validation figures", "",
        "Written by `python -m benchmarks.validation FOLDER`; not edited by hand. What was done and what it is worth:",
        "[validation.md](validation.md). Errors are mean absolute per cent errors over all regions and origins; every",
        "forecast uses what was known at its origin alone. *Best plain* is the best of naive, drift, exponential",
        "smoothing and cohort survival or stage flow (one year, three years), chosen lead by lead after the fact.",
    ]  # fmt: skip


def table_lines(found: Hindcast, took: float) -> list[str]:
    """Return the errors of all methods for the first leads."""
    table = score_table(found)
    lines = [
        "", f"## {found.name}", "",
        f"{len(found.regions)} region(s), origins {found.origins[0]} to {found.origins[-1]}, {took:.0f} s.", "",
        f"![errors by years ahead](validation/{found.name}_en.png)", "",
        "| series | method | " + " | ".join(f"{k} y" for k in range(1, SHOWN + 1)) + " | 10 y |",
        "|---|---|" + "---|" * (SHOWN + 1),
    ]  # fmt: skip
    for key, part in table.groupby(["measure", "stage", "method"], sort=False):
        measure, stage, method = map(str, key)
        leads = part.set_index("lead")["mape"]
        cells = [f"{leads[k]:.2f}" if k in leads.index else "" for k in (*range(1, SHOWN + 1), 10)]
        lines.append(f"| {NAMES.get(stage, stage)} {measure} | {method} | " + " | ".join(cells) + " |")
    return lines


def gain_lines(found: Hindcast) -> list[str]:
    """Return how far below the best plain method the model is, and beside published projections."""
    best = best_plain(score_table(found))
    lines = ["", "Per cent below the best plain method (negative: above it):", ""]
    lines += ["| series | " + " | ".join(f"{k} y" for k in range(1, SHOWN + 1)) + " |", "|---|" + "---|" * SHOWN]
    for key, part in best.groupby(["measure", "stage"], sort=False):
        measure, stage = map(str, key)
        gains = part.set_index("lead")["gain"]
        cells = [f"{gains[k]:.0f}" if k in gains.index else "" for k in range(1, SHOWN + 1)]
        lines.append(f"| {NAMES.get(stage, stage)} {measure} | " + " | ".join(cells) + " |")
    if found.regions == ("US",):
        ours = best[(best["stage"] == "high") & (best["measure"] == "enrolment")].set_index("lead")["mape"]
        shown = ", ".join(f"{k} y {ours[k]:.2f} ({nces})" for k, nces in NCES["high", "enrolment"].items())
        lines += [
            "", f"Grades 9-12 beside the published NCES projections (in brackets, to one decimal): {shown}.",
            "Theirs were made at the time, over other years and with data that came later; these are hindcasts whose",
            "structure was chosen knowing how such years went: what is possible, not who is better.",
        ]  # fmt: skip
    return lines


def bias_lines(found: Hindcast) -> list[str]:
    """Return mean signed errors, pinball losses and numbers of forecasts of the model."""
    table = score_table(found)
    lines = ["", "Mean signed error in per cent / pinball loss in per cent of the outcome / forecasts:", ""]
    lines += ["| series | " + " | ".join(f"{k} y" for k in range(1, SHOWN + 1)) + " |", "|---|" + "---|" * SHOWN]
    for key, part in table[table["method"] == OURS].groupby(["measure", "stage"], sort=False):
        measure, stage = map(str, key)
        leads = part.set_index("lead")
        cells = [
            f"{leads['bias'][k]:+.2f} / {leads['pinball'][k]:.2f} / {leads['forecasts'][k]}" if k in leads.index else ""
            for k in range(1, SHOWN + 1)
        ]
        lines.append(f"| {NAMES.get(stage, stage)} {measure} | " + " | ".join(cells) + " |")
    return lines


def odd_lines(found: Hindcast) -> list[str]:
    """Return which series have bands that are far too narrow or too wide over the first leads."""
    table = score_table(found)
    ours = table[(table["method"] == OURS) & table["coverage80"].notna() & (table["lead"] <= SHOWN)]
    shown = []
    for key, part in ours.groupby(["measure", "stage"], sort=False):
        measure, stage = map(str, key)
        count = int(part["forecasts"].sum())
        share = 100 * float((part["coverage80"] * part["forecasts"]).sum() / count)
        if not 70 <= share <= 95:
            shown.append(f"{NAMES.get(stage, stage)} {measure} {share:.0f} % of {count}")
    if not shown:
        return ["", "No series has bands that held less than 70 or more than 95 % over leads 1 to 5."]
    return ["", "Bands that held less than 70 or more than 95 % over leads 1 to 5: " + "; ".join(shown) + "."]


def coverage_lines(found: Hindcast) -> list[str]:
    """Return how often the 80 % bands held, over all regions and the ten smallest."""
    known = np.isfinite(found.came) & np.isfinite(found.bands).all(axis=0)
    inside = np.where(known, (found.came >= found.bands[0]) & (found.came <= found.bands[-1]), np.nan)
    small = np.argsort(found.sizes)[:10]
    lines = ["", "Per cent of outcomes inside the 80 % band, and half the band's width in per cent:", ""]
    lines += [
        "| series | regions | " + " | ".join(f"{k} y" for k in range(1, SHOWN + 1)) + " |",
        "|---|---|" + "---|" * SHOWN,
    ]
    width = 50 * (found.bands[-1] - found.bands[0]) / found.bands[1]
    for group in dict.fromkeys(one.group for one in found.series):
        some = [k for k, one in enumerate(found.series) if one.group == group]
        for name, rows in (("all", np.arange(len(found.regions))), ("ten smallest", small)):
            if name != "all" and len(found.regions) < 20:
                continue
            cells = [_held(inside, width, rows, some, lead) for lead in range(SHOWN)]
            lines.append(f"| {NAMES.get(group[1], group[1])} {group[0]} | {name} | " + " | ".join(cells) + " |")
    return lines


def _held(inside: Floats, width: Floats, rows: np.ndarray, some: list[int], lead: int) -> str:
    part = inside[:, rows][:, :, some, lead]
    if not np.isfinite(part).any():
        return ""
    wide = np.where(np.isfinite(part), width[:, rows][:, :, some, lead], np.nan)
    return f"{100 * np.nanmean(part):.0f} (±{np.nanmean(wide):.1f})"


def recovery_lines(seeds: int = 5) -> list[str]:
    """Return how often 90 % intervals hold rates that are known."""
    held = []
    for seed in range(1, seeds + 1):
        made = known_history(220, 11, 8, seed)
        mean, deviation = underlying_rates(fit_grades(made.history))
        held.append(100 * float((np.abs(mean - made.rates) < NORMAL_90 * deviation).mean()))
    shown = ", ".join(f"{share:.1f}" for share in held)
    return [
        "", "## Known rates", "",
        f"{seeds} times 220 simulated regions, 11 years, 8 grades: the 90 % intervals of the rates held {shown}",
        "per cent of the rates that made the histories.",
    ]  # fmt: skip


def wenzhou_lines() -> list[str]:
    """Return what the project's own regions are foretold from their histories, Wenzhou before anyone compares."""
    lines = [
        "", "## The project's own regions", "",
        "Stocks foretold by `simvet calibrate` from the region's published stocks up to the base year and, where they",
        "are silent, usual rates of China 2017-2020; written before anyone held them against what came. Median and",
        "80 % band, thousand students.", "",
        "| region | stage | fitted on | 1 y | 2 y |", "|---|---|---|---|---|",
    ]  # fmt: skip
    for region in ("wenzhou", "zhejiang", "lishui", "zhoushan"):
        try:
            found = refit(load_scenario(region), region)
        except InputError as error:
            lines.append(f"| {region} | – | {error.what.format(**error.facts)} | | |")
            continue
        years = found.fit.history.years
        for s, stage in enumerate(found.stages):
            known = pd.Series(found.fit.history.enrolment[0, s], index=years).dropna().index
            cells = [_band(found.stocks[:, s, lead], years[-1] + lead + 1) for lead in (0, 1)]
            lines.append(
                f"| {region} | {stage} | {known[0]}-{known[-1]}, {len(known)} stocks | " + " | ".join(cells) + " |"
            )
    return lines


def _band(drawn: Floats, year: int) -> str:
    low, middle, high = np.quantile(drawn, (0.1, 0.5, 0.9)) / 1000
    return f"{year}: {middle:.1f} ({low:.1f}-{high:.1f})"
