"""The page; what it shows is written in ``simvet.screen.targets``."""

from simvet.screen.targets import show

show()
