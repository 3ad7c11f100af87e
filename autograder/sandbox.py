"""The outer wall around student code: a bubblewrap sandbox built from an allow-list.

Inside there is Python with its standard library, NumPy, matplotlib, IPython and what these need, and the few
modules that serve a session. Everything else is absent: the course's solutions and tests, the library's
operators, torch, gradebook, submissions, home folders and the network. `walls` does the rest inside.
"""

import os
import re
import shutil
import sys
import sysconfig
from collections.abc import Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from autograder.paths import UserError

# What student code may import beside the standard library.
PACKAGES = ("numpy", "matplotlib", "matplotlib-inline", "ipython", "msgpack")
MODULES = ("__init__", "absent", "session", "walls", "warm", "wire")

# System calls that no answer needs. Names as in the kernel; one unknown to a machine is left out.
DENIED = """
    fork vfork execve execveat unshare setns chroot pivot_root
    mount umount umount2 move_mount open_tree fsopen fsconfig fsmount fspick mount_setattr
    ptrace process_vm_readv process_vm_writev process_madvise kcmp
    pidfd_open pidfd_getfd pidfd_send_signal
    bpf perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register
    keyctl add_key request_key init_module finit_module delete_module
    kexec_load kexec_file_load reboot swapon swapoff syslog acct quotactl
    iopl ioperm modify_ldt settimeofday clock_settime adjtimex clock_adjtime
    sethostname setdomainname name_to_handle_at open_by_handle_at fanotify_init
    memfd_create memfd_secret shmget shmat semget msgget mq_open
    statmount listmount vmsplice io_setup io_submit personality
    mbind set_mempolicy migrate_pages move_pages lookup_dcookie vhangup uselib
    flock inotify_init inotify_init1 inotify_add_watch sysinfo
"""
# From this number on, system calls have one number on every machine. What is not listed is denied, so that
# what a newer kernel adds is too: close_range openat2 faccessat2 epoll_pwait2 futex_waitv fchmodat2
# map_shadow_stack futex_wake futex_wait futex_requeue mseal; clone3 has a rule of its own.
NEW, NEWEST = 424, 600
KNOWN = {436, 437, 439, 441, 449, 452, 453, 454, 455, 456, 462}

# What these commands of fcntl leave on a file, another session could find there: F_SETLK, F_SETLKW, F_SETOWN,
# F_SETSIG, F_SETOWN_EX, F_OFD_SETLK, F_OFD_SETLKW, F_SETLEASE, F_NOTIFY, F_SETPIPE_SZ, F_ADD_SEALS,
# F_SET_RW_HINT, F_SET_FILE_RW_HINT, F_SETDELEG.
LEAVING = (6, 7, 8, 10, 15, 37, 38, 1024, 1026, 1031, 1033, 1036, 1038, 1040)

INSTALL = "sudo apt-get install bubblewrap libseccomp2"
NOBODY = 65534
# Linux's numbers of the rights to change one's group and user, and to mount.
CAP_SETGID, CAP_SETUID, CAP_SYS_ADMIN = 6, 7, 21


class NoSandbox(UserError):
    """This machine gives no sandbox; the message says what is missing and what to do."""

    exit_code = 3


def python() -> list[str]:
    """The beginning of a command that starts Python in the sandbox.

    Raises NoSandbox where bubblewrap is missing, or where nobody may read what root's sessions need.
    """
    bwrap = shutil.which("bwrap")
    if bwrap is None:
        raise NoSandbox(f"bubblewrap is not installed: {INSTALL}")
    here = Path(__file__).parent
    words = [bwrap, "--die-with-parent", "--new-session", "--hostname", "session"]
    lowered = _can_lower()
    if lowered:
        closed = [place for place in [*_system(), *packages()] if place.stat().st_mode & 0o4 == 0]
        if closed:
            raise NoSandbox(
                f"root's sessions run as nobody, who may not read {closed[0]}: "
                f"`chmod -R o+rX {closed[0]}`, or grade as an ordinary user"
            )
        # Linux does not count a real root's threads. The walls are built as root, and nobody lives in them.
        words += [f"--unshare-{kind}" for kind in ("ipc", "pid", "net", "uts", "cgroup-try")]
        words += ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        # Not as root, not even inside: a root's mapping could not be handed on to a session's namespace.
        words += ["--unshare-all", "--uid", "1000", "--gid", "1000", "--cap-drop", "ALL"]
    for place in _system():
        words += _shown(place, place)
    for place in hidden():
        words += ["--tmpfs", str(place)]
    for link in ("/lib", "/lib64", "/bin"):
        if Path(link).is_symlink():
            words += ["--symlink", str(Path(link).readlink()), link]
        elif link != "/bin" and Path(link).is_dir():
            words += _shown(link, link)
    for place in packages():
        words += _shown(place, f"/run/packages/{place.name}")
    for module in MODULES:
        words += _shown(here / f"{module}.py", f"/run/session/autograder/{module}.py")
    words += ["--proc", "/proc", "--dev", "/dev"]
    words += [*(["--perms", "1777"] if lowered else []), "--tmpfs", "/tmp"]
    if lowered:
        words += _shown(lowered, "/run/setpriv")
    # An empty folder in another's place is memory that all sessions would share.
    for folder in ("/dev", "/", *map(str, hidden())):
        words += ["--remount-ro", folder]
    environment = {
        "HOME": "/tmp",
        "PYTHONPATH": "/run/session:/run/packages",
        "MPLCONFIGDIR": "/tmp",
    }
    for name, value in environment.items():
        words += ["--setenv", name, value]
    if lowered:
        ids = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        words += ["/run/setpriv", *ids]
    return [*words, str(Path(sys.executable).resolve())]


def _can_lower() -> str:
    """Where `setpriv` is, by which a root's sandbox becomes nobody's; empty if it need not or cannot."""
    if os.geteuid() != 0:
        return ""
    status = Path("/proc/self/status").read_text()
    rights = int(re.findall(r"^CapEff:\s*(\w+)", status, re.M)[0], 16)
    able = all(rights >> right & 1 for right in (CAP_SETGID, CAP_SETUID, CAP_SYS_ADMIN))
    maps = [Path(f"/proc/self/{kind}_map").read_text() for kind in ("uid", "gid")]
    return (shutil.which("setpriv") or "") if able and all(map(_has_nobody, maps)) else ""


def _has_nobody(mapping: str) -> bool:
    """Whether a namespace's mapping of ids has nobody's in it."""
    rows = [[int(number) for number in line.split()] for line in mapping.splitlines()]
    return any(first <= NOBODY < first + count for first, _, count in rows)


def _shown(place: str | Path, there: str | Path) -> list[str]:
    """A file or folder at its place in the sandbox; what is above it, anyone may pass through."""
    return ["--dir", str(Path(there).parent), "--ro-bind", str(place), str(there)]


def _system() -> Iterator[Path]:
    """The folders of Python itself, and of the C libraries it is linked to."""
    yield Path("/usr/lib")
    for name in ("/usr/lib64", "/etc/ld.so.cache", "/etc/fonts"):
        if Path(name).exists():
            yield Path(name)
    base = Path(sys.base_prefix).resolve()
    if base != Path("/usr"):
        yield base / "lib"
    yield Path(sys.executable).resolve()


def hidden() -> Iterator[Path]:
    """Folders of installed packages within the folders of Python itself."""
    names = {
        sysconfig.get_path(kind, vars={"base": sys.base_prefix}) for kind in ("purelib", "platlib")
    }
    names |= {"/usr/lib/python3/dist-packages"}
    version = sys.version_info
    names.add(f"{sys.base_prefix}/lib/python{version.major}.{version.minor}/site-packages")
    for name in sorted(names):
        path = Path(name)
        if path.is_dir() and any(path.is_relative_to(top) for top in _system()):
            yield path


@cache
def packages() -> tuple[Path, ...]:
    """The files and folders of the packages that student code may import, and of what they need."""
    found: set[Path] = set()
    seen: set[str] = set()
    wanted = list(PACKAGES)
    while wanted:
        name = re.sub(r"[-_.]+", "-", wanted.pop()).lower()
        if name in seen:
            continue
        seen.add(name)
        try:
            package = distribution(name)
        except PackageNotFoundError:
            continue  # wanted only on other systems
        for requirement in package.requires or ():
            if "extra ==" not in requirement:
                wanted.append(re.split(r"[\s;<>=!~\[(]", requirement, maxsplit=1)[0])
        # Its `files` would make a path object of each of thousands.
        record = (package.read_text("RECORD") or "").splitlines()
        files = [line.split(",")[0] for line in record] or [str(f) for f in package.files or ()]
        tops = {file.split("/")[0] for file in files if not file.startswith("..")}
        found |= {Path(str(package.locate_file(top))) for top in tops - {"__pycache__"}}
    return tuple(sorted(path for path in found if path.exists()))


@cache
def system_calls() -> bytes:
    """The filter program that denies what no answer needs: other processes, and the kernel's doors.

    Raises NoSandbox where libseccomp is missing.
    """
    import errno
    import tempfile

    try:
        import pyseccomp as seccomp
    except (ImportError, RuntimeError, OSError):
        raise NoSandbox(f"libseccomp is not installed: {INSTALL}") from None
    rules = seccomp.SyscallFilter(seccomp.ALLOW)

    done: set[int] = set()

    def deny(name: str, number: int, *arguments: object) -> None:
        try:
            call = seccomp.resolve_syscall(seccomp.Arch.NATIVE, name)
        except (ValueError, OSError):
            return
        if call >= 0:  # a negative number: not on this machine
            rules.add_rule(seccomp.ERRNO(number), call, *arguments)
            done.add(call)

    for name in DENIED.split():
        deny(name, errno.EPERM)
    # Threads stay; the C library asks clone3 first, whose arguments no filter can read.
    thread = 0x00010000
    deny("clone", errno.EPERM, seccomp.Arg(0, seccomp.MASKED_EQ, thread, 0))
    deny("clone3", errno.ENOSYS)
    local = 1  # AF_UNIX
    deny("socket", errno.EPERM, seccomp.Arg(0, seccomp.NE, local))
    deny("socketpair", errno.EPERM, seccomp.Arg(0, seccomp.NE, local))
    whole = 2**32 - 1  # of an argument that is an int, the kernel reads no more bits
    for command in LEAVING:
        deny("fcntl", errno.EPERM, seccomp.Arg(1, seccomp.MASKED_EQ, whole, command))
    dumpable = 4  # PR_SET_DUMPABLE: a crash is not to reach the machine's collector of crashes
    deny("prctl", errno.EPERM, seccomp.Arg(0, seccomp.MASKED_EQ, whole, dumpable))
    for call in set(range(NEW, NEWEST)) - KNOWN - done:
        rules.add_rule(seccomp.ERRNO(errno.ENOSYS), call)
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()
