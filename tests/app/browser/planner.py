"""A planner at the screen: a server of its own, a browser, and the few gestures that the tests are written in."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import urlopen

from playwright.sync_api import Browser, BrowserContext, Download, Locator, Page, Playwright, expect

from simvet.controls import find_control
from simvet.report.wording import word
from simvet.screen.main import NAMES

ROOT = Path(__file__).parents[3]
DESKTOP = {"width": 1366, "height": 768}
PHONE = {"width": 390, "height": 844}
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip
READY = 90
"""Seconds in which the server must listen; it computes the first region for its first visitor."""
SOON, LATER = 30_000, 90_000
"""Milliseconds for what a planner waits for, and for what is worked out in the background."""
OFFSHORE = ("data:", "blob:", "about:")
"""Addresses that are no request to anybody."""
IDLE = '[data-testid="stApp"][data-test-script-state="notRunning"]'
BOARD = "table.board[data-digest]"


def find_chromium() -> str:
    """Return the browser's program, or say what to install."""
    found = os.environ.get("SIMVET_CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if not found:
        raise RuntimeError(
            "The tests in a browser need Chromium: install it (Debian: apt-get install chromium) "
            "or name its program in SIMVET_CHROMIUM."
        )
    return found


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Server:
    """A server of the screen, its folder and what it has printed."""

    address: str
    folder: Path
    log: Path

    @property
    def told(self) -> str:
        """Return what the server has printed so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")


@contextmanager
def running_server(folder: Path) -> Iterator[Server]:
    """Run ``simvet app`` on a free port, with nothing but a temporary folder to write to."""
    port, log = free_port(), folder / "server.log"
    home = folder / "home"
    home.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SIMVET_", "XDG_"))}
    environment = {**kept, "SIMVET_CACHE": str(folder / "cache"), "HOME": str(home), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-c", "from simvet.cli import entry; entry()", "app", "--no-browser", "--port"]
    with log.open("wb") as written:
        process = subprocess.Popen(
            [*command, str(port)], cwd=ROOT, env=environment, stdout=written, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
    server = Server(f"http://localhost:{port}", folder, log)
    try:
        _wait_for(server, process)
        yield server
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        finally:
            with suppress(ProcessLookupError):
                # Workers of the server, where it left any.
                os.killpg(process.pid, signal.SIGKILL)


def _wait_for(server: Server, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + READY
    while time.monotonic() < until:
        assert process.poll() is None, f"the server stopped:\n{server.told}"
        try:
            with urlopen(f"{server.address}/_stcore/health", timeout=5) as answer:  # noqa: S310 - our own server
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"the server does not answer within {READY} seconds:\n{server.told}")


def launched(playwright: Playwright) -> Browser:
    """Return a browser that asks nobody for anything by itself."""
    return playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)


def browsing(browser: Browser, size: dict[str, int] | None = None) -> BrowserContext:
    """Return an empty browser: no cookies, nothing kept."""
    return browser.new_context(viewport=size or DESKTOP, locale="zh-CN", timezone_id="Asia/Shanghai")


@dataclass
class Planner:
    """Somebody who looks at the screen, and everything that the browser had to complain about."""

    context: BrowserContext
    page: Page
    address: str
    language: str = "zh"
    wrong: list[str] = field(default_factory=list)

    @classmethod
    def at(cls, context: BrowserContext, address: str, language: str = "zh") -> Planner:
        """Return a new visitor: the server takes every page that is opened for somebody else."""
        page = context.new_page()
        page.set_default_timeout(SOON)
        found = cls(context, page, address, language)
        page.on("console", lambda said: found.wrong.append(f"console: {said.text}") if said.type == "error" else None)
        page.on("pageerror", lambda error: found.wrong.append(f"page error: {error}"))
        page.on("request", lambda request: found._asked(request.url))
        page.on("websocket", lambda socket_: found._asked(socket_.url))
        return found

    def _asked(self, url: str) -> None:
        if not url.startswith((*OFFSHORE, f"{self.address}/", f"{self.address}/".replace("http", "ws", 1))):
            self.wrong.append(f"request to {url}")

    def say(self, key: str, **facts: object) -> str:
        """Return a text of the screen in this planner's language."""
        return word("screen", key, self.language, **facts)

    # Going somewhere

    def open(self, name: str = "", query: str = "") -> Planner:
        """Open a page by its own address, and wait until it is drawn."""
        asked = ["lang=en"] if self.language == "en" else []
        asked += [query] if query else []
        self.page.goto(f"{self.address}/{name}{'?' if asked else ''}{'&'.join(asked)}")
        return self.rest()

    def rest(self) -> Planner:
        """Wait until something is drawn and nothing runs."""
        self.page.wait_for_selector(f"{IDLE} [data-testid='stMainBlockContainer'] :is(h1, h2, h3)")
        return self

    def go(self, name: str) -> Planner:
        """Go to a page by the navigation."""
        self.page.get_by_test_id("stSidebarNavLink").nth(NAMES.index(name)).click()
        title = "" if name == NAMES[0] else name
        self.page.wait_for_url(re.compile(rf"^{re.escape(self.address)}/{title}(\?|$)"))
        if name == NAMES[0]:
            self.page.wait_for_selector(BOARD)
        else:
            expect(self.headings.filter(has_text=self.say(f"page_{name}")).first).to_be_visible(timeout=SOON)
        return self.rest()

    # What is there

    @property
    def main(self) -> Locator:
        """Return the page without what stands around it."""
        return self.page.get_by_test_id("stMainBlockContainer")

    @property
    def headings(self) -> Locator:
        """Return the headings of the page."""
        return self.main.locator("h1, h2, h3")

    @property
    def board(self) -> Locator:
        """Return the board of targets."""
        return self.page.locator(BOARD)

    @property
    def digest(self) -> str:
        """Return the digest of the plan on the board."""
        return self.board.get_attribute("data-digest") or ""

    @property
    def changes(self) -> list[str]:
        """Return what was changed since the preset, in words."""
        return self.page.locator('[data-part="changes"] li').all_inner_texts()

    @property
    def alerts(self) -> list[str]:
        """Return the messages on the page."""
        return self.page.get_by_test_id("stAlert").all_inner_texts()

    @property
    def probabilities(self) -> list[tuple[str, str]]:
        """Return the targets on the board with their probabilities, in their order."""
        told = """rows => rows.map(row => [row.querySelector('th').innerText, row.querySelector('td.p b').innerText])"""
        return [(str(name), str(p)) for name, p in self.board.locator("tbody tr").evaluate_all(told)]

    def expected(self, about: str) -> float:
        """Return the number that a target is expected to reach; ``about`` is its reading and stage."""
        text = self.board.locator(f'tr[data-key="{about}"]').first.locator("td").nth(1).inner_text()
        return chinese_number(text)

    def probability(self, about: str) -> int:
        """Return how likely a target is, per cent."""
        text = self.board.locator(f'tr[data-key="{about}"]').first.locator("td.p b").inner_text()
        return int(text.rstrip("%"))

    # What a planner does

    def sharp(self, searched: bool = False) -> Planner:
        """Wait until the answer is of many draws, or its causes are searched too."""
        wanted = "[data-searched='1']" if searched else "[data-draws='500']"
        self.page.wait_for_selector(f"{BOARD}{wanted}", timeout=LATER)
        return self.rest()

    def waits_for_change(self, before: str) -> Planner:
        """Wait until the board is about another plan."""
        expect(self.board).not_to_have_attribute("data-digest", before, timeout=SOON)
        return self.rest()

    def widget(self, key: str) -> Locator:
        """Return a widget by the beginning of its key, whatever number follows."""
        return self.page.locator(f'[class*="st-key-{re.sub(r"[^A-Za-z0-9_-]", "-", key)}"]').first

    def slider(self, lever: str) -> Locator:
        """Return a lever's slider."""
        return self.widget(f"lever|{lever}|").locator("input[type=range]")

    def move(self, lever: str, *keys: str) -> Planner:
        """Move a lever by keys, one step each, and wait for the board."""
        for key in keys:
            before = self.digest
            self.slider(lever).focus()
            self.page.keyboard.press(key)
            self.waits_for_change(before)
        return self

    def click(self, key: str) -> Planner:
        """Press a button by its key."""
        self.widget(key).locator("button").click()
        return self

    def press(self, key: str) -> Planner:
        """Press a button that changes the plan, and wait for the board."""
        before = self.digest
        return self.click(key).waits_for_change(before)

    def choose(self, key: str, text: str) -> Planner:
        """Choose from a list by what it says."""
        self.widget(key).locator("input").click()
        self.page.get_by_role("option", name=text, exact=True).click()
        return self.rest()

    def find(self, key: str, part: str) -> Planner:
        """Choose from a long list by typing a part of what it says."""
        self.widget(key).locator("input").click()
        self.page.keyboard.type(part)
        self.page.get_by_role("option").filter(has_text=part).first.click()
        expect(self.page.get_by_role("option")).to_have_count(0)
        return self.rest()

    def speak(self, language: str) -> Planner:
        """Switch the language."""
        self.page.get_by_role("radio", name={"zh": "中文", "en": "English"}[language], exact=True).click()
        self.language = language
        expect(self.widget("undo")).to_have_text(self.say("undo"), timeout=SOON)
        return self.rest()

    def keep(self, title: str) -> Planner:
        """Keep the plan at hand beside the next ones."""
        name = self.page.get_by_label(self.say("variant_title"))
        name.fill(title)
        name.press("Enter")
        self.rest()
        self.click("keep")
        expect(self.page.locator('[data-part="compare"] thead')).to_contain_text(title, timeout=SOON)
        return self.rest()

    def link(self) -> str:
        """Return the link of the page Take away."""
        return self.page.get_by_test_id("stCode").inner_text().strip()

    def upload(self, key: str, name: str, content: bytes) -> Planner:
        """Bring a file along, and wait for what is said about it."""
        field_ = self.page.locator(f'[class*="st-key-{key}-"] input[type=file]')
        field_.set_input_files({"name": name, "mimeType": "application/octet-stream", "buffer": content})
        said = self.page.locator('[data-testid="stAlertContentError"], [data-testid="stAlertContentInfo"]')
        expect(said.first).not_to_have_text("", timeout=SOON)
        return self.rest()

    def download(self, place: str) -> Download:
        """Press a button that hands out a file."""
        with self.page.expect_download() as caught:
            self.page.locator(f"{place} button").click()
        return caught.value

    def overflow(self) -> list[str]:
        """Return the parts of the page that are wider than what is seen of them."""
        found: list[str] = self.page.evaluate(
            """() => [...document.querySelectorAll(
                'html, body, [data-testid=stApp], [data-testid=stMain], [data-testid=stMainBlockContainer]')]
                .filter(part => part.scrollWidth > part.clientWidth)
                .map(part => `${part.dataset.testid || part.tagName}: ${part.scrollWidth} > ${part.clientWidth}`)"""
        )
        return found

    def require_nothing_wrong(self) -> None:
        """Fail if the browser had anything to complain about, or asked anybody else."""
        assert self.wrong == []


def lever(name: str, language: str = "zh") -> str:
    """Return what a lever is called."""
    return str(find_control(name).labels[language])


def chinese_number(text: str) -> float:
    """Return the first number of a text as the screen writes it in Chinese: 44.6%, 75.85 万, 8,838."""
    found = re.match(r"\s*(-?[\d,]+(?:\.\d+)?)\s*(万|%)?", text)
    assert found, text
    value = float(found[1].replace(",", ""))
    return value * 10_000 if found[2] == "万" else value
