"""The one door to the compiler: rules are plain functions, compiled on first use and cached on disk."""

import hashlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

from simvet.cache import cache_folder, private_folder, writable

F = TypeVar("F", bound=Callable[..., object])


@lru_cache(maxsize=1)
def machine_code_folder() -> Path:
    """Return the folder of compiled rules, another one for every state of their sources.

    Returns
    -------
    Path; under the cache folder, or under a private temporary one where that cannot be written.

    Notes
    -----
    The compiler's own cache looks at the file of the function alone: a rule that calls an edited one would go on as it
    was. Naming the folder by all sources rules that out. Unit: none. Errors: none. Source: Numba documentation, "Notes
    on Caching".
    """
    package = Path(__file__).resolve().parents[1]
    sources = sorted([*(package / "rules").glob("*.py"), package / "opening" / "solve.py"])
    digest = hashlib.sha256(b"".join(path.name.encode() + path.read_bytes() for path in sources)).hexdigest()[:16]
    folder = cache_folder() / "rules" / digest
    return folder if writable(folder) else private_folder() / "rules" / digest


def compiled(function: F) -> F:
    """Compile a rule to machine code without changing its signature or its arithmetic.

    Parameters
    ----------
    function : callable on bare arrays and scalars; must stand at module level, or the cache is useless.

    Returns
    -------
    callable; the same function, compiled at its first call. Its plain Python twin is at ``.py_func``.

    Notes
    -----
    Unit: none. Errors: none. ``fastmath`` stays off: the order of a sum is part of the result, because the same seed
    has to give the same bytes everywhere. Source: Numba documentation, "Compiling Python code with @jit".
    """
    settings: Any = numba.config
    before = settings.CACHE_DIR
    settings.CACHE_DIR = str(machine_code_folder())
    try:
        return cast(F, numba.njit(cache=True, error_model="numpy")(function))
    finally:
        settings.CACHE_DIR = before
