"""Lesson 09 where the general tests do not reach: lists that do not run, and tests that are tested."""

import sys

import numpy as np
import pytest

from autograder import build, mutants
from autograder.answers import answers
from autograder.examiner import examine
from autograder.hidden import porting_lab as hidden
from autograder.student import Limits, Student
from strided import checks, compare, manifest, operators, porting, slips
from strided.checks import porting_lab
from strided.checks.core import WrongAnswer

LESSON = manifest.lessons()["09_porting_lab"]
POINTS = manifest.exercises()["my_tests"].points


@pytest.fixture
def awards(monkeypatch):
    """What was displayed as a score."""
    shown: list = []
    monkeypatch.setattr(sys, "displayhook", shown.append)
    return shown


# ---------------------------------------------------------------- ports


@pytest.mark.parametrize(
    "answer, words",
    [
        (lambda spec: "calls", "a port is a list of calls, and this is a str"),
        (lambda spec: [("avgpool", {})], "there is no layer 'avgpool'"),
        (lambda spec: [("avg_pool2d", {"kernel_size": 9})], "call 1, avg_pool2d"),
        (lambda spec: None, "it returned None"),
        (lambda spec: [], "out has shape (1, 1, 4, 6), expected (1, 1, 3, 4)"),
    ],
)
def test_a_list_that_does_not_run_is_told(answer, words):
    with pytest.raises(WrongAnswer) as caught:
        checks.port_torch7(answer)
    message = str(caught.value)
    assert caught.value.status == "failed" and words in " ".join(message.split())
    assert all(len(line) < 80 for line in message.splitlines())


def test_a_wrong_number_is_told_with_its_window_and_what_comes_of_it():
    def halved(spec):
        calls = porting.port_torch7(spec)
        for name, arguments in calls:
            if name == "subsample2d":
                arguments["weight"] = arguments["weight"] / 2
        return calls

    with pytest.raises(WrongAnswer) as caught:
        checks.port_torch7(halved)
    message = str(caught.value)
    assert "SpatialSubSampling(nInputPlane=2, kW=3, kH=2, dW=2, weight [-2, 0.5]" in message
    assert "it must read x[0, 0, 0:2, 0:3]" in message
    assert "their sum, times weight[0] = -2, plus bias[0]" in message
    assert "yours seems to read x[0, 0, 0:2, 0:3], each times -1, and to add 3" in message
    assert caught.value.slip == ""


def test_a_spec_that_was_changed_is_told():
    def careless(spec):
        calls = porting.port_torch7(spec)
        spec.clear()
        return calls

    with pytest.raises(WrongAnswer, match="changed its input spec"):
        checks.port_torch7(careless)


def test_a_step_of_its_own_for_each_missing_argument_is_told():
    def stride_only_if_given(spec):
        calls = porting.port_torch7(spec)
        for (_, layer), (name, arguments) in zip(spec, calls, strict=True):
            if name == "avg_pool2d" and not {"dW", "dH"} & set(layer):
                del arguments["stride"]
        return calls

    def never_a_stride(spec):
        calls = porting.port_torch7(spec)
        return [
            (n, {k: v for k, v in a.items() if (n, k) != ("avg_pool2d", "stride")})
            for n, a in calls
        ]

    for answer, slip in (
        (stride_only_if_given, "no_step_is_the_kernel"),
        (never_a_stride, "pooling_step_left_out"),
    ):
        with pytest.raises(WrongAnswer) as caught:
            checks.port_torch7(answer)
        assert caught.value.slip == slip


@pytest.mark.parametrize(
    "old, new, slip",
    [
        (
            'if layer.get("activation", "linear") != "linear":',
            'if "activation" in layer:',
            "linear_called",
        ),
        ('layer.get("strides") or kernel', 'layer.get("strides", kernel)', "none_as_strides"),
    ],
)
def test_what_is_given_as_if_it_were_not_is_told(old, new, slip):
    cells = build.read_lesson(LESSON).cells
    source = next(cell.source for cell in cells if cell.id == "port_keras1")
    assert source.count(old) == 1
    wrong = mutants.defined(source.replace(old, new), "port_keras1")
    for test in (checks.port_keras1, hidden.port_keras1):
        with pytest.raises(WrongAnswer) as caught:
            test(wrong)
        assert caught.value.slip == slip


# ---------------------------------------------------------------- tests of tests


def test_every_wrong_implementation_is_of_one_kind():
    listed = [id for ids in porting_lab.KINDS.values() for id in ids]
    assert len(listed) == len(set(listed))
    assert set(listed) == set(slips.bank("avg_pool2d"))
    assert set(porting_lab.VISIBLE) <= set(listed)


@pytest.mark.parametrize("name", porting_lab.RIGHT)
def test_a_right_implementation_is_right(name):
    checks.avg_pool2d(porting_lab.handed(porting_lab.RIGHT[name]))


def test_the_points_are_the_share_rejected(awards, capsys):
    def channels_only(avg_pool2d):
        x = np.random.default_rng(0).normal(size=(2, 2, 4, 4))
        got = avg_pool2d(x.copy(), 2)
        assert np.allclose(got, operators.avg_pool2d(x, 2), atol=1e-5)

    assert checks.my_tests(channels_only) is True
    assert awards == []
    assert "reading every pair as (width, height)" in capsys.readouterr().out
    assert hidden.my_tests(channels_only) is True
    said = capsys.readouterr().out
    trial = porting_lab.try_tests(channels_only, porting_lab.wrong_implementations())
    assert 0 < trial.rejected < len(trial.tried)
    assert [float(a) for a in awards] == [round(POINTS * trial.rejected / len(trial.tried), 2)]
    assert f"rejected {trial.rejected} of {len(trial.tried)}" in " ".join(said.split())
    assert "steps and pairs" in said and "width_first" not in said
    assert all(len(line) < 80 for line in said.splitlines())


def test_the_hidden_test_quotes_nothing_that_the_tests_say():
    """They could say what another answer kept of its own hidden test."""

    def telling(avg_pool2d):
        raise AssertionError("what I kept")

    for test, quoted in ((checks.my_tests, True), (hidden.my_tests, False)):
        with pytest.raises(WrongAnswer) as caught:
            test(telling)
        assert ("what I kept" in str(caught.value)) == quoted


@pytest.mark.parametrize("id", slips.bank("my_tests"))
def test_weak_tests_are_named_by_the_hidden_test(awards, id):
    slip = slips.bank("my_tests")[id]
    try:
        assert hidden.my_tests(slip.function) is True
        named = [award.slip for award in awards]
    except WrongAnswer as wrong:
        named = [wrong.slip]
        assert awards == [] and " ".join(slip.advice.split()) in " ".join(str(wrong).split())
    assert named == [id]


@pytest.mark.parametrize("verdict", [False, np.False_, True, None, "wrong", 0])
def test_only_false_is_a_rejection(verdict):
    rejected = porting_lab.objection(lambda avg_pool2d: verdict, operators.avg_pool2d)
    assert bool(rejected) == (isinstance(verdict, bool | np.bool_) and not verdict)


@pytest.mark.parametrize("ends", [SystemExit("wrong"), SystemExit(0), KeyboardInterrupt()])
def test_whatever_ends_the_tests_is_a_rejection(ends):
    def drastic(avg_pool2d):
        raise ends

    assert porting_lab.objection(drastic, operators.avg_pool2d).startswith(type(ends).__name__)


def test_an_own_word_for_a_mistake_is_not_an_unwritten_test():
    right = mutants.defined(answers(LESSON.name)["my_tests", "oracle"], "my_tests")
    for error in (NotImplementedError("wrong"), NotImplementedError()):

        def other_words(avg_pool2d, error=error):
            try:
                right(avg_pool2d)
            except Exception:
                raise error from None

        trial = porting_lab.try_tests(other_words, porting_lab.wrong_implementations())
        assert not trial.missed and not trial.accused


def test_tests_that_remember_cannot_know_the_right_ones_by_their_order():
    x = np.arange(2 * 2 * 5 * 7.0).reshape(2, 2, 5, 7)
    firsts = set()
    for _ in range(40):
        seen: list[bytes] = []
        porting_lab.try_tests(
            lambda avg_pool2d, seen=seen: seen.append(
                np.asarray(avg_pool2d(x.copy(), (2, 3), padding=1), np.float32).tobytes()
            ),
            porting_lab.VISIBLE,
        )
        firsts.add(seen[0])
    assert len(firsts) > 1


def test_a_call_that_is_not_allowed_tells_no_implementation_from_another():
    x = np.random.default_rng(0).normal(size=(2, 2, 5, 7))
    for args in (
        ("a",),
        (0,),
        ((2, 3, 4),),
        (2, 0),
        (2, 1, 5),
        (9,),
        (2, 1, 0, 1),
        (2, 1, 0, False, "yes"),
    ):
        said = {
            porting_lab.objection(lambda f, args=args: f(x, *args), implementation)
            for implementation in (
                *porting_lab.RIGHT.values(),
                *porting_lab.wrong_implementations().values(),
            )
        }
        assert len(said) == 1 and said != {""}, (args, said)
    for images in (x > 0, x.astype(np.float16), x[0, 0], "x"):
        said = porting_lab.objection(lambda f, images=images: f(images, 2), operators.avg_pool2d)
        assert said


def test_a_weakness_is_named_only_where_the_same_ones_get_past(capsys):
    def one_test(avg_pool2d):  # of the lesson's text
        x = np.arange(16.0).reshape(1, 1, 4, 4)
        assert np.allclose(avg_pool2d(x, 2), [[[[2.5, 4.5], [10.5, 12.5]]]])

    assert checks.my_tests(one_test) is True
    said = " ".join(capsys.readouterr().out.split())
    assert "rejected 1 of 12" in said and "think of a call that gives it away" in said
    assert not any(
        " ".join(slip.advice.split()) in said for slip in slips.bank("my_tests").values()
    )


def test_tests_that_are_no_tests_are_told():
    def unwritten(avg_pool2d):
        raise NotImplementedError()

    for answer, status in (
        (unwritten, "blank"),
        (12, "error"),
        (lambda avg_pool2d: None, "failed"),
    ):
        with pytest.raises(WrongAnswer) as caught:
            checks.my_tests(answer)
        assert caught.value.status == status


def test_what_an_implementation_prints_or_is_called_tells_nothing(capsys):
    names = set()

    def curious(avg_pool2d):
        names.add(avg_pool2d.__name__)
        print("noise")
        raise AssertionError

    porting_lab.try_tests(curious, porting_lab.VISIBLE)
    assert names == {"avg_pool2d"} and capsys.readouterr().out == ""


def test_torch_is_judged():
    weak, strong = slips.bank("my_tests")["shapes_only"].function, {}
    exec(answers(LESSON.name)["my_tests", "oracle"], {"np": np}, strong)
    assert "accept PyTorch" in repr(compare.torch_judged_by(weak))

    def grumpy(avg_pool2d):
        assert avg_pool2d(np.ones((1, 1, 2, 2)), 2)[0, 0, 0, 0] == 2, "not two"

    assert "AssertionError: not two" in repr(compare.torch_judged_by(grumpy))
    assert "False" in repr(compare.torch_judged_by(lambda avg_pool2d: False))


# ---------------------------------------------------------------- graded across processes


def test_tests_are_graded_across_processes_as_in_one(warm):
    source = next(c.source for c in build.read_lesson(LESSON).cells if c.id == "test_my_tests")
    shapes = (
        "def my_tests(avg_pool2d):\n    x = np.ones((2, 2, 5, 7))\n"
        "    assert avg_pool2d(x, (3, 2)).shape == (2, 2, 1, 3)\n"
        "    try:\n        avg_pool2d(x, 9)\n    except ValueError:\n        pass\n"
    )
    with Student(warm, Limits(cell=30, notebook=120)) as student:
        student.run("import numpy as np\nfrom strided import operators")
        for style in ("loops", "worked_out_and_properties", "slip:too_exact"):
            student.run(answers(LESSON.name)["my_tests", style])
            verdict = examine(source, POINTS, student)
            expected = ("failed", 0.0) if style.startswith("slip") else ("passed", POINTS)
            assert (verdict.status, verdict.score) == expected, verdict.text
        student.run(shapes)
        verdict = examine(source, POINTS, student)
        assert verdict.status == "partial" and 0 < verdict.score < POINTS, verdict.text
