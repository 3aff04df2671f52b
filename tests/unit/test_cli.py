"""The command line as a planner and a script meet it."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from simvet.cli import main
from simvet.result import simulate
from simvet.targets import read_targets


def test_the_first_lines_for_zhejiang_and_zhoushan_are_the_headline_targets(capsys):
    assert main(["run", "zhejiang", "zhoushan", "--draws", "40", "--no-causes"]) == 0
    lines = capsys.readouterr().out.splitlines()
    first = next(line for line in lines if "▶" in line)
    assert "中职学生直接升入高一级" in first and "50.0%" in first
    assert any("▶中等职业教育（含技工）" in line and "1.20 万" in line for line in lines)


def test_every_target_of_the_region_is_printed_by_name(capsys):
    from simvet.loading import load_register

    assert main(["targets", "lishui", "--draws", "20", "--no-causes", "--lang", "en"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    for target in load_register():
        if target.region == "lishui":
            words = target.labels["en"].split()
            assert all(part in text for part in words), target.labels["en"]


def test_results_are_written_whole_and_read_back(tmp_path):
    folder = tmp_path / "out"
    assert main(["run", "zhoushan", "--draws", "20", "--no-causes", "--out", str(folder)]) == 0
    frame = pd.read_parquet(folder / "indicators.parquet")
    csv = pd.read_csv(folder / "indicators.csv")
    assert len(frame) == len(csv) > 300
    assert {"median", "low_80", "high_80", "unit"} <= set(frame.columns)
    with xr.open_dataset(folder / "books.nc", engine="h5netcdf") as books:
        assert books["stock"].attrs["units"] == "persons"
        assert books["stock"].dims[:3] == ("draw", "year", "region")
        assert np.isfinite(books["stock"]).all()
    binding = pd.read_csv(folder / "binding.csv", encoding="utf-8-sig")
    assert np.allclose(binding.groupby(["region", "stage", "year"])["share"].sum(), 1.0)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["draws"] == 20 and len(manifest["data_digest"]) == 16
    assert sorted(p.name for p in folder.iterdir()) == [
        "binding.csv", "binding.parquet", "binding_zhoushan_higher_vocational.png",
        "binding_zhoushan_secondary_vocational.png", "books.nc", "indicators.csv", "indicators.parquet",
        "manifest.json", "verdicts.csv", "verdicts.parquet",
    ]  # fmt: skip


def test_two_runs_of_one_seed_write_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        assert main(["run", "lishui", "--draws", "15", "--no-causes", "--out", str(tmp_path / name)]) == 0
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes(), file.name


def test_a_folder_with_results_is_never_written_into(tmp_path, capsys):
    (tmp_path / "old.txt").write_text("kept")
    assert main(["run", "lishui", "--draws", "5", "--out", str(tmp_path), "--lang", "en"]) == 2
    assert "the folder is not empty" in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ["old.txt"]


def test_a_lever_that_comes_too_late_is_called_so(capsys):
    assert main(["run", "zhejiang_integrated_2023", "--draws", "30", "--no-causes"]) == 0
    out = capsys.readouterr().out.replace("\n", "").replace(" ", "")
    assert "太晚" in out
    assert "中职学生直接升入高一级学校比例（2026年起才变）" in out


def test_a_scenario_compared_with_itself_is_identical(capsys):
    assert main(["compare", "zhoushan", "zhoushan", "--draws", "20", "--lang", "en"]) == 0
    out = capsys.readouterr().out
    assert out.count("identical") == len(read_targets(simulate("zhoushan", draws=2), None)) > 30


def test_check_prints_unknowns_rank_and_leave_one_out(capsys):
    assert main(["check", "zhoushan", "--draws", "40", "--lang", "en"]) == 0
    out = capsys.readouterr().out
    for piece in ("unknowns 87", "rank", "free directions", "Leave one out", "assumed", "solved"):
        assert piece in out


def test_list_names_every_scenario(capsys):
    from simvet.loading import scenario_files

    assert main(["list"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in scenario_files())


@pytest.mark.parametrize("heavy", ["pandas", "numba", "xarray", "matplotlib", "scipy"])
def test_importing_simvet_loads_nothing_heavy(heavy):
    code = f"import simvet, sys; sys.exit({heavy!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_full_disk_is_told_in_one_line(tmp_path):
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-c", "from simvet.cli import entry; entry()", "list", "--lang", "en"]
        done = subprocess.run(command, check=False, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 74
    assert done.stderr.startswith("simvet: simvet: the output cannot be written")
    assert done.stderr.count("\n") == 1


def test_an_own_target_of_a_stage_that_its_indicator_says_nothing_of_is_refused(tmp_path, capsys):
    path = tmp_path / "own.yaml"
    path.write_text(
        "base: lishui\ntitle: {zh: 自设, en: own}\ntargets:\n  - {key: places, stage: bachelor, comparator: '>=', "
        "target: 100, year: 2030, title: {zh: 学位, en: places}}\n",
        encoding="utf-8",
    )
    assert main(["run", str(path), "--lang", "en"]) == 2
    assert (
        "target 'places' says nothing of stage 'bachelor'. Write one of secondary_vocational" in capsys.readouterr().err
    )
