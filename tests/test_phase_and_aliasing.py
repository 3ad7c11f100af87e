"""Lesson 08 where the general tests do not reach: messages, predictions, what the prose computes."""

import contextlib
import io

import numpy as np
import pytest

from autograder import build
from strided import checks, figures, manifest, operators, phase, slips
from strided.checks.core import WrongAnswer

LESSON = manifest.lessons()["08_phase_and_aliasing"]

WRONG_PART = """\
polyphase_split(x 5x7, stride=(2, 3))
  2 of 9 outputs differ; the first is parts[0][1, 1]
  got 0, expected 23
  parts[0] has phase (0, 0): rows 0, 2, ... and columns 0, 3, ...
  it must be x[2, 3]   (phase + index * stride), where that image is
        [[ 0  1  2  3  4  5  6]
         [10 11 12 13 14 15 16]
         [20 21 22 23 24 25 26]
         [30 31 32 33 34 35 36]
         [40 41 42 43 44 45 46]]"""

SIDE_BY_SIDE = """\
polyphase_merge(parts=[3x3, 3x3, 3x2, 2x3, 2x3, 2x2], stride=(2, 3))
  38 of 40 outputs differ; the first is out[0, 1]
  got 3, expected 1
  row 0 has phase 0, column 1 has phase 1: that is parts[1],
  it must be parts[1][0, 0]   (index // stride), where that part is
        [[ 1  4  7]
         [21 24 27]
         [41 44 47]]
  Your output is exactly what parts laid side by side as blocks gives.
  The pixels of a part are not neighbours in the image: between two of them
  lie those of the other phases. Assign to a slice with a step."""

FIRST_PART_ONLY = """\
conv2d_polyphase(x 1x1x6x7, weight 1x1x3x3, stride=(2, 2))
  6 of 6 outputs differ; the first is out[0, 0, 0, 0]
  got 117, expected 361
  it is the sum of what the parts give, each at stride 1:
  part 0, window [0:2, 0:2]:
        [[-20  -7]   *  [[1 3]
         [ 10  23]]      [2 6]]
  part 1, window [0:2, 0:1]:
        [[ 17]   *  [[ 2]
         [-14]]      [-1]]
  part 2, window [0:1, 0:2]:
        [[-5  8]]  *  [[4 7]]
  part 3, window [0:1, 0:1]:
        [[32]]  *  [[5]]
  together: 117 + 48 + 36 + 160 = 361
  Your output is exactly what the first part alone gives.
  Every part that the kernel has taps for adds to every output: sum over all
  phases."""

ZEROS_AROUND = """\
blur_subsample(x 1x1x4x6, stride=(2, 2))
  4 of 6 outputs differ; the first is out[0, 0, 0, 0]
  got -3, expected -3.5
  it must weigh the neighbours of x[0, 0, 0, 0]   (index * stride):
  rows 3, 0, 1 and columns 5, 0, 1
        [[  8   0   8]   *  [[1 2 1]
         [ -8 -16  28]       [2 4 2]
         [ -8 -16  -8]]      [1 2 1]]
  and divide by 16: -56 / 16
  Your output is exactly what a border of zeros gives.
  The image is periodic here: left of column 0 comes the last column, above
  row 0 the last row. np.roll and np.pad(mode='wrap') do that."""

OUTPUT_NOT_MOVED = """\
shift_consistency(f=every_2nd_column, x 2x6, shift=(1, 2), stride=(1, 2))
  got 100,
  expected 0
  f of x, rolled by (1, 2):
        [[100  36  64]
         [ 16   0   4]]
  f of x, then rolled by (1, 1) = shift // stride:
        [[100  36  64]
         [ 16   0   4]]
  they are the same
  Your output is exactly what an output that stays where it is gives.
  You ask whether f is blind to the shift. The question is whether its output
  moves along: roll f(x) too."""


@pytest.mark.parametrize(
    "exercise, slip, message",
    [
        ("polyphase_merge", "side_by_side", SIDE_BY_SIDE),
        ("conv2d_polyphase", "first_part_only", FIRST_PART_ONLY),
        ("blur_subsample", "zeros_around", ZEROS_AROUND),
        ("shift_consistency", "output_not_moved", OUTPUT_NOT_MOVED),
    ],
)
def test_a_wrong_answer_is_explained(exercise, slip, message):
    with pytest.raises(WrongAnswer) as caught:
        getattr(checks, exercise)(slips.bank(exercise)[slip].function)
    assert str(caught.value) == message


def test_a_wrong_part_is_named_with_its_pixel():
    def zeros_in_the_second_row(x, stride):
        parts = [np.array(part) for part in phase.polyphase_split(x, stride)]
        parts[0][..., 1, 1:] = 0
        return parts

    with pytest.raises(WrongAnswer) as caught:
        checks.polyphase_split(zeros_in_the_second_row)
    assert str(caught.value).startswith(WRONG_PART)
    assert caught.value.slip == ""


@pytest.mark.parametrize("exercise", [e.id for e in LESSON.exercises])
def test_no_slip_raises_everywhere(exercise):
    """An answer that only ever raises must not be taken for any mistake."""

    def broken(*args, **kwargs):
        raise KeyError("x")

    with pytest.raises(WrongAnswer) as caught:
        getattr(checks, exercise)(broken)
    assert caught.value.slip == ""


def test_the_predictions_are_what_happens():
    answers = {p.id: p.answer for p in LESSON.predictions}
    moved = np.roll(np.resize([1, -1], (1, 8)), 1, axis=1)
    assert set(phase.keep_every(moved, (1, 2)).flat) == {answers["moved_stripes"]}
    shapes = [part.shape for part in phase.polyphase_split(np.zeros((7, 8)), (3, 2))]
    assert answers["smallest_part"] == list(min(shapes))
    shapes = [(3, 5), (3, 4), (2, 5), (2, 4), (2, 5), (2, 4)]
    merged = phase.polyphase_merge([np.zeros(shape) for shape in shapes], (3, 2))
    assert answers["size_from_parts"] == list(merged.shape)
    taps = [part.size for part in phase.polyphase_split(np.zeros((1, 1)), 2)]
    assert answers["parts_read"] == np.count_nonzero(taps)
    stripes = np.resize([1.0, -1.0], (1, 1, 8))
    assert answers["stripes_left"] == 1 / 3
    np.testing.assert_allclose(operators.avg_pool2d(stripes, (1, 3), (1, 2)), 1 / 3)
    assert answers["which_way"] == "left"


def test_the_demonstrations_print_what_the_prose_says():
    cells = [
        c for c in build.read_lesson(LESSON).cells if "demonstration" in c.metadata.get("tags", ())
    ]
    prints = [cell.source for cell in cells if "print(" in cell.source]
    names = {"np": np, "figures": figures, "operators": operators, "phase": phase}
    printed = []
    for source in prints:
        with contextlib.redirect_stdout(io.StringIO()) as out:
            exec(source, dict(names))
        printed.append(out.getvalue().splitlines())
    noble, ways, sizes = printed
    assert noble == ["True"]
    numbers = {line[:24].strip(): [float(v) for v in line[24:].split()] for line in ways}
    assert all(values[0] == values[2] == 0 for values in numbers.values())
    digit = {name: values[1] for name, values in numbers.items() if name.startswith("digit")}
    assert max(digit, key=digit.__getitem__).endswith("keep every 2nd")
    assert min(digit, key=digit.__getitem__).endswith("average, k = 3")
    odd = [values[1] for name, values in numbers.items() if name.startswith("stripes")]
    assert odd == [2, 0.667, 0, 0]
    found = [float(line.rpartition(" ")[2]) for line in sizes]
    assert found == sorted(found, reverse=True) and len(set(found)) == 3
