"""The one door to Chinese lettering in pictures: a font that travels with the package, whatever the machine has.

How the file was made: ``NotoSansSC_400Regular.ttf`` of the npm package ``@expo-google-fonts/noto-sans-sc`` 0.4.3 (Noto
Sans SC Regular 2.004, SIL Open Font License 1.1, text beside the font), cut with ``fontTools.subset`` to GB2312 without
kana, bopomofo, Cyrillic and most line-drawing signs; to ASCII, Latin-1, Greek, general and CJK punctuation, full-width
forms, arrows, mathematical signs and geometric shapes; and to the traditional characters that the sources of the tables
write (業況畢職學適). Hinting and every layout table are dropped: matplotlib uses neither.
"""

from pathlib import Path

from simvet.errors import InputError

FONT_PATH = Path(__file__).parent / "fonts" / "NotoSansSC-simvet.ttf"
"""Where the packaged font lies; regular weight, 1000 units to the em."""

# Carries its own name, so that a full Noto Sans SC installed on one machine and not on another changes no picture.
FAMILY = "Noto Sans SC simvet"
"""Family name written inside the font file."""

# matplotlib brings this one along itself; it has the superscripts and ticks that Noto Sans SC lacks.
FALLBACK = "DejaVu Sans"
"""Family asked for a glyph that the packaged font does not hold."""


def use_chinese_font() -> str:
    """Make matplotlib draw Chinese with the packaged font, from now on and in this process only.

    Returns
    -------
    str; the family name, for a caller who names the font in one place instead of using the default.

    Raises
    ------
    InputError
        If the font file is missing, which only a damaged installation can bring about.

    Notes
    -----
    Shape: a single name. Unit: none. Calling it again changes nothing. It writes ``matplotlib.rcParams``, so inside
    ``matplotlib.rc_context`` its effect ends with that block. Source: matplotlib documentation, "Fonts in Matplotlib",
    section "Font fallback" (a list as ``font.family`` is searched glyph by glyph; ``font.sans-serif`` is not).
    """
    if not FONT_PATH.is_file():
        raise InputError(
            where=str(FONT_PATH),
            what="the packaged Chinese font is missing",
            cure="install simvet again; the font belongs to the package",
        )
    # Slow to import, and a run without pictures never needs it.
    import matplotlib  # noqa: PLC0415
    from matplotlib import font_manager  # noqa: PLC0415

    if all(Path(entry.fname) != FONT_PATH for entry in font_manager.fontManager.ttflist):
        font_manager.fontManager.addfont(FONT_PATH)
    already = [name for name in matplotlib.rcParams["font.sans-serif"] if name != FAMILY]
    matplotlib.rcParams["font.sans-serif"] = [FAMILY, *already]
    # Not the generic "sans-serif": matplotlib takes only the first family found for it and never falls back.
    matplotlib.rcParams["font.family"] = [FAMILY, FALLBACK]
    # So that a negative number copied or searched out of a PDF or SVG picture is still a number: -5, not U+2212 and 5.
    matplotlib.rcParams["axes.unicode_minus"] = False
    return FAMILY
