"""Imported by the process from which this machine's workers are forked, so that none waits for imports."""

import gc
import signal

gc.disable()  # nothing that is being imported is garbage, and looking for some takes a second

import autograder.lean  # noqa: E402  # isort: split
from autograder import warm  # noqa: E402

warm.start_shared()  # it imports beside this process

import autograder.execute  # noqa: E402
import autograder.mark  # noqa: E402, F401

gc.freeze()  # nor is it later on
gc.enable()
# Ctrl-C is for the run, which then ends its workers.
signal.signal(signal.SIGINT, signal.SIG_IGN)
