"""A study run: chunk by chunk on any executor, on disk or in memory, and read again."""

from __future__ import annotations

import errno
import io
import platform
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simvet.errors import InputError, SimvetError, nearest
from simvet.studies.chunks import Chunk, cut, pack
from simvet.studies.executors import EXECUTORS, Work, client_of
from simvet.studies.store import DATASET, EXPERIMENTS, Folder, open_folder, write_whole
from simvet.studies.study import Study, require_study

if TYPE_CHECKING:
    import pandas
    import xarray

Floats = NDArray[np.float64]
PACKAGES = ("simvet", "numpy", "scipy", "numba", "pyarrow")
COLUMNS_AT_ONCE, VALUES_AT_ONCE = 16, 64_000_000
"""Outcomes, and values of theirs, that are in memory together when a batch is summed up; one outcome in any case."""
FULL_DISK = 3
"""Parts in a row that found no room before the batch stops: what cannot be kept need not be computed."""


@dataclass(frozen=True)
class Progress:
    """How far a batch is.

    Notes
    -----
    Unit: ``rate`` chunks/second since the start, ``left`` seconds, infinite before the first chunk. Errors: none.
    Source: the clock.
    """

    done: int
    total: int
    kept_before: int
    failed: int
    rate: float
    left: float


Tell = Callable[[Progress], None]


@dataclass
class Ensemble:
    """The results of a study.

    Notes
    -----
    Shape: ``policy`` (experiment,), ``values`` (experiment, factor). Unit: each factor's and outcome's. ``failed`` maps
    chunks that have no results to the reason; ``counts`` says what happened on the way. Errors: see each method.
    Source: the parts.
    """

    study: Study
    policy: NDArray[np.int64]
    values: Floats
    chunks: Sequence[Chunk]
    parts: dict[int, Path | bytes] = field(repr=False)
    failed: dict[int, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    digest: str = ""
    _seen: dict[str, NDArray[Any]] = field(default_factory=dict, repr=False)

    def outcome(self, name: str) -> Floats:
        """Return an outcome of every draw, shape (experiment, draw); InputError where there is none, or parts lack."""
        return self._read([name])[name]

    def reached(self, name: str) -> NDArray[np.bool_]:
        """Return whether a target is reached, shape (experiment, draw); InputError where the outcome is no target."""
        found = next((o for o in self.study.outcomes if o.name == name), None)
        column = f"{name}__reached" if found is None or found.target is not None else ""
        if not column:
            raise InputError("outcome", "{name!r} is no target", "Name a target of the study", name=name)
        return self._read([column])[column]

    def probability(self, name: str) -> Floats:
        """Return the share of draws that reach a target, shape (experiment,)."""
        return np.asarray(self.reached(name).mean(axis=1))

    def median(self, name: str) -> Floats:
        """Return the median of an outcome over its draws, shape (experiment,), in its unit."""
        return np.asarray(np.median(self.outcome(name), axis=1))

    def mean(self, name: str) -> Floats:
        """Return the mean of an outcome over its draws, shape (experiment,), in its unit."""
        return np.asarray(self.outcome(name).mean(axis=1))

    def experiments(self) -> pandas.DataFrame:
        """Return one row for each experiment: policy, and the value of every factor in its unit."""
        import pandas as pd  # noqa: PLC0415

        frame = pd.DataFrame({"experiment": np.arange(len(self.policy))})
        frame["policy"] = [self.study.policies[int(place)].name for place in self.policy]
        for place, factor in enumerate(self.study.factors):
            frame[factor.name] = self.values[:, place]
        return frame

    def draws(self) -> pandas.DataFrame:
        """Return one row for each draw of each experiment: every outcome, and whether each target is reached."""
        import pandas as pd  # noqa: PLC0415

        self._require_whole()
        return pd.concat([pd.read_parquet(_source(self.parts[c.number])) for c in self.chunks], ignore_index=True)

    def dataset(self) -> xarray.Dataset:
        """Return medians, 80 % bands, means and probabilities, labelled by experiment and outcome (xarray)."""
        from simvet.studies.labelled import dataset_of  # noqa: PLC0415

        return dataset_of(self)

    def forget(self) -> None:
        """Let go of the draws that have been read, so that a large batch never stands in memory whole."""
        self._seen.clear()

    def read(self, names: Sequence[str]) -> dict[str, NDArray[Any]]:
        """Return several columns at once, shape (experiment, draw) each, without keeping them."""
        found = self._read(names)
        self.forget()
        return found

    def _read(self, names: Sequence[str]) -> dict[str, NDArray[Any]]:
        import pyarrow.parquet as pq  # noqa: PLC0415

        known = [o.name for o in self.study.outcomes]
        known += [o.reached_name for o in self.study.outcomes if o.target is not None]
        for name in names:
            if name not in known:
                raise InputError(
                    "outcome", "{kind} {word!r} is unknown", "Did you mean {near!r}?", kind="outcome", word=name,
                    near=nearest(name, known),
                )  # fmt: skip
        lacking = [name for name in names if name not in self._seen]
        if lacking:
            self._require_whole()
            shape = (len(self.policy), self.study.draws)
            made = {name: np.empty(shape, bool if name.endswith("__reached") else np.float64) for name in lacking}
            for chunk in self.chunks:
                table = pq.read_table(_source(self.parts[chunk.number]), columns=lacking)
                for name in lacking:
                    block = table[name].to_numpy().reshape(-1, chunk.draws)
                    made[name][chunk.start : chunk.stop, chunk.first : chunk.first + chunk.draws] = block
            self._seen.update(made)
        return {name: self._seen[name] for name in names}

    def _require_whole(self) -> None:
        lacking = [chunk.number for chunk in self.chunks if chunk.number not in self.parts]
        if lacking:
            raise InputError(
                "study", "{count} of {total} chunks have no results ({first} is the first)", "Run the study again",
                count=len(lacking), total=len(self.chunks), first=lacking[0],
            )  # fmt: skip


def _source(part: Path | bytes) -> Any:
    return io.BytesIO(part) if isinstance(part, bytes) else part


def run_study(
    study: Study, folder: Path | str | None = None, executor: str = "here", workers: int = 2, address: str = "",
    client: Any = None, tell: Tell | None = None,
) -> Ensemble:  # fmt: skip
    """Run a study, or what is left of it.

    Parameters
    ----------
    study : Study.
    folder : path, optional; where the results land. A folder that a batch of the same study was begun in is resumed.
        Without one, results stay in memory.
    executor : str; a key of EXECUTORS; ``dask`` where a client or an address is given.
    workers : int; processes of a pool or of a local Dask cluster.
    address : str; of a Dask scheduler, such as ``tcp://10.0.0.1:8786``.
    client : distributed.Client, optional.
    tell : callable, optional; told Progress after every chunk.

    Returns
    -------
    Ensemble; chunks that failed are named in ``failed``, all others are kept.

    Raises
    ------
    InputError : the study, the executor or the folder is wrong; nothing has been started then.

    Notes
    -----
    Unit: each outcome's. The results are the same bytes on every executor, and however often the batch was stopped.
    Source: MODEL, section 7.
    """
    require_study(study)
    executor = "dask" if client is not None or address else executor
    if executor not in EXECUTORS:
        raise InputError("executor", "{kind} {word!r} is unknown", "Did you mean {near!r}?", kind="executor",
                         word=executor, near=nearest(executor, EXECUTORS))  # fmt: skip
    if isinstance(workers, bool) or not isinstance(workers, int) or not 1 <= workers <= 1024:
        raise InputError("--workers", "{number} {name} cannot be run", "Choose 1 to {most}", number=workers,
                         name="workers", most=1024)  # fmt: skip
    policy, values = study.experiments()
    chunks = cut(len(policy), study.draws, study.chunk_draws)
    batch = _Batch(study, policy, values, chunks, executor, tell)
    with ExitStack() as stack:
        if client is None and address:
            client = stack.enter_context(client_of(address))
        held = None if folder is None else stack.enter_context(open_folder(Path(folder), study))
        return batch.run(held, workers, address, client)


class _Batch:
    """One batch under way."""

    def __init__(
        self, study: Study, policy: NDArray[np.int64], values: Floats, chunks: list[Chunk], executor: str,
        tell: Tell | None,
    ) -> None:  # fmt: skip
        self.ensemble = Ensemble(study, policy, values, chunks, {})
        self.executor, self.tell = executor, tell
        self.folder: Folder | None = None
        self.before = self.unwritten = self.computed = 0
        self.started = self.last = time.monotonic()

    def run(self, folder: Folder | None, workers: int, address: str, client: Any) -> Ensemble:
        """Do what is left, and say in the manifest what became of it."""
        ensemble, self.folder = self.ensemble, folder
        if folder:
            for number in folder.finished(ensemble.chunks):
                ensemble.parts[number] = folder.part(ensemble.chunks[number])
            self.before = len(ensemble.parts)
            self._manifest("running", {})
            write_whole(folder.path / EXPERIMENTS, _parquet(_experiment_table(ensemble)))
        left = [chunk for chunk in ensemble.chunks if chunk.number not in ensemble.parts]
        work = Work(pack(ensemble.study), left, self._settle, workers, address, client)
        state = "interrupted"
        try:
            if left:
                EXECUTORS[self.executor](work)
            state = "failed" if len(ensemble.parts) < len(ensemble.chunks) else "finished"
        finally:
            ensemble.counts = {
                "chunks": len(ensemble.chunks), "kept_before": self.before, "computed": self.computed,
                "failed": len(ensemble.failed), "handed_out_again": work.deaths, "reconnected": work.reconnected,
            }  # fmt: skip
            if folder:
                self._close(folder, state)
        return ensemble

    def _close(self, folder: Folder, state: str) -> None:
        ensemble = self.ensemble
        try:
            if state == "finished":
                ensemble.digest = folder.result_digest(ensemble.chunks)
                _write_dataset(ensemble, folder.path / DATASET)
            self._manifest(state, {"seconds": round(time.monotonic() - self.started, 3)})
        except OSError as error:
            # A disk without room for the summary has none for the parts either: they are named already.
            ensemble.failed.setdefault(-1, f"manifest: {error.strerror or error}")

    def _settle(self, chunk: Chunk, result: bytes | Exception) -> bool:
        ensemble = self.ensemble
        seconds = time.monotonic() - self.last
        self.last = time.monotonic()
        if isinstance(result, Exception):
            ensemble.failed[chunk.number] = reason_of(result)
        else:
            self._keep(chunk, result, seconds)
        if self.tell:
            done = len(ensemble.parts)
            spent = max(time.monotonic() - self.started, 1e-9)
            rate = (self.computed + len(ensemble.failed)) / spent
            left = len(ensemble.chunks) - done - len(ensemble.failed)
            self.tell(
                Progress(done, len(ensemble.chunks), self.before, len(ensemble.failed), rate,
                         left / rate if rate else float("inf"))
            )  # fmt: skip
        return self.unwritten < FULL_DISK

    def _keep(self, chunk: Chunk, part: bytes, seconds: float) -> None:
        ensemble = self.ensemble
        if self.folder is None:
            ensemble.parts[chunk.number] = part
            self.computed += 1
            return
        try:
            self.folder.keep(chunk, part, seconds)
        except OSError as error:
            ensemble.failed[chunk.number] = f"not written: {error.strerror or error}"
            self.unwritten += 1 if error.errno == errno.ENOSPC else 0
            return
        self.unwritten = 0
        self.computed += 1
        ensemble.parts[chunk.number] = self.folder.part(chunk)

    def _manifest(self, state: str, more: dict[str, Any]) -> None:
        if self.folder is None:
            return
        ensemble, study = self.ensemble, self.ensemble.study
        self.folder.write_manifest(
            {
                "state": state,
                "title": dict(study.labels),
                "written": datetime.now(UTC).isoformat(timespec="seconds"),
                "policies": [
                    {"scenario": p.name, "scenario_digest": p.digest, "data_digest": p.data_digest}
                    for p in study.policies
                ],
                "seed": study.seed,
                "engine": study.engine,
                "design": study.design,
                "draws": study.draws,
                "experiments": len(ensemble.policy),
                "luck": study.luck,
                "chunk": study.chunk_draws,
                "noise": {name: getattr(study.noise, name) for name in ("parameters", "opening", "drift", "chance")},
                "factors": [
                    {"name": f.name, "kind": f.kind, "low": f.low, "high": f.high, "unit": f.unit}
                    for f in study.factors
                ],
                "outcomes": [
                    {
                        "column": o.name,
                        "indicator": o.indicator,
                        "stage": o.stage,
                        "region": o.region,
                        "year": o.year,
                        "unit": o.unit,
                        "target": o.target is not None,
                    }
                    for o in study.outcomes
                ],
                "executor": self.executor,
                "counts": ensemble.counts,
                "result_digest": ensemble.digest,
                "failed": {str(number): reason for number, reason in sorted(ensemble.failed.items())},
                "versions": {**{name: version(name) for name in PACKAGES}, "python": platform.python_version()},
                **more,
            }
        )


def reason_of(error: Exception) -> str:
    """Return why a chunk has no results, in one line; unit, errors: none; source: the error."""
    text = str(error) if isinstance(error, SimvetError) else f"{type(error).__name__}: {error}"
    return " ".join(text.split())[:500]


def _experiment_table(ensemble: Ensemble) -> Any:
    import pyarrow as pa  # noqa: PLC0415

    return pa.Table.from_pandas(ensemble.experiments(), preserve_index=False)


def _parquet(table: Any) -> bytes:
    import pyarrow.parquet as pq  # noqa: PLC0415

    content = io.BytesIO()
    pq.write_table(table, content, compression="zstd")
    return content.getvalue()


def _write_dataset(ensemble: Ensemble, path: Path) -> None:
    temporary = path.with_name(f".unfinished-{path.name}")
    try:
        ensemble.dataset().to_netcdf(temporary, engine="h5netcdf")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
