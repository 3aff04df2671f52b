"""The planner's screen: a Streamlit application without a model of its own."""
