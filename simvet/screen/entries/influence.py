"""The page; what it shows is written in ``simvet.screen.influence``."""

from simvet.screen.influence import show

show()
