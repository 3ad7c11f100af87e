"""Imported by the process from which this machine's workers are forked, so that none waits for imports."""

import gc
import signal

import autograder.lean  # isort: split

from autograder import warm

warm.start_shared()  # it imports beside this process

import autograder.execute  # noqa: E402
import autograder.mark  # noqa: E402, F401

gc.freeze()  # what all workers share is not garbage, and takes time to look through
# Ctrl-C is for the run, which then ends its workers.
signal.signal(signal.SIGINT, signal.SIG_IGN)
