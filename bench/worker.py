"""One side of a comparison, in a process of its own: `python -m bench.worker ours|torch THREADS`.

It is asked in lines of JSON on stdin and answers in lines of JSON on stdout. The side that is not
asked waits for its next line, and takes no time from the other.
"""

from __future__ import annotations

import cProfile
import ctypes
import json
import pstats
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bench.layers import Layer

Call = Callable[[], Any]


def ours(operator: str, layer: Layer) -> Call:
    """Return one call of `strided.operators` on float32 arrays."""
    from strided import operators

    x, weight, bias = arrays(operator, layer)
    kernel, stride, padding = layer.kernel, layer.stride, layer.padding
    if operator.startswith("avg_pool2d"):
        output = operators.avg_pool2d(x, kernel, stride, padding)
        u = normal(output.shape)
        if operator == "avg_pool2d":
            return lambda: operators.avg_pool2d(x, kernel, stride, padding)
        return lambda: operators.avg_pool2d_backward(u, x.shape, kernel, stride, padding)
    if operator.startswith("subsample2d"):
        output = operators.subsample2d(x, weight, bias, kernel, stride)
        u = normal(output.shape)
        if operator == "subsample2d":
            return lambda: operators.subsample2d(x, weight, bias, kernel, stride)
        return lambda: operators.subsample2d_backward(u, x, weight, kernel, stride)
    output = operators.conv2d(x, weight, bias, stride, padding)
    u = normal(output.shape)
    if operator == "conv2d":
        return lambda: operators.conv2d(x, weight, bias, stride, padding)
    return lambda: operators.conv2d_backward(u, x, weight, stride, padding)


def theirs(operator: str, layer: Layer) -> Call:
    """Return the same in torch: an operator without autograd, or autograd's backward pass alone.

    Subsampling is the depthwise convolution whose taps are all the channel's weight. Its backward
    pass is that convolution's, which has one gradient for each tap.
    """
    import torch
    import torch.nn.functional as F

    x, weight, bias = (torch.from_numpy(array) for array in arrays(operator, layer))
    kernel, stride, padding = layer.kernel, layer.stride, layer.padding
    leaves = [x, weight, bias]
    if operator.startswith("avg_pool2d"):
        leaves = [x]

        def forward() -> torch.Tensor:
            return F.avg_pool2d(x, kernel, stride, padding)

    elif operator.startswith("subsample2d"):
        taps = weight[:, None, None, None].expand(-1, 1, kernel, kernel).contiguous()
        leaves = [x, taps, bias]

        def forward() -> torch.Tensor:
            return F.conv2d(x, taps, bias, stride, groups=len(taps))

    else:

        def forward() -> torch.Tensor:
            return F.conv2d(x, weight, bias, stride, padding)

    if not operator.endswith("_backward"):
        return forward
    for leaf in leaves:
        leaf.requires_grad_()
    output = forward()
    u = torch.from_numpy(normal(tuple(output.shape)))
    return lambda: torch.autograd.grad(output, leaves, u, retain_graph=True)


def arrays(operator: str, layer: Layer) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the input, and the weight and bias of a convolution or a subsampling."""
    channels = layer.input[1]
    if operator.startswith("conv2d"):
        shape: tuple[int, ...] = (layer.outputs, channels, layer.kernel, layer.kernel)
    else:
        shape = (channels,)
    return normal(layer.input), normal(shape), normal(shape[:1])


def normal(shape: tuple[int, ...]) -> np.ndarray:
    """Return the same standard normal numbers at every call."""
    return np.random.default_rng(0).standard_normal(shape, dtype=np.float32)


def seconds(call: Call, at_least: float) -> list[float]:
    """Time call after call, until so many seconds are over."""
    times: list[float] = []
    end = time.perf_counter() + at_least
    while not times or time.perf_counter() < end:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return times


def allocated(call: Call) -> float:
    """Return the most that NumPy had allocated at once during a call, its result included, in MiB."""
    tracemalloc.start()
    call()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 2**20


def resident(call: Call) -> float | None:
    """Return how much a call raises this process's resident memory at most, in MiB.

    None where the system does not tell (it does on Linux).
    """
    try:
        ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")
        before = _status("VmRSS")
        call()
        return (_status("VmHWM") - before) / 2**10
    except (OSError, AttributeError):
        return None


def _status(name: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1])
    raise OSError(f"/proc/self/status has no {name}")


def shares(call: Call, calls: int) -> list[tuple[str, float]]:
    """Return the functions that took most of the time of some calls, and their shares of it."""
    profile = cProfile.Profile()
    profile.enable()
    for _ in range(calls):
        call()
    profile.disable()
    stats = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    own = sorted(((entry[2], name[2]) for name, entry in stats.items()), reverse=True)
    total = sum(time for time, _ in own)
    return [(name, time / total) for time, name in own[:4]]


def main() -> None:
    """Answer every line until stdin ends."""
    side, threads = sys.argv[1], int(sys.argv[2])
    make, memory = (ours, allocated) if side == "ours" else (theirs, resident)
    if side == "torch":
        import torch

        torch.set_num_threads(threads)
    answer: Any
    for line in sys.stdin:
        question, *values = json.loads(line)
        if question == "prepare":
            operator, layer = values
            call = make(operator, Layer(*layer))
            call()
            answer = memory(call)
        elif question == "time":
            answer = seconds(call, values[0])
        else:
            answer = shares(call, values[0])
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
