"""The course's manifest: what `lessons.toml` says, as plain objects.

The build, the autograder and a student's progress all read the course from here, so that a lesson's
name, an exercise's points and its hints are written once.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Exercise:
    """One graded exercise: `id` is the name that the student's cell defines."""

    id: str
    points: int
    minutes: int
    hints: tuple[str, ...]


@dataclass(frozen=True)
class Manual:
    """One question that a person grades; `rubric` says what each point is for."""

    id: str
    points: int
    minutes: int
    rubric: tuple[str, ...]


@dataclass(frozen=True)
class Prediction:
    """A number or a choice that you commit to before anything runs."""

    id: str
    answer: object
    why: str


@dataclass(frozen=True)
class Question:
    """One question of a wrap-up quiz; `answer` is one of `choices`, `why` explains it."""

    question: str
    choices: tuple[str, ...]
    answer: str
    why: str


@dataclass(frozen=True)
class Lesson:
    """One lesson: a folder, a notebook and an nbgrader assignment, all of one name."""

    name: str
    title: str
    minutes: int
    exercises: tuple[Exercise, ...]
    manual: tuple[Manual, ...]
    predictions: tuple[Prediction, ...]
    quiz: tuple[Question, ...]

    @property
    def module(self) -> str:
        """Name of the lesson's modules in `checks`, `slips` and `hidden`: the lesson's, unnumbered."""
        return self.name.partition("_")[2]

    @property
    def graded(self) -> list[Exercise | Manual]:
        """Everything that carries points: the exercises, then the questions that a person grades."""
        return [*self.exercises, *self.manual]

    @property
    def points(self) -> int:
        """Points of the whole lesson."""
        return sum(item.points for item in self.graded)


def parse(text: str) -> dict[str, Lesson]:
    """Read a manifest's text: lessons by name, in the order of the course.

    Raises ValueError where two exercises, questions or predictions share an id, since an id is how
    the gradebook, the checks and the hints find them.
    """
    lessons = {}
    seen: set[str] = set()
    for entry in tomllib.loads(text)["lesson"]:
        lesson = Lesson(
            name=entry["name"],
            title=entry["title"],
            minutes=entry["minutes"],
            exercises=tuple(
                Exercise(e["id"], e["points"], e["minutes"], tuple(e["hints"]))
                for e in entry["exercise"]
            ),
            manual=tuple(
                Manual(m["id"], m["points"], m["minutes"], tuple(m["rubric"]))
                for m in entry.get("manual", [])
            ),
            predictions=tuple(
                Prediction(p["id"], p["answer"], p["why"]) for p in entry["prediction"]
            ),
            quiz=tuple(
                Question(q["question"], tuple(q["choices"]), q["answer"], q["why"])
                for q in entry["quiz"]
            ),
        )
        ids = [item.id for item in lesson.graded] + [p.id for p in lesson.predictions]
        for id in ids:
            if id in seen:
                raise ValueError(f"lessons.toml uses the id {id!r} twice; ids must be unique")
            seen.add(id)
        lessons[lesson.name] = lesson
    return lessons


@cache
def lessons() -> dict[str, Lesson]:
    """Every lesson of the course by name, in order."""
    return parse((files("strided") / "lessons.toml").read_text(encoding="utf-8"))


@cache
def exercises() -> dict[str, Exercise]:
    """Every exercise of the course by id."""
    return {e.id: e for lesson in lessons().values() for e in lesson.exercises}


@cache
def predictions() -> dict[str, Prediction]:
    """Every prediction of the course by id."""
    return {p.id: p for lesson in lessons().values() for p in lesson.predictions}
