"""The opening balance: stocks and flows of the base year, a prior conditioned on the published figures."""
