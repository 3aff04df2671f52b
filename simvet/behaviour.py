"""How single students and schools behave: what a scenario may choose, and the assumed numbers behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from simvet.errors import InputError, nearest
from simvet.rules.names import MECHANISMS
from simvet.schools import SchoolList
from simvet.tables import home, named_numbers

BEHAVIOUR = "data/agents/behaviour.csv"
"""Assumed numbers of the agent engine alone, the same for every region."""
NO_SCHOOLS, SYNTHETIC = "none", "synthetic"
KERNEL_SETS = ("", "compiled", "plain")
"""Sets of rules for single students that a run may be told to use; "" for the quicker one."""
LONGEST_LIST = 100
"""Entries; the longest lists that anybody may hand in are shorter."""
MOST_HOME_POINTS = 7_500
"""Tenths of a point; full marks."""
RULES: Mapping[str, tuple[str, ...]] = {
    "fields": ("follow_demand_and_work", "follow_demand", "keep"),
    "classes": ("follow_filling", "keep"),
    "hiring": ("by_shortage", "by_enrolment"),
    "investment": ("by_enrolment", "to_weakest"),
    "appeal": ("quality_and_progression", "constant"),
}
"""What schools decide once a year, and the rules that a scenario may name for it; the first is the default."""


@dataclass(frozen=True)
class AgentChoices:
    """What a scenario says about students and schools one by one.

    Notes
    -----
    Shape and unit: ``schools`` is ``synthetic``, ``none`` or the path of a list; ``mechanism`` one of MECHANISMS;
    ``home_points`` tenths of a point that a school adds for students of its own district (deferred acceptance alone);
    ``list_length`` entries, None for the assumed number; ``kernels`` a key of ``rules.kernels.KERNELS``, "" for the
    quicker. Errors: checked when it is read. Source: MODEL, section 4.
    """

    schools: str = SYNTHETIC
    mechanism: str = MECHANISMS[0]
    remember_scores: bool = True
    supplementary: bool = True
    home_points: int = 0
    list_length: int | None = None
    kernels: str = ""
    lists: Mapping[str, SchoolList] = field(default_factory=dict, repr=False, compare=False)
    rules: Mapping[str, str] = field(default_factory=lambda: {name: known[0] for name, known in RULES.items()})

    def __post_init__(self) -> None:
        """Complain about what no run could honour."""
        for word, kind, known in (
            (self.mechanism, "mechanism", MECHANISMS),
            (self.kernels, "kernels", KERNEL_SETS),
            *((name, "decision of schools", tuple(RULES)) for name in self.rules),
            *((rule, "rule", RULES.get(name, ())) for name, rule in self.rules.items()),
        ):
            if word not in known:
                raise InputError(
                    "agents", "{kind} {word!r} is unknown", "Did you mean {near!r}? It takes {known}", kind=kind,
                    word=word, near=nearest(str(word), known), known=", ".join(name or '""' for name in known),
                )  # fmt: skip
        for name in ("remember_scores", "supplementary"):
            if not isinstance(getattr(self, name), bool):
                raise InputError(
                    "agents", "{key!r} is {given!r}, which is not {wanted}", "Write {wanted}", key=name,
                    given=getattr(self, name), wanted="true or false",
                )  # fmt: skip
        for name, low, high in (("list_length", 1, LONGEST_LIST), ("home_points", 0, MOST_HOME_POINTS)):
            value = getattr(self, name)
            whole = isinstance(value, int) and not isinstance(value, bool)
            if value is not None and not (whole and low <= value <= high):
                raise InputError(
                    "agents", "{name!r} is {value}, outside {low} to {high}", "Write a value inside these bounds",
                    name=name, value=value, low=low, high=high,
                )  # fmt: skip
        if self.home_points and self.mechanism != "deferred_acceptance":
            raise InputError(
                "agents", "home_points do nothing under {word!r}",
                "Choose mechanism: deferred_acceptance, in which schools have priorities of their own",
                word=self.mechanism,
            )  # fmt: skip

    def numbers(self) -> dict[str, float]:
        """Return the assumed numbers by name, each in the unit of its row in ``data/agents/behaviour.csv``."""
        return {name: number.value for name, number in named_numbers(home() / BEHAVIOUR).items()}

    @property
    def said(self) -> list[object]:
        """Return what of it changes results, for a digest."""
        return [
            self.schools, self.mechanism, self.remember_scores, self.supplementary, self.home_points, self.list_length,
            sorted(self.rules.items()), sorted((name, found.digest) for name, found in self.lists.items()),
        ]  # fmt: skip


PARITY = AgentChoices(schools=NO_SCHOOLS, remember_scores=False)
"""What makes the agent engine compute what the cohort engine does: options alone, fresh scores (MODEL, section 4)."""
