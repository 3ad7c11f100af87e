"""The inner walls: what a process does to itself before it runs a student's code.

The warm process lives in a bubblewrap sandbox (see `sandbox`). Each session gets, inside that, its own user,
process, mount, IPC, host name and network namespaces, a scratch folder of bounded size and nothing else to
write to; then it gives up its rights for good. Only the standard library is used: the sandbox holds
little more.
"""

import contextlib
import ctypes
import os
import platform
import signal
import socket

# linux/sched.h
CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
NAMESPACES = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET
# asm/unistd_64.h, asm-generic/unistd.h
SYS_CLONE = {"x86_64": 56, "aarch64": 220, "riscv64": 220}
# sys/mount.h
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REC, MS_PRIVATE = 0x4000, 0x40000
# sys/prctl.h, linux/capability.h, linux/seccomp.h
PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 4, 22, 24, 38
SECCOMP_MODE_FILTER = 2
CAPABILITIES = 64
CAPABILITY_VERSION = 0x20080522
INSTRUCTION = 8  # bytes of one instruction of a seccomp filter

libc = ctypes.CDLL(None, use_errno=True)


def _call(name: str, *arguments: object) -> None:
    """Call a function of the C library that returns 0 when it has done its work."""
    if getattr(libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def fork() -> int:
    """As `os.fork`, with the child as the first process of namespaces of its own. Raises OSError.

    Only for a process of one thread: what the C library does for others at a fork, this does not. `os.fork`
    and then `unshare` would take one more process between the two, and its share of memory.
    """
    if platform.machine() not in SYS_CLONE:
        raise OSError(f"sessions cannot be started on a machine of the kind {platform.machine()}")
    python = ctypes.PyDLL(None, use_errno=True)  # which holds on to the interpreter's lock
    python.PyOS_BeforeFork()
    pid = python.syscall(SYS_CLONE[platform.machine()], NAMESPACES | signal.SIGCHLD, 0, 0, 0, 0)
    number = ctypes.get_errno()
    if pid == 0:
        python.PyOS_AfterFork_Child()
        return pid
    python.PyOS_AfterFork_Parent()
    if pid < 0:
        raise OSError(number, f"clone: {os.strerror(number)}")
    return pid


def settle(user: int, group: int) -> None:
    """In new namespaces, be who one was outside."""
    for file, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        with open(f"/proc/self/{file}", "w") as mapping:
            mapping.write(text)
    # Where the machine runs out of memory, sessions are to end first.
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write("1000")
    socket.sethostname("session")


def close_file_system(scratch: str, size: int) -> None:
    """Leave one folder to write to, of `size` bytes; hide processes, terminals, shared memory."""
    _call("mount", b"none", b"/", None, MS_REC | MS_PRIVATE, None)
    flags = MS_NOSUID | MS_NODEV
    options = f"size={size},nr_inodes=4096,mode=0700".encode()
    _call("mount", b"tmpfs", scratch.encode(), b"tmpfs", flags, options)
    for place in (b"/dev/shm", b"/dev/pts", b"/proc"):
        _call("mount", b"tmpfs", place, b"tmpfs", flags | MS_NOEXEC | MS_RDONLY, b"size=4k")


class _Program(ctypes.Structure):
    """`struct sock_fprog`: a filter's length in instructions, and where it is."""

    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


def give_up_rights(system_calls: bytes) -> None:
    """Drop every capability, and never get one again; allow only what a filter program allows."""
    for number in range(CAPABILITIES):
        libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0)  # fails beyond the last one there is
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    _call("capset", header, (ctypes.c_uint32 * 6)())
    _call("prctl", PR_SET_DUMPABLE, 0, 0, 0, 0)
    _call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    program = _Program(len(system_calls) // INSTRUCTION, system_calls)
    _call("prctl", PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0)
