"""The page; what it shows is written in ``simvet.screen.takeaway``."""

from simvet.screen.takeaway import show

show()
