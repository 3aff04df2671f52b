"""A window that was reloaded is the same window: its work goes on, and its results are still there."""

from __future__ import annotations

import re
import uuid

import streamlit as st

from simvet.screen.service import service

COOKIE = "simvet_browser"
"""A random word by which a browser is known again: it says nothing of its user, and goes when the browser is closed."""
WINDOW = "w"
"""Part of the address that names the window; it holds only together with the browser's cookie."""
_WORD = re.compile(r"^[0-9a-f]{32}$")


def window_of() -> tuple[str, str]:
    """Return the planner's word in this window, and the browser's: known ones after a reload, else new ones.

    Notes
    -----
    Somebody who is sent the address has another browser, and gets a window of their own. Unit: none. Errors: none.
    Source: the address and the cookie.
    """
    browser = st.context.cookies.get(COOKIE)
    if not isinstance(browser, str) or not _WORD.match(browser):
        browser = uuid.uuid4().hex
    window = st.query_params.get(WINDOW, "")
    if not _WORD.match(window) or service().windows.get(window) != browser:
        window = uuid.uuid4().hex
    service().windows.put(window, browser)
    return window, browser


def cookie_script(browser: str) -> str:
    """Return the script that lets a browser keep its word; unit, errors: none; source: RFC 6265."""
    return f"<script>document.cookie = '{COOKIE}={browser}; path=/; SameSite=Strict'</script>"


def has_work(user: str) -> bool:
    """Return whether a planner has work or results that a reload must find again; unit, errors: none; source: them."""
    return user in service().busy
