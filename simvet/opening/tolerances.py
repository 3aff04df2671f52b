"""How wide, how tight and about how large: assumed numbers of the opening balance, from one table."""

from __future__ import annotations

from collections.abc import Mapping

from simvet.errors import InputError, nearest
from simvet.tables import TOLERANCES, NamedNumber, home, named_numbers


def tolerance(name: str) -> float:
    """Return an assumed number of the opening balance.

    Parameters
    ----------
    name : str; the name of its row.

    Returns
    -------
    float, above 0.

    Raises
    ------
    InputError : the table has no such row, or the table is wrong.

    Notes
    -----
    Unit: the row's own; its meaning says what it is a share of. Source: ``data/opening/tolerances.csv``.
    """
    table = tolerance_table()
    if name not in table:
        raise InputError(
            TOLERANCES, "there is no row for {name!r}", "Add the row; the nearest name is {near!r}",
            name=name, near=nearest(name, table) if table else "",
        )  # fmt: skip
    return table[name].value


def tolerance_table() -> Mapping[str, NamedNumber]:
    """Return all assumed numbers of the opening balance; the table is read once.

    Returns
    -------
    mapping of name -> NamedNumber, sorted by name.

    Raises
    ------
    InputError : the table is missing or wrong.

    Notes
    -----
    Unit: each row's own. Source: ``data/opening/tolerances.csv`` under :func:`simvet.tables.home`.
    """
    return named_numbers(home() / TOLERANCES)
