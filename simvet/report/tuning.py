"""Levers to move in a notebook, in an exported page or in a saved copy: computed beforehand, no kernel, no server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from simvet.loading import load_scenario
from simvet.report.tuning_grid import TuningGrid, run_grid
from simvet.report.tuning_page import fragment, page, percent_text
from simvet.report.wording import Language, require_language
from simvet.scenario import Scenario


@dataclass(frozen=True)
class TuningWidget:
    """Levers and targets of a scenario, as a notebook shows them when they are the last word of a cell.

    Notes
    -----
    Shape and unit: see TuningGrid. Errors: none. Source: one run for each stop of the levers.
    """

    grid: TuningGrid
    language: Language

    def _repr_html_(self) -> str:
        """Return the widget as an HTML fragment; it works in Jupyter, in an exported page and in a saved notebook."""
        return fragment(self.grid, self.language)

    def __repr__(self) -> str:
        """Return what the widget shows with no lever moved, in one line."""
        levers = ", ".join(control.name for control in self.grid.controls)
        told = ", ".join(f"{s.verdict.reading} {percent_text(s.verdict)}" for s in self.grid.shown[self.grid.rest])
        return f"TuningWidget({self.grid.scenario.name}: {levers}; {told})"

    def to_html(self) -> str:
        """Return the widget as a whole page, to be written to a file and opened in any browser.

        Notes
        -----
        Shape: UTF-8 text. Unit: printed with each number. Errors: none. Source: the grid.
        """
        return page(self.grid, self.language)


def tuning_widget(
    scenario: Scenario | str | Path, controls: Sequence[str] = ("college_intake", "topup_seats"),
    targets: Sequence[str] | None = None, draws: int = 200, seed: int = 1, start: int | None = None,
    language: str = "zh", stops: int = 7,
) -> TuningWidget:  # fmt: skip
    """Return sliders for one or two levers, with what each of their stops does to the targets.

    Parameters
    ----------
    scenario : Scenario, or the name or path of one; levers move its first region.
    controls : sequence of str; one or two levers by their names in ``data/levers/controls.csv``.
    targets : sequence of str, optional; up to six as ``key``, or ``key/stage`` where a key has several; by default the
        scenario's headline targets.
    draws : int; worlds of each run.
    seed : int; the same seed gives the same widget.
    start : int, optional; school year from which the levers act, by default the first after what is known.
    language : str; ``zh`` or ``en``.
    stops : int; values of each lever, its resting place always among them.

    Returns
    -------
    TuningWidget; ``_repr_html_`` gives one fragment of HTML, ``to_html`` a whole page.

    Raises
    ------
    InputError : the scenario, a lever, a target or the language is unknown, there are no or more than two levers, or a
        number is out of range.

    Notes
    -----
    Shape: every combination of the stops is run, 49 runs for two levers of seven. Unit: each slider and each target
    says its own. Source: common random numbers, MODEL section 7; nothing is interpolated.
    """
    chosen = require_language(language)
    found = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
    return TuningWidget(run_grid(found, controls, targets, draws, seed, start, stops), chosen)


__all__ = ["TuningWidget", "tuning_widget"]
