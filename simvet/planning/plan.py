"""What a planner has set on the screen: a scenario, levers moved, numbers edited, assumptions signed."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from simvet.controls import find_control, levers_of
from simvet.edits import Edit, Identity, edited_rows
from simvet.errors import InputError, nearest
from simvet.levers import Lever
from simvet.loading import LAST_YEAR
from simvet.loading.parts import require_after_base
from simvet.scenario import Project, RegionCase, Scenario, Spread, digest_of

PROJECT = "project"
"""Prefix of a setting that moves the start of a project: ``project:new_school``, in years."""
LIMIT = "limit"
"""Prefix of a setting that switches a limit: ``limit:higher_vocational:card``, 1 is on and 0 is off."""
EARLIEST, LATEST = -3.0, 6.0
"""Years by which a project can be moved; assumed: an approval is rarely older, and later is another plan."""


@dataclass(frozen=True)
class Setting:
    """One lever as it stands.

    Notes
    -----
    Unit: ``value`` in that of the control (years for a project, 0 or 1 for a limit); ``start`` and ``end`` are school
    years, both included, ``end`` None is for good; ``ramp`` grows from ``start`` to ``end`` and stays. Errors: checked
    by :func:`scenario_of`. Source: the planner.
    """

    control: str
    value: float
    start: int
    end: int | None = None
    ramp: bool = False


@dataclass(frozen=True)
class Signature:
    """An assumption with the person who owns it and, once agreed to, the day and the name.

    Notes
    -----
    Unit: ``signed_on`` a date as YYYY-MM-DD, "" while unsigned. Errors: none. Source: the planner.
    """

    row: Identity
    owner: str
    signed_on: str = ""
    signed_by: str = ""


@dataclass(frozen=True)
class Plan:
    """All that a planner has set.

    Notes
    -----
    Shape: ``settings``, ``edits`` and ``signatures`` hold at most one entry a control or row, in the order of their
    names. Unit: ``as_of`` a school year, None as the scenario says. Errors: checked by :func:`scenario_of`. Source:
    the planner.
    """

    scenario: str
    settings: tuple[Setting, ...] = ()
    edits: tuple[Edit, ...] = ()
    signatures: tuple[Signature, ...] = ()
    as_of: int | None = None

    @property
    def digest(self) -> str:
        """Return a digest of what changes results: signatures do not."""
        said = [
            self.scenario, self.as_of, [[s.control, s.value, s.start, s.end, s.ramp] for s in self.settings],
            [[list(e.row), e.value, e.low, e.high] for e in self.edits],
        ]  # fmt: skip
        return digest_of(said)

    def setting(self, control: str) -> Setting | None:
        """Return how a lever stands, None where nobody has moved it."""
        return next((s for s in self.settings if s.control == control), None)

    def with_setting(self, setting: Setting) -> Plan:
        """Return the plan with a lever moved."""
        others = [s for s in self.settings if s.control != setting.control]
        return replace(self, settings=tuple(sorted([*others, setting], key=lambda s: s.control)))

    def without_setting(self, control: str) -> Plan:
        """Return the plan with a lever back where the scenario has it."""
        return replace(self, settings=tuple(s for s in self.settings if s.control != control))

    def with_edit(self, edit: Edit) -> Plan:
        """Return the plan with a number replaced; its signature falls, for another number was signed."""
        others = [e for e in self.edits if e.row != edit.row]
        kept = tuple(s if s.row != edit.row else replace(s, signed_on="", signed_by="") for s in self.signatures)
        return replace(self, edits=tuple(sorted([*others, edit], key=lambda e: e.row)), signatures=kept)

    def without_edit(self, row: Identity) -> Plan:
        """Return the plan with a number as the data have it."""
        return replace(self, edits=tuple(e for e in self.edits if e.row != row))

    def with_signature(self, signature: Signature) -> Plan:
        """Return the plan with an assumption owned or signed."""
        others = [s for s in self.signatures if s.row != signature.row]
        return replace(self, signatures=tuple(sorted([*others, signature], key=lambda s: s.row)))


def scenario_of(plan: Plan, base: Scenario) -> Scenario:
    """Return the scenario that a plan stands for.

    Parameters
    ----------
    plan : Plan.
    base : Scenario; the one that the plan names, as it was read.

    Returns
    -------
    Scenario; the base itself where nothing is set.

    Raises
    ------
    InputError : a lever, project, limit or row is unknown, or a value or year lies outside its bounds.

    Notes
    -----
    Unit: see Plan. Source: the plan.
    """
    scenario = replace(base, rows=edited_rows(base.rows, plan.edits)) if plan.edits else base
    region = base.regions[0].region
    levers: list[Lever] = []
    for setting in plan.settings:
        kind, _, rest = setting.control.partition(":")
        if kind == PROJECT and rest:
            scenario = _shifted(scenario, rest, setting.value)
        elif kind == LIMIT and rest:
            scenario = _switched(scenario, rest, setting)
        else:
            _require_years(setting, base)
            levers += levers_of(
                find_control(setting.control), setting.value, setting.start, setting.end, setting.ramp, region
            )
    if plan.as_of is not None:
        scenario = replace(scenario, as_of=_year(plan.as_of, "as_of", base.base_year))
    return scenario.with_levers(*levers) if levers else scenario


def _year(year: int, name: str, base_year: int) -> int:
    if isinstance(year, bool) or not isinstance(year, int) or not base_year < year <= LAST_YEAR:
        raise InputError(
            name, "year {year} is outside the horizon {first} to {last}", "Choose a year inside it", year=year,
            first=base_year + 1, last=LAST_YEAR,
        )  # fmt: skip
    return year


def _require_years(setting: Setting, base: Scenario) -> None:
    _year(setting.start, setting.control, base.base_year)
    if setting.end is not None:
        _year(setting.end, setting.control, base.base_year)


def _shifted(scenario: Scenario, name: str, years: float) -> Scenario:
    """Return the scenario with a project that starts earlier or later."""
    names = [project.name for project in scenario.projects]
    if name not in names:
        raise InputError(
            PROJECT, "{kind} {word!r} is unknown", "Did you mean {near!r}?", kind="project", word=name,
            near=nearest(name, names) if names else "",
        )  # fmt: skip
    if not math.isfinite(years) or not EARLIEST <= years <= LATEST:
        raise InputError(
            name, "{value:g} is outside {low:g} to {high:g}", "Choose a value inside", value=years, low=EARLIEST,
            high=LATEST,
        )  # fmt: skip
    moved = tuple(moved_project(p, years) if p.name == name else p for p in scenario.projects)
    bases = {case.region: case.base_year for case in scenario.regions}
    for project in moved:
        base = bases[project.region]
        if project.name == name and project.start is not None and project.durations:
            require_after_base(project.start, project.reached, project.durations, name, base)
        if project.name == name and project.opening is not None and project.opening.low <= base:
            raise InputError(
                name, "opening is {year:g}, not after the base year {base}",
                "What is open in the base year is in its places already", year=project.opening.low, base=base,
            )  # fmt: skip
    return replace(scenario, projects=moved)


def moved_project(project: Project, years: float) -> Project:
    """Return a project that begins some years later.

    Parameters
    ----------
    project : Project.
    years : float; below zero is earlier.

    Returns
    -------
    Project.

    Notes
    -----
    Unit: years. Errors: none. A project whose opening is fixed opens whole years later. Source: the planner.
    """

    def after(spread: Spread, by: float) -> Spread:
        return Spread(spread.value + by, spread.low + by, spread.high + by)

    if project.opening is not None:
        return replace(project, opening=after(project.opening, float(round(years))))
    if project.start is None:
        return project
    return replace(project, start=after(project.start, years), last_start=project.last_start + years)


def _switched(scenario: Scenario, rest: str, setting: Setting) -> Scenario:
    """Return the scenario with one limit of a stage on or off in every region."""
    stage, _, limit = rest.partition(":")
    known = switchable(scenario)
    if (stage, limit) not in known:
        raise InputError(
            LIMIT, "{kind} {word!r} is unknown", "Did you mean {near!r}?", kind="limit", word=rest,
            near=nearest(rest, [f"{a}:{b}" for a, b in known]),
        )  # fmt: skip
    if setting.value not in (0.0, 1.0):
        raise InputError(
            rest, "{value:g} is outside {low:g} to {high:g}", "Write 1 for on, 0 for off", value=setting.value, low=0.0,
            high=1.0,
        )  # fmt: skip
    return replace(scenario, regions=tuple(_with_limit(c, stage, limit, bool(setting.value)) for c in scenario.regions))


def _with_limit(case: RegionCase, stage: str, limit: str, on: bool) -> RegionCase:
    held = case.limits.get(stage, ())
    others = tuple(name for name in held if name != limit)
    if on == (limit in held):
        return case
    return replace(case, limits={**case.limits, stage: (*others, limit) if on else others})


SWITCHES: tuple[tuple[str, str], ...] = (
    ("secondary_vocational", "places"), ("secondary_vocational", "teachers"), ("secondary_vocational", "floor_area"),
    ("secondary_vocational", "equipment"), ("secondary_vocational", "money"), ("higher_vocational", "teachers"),
    ("higher_vocational", "floor_area"), ("higher_vocational", "equipment"), ("higher_vocational", "money"),
    ("higher_vocational", "card"),
)  # fmt: skip
"""Limits that a planner may switch, by stage: those that a standard sets; plans and licences always count."""


def switchable(scenario: Scenario) -> tuple[tuple[str, str], ...]:
    """Return the limits that can be switched, as pairs of stage and limit; unit, errors: none; source: SWITCHES."""
    return tuple((stage, limit) for stage, limit in SWITCHES if stage in scenario.pathway.stages)
