"""Names of what can limit a stage, kept apart from the arithmetic so that reading a file compiles nothing."""

LIMITS = ("intake_plan", "licence", "entry_capacity", "places", "teachers", "floor_area", "equipment", "none")
"""Names of the binding terms, in the order in which ties are broken; ``none`` where nothing limits the stage."""
