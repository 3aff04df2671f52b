"""One server and one browser for each process of tests; after each test nothing may have gone wrong in the browser."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

sys.path.append(str(Path(__file__).parents[2] / "cases"))
from planner import DESKTOP, ROOT, Planner, Server, browsing, launched, running_server


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker("browser")


def written_files() -> set[str]:
    """Return the files of the project that a server could have written: beside it, or beside what it reads."""
    read = [path for folder in ("data", "scenarios", "simvet") for path in (ROOT / folder).rglob("*")]
    found = {path for path in (*read, *ROOT.glob("*")) if path.is_file() and path.suffix not in (".py", ".pyc")}
    return {str(path.relative_to(ROOT)) for path in found}


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run the screen; at the end its log holds no traceback and the project's tree no new file."""
    before = written_files()
    with running_server(tmp_path_factory.mktemp("screen")) as running:
        yield running
        told = running.told
    assert "Traceback" not in told, told
    assert written_files() - before == set()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Run a browser without a window."""
    with sync_playwright() as playwright:
        running = launched(playwright)
        yield running
        running.close()


class Door:
    """Where planners come in; afterwards nothing may have gone wrong in any of their browsers."""

    def __init__(self, server: Server, browser: Browser, shared: dict[int, BrowserContext]) -> None:
        self.server, self.browser, self.shared = server, browser, shared
        self.planners: list[Planner] = []
        self.fresh: list[BrowserContext] = []

    def __call__(self, language: str = "zh", size: dict[str, int] = DESKTOP, fresh: bool = False) -> Planner:
        """Return a new planner; ``fresh`` gives a browser that has never been here."""
        if fresh:
            context = browsing(self.browser, size)
            self.fresh.append(context)
        else:
            if size["width"] not in self.shared:
                self.shared[size["width"]] = browsing(self.browser, size)
            context = self.shared[size["width"]]
        planner = Planner.at(context, self.server.address, language)
        self.planners.append(planner)
        return planner

    def close(self) -> None:
        """Close what was opened, and fail if anything went wrong in it."""
        for planner in self.planners:
            planner.page.close()
        for context in self.fresh:
            context.close()
        for planner in self.planners:
            planner.require_nothing_wrong()


@pytest.fixture(scope="session")
def shared() -> dict[int, BrowserContext]:
    """Return browsers that several tests share, by width: they have fetched the program and the font already."""
    return {}


@pytest.fixture
def visit(server: Server, browser: Browser, shared: dict[int, BrowserContext]) -> Iterator[Door]:
    """Return a way to open the screen as one planner after another."""
    door = Door(server, browser, shared)
    yield door
    door.close()


@pytest.fixture(scope="module")
def staying(server: Server, browser: Browser, shared: dict[int, BrowserContext]) -> Iterator[Door]:
    """Return the same for planners who stay for all tests of a file."""
    door = Door(server, browser, shared)
    yield door
    door.close()


@pytest.fixture
def planner(visit: Door) -> Planner:
    """Return a planner who has not looked at anything yet."""
    return visit()
