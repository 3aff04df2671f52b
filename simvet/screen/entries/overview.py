"""The page; what it shows is written in ``simvet.screen.overview``."""

from simvet.screen.overview import show

show()
