"""A scenario file is data: it runs nothing, reaches nothing outside, and cannot eat the machine."""

import socket
import time

import pytest

from simvet.cli import main
from simvet.errors import InputError
from simvet.loading import load_scenario


@pytest.mark.parametrize(
    "text",
    [
        "title: !!python/object/apply:os.system ['echo x']\n",
        "base: ../../../../etc/passwd\ntitle: {zh: 甲, en: a}\n",
        "base: /etc/passwd\ntitle: {zh: 甲, en: a}\n",
        "base: zhejiang\ntitle: {zh: 甲, en: a}\nregions: [{region: ../china, base_year: 2020, limits: {}}]\n",
    ],
)
def test_a_file_runs_nothing_and_reaches_nothing_outside(tmp_path, text):
    path = tmp_path / "evil.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError):
        load_scenario(path)


def test_a_file_that_multiplies_itself_is_refused_quickly(tmp_path):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    path = tmp_path / "bomb.yaml"
    path.write_text("\n".join(lines), encoding="utf-8")
    started = time.perf_counter()
    with pytest.raises(InputError):
        load_scenario(path)
    assert time.perf_counter() - started < 20.0


def test_a_run_opens_no_connection(monkeypatch, capsys):
    def refuse(*arguments, **options):
        raise AssertionError("simvet opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert main(["run", "lishui", "--draws", "5", "--no-causes"]) == 0
    assert "丽水市" in capsys.readouterr().out


def test_markup_in_a_title_is_printed_not_obeyed(tmp_path, capsys):
    path = tmp_path / "plan.yaml"
    path.write_text('base: lishui\ntitle: {zh: "[red]红[/red]", en: "[bold]x"}\n', encoding="utf-8")
    assert main(["run", str(path), "--draws", "5", "--no-causes"]) == 0
    assert "[red]红[/red]" in capsys.readouterr().out
