"""A study cut into keyed chunks: what a worker is handed, and what it hands back."""

from __future__ import annotations

import gc
import io
import pickle
import zlib
from collections.abc import Iterator
from copyreg import dispatch_table
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simvet.errors import InputError
from simvet.studies.experiments import run_experiments
from simvet.studies.study import Study

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Chunk:
    """A part of a study: some experiments whole, or some draws of one experiment.

    Notes
    -----
    Shape: experiments ``start`` to ``stop`` (not included), draws ``first`` to ``first + draws``. Unit: none. Errors:
    none. Source: :func:`cut`.
    """

    number: int
    start: int
    stop: int
    first: int
    draws: int

    @property
    def rows(self) -> int:
        """Return the rows that the chunk's part will have."""
        return (self.stop - self.start) * self.draws


def cut(experiments: int, draws: int, size: int) -> list[Chunk]:
    """Return the chunks of a study, in order.

    Parameters
    ----------
    experiments : int.
    draws : int; of each experiment.
    size : int; draws of a chunk.

    Returns
    -------
    list of Chunk; together they hold every draw of every experiment once.

    Notes
    -----
    Unit: none. Errors: none. A chunk has whole experiments where they fit, else draws of one alone. Source: none.
    """
    if draws < size:
        many = size // draws
        starts = range(0, experiments, many)
        return [Chunk(n, s, min(s + many, experiments), 0, draws) for n, s in enumerate(starts)]
    firsts = range(0, draws, size)
    return [
        Chunk(e * len(firsts) + n, e, e + 1, first, min(size, draws - first))
        for e in range(experiments)
        for n, first in enumerate(firsts)
    ]


def pack(study: Study) -> bytes:
    """Return a study as bytes that any worker with the same simvet can read.

    Parameters
    ----------
    study : Study.

    Returns
    -------
    bytes, compressed.

    Notes
    -----
    Unit: none. Errors: none. Unpacked by workers of this study alone, never from a file. Source: ``pickle``.
    """
    content = io.BytesIO()
    packer = pickle.Pickler(content)
    # Read-only mappings have no pickle of their own; the table is this packer's, not the process's.
    packer.dispatch_table = {**dispatch_table, MappingProxyType: _as_mapping}
    packer.dump(study)
    return version("simvet").encode() + b"\n" + zlib.compress(content.getvalue(), 6)


def _as_mapping(mapping: MappingProxyType[Any, Any]) -> tuple[Any, tuple[dict[Any, Any]]]:
    return _read_only, (dict(mapping),)


def _read_only(content: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(content)


def unpack(packed: bytes) -> Study:
    """Return the study that :func:`pack` packed.

    Parameters
    ----------
    packed : bytes; from the process that hands out the work, never from a file.

    Returns
    -------
    Study.

    Raises
    ------
    InputError : another version of simvet packed it.

    Notes
    -----
    Unit: none. Source: the bytes.
    """
    maker, content = packed.split(b"\n", 1)
    own = version("simvet")
    if maker.decode() != own:
        raise InputError(
            "worker", "the study comes from simvet {other}, the worker has {own}", "Install the same version on both",
            other=maker.decode(), own=own,
        )  # fmt: skip
    study: Study = pickle.loads(zlib.decompress(content))  # noqa: S301 - from the process that hands out the work
    return study


@lru_cache(maxsize=2)
def _unpacked(packed: bytes) -> tuple[Study, NDArray[np.int64], Floats]:
    study = unpack(packed)
    policy, values = study.experiments()
    return study, policy, values


def run_chunk(packed: bytes, chunk: Chunk) -> bytes:
    """Run a chunk and return its part.

    Parameters
    ----------
    packed : bytes; the study, as :func:`pack` gives it.
    chunk : Chunk.

    Returns
    -------
    bytes of a Parquet file: columns experiment, draw, every outcome, and whether each target is reached.

    Raises
    ------
    InputError : as ``run_experiments``.

    Notes
    -----
    Shape: rows ordered by experiment and draw. Unit: each outcome's. The bytes depend on study and chunk alone. Source:
    the runs.
    """
    study, policy, values = _unpacked(packed)
    return part_bytes(study, chunk, *chunk_results(study, policy, values, chunk))


def chunk_results(
    study: Study, policy: NDArray[np.int64], values: Floats, chunk: Chunk
) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the results of a chunk, shape (experiment, draw, outcome) each; as ``run_experiments``.

    Parameters
    ----------
    study : Study.
    policy, values : as ``Study.experiments`` gives them.
    chunk : Chunk.

    Returns
    -------
    values, reached : (experiment, draw, outcome) arrays.

    Raises
    ------
    InputError : as ``run_experiments``.

    Notes
    -----
    Unit: each outcome's. Source: the runs.
    """
    shape = (chunk.stop - chunk.start, chunk.draws, len(study.outcomes))
    found, reached = np.empty(shape), np.zeros(shape, dtype=np.bool_)
    for members in _side_by_side(study, policy, values, chunk):
        one = int(members[0])
        levers = {place: float(values[one, place]) for place in study.levers}
        # Policies are compared on the same futures: a point has its luck under each of them.
        begins = 0 if study.luck == "common" else study.draws * (one % (len(policy) // len(study.policies)))
        told = run_experiments(
            study, int(policy[one]), levers, values[members], chunk.first + begins, chunk.draws,
            study.luck == "common",
        )  # fmt: skip
        found[members - chunk.start], reached[members - chunk.start] = told
        if study.engine == "agents":
            # Schools, model and store of students refer to each other: left alone, such worlds pile up by the GiB.
            gc.collect()
    return found, reached


def _side_by_side(study: Study, policy: NDArray[np.int64], values: Floats, chunk: Chunk) -> Iterator[NDArray[np.int64]]:
    """Return the experiments of a chunk that can be run in one pass: the same policy, levers and engine of numbers."""
    here = np.arange(chunk.start, chunk.stop)
    groups: dict[tuple[float, ...], list[int]] = {}
    last: tuple[float, ...] = ()
    turn = 0
    for number in here:
        said = (float(policy[number]), *values[number, list(study.levers)])
        # Rows of chance that follow on each other can be run together, students one by one cannot.
        turn += study.engine == "agents" or (study.luck == "own" and said != last)
        last = said
        groups.setdefault((float(turn), *said), []).append(int(number))
    for members in groups.values():
        yield np.array(members)


def part_bytes(study: Study, chunk: Chunk, values: Floats, reached: NDArray[np.bool_]) -> bytes:
    """Return a chunk's results as the bytes of a Parquet file.

    Parameters
    ----------
    study : Study.
    chunk : Chunk.
    values, reached : (experiment, draw, outcome) arrays.

    Returns
    -------
    bytes.

    Notes
    -----
    Unit: each outcome's, kept in the file's metadata with the study's digest. Errors: none. Source: the results.
    """
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    columns: dict[str, Any] = {
        "experiment": np.repeat(np.arange(chunk.start, chunk.stop, dtype=np.int32), chunk.draws),
        "draw": np.tile(np.arange(chunk.first, chunk.first + chunk.draws, dtype=np.int64), chunk.stop - chunk.start),
    }
    for place, outcome in enumerate(study.outcomes):
        columns[outcome.name] = np.ascontiguousarray(values[:, :, place]).reshape(-1)
        if outcome.target is not None:
            columns[outcome.reached_name] = np.ascontiguousarray(reached[:, :, place]).reshape(-1)
    table = pa.table(columns)
    told = {"simvet.study": study.digest, "simvet.chunk": str(chunk.number), "simvet.seed": str(study.seed)}
    units = {f"simvet.unit.{outcome.name}": outcome.unit for outcome in study.outcomes}
    table = table.replace_schema_metadata({**told, **units})
    content = io.BytesIO()
    # Values of a million worlds hardly repeat: dictionaries would only cost time.
    pq.write_table(table, content, compression="zstd", compression_level=1, use_dictionary=False)
    return content.getvalue()
