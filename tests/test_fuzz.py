"""Whatever bytes come over the wire or lie in a notebook file: plain data, or one kind of refusal."""

import copy
import json
import resource
import time

import msgpack
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder import bounds, intake, wire
from autograder.notebooks import cells_by_id, released
from strided import manifest

LESSON = manifest.lessons()["01_one_step_many_names"]
SECONDS = 5.0  # for one message or notebook, on a busy machine


def unpacked(data: bytes) -> None:
    started = time.monotonic()
    try:
        wire.check_words(wire.unpack(data, lambda number: abs))
    except wire.WireError:
        pass
    assert time.monotonic() - started < SECONDS


# ---------------------------------------------------------------- the wire

VALID = [
    wire.pack(value, lambda function: 3)
    for value in (
        {
            "asked": 7,
            "error": None,
            "value": np.eye(3),
            "arguments": [None, np.zeros(2)],
            "text": "x",
        },
        {"asked": 7, "outputs": [{"output_type": "stream", "text": "x" * 300}], "error": None},
        [(1, 2.5, 1j), 10**40, slice(1, None), range(5), ..., np.float32(1), abs, {"a": [b"b"]}],
        {"call_back": 0, "args": (np.arange(70000),), "kwargs": {"stride": (1, 2)}},
    )
]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A valid message with some bytes changed, left out, doubled or put in."""
    data = bytearray(draw(st.sampled_from(VALID)))
    for _ in range(draw(st.integers(1, 8))):
        at = draw(st.integers(0, min(len(data) - 1, 400))) if data else 0
        kind = draw(st.sampled_from("change cut double put".split()))
        if kind == "change":
            data[at : at + 1] = draw(st.binary(min_size=1, max_size=5))
        elif kind == "cut":
            del data[at : at + draw(st.integers(1, 50))]
        elif kind == "double":
            data[at:at] = data[at : at + draw(st.integers(1, 50))]
        else:
            data[at:at] = draw(st.sampled_from(HEADS)) * draw(st.integers(1, 60))
    return bytes(data)


# Beginnings of large things: lists, dicts, texts, extensions of up to 4 GB.
HEADS = [
    bytes([code]) + size
    for code in (0xDD, 0xDF, 0xDB, 0xC6, 0xC9, 0xDC, 0xDE, 0x9F, 0x8F, 0xC7, 0xD8, 0xC1)
    for size in (b"", b"\xff\xff\xff\xff", b"\x00\x03\xff\xff")
]


@given(st.binary(max_size=400))
def test_bytes(data):
    unpacked(data)


@settings(max_examples=300)
@given(mutated())
def test_mutated_messages(data):
    unpacked(data)


ODD = st.sampled_from(
    [
        "<f8",
        "|O",
        "f8,O",
        "(99999,99999)f8",
        "M8[ns]",
        "|S99999999",
        "<f16",
        "?",
        "",
        "f8" * 9,
        None,
        5,
        ["a"],
    ]
)
SIZES = (
    st.integers(-(2**63), 2**64 - 1) | st.integers(-3, 3) | st.sampled_from([2**31, 2**32, 2**62])
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=300)
@given(
    ODD, st.lists(SIZES, max_size=70) | JSON, st.binary(max_size=64) | JSON, st.sampled_from([6, 7])
)
def test_arrays_of_odd_types_and_shapes(name, shape, content, code):
    unpacked(msgpack.packb(msgpack.ExtType(code, msgpack.packb([name, shape, content]))))


@settings(max_examples=300)
@given(st.integers(0, 127), st.binary(max_size=40) | JSON.map(msgpack.packb))
def test_extensions_with_odd_bodies(code, body):
    unpacked(msgpack.packb([msgpack.ExtType(code, body)]))


@given(st.lists(SIZES, min_size=1, max_size=4), st.integers(1, 1000))
def test_ranges_take_no_more_room_than_lists(numbers, times):
    one = msgpack.ExtType(5, msgpack.packb(numbers))
    unpacked(msgpack.packb([one] * times))


@pytest.mark.parametrize(
    "data",
    [
        b"\xdd\x00\xff\xff\xff" * 1000 + b"\xc0" * 10**6,
        b"\x91" * 10**6,
        b"\xdd\x00\x3f\xff\xff" + b"\x90" * 0x3FFFFF,
        b"\xdf\x00\x00\xff\xff" + b"\x00" * 2 * 0xFFFF,
        msgpack.packb(msgpack.ExtType(5, msgpack.packb([0, -(10**12), -1]))),
        msgpack.packb([msgpack.ExtType(5, msgpack.packb([0, 2 * 10**5, 1]))] * 2),
        msgpack.packb(msgpack.Timestamp(1)),
        msgpack.packb(msgpack.ExtType(1, b"9" * 10**6)),
        msgpack.packb({"a": 1}) + b"\xc0",
    ],
    ids=[
        "lists declared",
        "lists nested",
        "lists",
        "keys",
        "a range down",
        "ranges",
        "a time",
        "digits",
        "more",
    ],
)
def test_what_is_small_on_the_way_and_large_where_it_arrives_is_refused(data):
    started = time.monotonic()
    with bounds.memory(2**28), pytest.raises(wire.WireError):
        wire.unpack(data)
    assert time.monotonic() - started < SECONDS


def test_texts_that_numpy_would_lengthen_are_refused():
    with pytest.raises(wire.WireError, match="characters"):
        wire.check_words([[1] * 10**5, {"x": "y" * 10**4}])
    wire.check_words(["y" * 10**6, [1] * 50, np.zeros(10**6)])


def test_memory_is_bounded_and_given_back():
    before = resource.getrlimit(resource.RLIMIT_DATA)
    with pytest.raises(MemoryError), bounds.memory(2**26):
        with bounds.memory(2**40):  # no wider than what is around it
            np.ones(2**27, np.uint8)
    assert resource.getrlimit(resource.RLIMIT_DATA) == before
    assert np.ones(2**27, np.uint8).all()


# ---------------------------------------------------------------- notebooks


def taken(tmp_path, content: bytes) -> None:
    """Take a file as a submission: every graded cell is in its place then, or it is refused."""
    folder = tmp_path / LESSON.name
    folder.mkdir(exist_ok=True)
    (folder / f"{LESSON.name}.ipynb").write_bytes(content)
    started = time.monotonic()
    handed = intake.collect(folder, LESSON.name)
    assert len(handed.reason) < 1000
    if handed.status:
        return
    try:
        notebook = intake.read(handed.content)
    except ValueError as error:
        assert len(str(error)) < 1000
    else:
        intake.restore(notebook, LESSON)
        cells = cells_by_id(notebook)
        assert all(
            cells[f"test_{exercise.id}"].cell_type == "code" for exercise in LESSON.exercises
        )
        assert json.dumps(notebook).encode()
    assert time.monotonic() - started < SECONDS


quiet = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@quiet
@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_files(tmp_path, content):
    taken(tmp_path, content)


CELL = st.fixed_dictionaries(
    {},
    optional={
        "cell_type": st.sampled_from(["code", "markdown", "raw", "heading", "x"]) | JSON,
        "source": st.text(max_size=30) | JSON,
        "input": JSON,
        "metadata": st.fixed_dictionaries({}, optional={"nbgrader": JSON, "tags": JSON}) | JSON,
        "id": st.text(max_size=70) | JSON,
        "outputs": JSON,
        "attachments": JSON,
        "execution_count": JSON,
        "level": JSON,
    },
)


@quiet
@given(
    st.fixed_dictionaries(
        {"cells": st.lists(CELL, max_size=4) | JSON},
        optional={
            "nbformat": st.integers(0, 6) | JSON,
            "nbformat_minor": st.integers(0, 6) | JSON,
            "metadata": JSON,
            "worksheets": st.lists(st.fixed_dictionaries({"cells": st.lists(CELL, max_size=3)}))
            | JSON,
        },
    )
)
def test_json_that_looks_like_a_notebook(tmp_path, content):
    taken(tmp_path, json.dumps(content).encode())


NBGRADER = st.fixed_dictionaries(
    {},
    optional={
        "grade_id": st.sampled_from([*cells_by_id(released(LESSON.name)), "none", ""]) | JSON,
        "solution": JSON,
        "grade": JSON,
        "points": JSON,
        "checksum": JSON,
    },
)


@quiet
@given(st.data())
def test_mutated_notebooks(tmp_path, data):
    notebook = copy.deepcopy(released(LESSON.name))
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(notebook.cells) - 1))
        cell = notebook.cells[at]
        kind = data.draw(
            st.sampled_from(["metadata", "id", "type", "source", "twice", "away", "attachments"])
        )
        if kind == "metadata":
            cell["metadata"] = {"nbgrader": data.draw(NBGRADER | JSON)}
        elif kind == "id":
            cell["id"] = data.draw(st.text(max_size=70) | JSON)
        elif kind == "type":
            cell["cell_type"] = data.draw(st.sampled_from(["code", "markdown", "raw", "x"]) | JSON)
        elif kind == "source":
            cell["source"] = data.draw(st.text(max_size=50) | st.lists(st.text(max_size=9)) | JSON)
        elif kind == "twice":
            notebook.cells.insert(0, copy.deepcopy(cell))
        elif kind == "attachments":
            cell["attachments"] = data.draw(JSON)
        elif len(notebook.cells) > 1:
            del notebook.cells[at]
    taken(tmp_path, json.dumps(notebook).encode())
