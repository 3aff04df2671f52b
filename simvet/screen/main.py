"""The entrance: settings of the page, the frame around it, and the page that was asked for."""

from __future__ import annotations

from pathlib import Path

PAGES = Path(__file__).parent / "entries"
ICON = Path(__file__).parent / "icon.png"
NAMES = ("overview", "students", "capacity", "targets", "solve", "influence", "people", "data", "takeaway")
"""The pages in their order; each is a file of ``entries/`` and a title in the catalogue."""


def main() -> None:
    """Draw the page that was asked for; unit: on it; errors: told on it; source: the planner's desk."""
    import streamlit as st  # noqa: PLC0415

    from simvet.errors import InputError, SimvetError  # noqa: PLC0415
    from simvet.report.wording import complain  # noqa: PLC0415
    from simvet.screen.frame import open_frame  # noqa: PLC0415
    from simvet.screen.session import keep_address  # noqa: PLC0415

    st.set_page_config(page_title="simvet", page_icon=str(ICON), layout="wide", initial_sidebar_state="auto")
    desk = open_frame()
    pages = [st.Page(PAGES / f"{name}.py", title=desk.say(f"page_{name}"), default=name == NAMES[0]) for name in NAMES]
    page = st.navigation(pages)
    keep_address(desk)
    try:
        page.run()
    except InputError as error:
        st.error(complain(error, desk.language))
    except SimvetError:
        st.error(desk.say("run_failed"))


# A worker process looks at this file again under another name: it must not draw, nor load what it does not need.
if __name__ == "__main__":
    main()
