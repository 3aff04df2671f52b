"""Commands of studies: simvet batch | sensitivity | discover."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simvet.console import say, show
from simvet.options import Lang

if TYPE_CHECKING:
    from rich.console import RenderableType

    from simvet.report.wording import Language
    from simvet.studies.batch import Ensemble, Progress

UNFINISHED = 75
"""Exit code of a batch that lacks some chunks: run it again, and they alone are done."""
StudyName = Annotated[str, typer.Argument(help="研究名称或文件 / study: a name of scenarios/studies, or FILE.yaml")]
Workers = Annotated[int, typer.Option("--workers", help="进程数 / processes")]
Dask = Annotated[str, typer.Option("--dask", help="Dask 调度器地址 / scheduler, such as tcp://10.0.0.1:8786")]
Executor = Annotated[str | None, typer.Option("--executor", help="here | processes | dask")]
Picture = Annotated[Path | None, typer.Option("--picture", help="图片文件 / picture to write: .png | .svg")]


def batch_command(
    study: StudyName,
    out: Annotated[Path, typer.Option("--out", help="结果文件夹；已有同一研究则续跑 / folder; resumed if begun")],
    executor: Executor = None,
    workers: Workers = 2,
    dask: Dask = "",
    lang: Lang = "zh",
) -> None:
    """批量运行一项研究，可中断续跑。Run a study; interrupted, it goes on where it stopped."""
    from simvet.report.wording import require_language, word  # noqa: PLC0415

    language = require_language(lang)
    from simvet.studies.batch import run_study  # noqa: PLC0415
    from simvet.studies.study_file import load_study  # noqa: PLC0415

    loaded = load_study(study)
    started = time.perf_counter()
    with chunk_progress(language) as tell:
        found = run_study(loaded, out, _executor(executor, workers, dask), workers, dask, tell=tell)
    show(_batch_table(found, language))
    for number, reason in sorted(found.failed.items()):
        say(word("studies", "failed_chunk", language, number=number, reason=reason))
    say(word("text", "written", language, folder=out))
    say(word("text", "seconds", language, seconds=f"{time.perf_counter() - started:.1f}"))
    if found.failed:
        raise typer.Exit(UNFINISHED)


def sensitivity_command(
    study: StudyName,
    method: Annotated[str, typer.Option("--method", help="morris | sobol | tornado")] = "sobol",
    samples: Annotated[
        int, typer.Option("--samples", help="基础样本数或轨迹数 / base samples, or trajectories of morris")
    ] = 64,
    outcome: Annotated[str | None, typer.Option("--outcome", help="结果列名 / outcome")] = None,
    of: Annotated[str, typer.Option("--of", help="value 数值 | probability 达成概率")] = "value",
    picture: Picture = None,
    workers: Workers = 2,
    dask: Dask = "",
    lang: Lang = "zh",
) -> None:
    """哪些因素起决定作用。Which levers and uncertainties decide an outcome."""
    from simvet.loading.checks import require_word  # noqa: PLC0415
    from simvet.report.wording import require_language  # noqa: PLC0415

    language = require_language(lang)
    require_word(method, "method", ("morris", "sobol", "tornado"), "--method")
    require_word(of, "measure", ("value", "probability"), "--of")
    _require_picture(picture)
    from simvet.report.study_figures import sobol_chart, tornado_chart  # noqa: PLC0415
    from simvet.report.study_tables import sensitivity_table, tornado_table  # noqa: PLC0415
    from simvet.studies.influence import sensitivity  # noqa: PLC0415
    from simvet.studies.study_file import load_study  # noqa: PLC0415
    from simvet.studies.subjects import find_outcome  # noqa: PLC0415
    from simvet.studies.swing import tornado  # noqa: PLC0415

    loaded = load_study(study)
    one = find_outcome(loaded, outcome).name
    executor = _executor(None, workers, dask)
    with chunk_progress(language) as tell:
        if method == "tornado":
            swing = tornado(loaded, one, of, executor, workers, tell)
            show(tornado_table(swing, language))
            _save(picture, tornado_chart(swing, language) if picture else None, language)
            return
        found = sensitivity(loaded, method, samples, [one], of, executor, workers, tell)
    show(sensitivity_table(found, language))
    _save(picture, sobol_chart(found, None, language) if picture else None, language)


def discover_command(
    study: StudyName,
    results: Annotated[
        Path | None, typer.Option("--from", help="simvet batch 的结果文件夹 / folder of simvet batch")
    ] = None,
    outcome: Annotated[str | None, typer.Option("--outcome", help="结果列名 / outcome")] = None,
    failing: Annotated[bool, typer.Option("--failing/--reaching", help="落空或达成 / missed or reached")] = True,
    threshold: Annotated[
        float | None,
        typer.Option("--threshold", help="每点多次抽样时的达成概率界限 / probability that counts"),
    ] = None,
    picture: Picture = None,
    stacking: Annotated[
        Path | None, typer.Option("--stacking", help="维度堆叠图文件 / picture of dimensional stacking")
    ] = None,
    workers: Workers = 2,
    dask: Dask = "",
    lang: Lang = "zh",
) -> None:
    """目标在哪些未来里落空。In which futures a target fails."""
    from simvet.report.wording import require_language  # noqa: PLC0415

    language = require_language(lang)
    _require_picture(picture)
    _require_picture(stacking)
    from simvet.needs import LIKELY  # noqa: PLC0415
    from simvet.report.discovery_figures import box_chart, stacking_chart  # noqa: PLC0415
    from simvet.report.study_tables import discovery_table  # noqa: PLC0415
    from simvet.report.study_words import discovery_sentences  # noqa: PLC0415
    from simvet.studies.batch import run_study  # noqa: PLC0415
    from simvet.studies.discovery import discover  # noqa: PLC0415
    from simvet.studies.reading import read_ensemble  # noqa: PLC0415
    from simvet.studies.stacking import stack  # noqa: PLC0415
    from simvet.studies.study_file import load_study  # noqa: PLC0415
    from simvet.studies.subjects import find_outcome  # noqa: PLC0415
    from simvet.studies.workbench import load_workbench  # noqa: PLC0415

    loaded = load_study(study)
    load_workbench()
    find_outcome(loaded, outcome)
    if results is None:
        with chunk_progress(language) as tell:
            ensemble = run_study(loaded, None, _executor(None, workers, dask), workers, dask, tell=tell)
    else:
        ensemble = read_ensemble(loaded, results)
    # A point of one draw is one future, reached or missed; of many, it is as likely as its draws say.
    likely = LIKELY if threshold is None and loaded.draws > 1 else threshold
    found = discover(ensemble, outcome, failing, likely)
    for sentence in discovery_sentences(found, language):
        say(sentence)
    show(discovery_table(found, language))
    _save(picture, box_chart(found, language) if picture else None, language)
    if stacking is not None:
        _save(stacking, stacking_chart(stack(ensemble, outcome, failing, likely), language), language)


def _executor(chosen: str | None, workers: int, dask: str) -> str:
    """Return who does the work where nobody says it: a pool, and this process alone where it would have one worker.

    Dask's own log, which prints a stack for a scheduler that is sought again, is silenced: what it means is told.
    """
    if dask:
        # Dask sets its own levels when it is imported; where it is not installed, the batch says so.
        with suppress(ImportError):
            import_module("distributed")
        for name in ("distributed", "distributed.client"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
    return chosen or ("dask" if dask else "processes" if workers > 1 else "here")


def _require_picture(picture: Path | None) -> None:
    if picture is not None:
        from simvet.report.why_figures import require_picture  # noqa: PLC0415

        require_picture(picture)


def _save(picture: Path | None, figure: object, language: Language) -> None:
    if picture is None:
        return
    from matplotlib.figure import Figure  # noqa: PLC0415

    from simvet.report.why_figures import save_picture  # noqa: PLC0415
    from simvet.report.wording import word  # noqa: PLC0415

    if isinstance(figure, Figure):
        save_picture(figure, picture)
        say(word("text", "written", language, folder=picture))


def _batch_table(found: Ensemble, language: Language) -> RenderableType:
    from rich.table import Table  # noqa: PLC0415

    from simvet.report.wording import word  # noqa: PLC0415

    table = Table(title=found.study.labels.get(language, found.study.policies[0].name))
    table.add_column(word("studies", "column_what", language))
    table.add_column(word("studies", "column_count", language), justify="right")
    told = {"experiments": len(found.policy), "draws_each": found.study.draws, **found.counts}
    for key, number in told.items():
        table.add_row(word("studies", f"count_{key}", language), f"{number:,}")
    if found.digest:
        table.add_row(word("studies", "digest", language), found.digest[:16])
    return table


@contextmanager
def chunk_progress(language: Language) -> Iterator[Callable[[Progress], None]]:
    """Show how many chunks are done, how fast, and how long the rest takes; on a terminal only, and gone when done."""
    from rich import progress  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415

    from simvet.report.wording import word  # noqa: PLC0415

    console = Console(stderr=True)
    bar = progress.Progress(
        progress.SpinnerColumn(), progress.TextColumn("{task.description}"), progress.BarColumn(),
        progress.TimeElapsedColumn(), console=console, transient=True, disable=not console.is_terminal,
    )  # fmt: skip
    with bar:
        task = bar.add_task(word("studies", "starting", language), total=None)

        def tell(done: Progress) -> None:
            line = word(
                "studies", "progress", language, done=done.done, total=done.total, rate=f"{done.rate:.1f}",
                left=_clock(done.left),
            )  # fmt: skip
            if done.failed:
                line += word("studies", "progress_failed", language, failed=done.failed)
            bar.update(task, total=done.total, completed=done.done + done.failed, description=line)

        yield tell


def _clock(seconds: float) -> str:
    if seconds == float("inf"):
        return "?"
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
