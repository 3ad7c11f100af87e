"""A process that has imported what lessons import, and forks a student session in milliseconds.

`Warm` starts `python -m autograder.warm`, in the sandbox unless submissions are trusted, and asks it over a
socket for sessions. The warm process runs no student code itself. Above each session stands a keeper: it is
the first process of the session's process namespace, so everything in it ends with the keeper. When the
warm process's socket closes, it ends, and every session with it.

The workers of one machine share what was imported: `start_shared` starts one warm process for them, and
each gets a fork of it.
"""

import contextlib
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

# One thread a process: a forked BLAS with a pool of threads can hang, and workers share the cores.
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
# Nothing of the instructor's own environment reaches a student's code.
ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "PATH": "/usr/bin:/bin",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONNOUSERSITE": "1",
    **ONE_THREAD,
}
SCRATCH = "/tmp"  # a session's own folder, where it is in the sandbox
NO_WALLS = "no walls: "
READY = b"ready"
GRACE = 2.0  # seconds for a dead session's keeper to say how it died
PATIENCE = 120.0  # seconds for the warm process to start, and to answer


class Warm:
    """The autograder's handle on a warm process.

    trusted: do without the sandbox. Raises sandbox.NoSandbox where there is to be one and is none.
    """

    def __init__(self, trusted: bool = False) -> None:
        self.trusted = trusted
        self.system_calls = ""  # a session's filter program, in hexadecimal digits
        self.process: subprocess.Popen | None = None
        if not trusted and _shared is not None:
            self._fork_of(_shared)
        else:
            self._start()

    def _fork_of(self, other: "Warm") -> None:
        """Take a fork of another warm process, which may have ended: then `fork` finds that out."""
        self.system_calls = other.system_calls
        self.control, theirs = _pair(self.trusted)
        self.control.settimeout(PATIENCE)
        with theirs, contextlib.suppress(OSError):
            socket.send_fds(
                other.control, [json.dumps({"share": True}).encode()], [theirs.fileno()]
            )

    def _start(self) -> None:
        from autograder import sandbox  # it is not there in the warm process

        python = [sys.executable] if self.trusted else sandbox.python()
        self.system_calls = "" if self.trusted else sandbox.system_calls().hex()
        self.control, theirs = _pair(self.trusted)
        self.control.settimeout(PATIENCE)
        with theirs:
            self.process = subprocess.Popen(
                [*python, "-m", "autograder.warm", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for the autograder; this ends with its socket
                env=ENVIRONMENT,
                cwd=Path(__file__).parent.parent,
            )

    def fork(self, limits: dict[str, int], folder: str) -> tuple[socket.socket, int]:
        """Start a session in a folder: the socket to it, and its number. Raises NoSandbox."""
        order = {"limits": limits, "folder": folder, "system_calls": self.system_calls}
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                return ours, self._ask_living(order, theirs)
            except BaseException:
                ours.close()
                raise

    def _ask_living(self, order: dict, descriptor: socket.socket) -> int:
        """Ask the warm process, or a new one if something has ended it. Raises NoSandbox."""
        try:
            return self._ask(order, descriptor)
        except ConnectionError:
            self.close()
            self._start()
        try:
            return self._ask(order, descriptor)
        except ConnectionError:
            from autograder.sandbox import NoSandbox

            raise NoSandbox(
                "the process that starts sessions ends as soon as it is started; the lines above may say why"
            ) from None

    def end(self, session: int, dead: bool = False) -> int:
        """End a session and everything it started; what `os.waitpid` says of how it had ended.

        dead: it seems to have ended by itself. -1 if it had not.
        """
        try:
            return self._ask({"end": session, "dead": dead})
        except OSError:
            return signal.SIGKILL  # the warm process has ended, and its sessions with it

    def _ask(self, order: dict, descriptor: socket.socket | None = None) -> int:
        message = json.dumps(order).encode()
        socket.send_fds(self.control, [message], [descriptor.fileno()] if descriptor else [])
        try:
            reply = self.control.recv(1024).decode()
        except TimeoutError:
            if self.process is not None:
                self.process.kill()
            reply = ""
        if not reply:
            raise ConnectionError("the warm process has ended")
        if reply.startswith(NO_WALLS):
            from autograder import sandbox

            raise sandbox.NoSandbox(reply.removeprefix(NO_WALLS))
        return int(reply)

    def close(self) -> None:
        """End the warm process and every session."""
        self.control.close()
        if self.process is not None:
            self.process.wait()

    def __enter__(self) -> "Warm":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


_shared: Warm | None = None


def start_shared() -> None:
    """Start the warm process of which every `Warm` in this process's children will be a fork.

    Where there is no sandbox, nothing is started.
    """
    from autograder.sandbox import NoSandbox

    global _shared
    with contextlib.suppress(NoSandbox):
        _shared = Warm()


def _pair(trusted: bool) -> tuple[socket.socket, socket.socket]:
    """Two ends of a control line that keeps the orders of several processes apart."""
    # Where submissions are trusted, no line is shared, and the system may be one without such lines.
    return socket.socketpair(
        socket.AF_UNIX, socket.SOCK_STREAM if trusted else socket.SOCK_SEQPACKET
    )


# ---------------------------------------------------------------- the warm process itself


@dataclass
class Keeper:
    """A session's keeper: its process id, and the pipe on which it says how the session ended."""

    pid: int
    report: int

    def end(self, dead: bool) -> int:
        """Kill the keeper and its session; how the session had ended by itself, or -1."""
        if dead:
            select.select([self.report], [], [], GRACE)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        with open(self.report, "rb") as report:
            status = report.read()
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)
        return int(status or b"-1")


def main(descriptor: int) -> None:
    """Be the warm process: fork a session for each order on the control socket."""
    from autograder import session

    session.prepare()
    gc.collect()
    gc.freeze()  # a session's collections must not touch, and so copy, what it shares with this process
    control = socket.socket(fileno=descriptor)
    keepers: dict[int, Keeper] = {}
    shares: list[int] = []
    number = 0
    while True:
        order, descriptors, _, _ = socket.recv_fds(control, 65536, 1)
        shares = [pid for pid in shares if os.waitpid(pid, os.WNOHANG) == (0, 0)]
        if not order:
            for keeper in keepers.values():
                keeper.end(dead=False)
            os._exit(0)
        request = json.loads(order)
        if "share" in request:
            line = socket.socket(fileno=descriptors[0])
            child = os.fork()
            if child:
                line.close()
                shares.append(child)
            else:
                control, keepers, shares = line, {}, []
            continue
        if "end" in request:
            keeper = keepers.pop(request["end"])
            control.sendall(str(keeper.end(request["dead"])).encode())
            continue
        number += 1
        try:
            keepers[number] = _keep(socket.socket(fileno=descriptors[0]), control, request)
            control.sendall(str(number).encode())
        except OSError as error:
            control.sendall(f"{NO_WALLS}{error}".encode())


def _keep(sock: socket.socket, control: socket.socket, request: dict) -> Keeper:
    """Fork a keeper, which forks the session that talks on `sock`. Raises OSError."""
    from autograder import walls

    report, write = os.pipe()
    ready, tell = os.pipe()
    confined = bool(request["system_calls"])
    user, group = os.getuid(), os.getgid()
    try:
        keeper = walls.fork() if confined else os.fork()
    except OSError:
        for end in (report, write, ready, tell):
            os.close(end)
        raise
    if keeper:
        sock.close()
        os.close(write)
        os.close(tell)
        with open(ready, "rb") as told:
            answer = told.read()
        if answer != READY:
            os.close(report)
            os.waitpid(keeper, 0)
            raise OSError(answer.decode())
        return Keeper(keeper, report)
    # Whatever happens here must not return into the loop of the warm process.
    try:
        control.close()
        if confined:
            walls.settle(user, group)
            walls.close_file_system(SCRATCH, request["limits"]["scratch"])
        os.setsid()
        os.write(tell, READY)
        os.close(tell)
        _watch(sock, request, write)
    except BaseException as error:
        os.write(tell, (str(error) or repr(error)).encode())
    finally:
        os._exit(0)


def _watch(sock: socket.socket, request: dict, write: int) -> None:
    """Fork the session, wait for its end, and say how it ended."""
    pid = os.fork()
    if pid:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # of those, the first process takes none
        sock.close()
        os.write(write, str(os.waitpid(pid, 0)[1]).encode())
        return
    os.close(write)
    # What the student's code writes past Python's streams is nobody's to read. And what it leaves on an open
    # file, as a lock, is to end with it.
    for number in range(3):
        os.dup2(os.open(os.devnull, os.O_RDWR), number)
    # Of the warm process's own lines nothing is left to it.
    os.closerange(3, sock.fileno())
    os.closerange(sock.fileno() + 1, os.sysconf("SC_OPEN_MAX"))
    from autograder import session

    folder = SCRATCH if request["system_calls"] else request["folder"]
    session.serve(sock, request["limits"], folder, bytes.fromhex(request["system_calls"]))


if __name__ == "__main__":
    main(int(sys.argv[1]))
