"""The time left is told from the first moment, and follows what the run measures."""

import pytest

from autograder import progress


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test moves."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_there_is_an_estimate_before_anything_is_graded(clock):
    rate = progress.Rate(60, 2)
    assert rate.left() == progress.START + 60 * progress.EACH / 2
    clock[0] += 3
    assert rate.left() == progress.START - 3 + 60 * progress.EACH / 2
    assert str(rate) == "about 8 s left"


def test_the_workers_start_does_not_count_as_their_speed(clock):
    rate = progress.Rate(101, 2)
    clock[0] += 50  # a slow start
    rate.step()
    assert rate.left() < 20
    for _ in range(50):
        clock[0] += 1
        rate.step()
    assert rate.left() == pytest.approx(50, rel=0.1)


@pytest.mark.parametrize(
    "seconds, said",
    [(0.4, "about 0 s"), (89, "about 89 s"), (200, "about 3 min"), (7200, "about 2.0 h")],
)
def test_a_time_is_told_as_one_says_it(seconds, said):
    assert progress.duration(seconds) == said


def test_a_log_has_a_line_a_submission(clock, capsys):
    lines = progress.Lines(2)
    lines.plan(2, 12)
    clock[0] += 4
    lines.graded("ann", "05_convolution")
    lines.graded("bob", "05_convolution")
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "12 unchanged since they were graded."
    assert said[1].startswith("2 to grade, about ")
    assert said[2].startswith("[1/2] ann 05_convolution, 10.0 a second, about ")
    assert said[3].startswith("[2/2] bob 05_convolution, ") and said[3].endswith("about 0 s left")
