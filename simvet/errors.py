"""What went wrong, where, and what to do about it: every complaint to a user has these three parts."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class SimvetError(Exception):
    """Root of all errors that simvet raises on purpose."""


class InputError(SimvetError):
    """Something a user gave is wrong; nothing was computed or written.

    Parameters
    ----------
    where : str; file with line, table with row, or the option that was typed.
    what : str; the fault, an English template with ``{names}``; it is also the key of its Chinese wording.
    cure : str; what to do, a template of the same kind.
    **facts : the values that fill both templates.

    Notes
    -----
    Shape and unit: none. Errors: none, it is one. Source: the gettext habit of using the English text as message key.
    """

    def __init__(self, where: str, what: str, cure: str, **facts: object) -> None:
        self.where = where
        self.what = what
        self.cure = cure
        self.facts = facts
        super().__init__(where, what, cure)

    def __reduce__(self) -> tuple[object, ...]:
        """Keep the facts when the error crosses a process border."""
        return (_rebuild, (type(self), self.where, self.what, self.cure, self.facts))

    def __str__(self) -> str:
        """Return the one-line message in English."""
        return self.say({})

    def say(self, translations: dict[str, str]) -> str:
        """Return the one-line message, its templates replaced by their translations where there are any.

        Parameters
        ----------
        translations : dict of English template -> template in the reader's language.

        Returns
        -------
        str; ``where: what. cure``, never longer than one line.

        Notes
        -----
        Unit: none. Errors: none. Source: ARCHITECTURE, house habit 3.
        """
        # Only words of the message itself are translated; what a user wrote or must write stands as it is.
        facts = {
            name: translations.get(f, f) if isinstance(f, str) and name in ("wanted", "kind", "axis", "what") else f
            for name, f in self.facts.items()
        }
        what = translations.get(self.what, self.what).format(**facts)
        cure = translations.get(self.cure, self.cure).format(**facts)
        return " ".join(f"{self.where}: {what}. {cure}".split())


class BalanceError(SimvetError):
    """Students were lost or invented: an error of the program, never of the user."""


def _rebuild(kind: type[InputError], where: str, what: str, cure: str, facts: dict[str, object]) -> InputError:
    return kind(where, what, cure, **facts)


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known word that looks most like the one given.

    Parameters
    ----------
    word : str, as the user wrote it.
    known : iterable of str, at least one.

    Returns
    -------
    str; the closest known word, the first in alphabetical order when nothing is close.

    Raises
    ------
    ValueError : nothing is known.

    Notes
    -----
    Unit: none. Source: Ratcliff-Obershelp similarity in ``difflib``.
    """
    words = sorted(set(known))
    if not words:
        raise ValueError("nothing is known to compare with")
    scored = [(difflib.SequenceMatcher(None, str(word).lower(), w.lower()).ratio(), w) for w in words]
    return max(scored, key=lambda pair: pair[0])[1]
