"""Compiled rules never outlive their sources."""

import os
import subprocess
import sys
from pathlib import Path
from shutil import copytree

PACKAGE = Path(__file__).parents[2] / "simvet"
SCRIPT = (
    "import numpy as np; from simvet.rules.progress import thin; "
    "keys = np.array([[1, 0, 5, 2021, 9]], dtype=np.uint64); "
    "print(thin(np.array([1000.0]), np.array([0.5]), True, keys, np.array([3]), 0)[0])"
)


def test_an_edited_rule_changes_what_calls_it(tmp_path):
    copytree(PACKAGE, tmp_path / "simvet", ignore=lambda *_: {"__pycache__"})
    environment = {**os.environ, "SIMVET_CACHE": str(tmp_path / "cache"), "PYTHONPATH": str(tmp_path)}

    def told() -> str:
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT], check=True, capture_output=True, text=True, env=environment, cwd=tmp_path
        )
        return done.stdout.strip()

    before = told()
    rule = tmp_path / "simvet" / "rules" / "chance.py"
    text = rule.read_text(encoding="utf-8")
    changed = text.replace("return (float(bits) + 0.5) * 2.0**-52", "return 0.999")
    assert changed != text
    rule.write_text(changed, encoding="utf-8")
    assert told() != before
