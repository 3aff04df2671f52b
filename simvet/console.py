"""What the command line writes on the screen: tables, lines, and how far a run is."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from simvet.report.wording import Language

PATIENCE = 1.0
"""Seconds before a progress line appears."""
WIDE = 200
"""Columns when the output is not a terminal."""


@contextmanager
def progress_line() -> Iterator[Callable[[str], None]]:
    """Show what is being done once it takes longer than a moment; on a terminal only, and gone when done."""
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    from simvet.relaxations import RELAXATIONS  # noqa: PLC0415

    console = Console(stderr=True)
    progress = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )
    task = progress.add_task("", total=len(RELAXATIONS) + 1)
    started = time.perf_counter()
    running = False

    def tell(step: str) -> None:
        nonlocal running
        progress.update(task, advance=1, description=step)
        if not running and console.is_terminal and time.perf_counter() - started > PATIENCE:
            progress.start()
            running = True

    try:
        yield tell
    finally:
        if running:
            progress.stop()


def show(renderable: RenderableType) -> None:
    """Print a table or a group of them."""
    new_console().print(renderable)


def new_console() -> Console:
    """Return where output goes; titles come from files, so square brackets in them are text, never markup."""
    from rich.console import Console  # noqa: PLC0415

    console = Console(markup=False, highlight=False)
    return console if console.is_terminal else Console(markup=False, highlight=False, width=max(WIDE, console.width))


def say(line: str) -> None:
    """Print a line, where there is anywhere to print to."""
    if sys.stdout is not None:
        sys.stdout.write(line + "\n")


def announcer(language: Language) -> Callable[[str], None]:
    """Return what says on the screen that rules are being compiled, which no progress bar could explain."""
    from simvet.report.wording import word  # noqa: PLC0415

    def announce(step: str) -> None:
        if step == "compiling":
            sys.stderr.write(word("text", "compiling", language) + "\n")

    return announce
