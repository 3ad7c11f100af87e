"""axe-core finds no serious violation in what the project draws, light and dark."""

import csv
from pathlib import Path

import pytest
from accessibility import serious
from office import LESSON, MISHAPS, STORIES, graded_class

STATUSES = {"passed", "failed", "blank", "error", "memory", "killed", "invalid", "missing"}
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
def room(tmp_path_factory):
    """A class with about every status that there is."""
    return graded_class(tmp_path_factory.mktemp("office"), [*STORIES, *MISHAPS])


@SCHEMES
def test_feedback_pages(new_page, room, scheme):
    with (room / "grades.csv").open() as file:
        assert {row["status"] for row in csv.DictReader(file)} == STATUSES
    pages = sorted((room / "feedback").glob("*/*/*.html"))
    assert len(pages) == len(STORIES) + len(MISHAPS)
    page = new_page(color_scheme=scheme)
    for path in pages:
        page.goto(path.as_uri())
        assert page.locator("h1").inner_text().startswith(LESSON.title)
        assert serious(page) == [], path


@SCHEMES
def test_class_page(new_page, room, scheme):
    page = new_page(color_scheme=scheme)
    page.goto((room / "class.html").as_uri())
    assert page.locator("table").count()
    assert serious(page) == []
