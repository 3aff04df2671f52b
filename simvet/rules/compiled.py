"""The one door to the compiler: rules are plain functions, compiled on first use and cached on disk."""

from collections.abc import Callable
from typing import TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., object])


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
    Unit: none. ``fastmath`` stays off: the order of a sum is part of the result, because the same seed has to give
    the same bytes everywhere. Source: Numba documentation, "Compiling Python code with @jit".
    """
    return cast(F, numba.njit(cache=True, error_model="numpy")(function))
