"""The page; what it shows is written in ``simvet.screen.data``."""

from simvet.screen.data import show

show()
