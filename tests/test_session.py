"""A student's session and the examiner: what happens there stays there."""

import time

import numpy as np
import pytest

from autograder import warm as warm_module
from autograder import wire
from autograder.examiner import examine
from autograder.lent import dense_conv2d
from autograder.student import Ended, Limits, Student
from autograder.warm import Warm, start_shared
from strided import operators
from strided.checks.core import Check, WrongAnswer, case

TEST = "assert f([1, 2]) == 3"


@pytest.fixture
def student(warm):
    with Student(warm, Limits(cell=30, notebook=60, memory=2 * 2**30)) as session:
        yield session


@pytest.fixture
def hurried(warm):
    """A session whose cells end soon, for those that never would."""
    with Student(warm, Limits(cell=1.5, notebook=8, memory=2 * 2**30)) as session:
        yield session


def test_a_cells_outputs_are_kept_as_a_notebook_keeps_them(student):
    reply = student.run("import sys\nprint('hello')\nprint('careful', file=sys.stderr)\n6 * 7")
    assert [o.get("name", o["output_type"]) for o in reply["outputs"]] == [
        "stdout",
        "stderr",
        "display_data",
    ]
    assert reply["outputs"][0]["text"] == "hello\n"
    assert reply["outputs"][2]["data"]["text/plain"] == "42"
    assert reply["error"] is None


def test_a_plot_is_shown_with_and_without_the_magic_and_by_show(student):
    plot = "import matplotlib.pyplot as plt\nline = plt.plot([1, 2])"
    ways = [f"%matplotlib {way}\n{plot}" for way in ("", "inline", "notebook", "widget")]
    for source in (plot, *ways, plot + "\nplt.show()"):
        outputs = student.run(source)["outputs"]
        assert [list(output["data"]) for output in outputs] == [["text/plain", "image/png"]]
    assert student.run("plt.plot([1, 2]);")["outputs"][0]["data"].keys() == {
        "text/plain",
        "image/png",
    }
    for source in ("1 + 1; 2 + 2;", "1;  # quiet", "1;\n# the end"):
        assert student.run(source)["outputs"] == []
    for source in ("1  # a;", "1\n# the end;"):
        assert len(student.run(source)["outputs"]) == 1
    assert student.run("plt.get_fignums()")["outputs"][0]["data"]["text/plain"] == "[]"


def test_a_session_knows_only_what_a_fresh_notebook_knows(student):
    names = "sorted(name for name in dir() if name[0] != '_')"
    assert student.run(f"{names}, _, _oh")["outputs"][0]["data"]["text/plain"] == (
        "(['In', 'Out', 'exit', 'get_ipython', 'open', 'quit'], '', {})"
    )


def test_an_error_comes_with_its_traceback_and_the_session_goes_on(student):
    error = student.run("a = 1\nprint(b)")["error"]
    assert error["type"] == "NameError" and any("print(b)" in line for line in error["traceback"])
    assert student.find("a") == 1
    with pytest.raises(KeyError):
        student.find("b")


def test_a_syntax_error_is_told_by_its_line(student):
    text = student.run("a = 1\nb = a a")["error"]["text"]
    assert text.endswith("(line 2)") and "input" not in text


def test_a_right_function_passes_and_a_wrong_one_does_not(student):
    student.run("def f(x): return sum(x)")
    assert examine(TEST, 3, student).status == "passed"
    student.run("def f(x): return 4")
    verdict = examine(TEST, 3, student)
    assert (verdict.status, verdict.score) == ("error", 0)


def test_what_a_call_prints_and_warns_decides_nothing(student):
    student.run(
        "import sys, warnings\n"
        "def f(x):\n    warnings.warn('w'); print('e', file=sys.stderr)\n    return sum(x)"
    )
    assert examine(TEST, 3, student).status == "passed"
    assert "w" in student.text[-1]


def test_a_function_is_handed_over_and_called_back(student):
    student.run("def g(operator, x): return operator(x) + 1")
    assert student.find("g")(lambda x: 10 * x, 4) == 41


def test_a_function_handed_over_changes_and_raises_there_as_here(student):
    def operator(x):
        if len(x) == 1:
            raise ValueError("one is too few")
        x[0] = 7

    student.run(
        "def g(operator):\n    x = [1, 2]\n    operator(x)\n    try:\n        operator([1])\n"
        "    except ValueError as error:\n        return x, str(error)"
    )
    assert student.find("g")(operator) == ([7, 2], "one is too few")
    student.run("def h(operator):\n    return operator(g, [g])")
    assert student.find("h")(lambda *functions: len(functions)) == 2


def test_an_input_changed_there_is_changed_here(student):
    student.run("def f(x):\n    x[0] = 7\n    return 3")
    argument = [1, 2]
    assert student.find("f")(argument) == 3 and argument == [7, 2]


@pytest.mark.parametrize(
    "body, status",
    [
        ("while True: pass", "timeout"),
        ("import time; time.sleep(60)", "timeout"),
        ("import os; os._exit(0)", "killed"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "killed"),
        ("import os; os.kill(os.getpid(), 36)", "killed"),  # a signal without a name
        ("return bytearray(10**12)", "memory"),
        ("exit()", "error"),
        ("return object()", "error"),
        ("raise KeyboardInterrupt", "error"),
    ],
)
def test_a_call_that_goes_wrong_costs_its_exercise_only(hurried, body, status):
    student = hurried
    student.run("def g(x): return sum(x)")
    student.run(f"def f(x):\n    {body}")
    verdict = examine(TEST, 3, student)
    assert (verdict.status, verdict.score) == (status, 0), verdict
    assert examine(TEST.replace("f", "g"), 3, student).status == "passed"


@pytest.mark.parametrize(
    "cell, status",
    [
        ("while True: pass", "timeout"),
        ("while True:\n    try:\n        while True: pass\n    except: pass", "timeout"),
        ("import os; os._exit(1)", "killed"),
        ("x = bytearray(10**12)", "memory"),
    ],
)
def test_a_cell_that_goes_wrong_leaves_the_others(hurried, cell, status):
    student = hurried
    student.run("before = 1")
    with pytest.raises(Ended) as ended:
        student.run(cell)
    assert ended.value.status == status and ended.value.reason
    student.run("after = before + 1")
    assert student.find("after") == 2


def test_a_notebook_has_one_budget(warm):
    with Student(warm, Limits(cell=0.5, notebook=1.0)) as student:
        for _ in range(2):
            with pytest.raises(Ended):
                student.run("while True: pass")
        with pytest.raises(Ended, match="whole notebook"):
            student.run("1")


def test_a_flood_of_output_is_cut(student):
    reply = student.run("for _ in range(10**4): print('x' * 1000)")
    assert len(reply["outputs"][0]["text"]) < 60_000
    assert "was cut" in reply["outputs"][0]["text"]


def test_nothing_survives_from_one_submission_to_the_next(warm):
    with Student(warm) as first:
        first.run("import builtins, sys\nbuiltins.left = 1\nsys.modules['left'] = sys")
        first.run("open('left', 'w').write('x')")
    with Student(warm) as second:
        assert second.run("left")["error"]["type"] == "NameError"
        assert second.run("import left")["error"]["type"] == "ModuleNotFoundError"
        assert second.run("open('left')")["error"]["type"] == "FileNotFoundError"


def test_a_pass_takes_a_test_that_ran_to_its_end(student):
    student.run("class Same:\n    def __eq__(self, other): return True\ndef f(x): return Same()")
    assert examine(TEST, 3, student).score == 0
    assert examine("assert missing(1)", 3, student).status == "error"
    assert examine("assert f(", 3, student).status == "error"


@pytest.mark.parametrize(
    "body",
    [
        "import numpy as np; return np.float32(sum(x))",
        "from collections import deque; return deque([sum(x)])[0]",
        "print('\\ud800'); return sum(x)",
        "import sys; sys.stdout.encoding.upper(); return sum(x)",
        "import torch; return sum(x)",
    ],
)
def test_oddities_of_an_honest_function_cost_nothing(student, body):
    student.run(f"%matplotlib inline\ndef f(x):\n    {body}")
    assert examine(TEST, 3, student).status == "passed"


@pytest.mark.parametrize(
    "value",
    [
        "set(x)",
        "(n for n in x)",
        "map(str, x)",
        "[{1}, {2}]",
        "({1}, map(str, x))",
        "np.array([2, 3]).astype(str)",
        "np.empty((2, 3), dtype=object)",
        "np.array([np.zeros(2), np.zeros(3)], dtype=object)",
        "{'a': {1}}",
    ],
)
def test_a_value_that_does_not_cross_is_told_as_in_a_notebook(student, value):
    def f(x):
        return eval(value, {"x": x, "np": np})

    check = Check("keep_every", lambda x: np.asarray(x), ("x",), (case([1, 2]),))
    with pytest.raises(WrongAnswer) as here:
        check(f)
    student.run(f"import numpy as np\ndef f(x): return {value}")
    with pytest.raises(WrongAnswer) as there:
        check(student.find("f"))
    assert "yours is " in str(here.value)
    assert (str(there.value), there.value.status) == (str(here.value), here.value.status)


@pytest.mark.parametrize(
    "value",
    [
        "np.array(['2026'], 'M8[D]')",
        "np.datetime64('2026')",
        "np.empty(10**6, object)",
        "np.zeros(2, 'i4,f8')",
    ],
)
def test_what_cannot_be_told_of_an_array_costs_no_session(student, value):
    student.run(f"import numpy as np\ndef f(x): return {value}")
    check = Check("keep_every", lambda x: np.asarray(x), ("x",), (case([1, 2]),))
    with pytest.raises(WrongAnswer, match="yours is one (ndarray|datetime64)") as told:
        check(student.find("f"))
    assert told.value.status == "failed"


def test_numbers_in_other_containers_cross_as_arrays(student):
    student.run("from collections import deque\ndef f(x): return deque(x)")
    assert student.find("f")([1, 2]).tolist() == [1, 2]
    student.run(
        "class Tensor:\n    def __array__(self, dtype=None, copy=None): return np.array([1, 2])\n"
        "import numpy as np\ndef f(x): return Tensor()"
    )
    assert student.find("f")([1, 2]).tolist() == [1, 2]


def test_what_cannot_cross_costs_no_more_where_a_function_hands_it_on(student):
    student.run("def f(g): return g({1})")
    with pytest.raises(TypeError, match="unhashable|object|set"):
        student.find("f")(lambda value: len(value))
    student.run("class Odd:\n    @property\n    def __class__(self): raise KeyError\n")
    student.run("def h(x): return Odd()")
    with pytest.raises(KeyError):
        student.find("h")(1)
    assert student.find("f")(repr) == "a set"


@pytest.mark.parametrize("body", ["x.shape = (x.size,)", "x.resize(1, refcheck=False)"])
@pytest.mark.parametrize("kind", [float, int, bool, complex])
def test_an_argument_of_another_shape_afterwards_is_a_changed_one(student, body, kind):
    student.run(f"def f(x):\n    {body}")
    argument = np.ones((2, 3), kind)
    before = argument.copy()
    student.find("f")(argument)
    assert (argument != before).all()


def test_a_session_knows_of_no_error_before(student):
    assert (
        student.run("import sys\nhasattr(sys, 'last_value')")["outputs"][0]["data"]["text/plain"]
        == "False"
    )


@pytest.mark.parametrize("raised", ["KeyboardInterrupt", "GeneratorExit", "StopIteration", "Mine"])
def test_an_exception_that_is_none_of_the_usual_keeps_its_name(student, raised):
    student.run(f"class Mine(BaseException): pass\ndef f(x): raise {raised}")
    with pytest.raises(Exception) as found:
        student.find("f")(1)
    assert (type(found.value).__name__, str(found.value)) == (raised, "")


def test_exit_is_told_as_in_a_notebook(student):
    student.run("import sys\ndef f(x): sys.exit(3)")
    check = Check("keep_every", lambda x: np.asarray(x), ("x",), (case([1, 2]),))
    with pytest.raises(WrongAnswer, match="called exit"):
        check(student.find("f"))


def test_a_warning_names_the_cell(student):
    source = "import warnings\ndef f(x): warnings.warn('careful')"
    student.run("1")
    student.run(source)
    student.find("f")(1)
    assert "<cell 2>:2: UserWarning: careful" in student.text[-1]


def test_displays_beyond_the_limit_are_counted(student):
    outputs = student.run("for n in range(25): display(n)")["outputs"]
    assert len(outputs) == 21 and "5 more displays" in outputs[-1]["text"]


def test_an_exception_of_the_students_own_is_of_the_kind_it_derives_from(student):
    student.run("class Mine(ValueError): pass\ndef f(x): raise Mine('not this')")
    with pytest.raises(ValueError, match="not this"):
        student.find("f")([1])


def test_the_end_of_the_warm_process_costs_one_exercise(trusted):
    with Warm(trusted=trusted) as own:
        with Student(own) as first:
            first.run("import os, time\nos.kill(os.getppid(), 9)\ntime.sleep(0.2)")
        with Student(own) as second:
            second.run("def f(x): return sum(x)")
            assert examine(TEST, 3, second).status == "passed"


def test_workers_get_forks_of_what_was_started_for_all_and_outlive_it(trusted, monkeypatch):
    if trusted:
        pytest.skip("there is no sandbox here, and without one nothing is shared")
    monkeypatch.setattr("autograder.warm._shared", None)
    start_shared()
    shared = warm_module._shared
    with Warm() as one, Warm() as other:
        assert one.process is None and other.process is None
        with Student(one) as first, Student(other) as second:
            first.run("f = sum")
            second.run("def f(x): return 4")
            assert examine(TEST, 3, first).status == "passed"
            assert examine(TEST, 3, second).status == "error"
        shared.close()
        with Student(one) as third:
            third.run("f = sum")
            assert examine(TEST, 3, third).status == "passed"


def test_what_is_lent_can_be_called_and_nothing_else(warm):
    lent = {"operators.conv2d": lambda x: 10 * x}
    with Student(warm, lent=lent) as student:
        student.run("from strided import operators\nfrom strided.operators import conv2d as mine")
        student.run("def f(x): return operators.conv2d(x) + mine(x)")
        student.run("def g(x): return operators.avg_pool2d(x)\nran = mine(1)")
        assert (student.find("f")(2), student.find("ran")) == (40, 10)
        with pytest.raises(RuntimeError, match="operators.avg_pool2d is not there"):
            student.find("g")(2)


# ---------------------------------------------------------------- what the examiner is exposed to


def test_a_students_own_builtins_are_not_the_tests(student):
    student.run("isinstance = len = print = lambda *args: True\ndef f(x): return 4")
    assert examine("assert isinstance(f([1, 2]), str)", 3, student).score == 0
    assert examine("print(len([1, 2]))\nassert len([1, 2]) == 2", 3, student).text == "2"


def test_an_exception_never_ends_a_loop_over_calls(student):
    student.run("def f(x): raise StopIteration")
    verdict = examine("for y in map(f, [[1, 2]]):\n    assert y == 3", 3, student)
    assert (verdict.status, verdict.score) == ("error", 0)
    student.run("def f(x): raise NameError('x')")
    assert "None" not in examine(TEST, 3, student).text


def test_what_grows_in_the_examiner_costs_its_exercise(student):
    student.run(
        "import numpy as np\ndef f(x): return np.ones((1, 10**5)) if x else np.ones((10**5, 1))"
    )
    assert examine("assert (f([]) + f([1])).all()", 3, student).status == "memory"


PADDED = (
    "import numpy as np\nfrom strided import operators\n"
    "def f(x): return operators.conv2d(np.ones((1, 1, 2, 2)), np.ones((1, 1, {0}, {0})), padding={1})"
)


@pytest.mark.parametrize(
    "kernel, padding, statuses", [(2, 50_000, {"memory"}), (200, 1_000, {"timeout", "memory"})]
)
def test_what_is_lent_cannot_take_the_examiners_memory_or_time(warm, kernel, padding, statuses):
    with Student(warm, Limits(cell=3), lent={"operators.conv2d": operators.conv2d}) as student:
        student.run(PADDED.format(kernel, padding))
        assert examine(TEST, 3, student).status in statuses
        student.run("def f(x): return sum(x)")
        assert examine(TEST, 3, student).status == "passed"


@pytest.mark.parametrize("kernel, padding", [(2, 50_000), (200, 1_000)])
def test_a_large_padding_is_large_work_and_refused(warm, kernel, padding):
    with Student(warm, lent={"operators.conv2d": dense_conv2d}) as student:
        student.run(PADDED.format(kernel, padding))
        verdict = examine(TEST, 3, student)
        assert verdict.status == "error" and "is lent for small images" in verdict.text


@pytest.mark.parametrize(
    "test",
    [
        "for _ in range(f([1])): pass",
        "while f:\n    try:\n        while True: pass\n    except Exception: pass",
        "[0 for _ in range(f([1]))]",
    ],
)
def test_a_test_that_works_without_end_is_stopped(hurried, test):
    hurried.run("def f(x): return 10**12 if x == [1] else sum(x)")
    verdict = examine(test, 3, hurried)
    assert (verdict.status, verdict.score) == ("timeout", 0)
    assert "worked longer than 1.5 seconds" in verdict.text
    assert hurried.spent >= 1.5
    assert examine(TEST, 3, hurried).status == "passed"


def test_a_reply_that_takes_long_to_read_is_not_waited_for(hurried, monkeypatch):
    hurried.run("def f(x): return 3")
    f, unpack = hurried.find("f"), wire.unpack

    def slow(data, proxy=None):
        for _ in range(10**6):
            time.sleep(0.001)
        return unpack(data, proxy)

    monkeypatch.setattr(wire, "unpack", slow)
    with pytest.raises(Ended) as ended:
        f([1, 2])
    assert ended.value.status == "timeout"


def test_what_a_verdict_says_is_short(student):
    student.run("def f(x): raise ValueError('long ' * 10**6)")
    assert len(examine(TEST, 3, student).text) < 3000
    student.run("name = {'k' * 10**6: 1}")
    assert len(examine("raise ValueError(name)", 3, student).text) < 30_000


def test_a_notebook_that_has_had_its_time_starts_no_more_sessions(warm):
    with Student(warm, Limits(cell=0.5, notebook=0.6)) as student:
        for _ in range(2):
            with pytest.raises(Ended):
                student.run("while True: pass")
        started = student.generation
        for _ in range(50):
            with pytest.raises(Ended, match="whole notebook"):
                student.run("1")
        assert student.generation == started


def test_what_a_notebook_shows_is_bounded_in_all(student, monkeypatch):
    from autograder import student as module

    monkeypatch.setattr(module, "KEPT", 0)
    with Student(student.warm) as other:
        assert "showed too much" in other.run("print('x')")["outputs"][0]["text"]


def test_only_what_a_page_can_show_without_running_it_is_kept(student):
    reply = student.run(
        "from IPython.display import HTML, Javascript, display\n"
        "display(HTML('<script>'), Javascript('alert(1)'))\n"
        "display({'image/svg+xml': '<svg onload=a>', 'text/plain': 'seen'}, raw=True)"
    )
    kinds = {mime for output in reply["outputs"] for mime in output["data"]}
    assert kinds == {"text/plain"}


@pytest.mark.parametrize(
    "source",
    [
        "import torch\ndef f(x: list | torch.Tensor | None): return sum(x)",
        "import torch\ndef f(x: 'torch.Tensor') -> torch.Tensor | list: return sum(x)",
        "import torch\ndef f(x): return sum(x.numpy() if isinstance(x, torch.Tensor) else x)",
        "import torch\nclass Net(torch.nn.Module):\n    pass\ndef f(x): return sum(x)",
        "from torch import Tensor\nfrom typing import Optional\ndef f(x: Optional[Tensor]): return sum(x)",
    ],
)
def test_an_answer_may_name_what_is_absent(student, source):
    reply = student.run(source)
    assert reply["error"] is None, reply["error"]
    assert student.find("f")([1, 2]) == 3


@pytest.mark.parametrize("kind", ["Exception", "MyError"])
def test_an_exception_keeps_its_own_name(student, kind):
    student.run(f"class MyError(Exception): pass\ndef f(): raise {kind}('too large')")
    with pytest.raises(Exception, match="^too large$") as raised:
        student.find("f")()
    assert type(raised.value).__name__ == kind
