"""Scenarios that a plan can name: those of the project, and what planners brought along."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from functools import lru_cache
from pathlib import Path

from simvet.behaviour import NO_SCHOOLS, SYNTHETIC
from simvet.cache import cache_folder
from simvet.errors import InputError
from simvet.loading import load_scenario, scenario_files
from simvet.loading.schema import read_sheet
from simvet.scenario import Scenario, digest_of
from simvet.tables import LARGEST_FILE, home

OWN = re.compile(r"^own_[a-z0-9_]{1,60}_[0-9a-f]{8}$")
"""Name of what a planner brought along: never one of the project's own."""
MOST_OWN = 500
"""Files kept; the oldest goes when another comes."""


def own_folder() -> Path:
    """Return the only folder that the screen writes to.

    Returns
    -------
    Path; ``screen`` under simvet's cache folder.

    Notes
    -----
    Unit: none. Errors: none. Source: ``simvet.cache``.
    """
    return cache_folder() / "screen"


def regions_folder() -> Path:
    """Return where uploaded regions are kept; unit, errors: none; source: the environment, else the own folder."""
    return Path(os.environ.get("SIMVET_REGIONS") or own_folder() / "regions")


def find_plan_scenario(name: str) -> Scenario:
    """Return the scenario that a plan names, as its author wrote it.

    Parameters
    ----------
    name : str; of a file in ``scenarios/``, or of something that a planner brought along.

    Returns
    -------
    Scenario.

    Raises
    ------
    InputError : there is no such scenario, or what was brought along has been cleared away.

    Notes
    -----
    Unit: none. Source: ``scenarios/`` and the own folder.
    """
    path = _path_of(name)
    return _loaded(str(path), path.stat().st_mtime_ns, str(home()))


@lru_cache(maxsize=64)
def _loaded(path: str, changed: int, folder: str) -> Scenario:
    del changed, folder
    return load_scenario(Path(path))


def _path_of(name: str) -> Path:
    if OWN.match(name):
        for path in (own_folder() / "scenarios" / f"{name}.yaml", regions_folder() / name / f"{name}.yaml"):
            if path.is_file():
                return path
        raise InputError(
            "scenario", "what was uploaded as {name!r} is no longer here", "Upload the file again", name=name
        )
    known = scenario_files()
    if name not in known:
        raise InputError(
            "scenario", "there is no scenario {name!r}", "Choose one of the list", name=name[:60]
        )  # fmt: skip
    return known[name]


def keep_scenario(raw: bytes, title: str) -> str:
    """Keep a scenario file that a planner brought along, if it is sound.

    Parameters
    ----------
    raw : bytes; the file.
    title : str; its name, for complaints.

    Returns
    -------
    str; the name by which a plan calls it.

    Raises
    ------
    InputError : it is too large, no scenario, or reaches for files beside it; then nothing is kept.

    Notes
    -----
    Unit: none. Source: the file. It can name a base of the project, never a path.
    """
    shown = "".join(c for c in title.replace("\\", "/").rsplit("/", 1)[-1] if c.isprintable())[-60:] or "scenario.yaml"
    if len(raw) > LARGEST_FILE:
        raise InputError(
            shown, "the file has {size} MB", "Files of more than {most} MB are refused; give the right one",
            size=len(raw) // 1_000_000, most=LARGEST_FILE // 1_000_000,
        )  # fmt: skip
    stem = re.sub(r"[^a-z0-9]+", "_", Path(shown).stem.lower()).strip("_")[:40] or "scenario"
    name = f"own_{stem}_{digest_of(raw.decode('latin-1'))[:8]}"
    folder = own_folder() / "scenarios"
    final = folder / f"{name}.yaml"
    if final.is_file():
        return name
    _make(folder)
    # Beside the others, so that what was built upon one of them is found again.
    draft = folder / f".trial_{secrets.token_hex(8)}.yaml"
    try:
        draft.write_bytes(raw)
        agents = read_sheet(draft).given.agents
        # Before anything is resolved: a path is not even looked at.
        if agents is not None and agents.schools not in (None, SYNTHETIC, NO_SCHOOLS):
            raise InputError(
                draft.name, "the scenario names the file {word!r}", "A scenario given here cannot reach for others",
                word=agents.schools[:60],
            )  # fmt: skip
        load_scenario(draft)
        draft.replace(final)
    except InputError as error:
        told = error.where.replace(draft.name, shown)
        raise InputError(told, error.what, error.cure, **error.facts) from None
    except OSError:
        raise InputError("upload", "the folder cannot be written", "Set SIMVET_CACHE to a folder of yours") from None
    finally:
        draft.unlink(missing_ok=True)
    _clear(folder)
    return name


def _make(folder: Path) -> None:
    try:
        # What planners bring along is nobody else's to read.
        own_folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        raise InputError("upload", "the folder cannot be written", "Set SIMVET_CACHE to a folder of yours") from None


def clear_regions() -> None:
    """Let the regions go that were uploaded longest ago, beyond MOST_OWN; unit, errors: none; source: the folder."""
    folder = regions_folder()
    held = sorted(folder.glob("own_*"), key=lambda path: path.stat().st_mtime_ns) if folder.is_dir() else []
    for old in held[:-MOST_OWN]:
        shutil.rmtree(old, ignore_errors=True)
        for balance in cache_folder().glob(f"opening-{old.name}-*.npy"):
            balance.unlink(missing_ok=True)


def _clear(folder: Path) -> None:
    """Let the oldest files go; a link to them then says so."""
    kept = sorted(folder.glob("own_*.yaml"), key=lambda path: path.stat().st_mtime_ns)
    for path in kept[:-MOST_OWN]:
        path.unlink(missing_ok=True)
