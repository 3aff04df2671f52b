"""What packages do: each is truly run, on the same random numbers, in this process or several."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import get_context
from types import TracebackType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from simvet.studies.chunks import pack, unpack
from simvet.studies.experiments import run_policy
from simvet.studies.margins import likely_margin, read_margins
from simvet.studies.offers import Package
from simvet.studies.study import Study

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Look:
    """What a package does to the targets.

    Notes
    -----
    Shape: (draw, target). Unit: ``values`` in each target's, ``margins`` as parts of its bound, at or above zero where
    it is reached. Errors: none. Source: a run.
    """

    values: Floats
    margins: Floats

    @property
    def probability(self) -> Floats:
        """Return the share of draws that reach each target, shape (target,)."""
        return np.asarray((self.margins >= 0.0).mean(axis=0))

    def likely(self, probability: float) -> Floats:
        """Return the margin that this share of draws has at least, shape (target,)."""
        return likely_margin(self.margins, probability)


class Evaluator(Protocol):
    """What can look at packages."""

    def look(self, packages: Sequence[Package]) -> list[Look]:
        """Return what each package does."""


class Looker:
    """Runs packages of a study's levers; a pool of processes where there is more than one worker.

    Notes
    -----
    Shape: see Look. The factors of the study are the levers on offer; what has been looked at is remembered. Unit: each
    target's. Errors: InputError as a run's. Source: MODEL, section 7 (common random numbers).
    """

    def __init__(self, study: Study, workers: int = 1) -> None:
        self.packed = pack(study)
        self.seen: dict[Package, Look] = {}
        self.pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn")) if workers > 1 else None
        self.workers = workers

    def __enter__(self) -> Looker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.pool:
            self.pool.shutdown(wait=True, cancel_futures=True)

    def look(self, packages: Sequence[Package]) -> list[Look]:
        """Return what each package does; one that was looked at before is not run again."""
        fresh = list({key_of(package): package for package in packages if key_of(package) not in self.seen}.values())
        if self.pool and len(fresh) > 1:
            parts = [fresh[place :: self.workers] for place in range(self.workers)]
            futures = [(part, self.pool.submit(look_at, self.packed, part)) for part in parts if part]
            for part, future in futures:
                self.seen.update({key_of(p): look for p, look in zip(part, future.result(), strict=True)})
        elif fresh:
            found = look_at(self.packed, fresh)
            self.seen.update({key_of(p): look for p, look in zip(fresh, found, strict=True)})
        return [self.seen[key_of(package)] for package in packages]


def key_of(package: Package) -> Package:
    """Return a package as a key: levers left alone are equal to each other; unit, errors: none; source: NaN is not."""
    return tuple(-1e300 if np.isnan(value) else round(value, 10) for value in package)


def look_at(packed: bytes, packages: Sequence[Package]) -> list[Look]:
    """Run packages of a packed study; see :class:`Looker`.

    Parameters
    ----------
    packed : bytes; as ``chunks.pack`` gives it.
    packages : sequence of Package.

    Returns
    -------
    list of Look.

    Raises
    ------
    InputError : as a run's.

    Notes
    -----
    Unit: see Look. Source: the runs.
    """
    study = _study(packed)
    found = []
    for package in packages:
        levers = {place: value for place, value in enumerate(package) if not np.isnan(value)}
        run, province = run_policy(study, levers)
        found.append(Look(*read_margins(run, study.outcomes, province)))
    return found


@lru_cache(maxsize=4)
def _study(packed: bytes) -> Study:
    return unpack(packed)
