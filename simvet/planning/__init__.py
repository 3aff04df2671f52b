"""Between a planner and a run: what was set, what follows from it, what it would take, and how to hand it on."""
