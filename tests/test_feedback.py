"""The students' pages: what they say, what they keep to themselves, and that they run and fetch nothing."""

import base64
import copy
import re
import subprocess
import sys
from html.parser import HTMLParser

import hostile
import nbformat
import numpy as np
import pytest
from here import Here, graded_here
from hostile import LESSON, QUESTION
from nbgrader.api import Gradebook
from pygments.styles import get_style_by_name

from autograder import examiner, execute, feedback, grade, harmless, sample
from autograder.__main__ import main
from autograder.classroom import Class
from autograder.examiner import Verdict, examine
from autograder.feedback import Reading
from autograder.notebooks import VERDICT, cells_by_id, grade_id, released, solved, verdict_of
from autograder.paths import ROOT
from autograder.student import Limits
from strided import checks, figures, manifest, operators
from strided.checks.core import WrongAnswer

CONVOLUTION = manifest.lessons()["05_convolution"]


class Read(HTMLParser):
    """A page's elements, as (name, attributes), and its text."""

    def __init__(self, html: str):
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.text += " " if tag in ("td", "th") else ""

    def handle_data(self, data):
        self.text += data

    def all(self, tag: str) -> list[dict]:
        return [attributes for name, attributes in self.tags if name == tag]


def assert_harmless(html: str) -> Read:
    """Nothing on a page runs, and nothing is fetched for it."""
    read = Read(html)
    for name, attributes in read.tags:
        assert name not in (
            "script",
            "iframe",
            "link",
            "object",
            "embed",
            "form",
            "base",
            "audio",
        ), name
        for key, value in attributes.items():
            assert not key.startswith("on"), (name, key)
            if key in ("src", "href", "srcset", "data", "poster", "background"):
                assert (value or "").startswith(("data:image/png;base64,", "#")), (name, key, value)
    styles = "".join(re.findall(r"<style>.*?</style>", html, re.S))
    assert "url(" not in styles and "@import" not in styles
    return read


def graded(lesson: manifest.Lesson, verdicts: dict[str, Verdict]) -> nbformat.NotebookNode:
    """A lesson's notebook with these verdicts; the other exercises are right."""
    notebook = copy.deepcopy(released(lesson.name))
    notebook.metadata["strided"] = {"remarks": [], "refused": ""}
    cells = cells_by_id(notebook)
    for exercise in lesson.exercises:
        verdict = verdicts.get(exercise.id, Verdict("passed", exercise.points))
        cells[f"test_{exercise.id}"].outputs = execute.outputs(
            exercise.id, verdict, exercise.points
        )
    return notebook


class Session:
    """A stand-in for a student's session, whose one name is the answer."""

    def __init__(self, answer):
        self.find = lambda name: answer
        self.limits, self.spent = Limits(), 0.0


def source(exercise: str) -> str:
    return cells_by_id(solved(CONVOLUTION.name))[f"test_{exercise}"].source


# ---------------------------------------------------------------- what a page says


@pytest.mark.parametrize("status", list(feedback.MEANING))
def test_every_status_has_a_page_that_says_it(status):
    score = {"passed": 6, "partial": 2}.get(status, 0)
    notebook = graded(CONVOLUTION, {"conv2d": Verdict(status, score, text="So it is.")})
    if status in ("invalid", "missing"):
        notebook.metadata.strided["refused"] = status
        notebook.metadata.strided["remarks"] = ["So it is."]
    read = assert_harmless(feedback.page(notebook, "ada", CONVOLUTION))
    words = " ".join(read.text.split())
    assert f"conv2d {feedback.MEANING[status]} {score} of 6" in words and "So it is." in words
    assert f"{5 + score} of 11 points" in words
    assert ("Your answer" in words) == (status not in ("invalid", "missing"))


def test_the_page_is_a_document_that_needs_no_network():
    html = feedback.page(graded(CONVOLUTION, {}), "ada", CONVOLUTION)
    read = assert_harmless(html)
    assert html.startswith("<!doctype html>") and read.all("html") == [{"lang": "en"}]
    assert "05_convolution: ada" in read.text
    policy = next(a["content"] for a in read.all("meta") if "http-equiv" in a)
    assert "default-src 'none'" in policy and "script-src" not in policy
    assert {"scope": "col"} in read.all("th") and {"scope": "row"} in read.all("th")
    assert "http://" not in html and "https://" not in html


def test_what_a_person_gave_and_said_is_on_the_page():
    notebook = graded(CONVOLUTION, {"conv2d": Verdict("failed", 0)})
    readings = {
        "conv2d": Reading(4.5, "Nearly <b>so</b>."),
        "correlate_or_convolve": Reading(None, "Fine."),
    }
    text = " ".join(
        assert_harmless(feedback.page(notebook, "ada", CONVOLUTION, readings)).text.split()
    )
    assert "9.5 of 11 points" in text and "4.5 of 6 Your instructor gave these points." in text
    assert "Nearly <b>so</b>." in text and "Fine." in text


def contrast(one: str, other: str) -> float:
    """The ratio that WCAG 2 defines, of two colours as six hexadecimal digits."""

    def light(colour):
        parts = [int(colour[n : n + 2], 16) / 255 for n in (0, 2, 4)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


def test_words_and_code_can_be_read_in_light_and_in_dark():
    html = feedback.page(graded(CONVOLUTION, {}), "ada", CONVOLUTION)
    assert "color-scheme: light dark" in html and "prefers-color-scheme: dark" in html
    bright, dark = re.findall(r"--soft: #(\w{6}); --good: #(\w{6}); --bad: #(\w{6})", html)
    for (ground, *colours), style in ((bright, "default"), (dark, "github-dark")):
        tokens = {str(token): look["color"] for token, look in get_style_by_name(style)}
        colours += [c for token, c in tokens.items() if c and token != "Token.Text.Whitespace"]
        assert len(set(colours)) > 8
        assert [colour for colour in colours if contrast(colour, ground) < 4.5] == []


def test_the_check_of_contrast_finds_what_cannot_be_read():
    assert contrast("ffffff", "000000") == pytest.approx(21)
    assert contrast("aaaaaa", "f7f7f7") < 4.5


# ---------------------------------------------------------------- the picture of a wrong result


class Drawn(WrongAnswer):
    """A verdict with a figure."""

    figure: figures.Figure | None = None


def drawn(values, title: str = "yours") -> Drawn:
    wrong = Drawn("20 of 20 outputs differ")
    wrong.figure = figures.arrays({title: values}, caption="conv2d(x 1x1x5x7)")
    return wrong


def raising(monkeypatch, wrong: Exception, hidden: bool = False) -> Verdict:
    """The verdict where the visible check, or the hidden test, raises this."""
    from autograder.hidden import convolution

    def fail(answer):
        raise wrong

    monkeypatch.setattr(checks, "conv2d", (lambda answer: True) if hidden else fail)
    monkeypatch.setattr(convolution, "conv2d", fail)
    return examine(source("conv2d"), 6, Session(None))


def test_the_visible_checks_figure_stands_above_the_explanation(monkeypatch):
    verdict = raising(monkeypatch, drawn([[1.0, 2.0]]))
    assert verdict.status == "failed" and verdict.figure.startswith("<figure")
    html = feedback.page(graded(CONVOLUTION, {"conv2d": verdict}), "ada", CONVOLUTION)
    assert html.index("<figure") < html.index("20 of 20 outputs differ")
    pictures = [a for a in assert_harmless(html).all("svg") if a.get("role") == "img"]
    assert "yours, shape (1, 2): 1 2" in pictures[0]["aria-label"]


def test_a_hidden_test_shows_no_figure_and_the_page_says_what_held(monkeypatch):
    monkeypatch.setattr(checks, "conv2d", checks.conv2d)
    verdict = raising(monkeypatch, drawn([[41.0]]), hidden=True)
    assert verdict.status == "failed" and verdict.figure == "" and verdict.held
    html = feedback.page(graded(CONVOLUTION, {"conv2d": verdict}), "ada", CONVOLUTION)
    assert "<figure" not in html and "the check in your notebook passes" in html


def test_the_page_says_how_many_of_the_checks_cases_are_right():
    def square_only(x, weight, bias=None, stride=1, padding=0):
        right = operators.conv2d(x, weight, bias, stride, padding)
        return right if np.ndim(stride) == 0 and np.ndim(padding) == 0 else right + 1

    verdict = examine(source("conv2d"), 6, Session(square_only))
    assert verdict.status == "failed" and " cases are right; the first wrong one" in verdict.cases
    read = assert_harmless(
        feedback.page(graded(CONVOLUTION, {"conv2d": verdict}), "ada", CONVOLUTION)
    )
    assert verdict.cases in read.text
    right, _, of = verdict.cases.partition(" of the ")
    cases = checks.conv2d.cases
    assert int(right) == sum(
        np.array_equal(square_only(*c.args, **c.kwargs), operators.conv2d(*c.args, **c.kwargs))
        for c in cases
    )
    assert 0 < int(right) < int(of.split()[0]) == len(cases)


def test_a_figure_that_is_too_large_is_left_out(monkeypatch):
    wrong = drawn([[1.0]])
    wrong.figure = figures.Figure("<figure>" + "x" * examiner.FIGURE, "much")
    verdict = raising(monkeypatch, wrong)
    assert verdict.figure == "" and "outputs differ" in verdict.text


@pytest.mark.parametrize(
    "result", [["<script>"], [["<b>", "1"]], "<img src=x onerror=y>", {"<i>": 1}]
)
def test_what_an_answer_returns_brings_no_markup_onto_the_page(result):
    verdict = examine(source("conv2d"), 6, Session(lambda *args, **kwargs: result))
    assert verdict.status == "failed"
    read = assert_harmless(
        feedback.page(graded(CONVOLUTION, {"conv2d": verdict}), "ada", CONVOLUTION)
    )
    assert not {"b", "i", "img"} & {
        name for name, a in read.tags if a.get("class") is None and name != "b"
    }


def test_titles_and_captions_of_figures_are_escaped():
    figure = figures.arrays({"<img src=x onerror=y>": [[1.0]]}, caption='"><script>')
    assert "<script" not in figure.html and "<img" not in figure.html


# ---------------------------------------------------------------- a hidden test in words


def answer_that(hidden):
    """A right conv2d in the visible check, and something else on other inputs."""
    cases = [call.args[0].shape for call in checks.conv2d.cases if call.raises is None]

    def conv2d(x, weight, *args, **kwargs):
        if x.shape in cases:
            return checks.conv2d.reference(x, weight, *args, **kwargs)
        return hidden(x)

    return conv2d


def tell(x):
    raise ValueError(f"x is {x.tolist()}")


def name(x):
    raise NameError(f"x is {x.tolist()}")


@pytest.mark.parametrize("hidden", [tell, name, lambda x: x], ids=["raises", "names", "wrong"])
def test_a_hidden_property_is_told_in_words_without_its_numbers(hidden, monkeypatch):
    monkeypatch.setenv("STRIDED_SEED", "4217")
    verdict = examine(source("conv2d"), 6, Session(answer_that(hidden)))
    assert verdict.score == 0 and "hidden test failed" in verdict.text
    html = feedback.page(graded(CONVOLUTION, {"conv2d": verdict}), "ada", CONVOLUTION)
    said = re.search(r'id="conv2d">(.*?)<details', html, re.S)[1]
    assert (
        "A hidden test failed" in said
        and f"conv2d: all {len(checks.conv2d.cases)} cases are right" in said
    )
    assert "seed" not in said and "4217" not in said and "x is" not in said
    numbers = set(re.findall(r"\d+", Read(said).text.replace("conv2d", "")))
    assert numbers <= {"0", "6", str(len(checks.conv2d.cases))}


# ---------------------------------------------------------------- the student's own output


def test_text_is_what_a_terminal_would_have_left():
    assert harmless.plain("\x1b[1;31mred\x1b[0m \x1b]8;;http://x\x07link\x1b]8;;\x07") == "red link"
    assert harmless.plain("10%\r20%\rdone\n\tnext\x00\x08\x7f\x9b\u202e!") == "done\n\tnext!"
    assert harmless.plain("one\r\ntwo") == "one\ntwo"


def encoded(file: bytes) -> str:
    return base64.b64encode(file).decode()


def test_a_picture_is_written_anew_with_its_pixels_alone():
    plain = hostile.png()
    assert base64.b64decode(harmless.picture(encoded(plain), 10_000)) == plain
    talking = hostile.png(extra=hostile.text_chunk(b"<script>"))
    assert b"script" in talking
    assert base64.b64decode(harmless.picture(encoded(talking + b"<svg>"[:0]), 10_000)) == plain


@pytest.mark.parametrize(
    "file",
    [
        b"",
        b"<svg onload='x'/>",
        b"GIF89a",
        hostile.png()[:-20],
        hostile.png() + b"<script>",
        hostile.png(rows=b"\0" * 10**6),
        hostile.png(rows=b"\0"),
        hostile.png(width=2**20, height=2**20, rows=b""),
        hostile.png(width=0),
    ],
)
def test_what_is_no_picture_is_not_shown(file):
    assert harmless.picture(encoded(file), 10_000) == ""


def test_no_picture_in_strange_base64_or_beyond_the_limit():
    data = encoded(hostile.png())
    assert harmless.picture('" onerror="x', 100) == harmless.picture("é", 100) == ""
    assert harmless.picture(data, len(data)) and not harmless.picture(data, len(data) - 1)


def test_matplotlibs_pictures_pass(tmp_path):
    import matplotlib.image

    file = tmp_path / "x.png"
    matplotlib.image.imsave(file, np.arange(12.0).reshape(3, 4))
    assert harmless.picture(encoded(file.read_bytes()), 10_000)


def test_a_page_stays_small_whatever_was_shown():
    notebook = graded(LESSON, {})
    shown = [
        nbformat.v4.new_output("display_data", {"image/png": encoded(hostile.png(100, 100))})
        for _ in range(300)
    ]
    loud = nbformat.v4.new_output("stream", text="<" * 10**6)
    for cell in notebook.cells:
        if cell.cell_type == "code" and not grade_id(cell).startswith("test_"):
            cell.outputs, cell.source = [loud, *shown], "(" * 10**6
    for number in range(200):
        notebook.cells.append(
            nbformat.v4.new_code_cell(f"({number}" * 10**4, outputs=[loud, *shown])
        )
    assert len(feedback.page(notebook, "ada", LESSON)) < 8 * 2**20


# ---------------------------------------------------------------- a hostile submission, graded


@pytest.fixture(scope="module")
def room(tmp_path_factory, trusted) -> Class:
    folder = tmp_path_factory.mktemp("feedback")
    hostile_one, honest = hostile.notebook("<b>bold</b>"), copy.deepcopy(released(LESSON.name))
    cells_by_id(honest)[QUESTION.id].source = hostile.FORMULA
    cells_by_id(honest)["mixing_matrix"].source = sample.right(LESSON, "mixing_matrix", "")
    return graded_here(folder, LESSON.name, {"eve": hostile_one, "ada": honest}, trusted)


def test_the_students_own_output_is_text_and_pictures(room):
    html = room.feedback("eve", LESSON.name).read_text()
    read = assert_harmless(html)
    alts = [picture["alt"] for picture in read.all("img")]
    assert "a <grey> field" in alts and "another" in alts
    for word in ("red <b>bold</b> \nnew turned", "only this", "no picture", "forged"):
        assert word in read.text
    assert "\x1b" not in html and "old\r" not in html and "\u202e" not in html
    assert "BEGIN HIDDEN" not in html and QUESTION.rubric[0] not in html and str(ROOT) not in html


def test_the_answer_stands_as_it_was_typed(room):
    html = room.feedback("ada", LESSON.name).read_text()
    assert hostile.FORMULA in Read(html).text
    assert harmless.AS_TYPED not in room.feedback("eve", LESSON.name).read_text()


# ---------------------------------------------------------------- the command


def said(capsys, *arguments) -> tuple[int, str, str]:
    code = main(["feedback", *map(str, arguments)])
    out, err = capsys.readouterr()
    return code, out, err


def test_pages_are_written_anew_from_what_is_recorded_and_nothing_runs(room, capsys, monkeypatch):
    pages = {s: room.feedback(s, LESSON.name) for s in ("ada", "eve")}
    before = {student: page.read_text() for student, page in pages.items()}
    pages["ada"].unlink()
    pages["eve"].write_text("old")
    monkeypatch.setattr(execute, "Student", None)
    code, out, err = said(capsys, "--class", room.folder, "--student", "ada")
    assert (code, err) == (0, "") and f"{LESSON.name}: 1 page" in out and str(room.folder) in out
    assert pages["ada"].read_text() == before["ada"] and pages["eve"].read_text() == "old"
    code, out, _ = said(capsys, LESSON.name, "--class", room.folder)
    assert code == 0 and f"{LESSON.name}: 2 pages" in out
    assert {student: page.read_text() for student, page in pages.items()} == before


def test_points_and_comments_of_people_reach_the_page_by_either_way(room, capsys, trusted):
    with Gradebook(f"sqlite:///{room.folder / 'gradebook.db'}", "strided") as gradebook:
        place = (LESSON.name, LESSON.name, "ada")
        for cell, points in ((QUESTION.id, 2), ("test_conv2d_groups", 1.5)):
            given = gradebook.find_grade(cell, *place)
            given.manual_score, given.needs_manual_grade = points, False  # as formgrader does
        gradebook.find_comment(QUESTION.id, *place).manual_comment = "Which <weight>?"
        gradebook.find_comment("mixing_matrix", *place).manual_comment = "Clear."
        gradebook.db.commit()
    assert said(capsys, "--class", room.folder)[0] == 0
    page = room.feedback("ada", LESSON.name)
    text = " ".join(assert_harmless(page.read_text()).text.split())
    for words in ("Which <weight>?", "Clear.", "2 of 3", "1.5 of 3", "5.5 of 13 points"):
        assert words in text, words
    by_command = page.read_text()
    page.unlink()
    grade.grade(grade.Wanted([LESSON.name], room, trusted=trusted), Here())
    assert page.read_text() == by_command


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (["05_nothing", "--class", "{room}"], "There is no lesson '05_nothing'; the lessons are"),
        (["--class", "{room}", "--student", "bob"], "There is no student 'bob' in"),
        (["--class", "{room}/never"], "There is no class folder"),
        (["--class", "{empty}"], "There are no submissions"),
        (["05_convolution", "--class", "{room}"], "Nothing is graded yet in 05_convolution: run"),
        (["--class", "{room}", "--db-url", "no://where"], "The gradebook cannot be opened"),
        (["--class", "{room}", "--db-url", "nonsense"], "The gradebook cannot be opened"),
    ],
)
def test_bad_input_gets_one_sentence_and_exit_code_2(room, tmp_path, capsys, arguments, sentence):
    places = {"room": room.folder, "empty": tmp_path}
    code, out, err = said(capsys, *[a.format(**places) for a in arguments])
    assert (code, out) == (2, "") and err.startswith(sentence) and err.count("\n") == 1
    assert not (tmp_path / "gradebook.db").exists()


def test_the_command_says_what_it_takes():
    run = [sys.executable, "-m", "autograder", "feedback", "--help"]
    text = subprocess.run(run, capture_output=True, text=True, cwd=ROOT, timeout=60).stdout
    assert all(option in text for option in ("LESSON", "--class", "--student", "--db-url"))


def test_the_verdict_keeps_its_figure_beside_the_text(monkeypatch):
    verdict = raising(monkeypatch, drawn([[1.0, 2.0]]))
    cell = cells_by_id(graded(CONVOLUTION, {"conv2d": verdict}))["test_conv2d"]
    assert verdict_of(cell)["figure"] == verdict.figure
    assert set(cell.outputs[0].data) == {VERDICT, "text/plain"}


# ---------------------------------------------------------------- what a function kept of a hidden test

SPY = """
calls = []
def spied(function):
    def answer(*args, **kwargs):
        calls.append(np.shape(args[0]))
        return function(*args, **kwargs)
    return answer
{name} = spied({name})
"""


@pytest.mark.parametrize("way", ["prints", "raises", "returns"])
def test_what_a_function_kept_of_a_hidden_test_is_not_told(tmp_path, trusted, way):
    """The first answer keeps every call; the last one tells how many there were."""
    notebook, _ = sample.submission(
        next(s for s in sample.students() if s.id == "loops"), CONVOLUTION
    )
    cells = cells_by_id(notebook)
    cells["correlate_or_convolve"].source += SPY.format(name="correlate_or_convolve")
    tell = {
        "prints": "print('calls:', len(calls))",
        "raises": "def conv2d(*args, **kwargs): raise ValueError(f'calls: {len(calls)}')",
        "returns": "def conv2d(*args, **kwargs): return f'calls: {len(calls)}'",
    }
    cells["conv2d"].source += "\n" + tell[way]
    place = tmp_path / "submitted" / "spy" / CONVOLUTION.name / f"{CONVOLUTION.name}.ipynb"
    place.parent.mkdir(parents=True)
    nbformat.write(notebook, place)
    room = Class(tmp_path)
    rows = grade.grade(grade.Wanted([CONVOLUTION.name], room, trusted=trusted), Here())
    assert rows[0].status == "passed" and (rows[-1].status == "passed") == (way == "prints")
    visible = len(checks.correlate_or_convolve.cases)
    shown = room.autograded("spy", CONVOLUTION.name).read_text()
    shown += room.feedback("spy", CONVOLUTION.name).read_text()
    numbers = set(map(int, re.findall(r"calls: (\d+)", shown)))
    assert numbers <= set(range(visible + 1)), numbers
    if way != "returns":
        assert numbers
