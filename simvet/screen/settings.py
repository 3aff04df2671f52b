"""How the server is set: local, closed, quiet, and quick for many users at once."""

from __future__ import annotations

FONT = "Noto Sans SC simvet"
FONT_ADDRESS = "simvet-font.ttf"
"""Where the server hands out the font: its own address, never a font host."""
MOST_UPLOAD = 5
"""Megabytes of a file that a planner may send."""
SETTINGS: dict[str, object] = {
    # Collecting garbage after every script run stops all users for as long: measured, 5.8 s against 0.08 s.
    "runner.postScriptGC": False,
    "runner.magicEnabled": False,
    "runner.fastReruns": True,
    "server.fileWatcherType": "none",
    "server.headless": True,
    "server.maxUploadSize": MOST_UPLOAD,
    "server.enableXsrfProtection": True,
    "server.enableCORS": True,
    "server.enableStaticServing": False,
    "server.showEmailPrompt": False,
    "server.disconnectedSessionTTL": 60,
    "browser.gatherUsageStats": False,
    "client.toolbarMode": "viewer",
    "client.showErrorDetails": "none",
    "client.showErrorLinks": False,
    "client.showSidebarNavigation": True,
    # The tables' own CSV would carry a text that begins with "=" on as a live formula; the Excel book does not.
    "client.disableDataExport": True,
    "theme.base": "light",
    "theme.font": f'"{FONT}", sans-serif',
    "theme.headingFont": f'"{FONT}", sans-serif',
    # Blue of Okabe & Ito: told apart by colour-blind readers, and dark enough on white.
    "theme.primaryColor": "#005A94",
    "theme.backgroundColor": "#FFFFFF",
    "theme.secondaryBackgroundColor": "#F2F5F8",
    "theme.textColor": "#1A1A1A",
    "theme.baseFontSize": 15,
}
"""Option of Streamlit -> value; an option given on the command line wins."""
UNSET = "<default>"
"""What Streamlit answers when asked where an option was set that nobody set."""
ADDRESS, PORT = "127.0.0.1", 8501
"""Only this machine sees the screen unless its user says otherwise."""


def apply_settings() -> None:
    """Set the server, where the user has not set it otherwise.

    Notes
    -----
    Unit: see SETTINGS. Errors: none. Source: measurements quoted in ``benchmarks/README.md``.
    """
    from streamlit import config  # noqa: PLC0415

    for name, value in {**SETTINGS, "server.address": ADDRESS}.items():
        if config.get_where_defined(name) == UNSET:
            config.set_option(name, value, "simvet")
