"""Many planners at once: each moves a lever every few seconds, all on one server."""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter
from typing import Any

import psutil

from benchmarks.screen.hands import Hand
from benchmarks.screen.planner import Planner
from benchmarks.screen.served import Served, Usage
from benchmarks.screen.summary import spread, told_load

SAMPLED = 2.0
"""Seconds between two looks at memory."""


async def work(planner: Planner, every: float, begin: float, until: float) -> int:
    """Move a lever every so many seconds; return how many moves were due.

    Parameters
    ----------
    planner : Planner
        With an open page.
    every : float
        Seconds between two moves; a move that is due while another waits is made as soon as that one is over.
    begin, until : float
        Clock of the event loop.

    Returns
    -------
    int
        Moves that were due.
    """
    loop = asyncio.get_running_loop()
    due = 0
    while begin + due * every < until:
        await asyncio.sleep(max(begin + due * every - loop.time(), 0.0))
        due += 1
        if loop.time() < until:
            await planner.move()
    return due


async def watch(served: Served, found: list[Usage]) -> None:
    """Look at the server's memory again and again."""
    while True:
        found.append(served.usage())
        await asyncio.sleep(SAMPLED)


async def crowd(
    served: Served, scenarios: list[str], met: set[str], users: int, seconds: float, every: float
) -> dict[str, Any]:
    """Let users work at once and tell what they saw.

    Parameters
    ----------
    served : Served
        The server.
    scenarios : list of str
        Given out in turn.
    met : set of str
        Digests of all plans that this server was asked for.
    users : int
        At once.
    seconds, every : float
        How long, and the time between two moves of one user.

    Returns
    -------
    dict
        Seconds, counts, MiB; see the names.
    """
    planners = [
        Planner(served.address, scenarios[user % len(scenarios)], Hand(1000 * users + user, met))
        for user in range(users)
    ]
    for planner in planners:
        await planner.open()
    await asyncio.sleep(every)
    samples: list[Usage] = []
    before, own, started = served.usage(), psutil.Process().cpu_times(), time.perf_counter()
    load_before = told_load()
    watcher = asyncio.create_task(watch(served, samples))
    loop = asyncio.get_running_loop()
    now = loop.time()
    due = await asyncio.gather(
        *(work(p, every, now + every * user / users, now + seconds) for user, p in enumerate(planners))
    )
    watcher.cancel()
    after, own_after, taken = served.usage(), psutil.Process().cpu_times(), time.perf_counter() - started
    for planner in planners:
        await planner.close()
    latencies = [one for planner in planners for one in planner.latencies]
    late_half = samples[len(samples) // 2 :] or [after]
    pages = sum((planner.seen for planner in planners), Counter[str]())
    errors = sum((planner.errors for planner in planners), Counter[str]())
    return {
        "users": users, "seconds": round(taken, 1), "every": every, "moves": len(latencies), "moves_due": sum(due),
        "latency": spread(latencies),
        "latency_by_scenario": {
            name: spread([one for p in planners if p.scenario == name for one in p.latencies]) for name in scenarios
        },
        "latency_by_third": [
            spread([
                latency for p in planners for latency, begun in zip(p.latencies, p.moved_at, strict=True)
                if third <= 3 * (begun - started) / seconds < third + 1
            ])
            for third in range(3)
        ],
        "errors": dict(errors), "mixed": sum(planner.mixed for planner in planners),
        "boards_checked": pages["board"], "page_runs": pages["page"], "fragment_runs": pages["fragment"],
        "sharpened_share": round(sum(len(p.sharpened) for p in planners) / max(len(latencies), 1), 3),
        "server_mib": round(max(s.server for s in late_half), 1),
        "workers_mib": round(max(s.workers for s in late_half), 1),
        "server_cores": round((after.server_seconds - before.server_seconds) / taken, 2),
        "worker_cores": round((after.worker_seconds - before.worker_seconds) / taken, 2),
        "client_cores": round((own_after.user + own_after.system - own.user - own.system) / taken, 2),
        "load": [load_before, told_load()], "tracebacks": served.tracebacks(),
    }  # fmt: skip


async def alone(served: Served, scenario: str, met: set[str], moves: int) -> dict[str, Any]:
    """Let one user move as fast as answers come: time from a move to the end of the page's script, and to the board.

    Parameters
    ----------
    served : Served
        The server.
    scenario : str
        That is open.
    met : set of str
        Digests of all plans that this server was asked for.
    moves : int
        How many.

    Returns
    -------
    dict
        Seconds.
    """
    planner = Planner(served.address, scenario, Hand(7 + len(scenario), met))
    await planner.open()
    await asyncio.sleep(5.0)
    for _ in range(moves):
        await planner.move()
        # Less than the pause after which the server would sharpen the answer: the page's script alone is measured.
        await asyncio.sleep(0.05)
    await planner.close()
    return {
        "to_board": spread(planner.latencies), "to_end": spread(planner.bodies), "errors": dict(planner.errors),
        "mixed": planner.mixed, "load": told_load(),
    }  # fmt: skip


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
