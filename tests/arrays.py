"""Arrays for the tests of the operators, forward and backward: random ones, and odd layouts of them."""

import numpy as np

LAYOUTS = ("read-only", "reversed", "stepped", "transposed", "broadcast")


def normal(seed, *shapes, dtype=np.float64):
    """Random arrays of these shapes."""
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape).astype(dtype) for shape in shapes]


def laid_out(make, arrays):
    """The arrays in one of `LAYOUTS`, and contiguous ones of the same numbers."""
    if make == "broadcast":
        arrays = [np.broadcast_to(array[:1], array.shape) for array in arrays]
    plain = [np.ascontiguousarray(array) for array in arrays]
    if make == "read-only":
        for array in arrays:
            array.flags.writeable = False
    elif make == "reversed":
        arrays = [array[..., ::-1].copy()[..., ::-1] for array in arrays]
    elif make == "stepped":
        arrays = [np.repeat(array, 2, axis=-1)[..., ::2] for array in arrays]
    elif make == "transposed":
        arrays = [array.T.copy().T for array in arrays]
    return arrays, plain
