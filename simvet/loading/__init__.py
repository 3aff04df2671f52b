"""Scenario files and data tables -> Scenario; complaints name file, line and the cure."""

from simvet.loading.checks import LAST_YEAR
from simvet.loading.register import load_pathway, load_register
from simvet.loading.scenarios import load_scenario, require_horizon, scenario_files

__all__ = ["LAST_YEAR", "load_pathway", "load_register", "load_scenario", "require_horizon", "scenario_files"]
