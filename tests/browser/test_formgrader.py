"""nbgrader's formgrader on a class that `autograder` graded: it lists, shows, and takes a person's grade."""

import re

import lab
import nbformat
import pytest
from office import (
    LESSON,
    STORIES,
    grade,
    graded_class,
    open_formgrader,
    open_submission,
    open_submissions,
)
from playwright.sync_api import Frame, expect

QUESTION = LESSON.manual[0]
COMMENT = "Which weight makes it one?"


def question(rows: list[dict[str, str]]) -> dict[str, dict[str, str]]:
    """The rows of the question that a person grades, by student."""
    return {row["student_id"]: row for row in rows if row["exercise"] == QUESTION.id}


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    return graded_class(tmp_path_factory.mktemp("instructor"))


def formulas_as_typed(frame: Frame) -> str:
    """What stands on a page where MathJax has not drawn: dollars outside code, fields and scripts."""
    return frame.evaluate(
        """() => { const copy = document.body.cloneNode(true);
        copy.querySelectorAll('pre, code, script, textarea').forEach(e => e.remove());
        return copy.textContent.match(/.{0,40}[$].{0,40}/g)?.join('\\n') ?? ''; }"""
    )


def test_lists_the_class_and_takes_a_grade(new_page, room):
    page = new_page(viewport={"width": 1300, "height": 1000})  # no request of it may leave
    with lab.jupyter_lab(room.parent.parent) as running:
        form = open_formgrader(page, running)
        line = form.get_by_role("row").filter(has_text=LESSON.name)
        expect(line.locator(".num-submissions")).to_have_text(str(len(STORIES)))

        waiting = open_submissions(form)
        expect(form.get_by_role("row")).to_have_count(1 + len(STORIES))
        expect(waiting).to_have_count(2)  # the third is empty, and has its 0
        frame = open_submission(waiting.first)
        drawn = form.locator(".MathJax")
        autograded = room / "autograded" / "slip-01" / LESSON.name / f"{LESSON.name}.ipynb"
        assert drawn.count() == lab.formulas(nbformat.read(autograded, as_version=4)) > 3
        assert all(place.bounding_box()["width"] > 2 for place in drawn.all())
        assert form.locator(".MathJax_Error").count() == 0
        assert formulas_as_typed(frame) == ""

        answer = form.locator(".nbgrader_cell", has=form.locator(f"#{QUESTION.id}"))
        expect(answer).to_contain_text("Every SubSampling is a strided convolution")
        for demand in QUESTION.rubric:
            expect(form.locator("body")).to_contain_text(demand)
        with page.expect_response(re.compile("/api/grade/")) as saved:
            answer.locator("input.score").fill("2")
            answer.locator("input.score").press("Tab")
        assert saved.value.ok
        with page.expect_response(re.compile("/api/comment/")) as saved:
            answer.locator("textarea").fill(COMMENT)
            answer.locator("textarea").press("Tab")
        assert saved.value.ok

    graded = question(grade(room))
    (student,) = set(graded) - {"blank"}
    assert (graded[student]["score"], graded[student]["status"]) == ("2", "partial")
    assert (
        COMMENT in (room / "feedback" / student / LESSON.name / f"{LESSON.name}.html").read_text()
    )
