"""What a check says to a wrong answer: in order, complete as text, and never to a right one."""

import itertools
import sys
import time

import numpy as np
import pytest

from strided import checks, display, operators, slips
from strided.checks import core
from strided.checks.core import Award, Case, Check, WrongAnswer, award, case, integers
from strided.checks.probe import probe
from strided.slips import BANK
from strided.slips.core import Slip


def told(check, answer) -> WrongAnswer:
    """The verdict on a wrong answer."""
    with pytest.raises(WrongAnswer) as caught:
        check(answer)
    message = str(caught.value)
    assert all(len(line) < 80 for line in message.splitlines()), message
    return caught.value


def test_a_wrong_value_is_told_with_window_and_slip():
    def flipped(x, weight, bias=None, stride=1, padding=0):
        return operators.conv2d(x, weight[..., ::-1, ::-1], bias, stride, padding)

    wrong = told(checks.conv2d, flipped)
    lines = str(wrong).splitlines()
    assert lines[0].startswith("conv2d(x 1x1x5x7, weight 1x1x2x3")
    assert "outputs differ; the first is out[0, 0, 0, 0]" in lines[1]
    assert lines[2].startswith("  got ") and ", expected " in lines[2]
    assert "it must read x[0, :, 0:2, 0:3]" in lines[3]
    assert "flipped kernel" in lines[-3] + lines[-2]
    assert wrong.slip == "flipped_kernel" and wrong.status == "failed"


def test_a_wrong_shape_is_told_with_its_formula():
    def short(x, weight, bias=None, stride=1, padding=0):
        return operators.conv2d(x, weight, bias, stride, padding)[..., :-1]

    message = str(told(checks.conv2d, short))
    assert "out has shape (1, 1, 4, 4), expected (1, 1, 4, 5)" in message
    assert "width = floor((7 + 2*0 - 3) / 1) + 1 = 5" in message


def test_what_is_no_result_is_told_in_one_line():
    assert "returned None" in str(told(checks.conv2d, lambda *a, **k: None))
    assert "yours is one str" in str(told(checks.conv2d, lambda *a, **k: "12"))
    assert "not a function" in str(told(checks.conv2d, 12))


def test_an_unwritten_answer_is_blank_and_a_raising_one_an_error():
    def unwritten(*args, **kwargs):
        raise NotImplementedError()

    def raising(*args, **kwargs):
        return 1 / 0

    wrong = told(checks.conv2d, unwritten)
    assert wrong.status == "blank" and "not written yet" in str(wrong)
    wrong = told(checks.conv2d, raising)
    assert wrong.status == "error" and "ZeroDivisionError: division by zero" in str(wrong)


def test_an_answer_that_is_written_in_part_is_not_blank():
    def without_padding(x, weight, bias=None, stride=1, padding=0):
        if np.any(padding):
            raise NotImplementedError("padding")
        return operators.conv2d(x, weight, bias, stride)

    wrong = told(checks.conv2d, without_padding)
    assert wrong.status == "error" and "NotImplementedError: padding" in str(wrong)
    assert "cases are right" in wrong.cases


@pytest.mark.parametrize(
    "value",
    [
        np.array(["a", "b"]),
        np.array([None, 1], dtype=object),
        np.array(["2020-01-01"], dtype="datetime64[D]"),
        np.zeros(2, dtype=[("a", int)]),
    ],
    ids=lambda value: value.dtype.kind,
)
def test_an_array_of_something_else_is_a_wrong_answer(value):
    for check in (checks.input_sizes, checks.same_padding, checks.conv2d, checks.lost_border):
        told(check, lambda *args, **kwargs: value)


def test_a_changed_input_is_told_by_name():
    def spoiling(x, weight, bias=None, stride=1, padding=0):
        out = operators.conv2d(x, weight, bias, stride, padding)
        weight *= 2
        return out

    assert "changed its input weight" in str(told(checks.conv2d, spoiling))


@pytest.mark.parametrize(
    "dress",
    [
        lambda out: out.astype(np.float32),
        lambda out: out.tolist(),
        lambda out: tuple(out),
        np.asfortranarray,
        lambda out: out + 1e-7,
    ],
)
def test_a_right_answer_may_come_in_any_dress(dress):
    assert checks.conv2d(lambda *a, **k: dress(operators.conv2d(*a, **k))) is True


def test_a_hidden_test_says_where_a_type_has_too_few_digits():
    x, weight = np.random.default_rng(0).normal(size=(2, 1, 2, 5, 6))

    def rounded(*args, **kwargs):
        return operators.conv2d(*args, **kwargs).astype(np.float16)

    with pytest.raises(WrongAnswer, match="(?s)a property.*float16"):
        checks.conv2d.judge(rounded, [case(x, weight[..., :3, :2])], words="a property")
    with pytest.raises(WrongAnswer) as other:
        checks.conv2d.judge(shifted_right, [case(x, weight[..., :3, :2])], words="a property")
    assert "float16" not in str(other.value)


def test_an_exception_without_words_is_told_without_a_colon():
    def refusing(*args, **kwargs):
        raise AssertionError

    assert "it raised AssertionError\n" in str(told(checks.conv2d, refusing)) + "\n"


def test_right_answers_print_one_line_and_nothing_on_stderr(capfd):
    def warning(*args, **kwargs):
        print("careful", file=sys.stderr)
        return operators.conv2d(*args, **kwargs)

    checks.conv2d(warning)
    out, err = capfd.readouterr()
    assert out.splitlines()[-1].startswith("conv2d: all ") and err == ""


PAIRS = Check(
    "pairs",
    reference=lambda x: (x + 1, x * 2),
    arguments=("x",),
    parts=("more", "double"),
    cases=(case(np.array([[1.0, 2.0]])), Case(("no",), raises=ValueError, mentions=("no",))),
)


def test_parts_and_expected_errors_are_compared(monkeypatch):
    monkeypatch.setattr("strided.slips.bank", lambda exercise: {})

    def right(x):
        if isinstance(x, str):
            raise ValueError("no!")
        return [x + 1, x * 2]

    assert PAIRS(right) is True
    assert "2 results: (more, double),\n  but it returned one array of shape (1, 2)" in str(
        told(PAIRS, lambda x: x)
    )
    assert "but it returned 1 value, as a tuple" in str(told(PAIRS, lambda x: (x,)))
    assert PAIRS(lambda x: np.stack(right(x))) is True
    assert "the first is double[0, 0]" in str(told(PAIRS, lambda x: (x + 1, x * 3)))

    def silent(x):
        return right(x) if not isinstance(x, str) else "no"

    said = str(told(PAIRS, silent))
    assert "expected a ValueError whose message mentions 'no',\n  but it returned 'no'" in said
    assert "\n  but it raised IndexError" in str(told(PAIRS, raising_instead(right, IndexError)))
    assert "\n  but it says: never" in str(told(PAIRS, raising_instead(right, ValueError)))


def raising_instead(right, error):
    def answer(x):
        if isinstance(x, str):
            raise error("never")
        return right(x)

    return answer


def test_slips_that_nothing_tells_apart_are_told_as_either_or(monkeypatch):
    def doubled(x):
        return 2 * x

    twins = {
        id: Slip("square", id, gives=f"the {id} way", advice=f"Not {id}.", function=doubled)
        for id in ("first", "second")
    }
    monkeypatch.setattr("strided.slips.bank", lambda exercise: twins)
    square = Check("square", lambda x: x * x, ("x",), (case(np.array([[3.0]])),))
    wrong = told(square, lambda x: x + x)
    assert "exactly what either the first way or the second way gives" in str(wrong)
    assert str(wrong).endswith(
        "If it is the first way: Not first.\n  If it is the second way: Not second."
    )
    assert wrong.slip == "first|second"


def test_an_award_shows_as_the_number_nbgrader_reads(monkeypatch):
    shown = []
    monkeypatch.setattr(sys, "displayhook", shown.append)
    award("conv2d", 0.5, "some_slip")
    assert isinstance(shown[0], Award) and shown[0].slip == "some_slip"
    assert float(repr(shown[0])) == float(shown[0]) > 0


def test_every_slip_of_the_bank_belongs_to_an_exercise_of_the_manifest():
    from strided import manifest

    assert set(BANK) <= set(manifest.exercises())


def test_a_count_is_right_or_wrong_and_never_nearly_right():
    from strided.checks.core import same

    assert same(151600.0, 151600) and same(np.int32(7), 7)
    assert not same(151615, 151600) and not same(12.001, 12)
    assert same(0.1 + 1e-7, 0.1)


@pytest.mark.parametrize(
    "got, expected, said",
    [
        (151600.04, 151600, "got 151600.04, expected 151600"),
        (np.float64(12.0000001), 12, "got 12.0000001, expected 12"),
        (np.str_("3"), 3, "got '3', expected 3"),
        (np.array("3"), np.int64(3), "got '3', expected 3"),
        ({"a": 12.0000001}, {"a": 12}, "at 'a': got 12.0000001, expected 12"),
        (Case((3,)), "Case", "got Case(args=(3,), kwargs={}, raises=None, mentions=()), expected 'Case'"),
        ((1, 2) * 60 + (3,), (1, 2) * 60 + (4,), "entry 120: got 3, expected 4"),
        ([7] * 100, (7,) * 101, "got [7, 7,"),
        ([7] * 100, [7] * 101, "(with 100 entries)"),
        ([7] * 100, [7] * 101, "(with 101)"),
    ],
)  # fmt: skip
def test_got_and_expected_never_read_the_same(got, expected, said, monkeypatch):
    monkeypatch.setattr("strided.slips.bank", lambda exercise: {})
    check = Check("count", lambda x: expected, ("x",), (case(1),))
    assert said in " ".join(str(told(check, lambda x: got)).split())


def test_what_only_the_type_tells_apart_is_told_by_its_type(monkeypatch):
    class Three:
        def __repr__(self):
            return "3"

    monkeypatch.setattr("strided.slips.bank", lambda exercise: {})
    check = Check("count", lambda x: 3, ("x",), (case(1),))
    assert "got 3 (Three),\n  expected 3 (int)" in str(told(check, lambda x: Three()))


def test_numbers_in_an_object_array_are_numbers_and_nothing_is_not():
    from strided.checks.core import as_array

    assert as_array(np.array([1, 2.5], dtype=object)).tolist() == [1, 2.5]
    assert as_array(None) is None and as_array([1, "a"]) is None and as_array([None]) is None


def test_how_many_cases_are_right_is_told_beside_the_explanation(monkeypatch):
    monkeypatch.setattr("strided.slips.bank", lambda exercise: {})
    square = Check("square", lambda x: x * x, ("x",), tuple(map(case, range(5))))

    def told_of(*right, wrong=-1):
        answer = told(square, lambda x: x * x if x in right else wrong)
        assert f"square(x={next(n for n in range(5) if n not in right)})" in str(answer)
        return answer.cases

    assert told_of(0, 1) == "2 of the 5 cases are right; the first wrong one is shown."
    assert told_of(0, 3, 4) == "3 of the 5 cases are right; the first wrong one is shown."
    assert told_of(4) == "1 of the 5 cases is right; the first wrong one is shown."
    assert told_of() == told_of(wrong="no") == told_of(wrong=None)
    assert told_of() == "None of the 5 cases is right; the first one is shown."

    def raising(x):
        return x * x if x < 3 else 1 / 0

    wrong = told(square, raising)
    assert wrong.status == "error" and wrong.cases.startswith("3 of the 5 cases are right")
    assert wrong._render_traceback_() == [str(wrong), wrong.cases]
    alone = Check("square", lambda x: x * x, ("x",), (case(3),))
    wrong = told(alone, lambda x: 0)
    assert wrong.cases == "" and wrong._render_traceback_() == [str(wrong)]
    with pytest.raises(WrongAnswer) as caught:
        square.judge(lambda x: 0, square.cases, words="squares")
    assert caught.value.cases == ""


def test_what_cannot_even_be_compared_is_not_right_and_no_other_verdict(monkeypatch):
    class Spiteful:
        def __iter__(self):
            raise RuntimeError("no")

        __len__ = __array__ = __float__ = __eq__ = __iter__

    monkeypatch.setattr("strided.slips.bank", lambda exercise: {})
    square = Check("square", lambda x: [x * x], ("x",), tuple(map(case, range(3))))
    wrong = told(square, lambda x: [[0], [2], [Spiteful()]][x])
    assert "square(x=1)" in str(wrong) and wrong.cases.startswith("1 of the 3 cases is right")


# ---------------------------------------------------------------- small faults


def test_leaving_the_program_is_told_in_a_sentence():
    wrong = told(checks.conv2d, lambda *a, **k: sys.exit())
    assert "it called exit(), which ends the program" in str(wrong) and wrong.status == "error"


def test_an_interrupt_is_let_through():
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        checks.conv2d(interrupted)


def test_a_named_slip_says_once_what_to_do_about_a_changed_input():
    message = str(
        told(checks.keras1_to_keras2, slips.bank("keras1_to_keras2")["input_changed"].function)
    )
    assert message.count("whoever called you still needs theirs") == 1


def test_one_array_of_two_numbers_is_not_taken_for_two_results():
    wrong = told(checks.average_as_subsampling, lambda channels, kernel_size: np.zeros(2))
    assert "2 results: (weight, bias)" in str(wrong) and "one array of shape (2,)" in str(wrong)


def test_a_call_is_not_broken_inside_an_argument():
    check = Check(
        "f", lambda *a, **k: 1, ("height", "width", "kernel_size", "stride", "padding"), ()
    )
    for width in range(10**3, 10**12, 10**11):
        said = check._call(case(width, width, (3, 2), (3, 2), (1, 0), ceil_mode=True, more=(1, 2)))
        assert all(line.count("(") - (n == 0) == line.count(")") - (n == said.count("\n"))
                   for n, line in enumerate(said.splitlines())), said  # fmt: skip
        assert all(len(line) < 80 for line in said.splitlines())


def test_what_hidden_tests_say_fits_the_page(monkeypatch):
    monkeypatch.setattr("strided.slips.bank", lambda exercise: {})
    with pytest.raises(WrongAnswer) as caught:
        PAIRS.judge(lambda x: (x, x), PAIRS.cases[:1], words="a property " * 20)
    lines = str(caught.value).splitlines()
    assert lines[0].startswith("A hidden test failed: a property")
    assert len(lines) > 2 and all(len(line) < 80 for line in lines)
    assert "seems to read" not in str(caught.value)


def test_what_is_no_function_fits_the_page():
    assert "is " in str(told(checks.conv2d, list(range(100))))


# ---------------------------------------------------------------- the picture of a wrong answer


def shifted_right(x, weight, bias=None, stride=1, padding=0):
    """Not in the bank: every window lies one column too far to the right."""
    moved = np.concatenate([x[..., 1:], x[..., :1]], axis=-1)
    return operators.conv2d(moved, weight, bias, stride, padding)


def counted(answer):
    calls = []

    def counting(*args, **kwargs):
        calls.append(args)
        return answer(*args, **kwargs)

    return counting, calls


def test_a_wrong_answer_carries_its_picture():
    counting, calls = counted(shifted_right)
    wrong = told(checks.conv2d, counting)
    before = len(calls)
    alt = wrong.figure.alt
    assert len(calls) == before, "drawing called the answer again"
    assert alt.startswith("conv2d(x 1x1x5x7, weight 1x1x2x3)")
    assert "should read x[0, 0, 0:2, 0:3]; yours reads x[0, 0, 0:2, 1:4]." in alt
    assert "target, shape (1, 1, 4, 5)" in alt and "yours, shape (1, 1, 4, 5)" in alt
    call = checks.conv2d.cases[0]
    differ = core.differing(shifted_right(*call.args), operators.conv2d(*call.args))
    assert f"{differ.sum()} of {differ.size} differ" in alt
    assert wrong.figure is wrong.figure and len(wrong.figure.html) < 100_000


def test_the_window_of_a_known_slip_is_marked_without_asking_the_answer():
    counting, calls = counted(slips.bank("avg_pool2d")["one_pixel_late"].function)
    wrong = told(checks.avg_pool2d, counting)
    assert wrong.slip == "one_pixel_late"
    assert "should read x[0, 0, 0:2, 0:3]; yours reads x[0, 0, 1:3, 1:4]." in wrong.figure.alt
    assert len(calls) == len(checks.avg_pool2d.cases)


def test_a_wrong_shape_is_pictured_without_marks():
    wrong = told(checks.conv2d, lambda *a, **k: operators.conv2d(*a, **k)[..., :-1])
    assert "Yours has shape (1, 1, 4, 4), target (1, 1, 4, 5)." in wrong.figure.alt
    assert "differ" not in wrong.figure.alt and "should read" not in wrong.figure.alt


def test_several_results_are_pictured_by_name():
    wrong = told(checks.correlate_or_convolve, lambda x, w: np.zeros((2, 3, 3)))
    assert "target correlation, shape (3, 3)" in wrong.figure.alt
    assert "your convolution, shape (3, 3)" in wrong.figure.alt
    assert (
        "correlation[0, 0] should read x[0:2, 0:3]; yours does not seem to read x."
        in wrong.figure.alt
    )


@pytest.mark.parametrize(
    "answer",
    [
        lambda *a, **k: None,
        lambda *a, **k: 1 / 0,
        lambda *a, **k: "12",
        lambda *a, **k: np.zeros((2000, 2000)),
        lambda *a, **k: np.zeros((1,) * 6),
        12,
    ],
)
def test_what_cannot_be_drawn_has_no_picture(answer):
    assert told(checks.conv2d, answer).figure is None


@pytest.mark.parametrize("value", [np.nan, np.inf, -1e300, 1j])
def test_odd_numbers_are_pictured_too(value):
    wrong = told(checks.conv2d, lambda x, w, *a, **k: operators.conv2d(x, w, *a, **k) + value)
    assert "20 of 20 differ" in wrong.figure.alt


def test_the_imaginary_part_of_a_complex_result_is_pictured_and_no_weight_is_told():
    wrong = told(checks.conv2d, lambda x, w, *a, **k: operators.conv2d(x, w, *a, **k) * (1 + 2j))
    assert "got (139+278j), expected 139" in str(wrong) and "seem" not in str(wrong)
    alt = wrong.figure.alt
    assert "yours, shape (1, 1, 4, 5): [0, 0]: 139 161" in alt
    assert "imaginary part of yours, shape (1, 1, 4, 5): [0, 0]: 278 322" in alt
    rounded = told(checks.conv2d, lambda *a, **k: operators.conv2d(*a, **k) + 1 + 1e-9j)
    assert "imaginary" not in rounded.figure.alt and "seems to read" in str(rounded)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda out: out + 1e300,  # what it reads is lost in the rounding
        lambda out: out + 1e8,
        lambda out: out * np.inf,
        lambda out: np.where(out > 139, np.inf, out + 1),
        lambda out: out * 1e306,  # nudged, it is no number any more
        np.exp,
    ],
)
def test_of_huge_results_no_weights_are_invented(spoil):
    def answer(*args, **kwargs):
        with np.errstate(all="ignore"):
            return spoil(operators.conv2d(*args, **kwargs))

    wrong = told(checks.conv2d, answer)
    assert "seem" not in str(wrong) and "weights" not in str(wrong)
    assert "yours" not in wrong.figure.alt.split(". x, shape")[0]


def test_large_weights_are_told_as_they_are():
    wrong = told(checks.conv2d, lambda *a, **k: operators.conv2d(*a, **k) * 1e300)
    assert "[[1.e+300 2.e+300 3.e+300]" in str(wrong)


def test_numbers_that_are_no_arrays_have_no_picture():
    assert told(checks.output_size, lambda *a, **k: 99).figure is None
    assert told(checks.counterexample, lambda *a: np.zeros((2, 2, 2, 3))).figure is None


def test_a_hidden_test_shows_no_picture():
    with pytest.raises(WrongAnswer) as caught:
        checks.conv2d.judge(shifted_right, checks.conv2d.cases, words="strides of every size")
    assert caught.value.figure is None


def test_every_picture_of_a_slip_is_small_and_says_what_differs():
    drawn = 0
    for exercise in ("avg_pool2d", "conv2d", "conv2d_backward"):
        check = getattr(checks, exercise)
        for slip in slips.bank(exercise).values():
            wrong = told(check, slip.function)
            figure = wrong._draw()  # not `figure`, which would hide a fault of the drawing
            drawn += figure is not None
            assert figure is None or len(figure.html) < 100_000
            if figure is not None and "outputs differ" in str(wrong):
                assert " should read " in figure.alt
    assert drawn > 80


def test_a_notebook_shows_the_picture_and_plain_python_only_text(monkeypatch, capsys):
    shown = []
    monkeypatch.setattr("strided.display.show", shown.append)
    wrong = told(checks.conv2d, shifted_right)
    assert not shown
    monkeypatch.setattr("strided.display.in_notebook", lambda: True)
    wrong = told(checks.conv2d, shifted_right)
    assert shown == [wrong.figure]
    told(checks.conv2d, lambda *a, **k: None)
    checks.conv2d(operators.conv2d)
    assert len(shown) == 1 and capsys.readouterr().err == ""


def test_plain_python_is_no_notebook():
    assert not display.in_notebook()


# ---------------------------------------------------------------- probing


@pytest.mark.parametrize(
    "answer, said",
    [
        (lambda x: x[1:4, 0:3].sum() / 9, "read x[1:4, 0:3], each times 1/9"),
        (lambda x: x[::2, 1] @ np.ones(3) / 4, "read x[0:5:2, 1], each times 0.25"),
        (lambda x: x[1, 2], "read x[1, 2]"),
        (lambda x: 3 * x[1, 2] - 7, "read x[1, 2] times 3, and to add -7"),
        (lambda x: np.float32(x[:2, :2].mean()), "read x[0:2, 0:2], each times 0.25"),
        (lambda x: x[0, 0] - x[0, 1], "read x[0, 0:2] with the weights [ 1 -1]"),
        (lambda x: x[0, 0] + 2 * x[:2, 1].sum(), "3 of the 4 entries of x[0:2, 0:2] with the weights [[1 2]"),
        (lambda x: np.trace(x), "x[0, 0], x[1, 1], x[2, 2], x[3, 3] and 1 more of its entries, each times 1"),
        (lambda x: 12.0, "not seem to read x at all"),
    ],
)  # fmt: skip
def test_what_an_output_reads_is_found(answer, said, monkeypatch):
    monkeypatch.setattr("strided.checks.probe.SECONDS", 10)  # on a busy machine
    reading = probe(answer, integers(5, 6))
    assert reading is not None and said in " ".join(reading.text("x").split())


def test_whole_numbers_stay_whole_and_are_left_alone():
    x = integers(5, 6).astype(int)
    reading = probe(lambda x: x[1:3, 2].sum(), x)
    assert reading is not None and "x[1:3, 2], each times 1" in reading.text("x")
    np.testing.assert_array_equal(x, integers(5, 6))


def flaky():
    numbers = itertools.count()
    return lambda x: next(numbers)


@pytest.mark.parametrize(
    "answer",
    [
        lambda x: x.max(),
        lambda x: np.abs(x).sum(),
        lambda x: x.astype(int).sum(),
        lambda x: (x**2).sum(),
        lambda x: x[0, 0] * x[1, 1],
        lambda x: np.nan,
        lambda x: 1 / 0,
        lambda x: "text",
        lambda x: np.sort(x, axis=None)[10],
        flaky(),
    ],
)
def test_nothing_is_said_of_what_is_not_affine(answer):
    assert probe(answer, integers(5, 6) + 0.5) is None


def test_a_slow_answer_is_probed_only_for_a_moment(monkeypatch):
    def slow(x):
        time.sleep(0.01)
        return x.sum()

    started = time.perf_counter()
    assert probe(slow, np.ones((8, 8, 8))) is None
    assert time.perf_counter() - started < 0.3


def test_a_probed_answer_prints_once_a_case(capsys):
    def chatty(x, weight, bias=None, stride=1, padding=0):
        print("hello")
        return operators.conv2d(x, 3 * weight, bias, stride, padding)

    assert "yours seems to read x[0, 0, 0:2, 0:3]" in str(told(checks.conv2d, chatty))
    assert capsys.readouterr().out.count("hello") == len(checks.conv2d.cases)


# ---------------------------------------------------------------- two slips at once


def flipped_and_bias_twice(x, weight, bias=None, stride=1, padding=0):
    bias = None if bias is None else 2 * bias
    return operators.conv2d(x, weight[..., ::-1, ::-1], bias, stride, padding)


def mean_of_channels_and_no_bias(x, weight, bias=None, stride=1, padding=0):
    return operators.conv2d(x, weight, None, stride, padding) / x.shape[1] / 2


def sum_of_windows_shifted(
    x, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True
):
    kernel = operators.avg_pool2d(np.ones((1, *np.broadcast_to(kernel_size, 2))), kernel_size).size
    out = operators.avg_pool2d(x, kernel_size, stride, padding, ceil_mode, count_include_pad)
    return (out * kernel * 2)[..., ::-1]


def averaged_and_bias_negative(x, weight, bias, kernel_size, stride=1):
    taps = np.prod(np.broadcast_to(kernel_size, 2))
    return operators.subsample2d(x, weight / taps, -bias, kernel_size, stride)


def last_windows_without_weight(x, weight, bias, kernel_size, stride=1):
    ones = np.ones_like(weight)
    return operators.subsample2d(x, ones, bias, kernel_size, stride)[..., ::-1, :]


COMBINED = [
    ("conv2d", flipped_and_bias_twice, "x[0, 0, 0:2, 0:3] with the weights [[7 5 4] [3 2 1]]"),
    ("conv2d", mean_of_channels_and_no_bias, "with the weights [[0.5 1. 1.5] [2. 2.5 3.5]]"),
    ("avg_pool2d", sum_of_windows_shifted, "read x[0, 0, 0:2, 3:6], each times 1/3"),
    ("subsample2d", averaged_and_bias_negative, "each times 1/3, and to add -10"),
    ("subsample2d", last_windows_without_weight, "x[0, 0, 2:4, 0:3], each times 1, and to add 10"),
]


@pytest.mark.parametrize("exercise, answer, seems", COMBINED)
def test_two_slips_at_once_are_told_by_number_window_and_probe(exercise, answer, seems):
    check = getattr(checks, exercise)
    started = time.perf_counter()
    wrong = told(check, answer)
    assert time.perf_counter() - started < 1
    said = " ".join(str(wrong).split())
    call = check.cases[0]
    got, expected = (f(*call.args, **call.kwargs) for f in (answer, check.reference))
    assert wrong.slip == ""
    assert "the first is out[0, 0, 0, 0]" in said
    numbers = [core.show(result[0, 0, 0, 0]) for result in (got, expected)]
    assert f"got {numbers[0]}, expected {numbers[1]}" in said
    window = "x[0, :, 0:2, 0:3]" if exercise == "conv2d" else "x[0, 0, 0:2, 0:3]"
    assert f"it must read {window}" in said and seems in said


@pytest.mark.parametrize("exercise", ["conv2d", "avg_pool2d", "subsample2d"])
def test_slips_on_top_of_slips_are_explained(exercise):
    """A slip of the arguments before a slip of the result: both at once, over the whole bank."""
    check, told_window = getattr(checks, exercise), 0
    for slip in slips.bank(exercise).values():

        def both(*args, function=slip.function, **kwargs):
            return 3 * np.asarray(function(*args, **kwargs))

        message = str(told(check, both))
        if "outputs differ" in message:
            told_window += "it must read" in message
            assert "it must read" in message and "got " in message
        else:
            assert "has shape" in message or "raised" in message
    assert told_window > len(slips.bank(exercise)) / 2
