"""One user in a browser: from the release of a lever to the frame that shows the new verdicts."""

from __future__ import annotations

import random
import shutil
from typing import Any

from playwright.sync_api import Page, sync_playwright

from benchmarks.screen.hands import link_to
from benchmarks.screen.summary import spread, told_load

THUMBS = '[data-testid="stSlider"] input[type=range]'
PATIENCE = 8_000
"""Milliseconds after which a board that has not come is an error."""
FARTHER = 15.0
"""Pixels by which a thumb is pulled at least."""
RESTS = (0.5, 2.0)
"""Seconds between two moves: from before to after the answer of few draws is followed by one of many."""
READY = """() => {
  const digest = () => document.querySelector('table.board[data-digest]')?.dataset.digest;
  const before = digest();
  window.released = undefined;
  for (const name of ['keyup', 'pointerup', 'mouseup'])
    addEventListener(name, () => { window.released ??= performance.now(); }, {once: true, capture: true});
  window.shown = new Promise((resolve) => {
    const observer = new MutationObserver(() => {
      const now = digest();
      if (now && now !== before) {
        observer.disconnect();
        requestAnimationFrame(() => setTimeout(() => resolve([performance.now(), now])));
      }
    });
    observer.observe(document.body, {subtree: true, childList: true, attributes: true});
  });
}"""
"""Run before a move: notes when key or button is let go, and when the frame with another board has been drawn."""
WAIT = """(patience) => Promise.race([
  window.shown.then(([time, digest]) => [time - window.released, digest]),
  new Promise((resolve) => setTimeout(() => resolve(null), patience)),
])"""


def in_browser(address: str, scenario: str, moves: int, executable: str | None) -> dict[str, Any]:
    """Move levers by key and by mouse in a browser and time the board.

    Parameters
    ----------
    address : str
        Of the server.
    scenario : str
        That is opened.
    moves : int
        How many; every third by mouse.
    executable : str, optional
        The browser; else a Chromium on the path, else Playwright's own.

    Returns
    -------
    dict
        Seconds and counts.
    """
    chance = random.Random(len(scenario))  # noqa: S311 - nothing secret
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=executable or shutil.which("chromium"), args=options)
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        wrong: list[str] = []
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(f"{address}/?s={link_to(scenario)}")
        page.wait_for_selector("table.board[data-digest]", timeout=120_000)
        page.wait_for_timeout(6000)
        times: dict[str, list[float]] = {"key": [], "mouse": []}
        loads: list[float] = []
        met: set[str] = set()
        missed = 0
        for number in range(moves):
            kind = "mouse" if number % 3 == 2 else "key"
            found = _moved(page, number, kind, chance)
            if found is None:
                missed += 1
            elif found[1] not in met:
                met.add(found[1])
                times[kind].append(found[0] / 1000)
                loads.append(told_load())
            page.wait_for_timeout(1000 * chance.uniform(*RESTS))
        sliders = page.locator(THUMBS).count()
        browser.close()
    return {
        "all": spread([*times["key"], *times["mouse"]]), "key": spread(times["key"]), "mouse": spread(times["mouse"]),
        "sliders": sliders, "missed": missed, "console_errors": len(wrong), "load": spread(loads),
    }  # fmt: skip


def _moved(page: Page, number: int, kind: str, chance: random.Random) -> tuple[float, str] | None:
    thumbs = page.locator(THUMBS)
    thumb = thumbs.nth(number % thumbs.count())
    # In the middle of the window, where nothing lies over it.
    thumb.evaluate("element => element.scrollIntoView({block: 'center', behavior: 'instant'})")
    value, low, high = (float(thumb.get_attribute(name) or 0) for name in ("value", "min", "max"))
    right = value < high if value <= low else value < high and chance.random() < 0.5
    if kind == "key":
        thumb.focus()
        page.evaluate(READY)
        page.keyboard.press("ArrowRight" if right else "ArrowLeft")
    else:
        _drag(page, number % thumbs.count(), chance)
    found = page.evaluate(WAIT, PATIENCE)
    return None if found is None else (float(found[0]), str(found[1]))


def _drag(page: Page, place: int, chance: random.Random) -> None:
    """Take a slider's thumb with the mouse, pull it elsewhere on its track and let it go."""
    told = page.locator(THUMBS).nth(place)
    thumb, track = told.locator("xpath=../..").bounding_box(), told.locator("xpath=../../..").bounding_box()
    if thumb is None or track is None:
        raise RuntimeError("a slider has no place on the page")
    low, high, step = (float(told.get_attribute(name) or 0) for name in ("min", "max", "step"))
    x, y = thumb["x"] + thumb["width"] / 2, thumb["y"] + thumb["height"] / 2
    least = max(FARTHER, 1.6 * track["width"] * step / (high - low))
    choices = [track["x"] + track["width"] * chance.uniform(0.05, 0.95) for _ in range(100)]
    goal = next(one for one in choices if abs(one - x) > least)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move((x + goal) / 2, y, steps=4)
    page.evaluate(READY)
    page.mouse.move(goal, y, steps=4)
    page.mouse.up()
