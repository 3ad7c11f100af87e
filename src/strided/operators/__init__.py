"""The three operators, fast, forward and backward, with the signatures of `torch.nn.functional`.

`strided.formulas` says what they compute; this package does the same with whole-array operations.

Arrays are `(N, C, H, W)`, or `(C, H, W)` for one image; the result has as many axes. Lists and any
NumPy layout are accepted and never changed. float32 and float64 give results of their own type;
integers are computed in float64, so that small examples can be typed as lists (torch refuses most
integers, or rounds). Other types, and two float types in one call, are refused with TypeError.
Whatever else torch refuses is refused with ValueError or TypeError, naming the argument, its value
and the shapes.

A backward pass takes the gradient of a number with respect to the operator's output, the cotangent
`grad_output`, and returns the gradients with respect to the operator's arrays.
"""

from strided.operators.backward import avg_pool2d_backward, conv2d_backward, subsample2d_backward
from strided.operators.forward import avg_pool2d, conv2d, subsample2d

__all__ = [
    "avg_pool2d",
    "avg_pool2d_backward",
    "conv2d",
    "conv2d_backward",
    "subsample2d",
    "subsample2d_backward",
]
