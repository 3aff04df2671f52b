"""The packaged font holds what the project writes, and matplotlib draws with it."""

import os
import subprocess
import sys
import unicodedata
import warnings
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font
from numpy.typing import NDArray

from simvet.errors import InputError, SimvetError
from simvet.report import fonts

ROOT = Path(__file__).resolve().parents[2]
PUNCTUATION = "，。、；：？！“”‘’（）《》〈〉【】「」『』〔〕—…·～￥％＋－＝／＜＞０１９ＡＺａｚ"
SIGNS = "→←↑↓≥≤≈±×÷−‰°²³·∑√∞①⑩αβγδελμρσΔΣΩ●○■□▲△▼▽★☆✓"


def gb2312_hanzi() -> str:
    """Enumerate the hanzi of GB2312.

    Returns
    -------
    str; the 6763 characters of rows 16 to 87, in the order of the standard. Unit: none.
    """
    found: list[str] = []
    for lead in range(0xB0, 0xF8):
        for trail in range(0xA1, 0xFF):
            try:
                found.append(bytes([lead, trail]).decode("gb2312"))
            except UnicodeDecodeError:
                # row 55 ends five cells early
                continue
    return "".join(found)


def glyphs(path: Path) -> set[str]:
    """Read which characters a font file can draw.

    Parameters
    ----------
    path : a TrueType file.

    Returns
    -------
    set of single characters; unit: none.
    """
    return {chr(code) for code in FT2Font(str(path)).get_charmap()}


def written_files() -> list[Path]:
    """List the files whose text may end up in a picture.

    Returns
    -------
    list of paths, sorted; unit: none.
    """
    patterns = ("data/**/*.yaml", "data/**/*.csv", "scenarios/*.yaml", "simvet/**/*.py")
    return sorted(path for pattern in patterns for path in ROOT.glob(pattern))


@pytest.fixture(autouse=True)
def matplotlib_settings_restored() -> Iterator[None]:
    with mpl.rc_context():
        yield


def picture(title: str) -> NDArray[np.uint8]:
    """Draw a title on an empty figure, with every warning an error.

    Parameters
    ----------
    title : the text to draw.

    Returns
    -------
    array of shape (100 * 400 * 4,): red, green, blue and opacity of each pixel, 0 to 255, row by row.

    Raises
    ------
    UserWarning
        If matplotlib finds no glyph for a character.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = Figure(figsize=(4, 1), dpi=100)
        figure.suptitle(title)
        pixels = BytesIO()
        # A bare Figure, not pyplot: the format "rgba" picks the Agg backend whatever the machine's settings say.
        figure.savefig(pixels, format="rgba", dpi=100)
    return np.frombuffer(pixels.getvalue(), dtype=np.uint8)


def test_every_gb2312_hanzi_has_a_glyph() -> None:
    hanzi = gb2312_hanzi()
    assert len(hanzi) == 6763
    assert set(hanzi) - glyphs(fonts.FONT_PATH) == set()


@pytest.mark.parametrize("characters", [PUNCTUATION, SIGNS, "".join(map(chr, range(0x20, 0x7F)))])
def test_punctuation_and_signs_have_glyphs(characters: str) -> None:
    assert set(characters) - glyphs(fonts.FONT_PATH) == set()


def test_every_character_the_project_writes_has_a_glyph() -> None:
    drawable = glyphs(fonts.FONT_PATH)
    fallback = drawable | glyphs(Path(font_manager.findfont(fonts.FALLBACK, fallback_to_default=False)))
    missing: dict[str, str] = {}
    files = written_files()
    assert files
    for path in files:
        # The signature that spreadsheets put first in a CSV file is no text.
        text = path.read_text(encoding="utf-8-sig")
        lacking = {character for character in text if not character.isascii() and character not in fallback}
        if lacking:
            missing[str(path.relative_to(ROOT))] = " ".join(
                f"{character} U+{ord(character):04X} {unicodedata.name(character, '?')}"
                for character in sorted(lacking)
            )
    assert missing == {}


def test_what_noto_lacks_is_drawn_by_the_fallback() -> None:
    lacking = "✗10⁵"
    assert "✗" not in glyphs(fonts.FONT_PATH)
    fonts.use_chinese_font()
    assert not np.array_equal(picture(lacking), picture("✔10⁶"))


def test_chinese_is_drawn_without_a_missing_glyph() -> None:
    fonts.use_chinese_font()
    page, other = picture("职业教育达标概率（%）：≥ 95 → 良好"), picture("")
    assert not np.array_equal(page, other)


def test_two_characters_differ_in_their_pixels() -> None:
    fonts.use_chinese_font()
    # A missing glyph is drawn as the same box whatever the character.
    assert not np.array_equal(picture("职"), picture("普"))


def test_a_chart_with_negative_and_logarithmic_axes_draws_without_a_warning() -> None:
    fonts.use_chinese_font()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = Figure()
        axes = figure.subplots()
        axes.plot([-10.0, 10.0], [1e-5, 1e5], label="在校生数 $x^2$（万人）")
        axes.set_yscale("log")
        axes.set_xlabel("与目标之差（个百分点）", fontweight="bold")
        axes.legend()
        figure.savefig(BytesIO(), format="rgba")


def test_without_the_packaged_font_matplotlib_warns(monkeypatch: pytest.MonkeyPatch) -> None:
    # Shows that the tests above can fail: the default font has no hanzi.
    monkeypatch.setitem(mpl.rcParams, "font.family", ["DejaVu Sans"])
    with pytest.raises(UserWarning, match="missing from font"):
        picture("职")


def test_the_font_is_registered_once_and_named() -> None:
    first = fonts.use_chinese_font()
    family = list(mpl.rcParams["font.family"])
    sans = list(mpl.rcParams["font.sans-serif"])
    assert fonts.use_chinese_font() == first == fonts.FAMILY
    assert list(mpl.rcParams["font.family"]) == family
    assert list(mpl.rcParams["font.sans-serif"]) == sans
    assert family[0] == sans[0] == first
    assert mpl.rcParams["axes.unicode_minus"] is False
    assert [entry.name for entry in font_manager.fontManager.ttflist].count(first) == 1
    assert Path(font_manager.findfont(first, fallback_to_default=False)) == fonts.FONT_PATH


def test_a_missing_file_is_told_with_its_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    gone = tmp_path / "gone.ttf"
    monkeypatch.setattr(fonts, "FONT_PATH", gone)
    with pytest.raises(InputError, match=r"gone\.ttf") as caught:
        fonts.use_chinese_font()
    assert isinstance(caught.value, SimvetError)


def test_importing_the_module_does_not_import_matplotlib() -> None:
    program = "import sys, simvet.report.fonts; sys.exit('matplotlib' in sys.modules)"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)


def test_the_font_is_small_carries_its_licence_and_no_path_of_a_machine() -> None:
    assert fonts.FONT_PATH.stat().st_size <= 2_200_000
    licence = (fonts.FONT_PATH.parent / "OFL.txt").read_text(encoding="utf-8")
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence
    records = FT2Font(str(fonts.FONT_PATH)).get_sfnt()
    # Keys are platform, encoding, language and number of the name; platform 3 (Windows) writes UTF-16.
    assert {platform for platform, *_ in records} == {3}
    texts = {name: text.decode("utf-16-be") for (*_, name), text in records.items()}
    assert texts[1] == fonts.FAMILY
    # Both belong to the licence: the copyright line stays, the reserved name is not used.
    assert texts[0].startswith("(c) 2014-2021 Adobe")
    assert "Source" not in texts[1] + texts[4] + texts[6]
    for text in texts.values():
        web_only = text.replace("http://", "").replace("https://", "")
        assert not any(sign in web_only for sign in ("/tmp", "/home", "/work", "/Users", "\\"))  # noqa: S108
