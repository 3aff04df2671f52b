"""Commands that ask what it would take: simvet solve."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simvet.console import progress_line, say, show
from simvet.errors import InputError
from simvet.options import Lang, Seed

if TYPE_CHECKING:
    from simvet.report.wording import Language
    from simvet.studies.answers import Answer


def solve_command(
    scenario: Annotated[str, typer.Argument(help="情景名称或文件 / scenario")],
    targets: Annotated[
        str | None, typer.Option("--targets", help="目标，逗号分隔；all 全部；默认主要目标 / targets, or all")
    ] = None,
    levers: Annotated[str | None, typer.Option("--levers", help="措施，逗号分隔；默认全部 / levers")] = None,
    probability: Annotated[float, typer.Option("--probability", help="要求的达成概率 / probability asked")] = 0.8,
    budget: Annotated[str | None, typer.Option("--budget", help="预算（元），如 5e9 / budget, CNY")] = None,
    start: Annotated[int | None, typer.Option("--from", help="措施起始年 / year from which levers act")] = None,
    readings: Annotated[str, typer.Option("--readings", help="first 登记表的理解 | all 全部理解 / readings")] = "first",
    draws: Annotated[int, typer.Option("--draws", help="抽样次数 / draws of the search")] = 200,
    seed: Seed = 1,
    workers: Annotated[int, typer.Option("--workers", help="进程数 / processes")] = 2,
    pareto: Annotated[bool, typer.Option("--pareto", help="费用与目标的前沿 / front of cost")] = False,
    order: Annotated[bool, typer.Option("--order", help="措施的先后次序 / order of measures")] = False,
    robust: Annotated[bool, typer.Option("--robust", help="在各种未来中检验 / other futures")] = False,
    out: Annotated[Path | None, typer.Option("--out", help="结果文件夹 / folder for results")] = None,
    lang: Lang = "zh",
) -> None:
    """怎样才能达成目标：最低费用的措施组合，或做不到的理由。What it would take, or why it cannot be."""
    from simvet.loading import load_scenario  # noqa: PLC0415
    from simvet.loading.checks import require_word  # noqa: PLC0415
    from simvet.report.wording import require_language, word  # noqa: PLC0415

    language = require_language(lang)
    require_word(readings, "reading", ("first", "all"), "--readings")
    loaded = load_scenario(scenario)
    from simvet.studies.solving import Wishes, require_wishes, solve  # noqa: PLC0415
    from simvet.targets import require_indicators  # noqa: PLC0415

    require_indicators(loaded)
    wishes = Wishes(
        _names(targets), _names(levers), probability, _amount(budget), draws, seed, start, readings, workers, pareto,
        order, robust,
    )  # fmt: skip
    require_wishes(loaded, wishes)
    if out is not None:
        from simvet.report.export import require_new_folder  # noqa: PLC0415

        require_new_folder(out)
    started = time.perf_counter()
    with progress_line() as tell:
        answer = solve(loaded, wishes, lambda _, key: tell(word("solve", f"step_{key}", language)))
    from simvet.report.solve_tables import answer_tables  # noqa: PLC0415

    show(answer_tables(answer, language))
    if out is not None:
        _write(answer, scenario, out, language)
        say(word("text", "written", language, folder=out))
    say(word("text", "seconds", language, seconds=f"{time.perf_counter() - started:.1f}"))


def _names(text: str | None) -> tuple[str, ...] | None:
    names = tuple(name.strip() for name in (text or "").split(",") if name.strip())
    return names or None


def _amount(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        amount = float(text.replace(",", "").replace("_", ""))
    except ValueError:
        amount = math.nan
    if math.isnan(amount):
        raise InputError(
            "--budget", "an amount such as 5e9 was expected, not {given!r}", "Write CNY in digits", given=text
        )
    return amount


def _write(answer: Answer, scenario: str, out: Path, language: Language) -> None:
    from simvet.planning.plan import Plan, Setting  # noqa: PLC0415
    from simvet.planning.scenario_text import scenario_text  # noqa: PLC0415
    from simvet.report.solve_figures import front_chart  # noqa: PLC0415
    from simvet.report.solve_tables import answer_frames  # noqa: PLC0415
    from simvet.report.solve_words import verdict_sentence  # noqa: PLC0415
    from simvet.report.why_figures import save_picture  # noqa: PLC0415

    out.mkdir(parents=True, exist_ok=True)
    for name, frame in answer_frames(answer).items():
        frame.to_csv(out / f"{name}.csv", index=False, encoding="utf-8")
    if answer.moves and not scenario.endswith((".yaml", ".yml")):
        settings = tuple(sorted((Setting(m.name, m.value, m.start) for m in answer.moves), key=lambda s: s.control))
        title = {"zh": f"最低费用组合（{scenario}）", "en": f"cheapest package ({scenario})"}
        text = scenario_text(Plan(scenario, settings), title, verdict_sentence(answer, "zh"))
        (out / "package.yaml").write_text(text, encoding="utf-8")
    if len(answer.front) > 1:
        save_picture(front_chart(answer, language), out / "front.png")
        save_picture(front_chart(answer, language), out / "front.svg")
