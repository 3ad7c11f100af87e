"""The instructor's page: its numbers are those of grades.csv, and whatever students write is only text."""

import copy
import csv
import json
import os
from collections import Counter
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import here
import nbformat
import pytest
from here import Here

from autograder import classpage, commands, grade, report, sample
from autograder.classroom import Class, Row
from autograder.notebooks import cells_by_id, released
from strided import manifest

CONVOLUTION, MIXING = "05_convolution", "06_channel_mixing"
HOSTILE = '<script>alert(1)<|script> & "o\'brien" #?%20\n'
CLASS = {
    "ada": "loops",
    "bob": "slip-01",
    "cyd": "slip-01",
    "dee": "slip-02",
    "eve": "exception",
    "fay": "broken-file",
    "gil": "no-notebook",
    "hal": "blank",
    HOSTILE: "as-strided",
    "ida": "as-strided",
}
CODE = '</pre><script>alert(2)</script><b title="\x00\x1b[31m\udc80">'


def hand_in(folder: Path) -> None:
    stories = {story.id: story for story in sample.students()}
    for student, name in CLASS.items():
        for lesson in (manifest.lessons()[CONVOLUTION], manifest.lessons()[MIXING]):
            story = stories[name]
            notebook, _ = sample.submission(story, lesson)
            if student == HOSTILE:
                cell = cells_by_id(notebook)[lesson.exercises[0].id]
                cell.source += f"\nkept = {CODE.replace(chr(0xDC80), '')!r}  # {CODE[:20]}"
            place = folder / "submitted" / student / lesson.name
            place.mkdir(parents=True)
            if story.file:
                text = story.spoil(nbformat.writes(notebook))
                (place / story.file.format(lesson=lesson.name)).write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def graded(tmp_path_factory, trusted) -> tuple[Class, list[Row]]:
    room = Class(tmp_path_factory.mktemp("class"))
    hand_in(room.folder)
    rows = grade.grade(grade.Wanted([CONVOLUTION, MIXING], room, trusted=trusted), Here())
    report.write_csv(rows, room.folder / "grades.csv")
    classpage.write(room, rows, ["Not graded: <b>submitted/zoe</b>."])
    return room, rows


@pytest.fixture(scope="module")
def page(graded) -> ElementTree.Element:
    return ElementTree.parse(graded[0].folder / "class.html").getroot()


@pytest.fixture(scope="module")
def table(graded) -> list[dict]:
    with (graded[0].folder / "grades.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def said(element: ElementTree.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def section(page: ElementTree.Element, lesson: str) -> ElementTree.Element:
    return next(part for part in page.iter("section") if part.get("id") == lesson)


def body_rows(part: ElementTree.Element, label: str) -> list[list[str]]:
    region = next(r for r in part.iter("div") if r.get("aria-label") == label)
    return [[said(cell) for cell in row] for body in region.iter("tbody") for row in body]


@pytest.mark.parametrize("lesson", [CONVOLUTION, MIXING])
def test_the_exercises_are_those_of_grades_csv_the_hardest_first(page, table, lesson):
    shown = body_rows(section(page, lesson), f"Exercises of {lesson}")
    rows = [row for row in table if row["lesson"] == lesson]
    expected = {}
    for exercise in {row["exercise"] for row in rows}:
        theirs = [row for row in rows if row["exercise"] == exercise]
        score = sum(float(row["score"]) for row in theirs)
        most = sum(float(row["max_score"]) for row in theirs)
        statuses = Counter(row["status"] for row in theirs)
        passed = statuses.pop("passed", 0)
        expected[exercise] = [
            f"{int(100 * score / most + 1e-9)} %",
            f"{int(100 * passed / len(theirs) + 1e-9)} % of {len(theirs)}",
            {f"{number} {status}" for status, number in statuses.items()},
        ]
    got = {
        name: [share.partition(" of ")[0], passed, set(others.split(", ")) - {""}]
        for name, share, passed, others in shown
    }
    assert got == expected
    shares = [int(share.split()[0]) for _, share, _, _ in shown]
    assert shares == sorted(shares)


@pytest.mark.parametrize("lesson", [CONVOLUTION, MIXING])
def test_the_histogram_has_every_student_once(page, table, lesson):
    totals: Counter = Counter()
    for row in table:
        if row["lesson"] == lesson:
            totals[row["student_id"]] += float(row["score"])
    bars = Counter(int(total) for total in totals.values())
    svg = next(iter(section(page, lesson).iter("{http://www.w3.org/2000/svg}svg")))
    alt = ", ".join(f"{points}: {number}" for points, number in sorted(bars.items()))
    assert svg.get("role") == "img"
    assert svg.get("aria-label") == (
        f"Students by points. {alt}. 1 of those at 0 handed in nothing."
    )
    texts = [text.text for text in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert [int(n) for n in texts if n.isdecimal()].count(max(bars.values())) >= 1
    half = sorted(totals.values())
    assert f"have {(half[4] + half[5]) / 2:g} points or more" in said(section(page, lesson))


def test_a_lesson_of_many_points_has_wider_bars():
    svg = classpage.histogram([0, 29.5, 30, 3], 1, 30)
    words = "Students by points. 0–2: 1, 3–5: 1, 27–29: 1, 30–30: 1. 1 of those at 0 handed in"
    assert words in svg


def test_slips_are_counted_and_named_with_their_sentence(page, table):
    shown = body_rows(section(page, CONVOLUTION), f"Slips in {CONVOLUTION}")
    made = Counter(
        (row["exercise"], row["slip"])
        for row in table
        if row["lesson"] == CONVOLUTION and row["slip"]
    )
    assert max(made.values()) == 2
    numbers = [int(number) for number, *_ in shown]
    assert numbers == sorted(made.values(), reverse=True)[: len(numbers)]
    words = " ".join(shown[0])
    assert shown[0][3] == "bob, cyd"
    assert "Convolution reverses every axis of the kernel" in " ".join(w for r in shown for w in r)
    assert any(slip.replace("_", " ") in words for _, slip in made)


def test_what_needs_a_look_says_who_which_and_why(page):
    part = section(page, CONVOLUTION)
    shown = body_rows(part, f"Answers of {CONVOLUTION} to look at")
    assert [row[:3] for row in shown] == [
        ["fay", "every one", "could not be read"],
        ["eve", "conv2d", "stopped with an error"],
    ]
    assert "is no valid JSON" in shown[0][3] and "ZeroDivisionError" in shown[1][3]
    assert "Handed in nothing (1): gil" in said(part)


def test_the_top_says_what_to_do_and_its_links_lead_somewhere(page, table):
    top = next(part for part in page.iter("section") if part.get("class") == "next")
    waiting = len(CLASS) - sum(row["exercise"] == "direction_of_equivalence" for row in table)
    todo = [said(item) for item in top.iter("li")]
    assert todo[0] == "Not graded: <b>submitted/zoe</b>."
    assert todo[1].startswith(f"Read {waiting} answers in formgrader")
    assert todo[2].startswith("Look at 2 notebooks that cannot be read")
    assert any(line.startswith("Talk about a slip that 2 made in") for line in todo)
    ids = [element.get("id") for element in page.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    inner = [a.get("href")[1:] for a in page.iter("a") if a.get("href").startswith("#")]
    assert inner and set(inner) <= set(ids)


def test_every_student_links_to_their_feedback(graded, page):
    room, _ = graded
    links = {a.get("href") for a in page.iter("a") if a.get("href").startswith("feedback/")}
    assert len(links) >= 8
    for address in links:
        assert (room.folder / os.fsdecode(unquote(address).encode())).is_file(), address


def test_hostile_names_and_code_are_text(graded, page):
    """That the page parses as XML at all is half of it; nothing in it may run or load."""
    tags = {element.tag.rpartition("}")[2] for element in page.iter()}
    assert not tags & {"script", "b title", "img", "iframe", "object", "link", "form"}
    assert not [k for e in page.iter() for k in e.attrib if k.startswith("on")]
    name = HOSTILE.replace("\n", "?")
    assert any(said(a) == name for a in page.iter("a"))
    text = (graded[0].folder / "class.html").read_text(encoding="utf-8")
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "") and "https:" not in text
    assert "default-src 'none'" in text


def test_two_who_hand_in_the_same_stand_side_by_side(page):
    part = section(page, CONVOLUTION)
    pairs = [d for d in part.iter("details") if "pieces)" in said(d[0])]
    assert [said(pair[0]).split(" %")[0] for pair in pairs][0] == "100"
    together = [pair for pair in pairs if "ida" in said(pair[0])]
    assert "alert(1)" in said(together[0][0])
    code = ["".join(pre.itertext()) for pre in together[0].iter("pre")]
    assert len(code) % 2 == 0 and any("</pre><script>alert(2)" in text for text in code)
    marked = ["".join(mark.itertext()) for mark in together[0].iter("mark")]
    assert marked and sum(map(len, marked)) > 200
    assert "This proves nothing" in said(part)


def test_headings_go_down_by_one_and_tables_have_headers(page):
    levels = [int(e.tag[1]) for e in page.iter() if e.tag in ("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))
    assert page.get("lang") == "en"
    for one in page.iter("table"):
        heads = [head for head in one.iter("th") if head.get("scope") == "col"]
        assert heads and all(said(head) for head in heads)
    labels = [e.get("aria-label") for e in page.iter() if e.get("role") == "region"]
    assert all(labels) and len(labels) == len(set(labels))


def test_a_class_without_a_grade_has_a_page(tmp_path):
    text = classpage.write(Class(tmp_path), [], []).read_text(encoding="utf-8")
    assert "No submission has been graded yet." in text


@pytest.mark.parametrize("lines", [False, True], ids=["text", "list-of-lines"])
def test_code_that_no_page_can_hold_is_still_a_page(graded, lines):
    """Control characters, halves of characters, deep nesting; and a notebook that an editor has saved."""
    room, rows = graded
    path = room.autograded("ida", CONVOLUTION)
    kept = path.read_text(encoding="utf-8")
    notebook = json.loads(kept)
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade_id") in ("conv2d", "test_conv2d"):
            source = cell["source"] + "\n" + CODE + "(" * 5000
            cell["source"] = source.splitlines(keepends=True) if lines else source
    try:
        path.write_text(json.dumps(notebook), encoding="utf-8")
        root = ElementTree.fromstring(classpage.page(room, rows))
    finally:
        path.write_text(kept, encoding="utf-8")
    shown = "".join(section(root, CONVOLUTION).itertext())
    assert "\ufffd[31m\ufffd" in shown and CODE[:20] in shown


def test_a_run_ends_with_the_page_and_with_what_was_not_graded(tmp_path, trusted, capsys):
    room = Class(tmp_path)
    notebook, _ = sample.submission(sample.students()[0], manifest.lessons()[CONVOLUTION])
    for number in range(commands.ASTRAY + 2):
        place = room.submitted / f"s{number:02}" / "05_convolutoin" / f"{CONVOLUTION}.ipynb"
        place.parent.mkdir(parents=True)
        nbformat.write(notebook, place)
    assert commands.grade(grade.Wanted([CONVOLUTION], room, trusted=trusted), Here()) == 0
    lines = capsys.readouterr().out.splitlines()
    first = "Not graded: submitted/s00/05_convolutoin is no lesson; did you mean 05_convolution?"
    assert first in lines
    assert sum(line.startswith("Not graded: ") for line in lines) == commands.ASTRAY
    assert "2 more are not graded; the class page names them." in lines
    assert lines[-1] == f"What to do next is on the class page, {tmp_path / 'class.html'}"
    page = (tmp_path / "class.html").read_text(encoding="utf-8")
    assert page.count("did you mean 05_convolution?") == commands.ASTRAY + 2


def test_an_answer_under_another_name_and_another_lessons_notebook_are_named(
    tmp_path, trusted, capsys
):
    room, lesson = Class(tmp_path), manifest.lessons()[CONVOLUTION]
    loops = next(story for story in sample.students() if story.id == "loops")
    right, _ = sample.submission(loops, lesson)
    for student, name in {"ann": "conv_2d", "bea": "Conv2d"}.items():
        notebook = copy.deepcopy(right)
        answer = cells_by_id(notebook)["conv2d"]
        code = answer.source.replace("def conv2d(", f"def {name}(")
        if student == "bea":  # the stub is still there, and the answer in a cell of its own
            notebook.cells.insert(5, nbformat.v4.new_code_cell(code))
            answer.source = cells_by_id(released(CONVOLUTION))["conv2d"].source
        else:
            answer.source = code
        here.hand_in(room, student, CONVOLUTION, notebook)
    other, _ = sample.submission(loops, manifest.lessons()[MIXING])
    here.hand_in(room, "cyd", CONVOLUTION, other)
    assert commands.grade(grade.Wanted([CONVOLUTION], room, trusted=trusted), Here()) == 0
    with (room.folder / "grades.csv").open(newline="", encoding="utf-8") as file:
        rows = {(r["student_id"], r["exercise"]): r["status"] for r in csv.DictReader(file)}
    assert rows["ann", "conv2d"] == rows["bea", "conv2d"] == "blank"
    assert rows["ann", "correlate_or_convolve"] == "passed"
    assert {rows["cyd", exercise.id] for exercise in lesson.exercises} == {"blank"}
    said_of = {
        student: " ".join(room.feedback(student, CONVOLUTION).read_text().split())
        for student in ("ann", "bea", "cyd")
    }
    but = "if that is your answer, its name must be conv2d."
    assert (
        f"No cell before this check defines conv2d. Your notebook defines conv_2d: {but}"
        in (said_of["ann"])
    )
    assert "conv2d is not written yet" in said_of["bea"]
    assert f"Your notebook defines Conv2d: {but}" in said_of["bea"]
    assert said_of["cyd"].count("<li>") == 1
    assert f"This is the notebook of {MIXING}; that of {CONVOLUTION} is missing." in said_of["cyd"]
    assert "Your notebook defines" not in said_of["cyd"]
    page = ElementTree.parse(room.folder / "class.html").getroot()
    shown = body_rows(section(page, CONVOLUTION), f"Answers of {CONVOLUTION} to look at")
    assert [row[:3] for row in shown] == [
        ["cyd", "every one", "another lesson"],
        ["ann", "conv2d", "not answered"],
        ["bea", "conv2d", "not answered"],
    ]
    assert MIXING in shown[0][3] and but in shown[1][3] and but in shown[2][3]
    todo = [said(item) for item in page.iter("li")]
    assert [line for line in todo if line.startswith("Ask for 1 notebook: another lesson's was")]
    assert [line for line in todo if line.startswith("Look at 2 answers that may be there under")]
    lines = capsys.readouterr().out.splitlines()
    assert f"Not graded: submitted/cyd/{CONVOLUTION} is the notebook of {MIXING}." in lines
