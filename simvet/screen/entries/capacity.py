"""The page; what it shows is written in ``simvet.screen.capacity``."""

from simvet.screen.capacity import show

show()
