"""The command that looks at an earlier plan again: simvet last-plan."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from simvet.console import progress_line, say, show
from simvet.options import Draws, Lang, Seed


def last_plan_command(
    targets: Annotated[Path, typer.Argument(help="目标表 / targets of the plan: .csv | .xlsx")],
    history: Annotated[Path, typer.Argument(help="历史数据表 / history: .csv | .xlsx")],
    made_in: Annotated[
        int | None, typer.Option("--made-in", help="制定年份；默认目标年减 5 / year the plan was made")
    ] = None,
    draws: Draws = 1000,
    seed: Seed = 1,
    out: Annotated[Path | None, typer.Option("--out", help="结果文件 / file: .csv | .xlsx")] = None,
    picture: Annotated[Path | None, typer.Option("--picture", help="图片文件 / picture to write: .png | .svg")] = None,
    lang: Lang = "zh",
) -> None:
    """上一份规划：当年会怎么说，对不对。Your own last plan: what simvet would have said, and what came."""
    from simvet.report.last_plan import plan_tables  # noqa: PLC0415
    from simvet.report.last_plan_file import require_table_file, write_plan  # noqa: PLC0415
    from simvet.report.wording import require_language, word  # noqa: PLC0415

    language = require_language(lang)
    if out is not None:
        require_table_file(out)
    if picture is not None:
        from simvet.report.why_figures import require_picture  # noqa: PLC0415

        require_picture(picture)
    from simvet.histories.last_plan import last_plan, read_plan  # noqa: PLC0415
    from simvet.histories.reading import read_history  # noqa: PLC0415

    started = time.perf_counter()
    asked = read_plan(targets)
    # A region may lack the years since the plan; whether enough were known before it is asked of those alone.
    known = read_history(history, least=1)
    with progress_line() as tell:
        found = last_plan(
            asked, known, made_in, draws, seed,
            lambda done, every: tell(word("last_plan", "step", language, done=done, all=every)),
        )  # fmt: skip
    show(plan_tables(found, language))
    if out is not None:
        say(word("text", "written", language, folder=write_plan(found, out, language)))
    if picture is not None:
        from simvet.report.last_plan_figures import plan_chart  # noqa: PLC0415
        from simvet.report.why_figures import save_picture  # noqa: PLC0415

        say(word("text", "written", language, folder=save_picture(plan_chart(found, language), picture)))
    say(word("text", "seconds", language, seconds=f"{time.perf_counter() - started:.1f}"))
