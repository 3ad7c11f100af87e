"""A clock on the autograder's own computing with what a student handed in or returned.

Where a thread works longer than it may, `TooLong` is raised in it, between two steps of Python's. So one call of
a library is waited for; what such a call can take is bounded by the sizes of messages and by `bounds.memory`.
"""

import contextlib
import ctypes
import threading
import time
from collections.abc import Iterator
from functools import cache

TICK = 0.1  # seconds between two looks
AGAIN = 1.0  # seconds until it is raised once more, where something caught it


class TooLong(BaseException):
    """A thread worked longer than it may.

    Not an Exception: a test that catches what a student's function raises must not catch this.
    """


_lock = threading.Lock()
_due: dict[int, float] = {}  # when a thread's time is over, by the thread
_sent: set[int] = set()  # threads in which TooLong was raised, and may not have come up yet


@contextlib.contextmanager
def limit(seconds: float | None) -> Iterator[None]:
    """Let this thread work so many seconds within the context; None: as long as it takes.

    Within another such context, the outer one's clock stands still meanwhile. Raises TooLong.
    """
    if seconds is not None and seconds <= 0:
        raise TooLong
    _watch()
    started = time.monotonic()
    outer = _due.get(threading.get_ident())

    def put_back() -> None:
        _set(None if outer is None else outer + time.monotonic() - started)

    # TooLong can come up between any two steps, these here too: what it interrupts is done again.
    try:
        try:
            _set(None if seconds is None else started + seconds)
            yield
        finally:
            put_back()
    except TooLong:
        put_back()
        raise


def _set(due: float | None) -> None:
    """Say when this thread's time is over from now on."""
    thread = threading.get_ident()
    while True:
        try:
            with _lock:
                if thread in _sent:
                    _take(thread)  # what is on its way was meant for the work before
                if due is None:
                    _due.pop(thread, None)
                else:
                    _due[thread] = due
            return
        except TooLong:
            continue


def _raise(thread: int) -> None:
    """Have TooLong raised in a thread."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(TooLong))


def _take(thread: int) -> None:
    """Let what was raised in this thread come up here, and nowhere later.

    Python can also be told to raise nothing after all. It then looks for what to raise at every step from there
    on, which is slow, and for ever where a profiler or a debugger looks on.
    """
    _sent.discard(thread)
    with contextlib.suppress(TooLong):
        _raise(thread)
        while True:
            pass


@cache
def _watch() -> None:
    """Start this process's watching thread."""

    def watch() -> None:
        while True:
            time.sleep(TICK)
            with _lock:
                now = time.monotonic()
                for thread in [thread for thread, due in _due.items() if due <= now]:
                    _raise(thread)
                    _sent.add(thread)
                    _due[thread] = now + AGAIN

    threading.Thread(target=watch, name="clock", daemon=True).start()
