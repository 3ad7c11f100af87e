"""What isolation this machine gives: each wall is tried by code that wants through.

Every probe runs in a session of its own, as a student's cell would, and never outside the sandbox.
"""

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.paths import CLASS, COURSE, ROOT, SOLUTIONS
from autograder.sandbox import INSTALL, NoSandbox, hidden
from autograder.student import Ended, Limits, Student
from autograder.warm import Warm


@dataclass(frozen=True)
class Probe:
    """One attempt at a wall.

    source: a cell that sets `held`; it does no harm where there is no wall.
    ends: the status with which the session may be ended instead.
    """

    wall: str
    source: str
    ends: str = ""


def _refused(*lines: str) -> str:
    """A cell whose lines must fail with an OSError."""
    body = "\n    ".join(lines)
    return f"held = False\ntry:\n    {body}\nexcept OSError:\n    held = True"


def _absent(*places: str | Path) -> str:
    """A cell that looks for files and folders which must not be there."""
    names = [str(place) for place in places]
    return f"import os\nheld = not any(os.path.exists(place) for place in {names})"


def _denied(call: str) -> str:
    """A cell that calls the system, and must be denied before the call's arguments are looked at."""
    return (
        "import ctypes, errno\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        f"held = libc.{call} == -1 and ctypes.get_errno() == errno.EPERM"
    )


def _unwritable(*places: str) -> str:
    return (
        "import os\nheld = True\n"
        f"for place in {places}:\n"
        "    try:\n"
        "        open(place + '/strided-doctor', 'w').close()\n"
        "        os.remove(place + '/strided-doctor')\n"
        "        held = False\n"
        "    except OSError:\n"
        "        pass"
    )


def _modules(*names: str) -> list[Path]:
    """Where modules are, here and as the sandbox would show them."""
    found = [importlib.util.find_spec(name) for name in names]
    here = [Path(spec.origin).parent for spec in found if spec and spec.origin]
    return here + [Path("/run/packages") / name for name in names]


PROBES: tuple[Probe, ...] = (
    Probe("no network", _refused("import socket", "socket.create_connection(('1.1.1.1', 53), 1)")),
    Probe("no sockets to this machine", _refused("import socket", "socket.socket()")),
    Probe(
        "no solutions, hidden tests, gradebook, submissions",
        _absent(SOLUTIONS, COURSE, CLASS, ROOT / "autograder", ROOT / "src"),
    ),
    Probe(
        "no home and no other data",
        _absent(Path.home() / ".bashrc", "/home", "/var", "/etc/passwd"),
    ),
    Probe("no torch, no reference operators", _absent(*_modules("torch", "strided"))),
    Probe(
        "nothing to write to but a scratch folder",
        _unwritable("", "/run", "/run/session/autograder", "/dev", "/dev/shm", "/usr/lib", "/proc"),
    ),
    Probe(
        "no memory to write to in place of hidden folders",
        _unwritable(*map(str, hidden()), "/run/packages", "/etc", "/usr"),
    ),
    Probe(
        "no open lines but the one to the examiner",
        "import os, stat\nopen_files = []\n"
        "for number in range(1024):\n"
        "    try:\n"
        "        open_files.append(os.fstat(number).st_mode)\n"
        "    except OSError:\n"
        "        pass\n"
        "held = sorted(map(stat.S_IFMT, open_files)) == [stat.S_IFCHR] * 3 + [stat.S_IFSOCK]",
    ),
    Probe("no terminals", _refused("import os", "os.openpty()")),
    Probe(
        "a scratch folder of bounded size",
        _refused("for n in range(100):", "    open(f'{n}', 'wb').write(bytes(2**20))"),
    ),
    Probe(
        "no other process in sight",
        "import os\nheld = os.getpid() < 10 and os.listdir('/proc') == []",
    ),
    Probe("no process to start", _refused("import os", "os.fork() or os._exit(0)")),
    Probe("no program to start", _refused("import os", "os.execv('/usr/bin/true', ['true'])")),
    Probe("no new namespaces", _denied("unshare(0)")),
    Probe("no locks on files", _refused("import fcntl", "fcntl.flock(1, fcntl.LOCK_EX)")),
    Probe("no tracing of processes", _denied("ptrace(16, -1, 0, 0)")),
    Probe("no mounting", _denied("mount(None, None, None, 0, None)")),
    Probe("no change of root", _denied("chroot(b'/no-such-folder')")),
    Probe(
        "no new privileges", "import ctypes\nheld = ctypes.CDLL(None).prctl(39, 0, 0, 0, 0) == 1"
    ),
    Probe(
        "no cores left by a crash",
        "import ctypes\nlibc = ctypes.CDLL(None)\n"
        "held = libc.prctl(4, 1, 0, 0, 0) == -1 and libc.prctl(3, 0, 0, 0, 0) == 0",
    ),
    Probe(
        "no system calls newer than the filter",
        "import ctypes, errno\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "held = libc.syscall(599, 0, 0, 0) == -1 and ctypes.get_errno() == errno.ENOSYS\n"
        "held = held and libc.syscall(457, 0, 0, 0, 0) == -1 and ctypes.get_errno() in (1, 38)",
    ),
    Probe("a host name of its own", "import socket\nheld = socket.gethostname() == 'session'"),
    Probe("bounded memory", "held = not bytearray(2**36)", ends="memory"),
    Probe("bounded open files", _refused("import os", "files = [os.dup(1) for _ in range(10**5)]")),
    Probe(
        "bounded file size",
        "import signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        + _refused("open('big', 'wb').write(bytes(2**25))"),
    ),
    Probe("bounded time", "while True:\n    pass", ends="timeout"),
    Probe(
        "bounded threads",
        "import threading\nstop, held = threading.Event(), False\n"
        "try:\n"
        "    for _ in range(1000):\n"
        "        threading.Thread(target=stop.wait, daemon=True).start()\n"
        "except RuntimeError:\n"
        "    held = threading.active_count() < 100\n"
        "stop.set()",
    ),
)
QUICK = Limits(cell=3, notebook=6)
HURRIED = Limits(cell=0.5, notebook=2)


def examine() -> Iterator[tuple[str, bool]]:
    """Try every wall: its name, and whether it held. Raises NoSandbox where there is none to try."""
    with Warm() as warm:
        for probe in PROBES:
            yield probe.wall, held(probe, warm)


def held(probe: Probe, warm: Warm) -> bool:
    """Whether a wall stood against a probe."""
    with Student(warm, HURRIED if probe.ends == "timeout" else QUICK) as session:
        try:
            session.run(probe.source)
            return session.find("held") is True
        except Ended as ended:
            return ended.status == probe.ends
        except KeyError:
            return False


def missing() -> str:
    """Why this machine gives no sandbox, in one sentence; empty if it gives one."""
    try:
        with Warm() as warm, Student(warm, QUICK) as session:
            session.run("")
    except NoSandbox as error:
        return str(error)
    except (Ended, OSError) as error:
        return f"a sandboxed session cannot be started ({error}); try: {INSTALL}"
    return ""
