"""Names of what can limit a stage, kept apart from the arithmetic so that reading a file compiles nothing."""

LIMITS = (
    "intake_plan", "licence", "entry_capacity", "places", "teachers", "floor_area", "equipment", "land", "books",
    "money", "card", "none",
)  # fmt: skip
"""Names of the binding terms, in the order in which ties are broken; ``none`` where nothing limits the stage."""
CARRIED_LIMITS = ("places", "teachers", "floor_area", "equipment", "land", "books", "money")
"""Limits that are a number of students a stage can hold; the others are a number of entrants a year."""
VOCATIONAL = ("secondary_vocational", "higher_vocational", "vocational_bachelor")
"""Stages whose students vocational schools and colleges hold."""
PROVIDERS = ("secondary_vocational", "higher_vocational")
"""Stages whose teachers, space, equipment and money are carried."""
STAGE_LIMITS = {
    "general_high": ("intake_plan",),
    "secondary_vocational": ("entry_capacity", *CARRIED_LIMITS),
    "higher_vocational": ("intake_plan", "teachers", "floor_area", "equipment", "land", "books", "money", "card"),
    "vocational_bachelor": ("licence",),
    "bachelor": ("intake_plan",),
}
"""Limits that the engine reads for each stage."""
CARD_INDICATORS = ("students_per_teacher", "postgraduate_share", "floor_area", "equipment", "books")
"""Indicators of the yellow and red card rule for colleges."""
PROJECT_STAGES = ("approved", "land", "construction", "acceptance", "recruiting")
"""Stages of a building or licensing project, in order."""
MECHANISMS = ("serial_dictatorship", "deferred_acceptance", "immediate_acceptance")
"""Admission mechanisms 平行志愿, 延迟接受, 志愿优先 that a scenario may name."""
