"""Commands of real histories: simvet hindcast | calibrate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simvet.console import progress_line, say, show
from simvet.options import Lang, Seed

if TYPE_CHECKING:
    from simvet.edits import Edit
    from simvet.histories.table import History
    from simvet.report.wording import Language

BY = ("stage", "region")
LANGUAGES: tuple[Language, Language] = ("zh", "en")
Data = Annotated[Path, typer.Argument(help="历史数据表或文件夹 / table of histories, or a folder of them")]
BirthsFile = Annotated[
    Path | None, typer.Option("--births", help="出生人数表 / table of births before the first grade")
]
Regions = Annotated[list[str] | None, typer.Option("--region", help="只用这些地区，可多次 / these regions only")]


def hindcast_command(
    data: Data,
    births: BirthsFile = None,
    regions: Regions = None,
    leads: Annotated[int, typer.Option("--leads", min=1, max=30, help="最多预测年数 / most years ahead")] = 10,
    first: Annotated[int | None, typer.Option("--from", help="首个起点年份 / first origin")] = None,
    draws: Annotated[int, typer.Option("--draws", min=20, help="抽样次数 / draws")] = 400,
    by: Annotated[str, typer.Option("--by", help="stage 学段 | region 地区")] = "stage",
    every: Annotated[bool, typer.Option("--methods", help="列出所有简单方法 / every plain method")] = False,
    out: Annotated[Path | None, typer.Option("--out", help="结果文件夹 / folder for results")] = None,
    picture: Annotated[Path | None, typer.Option("--picture", help="图片文件 / picture to write: .png | .svg")] = None,
    seed: Seed = 1,
    lang: Lang = "zh",
) -> None:
    """用真实历史检验：当年会怎么说，后来如何。What would have been said in each year, and what came."""
    from simvet.errors import InputError  # noqa: PLC0415
    from simvet.report.wording import require_language, word  # noqa: PLC0415

    language = require_language(lang)
    if by not in BY:
        raise InputError(
            "--by",
            "results can be shown by {known}, not by {given!r}",
            "Write one of them",
            known=", ".join(BY),
            given=by,
        )
    if picture is not None:
        from simvet.report.why_figures import require_picture  # noqa: PLC0415

        require_picture(picture)
    if out is not None:
        from simvet.report.export import require_new_folder  # noqa: PLC0415

        require_new_folder(out)
    from simvet.histories.rolling import hindcast  # noqa: PLC0415
    from simvet.report.hindcast_tables import hindcast_report, write_hindcast  # noqa: PLC0415

    histories = load_histories(data, births, regions)
    for history in histories:
        with progress_line() as tell:
            found = hindcast(
                history, leads, draws, seed, first,
                lambda done, every: tell(word("histories", "hindcast_progress", language, done=done, all=every)),
            )  # fmt: skip
        show(hindcast_report(found, history, by, language, every))
        if out is not None:
            target = out if len(histories) == 1 else out / history.name
            write_hindcast(found, history, target, language)
            say(word("text", "written", language, folder=target))
        if picture is not None:
            from simvet.report.hindcast_figures import error_chart  # noqa: PLC0415
            from simvet.report.why_figures import save_picture  # noqa: PLC0415

            place = picture if len(histories) == 1 else picture.with_stem(f"{picture.stem}_{history.name}")
            save_picture(error_chart(found, language), place)
            say(word("text", "written", language, folder=place))


def calibrate_command(
    data: Annotated[str, typer.Argument(help="历史数据表，或情景名称 / table of histories, or a scenario")],
    births: BirthsFile = None,
    regions: Regions = None,
    leads: Annotated[int, typer.Option("--leads", min=1, max=30, help="预测年数 / years ahead")] = 10,
    draws: Annotated[int, typer.Option("--draws", min=20, help="抽样次数 / draws")] = 1000,
    out: Annotated[Path | None, typer.Option("--out", help="结果文件夹 / folder for results")] = None,
    seed: Seed = 1,
    lang: Lang = "zh",
) -> None:
    """用历史拟合比率，给出以后各年。Fit rates to a history and carry it forward."""
    from simvet.errors import InputError  # noqa: PLC0415
    from simvet.report.wording import require_language, word  # noqa: PLC0415

    language = require_language(lang)
    if out is not None:
        from simvet.report.export import require_new_folder  # noqa: PLC0415

        require_new_folder(out)
    if not Path(data).exists():
        if "." in data or "/" in data or "\\" in data:
            raise InputError(
                data[-80:], "{name!r} is neither a region nor a table of histories",
                "Write the name of a scenario such as wenzhou, or the path of a table", name=data[-40:],
            )  # fmt: skip
        _refit(data, leads, draws, seed, out, language)
        return
    from simvet.histories.calibrate_file import Calibration, write_calibration  # noqa: PLC0415
    from simvet.histories.rolling import foresight  # noqa: PLC0415
    from simvet.report.calibrate_tables import calibration_report  # noqa: PLC0415

    histories = load_histories(Path(data), births, regions)
    for history in histories:
        with progress_line() as tell:
            view, drawn = foresight(
                history, leads, draws, seed,
                lambda done, every: tell(word("histories", "calibrate_progress", language, done=done, all=every)),
            )  # fmt: skip
        found = Calibration(history, view, drawn)
        show(calibration_report(found, language))
        if out is not None:
            target = out if len(histories) == 1 else out / history.name
            write_calibration(found, target, draws, seed)
            say(word("text", "written", language, folder=target))


def _refit(name: str, leads: int, draws: int, seed: int, out: Path | None, language: Language) -> None:
    """Refit the regions of a scenario and write the scenario that holds what was fitted."""
    from simvet.histories.region_rows import refit  # noqa: PLC0415
    from simvet.loading import load_scenario  # noqa: PLC0415
    from simvet.planning.scenario_text import edited_text  # noqa: PLC0415
    from simvet.report.calibrate_tables import refit_report  # noqa: PLC0415
    from simvet.report.wording import word  # noqa: PLC0415

    scenario = load_scenario(name)
    edits: list[Edit] = []
    for case in scenario.regions:
        found = refit(scenario, case.region, leads, draws, seed)
        show(refit_report(found, word("region", case.region, language), language))
        edits += found.edits
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        title: dict[str, str] = {
            spoken: word("histories", "refit_title", spoken, name=scenario.labels[spoken]) for spoken in LANGUAGES
        }
        path = out / f"{name}_fitted.yaml"
        path.write_text(edited_text(name, title, edits), encoding="utf-8")
        say(word("text", "written", language, folder=path))


def load_histories(data: Path, births: Path | None, regions: list[str] | None) -> tuple[History, ...]:
    """Return the histories of a file or a folder, of some regions or all; errors and units as in ``reading``."""
    from simvet.histories.reading import read_folder, read_history  # noqa: PLC0415

    found = read_folder(data) if data.is_dir() else (read_history(data, births),)
    return tuple(history.only(regions) for history in found) if regions else found
