"""Questions for the whole class: vote by hands, count, reveal what is right and what the rest comes from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from strided.demos.panel import Control, Demo, Number, Steps, Switch
from strided.figures import Figure, votes


@dataclass(frozen=True)
class Poll:
    """A question with choices, each with the idea behind it; `answer` is the right choice."""

    question: str
    choices: dict[str, str]
    answer: str
    why: str


POLLS = {
    "windows": Poll(
        "12 pixels, windows of 5, stride 3, no padding. How many outputs?",
        {
            "none: these sizes are invalid": "A stride that does not divide is no error: every "
            "framework rounds.",
            "2": "floor((n − k + 1)/s) adds the 1 before it divides.",
            "3": "Windows start at 0, 3 and 6.",
            "4": "That is ceil mode, where the last window may overhang; the default is floor.",
        },
        "3",
        "floor((12 − 5)/3) + 1 = 2 + 1 = 3. The last window ends with pixel 10, and pixel 11 is never read.",
    ),
    "skipped": Poll(
        "A 1 × 1 convolution with stride 2, on an image of even size. How much of the image does "
        "it never read?",
        {
            "nothing": "Every pixel is read at stride 1 only.",
            "a quarter": "A quarter is what it does read.",
            "half": "Half of the rows, and then half of the columns in each of these.",
            "three quarters": "One pixel in every block of 2 × 2 is read.",
        },
        "three quarters",
        "The stride works along both axes: 1/2 · 1/2 = 1/4 is read. A larger kernel would read "
        "the pixels between.",
    ),
    "corner": Poll(
        "An image that is 7 everywhere, 3 × 3 average pooling, stride 1, padding 1, PyTorch's defaults. "
        "What stands in the corner of the output?",
        {
            "7": "So it is where padding is not counted: the defaults of ONNX, and TensorFlow's SAME.",
            "about 4.67": "6 of 9 pixels: that is an edge. A corner loses a row and a column.",
            "about 3.11": "4 sevens, divided by all 9 places of the window.",
            "0": "The window stands over the image with four of its places.",
        },
        "about 3.11",
        "4 · 7 / 9 = 3.11: PyTorch counts the padding unless you say count_include_pad=False.",
    ),
    "one_channel": Poll(
        "A full convolution takes 6 channels to 16. You change one number in input channel 0. "
        "In how many output channels can something change?",
        {
            "1": "Channel by channel: that is pooling, SubSampling, or a depthwise convolution.",
            "8": "Half of them: that is a convolution with two groups.",
            "10": "That is LeNet-5's C3, which connects by a table.",
            "16": "Every output adds up all the inputs.",
        },
        "16",
        "With groups=1 each output channel has a kernel for every input channel, and sums over all of them.",
    ),
    "learnt": Poll(
        "Torch7's SpatialSubSampling on 64 channels, windows of 2 × 2. How many parameters does it learn?",
        {
            "0": "Pooling learns nothing, but this layer is not pooling.",
            "128": "A gain and a bias for each channel.",
            "320": "A weight for each place in the window: that is a depthwise convolution.",
            "16,448": "A kernel for each pair of channels: that is a full convolution.",
        },
        "128",
        "64 gains and 64 biases. The size of the window does not matter: its 4 numbers share one gain.",
    ),
    "way_back": Poll(
        "9 pixels in a row, each output is the sum of 3 of them, stride 2. The loss is the sum of all outputs. "
        "What is the gradient of the pixels?",
        {
            "1 1 1 1 1 1 1 1 1": "Each pixel once: that needs stride 3, windows side by side.",
            "1 1 2 1 2 1 2 1 1": "A pixel receives one 1 from each window that read it.",
            "1 2 3 3 3 3 3 2 1": "That is stride 1, where each inner pixel stands in 3 windows.",
            "1 0 1 0 1 0 1 0 0": "Not only the first pixel of a window receives something.",
        },
        "1 1 2 1 2 1 2 1 1",
        "The windows start at 0, 2, 4 and 6, so pixels 2, 4 and 6 stand in two of them, and what "
        "they receive adds up.",
    ),
    "shifted": Poll(
        "Stripes one pixel wide, +1 and −1. You keep every second pixel. Now the image moves by one pixel. "
        "What happens to the output?",
        {
            "it moves by one pixel": "The output has half the pixels: it could move by half a pixel at most.",
            "nearly nothing: it moves by half a pixel": "True of slow waves; these are as fast as they can be.",
            "it turns grey": "An average of two neighbours would do that; nothing is averaged here.",
            "every number changes its sign": "All the pixels kept before are now the pixels left out.",
        },
        "every number changes its sign",
        "Even columns held +1; after the shift they hold −1. Keeping every second pixel is blind "
        "to the difference between a fast wave and a flat image.",
    ),
    "blurred": Poll(
        "The same stripes, but each output is now the average of 3 neighbours, at stride 2. The "
        "image moves by one pixel.",
        {
            "0 before and after: averaging removes stripes": "An average of 2, or the blur [1, 2, 1]/4, does.",
            "from 1/3 to −1/3": "Two of one sign and one of the other are averaged.",
            "from 1 to −1": "That is keeping without averaging.",
            "1/3 before and after": "The window's middle now has the other sign.",
        },
        "from 1/3 to −1/3",
        "(1 − 1 + 1)/3 = 1/3, and after the shift (−1 + 1 − 1)/3 = −1/3. Not every average is a good blur.",
    ),
}
"""The questions by id. Each wrong choice is what somebody gets who holds the idea beside it."""


def picture(id: str, revealed: bool, **hands: int) -> Figure:
    """Draw a question with the votes for each choice: `hands_a`, `hands_b`, ..."""
    question = POLLS[id]
    return votes(
        question.question,
        list(question.choices),
        list(hands.values()),
        question.answer,
        list(question.choices.values()),
        question.why,
        revealed,
    )


def poll(id: str) -> Demo:
    """Ask the class one of the questions in `POLLS`: enter the hands for each choice, then reveal.

    Raises ValueError for an unknown id.
    """
    if id not in POLLS:
        raise ValueError(f"there is no poll {id!r}; the polls are {', '.join(POLLS)}")
    letters = "abcdef"[: len(POLLS[id].choices)]
    controls: dict[str, Control] = {
        f"hands_{letter}": Number(f"Hands for {letter.upper()}", 0, 999) for letter in letters
    }
    controls["revealed"] = Switch("Reveal")
    steps: Steps = (
        ({}, "Which one, and why? Decide, then go on."),
        ({"revealed": True}, "What is right, and what each choice comes from."),
    )
    return Demo(partial(picture, id), controls, steps, "Predict and reveal")
