"""The planner's page answers in both languages."""

from pathlib import Path

from streamlit.testing.v1 import AppTest

APP = str(Path(__file__).parents[2] / "app.py")


def test_the_page_opens_in_chinese_with_zhejiangs_headline_targets():
    page = AppTest.from_file(APP, default_timeout=120).run()
    assert not page.exception
    assert page.metric[0].label == "中职学生直接升入高一级学校比例"
    assert page.metric[0].value.endswith("%")
    assert not page.markdown


def test_another_region_and_english_give_other_verdicts():
    page = AppTest.from_file(APP, default_timeout=120).run()
    page.selectbox[0].set_value("zhoushan").run()
    chinese = [metric.label for metric in page.metric]
    page.radio[0].set_value("en").run()
    english = [metric.label for metric in page.metric]
    assert not page.exception
    assert "中等职业教育（含技工）学位供给量" in chinese
    assert "secondary vocational places" in english
