"""Commands that ask what it would take: simvet solve."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simvet.console import progress_line, say, show
from simvet.errors import InputError
from simvet.options import Lang, Seed

if TYPE_CHECKING:
    from simvet.report.wording import Language
    from simvet.scenario import Scenario
    from simvet.studies.answers import Answer, Move
    from simvet.studies.solving import Wishes


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
    target: Annotated[str | None, typer.Option("--target", help="单项反推：一个目标 / one target")] = None,
    lever: Annotated[str | None, typer.Option("--lever", help="单项反推：一项措施 / one lever")] = None,
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
    from simvet.studies.solving import Wishes  # noqa: PLC0415
    from simvet.targets import require_indicators  # noqa: PLC0415

    require_indicators(loaded)
    wishes = Wishes(
        _names(targets), _names(levers), probability, _amount(budget), draws, seed, start, readings, workers, pareto,
        order, robust,
    )  # fmt: skip
    started = time.perf_counter()
    if target is None and lever is None:
        _package(loaded, scenario, wishes, out, language)
    else:
        _require_alone(wishes)
        one = replace(wishes, targets=_names(target), levers=_names(lever))
        _one_lever(loaded, scenario, one, out, language)
    if out is not None:
        say(word("text", "written", language, folder=out))
    say(word("text", "seconds", language, seconds=f"{time.perf_counter() - started:.1f}"))


def _package(loaded: Scenario, scenario: str, wishes: Wishes, out: Path | None, language: Language) -> None:
    """Answer with a package of levers."""
    from simvet.report.wording import word  # noqa: PLC0415
    from simvet.studies.solving import require_wishes, solve  # noqa: PLC0415

    asked = require_wishes(loaded, wishes)
    _require_levers(wishes.levers or (), asked.start, loaded.regions[0].region)
    _require_folder(out)
    with progress_line() as tell:
        answer = solve(loaded, wishes, lambda _, key: tell(word("solve", f"step_{key}", language)))
    from simvet.report.solve_tables import answer_tables  # noqa: PLC0415

    show(answer_tables(answer, language))
    if out is not None:
        _write(answer, scenario, out, language)


def _one_lever(loaded: Scenario, scenario: str, wishes: Wishes, out: Path | None, language: Language) -> None:
    """Answer with the value of one lever."""
    from simvet.report.wording import word  # noqa: PLC0415
    from simvet.studies.one_lever import require_one_lever, solve_lever  # noqa: PLC0415

    require_one_lever(loaded, wishes)
    _require_folder(out)
    with progress_line() as tell:
        answer = solve_lever(loaded, wishes, lambda _, value: tell(word("solve", "step_trying", language, value=value)))
    from simvet.report.solve_one import lever_chart, lever_frame, lever_sentence, lever_tables  # noqa: PLC0415

    show(lever_tables(answer, language))
    if out is None:
        return
    from simvet.report.why_figures import save_picture  # noqa: PLC0415

    out.mkdir(parents=True, exist_ok=True)
    lever_frame(answer).to_csv(out / "curve.csv", index=False, encoding="utf-8")
    for place in range(len(answer.aims)):
        name = "curve" if place == 0 else f"curve_{place + 1}"
        for kind in ("png", "svg"):
            save_picture(lever_chart(answer, place, language), out / f"{name}.{kind}")
    move = next((one for one in answer.moves if one is not None), None)
    if move is not None:
        _write_scenario((move,), scenario, lever_sentence(answer, answer.moves.index(move), "zh"), out)


def _require_alone(wishes: Wishes) -> None:
    """Complain about options that a question about one lever would not answer."""
    given = {
        "--targets": wishes.targets, "--levers": wishes.levers, "--budget": wishes.budget, "--pareto": wishes.front,
        "--order": wishes.order, "--robust": wishes.robust,
    }  # fmt: skip
    for name, value in given.items():
        if value is not None and value is not False:
            raise InputError(
                "--target", "{name!r} belongs to a package of levers", "Leave it out, or ask with --targets", name=name
            )


def _require_levers(names: Sequence[str], start: int, region: str) -> None:
    """Complain, before any work, about a lever that stands twice or moves nothing in the region."""
    from simvet.controls import find_control, levers_of  # noqa: PLC0415

    for name in names:
        if list(names).count(name) > 1:
            raise InputError("--levers", "{name!r} stands twice", "Keep one of the two", name=name)
        control = find_control(name, "--levers")
        levers_of(control, control.high, start, None, False, region)


def _require_folder(out: Path | None) -> None:
    if out is not None:
        from simvet.report.export import require_new_folder  # noqa: PLC0415

        require_new_folder(out)


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
    from simvet.report.solve_figures import front_chart  # noqa: PLC0415
    from simvet.report.solve_tables import answer_frames  # noqa: PLC0415
    from simvet.report.solve_words import verdict_sentence  # noqa: PLC0415
    from simvet.report.why_figures import save_picture  # noqa: PLC0415

    out.mkdir(parents=True, exist_ok=True)
    for name, frame in answer_frames(answer).items():
        frame.to_csv(out / f"{name}.csv", index=False, encoding="utf-8")
    if answer.moves:
        _write_scenario(answer.moves, scenario, verdict_sentence(answer, "zh"), out)
    if len(answer.front) > 1:
        save_picture(front_chart(answer, language), out / "front.png")
        save_picture(front_chart(answer, language), out / "front.svg")


def _write_scenario(moves: Sequence[Move], scenario: str, comment: str, out: Path) -> None:
    """Write the moves as a scenario that simvet run accepts; one asked of a file has no base of its own to name."""
    from simvet.planning.plan import Plan, Setting  # noqa: PLC0415
    from simvet.planning.scenario_text import scenario_text  # noqa: PLC0415

    if scenario.endswith((".yaml", ".yml")):
        return
    settings = tuple(sorted((Setting(m.name, m.value, m.start) for m in moves), key=lambda s: s.control))
    title = {"zh": f"最低费用组合（{scenario}）", "en": f"cheapest package ({scenario})"}
    (out / "package.yaml").write_text(scenario_text(Plan(scenario, settings), title, comment), encoding="utf-8")
