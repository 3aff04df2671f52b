"""What ``simvet app`` starts; a checkout has the same in ``app.py``."""

import streamlit as st

from simvet.screen.server import MAIN, dressing

app = st.App(MAIN, **dressing())
