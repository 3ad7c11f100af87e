"""Imported by the process from which this machine's workers are forked, so that none waits for imports."""

import signal

import autograder.lean  # isort: split

import autograder.execute
import autograder.mark  # noqa: F401

# Ctrl-C is for the run, which then ends its workers.
signal.signal(signal.SIGINT, signal.SIG_IGN)
