"""Studies that cannot be run: the complaint names the line, and nothing has been written."""

from __future__ import annotations

from pathlib import Path

import pytest

from simvet.cli import main
from simvet.errors import InputError
from simvet.studies.study_file import load_study

GOOD = """title: {zh: 试, en: trial}
scenario: zhoushan
until: 2025
draws: 10
design: {kind: latin_hypercube, points: 4}
levers:
  - {lever: places, from: 2024}
uncertainties:
  - name: new_school/start
outcomes:
  - target: places
"""
BAD = [
    ("lever: places", "lever: placs", "study.yaml:7: lever 'placs' is unknown. Did you mean 'places'"),
    ("from: 2024}", "from: 2024, low: 1.2, high: 1.1}", "study.yaml:7: the range from 1.2 to 1.1 is empty"),
    ("from: 2024}", "from: 2024, high: 9}", "study.yaml:7: 9 is outside 0.8 to 1.6"),
    ("from: 2024}", "from: 2050}", "study.yaml:7: year 2050 is outside the horizon"),
    ("from: 2024}", "from: 2024, to: 2017}", "study.yaml:7: the lever ends in 2017"),
    ("from: 2024}", "from: 2024, values: [1.0, 1.0]}", "study.yaml:7: a value stands twice"),
    ("draws: 10", "draws: 0", "study.yaml: 0 draws cannot be run"),
    ("draws: 10", "draws: -5", "study.yaml: -5 draws cannot be run"),
    ("draws: 10", "draws: ten", "study.yaml:4: 'draws' is 'ten', which is not a whole number"),
    ("points: 4", "points: 0", "study.yaml: 0 points cannot be run"),
    ("kind: latin_hypercube", "kind: latin", "study.yaml: design 'latin' is unknown. Did you mean 'latin_hypercube'"),
    ("kind: latin_hypercube, points: 4", "kind: draws", "design 'draws' leaves 'places' where it is"),
    ("kind: latin_hypercube, points: 4", "kind: sobol, points: 6", "6 is no power of two"),
    ("name: new_school/start", "name: new_school/stort", "study.yaml:9: uncertainty 'new_school/stort' is unknown"),
    ("- name: new_school/start", "- {name: new_school/start, low: 2020, high: 2020}", "study.yaml:9: the range from"),
    ("name: new_school/start", "name: secondary_vocational", "study.yaml:9: 'secondary_vocational' may be any of"),
    ("target: places", "target: placs", "study.yaml:11: target 'placs' is unknown. Did you mean 'places'"),
    ("target: places", "indicator: enrolment", "study.yaml:11: key 'years' is missing"),
    ("- target: places", "- {target: places, indicator: enrolment}", "an outcome is a target or an indicator"),
    ("scenario: zhoushan", "policies: [zhoushan, zhejiang]", "are of different regions, years or data"),
    ("scenario: zhoushan", "scenario: zhoushan\npolicies: [zhoushan]", "names one scenario, or a list of policies"),
    ("draws: 10", "draws: 10\nluck: bad", "study.yaml: luck 'bad' is unknown"),
    ("draws: 10", "drws: 10", "study.yaml:4: key 'drws' is unknown here. Did you mean 'draws'"),
    ("draws: 10", "draws:", "study.yaml:4: key 'draws' is empty"),
]  # fmt: skip


def test_the_good_study_is_good(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(GOOD)
    assert load_study(tmp_path / "study.yaml").points == 4


@pytest.mark.parametrize(("old", "new", "message"), BAD)
def test_a_bad_study_is_refused_before_anything_is_written(tmp_path, capsys, old, new, message) -> None:
    assert old in GOOD
    (tmp_path / "study.yaml").write_text(GOOD.replace(old, new))
    with pytest.raises(InputError) as complaint:
        load_study(tmp_path / "study.yaml").experiments()
    assert message in str(complaint.value)
    assert main(["batch", str(tmp_path / "study.yaml"), "--out", str(tmp_path / "out"), "--workers", "1"]) == 2
    assert not (tmp_path / "out").exists()
    told = capsys.readouterr().err
    assert told.startswith("simvet: ") and told.count("\n") == 1


def test_a_factor_that_stands_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(GOOD.replace("levers:", "levers:\n  - {lever: places, from: 2023}"))
    with pytest.raises(InputError, match="'places' stands twice"):
        load_study(tmp_path / "study.yaml")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--workers", "0"], "workers"),
        (["--executor", "cloud"], "cloud"),
        (["--dask", "nonsense"], "nonsense"),
    ],
)
def test_a_bad_executor_is_refused(tmp_path, capsys, options, message) -> None:
    (tmp_path / "study.yaml").write_text(GOOD)
    assert main(["batch", str(tmp_path / "study.yaml"), "--out", str(tmp_path / "out"), *options]) == 2
    assert message in capsys.readouterr().err


def test_the_shipped_studies_are_good() -> None:
    for name in ("zhejiang_futures", "zhejiang_levers", "zhoushan_places"):
        policy, values = load_study(name).experiments()
        assert len(policy) == len(values) > 10
