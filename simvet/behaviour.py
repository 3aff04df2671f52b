"""How single students and schools behave: what a scenario may choose, and the assumed numbers behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from simvet.rules.names import MECHANISMS
from simvet.schools import SchoolList
from simvet.tables import home, named_numbers

BEHAVIOUR = "data/agents/behaviour.csv"
"""Assumed numbers of the agent engine alone, the same for every region."""
NO_SCHOOLS, SYNTHETIC = "none", "synthetic"
RULES: Mapping[str, tuple[str, ...]] = {
    "fields": ("follow_demand", "follow_work", "keep"),
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
