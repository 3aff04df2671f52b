"""What all users of a server share: quick answers, sharper ones, and long work."""

from __future__ import annotations

import atexit
import os
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from simvet.planning.answering import Shelf
from simvet.planning.link import signing_key
from simvet.planning.own import regions_folder
from simvet.planning.plan import Plan
from simvet.screen.quick import Quick
from simvet.screen.tasks import Sharpener, Tasks

MOST_WINDOWS, MOST_RESULTS = 5000, 400
"""Windows that are known again after a reload, and results of long work (of a user and a kind) that wait for them."""
FIRST = "zhejiang"
"""Scenario that a new visitor sees."""


@dataclass
class Service:
    """The shared part of a server.

    Notes
    -----
    Shape and unit: none. Errors: none. Source: everything in it is keyed by the digest of a plan, so that no user can
    see another's.
    """

    quick: Quick
    sharper: Sharpener
    tasks: Tasks
    key: bytes
    windows: Shelf[str] = field(default_factory=lambda: Shelf(MOST_WINDOWS))
    results: Shelf[OrderedDict[Any, Any]] = field(default_factory=lambda: Shelf(MOST_RESULTS))

    @property
    def busy(self) -> set[str]:
        """Return the users who have work, or results of work."""
        return self.tasks.users() | {user for user, _ in self.results.held()}


_MADE: list[Service] = []
_GUARD = threading.Lock()


def service() -> Service:
    """Return the server's shared part, made once.

    Notes
    -----
    Unit: none. Errors: none. Source: ``simvet.planning``.
    """
    with _GUARD:
        if not _MADE:
            # Workers inherit it: what one user uploads, every process of this server can read.
            os.environ.setdefault("SIMVET_REGIONS", str(regions_folder()))
            made = Service(Quick(), Sharpener(), Tasks(), signing_key())
            _MADE.append(made)
            atexit.register(close_service)
    return _MADE[0]


def close_service() -> None:
    """Stop everything that runs beside the server; unit, errors: none; source: ``service``."""
    for made in _MADE:
        made.tasks.close()
        made.sharper.close()
        made.quick.close()


def warm_up() -> None:
    """Compute the first region before anybody asks; unit, errors: none; source: FIRST."""
    shared = service()
    shared.quick.verdicts(Plan(FIRST))
    shared.sharper.want("server", Plan(FIRST))
