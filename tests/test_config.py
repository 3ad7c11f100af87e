"""A class's own settings: they count, in the usual folder too, and a mistake in them is one sentence."""

import nbformat
import pytest
from here import Here

from autograder import grade
from autograder.classroom import Class
from autograder.config import LIMITS, OWN, nbgrader_config
from autograder.execute import ExecuteLesson
from autograder.notebooks import released
from autograder.paths import CLASS, ROOT, UserError

LESSON = "02_how_many_outputs"


def with_settings(folder, text: str):
    (folder / "nbgrader_config.py").write_text(text)
    return nbgrader_config(class_folder=folder)


def test_the_limits_are_those_of_the_step_that_runs_notebooks():
    own = ExecuteLesson.class_own_traits(config=True)
    assert own.keys() == LIMITS.keys()
    for name, trait in own.items():
        with_it = isinstance(trait.default_value, LIMITS[name])
        assert with_it, name


def test_a_class_sets_limits_penalties_and_its_gradebook(tmp_path):
    config = with_settings(
        tmp_path,
        "c.ExecuteLesson.cell_seconds = 3\n"
        "c.LateSubmissionPlugin.penalty_method = 'zero'\n"
        "c.CourseDirectory.db_url = 'sqlite:////elsewhere.db'\n"
        "c.CourseDirectory.submitted_directory = 'elsewhere'\n",
    )
    assert config.ExecuteLesson.cell_seconds == 3
    assert config.LateSubmissionPlugin.penalty_method == "zero"
    assert config.CourseDirectory.db_url == "sqlite:////elsewhere.db"
    assert config.CourseDirectory.submitted_directory == str(tmp_path / "submitted")


def test_a_file_that_begins_with_the_courses_settings_keeps_the_class_s_gradebook(tmp_path):
    config = with_settings(
        tmp_path, f"load_subconfig({str(CLASS.parent / 'nbgrader_config.py')!r})\n"
    )
    assert config.CourseDirectory.db_url == f"sqlite:///{tmp_path / 'gradebook.db'}"


def test_the_usual_class_is_where_stock_nbgrader_looks_for_it():
    ours, stock = Class(CLASS).config().CourseDirectory, nbgrader_config().CourseDirectory
    assert ours.db_url == stock.db_url
    for name in ("submitted", "autograded", "feedback"):
        assert ours[f"{name}_directory"] == str(ROOT / stock[f"{name}_directory"])


@pytest.mark.parametrize(
    "text, said",
    [
        ("c.ExecuteLesson.cell_second = 3", "cell_second; there are cell_seconds"),
        ("c.ExecuteLesson.cell_seconds = '3'", "to '3', which it cannot be"),
        ("c.ExecuteLesson.cell_seconds = True", "to True, which it cannot be"),
        ("c.ExecuteLesson.memory = 0", "to 0; it must be at least 268435456, in bytes"),
        ("c.ExecuteLesson.memory = 2", "to 2; it must be at least 268435456, in bytes"),
        ("c.ExecuteLesson.cell_seconds = 0", "to 0; it must be more"),
        ("c.ExecuteLeson.cell_seconds = 3", "Did you mean c.ExecuteLesson?"),
        ("c.ExecuteLesson.cell_seconds = (", "cannot be read: SyntaxError"),
        ("1 / 0", "cannot be read: ZeroDivisionError"),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path, text, said):
    with pytest.raises(UserError, match="(?s)nbgrader_config.py") as raised:
        with_settings(tmp_path, text)
    assert said in str(raised.value) and "\n" not in str(raised.value)


def test_a_changed_setting_grades_again(tmp_path):
    room = Class(tmp_path)
    place = room.submitted / "ada" / LESSON
    place.mkdir(parents=True)
    nbformat.write(released(LESSON), place / f"{LESSON}.ipynb")
    planned = []

    class Told(grade.Watcher):
        def plan(self, todo, unchanged):
            planned.append(todo)

    for text in (
        "",
        "",
        "c.ExecuteLesson.cell_seconds = 3\n",
        "c.ExecuteLesson.cell_seconds = 3\n",
    ):
        (tmp_path / "nbgrader_config.py").write_text(text)
        grade.grade(grade.Wanted([LESSON], room, trusted=True), Here(), Told())
    assert planned == [1, 0, 1, 0]
    assert OWN[0] == "ExecuteLesson"
