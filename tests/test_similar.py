"""Near-identical submissions: disguised copies are found, independent answers are not."""

import ast
import random
import subprocess
import sys

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
