"""Where simvet keeps what it can compute again: solved balances and compiled rules."""

from __future__ import annotations

import os
import stat
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
        return private_folder()


def private_folder() -> Path:
    """Return a folder among the system's temporary ones that nobody else can write to.

    Returns
    -------
    Path; ``simvet-<user>`` where that is the user's own and closed to others, else a new one for this process.

    Notes
    -----
    What is kept there is loaded again, machine code among it: a folder that another user laid out under a name that can
    be guessed must not be trusted. Unit: none. Errors: none. Source: CWE-379.
    """
    if _PRIVATE:
        return _PRIVATE[0]
    user = os.getuid() if hasattr(os, "getuid") else 0
    folder = Path(tempfile.gettempdir()) / f"simvet-{user}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        seen = folder.lstat()
        own = stat.S_ISDIR(seen.st_mode) and seen.st_uid == user and not seen.st_mode & 0o077
    except OSError:
        own = False
    _PRIVATE.append(folder if own else Path(tempfile.mkdtemp(prefix="simvet-")))
    return _PRIVATE[0]


_PRIVATE: list[Path] = []


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
