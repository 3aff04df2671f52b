"""The packaged Chinese font cut to one text, to travel inside an HTML page that may call nobody."""

from __future__ import annotations

import base64
from functools import lru_cache
from io import BytesIO

from simvet.report.fonts import FONT_PATH

FIRST_CHINESE = "\u2e80"
"""First sign that a reader's own letters may lack: CJK begins here."""


@lru_cache(maxsize=8)
def font_address(text: str) -> str:
    """Return an address that holds the letters of a text, for ``@font-face``.

    Parameters
    ----------
    text : str; everything that will be written with it.

    Returns
    -------
    str; ``data:font/woff;base64,...``, empty where the text has no Chinese.

    Notes
    -----
    Shape: some 250 bytes a sign. Unit: none. Errors: none. The same letters give the same bytes. Source: Noto Sans SC,
    see ``report.fonts``; its licence lets it be embedded.
    """
    letters = "".join(sorted(set(text)))
    if not any(letter >= FIRST_CHINESE for letter in letters):
        return ""
    from fontTools.subset import Options, Subsetter, load_font, save_font  # noqa: PLC0415 - slow to import

    options = Options(flavor="woff", layout_features=[], hinting=False, notdef_outline=True)
    font = load_font(FONT_PATH, options)
    cutter = Subsetter(options)
    cutter.populate(text=letters)
    cutter.subset(font)
    packed = BytesIO()
    save_font(font, packed, options)
    return f"data:font/woff;base64,{base64.b64encode(packed.getvalue()).decode()}"
