"""nbgrader's view of the house: which folder is what, and which step runs the notebooks.

The file `nbgrader_config.py` at the top of the repository loads this one, so that `nbgrader` and
formgrader work there. `autograder` loads it too, and points the class's folders elsewhere with `--class`.
"""

from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

c = get_config()  # noqa: F821  (traitlets provides it)

root = Path(__file__).resolve().parent.parent
class_folder = root / "autograder" / "class"
with suppress(OSError):  # who keeps a class elsewhere may have no right to make it, nor need to
    class_folder.mkdir(exist_ok=True)

c.CourseDirectory.course_id = "strided"
c.CourseDirectory.root = str(root)
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "course"
c.CourseDirectory.submitted_directory = "autograder/class/submitted"
c.CourseDirectory.autograded_directory = "autograder/class/autograded"
c.CourseDirectory.feedback_directory = "autograder/class/feedback"
c.CourseDirectory.solution_directory = "autograder/class/solution"
c.CourseDirectory.db_url = f"sqlite:///{class_folder / 'gradebook.db'}"
# A lesson's text source holds the solutions: it is never released beside the notebook.
c.CourseDirectory.ignore = [
    ".ipynb_checkpoints",
    "*.pyc",
    "__pycache__",
    ".DS_Store",
    "*.py",
    "*.md",
]

c.Autograde.sanitize_preprocessors = [
    "autograder.intake.RestoreCells",
    "nbgrader.preprocessors.ClearOutput",
    "nbgrader.preprocessors.DeduplicateIds",
    "nbgrader.preprocessors.OverwriteKernelspec",
    "nbgrader.preprocessors.OverwriteCells",
    "nbgrader.preprocessors.CheckCellMetadata",
]
c.Autograde.autograde_preprocessors = [
    "autograder.execute.ExecuteLesson",
    "nbgrader.preprocessors.IgnorePattern",
    "nbconvert.preprocessors.ClearMetadataPreprocessor",
    "nbgrader.preprocessors.LimitOutput",
    "autograder.harmless.ShowAsTyped",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]

# What nbgrader's own feedback shows a student: neither hidden tests nor rubrics, which it would print.
c.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.ClearHiddenTests",
    "nbgrader.preprocessors.ClearMarkScheme",
    "autograder.harmless.LeaveOutSeeds",
    "nbgrader.preprocessors.GetGrades",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
# A heading in an answer could take the id of formgrader's field for its points.
c.HTMLExporter.exclude_anchor_links = True
# Formgrader's pages take MathJax from this machine; the rest of them are nbgrader's own, which are named here too.
own, nbgraders = (Path(find_spec(name).origin).parent for name in ("autograder", "nbgrader"))
c.HTMLExporter.extra_template_basedirs = [
    str(own / "formgrader"),
    str(nbgraders / "server_extensions" / "formgrader" / "templates"),
]

# A question's rubric stands in a locked cell beside the answer's. (In a task, which nbgrader means for it, it
# would ask for a grade of its own.)
c.ClearMarkScheme.enforce_metadata = False
c.ClearMarkScheme.begin_mark_scheme_delimeter = "<!-- BEGIN MARK SCHEME -->"
c.ClearMarkScheme.end_mark_scheme_delimeter = "<!-- END MARK SCHEME -->"
