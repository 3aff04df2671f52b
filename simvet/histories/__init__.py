"""Histories of real enrolment: a table of counts by region, year, stage and grade, and what was known in any year."""
