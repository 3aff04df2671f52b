"""Names of what can limit a stage, kept apart from the arithmetic so that reading a file compiles nothing."""

LIMITS = ("intake_plan", "licence", "entry_capacity", "places", "teachers", "floor_area", "equipment", "none")
"""Names of the binding terms, in the order in which ties are broken; ``none`` where nothing limits the stage."""
STAGE_LIMITS = {
    "general_high": ("intake_plan",),
    "secondary_vocational": ("entry_capacity", "places", "teachers"),
    "higher_vocational": ("intake_plan",),
    "vocational_bachelor": ("licence",),
    "bachelor": ("intake_plan",),
}
"""Limits that the engine reads for each stage."""
