"""What the checks of lesson 03 say: the windows and divisors they explain are the true ones."""

import re

import numpy as np
import pytest

from autograder.hidden import average_pooling as hidden
from strided import checks, slips
from strided.checks import average_pooling
from strided.checks.core import WrongAnswer


def result(check, case) -> np.ndarray:
    return check.reference(*case.args, **case.kwargs)


@pytest.mark.parametrize("case", checks.avg_pool2d.cases)
def test_every_output_is_explained_by_its_own_sum_and_divisor(case):
    out = result(checks.avg_pool2d, case)
    for index in np.ndindex(out.shape):
        text = average_pooling.avg_pool2d_reads(case, index)
        total, divisor = re.search(r"sum (-?\d+), divided by (\d+)", text).groups()
        assert int(total) / int(divisor) == pytest.approx(out[index])


@pytest.mark.parametrize("case", checks.divisor_map.cases)
def test_every_divisor_is_explained_by_its_own_counts(case):
    out = result(checks.divisor_map, case)
    for index in np.ndindex(out.shape):
        text = average_pooling.divisor_map_reads(case, index)
        rows, columns = re.search(r"so (\d+) of \d+ rows and (\d+) of", text).groups()
        assert int(rows) * int(columns) == out[index]


@pytest.mark.parametrize("exercise", ["avg_pool2d", "divisor_map"])
def test_every_shape_is_derived_to_its_end(exercise):
    check = getattr(checks, exercise)
    for case in check.cases:
        height, width = result(check, case).shape[-2:]
        ends = re.findall(r"(\d+)(?: remain)?$", check.shape(case), flags=re.M)
        assert ends[-1] == str(width) and str(height) in ends


def test_a_wrong_divisor_is_explained_with_the_window_s_numbers():
    with pytest.raises(WrongAnswer) as caught:
        checks.avg_pool2d(slips.bank("avg_pool2d")["whole_kernel"].function)
    assert str(caught.value).startswith(
        """\
avg_pool2d(x 1x2x5x7, kernel_size=(3, 2), padding=(1, 0), ceil_mode=True)
  3 of 16 outputs differ; the first is out[0, 0, 0, 3]
  got 5.16667, expected 10.3333
  it must read x[0, 0, -1:2, 6:8]   (start = index * stride - padding)
  of which x[0, 0, 0:2, 6:7] is in the image
        [[14]
         [17]]
  sum 31, divided by 3: 3 x 1 of its 3 x 2 taps lie in the image or its padding
"""
    )


def test_the_divisors_told_from_torch_are_those_of_the_library():
    rng = np.random.default_rng(0)
    for settings in hidden.of_every_kind(rng):
        arguments = (*settings.pop("size"), *settings.values())
        expected = checks.divisor_map.reference(*arguments)
        assert np.allclose(hidden.torch_divisors(*arguments), expected), arguments


@pytest.mark.parametrize("kind", hidden.KINDS, ids=lambda kind: kind.__name__)
def test_a_kind_of_windows_happens_but_not_always(kind):
    rng = np.random.default_rng(0)
    drawn = [kind(hidden.random_settings(rng)) for _ in range(500)]
    assert 0 < sum(drawn) < 500
