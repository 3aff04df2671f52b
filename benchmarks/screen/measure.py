"""How quick the planner's screen is: one user in a browser, the page's script alone, and many users at once.

Run from the project's folder with ``python -m benchmarks.screen.measure``; ``--quick`` is a smoke of each part. See
README.md in the folder above. Every part prints its rows as soon as it has them; all figures go to ``results.json``.
Nothing here passes or fails: a busy machine is no error.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results.json"
SCENARIOS = ["zhejiang", "zhoushan"]
PARTS = ("browser", "body", "crowd", "outlook")
OUTLOOK_USERS, OUTLOOK_SECONDS = 40, 60.0
AFTER = 75.0
"""Seconds after which the server has forgotten users who left (``server.disconnectedSessionTTL`` and a margin)."""


def milliseconds(times: dict[str, Any], which: str) -> str:
    """Return a time of a spread for the table."""
    return f"{times[which] * 1000:,.0f} ms" if which in times else "–"


def row(measure: str, figure: str, asked: str = "") -> None:
    """Print a row of the table."""
    print(f"| {measure} | {figure} | {asked} |", flush=True)


def tell_browser(scenario: str, found: dict[str, Any]) -> None:
    """Print what one user in a browser saw."""
    every, load = found["all"], found["load"]
    about = f"{every['count']} moves over {found['sliders']} levers, load {load.get('median', 0):.1f}"
    row(f"**browser**, {scenario}: release to verdicts, median", f"**{milliseconds(every, 'median')}**", "< 300 ms")
    row("- 95th percentile", f"**{milliseconds(every, 'p95')}**", "< 600 ms")
    for kind in ("key", "mouse"):
        part = found[kind]
        row(f"- by {kind}, {part['count']} moves", f"{milliseconds(part, 'median')}, {milliseconds(part, 'p95')}")
    row("- what", f"{about}; {found['missed']} missed, {found['console_errors']} errors in the console", "none")


def tell_body(scenario: str, found: dict[str, Any]) -> None:
    """Print what the page's script costs."""
    row(f"**script**, {scenario}: callback and page, median", f"**{milliseconds(found['body'], 'median')}**", "< 50 ms")
    row("- 95th percentile", milliseconds(found["body"], "p95"))
    row("- its processor time, median", f"**{milliseconds(found['processor'], 'median')}**", "< 50 ms")
    row("- the run of few draws in it", milliseconds(found["answer"], "median"))
    row("- everything else in it", milliseconds(found["rest"], "median"))
    row("- test bench, less an empty script", f"{milliseconds(found['whole'], 'median')}, load {found['load']}")


def tell_alone(scenario: str, found: dict[str, Any]) -> None:
    """Print what one user without a browser saw."""
    row(
        f"**protocol, one user**, {scenario}: send to board; to the script's end",
        f"{milliseconds(found['to_board'], 'median')}; {milliseconds(found['to_end'], 'median')}, load {found['load']}",
    )


def tell_crowd(found: dict[str, Any], asked: bool) -> None:
    """Print what many users saw."""
    latency = found["latency"]
    wrong = ", ".join(f"{name}: {count}" for name, count in found["errors"].items()) or "none"
    users = found["users"]
    row(f"**{users} users**, {found['seconds']:.0f} s: send to board, median", f"**{milliseconds(latency, 'median')}**")
    row("- 90th percentile", f"**{milliseconds(latency, 'p90')}**", "< 500 ms" if asked else "")
    row("- 95th percentile; largest", f"{milliseconds(latency, 'p95')}; {milliseconds(latency, 'most')}")
    row("- moves made of moves due", f"{found['moves']:,} of {found['moves_due']:,}")
    row("- errors; tracebacks in the server's log", f"{wrong}; {found['tracebacks']}", "none")
    row(f"- mixed-up state, in {found['boards_checked']:,} boards", str(found["mixed"]), "none")
    row("- script runs: page; fragment", f"{found['page_runs']:,}; {found['fragment_runs']:,}")
    row("- moves that got many draws before the next", f"{found['sharpened_share'] * 100:.0f}%")
    row(
        "- cores used: server; workers; these clients",
        f"{found['server_cores']}; {found['worker_cores']}; {found['client_cores']}, load "
        f"{found['load'][0]} to {found['load'][1]}",
    )


def tell_memory(found: dict[str, Any]) -> None:
    """Print the memory of the server."""
    row(
        f"**memory per further user**, {found['users']} against one",
        f"**{found['mib_per_further_user']:.1f} MiB**", "< 5 MiB",
    )  # fmt: skip
    for when, usage in found["resident"].items():
        row(f"- {when}: server; workers", f"{usage[0]:,.0f} MiB; {usage[1]:,.0f} MiB")


async def many(options: argparse.Namespace, found: dict[str, Any]) -> None:
    """Measure one user and many users by the protocol on one server, and its memory beside."""
    from benchmarks.screen.crowd import alone, crowd  # noqa: PLC0415
    from benchmarks.screen.served import Served  # noqa: PLC0415

    met: set[str] = set()
    with Served() as served:
        found["alone"] = {}
        for scenario in options.scenarios:
            # More moves than answers are kept, so that the server's shelves are full before memory is compared.
            found["alone"][scenario] = await alone(served, scenario, met, 10 if options.quick else 110)
            tell_alone(scenario, found["alone"][scenario])
        one = await crowd(served, options.scenarios, met, 1, 10.0 if options.quick else 40.0, options.every)
        resident = {"one user": (one["server_mib"], one["workers_mib"])}
        if "crowd" in options.parts:
            busy = await crowd(served, options.scenarios, met, options.users, options.seconds, options.every)
            found["crowd"] = busy
            tell_crowd(busy, True)
            resident[f"{busy['users']} users"] = (busy["server_mib"], busy["workers_mib"])
            per_user = (busy["server_mib"] - one["server_mib"]) / max(busy["users"] - 1, 1)
            await asyncio.sleep(2.0 if options.quick else AFTER)
            left = served.usage()
            resident["after they left"] = (round(left.server, 1), round(left.workers, 1))
            found["memory"] = {
                "users": busy["users"], "resident": resident, "mib_per_further_user": round(per_user, 2),
            }  # fmt: skip
            tell_memory(found["memory"])
        if "outlook" in options.parts and not options.quick:
            found["outlook"] = await crowd(
                served, options.scenarios, met, OUTLOOK_USERS, OUTLOOK_SECONDS, options.every
            )
            tell_crowd(found["outlook"], False)


def machine() -> dict[str, Any]:
    """Return what the figures depend on, without naming the machine."""
    from benchmarks.screen.crowd import cores  # noqa: PLC0415

    packages = ("simvet", "streamlit", "starlette", "uvicorn", "numpy", "numba", "websockets")
    return {"cores": cores(), "python": platform.python_version(), **{name: version(name) for name in packages}}


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Measure the parts asked for, printing each row as it comes; return all figures."""
    from benchmarks.screen.body import body  # noqa: PLC0415
    from benchmarks.screen.browser import in_browser  # noqa: PLC0415
    from benchmarks.screen.served import Served  # noqa: PLC0415

    found: dict[str, Any] = {"machine": machine()}
    print(", ".join(f"{name} {value}" for name, value in found["machine"].items()), "\n", flush=True)
    print("| measure | figure | asked |\n| --- | --- | --- |", flush=True)
    if "browser" in options.parts:
        found["browser"] = {}
        for scenario in options.scenarios:
            with Served() as served:
                found["browser"][scenario] = in_browser(served.address, scenario, options.moves, options.browser)
            tell_browser(scenario, found["browser"][scenario])
    if "body" in options.parts:
        found["body"] = {}
        for scenario in options.scenarios:
            found["body"][scenario] = body(scenario, min(options.moves, 60), set())
            tell_body(scenario, found["body"][scenario])
    if "crowd" in options.parts or "outlook" in options.parts:
        asyncio.run(many(options, found))
    return found


def read_options() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--users", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=180.0)
    parser.add_argument("--every", type=float, default=2.0, help="seconds between two moves of a user")
    parser.add_argument("--moves", type=int, default=105, help="moves in the browser, for each scenario")
    parser.add_argument("--scenarios", nargs="+", default=SCENARIOS)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--browser", help="the Chromium to use; else one on the path, else Playwright's own")
    parser.add_argument("--output", type=Path, help="where the figures go; else results.json beside this file")
    parser.add_argument("--quick", action="store_true", help="a smoke: few moves, 20 seconds; writes no results.json")
    options = parser.parse_args()
    if options.quick:
        options.seconds, options.moves = 20.0, 9
    return options


def main() -> None:
    """Measure, print the table and write the figures."""
    options = read_options()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        # Before anything of simvet is imported: a cache of our own, and a key with which links can be made and read.
        os.environ.update(SIMVET_CACHE=folder, SIMVET_LINK_KEY="benchmark")
        begun = time.perf_counter()
        found = measure(options)
        print(f"\n{time.perf_counter() - begun:.0f} s", file=sys.stderr)
    where = options.output or (None if options.quick else RESULTS)
    if where is not None:
        # What was not measured this time stays as it was.
        found = {**(json.loads(where.read_text(encoding="utf-8")) if where.exists() else {}), **found}
        where.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
