"""Our execute step in nbgrader's chain: student cells in a session, test cells in the examiner.

It takes the place of nbgrader's `Execute` and writes the outputs from which nbgrader's own steps score:
an error for a lost exercise, a number for part of one, neither for a whole one. The verdict itself is kept
as an output of its own type beside them; reports and feedback read it.
"""

from functools import cache
from typing import Any

import nbformat
from nbformat.v4 import new_output
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool, Float, Integer

from autograder.examiner import Verdict, examine
from autograder.lent import LENT
from autograder.notebooks import VERDICT, cells_by_id, grade_id, trusted
from autograder.student import Ended, Limits, Student
from autograder.warm import Warm
from strided import manifest


@cache
def warm(trusted: bool) -> Warm:
    """This process's warm process, started when first needed."""
    return Warm(trusted)


class ExecuteLesson(NbGraderPreprocessor):
    """Run a sanitized submission and write its verdicts into the outputs of its test cells."""

    cell_seconds = Float(Limits.cell, help="Wall time of one cell, or of one call.").tag(
        config=True
    )
    notebook_seconds = Float(Limits.notebook, help="Wall time of a submission.").tag(config=True)
    trust_submissions = Bool(
        False,
        help="Do without the sandbox. The submissions' code can then read and write what you can.",
    ).tag(config=True)
    memory = Integer(Limits.memory, help="Address space of a session in bytes.").tag(config=True)

    def preprocess(self, nb: Any, resources: Any) -> Any:
        """Run every cell in the notebook's order."""
        lesson = manifest.lessons()[resources["nbgrader"]["assignment"]]
        limits = Limits(self.cell_seconds, self.notebook_seconds, self.memory)
        source = cells_by_id(trusted(lesson.name))
        refused = resources["nbgrader"].get("refused")
        if refused:
            return refuse(nb, lesson, refused), resources
        exercises = {exercise.id: exercise for exercise in lesson.exercises}
        fate: dict[str, Verdict] = {}
        lent = LENT.get(lesson.name, {})
        with Student(warm(self.trust_submissions), limits, lent) as student:
            for cell in nb.cells:
                if cell.cell_type != "code":
                    continue
                id = grade_id(cell)
                exercise = exercises.get(id.removeprefix("test_"))
                cell.outputs = []
                if id in exercises or not source.get(id):
                    failed = self._run(cell, student)
                    if failed and id in exercises:
                        fate[id] = failed
                elif id.startswith("test_") and exercise:
                    verdict = self._verdict(exercise, source[id].source, student, fate)
                    cell.outputs = outputs(exercise.id, verdict, exercise.points)
        return nb, resources

    def _run(self, cell, student: Student) -> Verdict | None:
        """Run a student's cell; if it fails, the verdict on an exercise that depends on it."""
        try:
            reply = student.run(cell.source)
        except Ended as ended:
            text = f"This cell did not finish: {ended.reason}."
            cell.outputs = [new_output("stream", name="stdout", text=text + "\n")]
            return Verdict(ended.status, 0, text=text)
        cell.outputs = [nbformat.from_dict(output) for output in reply["outputs"]]
        error = reply["error"]
        if not error:
            return None
        text = f"{error['type']}: {error['text']}"
        cell.outputs.append(
            new_output(
                "error",
                ename=error["type"],
                evalue=error["text"],
                traceback=error.get("traceback", []),
            )
        )
        return Verdict("error", 0, text=f"The cell of your answer did not run.\n  {text}")

    def _verdict(
        self,
        exercise: manifest.Exercise,
        source: str,
        student: Student,
        fate: dict[str, Verdict],
    ) -> Verdict:
        try:
            student.find(exercise.id)
        except Ended as ended:
            return Verdict(ended.status, 0, text=f"The notebook did not finish: {ended.reason}.")
        except KeyError:
            nothing = Verdict("blank", 0, text=f"No cell before this check defines {exercise.id}.")
            return fate.get(exercise.id, nothing)
        except TypeError as error:
            return Verdict("error", 0, text=str(error))
        return examine(source, exercise.points, student)


def outputs(exercise: str, verdict: Verdict, points: float) -> list[nbformat.NotebookNode]:
    """A verdict as a test cell's outputs: what nbgrader scores by, and the verdict itself."""
    data = {
        "exercise": exercise,
        "status": verdict.status,
        "slip": verdict.slip,
        "text": verdict.text,
        "figure": verdict.figure,
        "held": verdict.held,
    }
    made = [new_output("display_data", data={VERDICT: data, "text/plain": verdict.text})]
    if verdict.score == 0:
        name = "WrongAnswer" if verdict.status == "failed" else verdict.status
        made.append(new_output("error", ename=name, evalue="", traceback=[verdict.text]))
    elif verdict.score < points:
        made.append(new_output("execute_result", data={"text/plain": f"{verdict.score:g}"}))
    return made


def refuse(nb: nbformat.NotebookNode, lesson: manifest.Lesson, verdict: Verdict):
    """Write one verdict, without running anything, into every test cell."""
    cells = cells_by_id(nb)
    for exercise in lesson.exercises:
        cells[f"test_{exercise.id}"].outputs = outputs(exercise.id, verdict, exercise.points)
    return nb
