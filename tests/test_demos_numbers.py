"""What the demos show, over seeded random settings, against the operators and the geometry."""

import re

import numpy as np
import pytest
from demo_calls import PLAIN

from strided import channels, demos, figures, geometry, operators, phase
from strided.demos.coverage import BACK, IMAGE, ROW, cotangent
from strided.demos.panel import Choice, Demo, Number
from strided.demos.poll import POLLS

SEED = 20240
TRIALS = 40


def drawn(call: str) -> list[tuple[dict, str]]:
    """Random settings of a demo that fit, and what it says of them in words."""
    demo: Demo = getattr(demos, call)()
    rng = np.random.default_rng(SEED)
    found = []
    for _ in range(TRIALS):
        settings = {}
        for name, control in demo.controls.items():
            if isinstance(control, Number):
                settings[name] = int(rng.integers(control.least, control.most + 1))
            elif isinstance(control, Choice):
                settings[name] = control.shown[rng.integers(len(control.shown))][1]
            else:
                settings[name] = bool(rng.integers(2))
        settings = demo.settle(settings)
        try:
            figure = demo.picture(**settings)
        except ValueError as error:
            assert len(str(error)) > 20
            continue
        found.append((settings, figure.alt))
    assert len(found) > TRIALS / 5, f"seed {SEED}: hardly any settings fit"
    return found


def words(values: np.ndarray) -> str:
    return "; ".join(" ".join(figures.svg.short(v) for v in line) for line in values)


def test_hop_or_keep_counts_what_the_operator_computes():
    for s, alt in drawn("hop_or_keep"):
        rows, columns = np.indices((s["height"], s["width"]))
        image = ((3 * rows + 5 * columns + rows * columns) % 10)[None].astype(float)
        kernel = np.ones((1, 1, s["kernel_height"], s["kernel_width"]))
        hopped = operators.conv2d(image, kernel, stride=(s["stride_height"], s["stride_width"]))[0]
        dense = operators.conv2d(image, kernel)[0]
        assert f"The outputs on both sides: {words(hopped)}." in alt, (SEED, s)
        thrown = dense.size - hopped.size
        assert f"throws {thrown} of {dense.size} outputs away" in alt, (SEED, s)
        assert figures.svg.counted(hopped.size * kernel.size, "multiplication") in alt, (SEED, s)


def test_the_ruler_counts_as_the_frameworks_do():
    for s, alt in drawn("ruler"):
        windows = alt.count("Output ")
        if s["dilation"] == 1:
            size = geometry.pooling_size(
                s["n"], s["kernel"], s["stride"], s["padding"], s["ceil_mode"], s["convention"]
            )
            assert windows == size, (SEED, s)
        elif s["convention"] == "pytorch":
            names = ("n", "kernel", "stride", "padding", "dilation", "ceil_mode")
            assert windows == geometry.output_size(*(s[name] for name in names)), (SEED, s)


def test_the_divisors_are_those_of_the_geometry():
    included = {"default": None, "yes": True, "no": False}
    for s, alt in drawn("divisors"):
        for convention in geometry.CONVENTIONS if s["framework"] == "all" else [s["framework"]]:
            divisors = geometry.pooling_divisors(
                s["height"],
                s["width"],
                (s["kernel_height"], s["kernel_width"]),
                (s["stride_height"], s["stride_width"]),
                (s["padding_height"], s["padding_width"]),
                s["ceil_mode"],
                included[s["count_include_pad"]],
                convention,
            )
            name = figures.divisors.FRAMEWORKS[convention]
            assert re.search(rf"{name} \([^)]*\), .*? outputs: {words(divisors)}\.", alt), (SEED, s)


RNG = np.random.default_rng(SEED)
LAYERS = {
    "average": lambda x: operators.avg_pool2d(x, 5),
    "subsampling": lambda x: operators.subsample2d(x, np.arange(1.0, 7), np.ones(6), 5),
    "depthwise": lambda x: operators.conv2d(x, RNG.uniform(1, 2, (6, 1, 5, 5)), groups=6),
    "grouped": lambda x: operators.conv2d(x, RNG.uniform(1, 2, (16, 3, 5, 5)), groups=2),
    "table": lambda x: channels.conv2d_table(
        x, channels.C3_TABLE, np.ones((60, 5, 5)), np.ones(16)
    ),
    "pointwise": lambda x: operators.conv2d(x, np.ones((16, 6, 1, 1))),
    "convolution": lambda x: operators.conv2d(x, np.ones((16, 6, 5, 5))),
}


@pytest.mark.parametrize("kind", LAYERS)
def test_the_outputs_that_move_are_those_that_a_real_layer_moves(kind):
    state = RNG.bit_generator.state

    def layer(x):
        RNG.bit_generator.state = state  # the same weights at every call
        return LAYERS[kind](x)

    matrix = channels.mixing_matrix(layer, 6)
    for channel in range(6):
        alt = demos.mixing().picture(kind, channel, True).alt
        moved = np.flatnonzero(matrix[:, channel])
        outputs = f"output{'s' if len(moved) > 1 else ''} {', '.join(map(str, moved))}"
        assert f"Input {channel} moves {outputs}: {len(moved)} of {len(matrix)}." in alt


def test_a_question_is_not_answered_by_its_own_picture():
    for kind in LAYERS:
        asked = demos.mixing().picture(kind, 1, False)
        assert "reads" not in asked.alt and "●" not in asked.html and "↕" not in asked.html
        assert asked.alt.count("?") == 2  # which outputs, and how many parameters


def test_the_counts_and_what_flows_back_are_those_of_the_operators():
    seen = set()
    for s, alt in drawn("coverage"):
        rows, columns = (
            geometry.coverage(s[axis], s["kernel"], s["stride"])
            for axis in (("height", "width") if s["view"] != ROW else ("width", "width"))
        )
        seen.add(s["view"])
        if s["view"] == ROW:
            assert f": {' '.join(map(str, columns))}." in alt, (SEED, s)
        elif s["view"] == IMAGE:
            assert f"The image: {words(np.outer(rows, columns))}." in alt, (SEED, s)
        else:
            sizes = [
                geometry.output_size(s[a], s["kernel"], s["stride"]) for a in ("height", "width")
            ]
            upstream = cotangent(*sizes)
            kernel = np.ones((1, 1, s["kernel"], s["kernel"]))
            image = np.zeros((1, s["height"], s["width"]))
            received = operators.conv2d_backward(upstream[None], image, kernel, s["stride"])[0][0]
            assert f"pixels receive: {words(received)}." in alt, (SEED, s)
            told = figures.svg.short(received[s["row"], s["column"]])
            assert re.search(rf"so it receives (.* = )?{told}\.", alt), (SEED, s)
    assert seen == {ROW, IMAGE, BACK}


def test_too_many_outputs_for_the_way_back_are_told_as_such():
    demo = demos.coverage()
    demo.set(view=BACK, height=9, width=14, kernel=1, stride=1)
    shown = demo.show()
    assert shown.said.startswith("There are 126 outputs, and letters for 26 only")
    demo.set(height=2, width=13)
    assert "<svg" in demo.show().html


def test_one_output_is_not_called_several():
    demo = demos.hop_or_keep()
    demo.set(height=1, width=1, kernel_height=1, kernel_width=1)
    words = demo.show().alt
    assert "the same number. Hopping computes 1 output with 1 multiplication;" in words
    assert "takes 1 output and 1 multiplication, and throws" in words


def test_what_is_zero_up_to_rounding_has_one_colour():
    halved = demos.one_pixel_shift().picture(1, "keep every 2nd", 4)
    flat = figures.grids.pixel_map(np.zeros((4, 8)), -1, 1, 20, True)
    noisy = figures.grids.pixel_map(np.array([[1e-17, -1e-17] * 4] * 4), -1, 1, 20, True)
    assert "all 0" in halved.result and noisy.figure("", "").html == flat.figure("", "").html


def test_the_gaps_that_the_story_names_are_there():
    assert np.flatnonzero(geometry.coverage(9, 2, 3) == 0).tolist() == [2, 5, 8]


def test_what_goes_back_differs_from_neighbour_to_neighbour():
    sent = cotangent(6, 8)
    assert (np.diff(sent, axis=0) != 0).all() and (np.diff(sent, axis=1) != 0).all()


def test_the_shifted_image_is_halved_as_the_library_halves_it():
    for s, alt in drawn("one_pixel_shift"):
        columns = np.arange(16) - s["shift"]
        image = np.tile(np.cos(2 * np.pi * s["waves"] * columns / 16), (4, 1))
        halved = phase.HALVINGS[s["way"]](image)
        low, high = halved.min(), halved.max()
        told = re.findall(rf"Shift {s['shift']}: .*?\((?:all (\S+)|from (\S+) to (\S+))\)", alt)[-1]
        found = [float(v.replace("−", "-")) for v in told if v]
        assert np.allclose([found[0], found[-1]], [low, high], atol=5e-3), (SEED, s, told)
        after = np.abs(np.fft.rfft(halved[0]))
        if after.max() > 1e-9:
            waves = int(after.argmax())
            assert waves == min(s["waves"], 8 - s["waves"]), (SEED, s)


def answers() -> dict[str, str]:
    """The right choice of each poll, computed."""
    stripes = np.tile([1.0, -1.0], 8)[None]
    kept, moved = (phase.HALVINGS["keep every 2nd"](np.roll(stripes, k, 1)) for k in (0, 1))
    third = [phase.HALVINGS["average, k = 3"](np.roll(stripes, k, 1))[0, 0] for k in (0, 1)]
    assert np.array_equal(moved, -kept) and np.allclose(third, [1 / 3, -1 / 3])
    read = np.outer(geometry.coverage(8, 1, 2), geometry.coverage(8, 1, 2)).mean()
    corner = operators.avg_pool2d(np.full((1, 3, 3), 7.0), 3, 1, 1)[0, 0, 0]
    full = channels.mixing_matrix(lambda x: operators.conv2d(x, np.ones((16, 6, 2, 2))), 6)
    learnt = channels.parameter_count("subsampling", channels.group_table(64, 64, 64), 2)
    back = operators.conv2d_backward(
        np.ones((1, 1, 4)), np.zeros((1, 1, 9)), np.ones((1, 1, 1, 3)), (1, 2)
    )
    return {
        "windows": str(geometry.output_size(12, 5, 3)),
        "skipped": {0.25: "three quarters"}[float(read)],
        "corner": f"about {corner:.2f}",
        "one_channel": str(int(full[:, 0].sum())),
        "learnt": str(learnt),
        "way_back": " ".join(str(int(v)) for v in back[0][0, 0]),
        "shifted": "every number changes its sign",
        "blurred": "from 1/3 to −1/3",
    }


def test_the_polls_have_the_right_answers():
    assert {id: poll.answer for id, poll in POLLS.items()} == answers()
    for poll in POLLS.values():
        assert len(poll.choices) == 4 and all(idea.endswith(".") for idea in poll.choices.values())


def test_a_poll_counts_hands_and_reveals_only_when_asked():
    demo = demos.poll("windows")
    demo.set(hands_a=4, hands_b=9, hands_c=7)
    before = demo.show()
    assert before.said == "20 hands counted." and POLLS["windows"].why not in before.alt
    assert "✓" not in before.html and "ceil mode" not in before.html
    demo.set(revealed=True)
    after = demo.show()
    assert after.said == "Right is C: 3. 7 of 20 had it."
    assert "✓" in after.html and all(
        idea in after.alt for idea in POLLS["windows"].choices.values()
    )
    with pytest.raises(ValueError, match="there is no poll 'window'; the polls are windows,"):
        demos.poll("window")


@pytest.mark.parametrize(
    "changed, complaint",
    [
        ({"counts": [1]}, "each with a count"),
        ({"answer": "5"}, "answer must be one of"),
        ({"counts": [1, -1]}, "counts must be at least 0"),
    ],
)
def test_votes_that_cannot_be_are_refused(changed, complaint):
    good = {"question": "?", "choices": ["1", "2"], "counts": [0, 0], "answer": "1"}
    with pytest.raises(ValueError, match=complaint):
        figures.votes(**{**good, "ideas": ["a", "b"], "why": "w", **changed})


@pytest.mark.parametrize(
    "settings, complaint",
    [
        ({"kind": "dense"}, "kind must be one of"),
        ({"channel": 6}, "channel must be at most 5"),
        ({"groups": 3}, "groups must be at most 2"),
    ],
)
def test_a_channel_that_cannot_move_is_refused(settings, complaint):
    with pytest.raises(ValueError, match=complaint):
        figures.channel_moved(**settings)


def test_a_framework_that_is_not_known_is_refused():
    with pytest.raises(ValueError, match="frameworks must be some of"):
        figures.divisor_maps(frameworks=("jax",))
    with pytest.raises(ValueError, match="convention must be one of"):
        figures.ruler(convention="jax")


@pytest.mark.parametrize("call", PLAIN)
def test_every_step_of_a_story_can_be_drawn(call):
    demo = getattr(demos, call)()
    assert 5 <= len(demo.steps) <= 8
    pictures = []
    for settings, sentence in demo.steps:
        figure = demo.picture(**demo.settle(demo.start | dict(settings)))
        assert len(sentence) > 40 and len(figure.html) < 60_000
        pictures.append(figure.html)
    assert len(set(pictures)) == len(pictures)


def numbers(text: str) -> set[str]:
    return set(re.findall(r"\d[\d,.]*\d|\d", text))


@pytest.mark.parametrize("call", PLAIN)
def test_the_numbers_of_a_story_are_in_its_pictures(call):
    demo = getattr(demos, call)()
    for settings, sentence in demo.steps:
        shown = demo.show(settings)
        page = numbers(f"{shown.alt} {re.sub('<[^>]+>', ' ', shown.html)}")
        own = sentence
        for known in KNOWN.get(call, ()):
            own = own.replace(known, "")
        assert numbers(own) <= page, (settings, numbers(own) - page)


KNOWN = {
    "divisors": ("28/9, about 3.11",),
    "mixing": ("900 more", "LeNet-5", "the last 8", "first 8"),
    "coverage": ("pixels 2, 5 and 8",),
    "hop_or_keep": ("Stride 2", "stride 2"),
    "one_pixel_shift": ("folded over at 4",),
}
"""Words of the stories whose numbers stand in no picture."""
