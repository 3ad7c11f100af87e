"""The workers of a class run: Dask processes, on this machine or on a cluster, that mark submissions.

Each has one thread and keeps its warm process. A submission whose worker dies is tried on another; one
whose worker dies twice is marked as `killed`, and the class goes on.
"""

import gc
import logging
import multiprocessing
import os
import queue
import sys
import time
from asyncio import CancelledError
from collections.abc import Iterator
from multiprocessing import forkserver
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import autograder.lean  # noqa: F401  (before anything large)
from autograder.paths import UserError

if TYPE_CHECKING:
    from autograder.mark import Marked, Submission

# Dask's settings for workers of this run's own. What Dask would watch and show of them, nobody looks at.
LOCAL = {
    "distributed.worker.multiprocessing-method": "forkserver",
    "distributed.scheduler.allowed-failures": 1,  # the second death is the submission's own doing
    "distributed.worker.profile.enabled": False,
    "distributed.worker.http.routes": [],
    "distributed.scheduler.http.routes": [],
    "distributed.scheduler.active-memory-manager.start": False,
    "distributed.scheduler.work-stealing": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "10s",
    "distributed.diagnostics.nvml": False,
}
PATIENCE = 30.0  # seconds for a worker to come to a cluster of others
KILLED = "Marking this notebook ended the grader's own process, twice."


def start_importing() -> None:
    """Start the process from which this machine's workers are forked; it imports beside this one.

    Until the workers are entered, garbage is not collected: there is none in what is being imported.
    """
    gc.disable()
    multiprocessing.set_forkserver_preload(["autograder.worker", "distributed"])
    forkserver.ensure_running()


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return bool(parts.scheme and parts.hostname and parts.port)
    except ValueError:
        return False


class Workers:
    """A context with workers in it. number: how many on this machine; scheduler: a Dask cluster's address."""

    def __init__(self, number: int | None = None, scheduler: str = ""):
        self.number = number or len(os.sched_getaffinity(0))
        self.scheduler = scheduler

    def __enter__(self) -> "Workers":
        if not self.scheduler:
            start_importing()
        gc.freeze()
        gc.enable()
        # The cluster's thread has many short steps to take while the writer's is at work.
        sys.setswitchinterval(0.0005)
        import dask
        from distributed import Client, LocalCluster

        # A cluster that goes away is told in one sentence, below.
        logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
        self.cluster: Any = None
        if self.scheduler:
            if not _is_address(self.scheduler):
                raise UserError(f"{self.scheduler} is no address: one is tcp://HOST:PORT.")
            try:
                self.client = Client(self.scheduler, timeout=10, set_as_default=False)
            except (OSError, ValueError) as error:
                reason = str(error).strip().partition("\n")[0]
                raise UserError(
                    f"There is no Dask scheduler at {self.scheduler}: {reason}."
                ) from None
            return self
        # Until the end: workers come, and come again, later.
        self.settings = dask.config.set(LOCAL)
        self.cluster = LocalCluster(
            n_workers=0,
            threads_per_worker=1,
            memory_limit=0,  # what may take much memory is the student's session, with its own limit
            dashboard_address=None,
            # Any free port, for this machine only: the usual one may be another run's.
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
            silence_logs=logging.CRITICAL,
        )
        self.client = Client(self.cluster, set_as_default=False)
        # Last: until this machine's workers can be forked, the cluster's thread does nothing else.
        self.cluster.scale(self.number)
        return self

    def __exit__(self, *exception: object) -> None:
        self.client.close()
        if self.cluster is not None:
            self.cluster.close()
            self.settings.__exit__(*exception)

    def mark(self, submissions: Iterator["Submission"]) -> Iterator[tuple["Submission", "Marked"]]:
        """Mark submissions, each with what came of it, as they get done. Raises UserError.

        A worker has one submission at a time: should it die, it is clear whose doing that was.
        """
        from distributed import KilledWorker

        from autograder.mark import mark, refused

        running: dict[Any, Submission] = {}
        done: queue.SimpleQueue = queue.SimpleQueue()
        again: list[Submission] = []

        def feed() -> None:
            while len(running) < self._living():
                submission = again.pop() if again else next(submissions, None)
                if submission is None:
                    return
                future = self.client.submit(mark, submission, pure=False)
                running[future] = submission
                future.add_done_callback(done.put)

        self._wait()
        feed()
        while running:
            try:
                future = done.get(timeout=1)
            except queue.Empty:
                feed()  # a worker may have come
                continue
            submission = running.pop(future)
            try:
                marked = future.result()
            except KilledWorker:
                again.append(refused(submission, "killed", KILLED))
                marked = None
            except UserError:
                raise
            except (Exception, CancelledError) as error:
                # Marking itself raises nothing else: the cluster is gone, or lacks this package.
                reason = f"{type(error).__name__}: {error}".strip().partition("\n")[0]
                raise UserError(f"The workers failed: {reason}. What was graded is kept.") from None
            if not running:
                self._wait()
            feed()  # before the caller records this one
            if marked is not None:
                yield submission, marked

    def _wait(self) -> None:
        """Wait until there is a worker. Raises UserError if none comes to a cluster of others."""
        started = time.monotonic()
        while self._living() == 0:
            if self.scheduler and time.monotonic() > started + PATIENCE:
                raise UserError(
                    f"No worker has come to {self.scheduler} within {PATIENCE:g} seconds: start some with "
                    f"`dask worker {self.scheduler} --nthreads 1`. What was graded is kept."
                )
            time.sleep(0.5 if self.scheduler else 0.02)

    def _living(self) -> int:
        """How many workers there are. Raises UserError where one would mark two submissions at once."""
        if self.cluster is not None:
            return len(self.cluster.scheduler.workers)
        threads = self.client.nthreads()
        for worker, number in threads.items():
            if number != 1:
                raise UserError(
                    f"The worker {worker} has {number} threads: start it with --nthreads 1."
                )
        return len(threads)
