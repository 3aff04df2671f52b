"""Engines: each moves a world on by one school year; they share rules and YearTerms, never base classes."""

from simvet.engines.cohort import CohortWorld

ENGINES = {"cohort": CohortWorld}
"""Every engine by name."""
