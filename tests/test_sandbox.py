"""The list of system calls that student code does without, and how root's sandbox becomes nobody's."""

import os

import pytest

from autograder import doctor, sandbox
from autograder.sandbox import DENIED
from autograder.warm import Warm

# Too new for libseccomp 2.5; the rule on new numbers denies them all the same.
NEW_NAMES = {"statmount", "listmount"}
UNKNOWN = -1  # what libseccomp says to a name of no machine; of another machine's it gives another


def unknown(names: str) -> list[str]:
    """Names that no machine has, misspelt ones for example."""
    seccomp = pytest.importorskip("pyseccomp", exc_type=Exception)
    numbers = {name: seccomp.resolve_syscall(seccomp.Arch.NATIVE, name) for name in names.split()}
    return [name for name, number in numbers.items() if number == UNKNOWN]


def test_every_denied_system_call_is_one():
    assert set(unknown(DENIED)) <= NEW_NAMES


def test_a_misspelt_system_call_is_seen():
    # `umount` is one of other machines' calls: x86-64 has only umount2.
    assert unknown("execve execvee umount ptrace p_trace") == ["execvee", "p_trace"]


# ---------------------------------------------------------------- root

as_root = pytest.mark.skipif(
    not sandbox._can_lower() or bool(doctor.missing()), reason="not a root that can become nobody"
)
THREADS = next(probe for probe in doctor.PROBES if probe.wall == "bounded threads")


@pytest.mark.parametrize(
    "mapping, has",
    [
        ("         0          0 4294967295", True),
        ("0 1000 1\n1 100000 65536", True),
        ("0 1000 1", False),
        ("0 100000 65534", False),
    ],
)
def test_whether_a_namespace_knows_nobody(mapping, has):
    assert sandbox._has_nobody(mapping) is has


@as_root
def test_a_root_that_stays_root_is_seen_to_bound_no_threads(monkeypatch):
    monkeypatch.setattr(sandbox, "_can_lower", lambda: "")
    with Warm() as warm:
        assert not doctor.held(THREADS, warm)


@as_root
def test_what_nobody_may_not_read_is_named(monkeypatch, tmp_path):
    closed = tmp_path / "package"
    closed.mkdir(mode=0o700)
    monkeypatch.setattr(sandbox, "packages", lambda: (closed,))
    assert f"who may not read {closed}" in doctor.missing()


def test_an_ordinary_user_need_not_become_nobody(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert sandbox._can_lower() == ""
