"""A planner without a browser: speaks the protocol of the page, and answers for what a browser would send."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
import urllib.request
from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from benchmarks.screen.hands import Hand, Slider, link_to
from simvet.errors import InputError
from simvet.planning.link import read_link, signing_key
from simvet.planning.plan import Plan

BOARD = re.compile(r'data-digest="([0-9a-f]+)" data-draws="(\d+)" data-searched="(\d)"')
LEVER = "lever|"
PATIENCE = 30.0
"""Seconds after which a board that has not come is an error."""
FIRST_PATIENCE = 120.0
"""The same for the first page, which may wait for compiled code."""
KEPT_MESSAGES = 50
"""Large messages that a browser keeps; the server then sends their name only."""
FINISHED = ForwardMsg.ScriptFinishedStatus
STATES: dict[str, Callable[[Any, WidgetState], None]] = {
    "slider": lambda e, s: s.double_array_value.data.extend(e.value if e.set_value else e.default),
    "selectbox": lambda e, s: setattr(s, "string_value", e.raw_value if e.set_value else e.options[e.default]),
    "text_input": lambda e, s: setattr(s, "string_value", e.value if e.set_value else e.default),
    "button_group": lambda e, s: s.string_array_value.data.extend(
        e.raw_values if e.set_value else [e.options[place].content for place in e.default]
    ),
}
"""Kind of widget -> what a browser says of one that nobody has touched; buttons say nothing."""


class Planner:
    """One user with an open page.

    Parameters
    ----------
    address : str
        Of the server, ``http://...``.
    scenario : str
        That the user has open, through a link.
    hand : Hand
        Draws the moves.
    """

    def __init__(self, address: str, scenario: str, hand: Hand) -> None:
        self.address, self.scenario, self.hand = address, scenario, hand
        self.plan = Plan(scenario)
        self.before = self.plan
        self.latencies: list[float] = []
        self.moved_at: list[float] = []
        self.bodies: list[float] = []
        self.errors: Counter[str] = Counter()
        self.mixed = 0
        self.seen = Counter[str]()
        self.sharpened: set[str] = set()
        self._socket: ClientConnection | None = None
        self._query = f"s={link_to(scenario)}"
        self._page = ""
        self._states: dict[str, WidgetState] = {}
        self._sliders: dict[str, Any] = {}
        self._active: set[str] = set()
        self._cache: OrderedDict[str, ForwardMsg] = OrderedDict()
        self._timers: dict[str, tuple[float, asyncio.Task[None]]] = {}
        self._reader: asyncio.Task[None] | None = None
        self._board, self._finished = asyncio.Event(), asyncio.Event()
        self._waiting, self._full = "", False

    async def open(self) -> None:
        """Open the page and wait until it stands."""
        token = await asyncio.to_thread(self._token)
        self._socket = await connect(
            self.address.replace("http", "ws", 1) + "/_stcore/stream",
            subprotocols=["streamlit", token],  # type: ignore[list-item]
            additional_headers={"Origin": self.address, "Cookie": f"_streamlit_xsrf={token}"},
            max_size=None,
            compression="deflate",
        )
        self._reader = asyncio.create_task(self._read())
        self._expect(self.plan)
        await self._send()
        await asyncio.wait_for(self._finished.wait(), FIRST_PATIENCE)
        if not self._board.is_set():
            raise RuntimeError("the page has no board of the scenario")

    async def close(self) -> None:
        """Close the page."""
        self._stop_timers()
        if self._reader is not None:
            self._reader.cancel()
        if self._socket is not None:
            await self._socket.close()

    async def move(self) -> bool:
        """Move a slider, and wait for the board of the new plan; return whether it came."""
        sliders = [self._shown(key) for key in self._active_levers()]
        lever, shown, after = self.hand.next_move(self.plan, sliders)
        key = next(key for key in self._active_levers() if key.split("|")[1] == lever)
        state = self._states[self._sliders[key].id]
        state.double_array_value.ClearField("data")
        state.double_array_value.data.append(shown)
        self._expect(after)
        begun = time.perf_counter()
        try:
            await self._send()
            await asyncio.wait_for(self._board.wait(), PATIENCE)
            self.latencies.append(time.perf_counter() - begun)
            self.moved_at.append(begun)
            await asyncio.wait_for(self._finished.wait(), PATIENCE)
            self.bodies.append(time.perf_counter() - begun)
        except TimeoutError:
            self.errors["no board in time"] += 1
            return False
        except ConnectionClosed:
            self.errors["connection closed"] += 1
            return False
        return True

    def _expect(self, plan: Plan) -> None:
        self.before, self.plan, self._waiting = self.plan, plan, plan.digest
        self._board.clear()
        self._finished.clear()

    def _token(self) -> str:
        with urllib.request.urlopen(f"{self.address}/_stcore/health", timeout=30) as answer:  # noqa: S310 - our own server
            cookies = answer.headers.get_all("set-cookie") or []
        found = [c.split(";")[0].partition("=")[2] for c in cookies if c.startswith("_streamlit_xsrf=")]
        return found[0] if found else "PLACEHOLDER_AUTH_TOKEN"

    def _active_levers(self) -> list[str]:
        return [key for key, slider in self._sliders.items() if slider.id in self._states]

    def _shown(self, key: str) -> Slider:
        slider = self._sliders[key]
        value = self._states[slider.id].double_array_value.data[0]
        return Slider(key.split("|")[1], slider.min, slider.max, slider.step, value)

    async def _send(self, fragment: str = "") -> None:
        message = BackMsg()
        rerun = message.rerun_script
        rerun.query_string, rerun.page_script_hash, rerun.fragment_id = self._query, self._page, fragment
        rerun.is_auto_rerun = bool(fragment)
        rerun.widget_states.widgets.extend(self._states.values())
        rerun.cached_message_hashes.extend(self._cache)
        rerun.context_info.timezone, rerun.context_info.locale = "Asia/Shanghai", "zh-CN"
        rerun.context_info.timezone_offset, rerun.context_info.url = -480, f"{self.address}/"
        rerun.context_info.is_embedded, rerun.context_info.color_scheme = False, "light"
        if self._socket is not None:
            await self._socket.send(message.SerializeToString())

    async def _read(self) -> None:
        if self._socket is None:
            return
        try:
            async for raw in self._socket:
                message = ForwardMsg()
                message.ParseFromString(raw)
                self._take(message)
        except ConnectionClosed:
            self.errors["connection closed"] += 1

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "ref_hash":
            if message.ref_hash not in self._cache:
                self.errors["unknown reference"] += 1
                return
            self._cache.move_to_end(message.ref_hash)
            message, kind = self._cache[message.ref_hash], "delta"
        elif message.metadata.cacheable:
            self._cache[message.hash] = message
            while len(self._cache) > KEPT_MESSAGES:
                self._cache.popitem(last=False)
        if kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            self._element(message.delta.new_element)
        elif kind == "new_session":
            self._full = not message.metadata.run.fragment_ids
            self.seen["page" if self._full else "fragment"] += 1
            if self._full:
                self._page = message.new_session.page_script_hash
                self._active.clear()
                self._stop_timers()
        elif kind == "page_info_changed":
            self._query = message.page_info_changed.query_string
            self._check_link()
        elif kind == "auto_rerun":
            self._start_timer(message.auto_rerun.fragment_id, message.auto_rerun.interval)
        elif kind == "stop_auto_rerun":
            for fragment in message.stop_auto_rerun.fragment_ids:
                self._stop_timers(fragment)
        elif kind == "script_finished":
            self._end(message.script_finished)

    def _end(self, how: int) -> None:
        if how == FINISHED.Value("FINISHED_WITH_COMPILE_ERROR"):
            self.errors["script does not compile"] += 1
        if how != FINISHED.Value("FINISHED_SUCCESSFULLY") or not self._full:
            return
        self._states = {name: state for name, state in self._states.items() if name in self._active}
        if self._board.is_set():
            self._finished.set()

    def _element(self, element: Any) -> None:
        kind = element.WhichOneof("type")
        said = getattr(element, kind)
        if kind == "html":
            self._look_at(said.body)
        elif kind == "exception" or (kind == "alert" and said.format == Alert.ERROR):
            self.errors["error on the page"] += 1
        elif kind in STATES:
            self._active.add(said.id)
            if kind == "slider" and LEVER in said.id:
                self._sliders[said.id[said.id.index(LEVER) :]] = said
            if said.set_value or said.id not in self._states:
                state = WidgetState(id=said.id)
                STATES[kind](said, state)
                self._states[said.id] = state

    def _look_at(self, body: str) -> None:
        found = BOARD.search(body)
        if found is None:
            return
        digest, draws, searched = found.groups()
        self.seen["board"] += 1
        if digest == self._waiting:
            self._board.set()
            if int(draws) > 40 or searched == "1":
                self.sharpened.add(digest)
        elif self._board.is_set() or digest != self.before.digest:
            # A page that was being drawn when the lever moved may still show the plan before; nothing else may.
            self.mixed += 1

    def _check_link(self) -> None:
        link = parse_qs(self._query).get("s")
        try:
            plan = read_link(link[0], signing_key()).plan if link else Plan("zhejiang")
        except InputError:
            self.errors["broken link"] += 1
            return
        if plan.digest not in (self.plan.digest, self.before.digest):
            self.mixed += 1

    def _start_timer(self, fragment: str, interval: float) -> None:
        held = self._timers.get(fragment)
        if held is not None and held[0] == interval:
            return
        self._stop_timers(fragment)
        self._timers[fragment] = (interval, asyncio.create_task(self._tick(fragment, interval)))

    async def _tick(self, fragment: str, interval: float) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await asyncio.sleep(interval)
                await self._send(fragment)

    def _stop_timers(self, fragment: str | None = None) -> None:
        for name in list(self._timers) if fragment is None else [fragment]:
            if name in self._timers:
                self._timers.pop(name)[1].cancel()
