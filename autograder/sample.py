"""A made-up class: every kind of submission that a grader meets, and what each must get.

Each student has one story, told in every lesson. Beside the submissions lies `expected.csv`, with the columns of
`grades.csv`; the end-to-end test compares the two row by row. Writing it twice gives the same files.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder import report
from autograder.answers import answers
from autograder.classroom import Row
from autograder.notebooks import cells_by_id, released
from strided import manifest


@dataclass(frozen=True)
class Fate:
    """What an exercise must get: a status, the share of its points, the slip."""

    status: str = "passed"
    share: float = 1.0
    slip: str = ""


@dataclass(frozen=True)
class Story:
    """One student.

    prefer: the style of answers this student writes, where the bank has it.
    answer: from a lesson and an exercise's place in it to another answer, and what it must get.
    mishap: what happens to the notebook before it is handed in; every: what each exercise then gets.
    file: the name of the file that is handed in ("" for none), and what happens to its text.
    """

    id: str
    prefer: str = ""
    answer: Callable[[manifest.Lesson, int], tuple[str, Fate] | None] = lambda lesson, place: None
    mishap: Callable[[NotebookNode, manifest.Lesson], None] = lambda notebook, lesson: None
    every: Fate | None = None
    file: str = "{lesson}.ipynb"
    spoil: Callable[[str], str] = field(default=lambda text: text)


def main_exercise(lesson: manifest.Lesson) -> int:
    """The place of a lesson's main exercise: the one with most points."""
    points = [exercise.points for exercise in lesson.exercises]
    return points.index(max(points))


def right(lesson: manifest.Lesson, exercise: str, prefer: str = "") -> str:
    """A right answer to an exercise, in a preferred style where the bank has it."""
    styles = {style: text for (id, style), text in answers(lesson.name).items() if id == exercise}
    fair = [style for style in styles if not style.startswith("slip:")]
    return styles[prefer if prefer in fair else fair[0]]


def slipping(lesson: manifest.Lesson, exercise: str) -> list[str]:
    """The slips that the bank of answers has as text, for one exercise."""
    prefix = "slip:"
    return [
        style.removeprefix(prefix)
        for id, style in answers(lesson.name)
        if id == exercise and style.startswith(prefix)
    ]


def with_slip(number: int) -> Callable[[manifest.Lesson, int], tuple[str, Fate] | None]:
    """Make the slip of this number in every exercise that has so many."""

    def answer(lesson: manifest.Lesson, place: int) -> tuple[str, Fate] | None:
        exercise = lesson.exercises[place].id
        slips = slipping(lesson, exercise)
        if number >= len(slips):
            return None
        fate = Fate("failed", 0, slips[number])
        return answers(lesson.name)[exercise, f"slip:{slips[number]}"], fate

    return answer


def in_main(body: str, fate: Fate, only: str = "") -> Callable:
    """Answer the main exercise (of one lesson only, if named) with a function of this body."""

    def answer(lesson: manifest.Lesson, place: int) -> tuple[str, Fate] | None:
        if place != main_exercise(lesson) or (only and lesson.name != only):
            return None
        name = lesson.exercises[place].id
        return f"def {name}(*args, **kwargs):\n    {body}\n", fate

    return answer


def untouched(first: int) -> Callable[[manifest.Lesson, int], tuple[str, Fate] | None]:
    """Leave every exercise from this place on as it was released."""

    def answer(lesson: manifest.Lesson, place: int) -> tuple[str, Fate] | None:
        if place < first:
            return None
        stub = cells_by_id(released(lesson.name))[lesson.exercises[place].id].source
        return stub, Fate("blank", 0)

    return answer


def broken_syntax(lesson: manifest.Lesson, place: int) -> tuple[str, Fate] | None:
    """An answer that Python cannot read, in the main exercise."""
    if place != main_exercise(lesson):
        return None
    return f"def {lesson.exercises[place].id}(x:\n    return x\n", Fate("error", 0)


def noisy(lesson: manifest.Lesson, place: int) -> tuple[str, Fate] | None:
    """A right answer that warns on stderr, when it is defined and when it is called."""
    if place != main_exercise(lesson):
        return None
    name = lesson.exercises[place].id
    wrapper = (
        "import sys, warnings\n"
        f"_quiet_{name} = {name}\n"
        f"def {name}(*args, **kwargs):\n"
        "    warnings.warn('this student likes warnings')\n"
        "    print('and prints to stderr', file=sys.stderr)\n"
        f"    return _quiet_{name}(*args, **kwargs)\n"
    )
    return right(lesson, name) + wrapper, Fate()


def partly_right(lesson: manifest.Lesson, place: int) -> tuple[str, Fate] | None:
    """Ten of the twelve words of `name_the_step`, and one reason behind the two wrong ones."""
    if lesson.exercises[place].id != "name_the_step":
        return None
    wrong = (
        "for line in name_the_step:\n"
        "    if line.startswith(('Theano: conv2d', 'Keras 1: Convolution2D')):\n"
        "        name_the_step[line] = 'keep'\n"
    )
    fate = Fate("partial", 10 / 12, "subsample_taken_literally")
    return right(lesson, "name_the_step") + wrong, fate


def edit_test(notebook: NotebookNode, lesson: manifest.Lesson) -> None:
    """Make the main exercise's check pass by editing it."""
    id = lesson.exercises[main_exercise(lesson)].id
    cells_by_id(notebook)[f"test_{id}"].source = "assert True  # looks right to me"


def delete_test(notebook: NotebookNode, lesson: manifest.Lesson) -> None:
    """Lose the main exercise's check cell."""
    id = f"test_{lesson.exercises[main_exercise(lesson)].id}"
    notebook.cells = [cell for cell in notebook.cells if cell.id != id]


def duplicate_answer(notebook: NotebookNode, lesson: manifest.Lesson) -> None:
    """Paste the main exercise's answer cell a second time, and its check too."""
    id = lesson.exercises[main_exercise(lesson)].id
    for name in (id, f"test_{id}"):
        place = next(n for n, cell in enumerate(notebook.cells) if cell.id == name)
        twin = copy.deepcopy(notebook.cells[place])
        twin["id"] = f"{name}-pasted"
        notebook.cells.insert(place + 1, twin)


def strip_metadata(notebook: NotebookNode, lesson: manifest.Lesson) -> None:
    """Lose every cell's metadata and id, as some editors do."""
    for number, cell in enumerate(notebook.cells):
        cell.metadata = NotebookNode()
        cell["id"] = f"cell-{number}"


def add_cells(notebook: NotebookNode, lesson: manifest.Lesson) -> None:
    """Add notes, print-outs and a plot of one's own between the cells."""
    extra = [
        nbformat.v4.new_markdown_cell("My notes: *rows first!*", id="my-notes"),
        nbformat.v4.new_code_cell("for i in range(5000):\n    print('trying', i)", id="my-trials"),
        nbformat.v4.new_code_cell("1 / 0", id="my-mistake"),
        nbformat.v4.new_code_cell(
            "import matplotlib.pyplot as plt\nplt.plot([1, 4, 9])\nplt.show()", id="my-plot"
        ),
    ]
    notebook.cells[2:2] = extra
    notebook.cells.append(nbformat.v4.new_code_cell("print('the end')", id="my-end"))


def students() -> list[Story]:
    """The class, in the order of its folders."""
    lost = Fate("failed", 0)
    most = max(
        len(slipping(lesson, exercise.id))
        for lesson in manifest.lessons().values()
        for exercise in lesson.exercises
    )
    return sorted(
        [
            Story("loops", prefer="loops"),
            Story("sliding-windows", prefer="windows"),
            Story("as-strided", prefer="as_strided"),
            Story("tap-by-tap", prefer="taps"),
            *(Story(f"slip-{number + 1:02}", answer=with_slip(number)) for number in range(most)),
            Story("blank", answer=untouched(0)),
            Story("half-done", answer=untouched(1)),
            Story("partly-right", answer=partly_right),
            Story("syntax-error", answer=broken_syntax),
            Story("exception", answer=in_main("return 1 / 0", Fate("error", 0))),
            Story(
                "endless-loop",
                answer=in_main("while True: pass", Fate("timeout", 0), "05_convolution"),
            ),
            Story("crash", answer=in_main("import os; os._exit(1)", Fate("killed", 0))),
            Story("memory-hog", answer=in_main("return bytearray(10**12)", Fate("memory", 0))),
            Story("returns-nothing", answer=in_main("print('42')", lost)),
            Story("warnings", answer=noisy),
            Story("extra-cells", mishap=add_cells),
            Story("deleted-test", mishap=delete_test),
            Story("edited-test", answer=in_main("return 42", lost), mishap=edit_test),
            Story("duplicated-cell", mishap=duplicate_answer),
            Story("stripped-metadata", mishap=strip_metadata),
            Story("renamed-notebook", file="my {lesson} (final).ipynb"),
            Story(
                "broken-file", every=Fate("invalid", 0), spoil=lambda text: text[: len(text) // 2]
            ),
            Story("no-notebook", every=Fate("missing", 0), file=""),
        ],
        key=lambda story: story.id,
    )


def submission(story: Story, lesson: manifest.Lesson) -> tuple[NotebookNode, list[Row]]:
    """A student's notebook of a lesson, and the rows it must get."""
    notebook = copy.deepcopy(released(lesson.name))
    rows = []
    for place, exercise in enumerate(lesson.exercises):
        other = story.answer(lesson, place)
        source, fate = other or (right(lesson, exercise.id, story.prefer), Fate())
        fate = story.every or fate
        cells_by_id(notebook)[exercise.id].source = source.rstrip()
        score = round(exercise.points * fate.share, 2)
        rows.append(
            Row(story.id, lesson.name, exercise.id, score, exercise.points, fate.status, fate.slip)
        )
    for question in lesson.manual:
        if fate.status != "blank":
            answer = "Every SubSampling is a strided convolution, but not conversely."
            cells_by_id(notebook)[question.id].source = answer
        if story.every or fate.status == "blank":  # any other answer waits for a reader
            status = fate.status
            rows.append(Row(story.id, lesson.name, question.id, 0, question.points, status, ""))
    story.mishap(notebook, lesson)
    return notebook, rows


def hand_in(folder: Path, story: Story, lesson: manifest.Lesson) -> list[Row]:
    """Write a student's submission of a lesson under `folder/submitted`; the rows it must get."""
    notebook, rows = submission(story, lesson)
    place = folder / "submitted" / story.id / lesson.name
    place.mkdir(parents=True)
    if story.file:
        text = story.spoil(nbformat.writes(notebook) + "\n")
        (place / story.file.format(lesson=lesson.name)).write_text(text, encoding="utf-8")
    return rows


def write(folder: Path) -> None:
    """Write the class's submissions under `folder/submitted`, and `folder/expected.csv`."""
    rows: list[Row] = []
    for story in students():
        for lesson in manifest.lessons().values():
            rows += hand_in(folder, story, lesson)
    report.write_csv(rows, folder / "expected.csv")
