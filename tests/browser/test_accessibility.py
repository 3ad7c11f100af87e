"""axe-core finds no serious violation in what the project draws, light and dark."""

import csv
from pathlib import Path

import pytest
from accessibility import serious
from office import LESSON, MISHAPS, STORIES, graded_class

from strided import manifest

STATUSES = {"passed", "failed", "blank", "error", "memory", "killed", "invalid", "missing"}
# Lesson → the stories told in it, the statuses that they have, and settings that make the time-out a short one.
OTHERS = {
    "01_one_step_many_names": (["partly-right"], {"passed", "partial"}, ""),
    "05_convolution": (
        ["endless-loop"],
        {"passed", "timeout"},
        "c = get_config()\nc.ExecuteLesson.cell_seconds = 3\n",
    ),
}
GOLDEN = Path(__file__).parent.parent / "golden" / "figures"
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>A page</title>
<style>:root {{ color-scheme: light dark }}
body {{ background: Canvas; color: CanvasText; font: 14px sans-serif }}</style><main><h1>A page</h1>
{}</main></html>"""
SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])


@SCHEMES
def test_a_bad_page_is_found_out(new_page, scheme):
    page = new_page(color_scheme=scheme)
    page.set_content(
        PAGE.format("<p style='color:#888;background:#999'>faint</p><img src='data:,'>")
    )
    found = serious(page)
    assert (
        len(found) == 2
        and "color-contrast" in found[0] + found[1]
        and "image-alt" in found[0] + found[1]
    )


@SCHEMES
def test_figures(new_page, scheme):
    figures = [path.read_text() for path in sorted(GOLDEN.glob("*.html"))]
    assert len(figures) > 40
    page = new_page(color_scheme=scheme)
    page.set_content(PAGE.format("\n".join(figures)))
    assert page.locator("svg[role]").count() >= len(figures)
    assert serious(page) == []


@pytest.fixture(scope="module")
def rooms(tmp_path_factory):
    """Classes of three lessons, with every status that there is: (lesson, folder, stories, statuses)."""
    told = {LESSON.name: ([*STORIES, *MISHAPS], STATUSES, ""), **OTHERS}
    return [
        (
            lesson := manifest.lessons()[name],
            graded_class(tmp_path_factory.mktemp("office"), stories, lesson, settings),
            stories,
            statuses,
        )
        for name, (stories, statuses, settings) in told.items()
    ]


@SCHEMES
def test_feedback_pages(new_page, rooms, scheme):
    page = new_page(color_scheme=scheme)
    for lesson, room, stories, statuses in rooms:
        with (room / "grades.csv").open() as file:
            assert {row["status"] for row in csv.DictReader(file)} == statuses
        pages = sorted((room / "feedback").glob("*/*/*.html"))
        assert len(pages) == len(stories)
        for path in pages:
            page.goto(path.as_uri())
            assert page.locator("h1").inner_text().startswith(lesson.title)
            assert serious(page) == [], path


@SCHEMES
def test_class_page(new_page, rooms, scheme):
    page = new_page(color_scheme=scheme)
    for _, room, _, _ in rooms:
        page.goto((room / "class.html").as_uri())
        assert page.locator("table").count()
        assert serious(page) == []
