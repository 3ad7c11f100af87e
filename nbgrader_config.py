"""Lets `nbgrader` and formgrader find the course when they start in this folder."""

load_subconfig("autograder/nbgrader_config.py")  # noqa: F821  (traitlets provides it)
