"""A link says what it said when it was made, or it says nothing."""

import base64
import json
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simvet.edits import Edit, identity_of
from simvet.errors import InputError
from simvet.planning.link import LONGEST, Desk, _signed, clean, read_link, signing_key, write_link
from simvet.planning.own import own_folder
from simvet.planning.plan import Plan, Setting, Signature
from simvet.screen.signing import register_of

KEY = b"k" * 32
ROW = ("zhejiang", 2020, "dropout_rate", "secondary_vocational", "", "all", "quantity")
PLAN = (
    Plan("zhejiang", as_of=2024)
    .with_setting(Setting("general_seats", 1.05, 2024, 2028, True))
    .with_setting(Setting("project:new_school", -0.5, 2017))
    .with_edit(Edit(ROW, 0.03, 0.01, 0.05, "数一数：3 %"))
    .with_signature(Signature(ROW, "教育局", "2026-01-31", "王"))
)
DESK = Desk(PLAN, (("甲", Plan("zhejiang")), ("乙", PLAN), ("丙", PLAN)))


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SIMVET_CACHE", str(tmp_path))


def forged(said: object, key: bytes = KEY) -> str:
    """Return a link that is signed but says whatever its maker wants."""
    packed = zlib.compress(json.dumps(said).encode())
    return _signed("1", base64.urlsafe_b64encode(packed).decode().rstrip("="), key)


def test_a_link_reopens_exactly_this_desk():
    link = write_link(DESK, KEY)
    assert read_link(link, KEY) == DESK
    assert len(link) < 900
    assert link == write_link(DESK, KEY)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_letter_changed_anywhere_voids_the_link(data):
    link = write_link(DESK, KEY)
    place = data.draw(st.integers(0, len(link) - 1))
    other = data.draw(st.characters(codec="ascii", min_codepoint=33).filter(lambda c: c != link[place]))
    with pytest.raises(InputError):
        read_link(link[:place] + other + link[place + 1 :], KEY)


@given(st.text(max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_text_is_refused_in_words(text):
    with pytest.raises(InputError):
        read_link(text, KEY)


def test_a_link_of_another_server_is_refused_and_says_so():
    with pytest.raises(InputError, match="another server"):
        read_link(write_link(DESK, b"other" * 8), KEY)


def test_a_link_of_another_version_is_refused_and_says_so():
    _, body, signature = write_link(DESK, KEY).split(".")
    with pytest.raises(InputError, match="version 7"):
        read_link(f"7.{body}.{signature}", KEY)


def test_a_link_that_is_too_long_is_refused_before_it_is_looked_at():
    with pytest.raises(InputError, match="too long"):
        read_link("1." + "A" * LONGEST + ".x", KEY)


def test_what_unfolds_beyond_all_measure_is_refused():
    bomb = base64.urlsafe_b64encode(zlib.compress(b"[" * 50_000_000)).decode().rstrip("=")
    if len(bomb) > LONGEST - 40:
        bomb = base64.urlsafe_b64encode(zlib.compress(b" " * 3_000_000, 9)).decode().rstrip("=")
    with pytest.raises(InputError, match="broken"):
        read_link(_signed("1", bomb, KEY), KEY)


@pytest.mark.parametrize(
    "said",
    [
        [], {}, {"p": [], "v": []}, {"p": ["../../etc/passwd", None, [], [], []], "v": []},
        {"p": ["zhejiang", "2024", [], [], []], "v": []},
        {"p": ["zhejiang", None, [["x", True, 2024, None, 0]], [], []], "v": []},
        {"p": ["zhejiang", None, [["x", 1e999, 2024, None, 0]], [], []], "v": []},
        {"p": ["zhejiang", None, [["__class__", 1, 2024, None, 0]], [], []], "v": []},
        {"p": ["zhejiang", None, [], [[["a"], 1, 1, 1, "x"]], []], "v": []},
        {"p": ["zhejiang", None, [], [], []], "v": [["t\u0000", ["zhejiang", None, [], [], []]]]},
        {"p": ["zhejiang", None, [], [], []], "v": 5},
        {"p": ["zhejiang", None, [["x", 10**400, 2024, None, 0]], [], []], "v": []},
        {"p": ["zhejiang", None, [], [], [[list(ROW), "a", "2026-99-99", "b"]]], "v": []},
        {"p": ["zhejiang", None, [], [[list(ROW), 0.1, 0.1, 0.1, "turned \u202e round"]], []], "v": []},
        {"p": ["zhejiang", None, [["x" * 600, 1, 1, None, 0]], [], []], "v": []},
    ],
)  # fmt: skip
def test_even_a_signed_link_is_read_as_if_anybody_had_written_it(said):
    with pytest.raises(InputError, match="broken"):
        read_link(forged(said), KEY)


def test_a_desk_too_large_for_an_address_is_kept_in_the_own_folder():
    plan = PLAN
    for number in range(400):
        row = (*ROW[:1], 1000 + number, f"q{number * 7919 % 10007}", *ROW[3:])
        plan = plan.with_signature(Signature(row, f"{number * 104729 % 99991}", "2026-01-31", f"{number**5}"))
    link = write_link(Desk(plan), KEY)
    assert len(link) < 80
    assert link.startswith("2.")
    assert read_link(link, KEY) == Desk(plan)
    (kept,) = (own_folder() / "desks").iterdir()
    kept.unlink()
    with pytest.raises(InputError, match="no longer here"):
        read_link(link, KEY)
    with pytest.raises(InputError):
        read_link(_signed("2", "..-..-etc-passwd", KEY), KEY)


def test_the_key_is_made_once_private_and_shared_by_name(monkeypatch):
    first = signing_key()
    assert signing_key() == first
    assert len(first) == 32
    path = own_folder() / "link.key"
    assert path.stat().st_mode & 0o077 == 0
    monkeypatch.setenv("SIMVET_LINK_KEY", "ours")
    assert signing_key() != first
    assert signing_key() == signing_key()


def test_what_cannot_be_read_back_is_never_written():
    for reason in ("two\nlines", "x" * 501, "tab\there"):
        plan = Plan("zhejiang").with_edit(Edit(ROW, 0.03, 0.01, 0.05, reason))
        with pytest.raises(InputError, match="cannot stand in a link"):
            write_link(Desk(plan), KEY)


def test_every_assumption_of_a_region_signed_fits_with_three_scenarios_beside():
    plan = Plan("zhejiang")
    for row in register_of(plan).assumed:
        signed = Signature(identity_of(row), "浙江省教育厅职业教育与成人教育处", "2026-01-31", "王某某")
        plan = plan.with_signature(signed)
    desk = Desk(plan, (("一", plan), ("二", plan), ("三", plan)))
    assert read_link(write_link(desk, KEY), KEY) == desk


def test_a_planners_steps_take_one_place_and_push_out_nobodys_link():
    plan = PLAN
    for number in range(400):
        row = (*ROW[:1], 1000 + number, f"q{number * 7919 % 10007}", *ROW[3:])
        plan = plan.with_signature(Signature(row, f"{number * 104729 % 99991}", "2026-01-31", f"{number**5}"))
    handed_on = write_link(Desk(plan), KEY)
    for step in range(5):
        last = Desk(plan.with_setting(Setting("general_seats", 1.0 + step / 100, 2024)))
        link = write_link(last, KEY, "planner one")
    assert read_link(link, KEY) == last
    assert read_link(handed_on, KEY) == Desk(plan)
    assert len(list((own_folder() / "slots").iterdir())) == 1


@pytest.mark.parametrize("held", [b"", b"short"])
def test_a_key_that_was_cut_short_signs_nothing(held, tmp_path):
    path = own_folder() / "link.key"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(held)
    assert len(signing_key()) == 32
    assert signing_key() not in (held, b"")


def test_what_a_planner_pastes_becomes_one_line_that_a_link_carries():
    pasted = "教育局\t职成处\r\n\x07 \u202e王"
    assert clean(pasted) == "教育局 职成处 王"
    plan = Plan("zhejiang").with_signature(Signature(ROW, clean(pasted), "2026-01-31", clean("x" * 9999)))
    assert read_link(write_link(Desk(plan), KEY), KEY) == Desk(plan)
