"""Bounds on what the autograder's own process may spend on what a student handed in or returned."""

import contextlib
import resource
import sys
from collections.abc import Iterator
from pathlib import Path

ROOM = 2**30  # bytes


@contextlib.contextmanager
def memory(room: int = ROOM) -> Iterator[None]:
    """Let this process take so many bytes more within the context; beyond, MemoryError is raised.

    Plain data can be made to grow: two long thin arrays, added, are one of their lengths' product.
    Only Linux can bound it.
    """
    if sys.platform != "linux":
        yield
        return
    before, most = resource.getrlimit(resource.RLIMIT_DATA)
    allowed = _taken() + room
    if before != resource.RLIM_INFINITY:
        allowed = min(allowed, before)
    resource.setrlimit(resource.RLIMIT_DATA, (allowed, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (before, most))


def _taken() -> int:
    """Bytes of this process's own data."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmData:"):
            return int(line.split()[1]) * 1024
    raise OSError("/proc/self/status has no VmData")
