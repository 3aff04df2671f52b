"""Where simvet keeps what it can compute again: solved balances and compiled rules."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def cache_folder() -> Path:
    """Return the folder of the cache.

    Returns
    -------
    Path; ``SIMVET_CACHE`` if set, else ``simvet`` under the user's cache folder, else under the system's temporary one
    where the user has no home.

    Notes
    -----
    Unit: none. Errors: none. Source: XDG base directory specification.
    """
    chosen = os.environ.get("SIMVET_CACHE")
    if chosen:
        return Path(chosen)
    shared = os.environ.get("XDG_CACHE_HOME")
    if shared:
        return Path(shared) / "simvet"
    try:
        return Path.home() / ".cache" / "simvet"
    except RuntimeError:
        return Path(tempfile.gettempdir()) / "simvet"


def writable(folder: Path) -> bool:
    """Return whether a folder can be written, made if need be.

    Parameters
    ----------
    folder : Path.

    Returns
    -------
    bool.

    Notes
    -----
    Unit: none. Errors: none. Source: the file system.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)
