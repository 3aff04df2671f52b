"""A batch on disk: one folder, many small parts that are written once, a log of them and a manifest."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simvet.errors import InputError
from simvet.studies.chunks import Chunk
from simvet.studies.study import Study

PARTS, MANIFEST, LOG, LOCK = "draws", "manifest.json", "chunks.jsonl", ".lock"
EXPERIMENTS, DATASET = "experiments.parquet", "dataset.nc"
FORMAT = 1
"""Raised whenever parts are laid out differently."""


@dataclass
class Folder:
    """The folder of one batch, held by this process alone.

    Notes
    -----
    Shape: ``draws/part-000000.parquet`` and so on, one a chunk. Unit: none. Errors: OSError where the disk is full.
    Source: the batch.
    """

    path: Path
    study: str

    def part(self, chunk: Chunk) -> Path:
        """Return where the part of a chunk lies."""
        return self.path / PARTS / f"part-{chunk.number:06d}.parquet"

    def finished(self, chunks: Sequence[Chunk]) -> set[int]:
        """Return the numbers of the chunks whose parts are whole; a damaged part counts as none."""
        return {chunk.number for chunk in chunks if part_is_whole(self.part(chunk), self.study, chunk)}

    def keep(self, chunk: Chunk, content: bytes, seconds: float) -> None:
        """Write a part under its name in one step, and note it in the log."""
        write_whole(self.part(chunk), content)
        line = {
            "chunk": chunk.number, "experiments": [chunk.start, chunk.stop], "first": chunk.first,
            "draws": chunk.draws, "rows": chunk.rows, "sha256": hashlib.sha256(content).hexdigest(),
            "seconds": round(seconds, 3),
        }  # fmt: skip
        with (self.path / LOG).open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")

    def result_digest(self, chunks: Sequence[Chunk]) -> str:
        """Return the sha256 of all parts in order; the same study gives the same one on every executor."""
        whole = hashlib.sha256()
        for chunk in chunks:
            whole.update(hashlib.sha256(self.part(chunk).read_bytes()).digest())
        return whole.hexdigest()

    def write_manifest(self, told: dict[str, Any]) -> None:
        """Write the manifest in one step."""
        content = json.dumps({"format": FORMAT, "study": self.study, **told}, ensure_ascii=False, indent=1)
        write_whole(self.path / MANIFEST, content.encode())


def part_is_whole(path: Path, study: str, chunk: Chunk) -> bool:
    """Return whether a part is there, of this study, and whole.

    Parameters
    ----------
    path : Path.
    study : str; digest of the study.
    chunk : Chunk.

    Returns
    -------
    bool.

    Notes
    -----
    Unit: none. Errors: none. Every column is read: a part whose end was cut off or whose middle was lost is done again.
    Source: the file.
    """
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    if not path.exists():
        return False
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException):
        return False
    told = table.schema.metadata or {}
    own = told.get(b"simvet.study", b"").decode() == study and told.get(b"simvet.chunk", b"") == b"%d" % chunk.number
    return bool(own and table.num_rows == chunk.rows)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file under its name in one step, so that nobody ever sees half of it.

    Parameters
    ----------
    path : Path.
    content : bytes.

    Raises
    ------
    OSError : the disk is full, or the folder cannot be written; nothing is left behind.

    Notes
    -----
    Unit: none. Source: write, flush, rename.
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".unfinished-", suffix=path.suffix)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


@contextmanager
def open_folder(folder: Path, study: Study) -> Iterator[Folder]:
    """Hold a folder for a batch, new or to be resumed.

    Parameters
    ----------
    folder : Path.
    study : Study.

    Yields
    ------
    Folder.

    Raises
    ------
    InputError : the folder holds something else or another study, another process is writing into it, or it cannot be
        written.

    Notes
    -----
    Unit: none. What a batch that was killed left half written is removed. Source: results of two studies never mix.
    """
    require_folder(folder, study)
    (folder / PARTS).mkdir(parents=True, exist_ok=True)
    with _locked(folder):
        for left in [*(folder / PARTS).glob(".unfinished-*"), *folder.glob(".unfinished-*")]:
            left.unlink(missing_ok=True)
        _cut_torn_line(folder / LOG)
        yield Folder(folder, study.digest)


def _cut_torn_line(log: Path) -> None:
    """Remove the end of a log that a kill or a full disk cut within a line; its part is whole or done again."""
    told = log.read_bytes() if log.exists() else b""
    if told and not told.endswith(b"\n"):
        write_whole(log, told[: told.rfind(b"\n") + 1])


def require_folder(folder: Path, study: Study) -> None:
    """Complain about a folder into which a study must not be written; see :func:`open_folder`."""
    where = str(folder)
    try:
        if folder.exists() and not folder.is_dir():
            raise InputError(where, "there is a file of that name", "Choose another folder")
        above = next((parent for parent in (folder, *folder.absolute().parents) if parent.exists()), folder)
        if not os.access(above, os.W_OK):
            raise InputError(where, "the folder cannot be written", "Choose another folder")
        held = {path.name for path in folder.iterdir()} if folder.exists() else set()
    except OSError:
        raise InputError(where, "the folder cannot be written", "Choose another folder") from None
    if held <= {PARTS, LOCK} and not (folder / MANIFEST).exists():
        if any((folder / PARTS).glob("*")) if PARTS in held else False:
            raise InputError(where, "the folder holds parts without a manifest", "Choose a new folder")
        return
    other = _study_in(folder)
    if other is None:
        raise InputError(where, "the folder is not empty", "Choose a new folder; results are never mixed")
    if other != study.digest:
        raise InputError(
            where, "the folder holds another study ({other}, this one is {own})",
            "Choose a new folder, or run the study that it was begun with", other=other, own=study.digest,
        )  # fmt: skip


def _study_in(folder: Path) -> str | None:
    try:
        told = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return str(told["study"]) if isinstance(told, dict) and told.get("format") == FORMAT else None


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; the system lets go of it when the process ends, however it ends."""
    try:
        import fcntl  # noqa: PLC0415
    except ImportError:  # There is none on Windows, where a batch runs without a lock.
        yield
        return
    with (folder / LOCK).open("w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise InputError(
                str(folder), "another batch is writing into the folder", "Wait for it, or choose a new folder"
            ) from None
        try:
            yield
        finally:
            with suppress(OSError):
                fcntl.flock(lock, fcntl.LOCK_UN)
