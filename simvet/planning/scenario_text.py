"""A plan as a scenario file: what the screen shows and what the command line runs are the same."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from ruamel.yaml import YAML

from simvet.edits import Edit
from simvet.levers import Lever
from simvet.planning.answering import plan_scenario
from simvet.planning.own import find_plan_scenario
from simvet.planning.plan import LIMIT, PROJECT, Plan
from simvet.scenario import Project, Spread


def scenario_text(plan: Plan, title: Mapping[str, str], comment: str = "") -> str:
    """Return the scenario file of a plan.

    Parameters
    ----------
    plan : Plan.
    title : mapping of language -> text, zh and en.
    comment : str; a first line for its reader.

    Returns
    -------
    str, YAML; read back, it is the same scenario with the same digest.

    Raises
    ------
    InputError : the plan is wrong.

    Notes
    -----
    Unit: each quantity's own. What was uploaded stands behind its base, so the file runs where that lies. Source: the
    plan.
    """
    base, scenario = find_plan_scenario(plan.scenario), plan_scenario(plan)
    said: dict[str, Any] = {"base": plan.scenario, "title": {"zh": title["zh"], "en": title["en"]}}
    if any(s.control.startswith(f"{LIMIT}:") for s in plan.settings):
        said["regions"] = [
            {"region": c.region, "base_year": c.base_year, "limits": {k: list(v) for k, v in c.limits.items()}}
            for c in scenario.regions
        ]
    if plan.as_of is not None:
        said["as_of"] = plan.as_of
    levers = scenario.levers[len(base.levers) :]
    if levers:
        said["levers"] = [_lever(lever) for lever in levers]
    moved = {s.control.partition(":")[2] for s in plan.settings if s.control.startswith(f"{PROJECT}:")}
    projects = [project for project in scenario.projects if project.name in moved]
    if projects:
        said["projects"] = [_project(project) for project in projects]
    if plan.edits:
        said["edits"] = [_edit(edit) for edit in plan.edits]
    return _written(said, comment)


def edited_text(base: str, title: Mapping[str, str], edits: Sequence[Edit], comment: str = "") -> str:
    """Return a scenario file that is a base with numbers replaced.

    Parameters
    ----------
    base : str, name of a scenario.
    title : mapping of language -> text, zh and en.
    edits : sequence of Edit.
    comment : str; a first line for its reader.

    Returns
    -------
    str, YAML.

    Notes
    -----
    Unit: each row's own. Errors: none; the loader checks what it reads. Source: the edits.
    """
    said = {"base": base, "title": {"zh": title["zh"], "en": title["en"]}, "edits": [_edit(edit) for edit in edits]}
    return _written(said, comment)


def _written(said: dict[str, Any], comment: str) -> str:
    yaml = YAML()
    yaml.width = 110
    yaml.allow_unicode = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    out = io.StringIO()
    yaml.dump(said, out)
    first = " ".join("".join(letter if letter.isprintable() else " " for letter in comment).split())
    return (f"# {first}\n" if first else "") + out.getvalue()


def _lever(lever: Lever) -> dict[str, Any]:
    said: dict[str, Any] = {"name": lever.name}
    if lever.labels:
        said["title"] = {"zh": lever.labels["zh"], "en": lever.labels["en"]}
    said |= {"quantity": lever.quantity, "region": lever.region}
    if lever.key:
        said["key"] = lever.key
    said |= {"operation": lever.operation, "value": lever.value, "from": lever.start}
    if lever.end is not None:
        said["to"] = lever.end
    return said | {"owner": lever.owner, "source": lever.source}


def _spread(spread: Spread) -> float | dict[str, float]:
    if spread.low == spread.value == spread.high:
        return spread.value
    return {"value": spread.value, "low": spread.low, "high": spread.high}


def _project(project: Project) -> dict[str, Any]:
    said: dict[str, Any] = {
        "name": project.name, "title": {"zh": project.labels["zh"], "en": project.labels["en"]},
        "region": project.region, "stage": project.stage, "kind": project.kind, "count": _spread(project.count),
        "places": _spread(project.places), "cost": _spread(project.cost),
    }  # fmt: skip
    if project.opening is not None:
        opening = project.opening
        said["opening"] = int(opening.value) if opening.low == opening.high else _spread(opening)
    if project.start is not None:
        said["start"] = _spread(project.start)
        if project.count.high > 1.0:
            said["last_start"] = project.last_start
    if project.reached:
        said["reached"] = project.reached
    if project.durations:
        said["durations"] = {stage: _spread(spread) for stage, spread in project.durations.items()}
    said["failure"] = _spread(project.failure)
    return said | {"owner": project.owner, "source": project.source, "status": project.status}


def _edit(edit: Edit) -> dict[str, Any]:
    region, year, indicator, stage, track, definition, use = edit.row
    return {
        "region": region, "year": year, "indicator": indicator, "stage": stage, "track": track,
        "definition": definition, "use": use, "value": edit.value, "low": edit.low, "high": edit.high,
        "reason": edit.reason,
    }  # fmt: skip
