"""Who does the work: this process, a pool of processes, or a Dask cluster. The same chunks, the same bytes."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib import import_module
from itertools import count
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import Any
from uuid import uuid4

from simvet.errors import InputError
from simvet.studies.chunks import Chunk, run_chunk

MOST_DEATHS = 12
"""Workers that may die over one chunk before it is given up: by then it is the chunk, not bad luck."""
SUSPECT = 3
"""Workers that may die over one chunk before it runs alone, so that no chunk beside it is blamed with it."""
PATIENCE, AT_FIRST = 120.0, 15.0
"""Seconds that a lost scheduler is waited for, and one that has not answered yet: its address may be wrong."""
Settle = Callable[[Chunk, bytes | Exception], bool]
"""Told a chunk and its part, or why there is none; answers whether to go on."""


@dataclass
class Work:
    """What an executor is given, and what it counts.

    Notes
    -----
    Unit: ``deaths`` are chunks handed out again because their worker died, ``reconnected`` how often a scheduler was
    sought again; one that is back at once Dask's own client finds, uncounted. Errors: none. Source: the batch.
    """

    packed: bytes
    chunks: Sequence[Chunk]
    settle: Settle
    workers: int = 1
    address: str = ""
    client: Any = None
    deaths: int = 0
    reconnected: int = 0
    of_chunk: Counter[int] = field(default_factory=Counter)

    def died(self, chunk: Chunk, waiting: deque[Chunk]) -> bool:
        """Hand a chunk out again whose worker died, or give it up; return whether to go on."""
        self.deaths += 1
        self.of_chunk[chunk.number] += 1
        if self.of_chunk[chunk.number] < MOST_DEATHS:
            # Last in the queue: a chunk that kills its workers must not hold up the others.
            waiting.append(chunk)
            return True
        return self.settle(chunk, RuntimeError(f"its worker died {MOST_DEATHS} times"))

    def may_start(self, chunk: Chunk, running: Iterable[Chunk]) -> bool:
        """Return whether a chunk may run beside others: one that keeps losing its worker runs alone."""
        others = list(running)
        return not others or all(self.of_chunk[one.number] < SUSPECT for one in (chunk, *others))


def run_here(work: Work) -> None:
    """Run the chunks one after the other in this process.

    Parameters
    ----------
    work : Work.

    Notes
    -----
    Unit: none. Errors: none; a bad chunk is settled with its reason. Source: the chunks.
    """
    for chunk in work.chunks:
        result: bytes | Exception
        try:
            result = run_chunk(work.packed, chunk)
        except Exception as error:  # noqa: BLE001 - one bad chunk must not take the others with it
            result = error
        if not work.settle(chunk, result):
            return


def run_in_processes(work: Work) -> None:
    """Run the chunks in a pool of processes; a pool that a dead worker broke is made anew.

    Parameters
    ----------
    work : Work; ``workers`` processes.

    Notes
    -----
    Unit: none. Errors: none; a bad chunk is settled with its reason. Source: ``concurrent.futures``.
    """
    waiting = deque(work.chunks)
    running: dict[Future[bytes], Chunk] = {}
    pool = _pool(work.workers)
    try:
        while waiting or running:
            broken = False
            while waiting and len(running) < 2 * work.workers and work.may_start(waiting[0], running.values()):
                try:
                    running[pool.submit(run_chunk, work.packed, waiting[0])] = waiting[0]
                except BrokenProcessPool:
                    broken = True
                    break
                waiting.popleft()
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            if broken or any(isinstance(future.exception(), BrokenProcessPool) for future in finished):
                # All that is under way in a broken pool ends with it; none of it may be taken for work of the next.
                broken, (finished, _) = True, wait(running)
            for future in finished:
                if not _taken(work, future, running.pop(future), waiting):
                    return
            if broken:
                pool.shutdown(wait=False, cancel_futures=True)
                pool = _pool(work.workers)
    finally:
        for future in running:
            future.cancel()
        pool.shutdown(wait=True, cancel_futures=True)


def _taken(work: Work, future: Future[bytes], chunk: Chunk, waiting: deque[Chunk]) -> bool:
    error = future.exception()
    if isinstance(error, BrokenProcessPool):
        return work.died(chunk, waiting)
    if error is None:
        return work.settle(chunk, future.result())
    return work.settle(chunk, error if isinstance(error, Exception) else RuntimeError(repr(error)))


def _pool(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_live_with_parent)


def _live_with_parent() -> None:
    """Let a worker finish its chunk when the user interrupts, and end when its parent was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        # Without this, workers of a killed parent wait for work that nobody will send, for ever.
        parent.join()
        os._exit(1)


def run_on_dask(work: Work) -> None:
    """Run the chunks on a Dask cluster, or on one of this machine where no client is given.

    Parameters
    ----------
    work : Work; ``client`` of the scheduler, with its ``address`` where it may be sought again, else ``workers``
        processes with their nannies.

    Raises
    ------
    InputError : Dask is not installed, or the scheduler once lost stays away longer than PATIENCE.

    Notes
    -----
    Workers send their parts back and write nothing, so that no common disk is needed. A chunk whose worker was killed
    is handed out again; when the scheduler comes back under its address, what it had not sent is handed out again.
    Unit: none. Source: Dask distributed.
    """
    given = work.client
    if given is None:
        distributed = _dask()
        with (
            distributed.LocalCluster(
                n_workers=work.workers, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
            ) as cluster,
            distributed.Client(cluster) as client,
        ):
            work.client = client
            _serve(work)
        return
    try:
        _serve(work)
    finally:
        if work.client is not given:
            # One that was found again belongs to nobody else.
            work.client.close(timeout=5)


@contextmanager
def client_of(address: str) -> Iterator[Any]:
    """Hold a client of a scheduler, so that a wrong address is told before anything is begun.

    Parameters
    ----------
    address : str; such as ``tcp://10.0.0.1:8786``.

    Yields
    ------
    distributed.Client.

    Raises
    ------
    InputError : Dask is not installed, or nothing answers within AT_FIRST seconds.

    Notes
    -----
    Unit: none. Source: Dask distributed.
    """
    client = _connected(address, AT_FIRST)
    try:
        yield client
    finally:
        client.close(timeout=5)


def _dask() -> Any:
    """Return Dask's ``distributed``, which only those install who use a cluster."""
    try:
        return import_module("distributed")
    except ImportError:
        raise InputError(
            "--dask", "the package {name!r} is not installed", "Install it with: pip install 'simvet[cluster]'",
            name="distributed",
        ) from None  # fmt: skip


def _connected(address: str, patience: float) -> Any:
    """Return a client of a scheduler that is waited for so many seconds."""
    distributed = _dask()
    until = time.monotonic() + patience
    while True:
        try:
            return distributed.Client(address, timeout=5, set_as_default=False)
        except (OSError, TimeoutError, ValueError):
            if time.monotonic() > until or "://" not in address:
                raise InputError(
                    "--dask", "the scheduler at {address} does not answer",
                    "Start it and run the same command again; finished chunks are kept", address=address,
                ) from None  # fmt: skip
            time.sleep(1.0)


def _serve(work: Work) -> None:
    """Hand out chunks and take in parts until all are settled."""
    distributed = _dask()
    waiting = deque(work.chunks)
    running: dict[Any, Chunk] = {}
    # A name of this batch alone: a scheduler gives every client that asks for a key the same result.
    batch, turn = uuid4().hex, count()
    while waiting or running:
        if work.client.status != "running":
            # What the lost scheduler knew is gone: everything that was under way is handed out again.
            waiting.extendleft(running.values())
            running.clear()
            _find_again(work)
            continue
        try:
            width = 2 * max(sum(work.client.nthreads().values()), 1)
            while waiting and len(running) < width and work.may_start(waiting[0], running.values()):
                key = f"simvet-{batch}-{waiting[0].number}-{next(turn)}"
                future = work.client.submit(run_chunk, work.packed, waiting[0], key=key, pure=False)
                running[future] = waiting.popleft()
            # Its own client, not the process's: a program may have another, or none.
            with work.client.as_current():
                distributed.wait(list(running), timeout=1, return_when="FIRST_COMPLETED")
        except (TimeoutError, distributed.TimeoutError, distributed.CancelledError):
            pass
        except Exception:
            # A scheduler that is lost in between is no error; the client needs a moment to see it.
            time.sleep(0.2)
            if work.client.status == "running":
                raise
        for future in [f for f in running if f.done()]:
            chunk = running.pop(future)
            if not _settled(work, future, chunk, waiting):
                work.client.cancel(list(running), force=True)
                return


def _settled(work: Work, future: Any, chunk: Chunk, waiting: deque[Chunk]) -> bool:
    distributed = _dask()
    if future.status in ("cancelled", "lost"):
        waiting.appendleft(chunk)
        return True
    try:
        result: bytes | Exception = future.result(timeout=60)
    except distributed.KilledWorker:
        return work.died(chunk, waiting)
    except (distributed.CancelledError, distributed.TimeoutError, TimeoutError, OSError) as error:
        if isinstance(error, OSError) and future.status == "error" and work.client.status == "running":
            return work.settle(chunk, error)
        waiting.appendleft(chunk)
        return True
    except Exception as error:  # noqa: BLE001 - what a chunk raised on its worker is the chunk's own
        result = error
    return work.settle(chunk, result)


def _find_again(work: Work) -> None:
    if not work.address:
        raise InputError(
            "--dask", "the scheduler at {address} does not answer",
            "Start it and run the same command again; finished chunks are kept", address="client",
        )  # fmt: skip
    with suppress(Exception):
        work.client.close(timeout=2)
    work.client = _connected(work.address, PATIENCE)
    work.reconnected += 1


EXECUTORS: dict[str, Callable[[Work], None]] = {
    "here": run_here,
    "processes": run_in_processes,
    "dask": run_on_dask,
}
"""Every executor by name."""
