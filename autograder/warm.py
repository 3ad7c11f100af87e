"""A process that has imported what lessons import, and forks a student session in milliseconds.

`Warm` starts `python -m autograder.warm` and asks it over a socket for sessions. The warm process runs no
student code itself. When its socket closes, it ends, and every session with it.
"""

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys

# One thread a worker: a forked BLAS with a pool of threads can hang, and workers share the cores.
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class Warm:
    """The autograder's handle on a warm process."""

    def __init__(self) -> None:
        self._start()

    def _start(self) -> None:
        self.control, theirs = socket.socketpair()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "autograder.warm", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the autograder; this ends when its socket closes
            env=os.environ | THREADS,
        )
        theirs.close()

    def fork(self, limits: dict[str, int], folder: str) -> tuple[socket.socket, int]:
        """Start a session in a folder: the socket to it, and its process id."""
        ours, theirs = socket.socketpair()
        order = json.dumps({"limits": limits, "folder": folder}).encode()
        with theirs:
            try:
                socket.send_fds(self.control, [order], [theirs.fileno()])
                return ours, int(self._reply())
            except OSError:
                # A student's code may have ended the warm process; the next student gets a new one.
                self.close()
                self._start()
                socket.send_fds(self.control, [order], [theirs.fileno()])
                return ours, int(self._reply())

    def end(self, pid: int) -> int:
        """Kill a session and its children; the status it ended with, as `os.waitpid` gives it."""
        try:
            self.control.sendall(json.dumps({"end": pid}).encode())
            return int(self._reply())
        except OSError:
            _kill(pid)  # the warm process has ended; its sessions have not
            return signal.SIGKILL

    def _reply(self) -> bytes:
        reply = self.control.recv(64)
        if not reply:
            raise ConnectionError("the warm process has ended")
        return reply

    def close(self) -> None:
        """End the warm process and every session."""
        self.control.close()
        self.process.wait()

    def __enter__(self) -> "Warm":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def main(descriptor: int) -> None:
    """Be the warm process: fork a session for each order on the control socket."""
    import matplotlib
    import matplotlib_inline.backend_inline  # noqa: F401  (imported now, so that no session waits)
    import numpy  # noqa: F401

    import strided.checks.core
    import strided.compare
    import strided.figures
    import strided.formulas
    import strided.quiz
    from autograder import session

    strided.manifest.lessons()  # read once, for every session

    matplotlib.use("agg")
    control = socket.socket(fileno=descriptor)
    ended: dict[int, int] = {}
    living: set[int] = set()
    while True:
        # Sessions may end by themselves at any time; only here are they reaped.
        select.select([control], [], [])
        order, descriptors, _, _ = socket.recv_fds(control, 65536, 1)
        _reap(living, ended)
        if not order:
            for pid in living:
                _kill(pid)
            os._exit(0)
        request = json.loads(order)
        if "end" in request:
            pid = request["end"]
            if pid in living:
                _kill(pid)
                ended[pid] = os.waitpid(pid, 0)[1]
                living.discard(pid)
            control.sendall(str(ended.pop(pid, 0)).encode())
            continue
        pid = os.fork()
        if pid == 0:
            # Whatever happens here must not return into the loop above.
            try:
                os.setsid()
                control.close()
                # What the student's code writes past Python's streams is nobody's to read.
                os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
                session.serve(
                    socket.socket(fileno=descriptors[0]), request["limits"], request["folder"]
                )
            finally:
                os._exit(0)
        os.close(descriptors[0])
        living.add(pid)
        control.sendall(str(pid).encode())


def _kill(pid: int) -> None:
    _kill_group(pid)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _kill_group(pid: int) -> None:
    # A session leads a process group of its own; what it started is in it, unless it left on purpose.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def _reap(living: set[int], ended: dict[int, int]) -> None:
    for pid in list(living):
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            _kill_group(pid)
            living.discard(pid)
            ended[pid] = status


if __name__ == "__main__":
    main(int(sys.argv[1]))
