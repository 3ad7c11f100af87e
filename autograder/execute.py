"""Our execute step in nbgrader's chain: student cells in a session, test cells in the examiner.

It takes the place of nbgrader's `Execute` and writes the outputs from which nbgrader's own steps score:
an error for a lost exercise, a number for part of one, neither for a whole one. The verdict itself is kept
as an output of its own type beside them; reports and feedback read it.
"""

import atexit
import copy
from dataclasses import replace
from functools import cache
from typing import Any

import nbformat
from nbformat.v4 import new_output
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Bool, Float, Integer

from autograder import intake
from autograder.examiner import Verdict, examine
from autograder.lent import LENT
from autograder.notebooks import HIDDEN_BEGIN, VERDICT, cells_by_id, grade_id, solved
from autograder.student import Ended, Limits, Student
from autograder.warm import Warm
from strided import manifest

NOT_AGAIN = "Your answer was wrong when it was graded, and not when it was run once more."


@cache
def warm(trusted: bool) -> Warm:
    """This process's warm process, started when first needed."""
    process = Warm(trusted)
    atexit.register(process.close)
    return process


class ExecuteLesson(NbGraderPreprocessor):
    """Run a sanitized submission and write its verdicts into the outputs of its test cells."""

    cell_seconds = Float(Limits.cell, help="Wall time of one cell, or of one call.").tag(
        config=True
    )
    notebook_seconds = Float(
        Limits.notebook, help="Wall time of a submission, each time that it is run."
    ).tag(config=True)
    trust_submissions = Bool(
        False,
        help="Do without the sandbox. The submissions' code can then read and write what you can.",
    ).tag(config=True)
    memory = Integer(Limits.memory, help="Address space of a session in bytes.").tag(config=True)

    def preprocess(self, nb: Any, resources: Any) -> Any:
        """Run every cell in the notebook's order.

        A function can keep what a hidden test hands it, and a later cell can show that. So what is shown from
        then on is taken from a second session, which sees no hidden test. Its limits are the first one's:
        if they were what that one left, they would tell how long it had worked.
        """
        lesson = manifest.lessons()[resources["nbgrader"]["assignment"]]
        limits = Limits(cell=self.cell_seconds, notebook=self.notebook_seconds, memory=self.memory)
        refused = resources["nbgrader"].get("refused")
        if refused:
            return refuse(nb, lesson, refused), resources
        lent = LENT.get(lesson.name, {})
        with Student(warm(self.trust_submissions), limits, lent) as student:
            verdicts, telling = self._run_all(nb, lesson, student)
        if telling:
            told = copy.deepcopy(nb)
            with Student(warm(self.trust_submissions), limits, lent) as student:
                again, _ = self._run_all(told, lesson, student, hidden=False)
            _retell(nb, told, lesson, verdicts, again)
        return nb, resources

    def _run_all(
        self, nb: Any, lesson: manifest.Lesson, student: Student, hidden: bool = True
    ) -> tuple[dict[str, Verdict], bool]:
        """Run every cell: the verdicts by exercise, and whether a cell after a hidden test tells something."""
        source = cells_by_id(solved(lesson.name))
        exercises = {exercise.id: exercise for exercise in lesson.exercises}
        fate: dict[str, Verdict] = {}
        verdicts: dict[str, Verdict] = {}
        seen = telling = False
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
                telling |= seen and bool(cell.outputs)
            elif id.startswith("test_") and exercise:
                test = source[id].source
                test = test if hidden else test.partition(HIDDEN_BEGIN)[0]
                verdict = self._verdict(exercise, test, student, fate)
                if verdict.status == "blank":
                    verdict = _with_misspelt(verdict, exercise.id, nb, lesson)
                verdicts[exercise.id] = verdict
                cell.outputs = outputs(exercise.id, verdict, exercise.points)
                telling |= seen and _quotes(verdict)
                seen |= bool(verdict.held) or verdict.hidden
        return verdicts, telling

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


def _with_misspelt(verdict: Verdict, exercise: str, nb: Any, lesson: manifest.Lesson) -> Verdict:
    """Say, and note in the notebook's metadata, under which name an answer seems to be that is not there."""
    name = intake.misspelt(nb, lesson, exercise)
    if not name:
        return verdict
    nb.metadata.setdefault("strided", {}).setdefault("misspelt", {})[exercise] = name
    said = f"Your notebook defines {name}: if that is your answer, its name must be {exercise}."
    return replace(verdict, text=f"{verdict.text}\n  {said}")


def _quotes(verdict: Verdict) -> bool:
    """Whether a verdict's explanation holds what the student's code returned or raised."""
    return verdict.status in ("failed", "error") and not verdict.held


def _retell(
    nb: Any,
    told: Any,
    lesson: manifest.Lesson,
    verdicts: dict[str, Verdict],
    again: dict[str, Verdict],
) -> None:
    """Take from a run without hidden tests what cells show and how verdicts are explained; no score."""
    exercises = {f"test_{exercise.id}": exercise for exercise in lesson.exercises}
    for cell, other in zip(nb.cells, told.cells, strict=True):
        if cell.cell_type != "code":
            continue
        exercise = exercises.get(grade_id(cell))
        if exercise is None:
            cell.outputs = other.outputs
        elif exercise.id in verdicts and _quotes(verdicts[exercise.id]):
            first, second = verdicts[exercise.id], again[exercise.id]
            text = second.text if _quotes(second) else NOT_AGAIN
            verdict = replace(first, text=text, figure=second.figure, cases=second.cases)
            cell.outputs = outputs(exercise.id, verdict, exercise.points)


def outputs(exercise: str, verdict: Verdict, points: float) -> list[nbformat.NotebookNode]:
    """A verdict as a test cell's outputs: what nbgrader scores by, and the verdict itself."""
    data = {
        "exercise": exercise,
        "status": verdict.status,
        "slip": verdict.slip,
        "text": verdict.text,
        "figure": verdict.figure,
        "held": verdict.held,
        "cases": verdict.cases,
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
