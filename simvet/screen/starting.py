"""Start the screen: the server with its settings, and the browser once it listens."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import webbrowser
from pathlib import Path

from simvet.errors import InputError
from simvet.screen.settings import SETTINGS

START = Path(__file__).parent / "start.py"
PATIENCE = 60.0
"""Seconds in which the server has to listen before no browser is opened."""


def options_of(address: str, port: int) -> list[str]:
    """Return the settings of the server as options of Streamlit's command line.

    Parameters
    ----------
    address : str.
    port : int.

    Returns
    -------
    list of str.

    Notes
    -----
    Unit: none. Errors: none. Given as options because a settings file is only read from the folder one happens to be
    in. The server's own address is named so that it does not ask another machine for it. Source: SETTINGS.
    """
    named = {**SETTINGS, "server.address": address, "server.port": port, "browser.serverAddress": "localhost"}
    return [f"--{name}={str(value).lower() if isinstance(value, bool) else value}" for name, value in named.items()]


def start_screen(address: str, port: int, browser: bool) -> int:
    """Run the server until it is stopped.

    Parameters
    ----------
    address : str; who can see the screen.
    port : int.
    browser : bool; open one.

    Returns
    -------
    int; exit code of the server.

    Raises
    ------
    InputError : the port is taken, or the address is none of this machine's.

    Notes
    -----
    Unit: none. Source: Streamlit's command line.
    """
    _require_free(address, port)
    if browser:
        threading.Thread(target=_open_when_ready, args=(port,), daemon=True).start()
    command = [sys.executable, "-m", "streamlit", "run", str(START), *options_of(address, port)]
    # Pools of memory for each thread would grow with every visitor; two are as quick.
    surroundings = {"MALLOC_ARENA_MAX": "2", **os.environ}
    server = subprocess.Popen(command, env=surroundings)  # noqa: S603 - our own command, its options are checked
    # Whoever stops this program means the server.
    signal.signal(signal.SIGTERM, lambda *_: server.terminate())
    try:
        return server.wait()
    except KeyboardInterrupt:
        server.wait()
        return 0


def _require_free(address: str, port: int) -> None:
    if not address.strip():
        # An empty address would mean every one of this machine's.
        raise InputError("--address", "{address!r} is no address", "Write one, such as 127.0.0.1", address=address)
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
    except socket.gaierror:
        raise InputError(
            "--address", "{address!r} is no address", "Write one, such as 127.0.0.1", address=address
        ) from None
    except (OSError, OverflowError):
        raise InputError(
            "--port", "{address}:{port} cannot be used", "Choose another --port, or an --address of this machine",
            address=address, port=port,
        ) from None  # fmt: skip


def _open_when_ready(port: int) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                webbrowser.open(f"http://localhost:{port}")
                return
        time.sleep(0.2)
