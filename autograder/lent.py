"""What some lessons lend: operators of the library that answers may call, though the library is absent.

A lent operator runs in the examiner and is called from the session, so its code never gets there.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from strided import geometry, names, operators

MOST = 2 * 10**7  # multiplications of one call: the examiner's time is everybody's


def conv2d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    *rest: Any,
    **more: Any,
) -> np.ndarray:
    """`operators.conv2d` for images that are not too large, with the padding around them."""
    around = (0, 0)
    if not isinstance(padding, str):
        around = geometry.pair(padding, "padding")
    *batch, _, height, width = (1, 1, 1, *np.shape(input))[-4:]
    places = math.prod(batch) * (height + 2 * around[0]) * (width + 2 * around[1])
    if places * np.size(weight) > MOST:
        raise ValueError(f"conv2d is lent for small images: {MOST} multiplications a call")
    return operators.conv2d(input, weight, bias, stride, padding, *rest, **more)


def dense_conv2d(
    input: Any, weight: Any, bias: Any = None, stride: Any = 1, *rest: Any, **more: Any
) -> np.ndarray:
    """`operators.conv2d` at stride 1: where the step is the exercise, it is not lent."""
    if geometry.pair(stride, "stride", least=1) != (1, 1):
        raise ValueError(f"conv2d is lent at stride 1 only, got stride={stride}")
    return conv2d(input, weight, bias, 1, *rest, **more)


def pooling_divisors(height: int, width: int, *rest: Any, **more: Any) -> np.ndarray:
    """`geometry.pooling_divisors` for images that are not too large."""
    if int(height) * int(width) > MOST // 100:
        raise ValueError(f"pooling_divisors is lent for images of at most {MOST // 100} pixels")
    return geometry.pooling_divisors(height, width, *rest, **more)


FORWARD: dict[str, Callable] = {
    "operators.avg_pool2d": operators.avg_pool2d,
    "operators.subsample2d": operators.subsample2d,
    "operators.conv2d": conv2d,
}
LENT: dict[str, dict[str, Callable]] = {
    "07_backward": {
        "geometry.pooling_divisors": pooling_divisors,
        **FORWARD,
    },
    "08_phase_and_aliasing": {"operators.conv2d": dense_conv2d},
    "09_porting_lab": {
        "geometry.same_padding_tensorflow": geometry.same_padding_tensorflow,
        "names.keras1_to_keras2": names.keras1_to_keras2,
        **FORWARD,
    },
}
