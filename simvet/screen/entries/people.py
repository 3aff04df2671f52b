"""The page; what it shows is written in ``simvet.screen.people``."""

from simvet.screen.people import show

show()
