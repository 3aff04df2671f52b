"""A link that reopens exactly these plans: versioned, compact, signed, and trusted in nothing."""

from __future__ import annotations

import base64
import datetime
import hashlib
import hmac
import json
import math
import os
import re
import secrets
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from simvet.cache import writable
from simvet.edits import Edit, Identity
from simvet.errors import InputError
from simvet.planning.own import own_folder
from simvet.planning.plan import Plan, Setting, Signature

VERSION = "1"
"""Form of the text in a link; another form is refused, never guessed at."""
KEPT = "2"
"""Form of a link to a desk that is too large for an address and lies in simvet's own folder."""
LONGEST = 6_000
"""Letters of a link's text; browsers and proxies carry some 8,000 in an address."""
MOST_KEPT = 1000
"""Desks kept; the oldest goes when another comes, and a link to it says so."""
LARGEST = 1_000_000
"""Bytes that the text may unfold to: every row of a region edited and signed, four times over."""
KEY = 32
"""Bytes of the key."""
LONGEST_WORD = 500
"""Letters of a reason or a name."""
MOST_VARIANTS = 3
"""Scenarios that are kept beside the present one."""
LONGEST_TITLE = 60
INSTEAD = ("Hand on the scenario file instead",)
BROKEN = ("the link is broken", "Copy it whole, or ask for a new one; the base scenario is shown")
_SIGNED = re.compile(r"^([0-9]{1,3})\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{22})$")
_KEPT_NAME = re.compile(r"^[0-9a-f]{32}$")
_NAME = re.compile(r"^[a-z][a-z0-9_]{0,79}$")
_CONTROL = re.compile(r"^[a-z][a-z0-9_]*(:[A-Za-z0-9_ .-]+){0,2}$")


@dataclass(frozen=True)
class Desk:
    """What a link carries: the plan at hand and the scenarios kept beside it.

    Notes
    -----
    Shape: at most MOST_VARIANTS pairs of title and plan. Unit: none. Errors: none. Source: the planner.
    """

    plan: Plan
    variants: tuple[tuple[str, Plan], ...] = ()


def signing_key() -> bytes:
    """Return the key by which links of this server are known.

    Returns
    -------
    bytes; from the environment variable SIMVET_LINK_KEY where several servers share links, else made once and kept in
    simvet's own folder.

    Notes
    -----
    Unit: none. Errors: none; where nothing can be kept, links hold as long as the process. Source: RFC 2104.
    """
    given = os.environ.get("SIMVET_LINK_KEY")
    if given:
        return hashlib.sha256(given.encode()).digest()
    folder = own_folder()
    path = folder / "link.key"
    if not writable(folder.parent):
        return _key_of_process()
    folder.mkdir(mode=0o700, exist_ok=True)
    if not writable(folder):
        return _key_of_process()
    if not path.exists():
        fresh = path.with_name(f".link.{os.getpid()}.{secrets.token_hex(4)}")
        try:
            fresh.touch(mode=0o600)
            fresh.write_bytes(secrets.token_bytes(KEY))
            # The first of several that start at once wins, and all read the same key.
            os.link(fresh, path)
        except OSError:
            pass
        finally:
            fresh.unlink(missing_ok=True)
    # Cut short by a full disk, or no file at all: anybody could sign with a key that is empty.
    held = path.read_bytes() if path.is_file() else b""
    return held if len(held) == KEY else _key_of_process()


_PROCESS_KEY: list[bytes] = []


def _key_of_process() -> bytes:
    if not _PROCESS_KEY:
        _PROCESS_KEY.append(secrets.token_bytes(KEY))
    return _PROCESS_KEY[0]


def clean(text: str, most: int = LONGEST_WORD) -> str:
    """Return what a planner typed or pasted as one line that a link, a page and a file can carry.

    Parameters
    ----------
    text : str.
    most : int, letters.

    Returns
    -------
    str; blanks for tabs and line ends, without letters that cannot be seen or that turn the line around.

    Notes
    -----
    Unit: none. Errors: none. Source: Unicode, general category C.
    """
    seen = "".join(" " if letter.isspace() else letter for letter in text)
    return " ".join("".join(letter for letter in seen if letter.isprintable()).split())[:most]


def write_link(desk: Desk, key: bytes, slot: str = "") -> str:
    """Return the text that stands for a desk in a link.

    Parameters
    ----------
    desk : Desk.
    key : bytes; see :func:`signing_key`.
    slot : str; where given, a desk too large for an address takes the place of the last one under this name, so that a
        planner's every step does not fill the folder.

    Returns
    -------
    str of letters that need no escaping.

    Raises
    ------
    InputError : so much was changed that no address could hold it, and nothing can be kept on this machine.

    Notes
    -----
    Unit: none. A desk that no address could hold is kept in simvet's own folder, and the link names it. Source: JSON,
    zlib and base64url; HMAC-SHA256, cut to 128 bits (RFC 2104).
    """
    said = {"p": _plan_out(desk.plan), "v": [[title, _plan_out(plan)] for title, plan in desk.variants]}
    text = json.dumps(said, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    if len(text.encode()) > LARGEST:
        raise InputError("?s=", "the link would have {length} letters", *INSTEAD, length=len(text))
    try:
        _desk_in(said)
    except (ValueError, TypeError):
        raise InputError("?s=", "a text of the plan cannot stand in a link", *INSTEAD) from None
    packed = zlib.compress(text.encode(), 9)
    link = _signed(VERSION, _base64(packed), key)
    return link if len(link) <= LONGEST else _signed(KEPT, _keep(packed, slot), key)


def _signed(version: str, body: str, key: bytes) -> str:
    return f"{version}.{body}.{_signature(version, body, key)}"


def _keep(packed: bytes, slot: str) -> str:
    """Lay a desk that is too large for an address into the own folder, and return the name that it lies under."""
    folder = own_folder() / ("slots" if slot else "desks")
    name = hashlib.sha256(slot.encode() if slot else packed).hexdigest()[:32]
    path = folder / name
    if not writable(folder):
        raise InputError("?s=", "the link would have {length} letters", *INSTEAD, length=len(packed))
    if path.is_file() and path.read_bytes() == packed:
        path.touch()
        return name
    fresh = folder / f".{name}.{secrets.token_hex(4)}"
    try:
        fresh.write_bytes(packed)
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise InputError("?s=", "the folder cannot be written", *INSTEAD) from None
    kept = sorted(folder.glob("[0-9a-f]*"), key=lambda one: one.stat().st_mtime_ns)
    for old in kept[:-MOST_KEPT]:
        old.unlink(missing_ok=True)
    return name


def _kept(name: str) -> bytes:
    path = next((own_folder() / place / name for place in ("desks", "slots") if _lies(place, name)), None)
    if path is None:
        raise InputError(
            "?s=", "what the link names is no longer here", "Ask for a new link; the base scenario is shown"
        )
    # What is used stays: the oldest by use goes first.
    path.touch()
    return path.read_bytes()


def _lies(place: str, name: str) -> bool:
    return bool(_KEPT_NAME.match(name)) and (own_folder() / place / name).is_file()


def read_link(link: str, key: bytes) -> Desk:
    """Return the desk that a link stands for.

    Parameters
    ----------
    link : str, from an address: anybody may have written it.
    key : bytes; see :func:`signing_key`.

    Returns
    -------
    Desk; its plans are checked in form, the scenario checks what they say.

    Raises
    ------
    InputError : the text is too long, malformed, of another version, or was not signed here.

    Notes
    -----
    Unit: none. Nothing is unfolded before the signature has been checked. Source: see :func:`write_link`.
    """
    if len(link) > LONGEST:
        raise InputError("?s=", "the link is too long", "Ask for a new link; the base scenario is shown")
    parts = _SIGNED.match(link)
    if parts is None:
        raise InputError("?s=", *BROKEN)
    version, body, signature = parts.groups()
    if version not in (VERSION, KEPT):
        raise InputError(
            "?s=", "the link is of version {found}, this program reads {known}",
            "Ask for a new link; the base scenario is shown", found=version, known=VERSION,
        )  # fmt: skip
    if not hmac.compare_digest(signature, _signature(version, body, key)):
        raise InputError(
            "?s=", "the link was changed, or another server made it",
            "Ask for the scenario file; the base scenario is shown",
        )  # fmt: skip
    try:
        packed = _kept(body) if version == KEPT else base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
        unfolding = zlib.decompressobj()
        text = unfolding.decompress(packed, LARGEST)
        if unfolding.unconsumed_tail:
            raise ValueError("too large")
        return _desk_in(json.loads(text))
    except (ValueError, TypeError, KeyError, IndexError, OverflowError, RecursionError, zlib.error):
        raise InputError("?s=", *BROKEN) from None


def _desk_in(said: Any) -> Desk:
    variants = tuple((_title(title), _plan_in(plan)) for title, plan in said["v"][:MOST_VARIANTS])
    return Desk(_plan_in(said["p"]), variants)


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _signature(version: str, body: str, key: bytes) -> str:
    return _base64(hmac.new(key, f"{version}.{body}".encode(), hashlib.sha256).digest()[:16])


def _plan_out(plan: Plan) -> list[Any]:
    return [
        plan.scenario, plan.as_of,
        [[s.control, s.value, s.start, s.end, int(s.ramp)] for s in plan.settings],
        [[list(e.row), e.value, e.low, e.high, e.reason] for e in plan.edits],
        [[list(s.row), s.owner, s.signed_on, s.signed_by] for s in plan.signatures],
    ]  # fmt: skip


def _plan_in(said: Sequence[Any]) -> Plan:
    scenario, as_of, settings, edits, signatures = said
    if not _NAME.match(_text(scenario)):
        raise ValueError("scenario")
    return Plan(
        scenario,
        tuple(Setting(_control(c), _number(v), _whole(a), _maybe(b), bool(r)) for c, v, a, b, r in settings),
        tuple(Edit(_row(r), _number(v), _number(lo), _number(hi), _text(why)) for r, v, lo, hi, why in edits),
        tuple(Signature(_row(r), _text(o), _day(on), _text(by)) for r, o, on, by in signatures),
        _maybe(as_of),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_WORD or not value.isprintable():
        raise ValueError("text")
    return value


def _day(value: Any) -> str:
    if _text(value):
        datetime.date.fromisoformat(value)
    return str(value)


def _title(value: Any) -> str:
    return _text(value)[:LONGEST_TITLE]


def _control(value: Any) -> str:
    if not _CONTROL.match(_text(value)):
        raise ValueError("control")
    return str(value)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("number")
    return float(value)


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("year")
    return value


def _maybe(value: Any) -> int | None:
    return None if value is None else _whole(value)


def _row(value: Any) -> Identity:
    region, year, indicator, stage, track, definition, use = value
    return (
        _text(region), _whole(year), _text(indicator), _text(stage), _text(track), _text(definition), _text(use)
    )  # fmt: skip
