"""The planner's screen. Start it with ``simvet app``, or with ``streamlit run app.py``."""

import streamlit as st

from simvet.screen.server import MAIN, dressing

app = st.App(MAIN, **dressing())
