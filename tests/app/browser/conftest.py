"""One server and one browser for each process of tests; after each test nothing may have gone wrong in the browser."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

sys.path.append(str(Path(__file__).parents[2] / "cases"))
from planner import ROOT, Planner, Server, launched, running_server

Opened = Callable[..., Planner]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker("browser")


def written_files() -> set[str]:
    """Return the files of the project that a server could have written: no source, no cache of a tool."""
    found = set()
    for path in ROOT.rglob("*"):
        parts = path.relative_to(ROOT).parts
        if path.is_file() and not any(part.startswith(".") or part == "__pycache__" for part in parts[:-1]):
            found.add("/".join(parts))
    return {name for name in found if not name.endswith((".py", ".pyc"))}


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


@pytest.fixture
def visit(server: Server, browser: Browser) -> Iterator[Opened]:
    """Return a way to open the screen as one planner after another, each with an empty browser."""
    planners: list[Planner] = []

    def opened(language: str = "zh", size: dict[str, int] | None = None) -> Planner:
        planner = Planner.at(browser, server.address, size)
        planner.language = language
        planners.append(planner)
        return planner

    yield opened
    for planner in planners:
        planner.context.close()
    for planner in planners:
        planner.require_nothing_wrong()


@pytest.fixture
def planner(visit: Opened) -> Planner:
    """Return a planner who has not looked at anything yet."""
    return visit()
