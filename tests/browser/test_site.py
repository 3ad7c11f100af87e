"""The exported site and slides, opened from disk: whole, quiet, readable, and without solutions."""

import re
import subprocess
import sys
from collections.abc import Iterable
from html import escape, unescape
from pathlib import Path
from urllib.parse import unquote, urlparse

import lab
import nbformat
import pytest
from accessibility import serious
from playwright.sync_api import Locator, Page

from autograder.paths import COURSE, ROOT, SOLUTIONS
from strided import demos, manifest

LESSONS = list(manifest.lessons())
PAGES = ["index", "start", *LESSONS, "demos", "search"]
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 400, "height": 800}


def stepped() -> dict[str, tuple[int, demos.Demo]]:
    """The demos of the notebook by their lines, with their places: `poll("skipped")` → (1, the demo)."""
    notebook = nbformat.read(COURSE / "demos/demos.ipynb", as_version=4)
    lines = [re.fullmatch(r'demos\.((\w+)\("?(\w*)"?\))', cell.source) for cell in notebook.cells]
    return {
        line[1]: (place, getattr(demos, line[2])(*filter(None, [line[3]])))
        for place, line in enumerate(filter(None, lines))
    }


STEPPED = stepped()


def export(what: str, folder: Path) -> Path:
    command = [sys.executable, str(ROOT / "docs/export.py"), what, str(folder)]
    subprocess.run(command, check=True, cwd=ROOT, timeout=400)
    return folder


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """What `make site` makes."""
    return export("site", tmp_path_factory.mktemp("export") / "site")


@pytest.fixture(scope="module")
def deck(tmp_path_factory):
    """What `make slides` makes."""
    return export("slides", tmp_path_factory.mktemp("export") / "slides")


def listen(page: Page) -> list[str]:
    """The list, which grows, of what went wrong on a page: errors, and files that are not there."""
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(f"error: {error}"))
    page.on("requestfailed", lambda request: faults.append(f"failed: {request.url}"))
    page.on(
        "console",
        lambda said: faults.append(f"console: {said.text}") if said.type == "error" else None,
    )
    return faults


def broken_links(page: Page, root: Path) -> list[str]:
    """The page's links that lead out of the folder, to no file, or to no place in one."""
    broken = []
    for link in page.eval_on_selector_all("a[href]", "links => links.map(a => a.href)"):
        address = urlparse(link)
        target = Path(unquote(address.path))
        if address.scheme != "file" or not target.is_relative_to(root) or not target.is_file():
            broken.append(link)
        elif address.fragment and target.suffix == ".html":
            place = f'id="{unquote(address.fragment)}"'
            # reveal.js makes places of its own.
            if target.parent.name != "slides" and place not in unescape(target.read_text()):
                broken.append(link)
    return broken


def wider_than_window(page: Page) -> int:
    """By how many pixels the page scrolls sideways."""
    return page.evaluate("document.documentElement.scrollWidth - window.innerWidth")


def bad_figures(page: Page) -> list[str]:
    """Figures and images that show nothing, or have no words for those who do not see them."""
    return page.evaluate(
        """() => [...document.querySelectorAll('figure > svg, main img, svg[role=img]')].filter(f => {
            const shown = f.checkVisibility(), box = f.getBoundingClientRect();
            const words = f.getAttribute('aria-label') || f.getAttribute('alt') || '';
            return words.trim().length < 10 || (shown && (box.width < 20 || box.height < 10));
        }).map(f => f.outerHTML.slice(0, 200))"""
    )


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole_quiet_and_accessible_in_light_dark_and_narrow(site, new_page, name):
    page = new_page(viewport=WIDE, color_scheme="light")
    faults = listen(page)
    page.goto((site / f"{name}.html").as_uri())
    assert broken_links(page, site) == []
    assert bad_figures(page) == []
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert serious(page) == []
    page.emulate_media(color_scheme="dark")
    page.wait_for_selector("html[data-theme=dark]")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    assert serious(page) == []
    page.set_viewport_size(NARROW)
    assert wider_than_window(page) <= 0
    assert faults == []


def test_the_page_checks_see_what_is_wrong(new_page, tmp_path):
    (tmp_path / "here.html").write_text("<p id=place>here</p>")
    (tmp_path / "bad.html").write_text(
        "<!doctype html><html><main><a href='gone.html'>gone</a> <a href='https://example.org'>out</a>"
        "<a href='here.html#nowhere'>nowhere</a> <a href='here.html'>fine</a>"
        "<svg role='img' width='100' height='50'></svg><img src='gone.png'>"
        "<div style='width: 3000px'>wide</div></main></html>"
    )
    page = new_page(viewport=NARROW)
    faults = listen(page)
    page.goto((tmp_path / "bad.html").as_uri())
    assert [link.rpartition("/")[2] for link in broken_links(page, tmp_path)] == [
        "gone.html",
        "",
        "here.html#nowhere",
    ]
    assert len(bad_figures(page)) == 2
    assert any("gone.png" in fault for fault in faults)
    assert wider_than_window(page) > 0
    assert any(found.startswith("html-has-lang") for found in serious(page))


@pytest.mark.parametrize("lesson", LESSONS)
def test_every_formula_is_drawn(site, new_page, lesson):
    page = new_page(viewport=WIDE)
    page.goto((site / f"{lesson}.html").as_uri())
    drawn = page.eval_on_selector_all(
        "article math",
        "all => all.map(m => "
        "[m.textContent, m.getBoundingClientRect().width, m.querySelectorAll('merror').length])",
    )
    released = nbformat.read(COURSE / lesson / f"{lesson}.ipynb", as_version=4)
    assert len(drawn) == lab.formulas(released)
    for text, width, errors in drawn:
        assert width > 2 and not errors and not re.search(r"[\\$^{}]", text), text
    prose = page.evaluate(
        """() => { const copy = document.querySelector('article').cloneNode(true);
        copy.querySelectorAll('pre, code, script').forEach(e => e.remove()); return copy.textContent }"""
    )
    assert "$" not in prose


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_shows_its_pictures_and_leaves_its_answers_open(site, new_page, lesson):
    page = new_page(viewport=WIDE)
    page.goto((site / f"{lesson}.html").as_uri())
    released = nbformat.read(COURSE / lesson / f"{lesson}.ipynb", as_version=4)
    code = [cell.source for cell in released.cells if cell.cell_type == "code"]
    assert page.locator(".cell_input").count() == len(code)
    assert page.locator(".cell_output figure").count() >= 3
    assert page.locator(".output.stderr, .output.traceback").count() == 0
    for exercise in manifest.lessons()[lesson].exercises:
        waiting = page.locator(".cell", has_text=f"assert checks.{exercise.id}({exercise.id})")
        assert waiting.count() == 1 and "tag_skip-execution" in waiting.get_attribute("class")
        assert waiting.locator(".cell_output").count() == 0
        target = page.locator(".cell", has_text=f"checks.{exercise.id}.target()")
        for place in target.all():
            assert place.locator(".cell_output figure, .cell_output table").count() >= 1


def instructors_only() -> Iterable[str]:
    """Texts that students never get: every solution, and every line of a rubric."""
    for path in sorted(SOLUTIONS.glob("[0-9]*/*.py")):
        lines = path.read_text(encoding="utf-8")
        yield from re.findall(r"### BEGIN SOLUTION\n(.*?)### END SOLUTION", lines, re.DOTALL)
    for lesson in manifest.lessons().values():
        for question in lesson.manual:
            yield from question.rubric


def squeeze(text: str) -> str:
    """A text without its spaces, which pages set as they like."""
    return re.sub(r"\s+", "", text)


def plain(page: str) -> str:
    """What a page says, without spaces."""
    return squeeze(unescape(re.sub(r"<[^>]*>", "", page)))


def leaks(pages: Iterable[str]) -> list[str]:
    """What of the instructor's texts, or of the marks around them, stands in pages."""
    said = "\n".join(plain(page) for page in pages)
    marks = ["BEGIN SOLUTION", "END SOLUTION", "HIDDEN TESTS", "autograder.hidden", "MARK SCHEME"]
    return [text for text in [*instructors_only(), *marks] if squeeze(text) in said]


def test_no_solution_no_hidden_test_and_no_rubric_is_on_the_site(site):
    kinds = (".html", ".js", ".txt", ".ipynb")
    texts = [path for path in site.rglob("*") if path.suffix in kinds and path.is_file()]
    assert len(list(instructors_only())) > 30
    assert leaks(path.read_text(encoding="utf-8") for path in texts) == []


def test_a_solution_on_a_page_is_seen():
    notebook = nbformat.read(SOLUTIONS / LESSONS[4] / f"{LESSONS[4]}.ipynb", as_version=4)
    code = "".join(f"<pre><span>{escape(cell.source)}</span></pre>" for cell in notebook.cells)
    assert len(leaks([code])) >= 3 + 4


def test_the_landing_page_leads_to_everything(site, new_page):
    page = new_page(viewport=WIDE)
    page.goto((site / "index.html").as_uri())
    assert page.locator("h1").inner_text().startswith("Is there any difference")
    cards = page.locator(".landing-lessons li")
    assert cards.count() == len(LESSONS)
    assert all("?" in text for text in cards.all_inner_texts())
    for lesson in manifest.lessons().values():
        page.get_by_role("link", name=lesson.title, exact=True).click()
        assert page.locator("h1").inner_text().startswith(lesson.title)
        page.go_back()
    for name, heading in [("How to start", "How to start"), ("Try the demos", "")]:
        page.locator(".landing-ways").get_by_role("link", name=name).click()
        assert page.locator("h1").first.inner_text().startswith(heading)
        page.go_back()
    page.locator(".landing-ways").get_by_role("link", name="Show the slides").click()
    page.wait_for_function("window.Reveal && Reveal.isReady()")


def test_the_search_finds_a_lesson(site, new_page):
    page = new_page(viewport=WIDE)
    faults = listen(page)
    page.goto((site / "index.html").as_uri())
    page.keyboard.press("Control+k")
    page.keyboard.type("checkerboard")
    page.keyboard.press("Enter")
    page.locator("#search-results a", has_text="Spread what was gathered").first.click()
    assert page.url.split("?")[0].endswith("07_backward.html")
    assert faults == []


def shown(stepper: Locator) -> str:
    """The words of the one picture that a stepper shows."""
    (words,) = stepper.locator("svg[role=img]:visible").evaluate_all(
        "all => all.map(picture => picture.getAttribute('aria-label'))"
    )
    return words


def step_through(stepper: Locator, demo: demos.Demo) -> None:
    """Go through a stepper's pictures by mouse and by keyboard; each must be the demo's own."""
    press = stepper.page.keyboard.press
    expected = [demo.show(settings).alt for settings, _ in demo.steps]
    last = len(expected) - 1
    assert last >= 1 and shown(stepper) == expected[0]
    for number in range(1, last + 1):
        stepper.get_by_role("button", name="Next step").click()
        assert shown(stepper) == expected[number]
        assert f"step {number + 1} of {last + 1}" in stepper.inner_text()
        assert demo.steps[number][1] in stepper.inner_text()
    for key, number in [("Home", 0), ("ArrowRight", 1), ("ArrowLeft", 0), ("End", last)]:
        press(key)
        assert shown(stepper) == expected[number]
    stepper.get_by_role("button", name="Previous step").focus()
    press("Enter")
    assert shown(stepper) == expected[last - 1]


@pytest.mark.parametrize("line", STEPPED)
def test_a_demo_steps_on_its_page(site, new_page, line):
    place, demo = STEPPED[line]
    page = new_page(viewport=WIDE)
    page.goto((site / "demos.html").as_uri())
    steppers = page.get_by_role("group", name=demo.title, exact=True)
    assert page.locator(".strided-steps").count() == len(STEPPED) and steppers.count() >= 1
    step_through(page.locator(".strided-steps").nth(place), demo)
    assert page.url.endswith("demos.html")


def to_slide(page: Page, stepper: Locator) -> None:
    """Turn the slides until this stepper's is there."""
    for _ in range(page.evaluate("Reveal.getTotalSlides()")):
        if stepper.evaluate("it => it.closest('.slides > section').matches('.present')"):
            return
        page.evaluate("Reveal.next()")
    raise AssertionError("no slide has the stepper")


@pytest.mark.parametrize("line", STEPPED)
def test_a_demo_steps_on_its_slide_while_the_slide_stays(deck, new_page, line):
    place, demo = STEPPED[line]
    page = new_page(viewport=WIDE)
    faults = listen(page)
    page.goto((deck / "index.html").as_uri())
    page.wait_for_function("Reveal.isReady()")
    stepper = page.locator(".strided-steps").nth(place)
    to_slide(page, stepper)
    before = page.evaluate("JSON.stringify(Reveal.getIndices())")
    step_through(stepper, demo)
    assert page.evaluate("JSON.stringify(Reveal.getIndices())") == before
    page.evaluate("document.activeElement.blur()")
    for _ in range(len(demo.steps) - 2):
        page.keyboard.press("ArrowLeft")
    assert "step 1 of" in stepper.inner_text()
    for number in range(1, len(demo.steps)):  # as a clicker does
        page.keyboard.press(["PageDown", "Space"][number % 2])
        assert f"step {number + 1} of" in stepper.inner_text()
        assert page.evaluate("JSON.stringify(Reveal.getIndices())") == before
    final = page.evaluate("Reveal.isLastSlide()")
    page.keyboard.press("PageDown")
    assert (page.evaluate("JSON.stringify(Reveal.getIndices())") == before) == final
    assert faults == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_slide_is_accessible(deck, new_page, scheme):
    page = new_page(viewport=WIDE, color_scheme=scheme)
    faults = listen(page)
    page.goto((deck / "index.html").as_uri())
    page.wait_for_function("Reveal.isReady()")
    assert broken_links(page, deck) == []
    total = page.evaluate("Reveal.getTotalSlides()")
    assert total > len(STEPPED)
    for number in range(total):
        assert (number, serious(page), bad_figures(page)) == (number, [], [])
        assert wider_than_window(page) <= 0
        page.evaluate("Reveal.next()")
    assert page.evaluate("Reveal.isLastSlide()")
    assert faults == []


def test_the_speaker_reads_the_script(deck, new_page):
    notebook = nbformat.read(SOLUTIONS / "demos" / "demos.ipynb", as_version=4)
    notes = [
        cell.source
        for cell in notebook.cells
        if cell.metadata.get("slideshow", {}).get("slide_type") == "notes"
    ]
    page = new_page(viewport=WIDE)
    page.goto((deck / "index.html").as_uri())
    page.wait_for_function("Reveal.isReady()")
    to_slide(page, page.locator(".strided-steps").first)
    with page.context.expect_page() as opened:
        page.keyboard.press("s")
    script = opened.value.locator(".speaker-controls-notes .value")
    script.filter(has_text=re.compile(r"\w")).wait_for()
    first = script.inner_text().split()[:3]
    assert any(" ".join(first) in re.sub(r"[*_`]", "", note) for note in notes)


def test_the_script_is_not_on_the_site_but_for_the_slides(site):
    notebook = nbformat.read(SOLUTIONS / "demos" / "demos.ipynb", as_version=4)
    for cell in notebook.cells:
        if cell.metadata.get("slideshow", {}).get("slide_type") == "notes":
            line = squeeze(cell.source.partition("\n")[0].replace("*", ""))
            assert line and line not in plain((site / "demos.html").read_text(encoding="utf-8"))
