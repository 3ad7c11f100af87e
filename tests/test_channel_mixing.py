"""Lesson 06 beyond what holds for every lesson: messages, counterexamples, worked numbers."""

import numpy as np
import pytest

from autograder.answers import answers
from autograder.examiner import examine
from autograder.hidden import channel_mixing as hidden
from autograder.student import Limits, Student
from strided import channels, checks, compare, manifest, operators, slips
from strided.checks.channel_mixing import as_operator
from strided.checks.core import WrongAnswer

LESSON = manifest.lessons()["06_channel_mixing"]

BIAS_TAKEN_FOR_INPUT = """\
mixing_matrix(operator=two_groups, in_channels=4)
  10 of 24 outputs differ; the first is out[0, 2]
  got True, expected False
  let input channel 2 alone go from all 0 to all 1:
  output channel 0 stays as it is, -2 in its middle, so it is False
  Your output is exactly what asking whether an output is 0, not whether it
  has changed gives.
  A bias makes an output nonzero that reads nothing. Keep what the operator
  returns before the change, and compare with that."""

GROUPS_IGNORED = """\
conv2d_groups(x 1x4x3x4, weight 4x2x2x3, groups=2)
  8 of 16 outputs differ; the first is out[0, 2, 0, 0]
  got -15, expected 360
  group 1 of 2: outputs 2 to 3, made of channels 2 to 3
  it must read x[0, 2:4, 0:2, 0:3]:
    channel 2, times weight[2, 0]
        [[ 2  9 16]   *  [[ 6  7  5]
         [ 7 14 -2]]      [-1  4 -2]]
    channel 3, times weight[2, 1]
        [[17  1  8]   *  [[ 3 -3  2]
         [-1  6 13]]      [-4  1  6]]
  and add up: 208 + 152 = 360
  Your output is exactly what every output reading the channels of group 0
  gives.
  Output k is in group k // (K / groups), and reads the channels of that
  group: they start at group * (C / groups)."""

ROWS_SORTED = """\
conv2d_table(x 1x4x5x6, table=[[3, 0], [1, 2, 3], [2]], kernels 6x2x3,
    bias [5, -15, 40])
  16 of 48 outputs differ; the first is out[0, 0, 0, 0]
  got 101, expected -72
  table[0] is [3, 0], and its kernels are kernels[0:2]
  it must read rows 0:2 and columns 0:3   (start = index * stride):
    x[0, 3], times kernels[0]
        [[ 4 11 -5]   *  [[-4  1  6]
         [ 0  7 14]]      [ 7  5 -1]]
    x[0, 0], times kernels[1]
        [[-5  2  9]   *  [[ 4 -2  3]
         [14 -2  5]]      [-3  2 -4]]
  and add up: -14 + -63 + 5 (bias[0]) = -72
  Your output is exactly what table rows put into ascending order gives.
  The order in a row tells which kernel belongs to which channel: the first
  kernel to the first channel that is named."""

CONSTANT_KERNELS = """\
counterexample(channels=2, kernel_size=(2, 3))
  a SubSampling does the same, with gains [2, 3]:
  every kernel from a channel to itself is one number repeated, and no channel
  reaches another one
  (distance to the nearest SubSampling 0, size of your weight 8.83)
  Your output is exactly what a SubSampling written as a convolution gives.
  Its kernels repeat one number and its channels do not mix: other gains do
  not change that. Let one channel reach another one, or let two numbers of a
  kernel differ."""


@pytest.mark.parametrize(
    "exercise, slip, message",
    [
        ("mixing_matrix", "bias_taken_for_input", BIAS_TAKEN_FOR_INPUT),
        ("conv2d_groups", "first_group_for_all", GROUPS_IGNORED),
        ("conv2d_table", "rows_sorted", ROWS_SORTED),
        ("counterexample", "constant_kernels", CONSTANT_KERNELS),
    ],
)
def test_a_wrong_answer_is_explained(exercise, slip, message):
    with pytest.raises(WrongAnswer) as caught:
        getattr(checks, exercise)(slips.bank(exercise)[slip].function)
    assert str(caught.value) == message


@pytest.mark.parametrize("exercise", ["conv2d_groups", "conv2d_table"])
def test_an_operator_has_twelve_slips(exercise):
    assert len(slips.bank(exercise)) >= 12


# ---------------------------------------------------------------- what may be probed, and how


def probes(inputs: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """A baseline and what is added to one channel of it, in many styles."""
    rng = np.random.default_rng(6)
    impulse = np.zeros((9, 8))
    impulse[4, 4] = 1
    corners = np.zeros((2, 9, 8))
    corners[0, 0, 0] = corners[1, -1, -1] = 1
    rest, noise = np.zeros((inputs, 9, 8)), rng.normal(size=(inputs, 9, 8))
    ones = np.ones((9, 8))
    return {
        "ones": (rest, ones),
        "impulse": (rest, impulse),
        "first corner": (rest, corners[0]),
        "last corner": (rest, corners[1]),
        "noise on noise": (noise, rng.normal(size=(9, 8))),
        "ones on noise": (noise, ones),
        "small": (noise, 1e-3 * ones),
        "large and negative": (rest, -1e6 * ones),
        "not a number": (noise, np.nan * ones),
        "integers": (rest.astype(int), ones.astype(int)),
        "float32": (noise.astype(np.float32), ones.astype(np.float32)),
    }


@pytest.mark.parametrize("style", probes(1))
@pytest.mark.parametrize("number", range(len(checks.mixing_matrix.cases)))
def test_every_style_of_probing_finds_the_connections(number, style):
    operator, inputs = checks.mixing_matrix.cases[number].args
    rest, change = probes(inputs)[style]
    before, columns = operator(rest), []
    for channel in range(inputs):
        x = rest.copy()
        x[channel] += change
        after = operator(x)
        np.testing.assert_array_equal(operator(np.stack([rest, x]))[1], after)
        columns.append((after != before).any(axis=(1, 2)))
    expected = checks.mixing_matrix.reference(operator, inputs)
    np.testing.assert_array_equal(np.stack(columns, axis=1), expected)


@pytest.mark.parametrize("shape", [(2, 9, 9), (3, 7, 9), (9, 9), (1, 4, 9, 9)])
def test_an_operator_says_what_it_takes(shape):
    operator = as_operator("operator", 3, np.negative)
    with pytest.raises(ValueError, match="operator takes"):
        operator(np.zeros(shape))


# ---------------------------------------------------------------- counterexamples


def weights(kernel: tuple[int, int]) -> dict[str, np.ndarray]:
    """Right weights for two channels, some of them hardly so."""
    own = np.zeros((2, 2, *kernel))
    own[0, 0] = own[1, 1] = 1 / 7
    mixed, uneven = own.copy(), own.copy()
    mixed[1, 0, 0, 0] = 1e-4
    uneven[1, 1, -1, -1] += 1e-4
    return {
        "mixed": mixed,
        "uneven": uneven,
        "tiny": 1e-9 * mixed,
        "huge": 1e9 * mixed,
        "enormous": 1e300 * mixed,
        "float32": uneven.astype(np.float32),
        "booleans": mixed.astype(bool),
        "ones": np.ones(own.shape, dtype=int),
    }


@pytest.mark.parametrize("name", weights((1, 1)))
def test_any_right_counterexample_passes(name):
    def answer(count, kernel_size):
        kernel = tuple(int(k) for k in np.broadcast_to(kernel_size, 2))
        weight = np.zeros((count, count, *kernel))
        weight[:2, :2] = weights(kernel)[name]
        return weight.astype(weights(kernel)[name].dtype)

    assert checks.counterexample(answer)
    assert hidden.counterexample(answer)


@pytest.mark.parametrize(
    "change, words",
    [
        (lambda w: w * np.nan, "no finite numbers"),
        (lambda w: 1j * w, "array of real numbers"),
        (lambda w: "no", "array of real numbers"),
        (lambda w: w.transpose(2, 3, 1, 0), r"out has shape \(2, 3, 2, 2\)"),
        # What rounding does to a SubSampling does not make it another layer.
        (lambda w: 0 * w + np.eye(len(w))[:, :, None, None] * (1 + 1e-9 * w), "with gains"),
    ],
)
def test_what_is_no_counterexample_is_refused(change, words):
    with pytest.raises(WrongAnswer, match=words):
        checks.counterexample(lambda *args: change(checks.counterexample.reference(*args)))


def test_yours_shows_the_nearest_or_says_when_it_can():
    shown = checks.counterexample.yours(checks.counterexample.reference)
    assert "nearest SubSampling" in shown.alt and "6 of 24 differ" in shown.alt
    for answer in (lambda *_: None, lambda *_: np.ones(3), lambda *_: 1 / 0):
        assert "Come back" in repr(checks.counterexample.yours(answer))


# ---------------------------------------------------------------- the lesson's numbers


def test_the_predictions_are_what_happens():
    given = {p.id: p.answer for p in LESSON.predictions}
    table = channels.group_table(6, 12, 3)
    assert channels.table_matrix(channels.group_table(6, 6, 2), 6).sum() == 18
    assert given["dots_of_two_groups"] == 18
    assert given["inputs_of_output_5"] == table[5]
    layer = operators.conv2d(np.zeros((6, 5, 5)), np.zeros(given["grouped_weight_shape"]), groups=3)
    assert layer.shape == (12, 3, 3)
    colours = operators.conv2d(
        np.zeros((3, 5, 5)), np.zeros((192, 1, 3, 3)), groups=given["groups_of_colours"]
    )
    assert len(colours) == 192
    assert given["kernels_of_c3"] == sum(map(len, channels.C3_TABLE))
    sevens = operators.conv2d(np.full((3, 4, 4), 7.0), np.ones((3, 3, 2, 2)) / 4)
    assert (sevens == given["all_ones_on_sevens"]).all()
    gains, distance = channels.nearest_subsampling(np.array([[[[1, 2], [3, 6]]]]))
    assert gains == given["nearest_gain"] and distance == pytest.approx(14**0.5)
    assert f"{distance:.2f}" == "3.74"


def test_the_small_operator_of_the_text():
    matrix = channels.mixing_matrix(lambda x: np.stack([10 + 2 * x[0], x[0] - x[1]]), 2)
    assert matrix.tolist() == [[True, False], [True, True]]


@pytest.mark.parametrize("exercise", ["conv2d_groups", "conv2d_table", "as_conv_weight"])
def test_it_has_a_counterpart_in_torch(exercise):
    shown = repr(compare.with_torch(exercise, getattr(checks, exercise).reference))
    assert float(shown.partition("Largest difference: ")[2].partition(",")[0]) < 1e-12


# ---------------------------------------------------------------- in a student's own process


@pytest.mark.parametrize(
    "style", [s for e, s in answers(LESSON.name) if e == "mixing_matrix" and ":" not in s]
)
def test_an_operator_can_be_probed_from_a_students_process(warm, style):
    test = (
        "assert checks.mixing_matrix(mixing_matrix)\n"
        "from autograder.hidden import channel_mixing\n"
        "assert channel_mixing.mixing_matrix(mixing_matrix)"
    )
    with Student(warm, Limits(cell=30, notebook=60, memory=2 * 2**30)) as student:
        student.run("import numpy as np\n" + answers(LESSON.name)["mixing_matrix", style])
        verdict = examine(test, 2, student)
    assert verdict.status == "passed", verdict
