"""The command line: simvet run | batch | targets | explain | ... | app; see ``simvet --help``."""

from __future__ import annotations

import io
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simvet.cli_by_person import life_command, run_by_person, template_command, with_agents
from simvet.cli_histories import calibrate_command, hindcast_command
from simvet.cli_last_plan import last_plan_command
from simvet.cli_solve import solve_command
from simvet.cli_studies import batch_command, discover_command, sensitivity_command
from simvet.console import new_console, progress_line, say, show
from simvet.errors import InputError, SimvetError
from simvet.options import Draws, Engine, Lang, Mechanism, Schools, Seed, Until

if TYPE_CHECKING:
    from simvet.report.wording import Language

UNWRITTEN = 74
"""Exit code of an output that could not be written."""
STOPPED = 130
"""Exit code of a run that was interrupted."""
FOUND_WRONG = 70
"""Exit code of an error of the program that its own checks found."""
FAULT = 2
"""Exit code of a user's mistake."""
# The parser's own error class; typer ships its parser under a private name, its exceptions under public ones.
WRONG_USE: type[Exception] = typer.BadParameter.__mro__[1]
app = typer.Typer(
    add_completion=False, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False,
    help="区域职业教育承载力模拟 / capacity of a region's vocational education",
)  # fmt: skip


@app.command("run")
def run_command(
    scenarios: Annotated[list[str], typer.Argument(help="情景名称或文件，可写多个 / scenarios, one or several")],
    draws: Annotated[
        int | None, typer.Option("--draws", help="抽样次数：群组 1000，逐人 1 / draws: cohort 1000, agents 1")
    ] = None,
    seed: Seed = 1,
    until: Until = None,
    as_of: Annotated[int | None, typer.Option("--as-of", help="序时进度所看年份 / year of the milestone")] = None,
    chance: Annotated[bool, typer.Option("--chance", help="按整数人抽样 / move whole persons")] = False,
    causes: Annotated[bool, typer.Option("--causes/--no-causes", help="查找约束因素 / search binding causes")] = True,
    out: Annotated[Path | None, typer.Option("--out", help="结果文件夹 / folder for results")] = None,
    engine: Engine = "cohort",
    schools: Schools = None,
    mechanism: Mechanism = None,
    lang: Lang = "zh",
) -> None:
    """运行情景并给出规划目标研判。Run scenarios and print the verdicts on their plans' targets."""
    from dataclasses import replace  # noqa: PLC0415

    from simvet.loading import LAST_YEAR, load_scenario  # noqa: PLC0415
    from simvet.report.wording import require_language, word  # noqa: PLC0415
    from simvet.targets import require_indicators, require_until  # noqa: PLC0415

    language = require_language(lang)
    loaded = [load_scenario(name) for name in scenarios]
    for scenario in loaded:
        require_indicators(scenario)
        if as_of is not None and not scenario.base_year <= as_of <= LAST_YEAR:
            raise InputError(
                "--as-of", "year {year} is outside the horizon {first} to {last}", "Choose a year inside it",
                year=as_of, first=scenario.base_year, last=LAST_YEAR,
            )  # fmt: skip
        if until is not None and engine == "cohort":
            require_until(scenario, until)
    if out is not None:
        from simvet.report.export import require_new_folder  # noqa: PLC0415

        require_new_folder(out)
        if len({scenario.name for scenario in loaded}) < len(loaded):
            raise InputError("run", "two scenarios have the same name", "Name each once when results are written")
    if engine != "cohort" or schools is not None or mechanism is not None:
        loaded = [with_agents(scenario, engine, schools, mechanism) for scenario in loaded]
    if engine != "cohort":
        if as_of is not None:
            loaded = [replace(scenario, as_of=as_of) for scenario in loaded]
        for scenario in loaded:
            target = out if out is None or len(loaded) == 1 else out / scenario.name
            run_by_person(scenario, engine, draws, seed, until, target, language)
        return
    from simvet.lateness import late_levers  # noqa: PLC0415
    from simvet.report.terminal import verdict_table  # noqa: PLC0415
    from simvet.result import simulate  # noqa: PLC0415
    from simvet.sampling import Uncertainty  # noqa: PLC0415

    for scenario in loaded:
        chosen = scenario if as_of is None else replace(scenario, as_of=as_of)
        started = time.perf_counter()
        with progress_line() as tell:
            tell(word("text", "progress_run", language))
            result = simulate(chosen, draws, seed, until, uncertainty=Uncertainty(chance=chance))
            verdicts = result.verdicts(causes, lambda step: tell(_step(step, language)))
            late = late_levers(result)
        target = out if out is None or len(loaded) == 1 else out / scenario.name
        if target is not None:
            from simvet.report.export import write_results  # noqa: PLC0415

            write_results(result, verdicts, target, language)
        console = new_console()
        console.print(verdict_table(result, verdicts, late, language, console.width))
        if target is not None:
            say(word("text", "written", language, folder=target))
        say(word("text", "seconds", language, seconds=f"{time.perf_counter() - started:.1f}"))


app.command("life")(life_command)
app.command("template")(template_command)
app.command("batch")(batch_command)
app.command("sensitivity")(sensitivity_command)
app.command("discover")(discover_command)
app.command("solve")(solve_command)
app.command("hindcast")(hindcast_command)
app.command("calibrate")(calibrate_command)
app.command("last-plan")(last_plan_command)


@app.command("compare")
def compare_command(
    first: Annotated[str, typer.Argument(help="情景一 / first scenario")],
    second: Annotated[str, typer.Argument(help="情景二 / second scenario")],
    draws: Draws = 1000,
    seed: Seed = 1,
    until: Until = None,
    lang: Lang = "zh",
) -> None:
    """用同一组随机数比较两个情景。Compare two scenarios on common random numbers."""
    from simvet.loading import load_scenario  # noqa: PLC0415
    from simvet.report.wording import require_language, word  # noqa: PLC0415

    language = require_language(lang)
    pair = [load_scenario(first), load_scenario(second)]
    from simvet.comparison import compare  # noqa: PLC0415
    from simvet.report.terminal import comparison_table  # noqa: PLC0415

    with progress_line() as tell:
        tell(word("text", "progress_run", language))
        comparison = compare(pair[0], pair[1], draws, seed, until)
    show(comparison_table(comparison, language))


@app.command("targets")
def targets_command(
    regions: Annotated[list[str] | None, typer.Argument(help="地区或情景，可写多个 / regions or scenarios")] = None,
    every: Annotated[bool, typer.Option("--all", help="全部地区 / all regions of the register")] = False,
    form: Annotated[str, typer.Option("--format", help="table | csv | json | xlsx")] = "table",
    out: Annotated[Path | None, typer.Option("--out", help="结果文件 / file to write")] = None,
    draws: Draws = 1000,
    seed: Seed = 1,
    causes: Annotated[bool, typer.Option("--causes/--no-causes", help="查找约束因素 / search binding causes")] = True,
    lang: Lang = "zh",
) -> None:
    """逐项回答规划目标登记表。Answer every row of the plans' targets."""
    from simvet.loading import load_scenario  # noqa: PLC0415
    from simvet.report.wording import require_language, word  # noqa: PLC0415

    language = require_language(lang)
    if every == bool(regions):
        raise InputError(
            "simvet targets", "name regions or write --all, not both or neither", "simvet list shows what can be named"
        )
    from simvet.report.register import register_table  # noqa: PLC0415
    from simvet.report.register_file import require_format, write_register, written  # noqa: PLC0415

    require_format(form, out)
    from simvet.register import answer_register, register_regions  # noqa: PLC0415
    from simvet.result import simulate  # noqa: PLC0415
    from simvet.runs import require_draws  # noqa: PLC0415
    from simvet.targets import require_indicators  # noqa: PLC0415

    loaded = [load_scenario(name) for name in dict.fromkeys(regions or register_regions())]
    for scenario in loaded:
        require_indicators(scenario)
    require_draws(draws)
    rows = []
    for scenario in loaded:
        with progress_line() as tell:
            tell(word("text", "progress_run", language))
            result = simulate(scenario, draws, seed)
            verdicts = result.verdicts(causes, lambda step: tell(_step(step, language)))
            rows += answer_register(result, verdicts)
    if out is not None:
        say(word("text", "written", language, folder=write_register(rows, form, out)))
    elif form == "table":
        show(register_table(rows, language))
    else:
        say(written(rows, form).decode("utf-8-sig").rstrip("\n"))


@app.command("explain")
def explain_command(
    scenario: Annotated[str, typer.Argument(help="情景或地区 / scenario or region")],
    indicator: Annotated[str, typer.Argument(help="指标 / indicator, such as progression_rate")],
    year: Annotated[int, typer.Argument(help="年份 / school year")],
    stage: Annotated[str, typer.Option("--stage", help="学段 / stage")] = "region",
    region: Annotated[str | None, typer.Option("--region", help="地区 / region of the scenario")] = None,
    picture: Annotated[
        Path | None, typer.Option("--picture", help="瀑布图文件 / file of the waterfall picture")
    ] = None,
    draws: Draws = 300,
    seed: Seed = 1,
    lang: Lang = "zh",
) -> None:
    """分解指标变化，并追溯到数据来源。Split the change of an indicator, and follow it to its sources."""
    from simvet.loading import LAST_YEAR, load_scenario  # noqa: PLC0415
    from simvet.report.wording import require_language, word  # noqa: PLC0415

    language = require_language(lang)
    loaded = load_scenario(scenario)
    if not loaded.base_year < year <= loaded.until:
        raise InputError(
            "simvet explain", "year {year} is outside the horizon {first} to {last}", "Choose a year inside it",
            year=year, first=loaded.base_year + 1, last=min(loaded.until, LAST_YEAR),
        )  # fmt: skip
    if picture is not None:
        from simvet.report.why_figures import require_picture  # noqa: PLC0415

        require_picture(picture)
    from simvet.decomposition import decompose  # noqa: PLC0415
    from simvet.report.explain import chain_table, decomposition_table  # noqa: PLC0415
    from simvet.result import simulate  # noqa: PLC0415
    from simvet.sources import chain_of  # noqa: PLC0415

    with progress_line() as tell:
        tell(word("text", "progress_run", language))
        result = simulate(loaded, draws, seed)
        stage = result.stage_of(indicator, stage)
        found = decompose(result, indicator, year, stage, region)
        chain = chain_of(result, indicator, stage, region)
    show(decomposition_table(found, language))
    show(chain_table(chain, language, loaded.targets))
    if picture is not None:
        from simvet.report.why_figures import save_picture, waterfall_chart  # noqa: PLC0415

        save_picture(waterfall_chart(found, language), picture)
        say(word("text", "written", language, folder=picture))


@app.command("conflicts")
def conflicts_command(
    scenario: Annotated[str, typer.Argument(help="情景或地区 / scenario or region")],
    draws: Draws = 500,
    seed: Seed = 1,
    most: Annotated[int, typer.Option("--most", help="最多行数 / rows at most")] = 40,
    lang: Lang = "zh",
) -> None:
    """哪些目标相互牵制。Which targets pull each other down."""
    from simvet.loading import load_scenario  # noqa: PLC0415
    from simvet.report.wording import require_language, word  # noqa: PLC0415
    from simvet.targets import require_indicators  # noqa: PLC0415

    language = require_language(lang)
    loaded = load_scenario(scenario)
    require_indicators(loaded)
    from simvet.report.register import conflict_table  # noqa: PLC0415
    from simvet.result import simulate  # noqa: PLC0415

    with progress_line() as tell:
        tell(word("text", "progress_run", language))
        result = simulate(loaded, draws, seed)
        found = result.conflicts(result.verdicts(True, lambda step: tell(_step(step, language))))
    show(conflict_table(found, language, most))


@app.command("check")
def check_command(
    scenario: Annotated[str, typer.Argument(help="情景或地区 / scenario or region")],
    draws: Draws = 200,
    seed: Seed = 1,
    lang: Lang = "zh",
) -> None:
    """检查期初平衡：未知数、数字、留一检验。Check the opening balance: unknowns, figures, leave-one-out."""
    from simvet.loading import load_scenario  # noqa: PLC0415
    from simvet.report.wording import require_language, word  # noqa: PLC0415
    from simvet.targets import require_indicators  # noqa: PLC0415

    language = require_language(lang)
    loaded = load_scenario(scenario)
    require_indicators(loaded)
    from simvet.checking import check  # noqa: PLC0415
    from simvet.report.terminal import check_tables  # noqa: PLC0415
    from simvet.runs import require_draws  # noqa: PLC0415

    with progress_line() as tell:
        reports = check(
            loaded,
            require_draws(draws),
            seed,
            lambda label: tell(f"{word('text', 'progress_check', language)} {label}"),
        )
    for report in reports:
        show(check_tables(report, language))


@app.command("list")
def list_command(lang: Lang = "zh") -> None:
    """列出全部情景。List all scenarios."""
    from simvet.report.terminal import scenario_table  # noqa: PLC0415
    from simvet.report.wording import require_language  # noqa: PLC0415

    show(scenario_table(require_language(lang)))


@app.command("app")
def app_command(
    port: Annotated[int, typer.Option("--port", help="端口 / port")] = 8501,
    address: Annotated[
        str, typer.Option("--address", help="监听地址；0.0.0.0 供局域网使用 / address; 0.0.0.0 for the local network")
    ] = "127.0.0.1",
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="打开浏览器 / open a browser")] = True,
) -> None:
    """打开规划屏幕（浏览器）。Open the planner's screen in a browser."""
    from simvet.screen.starting import start_screen  # noqa: PLC0415

    raise typer.Exit(start_screen(address, port, browser))


def _step(key: str, language: Language) -> str:
    from simvet.report.wording import word  # noqa: PLC0415

    if key == "province":
        return word("text", "progress_province", language)
    return word("text", "progress_cause", language, name=word("cause", key, language))


def _discard_output() -> None:
    """Send what is still to come on standard output nowhere."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _language_of(arguments: list[str]) -> Language:
    """Return the language that an error is told in, before anything is parsed."""
    for position, argument in enumerate(arguments):
        if argument == "--lang=en" or (argument == "--lang" and arguments[position + 1 : position + 2] == ["en"]):
            return "en"
    return "zh"


def main(argv: list[str] | None = None) -> int:  # noqa: PLR0911 - one code for each way in which a run ends
    """Run the command line.

    Parameters
    ----------
    argv : list of str, optional; by default what was typed.

    Returns
    -------
    int; 0, or 2 for a user's mistake, which is told in one line on standard error.

    Notes
    -----
    Unit: none. Errors: none are raised for a user's mistake. Source: ARCHITECTURE, house habit 3.
    """
    arguments = list(sys.argv[1:] if argv is None else argv) or ["--help"]
    from simvet.report.wording import complain  # noqa: PLC0415

    for stream in (sys.stdout, sys.stderr):
        # A terminal of another encoding gets a question mark where it has no letter, never a traceback.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        code = app(arguments, standalone_mode=False)
    except InputError as error:
        sys.stderr.write(f"simvet: {complain(error, _language_of(arguments))}\n")
        return FAULT
    except WRONG_USE as error:
        message = str(getattr(error, "message", error)).rstrip(".")
        # The parser knows which option is at fault; one without a word about it is a scenario that is not there.
        options = getattr(getattr(error, "param", None), "opts", None) or ["simvet"]
        if not message:
            wrapped = InputError("simvet", "give a scenario", "simvet list shows all of them")
        else:
            wrapped = InputError(options[0], "{message}", "simvet --help shows what can be typed", message=message)
        sys.stderr.write(f"simvet: {complain(wrapped, _language_of(arguments))}\n")
        return FAULT
    except SimvetError as error:
        # An error of the program that it found itself: said in one line, and loudly by the exit code.
        sys.stderr.write(f"simvet: {error}\n")
        return FOUND_WRONG
    except OSError as error:
        # The reader has gone or the disk is full: what Python still holds back must not be written after that.
        _discard_output()
        problem = error.strerror or type(error).__name__
        wrapped = InputError(
            "simvet",
            "the output cannot be written ({problem})",
            "Free the disk, or send the output elsewhere",
            problem=problem,
        )
        sys.stderr.write(f"simvet: {complain(wrapped, _language_of(arguments))}\n")
        return UNWRITTEN
    except MemoryError:
        wrapped = InputError("simvet", "the machine has too little memory for this run", "Choose fewer draws")
        sys.stderr.write(f"simvet: {complain(wrapped, _language_of(arguments))}\n")
        return FAULT
    except (typer.Abort, KeyboardInterrupt):
        return STOPPED
    except (SystemError, RuntimeError) as error:
        # Stopped inside a compiled rule, which wraps the interruption.
        if isinstance(error.__cause__ or error.__context__, KeyboardInterrupt):
            return STOPPED
        raise
    # The parser turns an interruption into its code.
    return code if isinstance(code, int) else 0


def entry() -> None:
    """Start the command line and hand its code to the system."""
    raise SystemExit(main())
