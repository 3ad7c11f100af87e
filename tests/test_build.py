"""The build: lesson text to notebooks, the same bytes each time, and every fault told."""

import ast
import dataclasses
import shutil

import nbformat
import pytest

from autograder import build, commands
from autograder.paths import COURSE, ROOT, SOLUTIONS
from strided import manifest

LESSONS = list(manifest.lessons().values())
LESSON = manifest.lessons()["05_convolution"]
TEXT = (SOLUTIONS / LESSON.name / f"{LESSON.name}.py").read_text(encoding="utf-8")


@pytest.fixture
def faulty(tmp_path):
    """Write a lesson's text with one fault, and read it."""

    def read(old: str, new: str):
        assert old in TEXT
        folder = tmp_path / LESSON.name
        folder.mkdir()
        (folder / f"{LESSON.name}.py").write_text(TEXT.replace(old, new), encoding="utf-8")
        return build.read_lesson(LESSON, tmp_path)

    return read


@pytest.mark.parametrize(
    "old, new, complaint",
    [
        ("test:conv2d", "test:conv3d", "names nothing of the manifest"),
        ('tags=["test:conv2d"]', "", "needs one cell tagged test:conv2d, and has 0"),
        ('tags=["solution:conv2d"]', "", "needs one cell tagged solution:conv2d, and has 0"),
        ('tags=["demonstration"]', 'tags=["demo"]', "unknown tag 'demo'"),
        ('["test:conv2d"]', '["test:conv2d", "demonstration"]', "give it one"),
    ],
)
def test_a_text_that_does_not_fit_the_manifest_is_refused(faulty, old, new, complaint):
    with pytest.raises(build.LessonError, match=complaint):
        faulty(old, new)


def test_a_missing_module_of_hidden_tests_is_told():
    lesson = dataclasses.replace(LESSON, name="10_nowhere")
    with pytest.raises(build.LessonError, match="autograder/hidden/nowhere.py is missing"):
        build.hidden_tests(lesson, "conv2d")


def test_a_missing_text_is_refused(tmp_path):
    with pytest.raises(build.LessonError, match="is missing"):
        build.read_lesson(LESSON, tmp_path)


def test_two_exercises_of_one_name_are_refused():
    text = (ROOT / "src" / "strided" / "lessons.toml").read_text(encoding="utf-8")
    with pytest.raises(ValueError, match="uses the id 'avg_pool2d' twice"):
        manifest.parse(text.replace('id = "conv2d"', 'id = "avg_pool2d"'))


def test_building_twice_gives_the_same_bytes_and_a_changed_text_makes_them_stale(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    made = build.build(first)
    assert len(made) == 2 * (len(LESSONS) + 1)  # and the demos
    build.build(second)
    for path in made:
        twin = second / path.relative_to(first)
        assert twin.read_bytes() == path.read_bytes(), path

    source = tmp_path / "text"
    shutil.copytree(SOLUTIONS, source, ignore=shutil.ignore_patterns("*.ipynb"))
    assert build.stale(source, first) == []
    changed = source / LESSON.name / f"{LESSON.name}.py"
    changed.write_text(TEXT + "\n# %% [markdown]\n# More.\n", encoding="utf-8")
    assert {path.name for path in build.stale(source, first)} == {f"{LESSON.name}.ipynb"}
    assert len(build.stale(source, first)) == 2
    stray = first / "course" / "10_stray"
    stray.mkdir()
    (stray / "10_stray.ipynb").write_text("{}")
    assert any(path.name == "10_stray.ipynb" for path in build.stale(source, first))


def test_what_an_earlier_build_made_for_no_lesson_is_removed_and_nothing_else(tmp_path):
    kept = [
        f"course/{LESSON.name}/{LESSON.name}.ipynb",  # a lesson's
        f"course/{LESSON.name}/my own.ipynb",
        "course/mine/mine.ipynb",
        "solutions/10_gone/10_gone.py",
        "elsewhere/10_gone/10_gone.ipynb",
    ]
    gone = ["course/10_gone/10_gone.ipynb", "solutions/10_gone/10_gone.ipynb"]
    for name in kept + gone:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")
    assert build.remove_strays(tmp_path) == [tmp_path / name for name in gone]
    assert all((tmp_path / name).is_file() for name in kept)
    assert not any((tmp_path / name).exists() for name in gone)
    assert not (tmp_path / "course" / "10_gone").exists()
    assert build.remove_strays(tmp_path) == []


def test_the_build_says_what_it_removed(monkeypatch, capsys):
    monkeypatch.setattr(build, "build", lambda: [])
    monkeypatch.setattr(build, "remove_strays", lambda: [COURSE / "10_gone" / "10_gone.ipynb"])
    assert commands.build() == 0
    said = "removed course/10_gone/10_gone.ipynb, which no lesson makes\n"
    assert capsys.readouterr().out == said


def test_the_committed_notebooks_are_fresh():
    assert build.stale() == []


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_what_students_get_holds_no_solution_no_hidden_test_and_no_output(lesson):
    path = COURSE / lesson.name / f"{lesson.name}.ipynb"
    text = path.read_text(encoding="utf-8")
    for secret in ("BEGIN SOLUTION", "HIDDEN TESTS", "autograder.hidden"):
        assert secret not in text
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    assert all(not cell.get("outputs") for cell in notebook.cells)
    cells = {cell.id: cell for cell in notebook.cells}
    for exercise in lesson.exercises:
        assert "raise NotImplementedError()" in cells[exercise.id].source
        test = cells[f"test_{exercise.id}"]
        assert test.metadata.nbgrader.points == exercise.points
        assert test.metadata.nbgrader.locked and not test.metadata.get("editable", True)
    assert sorted(path.name for path in path.parent.iterdir()) == [path.name]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_the_solution_notebook_holds_the_hidden_tests(lesson):
    cells = {cell.id: cell for cell in build.read_lesson(lesson).cells}
    without = [e.id for e in lesson.exercises if "HIDDEN TESTS" not in cells[f"test_{e.id}"].source]
    assert without == (["name_the_step"] if lesson.name == "01_one_step_many_names" else [])


def test_a_cell_that_ends_in_an_expression_is_seen():
    assert build.ends_in_expression("x = 1\nx")
    assert not build.ends_in_expression("assert f(1)")


def test_a_test_cell_that_ends_in_an_expression_is_refused(faulty):
    with pytest.raises(build.LessonError, match="ends in an expression"):
        faulty("assert checks.conv2d(conv2d)", "checks.conv2d(conv2d)")


def test_lessons_hold_no_helper_code():
    subjects = {"one_test"}  # lesson 09 talks about this very function
    for lesson in LESSONS:
        exercises = {exercise.id for exercise in lesson.exercises}
        for cell in build.read_lesson(lesson).cells:
            if cell.cell_type == "code" and cell.id not in exercises:
                body = ast.parse(cell.source).body
                defined = [n for n in body if isinstance(n, ast.FunctionDef | ast.ClassDef)]
                assert {n.name for n in defined} <= subjects, (lesson.name, cell.source)
