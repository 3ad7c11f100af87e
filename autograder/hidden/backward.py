"""Hidden tests of lesson 07: against torch's autograd in float64, and by property.

No test sends ones: a gradient that ignores or reorders grad_output would pass it.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch.nn import functional as F

from autograder.hidden.kit import alike, called, require, seeded, unequal_pair
from strided import checks
from strided.checks.core import Case, case

Pair = tuple[int, int]


def gradients(forward: Callable, grad_output, *inputs) -> tuple[np.ndarray, ...]:
    """What torch's autograd sends back to each input; integers count as float64."""
    tensors = [torch.tensor(np.asarray(a, np.float64), requires_grad=True) for a in inputs]
    cotangent = torch.tensor(np.asarray(grad_output, np.float64))
    return tuple(g.numpy() for g in torch.autograd.grad(forward(*tensors), tensors, cotangent))


def _pair(value) -> Pair:
    first, second = np.broadcast_to(value, 2)
    return int(first), int(second)


def _ints(numbers) -> tuple[int, ...]:
    return tuple(int(n) for n in numbers)


def _size(rng: np.random.Generator, kernel, stride, padding=(0, 0), left_over: bool = True) -> Pair:
    """An image with two to four windows along each axis, and some pixels behind the last one."""
    steps, more = rng.integers(1, 4, 2), [int(rng.integers(1, d)) if d > 1 else 0 for d in stride]
    rest = np.array(more) if left_over else np.zeros(2, int)
    rows, columns = np.array(kernel) + steps * stride + rest - 2 * np.array(padding)
    return int(max(rows, 1)), int(max(columns, 1))


# ---------------------------------------------------------------- coverage


def torch_coverage(height, width, kernel_size, stride=1, padding=0) -> np.ndarray:
    """The windows that read each pixel, as the gradient of the sum of all window sums."""
    ones = torch.ones(1, 1, *_pair(kernel_size), dtype=torch.float64)
    settings = _pair(stride), _pair(padding)

    def window_sums(image):
        return F.conv2d(image, ones, None, *settings)

    image = np.zeros((1, 1, height, width))
    outputs = window_sums(torch.tensor(image)).shape
    return gradients(window_sums, np.ones(outputs), image)[0][0, 0]


@seeded
def coverage(function, rng: np.random.Generator) -> None:
    """Overlaps, gaps, borders and padding; and the windows' pixels are as many as the counts."""

    def holds(words: str, *calls: Case) -> None:
        checks.coverage.judge(function, calls, reference=torch_coverage, words=words)

    kernel, stride = unequal_pair(rng, 2, 4), unequal_pair(rng, 2, 3)
    size = _size(rng, kernel, stride)
    holds(
        "a pixel counts once for every window that reads it, and 0 if none does",
        case(*size, kernel, stride=stride),
        case(*_size(rng, (1, 2), (3, 4)), (1, 2), stride=(3, 4)),
    )
    holds(
        "without a stride the window moves by 1",
        case(kernel[0] + 4, kernel[1] + 3, kernel),
        case(9, 7, 3),
    )
    padding = unequal_pair(rng, 1, 3)
    holds(
        "with padding there are more windows, but only the image's pixels are counted",
        case(*size, kernel, stride=stride, padding=padding),
        case(6, 8, kernel, padding=2),
    )
    counts = called(function, *size, kernel, stride=stride)
    outputs = [(n - k) // d + 1 for n, k, d in zip(size, kernel, stride, strict=True)]
    require(
        alike(counts.sum(), np.prod(outputs) * np.prod(kernel)),
        "without padding the counts must add up to the number of windows times the pixels of one",
    )
    holds("it must be right on random sizes", *(_any_coverage(rng) for _ in range(8)))


def _any_coverage(rng: np.random.Generator) -> Case:
    kernel, padding = rng.integers(1, 5, 2), rng.integers(0, 4, 2)
    size = np.maximum(kernel - 2 * padding, 1) + rng.integers(0, 8, 2)
    stride = _ints(rng.integers(1, 6, 2))
    return case(*_ints(size), _ints(kernel), stride=stride, padding=_ints(padding))


# ---------------------------------------------------------------- avg_pool2d_backward


def torch_avg_pool2d_backward(grad_output, x_shape, kernel_size, stride=None, *settings, **more):
    """What torch's autograd sends back through avg_pool2d."""
    kernel, step = _pair(kernel_size), _pair(kernel_size if stride is None else stride)
    names = ("padding", "ceil_mode", "count_include_pad")
    more = dict(zip(names, settings, strict=False)) | more
    more["padding"] = _pair(more.get("padding", 0))

    def forward(x):
        return F.avg_pool2d(x, kernel, step, **more)

    return gradients(forward, grad_output, np.zeros(x_shape))[0]


def _pooling(rng: np.random.Generator, shape, kernel_size, **settings) -> Case:
    """A call of avg_pool2d_backward with a random grad_output of the right shape."""
    outputs = F.avg_pool2d(torch.zeros(tuple(shape)), kernel_size, **settings).shape
    return case(rng.normal(size=tuple(outputs)), tuple(shape), kernel_size, **settings)


@seeded
def avg_pool2d_backward(function, rng: np.random.Generator) -> None:
    """Borders, overlaps, padding, divisors; the adjoint identity; agreement with autograd."""

    def holds(words: str, *calls: Case) -> None:
        checks.avg_pool2d_backward.judge(
            function, calls, reference=torch_avg_pool2d_backward, words=words
        )

    kernel, stride = unequal_pair(rng, 2, 4), unequal_pair(rng, 2, 3)
    whole = (2, 3, *_size(rng, kernel, kernel))
    overlapping = (3, 2, *_size(rng, (4, 3), (2, 1)))
    holds(
        "without overlaps a pixel gets the share of its window, and one behind the last window "
        "gets 0",
        _pooling(rng, whole, kernel),
    )
    holds(
        "where windows overlap, what they send adds up",
        _pooling(rng, overlapping, (4, 3), stride=(2, 1)),
        _pooling(rng, (2, 2, *_size(rng, kernel, stride)), kernel, stride=stride),
    )
    shape = (2, 2, *_size(rng, (4, 3), (2, 3), (2, 1)))
    counted = _pooling(rng, shape, (4, 3), stride=(2, 3), padding=(2, 1))
    holds("what is sent into the padding is dropped, but padding counts in the divisor", counted)
    more = counted.kwargs | {"count_include_pad": False}
    holds(
        "with count_include_pad=False padding does not count in the divisor",
        case(*counted.args, **more),
    )
    holds(
        "in ceil mode a window that overhangs sends its share to the pixels that it has",
        # 3 windows and one row, 2 and two columns: both last windows overhang.
        _pooling(rng, (2, 2, 10, 8), 3, ceil_mode=True),
        _pooling(rng, (2, 1, 8, 9), (3, 4), stride=(3, 4), padding=(0, 1), ceil_mode=True),
    )
    holds(
        "a grad_output of integers must give the same as one of floats",
        case(rng.integers(-9, 10, (2, 2, 3, 3)) * 2 + 1, (2, 2, 7, 6), (3, 2), stride=2),
    )
    x = rng.normal(size=overlapping)
    forth = F.avg_pool2d(torch.tensor(x), (4, 3), (2, 1)).numpy()
    u = rng.normal(size=forth.shape)
    back = called(function, u.copy(), x.shape, (4, 3), stride=(2, 1))
    require(
        alike((forth * u).sum(), (x * back).sum()),
        "it must be the adjoint of pooling: <A x, u> = <x, A* u> for random x and u",
    )
    holds(
        "it must be what PyTorch's autograd sends back, on random settings",
        *(_any_pooling(rng) for _ in range(8)),
    )


def _any_pooling(rng: np.random.Generator) -> Case:
    kernel = rng.integers(1, 5, 2)
    return _pooling(
        rng,
        (*_ints(rng.integers(1, 4, 2)), *_ints(kernel + rng.integers(0, 7, 2))),
        _ints(kernel),
        stride=_ints(rng.integers(1, 5, 2)),
        padding=_ints(rng.integers(0, kernel // 2 + 1)),
        ceil_mode=bool(rng.integers(2)),
        count_include_pad=bool(rng.integers(2)),
    )


# ---------------------------------------------------------------- subsample2d_backward


def torch_subsample2d(x, weight, bias, kernel_size, stride=1):
    """SubSampling as a depthwise convolution whose kernels are constant, on tensors."""
    channels = x.shape[1]
    kernels = weight.reshape(channels, 1, 1, 1).expand(channels, 1, *_pair(kernel_size))
    return F.conv2d(x, kernels, bias, _pair(stride), groups=channels)


def torch_subsample2d_backward(grad_output, x, weight, kernel_size, stride=1):
    """What torch's autograd sends back through SubSampling."""

    def forward(*tensors):
        return torch_subsample2d(*tensors, kernel_size, stride)

    return gradients(forward, grad_output, x, weight, np.zeros(len(weight)))


def _subsampling(rng: np.random.Generator, shape, kernel, x=None, **settings) -> Case:
    """A call of subsample2d_backward with random arrays."""
    x = rng.normal(size=shape) if x is None else x
    weight = rng.normal(size=shape[1])
    image, gain = torch.tensor(np.asarray(x, np.float64)), torch.tensor(weight)
    outputs = torch_subsample2d(image, gain, 0 * gain, kernel, **settings).shape
    return case(rng.normal(size=tuple(outputs)), x, weight, kernel, **settings)


@seeded
def subsample2d_backward(function, rng: np.random.Generator) -> None:
    """Borders, overlaps, shared parameters; adjoint identities; agreement with autograd."""

    def holds(words: str, *calls: Case) -> None:
        checks.subsample2d_backward.judge(
            function, calls, reference=torch_subsample2d_backward, words=words
        )

    kernel, stride = unequal_pair(rng, 2, 4), unequal_pair(rng, 2, 3)
    size = _size(rng, kernel, stride)
    holds(
        "with overlapping windows and unread pixels, all three gradients must be what PyTorch's "
        "autograd sends back",
        _subsampling(rng, (1, 2, *size), kernel, stride=stride),
        _subsampling(rng, (1, 3, kernel[0] + 2, kernel[1] + 3), kernel),
    )
    holds(
        "in a batch each image has a grad_input of its own, and all of them add to the "
        "gradients of weight and bias",
        _subsampling(rng, (3, 2, *size), kernel, stride=stride),
    )
    holds(
        "an image of integers must give the same as that image in floats",
        _subsampling(
            rng, (2, 2, *size), kernel, x=rng.integers(-9, 10, (2, 2, *size)), stride=stride
        ),
    )
    holds(
        "it must be what PyTorch's autograd sends back, on random settings",
        *(_any_subsampling(rng) for _ in range(8)),
    )
    call = _subsampling(rng, (2, 3, *size), kernel, stride=stride)
    u, x, weight = call.args[:3]
    bias = rng.normal(size=3)
    tensors = torch.tensor(x), torch.tensor(weight), torch.tensor(bias)
    out = torch_subsample2d(*tensors, kernel, stride).numpy()
    back = [np.asarray(part) for part in function(*call.args, **call.kwargs)]
    linear = (u * out).sum() - (bias * back[2]).sum()
    require(
        alike(linear, (x * back[0]).sum()) and alike(linear, (weight * back[1]).sum()),
        "without the bias, <out, u> must be both <x, grad_input> and <weight, grad_weight>",
    )


def _any_subsampling(rng: np.random.Generator) -> Case:
    kernel = rng.integers(1, 5, 2)
    shape = *_ints(rng.integers(1, 4, 2)), *_ints(kernel + rng.integers(0, 7, 2))
    return _subsampling(rng, shape, _ints(kernel), stride=_ints(rng.integers(1, 5, 2)))


# ---------------------------------------------------------------- conv2d_backward


def torch_conv2d_backward(grad_output, x, weight, stride=1, padding=0):
    """What torch's autograd sends back through conv2d."""

    def forward(*tensors):
        return F.conv2d(*tensors, _pair(stride), _pair(padding))

    return gradients(forward, grad_output, x, weight, np.zeros(len(weight)))


def _convolution(rng: np.random.Generator, x, weight, **settings) -> Case:
    """A call of conv2d_backward with a random grad_output of the right shape."""
    tensors = torch.tensor(np.asarray(x, np.float64)), torch.tensor(weight)
    outputs = F.conv2d(*tensors, **settings).shape
    return case(rng.normal(size=tuple(outputs)), x, weight, **settings)


@seeded
def conv2d_backward(function, rng: np.random.Generator) -> None:
    """Impulses, borders, overlaps, padding; adjoint identities; agreement with autograd."""

    def holds(words: str, *calls: Case) -> None:
        checks.conv2d_backward.judge(function, calls, reference=torch_conv2d_backward, words=words)

    kernel, stride = unequal_pair(rng, 2, 3), unequal_pair(rng, 2, 3)
    size = _size(rng, kernel, stride)
    weight = rng.normal(size=(3, 2, *kernel))
    square = rng.normal(size=(3, 3, *kernel))  # as many outputs as inputs: only the values tell

    def image(batch: int, channels: int, of=size) -> np.ndarray:
        return rng.normal(size=(batch, channels, *of))

    impulse = np.zeros((1, 3, 3, 4))
    impulse[0, 1, 1, 2] = 1
    holds(
        "a single 1 in grad_output must put its kernels, unturned, into its window of grad_input, "
        "and the pixels of its window into grad_weight",
        case(impulse, image(1, 2, (kernel[0] + 2, kernel[1] + 3)), weight),
    )
    holds(
        "with overlapping windows, several kernels and unread pixels, all three gradients must be "
        "what PyTorch's autograd sends back",
        _convolution(rng, image(1, 2), weight, stride=stride),
        _convolution(rng, image(2, 3), square, stride=stride),
    )
    holds(
        "in a batch each image has a grad_input of its own, and all of them add to the "
        "gradients of weight and bias",
        _convolution(rng, image(3, 2), weight),
    )
    holds(
        "with padding, what lands outside the image is cut off, and taps outside it met a 0",
        _convolution(rng, image(2, 2), weight, stride=stride, padding=unequal_pair(rng, 1, 3)),
        _convolution(rng, image(2, 3), square, padding=1),
    )
    holds(
        "an image of integers must give the same as that image in floats",
        _convolution(rng, rng.integers(-9, 10, (2, 2, *size)), weight, stride=2, padding=1),
    )
    holds(
        "it must be what PyTorch's autograd sends back, on random settings",
        *(_any_convolution(rng) for _ in range(8)),
    )
    call = _convolution(rng, image(2, 2), weight, stride=stride, padding=(1, 0))
    u, x = call.args[:2]
    out = F.conv2d(torch.tensor(x), torch.tensor(weight), None, stride, (1, 0)).numpy()
    back = [np.asarray(part) for part in function(*call.args, **call.kwargs)]
    require(
        alike((out * u).sum(), (x * back[0]).sum()),
        "it must be the adjoint of the convolution: <A x, u> = <x, grad_input> for random x and u",
    )
    require(
        alike((out * u).sum(), (weight * back[1]).sum()),
        "a convolution is linear in its weight as well: <out, u> = <weight, grad_weight>",
    )


def _any_convolution(rng: np.random.Generator) -> Case:
    batch, channels, kernels = _ints(rng.integers(1, 4, 3))
    kernel, padding = rng.integers(1, 4, 2), rng.integers(0, 3, 2)
    size = np.maximum(kernel - 2 * padding, 1) + rng.integers(0, 6, 2)
    return _convolution(
        rng,
        rng.normal(size=(batch, channels, *_ints(size))),
        rng.normal(size=(kernels, channels, *_ints(kernel))),
        stride=_ints(rng.integers(1, 4, 2)),
        padding=_ints(padding),
    )
