"""The loops are checked by hand, against torch, and against the formulas exactly as printed."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from strided import formulas
from strided.geometry import output_size

SMALL = st.integers(1, 3)
PAIRS = st.tuples(SMALL, SMALL)
SEEDS = st.integers(0, 2**32 - 1)
RAMP = np.arange(12.0).reshape(1, 3, 4)


def test_an_average_by_hand():
    # Windows of 2x3 pixels of 0..11: the first holds 0 1 2 4 5 6.
    expected = [[[3, 4], [7, 8]]]
    assert formulas.avg_pool2d(RAMP, (2, 3), (1, 1)).tolist() == expected


def test_a_subsampling_by_hand():
    x = np.concatenate([RAMP, RAMP + 100])
    got = formulas.subsample2d(x, np.array([1.0, 10.0]), np.array([0.5, -1.0]), (2, 1), (1, 3))
    # Sums of two pixels, one above the other: 0+4, 3+7 and 4+8, 7+11.
    assert got[0].tolist() == [[4.5, 10.5], [12.5, 18.5]]
    assert got[1].tolist() == [[2039, 2099], [2119, 2179]]


def test_a_convolution_by_hand():
    weight = np.array([[[[1.0, 10.0]], [[100.0, 0.0]]]])
    x = np.array([[[1.0, 2.0, 3.0]], [[4.0, 5.0, 6.0]]])
    got = formulas.conv2d(x, weight, np.array([0.5]), (1, 2), (0, 1))
    # Windows start at -1 and 1: (0 + 10*1 + 0) and (2 + 10*3 + 100*5), plus the bias.
    assert got.tolist() == [[[10.5, 532.5]]]


class Printed:
    """An array as the printed formulas index it: one bracket per axis, counting from 1."""

    def __init__(self, array):
        self.array = array

    def __getitem__(self, index):
        assert 1 <= index <= len(self.array)
        inner = self.array[index - 1]
        return Printed(inner) if inner.ndim else float(inner)


@settings(deadline=None, max_examples=40)
@given(PAIRS, PAIRS, st.tuples(SMALL, SMALL), SMALL, SEEDS)
def test_the_code_is_the_printed_formula(kernel, stride, extra, channels, seed):
    (kH, kW), (dH, dW) = kernel, stride
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(channels, kH + extra[0], kW + extra[1]))
    w, b = rng.normal(size=channels), rng.normal(size=channels)
    filters, offsets = rng.normal(size=(2, channels, kH, kW)), rng.normal(size=2)
    average = formulas.avg_pool2d(x, kernel, stride)
    subsampled = formulas.subsample2d(x, w, b, kernel, stride)
    convolved = formulas.conv2d(x, filters, offsets, stride)

    # Width first, channel last, and weight[s][t][l][k], as printed.
    image, weight, bias = Printed(x.transpose(2, 1, 0)), Printed(w), Printed(b)
    filter_, offset = Printed(filters.transpose(3, 2, 1, 0)), Printed(offsets)

    def window_sum(i, j, k, weigh=lambda s, t: 1.0):
        return sum(
            weigh(s, t) * image[dW * (i - 1) + s][dH * (j - 1) + t][k]
            for s in range(1, kW + 1)
            for t in range(1, kH + 1)
        )

    for k, j, i in np.ndindex(average.shape):
        plain = window_sum(i + 1, j + 1, k + 1)
        assert average[k, j, i] == pytest.approx(1 / (kW * kH) * plain, abs=1e-12)
        expected = bias[k + 1] + weight[k + 1] * plain
        assert subsampled[k, j, i] == pytest.approx(expected, abs=1e-12)
    for k, j, i in np.ndindex(convolved.shape):
        expected = offset[k + 1] + sum(
            window_sum(i + 1, j + 1, c, lambda s, t, c=c, k=k: filter_[s][t][c][k + 1])
            for c in range(1, channels + 1)
        )
        assert convolved[k, j, i] == pytest.approx(expected, abs=1e-12)


@settings(deadline=None, max_examples=60)
@given(PAIRS, PAIRS, st.tuples(st.integers(0, 3), st.integers(0, 3)), PAIRS, SMALL, SEEDS)
def test_the_formulas_are_torchs(kernel, stride, extra, padding, channels, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(channels, kernel[0] + extra[0], kernel[1] + extra[1]))
    weight, bias = rng.normal(size=(2, channels, *kernel)), rng.normal(size=2)
    average = F.avg_pool2d(torch.from_numpy(x), kernel, stride).numpy()
    np.testing.assert_allclose(formulas.avg_pool2d(x, kernel, stride), average, atol=1e-12)
    convolved = F.conv2d(*map(torch.from_numpy, (x, weight, bias)), stride, padding).numpy()
    got = formulas.conv2d(x, weight, bias, stride, padding)
    assert got.shape == (2, *map(output_size, x.shape[1:], kernel, stride, padding))
    np.testing.assert_allclose(got, convolved, atol=1e-12)


@settings(deadline=None, max_examples=40)
@given(PAIRS, PAIRS, st.tuples(SMALL, SMALL), SMALL, SEEDS)
def test_each_formula_contains_the_one_before(kernel, stride, extra, channels, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(channels, kernel[0] + extra[0], kernel[1] + extra[1]))
    gain, bias = rng.normal(size=channels), rng.normal(size=channels)
    even = np.full(channels, 1 / (kernel[0] * kernel[1]))
    np.testing.assert_allclose(
        formulas.subsample2d(x, even, np.zeros(channels), kernel, stride),
        formulas.avg_pool2d(x, kernel, stride),
        atol=1e-12,
    )
    one_to_one = np.einsum("kl,k,ts->klts", np.eye(channels), gain, np.ones(kernel))
    np.testing.assert_allclose(
        formulas.conv2d(x, one_to_one, bias, stride),
        formulas.subsample2d(x, gain, bias, kernel, stride),
        atol=1e-12,
    )


def test_an_averages_gradient_by_hand():
    got = formulas.avg_pool2d_backward(np.array([[[6.0, 12.0, -6.0]]]), (1, 2, 5), (1, 2), (1, 1))
    # Halves of 6, 12 and -6 land on pixels 0-1, 1-2 and 2-3; nothing reads the last pixel or row.
    assert got.tolist() == [[[3, 9, 3, -3, 0], [0, 0, 0, 0, 0]]]


def test_a_subsamplings_gradients_by_hand():
    x = np.array([[[1.0, 2.0, 3.0, 4.0]], [[5.0, 6.0, 7.0, 8.0]]])
    grad_output = np.array([[[1.0, 10.0]], [[100.0, 0.0]]])
    grads = formulas.subsample2d_backward(grad_output, x, np.array([2.0, -1.0]), (1, 2), (1, 1))
    assert grads[0].tolist() == [[[2, 22, 20, 0]], [[-100, -100, 0, 0]]]
    assert grads[1].tolist() == [1 * 3 + 10 * 5, 100 * 11]
    assert grads[2].tolist() == [11, 100]


def test_a_convolutions_gradients_by_hand():
    weight = np.array([[[[1.0, 10.0]], [[100.0, 0.0]]]])
    x = np.array([[[1.0, 2.0, 3.0]], [[4.0, 5.0, 6.0]]])
    grads = formulas.conv2d_backward(np.array([[[2.0, 3.0]]]), x, weight, (1, 2), (0, 1))
    # Windows start at -1 and 1: the first tap of the first one lies in the padding.
    assert grads[0].tolist() == [[[20, 3, 30]], [[0, 300, 0]]]
    assert grads[1].tolist() == [[[[3 * 2, 2 * 1 + 3 * 3]], [[3 * 5, 2 * 4 + 3 * 6]]]]
    assert grads[2].tolist() == [5]


@settings(deadline=None, max_examples=40)
@given(PAIRS, PAIRS, st.tuples(st.integers(0, 3), st.integers(0, 3)), PAIRS, SMALL, SEEDS)
def test_the_backward_formulas_are_torchs(kernel, stride, extra, padding, channels, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(channels, kernel[0] + extra[0], kernel[1] + extra[1]))

    def torchs(forward, output, *inputs):
        tensors = [torch.from_numpy(array).requires_grad_() for array in inputs]
        gradients = torch.autograd.grad(forward(*tensors), tensors, torch.from_numpy(output))
        return [gradient.numpy() for gradient in gradients]

    def agree(got, expected):
        for mine, theirs in zip(got, expected, strict=True):
            np.testing.assert_allclose(mine, theirs, atol=1e-12)

    cotangent = rng.normal(size=formulas.avg_pool2d(x, kernel, stride).shape)
    agree(
        [formulas.avg_pool2d_backward(cotangent, x.shape, kernel, stride)],
        torchs(lambda x: F.avg_pool2d(x, kernel, stride), cotangent, x),
    )
    gain, offset = rng.normal(size=(2, channels))
    agree(
        formulas.subsample2d_backward(cotangent, x, gain, kernel, stride),
        torchs(
            lambda x, w, b: F.conv2d(
                x, w[:, None, None, None].expand(-1, 1, *kernel), b, stride, groups=channels
            ),
            *(cotangent, x, gain, offset),
        ),
    )
    weight, bias = rng.normal(size=(2, channels, *kernel)), rng.normal(size=2)
    cotangent = rng.normal(size=formulas.conv2d(x, weight, bias, stride, padding).shape)
    agree(
        formulas.conv2d_backward(cotangent, x, weight, stride, padding),
        torchs(lambda *args: F.conv2d(*args, stride, padding), cotangent, x, weight, bias),
    )
