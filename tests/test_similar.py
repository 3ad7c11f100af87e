"""Near-identical submissions: disguised copies are found, independent answers are not."""

import ast
import random
import subprocess
import sys
import time

import pytest

from autograder import similar
from autograder.answers import answers
from autograder.classpage import shown_to_all
from strided import manifest

LESSONS = list(manifest.lessons())


def honest(lesson: str) -> dict[str, dict[str, str]]:
    """A class in which each student writes every exercise in one of the bank's styles of right answers."""
    bank = answers(lesson)
    styles: dict[str, list[str]] = {}
    for exercise, style in bank:
        if not style.startswith("slip:"):
            styles.setdefault(exercise, []).append(style)
    most = max(map(len, styles.values()))
    return {
        f"student-{number}": {
            exercise: bank[exercise, theirs[number]]
            for exercise, theirs in styles.items()
            if number < len(theirs)
        }
        for number in range(most)
    }


class Renamed(ast.NodeTransformer):
    """Every name that code defines gets another one."""

    def __init__(self, tree: ast.AST, keep: str):
        names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and not is_load(n)}
        names |= {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)}
        names |= {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}
        self.new = {name: f"my_{name}_{len(name)}" for name in sorted(names - {keep})}

    def visit_Name(self, node):
        return ast.Name(self.new.get(node.id, node.id), node.ctx)

    def visit_arg(self, node):
        return ast.arg(self.new.get(node.arg, node.arg), node.annotation)

    def visit_FunctionDef(self, node):
        node.name = self.new.get(node.name, node.name)
        return self.generic_visit(node)


def is_load(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Load)


def renamed(source: str, exercise: str) -> str:
    tree = ast.parse(source)
    return ast.unparse(ast.fix_missing_locations(Renamed(tree, exercise).visit(tree)))


def commented(source: str, exercise: str) -> str:
    lines = source.splitlines()
    return "\n".join(line + "  # " + "I wrote this" * (n % 3) for n, line in enumerate(lines))


def documented(source: str, exercise: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.body.insert(0, ast.Expr(ast.Constant("All my own work.\n\nReally.")))
            node.returns = ast.parse("dict[str, np.ndarray] | None", mode="eval").body
            for argument in node.args.args:
                argument.annotation = ast.parse("tuple[int, int]", mode="eval").body
    return ast.unparse(ast.fix_missing_locations(tree))


def reformatted(source: str, exercise: str) -> str:
    command = [sys.executable, "-m", "ruff", "format", "--line-length", "50", "-"]
    return subprocess.run(
        command, input=source, capture_output=True, text=True, check=True, timeout=60
    ).stdout


def printing(source: str, exercise: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.For):
            node.body.insert(0, ast.parse("print('here I am', 1)").body[0])
    return ast.unparse(tree)


def shuffled(source: str, exercise: str) -> str:
    """The statements of every body in a random order: more than a copier could do."""
    tree = ast.parse(source)
    chance = random.Random(5)
    for node in ast.walk(tree):
        if isinstance(body := getattr(node, "body", None), list):
            chance.shuffle(body)
    return ast.unparse(tree)


def everything(source: str, exercise: str) -> str:
    for disguise in (printing, documented, shuffled, renamed, reformatted, commented):
        source = disguise(source, exercise)
    return source


DISGUISES = [renamed, commented, documented, reformatted, printing, shuffled, everything]


@pytest.mark.parametrize("lesson", LESSONS)
@pytest.mark.parametrize("disguise", DISGUISES)
def test_a_disguised_copy_is_the_first_pair_and_the_only_one(lesson, disguise):
    room = honest(lesson)
    chance = random.Random(lesson)
    victim = chance.choice([name for name, cells in room.items() if len(cells) > 2])
    cells = list(room[victim].items())
    room["copier"] = {name: disguise(source, name) for name, source in reversed(cells)}
    found, _ = similar.alike(room, shown_to_all(lesson))
    assert [{pair.one, pair.other} for pair in found] == [{"copier", victim}], victim
    assert found[0].share > 0.8


@pytest.mark.parametrize("lesson", LESSONS)
def test_no_two_honest_styles_of_the_bank_are_a_pair(lesson):
    room = honest(lesson)
    assert len(room) >= 5
    found, _ = similar.alike(room, shown_to_all(lesson))
    assert found == []


# As the bank's "loops", by another hand: the same idea, exercise by exercise.
SAME_IDEA = {
    "correlate_or_convolve": """
def correlate_or_convolve(image, kernel):
    h, w = image.shape[0] - len(kernel) + 1, image.shape[1] - len(kernel[0]) + 1
    corr, conv = np.zeros([h, w]), np.zeros([h, w])
    turned = np.flipud(np.fliplr(kernel))
    for r in range(h):
        for c in range(w):
            patch = image[r:r + len(kernel), c:c + len(kernel[0])]
            corr[r][c] = np.sum(patch * kernel)
            conv[r][c] = np.sum(patch * turned)
    return corr, conv
""",
    "weight_from_torch_formula": """
def weight_from_torch_formula(w):
    result = np.zeros(w.shape[::-1])
    for a in range(w.shape[0]):
        for b in range(w.shape[1]):
            result[:, :, b, a] = w[a, b].T
    return result
""",
    "conv2d": """
def conv2d(x, weight, bias=None, stride=1, padding=0):
    if np.ndim(stride) == 0:
        stride = (stride, stride)
    if np.ndim(padding) == 0:
        padding = (padding, padding)
    border = [(0, 0), (0, 0), (padding[0], padding[0]), (padding[1], padding[1])]
    x = np.pad(x, border)
    size = [(x.shape[2 + a] - weight.shape[2 + a]) // stride[a] + 1 for a in (0, 1)]
    y = np.zeros((len(x), len(weight), *size))
    for image in range(len(x)):
        for plane in range(len(weight)):
            for r in range(size[0]):
                for c in range(size[1]):
                    top, left = r * stride[0], c * stride[1]
                    part = x[image, :, top:top + weight.shape[2], left:left + weight.shape[3]]
                    y[image, plane, r, c] = np.sum(part * weight[plane])
            if bias is not None:
                y[image, plane] += bias[plane]
    return y
""",
}


def test_the_same_idea_by_another_hand_is_no_pair():
    bank = answers("05_convolution")
    loops = {exercise: bank[exercise, "loops"] for exercise in SAME_IDEA}
    known = shown_to_all("05_convolution")
    found, _ = similar.alike({"one": loops, "other": SAME_IDEA}, known)
    assert found == []
    copy = {name: everything(source, name) for name, source in SAME_IDEA.items()}
    found, _ = similar.alike({"one": loops, "other": SAME_IDEA, "copier": copy}, known)
    assert [(pair.one, pair.other) for pair in found] == [("other", "copier")]


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_same_slip_in_other_code_is_no_pair(lesson):
    """Every student has the bank's wrong answer to one exercise, and the rest in a style of their own."""
    bank = answers(lesson)
    slip = next((exercise, style) for exercise, style in bank if style.startswith("slip:"))
    room = honest(lesson)
    for cells in room.values():
        cells[slip[0]] = bank[slip]
    found, _ = similar.alike(room, shown_to_all(lesson))
    assert found == []


def test_what_the_lesson_shows_and_what_many_wrote_counts_for_nothing():
    bank = answers("05_convolution")
    solution = shown_to_all("05_convolution")
    assert similar.alike({"a": {"x": solution[-1]}, "b": {"x": solution[-1]}}, solution)[0] == []
    alone = {f"s{n}": {"conv2d": bank["conv2d", "columns"]} for n in range(similar.FEW + 1)}
    assert similar.alike(alone)[0] == []
    del alone["s0"]
    pairs, _ = similar.alike(alone)
    assert len(pairs) == similar.FEW * (similar.FEW - 1) // 2
    assert all(pair.share == 1 for pair in pairs)


def test_a_short_answer_is_never_a_pair():
    short = {"w": "def weight_from_torch_formula(w):\n    return np.ascontiguousarray(w.T)\n"}
    assert similar.alike({"one": short, "other": dict(short)})[0] == []


def test_the_most_alike_pair_comes_first_and_more_code_hides_nothing():
    room = honest("07_backward")
    victim = room["student-1"]
    room["all"] = {name: renamed(source, name) for name, source in victim.items()}
    room["most"] = {name: renamed(source, name) for name, source in list(victim.items())[:-1]}
    room["most"]["conv2d_backward"] = room["student-2"]["conv2d_backward"].replace(".", " .")
    room["all"]["cell 40"] = next(iter(answers("08_phase_and_aliasing").values()))
    found, _ = similar.alike(room, shown_to_all("07_backward"))
    assert {found[0].one, found[0].other} == {"student-1", "all"} and found[0].share > 0.95
    assert {"most", "student-1"} in [{pair.one, pair.other} for pair in found]
    assert [pair.weight for pair in found] == sorted((pair.weight for pair in found), reverse=True)
    assert similar.Pair("a", "b", 95, 100).weight > similar.Pair("a", "b", 13, 13).weight


def test_the_marked_parts_are_those_that_both_have():
    first = {"a": "total = 0\nfor i in x:\n    total += w[i] * x[i + 1, 2] - b.sum()\n"}
    second = {"b": "# mine\ns = 0\nprint(s)\nfor k in y:\n    s += v[k] * y[k + 1, 2] - c.sum()\n"}
    here, there = similar.common_parts(first, second, set())
    assert [first["a"][start:end] for start, end in here["a"]][-1].startswith("total += w[i]")
    assert [second["b"][start:end] for start, end in there["b"]][-1].startswith("s += v[k]")
    assert "mine" not in "".join(second["b"][start:end] for start, end in there["b"])
    assert similar.common_parts(first, {"b": "nothing = alike"}, set()) == ({}, {})


def test_structure_that_renaming_keeps_is_compared():
    def marks(source):
        return {piece.mark for piece in similar.pieces(source, thin=False)}

    one = "out[i, j] = x[i, j] + x[i, k]"
    assert marks(one) == marks("y[a, b] = z[a, b] + z[a, c]  # (renamed)")
    assert marks(one) == marks("out[(i, j)]=(x[i,j])+x[i,k,]")
    assert marks(one) != marks("out[i, j] = x[j, i] + x[i, k]")
    assert marks(one) != marks("out[i, j] = x[i, j] - x[i, k]")
    assert marks("a = b.sum(c) + d * 2") != marks("a = b.max(c) + d * 2")
    assert marks("a: int = b + c * d") == marks("a = b + c * d")
    assert marks("def f(a: int, b: tuple[int, int] = (1, 2)) -> int:\n    pass") == marks(
        "def f(a, b=(1, 2)):\n    pass"
    )
    assert marks("if a: b = c + d * e[0]; f = g") == marks("b = c + d * e[0]") != set()


def hidden_behind(padding: str):
    """A disguise: so much in front of the code that nothing of it would be among the characters compared."""

    def disguise(source: str, exercise: str) -> str:
        return padding * (similar.LENGTH // len(padding) + 1) + "\n" + source

    return disguise


def run_from_a_string(source: str, exercise: str) -> str:
    return f"exec({source!r})"


def run_from_a_name(source: str, exercise: str) -> str:
    return f"code = {source!r}\nexec(code, globals())"


def run_twice(source: str, exercise: str) -> str:
    return run_from_a_string(run_from_a_name(source, exercise), exercise)


PADDINGS = {
    "comment": "#",
    "comments": "# say nothing\n",
    "quotes in comments": '# "\'""" it\'s\n',
    "empty lines": "\n",
    "lines of spaces": "   \t\n",
}


@pytest.mark.parametrize(
    "disguise",
    [*map(hidden_behind, PADDINGS.values()), run_from_a_string, run_from_a_name, run_twice],
    ids=[*PADDINGS, "exec", "exec of a name", "exec of an exec"],
)
def test_nothing_hides_a_copy(disguise):
    room = honest("07_backward")
    cells = room["student-1"]
    room["copier"] = {name: disguise(renamed(source, name), name) for name, source in cells.items()}
    assert not similar.is_cut(room["copier"])
    found, nobodys = similar.alike(room, shown_to_all("07_backward"))
    assert [{pair.one, pair.other} for pair in found] == [{"copier", "student-1"}]
    assert found[0].share > 0.8
    short = similar.compared(room["copier"])
    here, there = similar.common_parts(cells, short, nobodys)
    for name, spans in there.items():
        assert all(0 <= start < end <= len(short[name]) for start, end in spans)
    assert len(here) == len(there) > 2


def test_a_long_string_hides_no_copy_and_is_told():
    room = honest("07_backward")
    cells = room["student-1"]
    for quotes in ('"', "'", '"""', "'''"):
        room["copier"] = {"a": f"{quotes}{'nothing ' * similar.LENGTH}{quotes}"} | cells
        found, _ = similar.alike(room, shown_to_all("07_backward"))
        assert [{pair.one, pair.other} for pair in found] == [{"copier", "student-1"}]
        assert similar.is_cut(room["copier"])


def test_what_is_not_wholly_compared_is_told():
    code = {"a": "out[i, j] = x[i, j] + x[i, k]\n" * similar.LENGTH}
    assert similar.is_cut(code) and len(similar.compared(code)["a"]) == similar.LENGTH
    assert not similar.is_cut({"a": code["a"][: similar.LENGTH]})
    assert similar.compared({"a": "x = 1  # one\n", "b": ""}) == {"a": "x = 1  # one\n"}


@pytest.mark.parametrize(
    "text",
    ["#", "# a\n", " ", "\n", " \n", " " * 1000 + "x", '"', "'a", '"""\\', "\'\'\'\"\"\"", "\\", '"\\""'],
)  # fmt: skip
def test_padding_takes_a_time_that_grows_as_it_does(text):
    much = {"a": text * (2_000_000 // len(text))}
    started = time.process_time()
    similar.compared(much)
    similar.is_cut(much)
    assert time.process_time() - started < 10


JUNK = {
    "brackets": "(" * 50_000,
    "quotes": "\"'" * 30_000,
    "backslashes": '"\\' * 30_000,
    "signs": "x = " + "-" * 50_000 + "1",
    "nul": "\0a\n" * 100,
    "half characters": 'x = "\ud800" + y * z[0]\n',
    "form feeds": "\x0ca = b\r+ c\n\x0b" * 100,
    "wide letters": "ａ = ｂ + ｃ * ｄ\n",
    "lambdas": "lambda x:" * 5_000,
    "nested": "".join(" " * depth + "if x:\n" for depth in range(300)),
    "odd indents": "  a\n b\n\tc\n    d",
    "magic": "%matplotlib inline\n!ls\n?x\n",
    "one line": "a + " * 20_000,
    "binary": bytes(range(256)).decode("latin-1") * 50,
    "no end": 'x = """' + "a\n" * 10_000,
    "nothing": "",
    "exec in exec": "exec('" * 5_000,
    "strings of code": "exec\n" + 'x = "a + b * c[0]\\n"\n' * 2_000,
}


@pytest.mark.parametrize("junk", JUNK.values(), ids=JUNK)
def test_junk_is_cut_into_pieces_or_left_alone(junk):
    for piece in similar.pieces(junk):
        assert 0 <= piece.start < piece.end <= len(junk)
    found, nobodys = similar.alike({"one": {"a": junk}, "other": {"a": junk, "b": junk}})
    for side in similar.common_parts({"a": junk}, {"a": junk, "b": junk}, nobodys):
        for spans in side.values():
            assert spans == sorted(spans)
