"""nbgrader's formgrader on a class that `autograder` graded: it lists, shows, and takes a person's grade."""

import re

import lab
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
from playwright.sync_api import expect

QUESTION = LESSON.manual[0]
# nbgrader's page asks for this, and can do without it; it has no setting for another place.
MATHJAX = "https://cdnjs.cloudflare.com/ajax/libs/mathjax/"
COMMENT = "Which weight makes it one?"


def question(rows: list[dict[str, str]]) -> dict[str, dict[str, str]]:
    """The rows of the question that a person grades, by student."""
    return {row["student_id"]: row for row in rows if row["exercise"] == QUESTION.id}


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    return graded_class(tmp_path_factory.mktemp("instructor"))


@pytest.fixture
def page(browser):
    """A page that asks other machines for nothing but nbgrader's MathJax, and does not get that."""
    context, asked = lab.shut_in(browser, viewport={"width": 1300, "height": 1000})
    yield context.new_page()
    context.close()
    assert [url for url in asked if not url.startswith(MATHJAX)] == []


def test_lists_the_class_and_takes_a_grade(page, room):
    with lab.jupyter_lab(room.parent.parent) as running:
        form = open_formgrader(page, running)
        line = form.get_by_role("row").filter(has_text=LESSON.name)
        expect(line.locator(".num-submissions")).to_have_text(str(len(STORIES)))

        waiting = open_submissions(form)
        expect(form.get_by_role("row")).to_have_count(1 + len(STORIES))
        expect(waiting).to_have_count(2)  # the third is empty, and has its 0
        open_submission(waiting.first)

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
