"""What a region's balance rests on: unknowns, figures, rank, what is solved and what assumed, and leave-one-out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simvet.draws import Draws
from simvet.loading import load_scenario
from simvet.opening.balance import balance, solve_accounts
from simvet.opening.ledger import LedgerRow
from simvet.opening.state import Opening, open_region
from simvet.pathway import Pathway
from simvet.rules.admission import place_by_score
from simvet.sampling import Uncertainty
from simvet.scenario import RegionCase, Scenario

Floats = NDArray[np.float64]

SOLVED = 0.5
"""An unknown counts as solved when the figures halve the standard deviation that it has without them, or better."""


@dataclass(frozen=True)
class LeaveOneOut:
    """What the other figures say about one figure.

    Notes
    -----
    Unit: the figure's. ``low`` and ``high`` bound the central 90 % of draws. ``tension`` says that the figure, with
    its rounding, lies outside. Errors: none. Source: the balance solved again without the figure.
    """

    label: str
    used: bool
    value: float
    median: float
    low: float
    high: float
    tension: bool


@dataclass(frozen=True)
class Choice:
    """How an option of a gate got its parameters.

    Notes
    -----
    Unit: none. ``closes`` says whether its seats were used up in the base year in most draws; then the placed fix the
    seats and ``alpha`` is assumed. ``seats_solved`` says whether figures fix the placed, ``alpha_solved`` whether they
    fix the utility; ``beta`` is always assumed. Errors: none. Source: MODEL, section 4.
    """

    gate: str
    option: str
    closes: bool
    seats_solved: bool
    alpha_solved: bool


@dataclass(frozen=True)
class RegionCheck:
    """The report on one region's opening balance.

    Notes
    -----
    Unit: counts. ``rank`` is that of figures and identities together; ``free`` is unknowns less rank. Errors: none.
    Source: the accounts.
    """

    region: str
    base_year: int
    unknowns: int
    figures: int
    identities: int
    softs: int
    rank: int
    free: int
    solved: tuple[str, ...]
    assumed: tuple[str, ...]
    choices: tuple[Choice, ...]
    figures_left_out: tuple[LeaveOneOut, ...]
    statuses: dict[str, int]


def check(
    scenario: Scenario | str | Path, draws: int = 200, seed: int = 1, progress: Callable[[str], None] | None = None
) -> list[RegionCheck]:
    """Check the opening balance of every region of a scenario.

    Parameters
    ----------
    scenario : Scenario, or the name or path of one.
    draws : int; draws of each balance.
    seed : int.
    progress : callable, optional; told each figure that is left out.

    Returns
    -------
    list of RegionCheck.

    Raises
    ------
    InputError : the scenario or its data are wrong.

    Notes
    -----
    Unit: see LeaveOneOut. Source: MODEL, sections 1 and 4.
    """
    chosen = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
    return [_check_region(chosen, case, draws, seed, progress or (lambda _: None)) for case in chosen.regions]


def _check_region(
    scenario: Scenario, case: RegionCase, draws: int, seed: int, tell: Callable[[str], None]
) -> RegionCheck:
    rows = scenario.rows[case.region]
    keyed = Draws(seed)
    uncertainty = Uncertainty()
    accounts, found = balance(case, rows, scenario.data_digest, keyed, draws, uncertainty)
    ledger = accounts.ledger
    known = [row for row in ledger.rows if row.kind == "figure"]
    identities = [row for row in ledger.rows if row.kind == "identity"]
    matrix, _, _ = ledger.dense_rows(known + identities)
    rank = int(np.linalg.matrix_rank(matrix[0] / np.abs(matrix[0]).max(axis=1, keepdims=True)))
    before = solve_accounts(accounts, keyed, True, figures=False).std(axis=0)
    after = found.std(axis=0)
    solved = tuple(name for name, i in ledger.names.items() if before[i] > 0 and after[i] < SOLVED * before[i])
    assumed = tuple(name for name, i in ledger.names.items() if before[i] > 0 and after[i] >= SOLVED * before[i])
    left_out = []
    for row in ledger.rows:
        if row.kind not in ("figure", "check"):
            continue
        tell(row.label)
        without = found if row.kind == "check" else solve_accounts(accounts, keyed, True, row.label)
        left_out.append(_left_out(row, ledger.predict(row, without)))
    opening = open_region(case, scenario.pathway, rows, scenario.data_digest, keyed, draws, uncertainty)
    return RegionCheck(
        region=case.region, base_year=case.base_year, unknowns=len(ledger.names), figures=len(known),
        identities=len(identities), softs=sum(row.kind == "soft" for row in ledger.rows), rank=rank,
        free=len(ledger.names) - rank, solved=solved, assumed=assumed,
        choices=tuple(_choices(opening, scenario.pathway, solved)),
        figures_left_out=tuple(left_out),
        statuses={s: sum(row.status == s for row in rows) for s in ("published", "derived", "assumed")},
    )  # fmt: skip


def _left_out(row: LedgerRow, drawn: Floats) -> LeaveOneOut:
    low, median, high = (float(q) for q in np.nanquantile(drawn, [0.05, 0.5, 0.95]))
    value = float(np.median(np.asarray(row.value)))
    return LeaveOneOut(
        row.label, row.kind == "figure", value, median, low, high, not (row.low <= high and row.high >= low)
    )


def _choices(opening: Opening, pathway: Pathway, solved: tuple[str, ...]) -> list[Choice]:
    """Return how each option's parameters came about: what closed in the base year hides how many wanted it."""
    choices = []
    for gate in pathway.gates:
        if gate.key not in opening.utility:
            continue
        seats = opening.placed[gate.key].copy()
        open_ended = [position for position, option in enumerate(gate.options) if option == OPEN_ENDED]
        seats[:, open_ended] = np.inf
        pool, utility, slope = opening.pool[gate.key], opening.utility[gate.key], opening.slope[gate.key]
        _, cutoff, _, _ = place_by_score(pool, utility, slope, np.maximum(seats * (1.0 - 1e-9), 0.0))
        for position, option in enumerate(gate.options):
            closes = bool(np.mean(cutoff[:, position] > 0.0) >= 0.5)
            known = _unknown_of(gate.key, option, opening.case.base_year) in solved
            choices.append(Choice(gate.key, option, closes, known, not closes and known))
    return choices


OPEN_ENDED = "secondary_vocational/regular"
"""The option that took whoever wanted it in the base year."""


def _unknown_of(gate: str, option: str, base: int) -> str:
    """Return the unknown of the balance that holds the base year's placed of an option."""
    stage, _, track = option.partition("/")
    if gate == "senior_secondary":
        return f"general_high/{base}" if stage == "general_high" else f"{stage}/{track}/{base}"
    return f"{gate}/{stage}"
