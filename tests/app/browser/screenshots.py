"""Pictures of every page for the README: ``python -m tests.app.browser.screenshots docs/``."""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).parent))
from planner import LATER, PHONE, Planner, browsing, launched, running_server

from simvet.screen.main import NAMES

WIDTH, TALLEST = 1366, 1500
"""Pixels; what is longer than TALLEST is cut."""
COLOURS = 128
SHOTS = (*((name, "zh", False) for name in NAMES), ("overview", "en", False), ("overview", "zh", True))
"""Page, language, and whether it is seen on a telephone."""
WORK = {
    "people": ("people_start", "life"),
    "solve": ("package_button", "package_moves"),
    "influence": ("influence_button", "influence_screening"),
}
"""Pages that show little before they are asked: the button, and the part that is waited for."""


def small(raw: bytes) -> bytes:
    """Return a picture of few colours, which takes a fraction of the room."""
    with Image.open(io.BytesIO(raw)) as picture:
        reduced = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    stream = io.BytesIO()
    reduced.save(stream, format="PNG", optimize=True)
    return stream.getvalue()


def shoot(planner: Planner, name: str) -> bytes:
    """Return a picture of a page once its answer is as sharp as it gets."""
    page = planner.page
    if name == "overview":
        planner.sharp(searched=True)
    page.wait_for_timeout(1_500)
    if name in WORK:
        button, part = WORK[name]
        planner.click(button)
        page.locator(f'[data-part="{part}"]').wait_for(timeout=2 * LATER)
        # The click has scrolled the button into sight, and the heading out of it.
        page.get_by_test_id("stMain").evaluate("part => part.scrollTo(0, 0)")
        page.wait_for_timeout(1_500)
    # The window grows to what is there: Streamlit scrolls inside it, so that a picture of the whole page has no more.
    tall = page.get_by_test_id("stMainBlockContainer").evaluate("part => part.scrollHeight")
    page.set_viewport_size({"width": page.viewport_size["width"], "height": min(tall + 40, TALLEST)})
    page.wait_for_timeout(1_500)
    return page.screenshot()


def main(folder: Path) -> None:
    """Write the pictures into ``screens`` below a folder."""
    target = folder / "screens"
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as own, running_server(Path(own)) as server, sync_playwright() as playwright:
        browser = launched(playwright)
        # The first look has everything else computed by the time that its pictures are taken.
        first = Planner.at(browsing(browser), server.address).open().sharp(searched=True)
        first.page.close()
        for name, language, phone in SHOTS:
            context = browsing(browser, PHONE if phone else {"width": WIDTH, "height": 900})
            planner = Planner.at(context, server.address, language).open("" if name == "overview" else name)
            raw = small(shoot(planner, name))
            path = target / f"{name}{'_phone' if phone else ''}{'_en' if language == 'en' else ''}.png"
            path.write_bytes(raw)
            sys.stdout.write(f"{path} {len(raw) / 1000:.0f} kB\n")
            planner.require_nothing_wrong()
            context.close()
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
