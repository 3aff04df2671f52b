"""Regenerate every figure of the validation: python -m benchmarks.validation FOLDER.

FOLDER holds tables of real histories (docs/validation.md says which); none of them is copied. Written are
docs/validation-figures.md, its pictures, data/validation/errors.csv and data/validation/drift.csv.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.validation.figures import (
    bias_lines,
    coverage_lines,
    gain_lines,
    header,
    odd_lines,
    recovery_lines,
    table_lines,
    wenzhou_lines,
)
from benchmarks.validation.outputs import write_drift, write_errors
from simvet.histories.reading import read_folder
from simvet.histories.rolling import hindcast
from simvet.histories.simulated import known_history
from simvet.report.hindcast_figures import error_chart

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
LEADS = 10


def main(folder: Path) -> None:
    """Hindcast every history of a folder and write what came of it."""
    lines = header()
    found = {}
    for history in read_folder(folder):
        started = time.perf_counter()
        found[history.name] = hindcast(history, LEADS)
        took = time.perf_counter() - started
        print(f"{history.name}: {len(found[history.name].origins)} origins in {took:.1f} s")
        for language in ("en", "zh"):
            picture = DOCS / "validation" / f"{history.name}_{language}.png"
            picture.parent.mkdir(exist_ok=True)
            error_chart(found[history.name], language).savefig(picture)
        lines += table_lines(found[history.name], took)
        lines += gain_lines(found[history.name])
        lines += bias_lines(found[history.name])
        lines += coverage_lines(found[history.name])
        lines += odd_lines(found[history.name])
    lines += recovery_lines()
    lines += wenzhou_lines()
    lines += speed_lines()
    (DOCS / "validation-figures.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    write_errors(found, ROOT / "data" / "validation" / "errors.csv")
    write_drift(found, ROOT / "data" / "validation" / "drift.csv")


def speed_lines() -> list[str]:
    """Time fit and hindcast of 51 regions from ten origins, twelve grades, on one core."""
    history = known_history(51, 14, 12, 1).history
    started = time.perf_counter()
    done = hindcast(history, LEADS)
    took = time.perf_counter() - started
    print(f"51 regions, {len(done.origins)} origins: {took:.1f} s")
    cells = int(np.isfinite(done.came).sum())
    return [
        "", "## Speed", "",
        f"51 simulated regions, 12 grades, {len(done.origins)} origins, ten leads, 400 draws, plain methods "
        f"beside them ({cells:,} forecasts with an outcome): {took:.0f} s on one core of the machine that wrote this.",
    ]  # fmt: skip


if __name__ == "__main__":
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        sys.exit("usage: python -m benchmarks.validation FOLDER")
    main(Path(sys.argv[1]))
