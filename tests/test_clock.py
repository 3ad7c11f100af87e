"""The clock on the autograder's own work: it stops what works too long, in any thread, and nothing else."""

import subprocess
import sys
import threading
import time

import pytest

from autograder import clock
from autograder.paths import ROOT


def work() -> None:
    """Work for minutes, in small steps."""
    for _ in range(10**6):
        time.sleep(0.001)


def test_what_works_too_long_is_stopped():
    with pytest.raises(clock.TooLong), clock.limit(0.2):
        work()


def test_it_is_stopped_in_a_thread_too_and_only_there():
    stopped = []

    def one(seconds, steps):
        try:
            with clock.limit(seconds):
                for _ in range(steps):
                    time.sleep(0.001)
        except clock.TooLong:
            stopped.append(seconds)

    threads = [threading.Thread(target=one, args=a) for a in ((0.2, 10**6), (60, 500), (None, 500))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stopped == [0.2]


def test_the_outer_clock_stands_still_within_an_inner_one():
    with clock.limit(0.5):
        with clock.limit(None):
            time.sleep(1.2)
        with pytest.raises(clock.TooLong), clock.limit(0.2):
            work()
    with pytest.raises(clock.TooLong), clock.limit(0.5):
        with clock.limit(60):
            time.sleep(0.2)
        work()


def test_work_that_catches_everything_is_stopped_again():
    def stubborn():
        try:
            work()
        except BaseException:
            work()

    with pytest.raises(clock.TooLong), clock.limit(0.2):
        stubborn()


def test_nothing_comes_after_the_work_is_done():
    for _ in range(200):
        try:
            with clock.limit(0.002):
                time.sleep(0.002)
        except clock.TooLong:
            pass
    time.sleep(3 * clock.TICK)
    assert clock._due == {}


def test_no_alarm_is_left_behind_whenever_it_comes(monkeypatch):
    monkeypatch.setattr(clock, "TICK", 0.0001)
    monkeypatch.setattr(clock, "AGAIN", 0.0003)
    came, left = 0, 0
    for number in range(20_000):
        try:
            with clock.limit(number % 7 * 0.0001):
                sum(range(3000))
        except clock.TooLong:
            came += 1
        left += bool(clock._due)
    assert came > 1000 and left == 0


LOOKED_ON = """
import sys, time
from autograder import clock
from autograder.paths import ROOT
with clock.limit(60):
    pass
try:
    with clock.limit(0.05):
        while True:
            pass
except clock.TooLong:
    pass
sys.settrace(lambda *_: None)
(lambda: None)()
"""


def test_afterwards_a_debugger_can_look_on():
    run = subprocess.run([sys.executable, "-c", LOOKED_ON], cwd=ROOT, timeout=60)
    assert run.returncode == 0
