"""Measurements against the project's goals: `python -m bench`, or `python -m bench PART`."""
