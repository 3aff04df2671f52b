"""The first look: Zhejiang already computed, in Chinese, in a font that comes with the server."""

from planner import BOARD, SOON

from simvet.screen.settings import FONT, FONT_ADDRESS

DISTINCT = """
text => {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 40;
  const pen = canvas.getContext('2d', {willReadFrequently: true});
  pen.font = getComputedStyle(document.querySelector('table.board')).font;
  const drawn = [...text].map(letter => {
    pen.clearRect(0, 0, 40, 40);
    pen.fillText(letter, 8, 28);
    return pen.getImageData(0, 0, 40, 40).data.filter((_, place) => place % 4 === 3).join();
  });
  const widths = [...text].map(letter => pen.measureText(letter).width);
  return [new Set(drawn).size, Math.min(...widths), drawn.some(one => !/[1-9]/.test(one))];
}
"""
"""How many pictures some letters give, the narrowest, and whether one is empty: unknown letters all look alike."""


def test_the_first_visit_shows_zhejiang_already_computed_in_chinese(planner):
    planner.open()
    assert planner.page.locator("html").get_attribute("lang") == "zh-CN"
    assert planner.headings.first.inner_text() == "浙江省·基准"
    told = planner.board.locator("tbody tr.headline")
    assert told.count() >= 5
    assert "中职学生直接升入高一级学校比例" in told.first.inner_text()
    assert planner.changes == ["没有改动。"]
    assert not planner.alerts
    assert planner.widget("undo").locator("button").is_disabled()
    assert planner.widget("reset").locator("button").is_disabled()


def test_chinese_is_drawn_in_the_font_of_the_server(visit):
    planner, asked = visit(fresh=True), []
    planner.page.on("response", lambda answer: asked.append((answer.url, answer.status)))
    planner.open()
    planner.page.evaluate("() => document.fonts.ready")
    assert (f"{planner.address}/{FONT_ADDRESS}", 200) in asked
    assert planner.page.evaluate(f"() => document.fonts.check('16px \"{FONT}\"', '职业教育')")
    loaded = "() => [...document.fonts].filter(f => f.status === 'loaded').map(f => f.family.replaceAll('\"', ''))"
    assert FONT in planner.page.evaluate(loaded)
    for place in (BOARD, '[data-testid="stSidebar"] button p', '[data-testid="stSlider"] label p'):
        family = planner.page.locator(place).first.evaluate("part => getComputedStyle(part).fontFamily")
        assert family.replace('"', "").startswith(FONT), place
    letters = "职业教育承载力舟山规划"
    different, narrowest, empty = planner.page.evaluate(DISTINCT, letters)
    assert (different, empty) == (len(letters), False)
    assert narrowest > 8


def test_the_answer_sharpens_by_itself_and_the_slider_stays(planner):
    planner.open().move("college_seats_for_vocational", *["ArrowRight"] * 3)
    digest = planner.digest
    assert planner.board.get_attribute("data-draws") == "40"
    for draws, searched in (("500", "0"), ("500", "1")):
        planner.page.wait_for_selector(f"{BOARD}[data-draws='{draws}'][data-searched='{searched}']", timeout=2 * SOON)
        assert planner.digest == digest
        assert planner.slider("college_seats_for_vocational").input_value() == "3"
    assert "+3.0 百分点" in planner.changes[0]
    assert planner.board.locator(".faint").count() == 0
