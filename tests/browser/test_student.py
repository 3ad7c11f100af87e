"""A student's path through a lesson, in a real JupyterLab."""

import lab
from playwright.sync_api import expect

from autograder.answers import answers
from strided import manifest

LESSON = manifest.lessons()["05_convolution"]


def answer(page, exercise: str, style: str) -> str:
    """Type an answer over the stub, run it and its check; what the check says."""
    stub = lab.cell(page, f"def {exercise}(")
    lab.write_cell(page, stub, answers(LESSON.name)[exercise, style])
    lab.run_cell(page, stub)
    check = lab.cell(page, f"assert checks.{exercise}(")
    lab.run_cell(page, check)
    return check.locator(".jp-OutputArea").inner_text()


def validate(page) -> str:
    """Press nbgrader's button; what it says.

    nbgrader runs the notebook inside the server, which answers nobody meanwhile; a slow machine's JupyterLab
    then says so, and goes on when that is closed.
    """
    busy = page.get_by_role("dialog", name="Server Connection Error")
    page.add_locator_handler(busy, lambda: busy.get_by_role("button", name="Close").click())
    page.locator(".jp-NotebookPanel-toolbar").get_by_text("Validate").click()
    dialog = page.locator(".jp-Dialog", has_text="Validation Results")
    expect(dialog).to_be_visible()
    said = dialog.inner_text()
    dialog.get_by_role("button").last.click()
    page.remove_locator_handler(busy)
    return said


def test_from_a_wrong_answer_to_a_right_one(page, course):
    course.open(page, f"{LESSON.name}/{LESSON.name}.ipynb")
    assert not lab.run_all(page)  # it stops at the first exercise, which is not answered yet
    first, second, conv2d = (exercise.id for exercise in LESSON.exercises)
    for exercise in (first, second):
        assert f"{exercise}: all" in answer(page, exercise, "loops")

    said = answer(page, conv2d, "slip:flipped_kernel")
    assert "20 of 20 outputs differ; the first is out[0, 0, 0, 0]" in said
    assert "it must read x[0, :, 0:2, 0:3]" in said
    assert "Your output is exactly what a flipped kernel gives." in said
    assert "failed" in validate(page)

    said = answer(page, conv2d, "loops")
    assert said.startswith("conv2d: all") and said.strip().endswith("are right.")
    assert "Success! Your notebook passes all the tests." in validate(page)
