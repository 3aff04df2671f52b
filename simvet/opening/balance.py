"""The balance of a region's accounts: opened, solved draw by draw, and kept so that it is solved once."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simvet.cache import cache_folder
from simvet.draws import Draws
from simvet.opening.accounts import Accounts
from simvet.opening.figures import add_figure
from simvet.opening.identities import add_identities
from simvet.opening.ledger import Ledger
from simvet.opening.solve import solve_bounded
from simvet.opening.tolerances import tolerance_table
from simvet.opening.unknowns import add_flows, add_unknowns
from simvet.sampling import Sample, Uncertainty, sample_region
from simvet.scenario import RegionCase, digest_of
from simvet.tables import Row

Floats = NDArray[np.float64]

METHOD = 5
"""Raised whenever the balance is computed differently, so that no old cache is read."""


def open_accounts(base: int, rows: Sequence[Row], sample: Sample, draws: int) -> Accounts:
    """Return the accounts of a region: unknowns, identities, assumed splits and figures.

    Parameters
    ----------
    base : int; base year.
    rows : sequence of Row of the region.
    sample : Sample; drawn rates and shares.
    draws : int.

    Returns
    -------
    Accounts.

    Raises
    ------
    InputError : a needed row is missing, or a figure has no form.

    Notes
    -----
    Unit: persons. Source: MODEL, sections 1 to 4.
    """
    accounts = Accounts(base, sample, Ledger(draws), rows)
    add_unknowns(accounts)
    add_flows(accounts)
    add_identities(accounts)
    for row in rows:
        if row.use in ("figure", "check"):
            add_figure(accounts, row)
    return accounts


def balance(
    case: RegionCase, rows: Sequence[Row], data_digest: str, draws: Draws, count: int, uncertainty: Uncertainty
) -> tuple[Accounts, Floats]:
    """Return the accounts of a region and their drawn solution, from the cache if it has been solved before.

    Parameters
    ----------
    case : RegionCase.
    rows : sequence of Row of the region.
    data_digest : str; names the data in the cache.
    draws : Draws.
    count : int, draws.
    uncertainty : Uncertainty; ``opening`` False solves for the centre alone.

    Returns
    -------
    accounts : Accounts.
    found : (draw, unknown) array, persons.

    Raises
    ------
    InputError : a row is missing or wrong.

    Notes
    -----
    Unit: persons. Source: MODEL, section 1; solved by :func:`simvet.opening.solve.solve_bounded`.
    """
    sample = sample_region(case.region, rows, draws, count, uncertainty.parameters, case.province)
    accounts = open_accounts(case.base_year, rows, sample, count)
    if not draws.plain:
        # Parts of an ensemble are solved where they are run: kept, they would fill the disk and be read by nobody.
        return accounts, solve_accounts(accounts, draws, uncertainty.opening)
    told = (uncertainty.parameters, uncertainty.opening)
    tolerances = [number.key for number in tolerance_table().values()]
    where = (case.region, case.province, case.base_year)
    name = digest_of([METHOD, data_digest, tolerances, *where, draws.seed, count, *told])
    path = cache_folder() / f"opening-{case.region}-{name}.npy"
    shape = (count, len(accounts.ledger.names))
    found = _kept(path)
    if found is not None and found.shape == shape and np.all(np.isfinite(found)) and np.all(found >= 0.0):
        return accounts, found
    found = solve_accounts(accounts, draws, uncertainty.opening)
    _keep(path, found)
    return accounts, found


def solve_accounts(accounts: Accounts, draws: Draws, vary: bool, without: str = "", figures: bool = True) -> Floats:
    """Return the unknowns that agree best with prior and rows, draw by draw.

    Parameters
    ----------
    accounts : Accounts.
    draws : Draws.
    vary : bool; perturb prior and rows by their spreads.
    without : str; label of a figure to leave out.
    figures : bool; False leaves out every figure, which shows what prior and identities say alone.

    Returns
    -------
    (draw, unknown) array, persons.

    Notes
    -----
    Unit: persons. Errors: none. Source: MODEL, section 1.
    """
    ledger = accounts.ledger
    left_out = ("check",) if figures else ("check", "figure")
    used = [row for row in ledger.rows if row.kind not in left_out and row.label != without]
    matrix, wanted, spread = ledger.dense_rows(used)
    prior, prior_spread = ledger.prior_arrays()
    if vary:
        region, rows = accounts.sample.region, draws.rows(ledger.draws)
        for position, row in enumerate(used):
            noise = draws.normal("figure", accounts.base, f"{region}/{row.label}", rows)
            wanted[:, position] += spread[:, position] * noise
        for unknown, position in ledger.names.items():
            noise = draws.normal("balance", accounts.base, f"{region}/{unknown}", rows)
            prior[:, position] += prior_spread[:, position] * noise
    return solve_bounded(matrix, wanted, spread, prior, prior_spread)


def _kept(path: Path) -> Floats | None:
    """Return a balance from the cache, None where there is none or the file is damaged: it is then solved anew."""
    try:
        kept = np.load(path)
        return kept if kept.dtype == np.float64 else None
    except (OSError, ValueError, EOFError):
        return None


def _keep(path: Path, found: Floats) -> None:
    """Write a balance under its name in one step; a folder that cannot be written only costs time."""
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".npy")
        with os.fdopen(handle, "wb") as file:
            np.save(file, found)
        Path(temporary).replace(path)
    except OSError:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
