"""The figure of three paddings: what it says is what the frameworks compute."""

import re

import numpy as np
import pytest
import torch

from strided import figures, porting


@pytest.mark.parametrize("setting", [(6, 3, 2), (7, 3, 2), (5, 1, 3), (10, 7, 3), (4, 5, 1)])
def test_its_sums_are_those_of_the_frameworks(setting):
    n, k, d = setting
    said = re.findall(r"sums ([\d, ]+)\.", figures.same_windows(*setting).alt)
    row = np.arange(1.0, n + 1).reshape(1, 1, 1, n)
    layer = {"nb_filter": 1, "nb_row": 1, "nb_col": k, "weights": [np.ones((1, k, 1, 1))]}
    layer |= {"subsample": (1, d), "border_mode": "same", "bias": False}
    spec = {"backend": "tensorflow", "image_dim_ordering": "tf", "input_shape": (1, n, 1)}
    spec["layers"] = [("Convolution2D", layer)]
    assert said[0] == ", ".join(f"{v:g}" for v in porting.keras1(spec, row).ravel())
    kernel = torch.ones(1, 1, 1, k, dtype=torch.float64)
    padded = torch.nn.functional.conv2d(
        torch.tensor(row), kernel, stride=(1, d), padding=(0, k // 2)
    )
    assert said[2] == ", ".join(f"{v:g}" for v in padded.ravel().tolist())


def test_it_says_where_windows_start():
    figure = figures.same_windows()
    assert "0 before and 1 after: windows start at 0, 2, 4, sums 6, 12, 11." in figure.alt
    assert "1 before and 1 after: windows start at −1, 1, 3, sums 3, 9, 15." in figure.alt


@pytest.mark.parametrize(
    "setting, words", [((11, 3, 2), "n must be at most 10"), ((6, 0, 2), "kernel"), ((6, 3, 9), "stride")]
)  # fmt: skip
def test_what_does_not_fit_is_refused(setting, words):
    with pytest.raises(ValueError, match=words):
        figures.same_windows(*setting)
