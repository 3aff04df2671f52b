"""The page; what it shows is written in ``simvet.screen.solve``."""

from simvet.screen.solve import show

show()
