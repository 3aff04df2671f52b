"""The page; what it shows is written in ``simvet.screen.students``."""

from simvet.screen.students import show

show()
