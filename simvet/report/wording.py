"""Words in the reader's language: every text from one catalogue, none in the code."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, Literal

from ruamel.yaml import YAML

from simvet.errors import InputError
from simvet.tables import home, read_text

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")
WAN = 10_000
YI = 100_000_000
MONEY = ("CNY", "CNY/year")
"""Units of sums that are told in hundreds of millions (亿)."""
WHOLE = (
    "persons", "persons/year", "places", "person-times", "person-times/year", "count", "count/year", "CNY", "CNY/year",
    "CNY/student", "CNY/student/year", "CNY/place", "amount/year", "m2",
)  # fmt: skip
"""Units without decimals."""


@lru_cache(maxsize=1)
def wording() -> dict[str, Any]:
    """Return the wording catalogue.

    Returns
    -------
    dict of section -> key -> language -> text; ``errors`` maps an English template to its Chinese.

    Raises
    ------
    InputError : the catalogue is missing, or two of its files say the same thing.

    Notes
    -----
    Unit: none. Source: ``data/wording.yaml`` and what the screen and the brief add in ``data/wording_*.yaml``.
    """
    data = home() / "data"
    content: dict[str, Any] = YAML(typ="safe").load(read_text(data / "wording.yaml"))
    for path in sorted(data.glob("wording_*.yaml")):
        for section, entries in YAML(typ="safe").load(read_text(path)).items():
            known = content.setdefault(section, {})
            for key, entry in entries.items():
                if key in known:
                    raise InputError(
                        path.name, "the text {key!r} of section {section!r} stands twice", "Keep one of the two",
                        key=key, section=section,
                    )  # fmt: skip
                known[key] = entry
    return content


def require_language(language: str) -> Language:
    """Return the language if it is known; complain if not.

    Parameters
    ----------
    language : str.

    Returns
    -------
    str; ``zh`` or ``en``.

    Raises
    ------
    InputError : another word was given.

    Notes
    -----
    Unit: none. Source: LANGUAGES.
    """
    for known in LANGUAGES:
        if language == known:
            return known
    raise InputError("--lang", "language {lang!r} is unknown", "Write zh or en", lang=language)


def word(section: str, key: str, language: Language, **facts: object) -> str:
    """Return a text, filled in.

    Parameters
    ----------
    section, key : str; the place in the catalogue.
    language : str.
    **facts : values for its placeholders.

    Returns
    -------
    str; the key itself where a section other than ``text`` has no such key, so that new data rows still show.

    Raises
    ------
    KeyError : the text is missing from section ``text``; the program asked for a word it does not have.

    Notes
    -----
    Unit: none. Source: ``data/wording.yaml``.
    """
    entries = wording()[section]
    if key not in entries and section != "text":
        return key
    return str(entries[key][language]).format(**facts)


def complain(error: InputError, language: Language) -> str:
    """Return an error as one line in the reader's language.

    Parameters
    ----------
    error : InputError.
    language : str.

    Returns
    -------
    str.

    Notes
    -----
    Unit: none. Errors: none. Source: section ``errors`` of the catalogue.
    """
    try:
        return error.say(wording()["errors"] if language == "zh" else {})
    except InputError:
        # The catalogue itself is missing: say it in the language of the program.
        return error.say({})


def number(value: float, unit: str, language: Language, signed: bool = False) -> str:
    """Return a number as its reader expects it: shares in per cent, large Chinese counts in 万.

    Parameters
    ----------
    value : float, in ``unit``.
    unit : str.
    language : str.
    signed : bool; with a plus sign.

    Returns
    -------
    str.

    Notes
    -----
    Errors: none. Source: usage in Chinese and English statistics.
    """
    sign = "+" if signed else ""
    if not math.isfinite(value):
        return "–"
    if unit == "share":
        close = 0.9995 <= abs(value) < 1.0
        return plain_zero(f"{value * 100:{sign}.{2 if close else 1}f}%")
    if unit in WHOLE:
        return _whole(value, unit, language, sign)
    return f"{value:{sign},.0f}" if abs(value) >= 1000.0 else f"{value:{sign},.3g}"


def _whole(value: float, unit: str, language: Language, sign: str) -> str:
    """Return a count or a sum without decimals, large ones in 万 and 亿 (billions in English)."""
    if unit in MONEY and abs(value) >= YI:
        digits = 2 if abs(value) < 10 * YI else 1
        return f"{value / YI:{sign}.{digits}f} 亿元" if language == "zh" else f"{value / 1e9:{sign},.{digits}f} bn CNY"
    if language == "zh" and abs(value) >= WAN and not unit.startswith("CNY/student"):
        return f"{value / WAN:{sign}.{2 if abs(value) < 100 * WAN else 1}f} 万"
    return plain_zero(f"{value:{sign},.0f}")


def band(median: float, low: float, high: float, unit: str, language: Language) -> str:
    """Return a median with its band, the unit said once where it is the same for all three.

    Parameters
    ----------
    median, low, high : float, in ``unit``.
    unit : str.
    language : str.

    Returns
    -------
    str.

    Notes
    -----
    Errors: none. Source: usage in Chinese and English statistics.
    """
    told = [number(value, unit, language) for value in (median, low, high)]
    for suffix in (" 万", " 亿元", " bn CNY", "%"):
        if all(text.endswith(suffix) for text in told):
            told[1:] = [text.removesuffix(suffix) for text in told[1:]]
    return word("text", "band_cell", language, median=told[0], low=told[1], high=told[2])


def plain_zero(text: str) -> str:
    """Return the text without a sign where what is left of the number is zero."""
    return text.lstrip("+-") if not any(digit in text for digit in "123456789") else text
