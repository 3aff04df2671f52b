"""Checks of single values that more than one part of a scenario needs."""

from __future__ import annotations

import math

from simvet.errors import InputError, nearest

FIRST_YEAR = 2000
"""No base year and no opening lies before this school year."""
LAST_YEAR = 2035
"""The feeder (births and primary grades) is given up to this school year."""
LARGEST_NUMBER = 1e9
"""Persons; more than live on earth in any region, and far from where numbers lose their last digit."""
COMPARATORS = (">=", "<=", "==", "~")
"""How a value is held against a bound; ``~`` is "about"."""


def require_word(word: str, kind: str, known: tuple[str, ...], where: str) -> str:
    """Return a word if it is one of those known; complain with the nearest if not.

    Parameters
    ----------
    word : str.
    kind : str, what the word is, as the complaint calls it.
    known : tuple of str.
    where : str, the place to name in the complaint.

    Returns
    -------
    str.

    Raises
    ------
    InputError : the word is not known.

    Notes
    -----
    Unit: none. Source: the file.
    """
    if word not in known:
        raise InputError(
            where, "{kind} {word!r} is unknown", "Did you mean {near!r}? It takes {known}", kind=kind, word=word,
            near=nearest(word, known), known=", ".join(known),
        )  # fmt: skip
    return word


def require_finite(name: str, value: float, where: str, most: float = LARGEST_NUMBER) -> None:
    """Complain about a number that no run can work with.

    Parameters
    ----------
    name : str, the key that holds it.
    value : float.
    where : str, the place to name in the complaint.
    most : float; the largest number that makes sense here.

    Raises
    ------
    InputError : the number is not finite, or beyond ``most``.

    Notes
    -----
    Unit: that of the key. Source: the file.
    """
    if not math.isfinite(value):
        raise InputError(where, "{name!r} is {value}, not a number", "Write a finite number", name=name, value=value)
    if abs(value) > most:
        what = "more than any region has people" if most == LARGEST_NUMBER else "more than any region can pay"
        raise InputError(where, "{name!r} is {value:g}, " + what, "Look for digits too many", name=name, value=value)
