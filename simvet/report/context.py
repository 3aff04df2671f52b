"""What the screen knows beside a run, for whoever writes files about it, and the cleaning of texts that users typed."""

from __future__ import annotations

import datetime
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simvet.report.wording import Language, word
from simvet.tables import Row
from simvet.verdicts import Verdict

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""First letters by which spreadsheets take a text of a CSV file for a formula."""


@dataclass(frozen=True)
class ReportContext:
    """What the screen knows beside the run.

    Notes
    -----
    Shape: ``changes`` are sentences in the reader's language, one for each change against the scenario named
    ``baseline``; ``signatures`` maps ``Row.where`` (file and line) of an input to the role that signed it off, the
    date, and the name of who signed. Unit: ``unsigned`` and ``assumed`` count inputs: assumed ones that nobody has
    signed off, and assumed ones in all. ``link`` leads back to the run and is written as plain text. Errors: none.
    Source: the screen or the command line.
    """

    language: Language
    changes: tuple[str, ...]
    baseline: str
    link: str
    unsigned: int
    assumed: int
    signatures: Mapping[str, tuple[str, str, str]]
    made_on: datetime.date


def printable(text: str) -> str:
    """Return a text that every file format can hold and every reader sees as it is.

    Parameters
    ----------
    text : str; possibly typed by a user.

    Returns
    -------
    str; control, surrogate and invisible format characters as a blank, other characters as they are.

    Notes
    -----
    XML 1.0 forbids most control characters, and marks of writing direction can make a name look like another. Unit:
    none. Errors: none. Source: XML 1.0, section 2.2; Unicode general categories Cc, Cf, Cs, Co and Cn.
    """
    return "".join(" " if unicodedata.category(c).startswith("C") else c for c in text).strip()


def plain_cell(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula, even after it went through a CSV file.

    Parameters
    ----------
    text : str.

    Returns
    -------
    str; with an apostrophe before it where it begins with one of FORMULA_STARTS.

    Notes
    -----
    Unit: none. Errors: none. Source: OWASP, "CSV Injection".
    """
    shown = printable(text)
    return f"'{shown}" if shown.startswith(FORMULA_STARTS) else shown


def headlines_first(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Return verdicts with headline targets first and checks of the base year last, otherwise in their order.

    Parameters
    ----------
    verdicts : sequence of Verdict.

    Returns
    -------
    list of Verdict.

    Notes
    -----
    Unit: none. Errors: none. Source: the verdicts.
    """
    return sorted(verdicts, key=lambda v: (v.target.kind == "baseline", not v.headline))


def signed_text(row: Row, context: ReportContext) -> str:
    """Return who signed an input off, or that nobody did.

    Parameters
    ----------
    row : Row.
    context : ReportContext.

    Returns
    -------
    str.

    Notes
    -----
    Unit: none. Errors: none. Source: ``context.signatures``.
    """
    found = context.signatures.get(row.where)
    if found is None:
        return word("text", "brief_not_signed", context.language)
    owner, date, who = (printable(part) for part in found)
    return word("text", "brief_signed", context.language, owner=owner, date=date, who=who)


def unsigned_text(context: ReportContext) -> str:
    """Return the warning that assumed inputs are not signed off; empty where all are.

    Parameters
    ----------
    context : ReportContext.

    Returns
    -------
    str.

    Notes
    -----
    Unit: inputs. Errors: none. Source: the context.
    """
    if context.unsigned <= 0:
        return ""
    return word(
        "text", "brief_unsigned", context.language, unsigned=f"{context.unsigned:,}", assumed=f"{context.assumed:,}"
    )
