"""The course's manifest: what `lessons.toml` says, as plain objects.

The build, the autograder and a student's progress all read the course from here, so that a lesson's
name, an exercise's points and its hints are written once.
"""

import keyword
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar


class ManifestError(ValueError):
    """What is wrong with the manifest, in one sentence that names the lesson."""


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


Part = TypeVar("Part", Exercise, Manual, Prediction, Question)


def parse(text: str) -> dict[str, Lesson]:
    """Read a manifest's text: lessons by name, in the order of the course.

    Raises ManifestError where the text is no TOML, where a key is missing, where a lesson's name can
    name no modules, and where two exercises, questions or predictions share an id, since an id is
    how the gradebook, the checks and the hints find them.
    """
    try:
        entries = tomllib.loads(text).get("lesson", [])
    except tomllib.TOMLDecodeError as error:
        raise ManifestError(f"lessons.toml is no TOML: {error}") from None
    lessons = {}
    seen: set[str] = set()
    for number, entry in enumerate(entries, 1):
        name = _value(entry, "name", f"lesson {number}")
        _check_name(name)
        lesson = Lesson(
            name=name,
            title=_value(entry, "title", name),
            minutes=_value(entry, "minutes", name),
            exercises=_parts(Exercise, entry, "exercise"),
            manual=_parts(Manual, entry, "manual"),
            predictions=_parts(Prediction, entry, "prediction"),
            quiz=_parts(Question, entry, "quiz"),
        )
        ids = [item.id for item in lesson.graded] + [p.id for p in lesson.predictions]
        for id in ids:
            if id in seen:
                raise ManifestError(f"lessons.toml uses the id {id!r} twice; ids must be unique")
            seen.add(id)
        lessons[lesson.name] = lesson
    return lessons


def _check_name(name: Any) -> None:
    """Raise ManifestError unless a lesson's name can name its modules."""
    module = re.fullmatch(r"[0-9][0-9]_(.+)", str(name))
    if not module or not module[1].isidentifier():
        raise ManifestError(
            f"lessons.toml names a lesson {name!r}; a name is two digits, an underscore and a "
            "Python identifier, as in 05_convolution"
        )
    if keyword.iskeyword(module[1]):
        raise ManifestError(
            f"lessons.toml names a lesson {name!r}, but {module[1]!r} is a keyword of Python and "
            "can name no module; choose another name"
        )


def _parts(kind: type[Part], entry: Mapping[str, Any], table: str) -> tuple[Part, ...]:
    """Read a lesson's tables of one kind; it need not have any."""
    made = []
    for number, part in enumerate(entry.get(table, []), 1):
        values: dict[str, Any] = {}
        for field in fields(kind):
            value = _value(part, field.name, f"{table} {number} of {entry['name']}")
            values[field.name] = tuple(value) if field.type == tuple[str, ...] else value
        made.append(kind(**values))
    return tuple(made)


def _value(table: Mapping[str, Any], key: str, place: str) -> Any:
    """Return what a table says; raise ManifestError that names the place where it says nothing."""
    if key not in table:
        raise ManifestError(f"lessons.toml: {place} needs the key {key!r}")
    return table[key]


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


def lesson_of(exercise: str) -> Lesson:
    """The lesson that an exercise belongs to. Raises ValueError for an unknown exercise."""
    for lesson in lessons().values():
        if any(exercise == e.id for e in lesson.exercises):
            return lesson
    raise ValueError(f"there is no exercise {exercise!r} in lessons.toml")
