"""The server: Streamlit's own, with the font beside it, the page told its language, and nothing from elsewhere."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from simvet.report.fonts import FONT_PATH
from simvet.screen.main import NAMES
from simvet.screen.service import close_service, warm_up
from simvet.screen.settings import FONT, FONT_ADDRESS, apply_settings

MAIN = Path(__file__).parent / "main.py"
POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' ws: wss: blob:; "
    "style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline' 'unsafe-eval' 'wasm-unsafe-eval' blob:; "
    "worker-src 'self' blob:; frame-src 'self' blob: data:; object-src 'none'; base-uri 'self'; frame-ancestors 'self'"
)
"""The browser itself refuses every address but the server's own."""
HEADERS = {
    "content-security-policy": POLICY, "referrer-policy": "same-origin", "x-content-type-options": "nosniff",
}  # fmt: skip
# Opened at the address of a page, the browser would look for the server below that address first, in vain.
AT_THE_ROOT = (
    "<script>window.__streamlit={BACKEND_BASE_URL:location.origin,MAIN_PAGE_BASE_URL:location.origin}</script>"
)
HEAD = (
    f"<style>@font-face{{font-family:'{FONT}';src:url('/{FONT_ADDRESS}') format('truetype');font-display:swap}}"
    f"</style>{AT_THE_ROOT}<title>simvet</title></head>"
)


async def _font(request: Request) -> Response:
    del request
    return FileResponse(FONT_PATH, media_type="font/ttf", headers={"cache-control": "public, max-age=31536000"})


class Closed:
    """Middleware: headers that keep the page to its own server, and a page that says which language it is in."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass a request on, and change what comes back."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start: dict[str, Any] = {}
        body = bytearray()

        async def changed(message: Any) -> None:
            if message["type"] == "http.response.start":
                named = {key.lower(): value for key, value in message["headers"]}
                extra = [(key.encode(), value.encode()) for key, value in HEADERS.items() if key.encode() not in named]
                message["headers"] = [*message["headers"], *extra]
                page = named.get(b"content-type", b"").startswith(b"text/html")
                if page and b"content-encoding" not in named:
                    start.update(message)
                    return
            if message["type"] == "http.response.body" and start:
                body.extend(message.get("body", b""))
                if message.get("more_body"):
                    return
                whole = _in_chinese(bytes(body))
                kept = [(k, v) for k, v in start["headers"] if k.lower() not in (b"content-length", b"etag")]
                start["headers"] = [*kept, (b"content-length", str(len(whole)).encode())]
                await send(dict(start))
                await send({"type": "http.response.body", "body": whole})
                start.clear()
                return
            await send(message)

        await self.app(_unpacked(scope), receive, changed)


def _unpacked(scope: Any) -> Any:
    """Return a request for a page so that its answer comes as plain text, which can be changed."""
    if scope["path"].strip("/") not in ("", *NAMES):
        return scope
    return {**scope, "headers": [(k, v) for k, v in scope["headers"] if k.lower() != b"accept-encoding"]}


def _in_chinese(page: bytes) -> bytes:
    return page.replace(b'<html lang="en">', b'<html lang="zh-CN">', 1).replace(b"</head>", HEAD.encode(), 1)


def dressing() -> dict[str, Any]:
    """Return what the server adds to Streamlit's own: the font's address and the closed door.

    Returns
    -------
    dict of arguments for ``st.App``.

    Notes
    -----
    Unit: none. Errors: none. Settings are applied on the way, before the server starts. Source: Streamlit's
    documentation of ``st.App``.
    """
    apply_settings()
    return {
        "routes": [Route(f"/{FONT_ADDRESS}", _font)], "middleware": [Middleware(Closed)], "lifespan": _while_it_runs,
    }  # fmt: skip


@asynccontextmanager
async def _while_it_runs(app: object) -> AsyncIterator[None]:
    """Compute the first region in the background while the server starts."""
    del app
    threading.Thread(target=warm_up, daemon=True).start()
    yield
    close_service()
