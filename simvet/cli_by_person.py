"""Commands about single students and schools: a run by person, a life, a list to start from."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simvet.console import announcer, progress_line, say, show
from simvet.errors import InputError
from simvet.options import Lang, Seed, Until

if TYPE_CHECKING:
    from simvet.report.wording import Language
    from simvet.scenario import Scenario


def with_agents(scenario: Scenario, engine: str, schools: str | None, mechanism: str | None) -> Scenario:
    """Return the scenario with what the command line says about students and schools one by one."""
    from simvet.loading.agents import with_schools  # noqa: PLC0415
    from simvet.loading.checks import require_word  # noqa: PLC0415
    from simvet.rules.names import MECHANISMS  # noqa: PLC0415

    require_word(engine, "engine", ("cohort", "agents", "both"), "--engine")
    if engine == "cohort":
        raise InputError(
            "--engine", "the cohort engine has neither schools nor mechanisms", "Add --engine agents, or both"
        )
    choices = scenario.agents
    if mechanism is not None:
        require_word(mechanism, "mechanism", MECHANISMS, "--mechanism")
        try:
            choices = replace(choices, mechanism=mechanism)
        except InputError as error:
            raise InputError("--mechanism", error.what, error.cure, **error.facts) from None
    if schools is not None:
        regions = tuple(case.region for case in scenario.regions)
        choices = with_schools(choices, schools, regions, Path(), "--schools")
    return replace(scenario, agents=choices)


def run_by_person(
    scenario: Scenario, engine: str, draws: int | None, seed: int, until: int | None, out: Path | None,
    language: Language,
) -> None:  # fmt: skip
    """Run one scenario student by student, alone or beside the cohort engine, and print what it brought."""
    from simvet.report.agents import agents_report, reconciliation_report  # noqa: PLC0415
    from simvet.report.wording import word  # noqa: PLC0415

    started = time.perf_counter()
    announce = announcer(language)
    if engine == "both":
        from simvet.reconciliation import reconcile  # noqa: PLC0415

        with progress_line() as tell:

            def step_by_step(step: str) -> None:
                announce(step)
                tell(word("text", "compiling" if step == "compiling" else f"progress_{step}", language))

            found = reconcile(scenario, draws, seed, until, progress=step_by_step)
        show(reconciliation_report(found, language))
        if out is not None:
            from simvet.report.export import write_reconciliation  # noqa: PLC0415

            say(word("text", "written", language, folder=write_reconciliation(found, out)))
        say(word("text", "seconds", language, seconds=f"{time.perf_counter() - started:.1f}"))
        found.require_agreement()
        return
    from simvet.result import simulate  # noqa: PLC0415

    with progress_line() as tell:
        tell(word("text", "progress_run", language))
        result = simulate(scenario, draws, seed, until, "agents", tell=announce)
        # A run of single students may be short on purpose; its targets are told where it reaches them.
        verdicts = result.verdicts() if all(t.year <= result.scenario.until for t in scenario.targets) else []
    if out is not None:
        from simvet.report.export import write_results  # noqa: PLC0415

        write_results(result, verdicts, out, language)
    show(agents_report(result, verdicts, language))
    if out is not None:
        say(word("text", "written", language, folder=out))
    say(word("text", "seconds", language, seconds=f"{time.perf_counter() - started:.1f}"))


def life_command(
    scenario: Annotated[str, typer.Argument(help="情景或地区 / scenario or region")],
    student: Annotated[int, typer.Argument(help="学生序号，从 0 起 / number of the student, from 0")],
    other: Annotated[str | None, typer.Option("--other", help="另一情景 / another scenario")] = None,
    seed: Seed = 1,
    until: Until = None,
    lang: Lang = "zh",
) -> None:
    """一名学生的经历，以及在另一情景下会怎样。One student's life, and what another scenario would have made of it."""
    from simvet.loading import load_scenario  # noqa: PLC0415
    from simvet.report.wording import require_language, word  # noqa: PLC0415

    language = require_language(lang)
    first = load_scenario(scenario)
    second = load_scenario(other) if other is not None else None
    from simvet.report.agents import life_report  # noqa: PLC0415
    from simvet.result import simulate  # noqa: PLC0415

    with progress_line() as tell:
        tell(word("text", "progress_run", language))
        mine = simulate(first, None, seed, until, "agents", tell=announcer(language))
        theirs = simulate(second, None, seed, until, "agents") if second is not None else None
    life = mine.biography(student, theirs)
    names = (first.labels[language], second.labels[language] if second is not None else "")
    show(life_report(life, first.pathway, language, names))


def template_command(
    file: Annotated[Path, typer.Argument(help="新文件 / new file: schools.csv | schools.xlsx")],
    lang: Lang = "zh",
) -> None:
    """写出学校名单模板，供填写后用 --schools 上传。Write a school list to fill in and give with --schools."""
    from simvet.loading.school_list import write_school_template  # noqa: PLC0415
    from simvet.report.wording import require_language, word  # noqa: PLC0415

    language = require_language(lang)
    write_school_template(file)
    say(word("text", "written", language, folder=file))
