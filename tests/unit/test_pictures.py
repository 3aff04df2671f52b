"""The archive of pictures: every picture twice, letters as outlines, equal runs equal bytes."""

import io
import zipfile
from dataclasses import replace

import pytest
from lxml import etree
from PIL import Image

from simvet.report.pictures import headline_pictures, picture_files, zip_files
from simvet.result import simulate


@pytest.fixture(scope="module")
def run():
    result = simulate("zhoushan", 60, 1)
    return result, result.verdicts(causes=False)


@pytest.fixture(scope="module", params=["zh", "en"])
def pictures(request, run):
    return request.param, picture_files(*run, request.param)


def test_board_fans_and_limits_come_as_png_and_svg(pictures, run):
    _, files = pictures
    stems = {name.rsplit(".", 1)[0] for name in files}
    assert {f"{stem}.{ending}" for stem in stems for ending in ("png", "svg")} == set(files)
    heads = {(v.reading, v.target.stage) for v in run[1] if v.headline and v.target.kind != "baseline"}
    assert "board" in stems and sum(stem.startswith("fan_") for stem in stems) == len(heads) > 0
    assert "binding_zhoushan_secondary_vocational" in stems


def test_every_file_is_what_its_name_says(pictures):
    _, files = pictures
    for name, content in files.items():
        if name.endswith(".png"):
            image = Image.open(io.BytesIO(content))
            assert image.format == "PNG" and image.size[0] > 900
            darkest, lightest = image.convert("L").getextrema()
            assert darkest < 100 and lightest == 255
        else:
            tags = {
                etree.QName(node).localname
                for node in etree.fromstring(content).iter()
                if node.tag is not etree.Comment
            }
            assert "path" in tags and "text" not in tags, name


def test_equal_runs_are_equal_bytes_and_the_archive_holds_every_file(pictures, run):
    language, files = pictures
    assert picture_files(*run, language) == files
    packed = zip_files(files)
    assert packed == zip_files(dict(reversed(files.items())))
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == files


def test_names_that_would_be_formulas_are_drawn_as_they_stand(run):
    result, verdicts = run
    labels = dict.fromkeys(("zh", "en"), "$\\frac{ <script> \x07" + "长" * 300)
    hostile = replace(result, scenario=replace(result.scenario, labels=labels))
    marked = [replace(v, target=replace(v.target, labels=labels)) for v in verdicts if v.headline]
    files = picture_files(hostile, marked, "en")
    assert files and all(name.replace("_", "").replace(".", "").isalnum() for name in files)
    assert all(
        len(caption) > 5 and picture[1:4] == b"PNG" for caption, picture in headline_pictures(hostile, marked, "en")
    )


def test_a_run_without_targets_has_pictures_of_its_limits(run):
    assert all(name.startswith("binding_") for name in picture_files(run[0], [], "zh"))
    assert headline_pictures(run[0], [], "zh") == []


def test_a_warning_stands_at_the_foot_of_every_picture_and_covers_nothing(run):
    result, verdicts = run
    plain = picture_files(result, verdicts[:6], "zh")
    marked = picture_files(result, verdicts[:6], "zh", "【未审签】3 项假定数据中有 2 项尚未审签")
    assert plain.keys() == marked.keys()
    for name in plain:
        if name.endswith(".svg"):
            assert b'id="mark"' in marked[name], name
            assert b'id="mark"' not in plain[name]
        else:
            image = Image.open(io.BytesIO(marked[name])).convert("RGB")
            foot = image.crop((0, image.height - 30, image.width, image.height))
            colours = {colour for _, colour in foot.getcolors(100_000)}
            assert (179, 71, 0) in colours, name
