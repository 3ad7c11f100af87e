"""The three index formulas and their backward passes as literal loops.

They are the specification of `strided.operators`.

Torch7's documentation (torch/nn, doc/convolution.md) prints SubSampling and convolution in this
form, and the average is often written beside them in the same way:

    output[i][j][k] = ... input[dW*(i-1)+s)][dH*(j-1)+t][k]

As printed, a formula counts from 1, puts the width first and the channel last, and closes one
parenthesis more than it opens. Torch7's C code, and the functions below, index
`[channel, row, column]` from 0. In each of them y, x is the output's row and column, t, s the tap's
row and column in the window, k the output's channel and l the input's.

The backward passes visit the same outputs and taps, and send back where the forward passes read.
`grad_output` holds, for every output, by how much the loss rises per unit of that output; the
results hold the same for every input, weight and bias. No documentation prints them; their sources
are the layers' backward passes in Torch7's code.

Arrays are one image, `(C, H, W)`. Sizes are plain `(height, width)` pairs and are not checked; the
operators check theirs. Results are float64.
"""

from __future__ import annotations

import numpy as np

from strided.geometry import output_size

Pair = tuple[int, int]


def avg_pool2d(input: np.ndarray, kernel_size: Pair, stride: Pair) -> np.ndarray:
    """Average every window of every channel: `(C, H, W)` → `(C, out_H, out_W)`.

    Printed (1-based, s = 1..kW, t = 1..kH):

        output[i][j][k] = 1/(kW*kH) * sum_s sum_t input[dW*(i-1)+s)][dH*(j-1)+t][k]

    Corrected here: the unbalanced parenthesis, width before height, channel last, counting from 1.
    As printed there is no padding and no partial window. Source: Torch7 torch/nn,
    lib/THNN/generic/SpatialAveragePooling.c (code); no version of its documentation prints this.
    """
    (kH, kW), (dH, dW) = kernel_size, stride
    channels, height, width = input.shape
    output = np.zeros((channels, output_size(height, kH, dH), output_size(width, kW, dW)))
    for k, y, x in np.ndindex(output.shape):
        for t, s in np.ndindex(kH, kW):
            # printed, from 1: input[dW*(i-1)+s][dH*(j-1)+t][k]
            output[k, y, x] += input[k, dH * y + t, dW * x + s]
        output[k, y, x] /= kH * kW
    return output


def subsample2d(
    input: np.ndarray, weight: np.ndarray, bias: np.ndarray, kernel_size: Pair, stride: Pair
) -> np.ndarray:
    """Sum every window, times the channel's weight, plus its bias.

    `(C, H, W)` → `(C, out_H, out_W)`; `weight` and `bias` have shape `(C,)`. Printed (1-based,
    s = 1..kW, t = 1..kH):

        output[i][j][k] = bias[k] + weight[k] * sum_s sum_t input[dW*(i-1)+s)][dH*(j-1)+t][k]

    Corrected here: the unbalanced parenthesis, width before height, channel last, counting from 1.
    Sources: Torch7 torch/nn, doc/convolution.md (printed) and
    lib/THNN/generic/SpatialSubSampling.c (code).
    """
    (kH, kW), (dH, dW) = kernel_size, stride
    channels, height, width = input.shape
    output = np.zeros((channels, output_size(height, kH, dH), output_size(width, kW, dW)))
    for k, y, x in np.ndindex(output.shape):
        for t, s in np.ndindex(kH, kW):
            # printed, from 1: input[dW*(i-1)+s][dH*(j-1)+t][k]
            output[k, y, x] += input[k, dH * y + t, dW * x + s]
        output[k, y, x] = bias[k] + weight[k] * output[k, y, x]
    return output


def conv2d(
    input: np.ndarray, weight: np.ndarray, bias: np.ndarray, stride: Pair, padding: Pair = (0, 0)
) -> np.ndarray:
    """Weigh and sum every window of every input channel: `(C, H, W)` → `(out_C, out_H, out_W)`.

    `weight` has shape `(out_C, C, kH, kW)`, `bias` has `(out_C,)`. Pixels outside the image count
    as 0. Printed (1-based, s = 1..kW, t = 1..kH, l over the input's channels):

        output[i][j][k] = bias[k] + sum_l sum_s sum_t weight[s][t][l][k]
                                                      * input[dW*(i-1)+s)][dH*(j-1)+t][l]

    Corrected here: the unbalanced parenthesis, width before height, channel last, counting from 1,
    and `weight[s][t][l][k]`, which Torch7 stores as `weight[k][l][t][s]`. Padding is not printed;
    it is in Torch7's code. This is a cross-correlation: the kernel is not flipped. Sources: Torch7
    torch/nn, doc/convolution.md (printed) and lib/THNN/generic/SpatialConvolutionMM.c (code).
    """
    (dH, dW), (padH, padW) = stride, padding
    (_, height, width), (outputs, inputs, kH, kW) = input.shape, weight.shape
    rows, columns = output_size(height, kH, dH, padH), output_size(width, kW, dW, padW)
    output = np.zeros((outputs, rows, columns))
    for k, y, x in np.ndindex(output.shape):
        output[k, y, x] = bias[k]
        for l, t, s in np.ndindex(inputs, kH, kW):
            row, column = dH * y + t - padH, dW * x + s - padW
            if 0 <= row < height and 0 <= column < width:
                # printed, from 1: weight[s][t][l][k] * input[dW*(i-1)+s][dH*(j-1)+t][l]
                output[k, y, x] += weight[k, l, t, s] * input[l, row, column]
    return output


def avg_pool2d_backward(
    grad_output: np.ndarray, input_shape: tuple[int, int, int], kernel_size: Pair, stride: Pair
) -> np.ndarray:
    """Spread every output's gradient evenly over its window: `(C, out_H, out_W)` → `(C, H, W)`.

    The sums are those of `avg_pool2d`, each read turned into an addition. What windows share adds
    up; what none reads stays 0. Without padding or partial windows, as there. Source: Torch7
    torch/nn, lib/THNN/generic/SpatialAveragePooling.c.
    """
    (kH, kW), (dH, dW) = kernel_size, stride
    grad_input = np.zeros(input_shape)
    for k, y, x in np.ndindex(grad_output.shape):
        for t, s in np.ndindex(kH, kW):
            # forward, printed from 1: input[dW*(i-1)+s][dH*(j-1)+t][k]
            grad_input[k, dH * y + t, dW * x + s] += grad_output[k, y, x] / (kH * kW)
    return grad_input


def subsample2d_backward(
    grad_output: np.ndarray, input: np.ndarray, weight: np.ndarray, kernel_size: Pair, stride: Pair
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Spread every output's gradient, times its channel's weight, over its window.

    `grad_output` has shape `(C, out_H, out_W)`, `input` `(C, H, W)`, `weight` `(C,)`. Returns the
    gradients of the input, the weight and the bias, each of the shape of what it belongs to.
    Source: Torch7 torch/nn, lib/THNN/generic/SpatialSubSampling.c.
    """
    (kH, kW), (dH, dW) = kernel_size, stride
    grad_input = np.zeros(input.shape)
    grad_weight, grad_bias = np.zeros(weight.shape), np.zeros(weight.shape)
    for k, y, x in np.ndindex(grad_output.shape):
        grad_bias[k] += grad_output[k, y, x]
        for t, s in np.ndindex(kH, kW):
            # forward, printed from 1: weight[k] * input[dW*(i-1)+s][dH*(j-1)+t][k]
            row, column = dH * y + t, dW * x + s
            grad_input[k, row, column] += grad_output[k, y, x] * weight[k]
            grad_weight[k] += grad_output[k, y, x] * input[k, row, column]
    return grad_input, grad_weight, grad_bias


def conv2d_backward(
    grad_output: np.ndarray,
    input: np.ndarray,
    weight: np.ndarray,
    stride: Pair,
    padding: Pair = (0, 0),
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Spread every output's gradient, times the kernels that made it, over its windows.

    `grad_output` has shape `(out_C, out_H, out_W)`, `input` `(C, H, W)`, `weight`
    `(out_C, C, kH, kW)`. Returns the gradients of the input, the weight and the bias. Whatever
    lands in the padding is dropped. Source: Torch7 torch/nn,
    lib/THNN/generic/SpatialConvolutionMM.c.
    """
    (dH, dW), (padH, padW) = stride, padding
    (_, height, width), (outputs, inputs, kH, kW) = input.shape, weight.shape
    grad_input, grad_weight = np.zeros(input.shape), np.zeros(weight.shape)
    grad_bias = np.zeros(outputs)
    for k, y, x in np.ndindex(grad_output.shape):
        grad_bias[k] += grad_output[k, y, x]
        for l, t, s in np.ndindex(inputs, kH, kW):
            row, column = dH * y + t - padH, dW * x + s - padW
            if 0 <= row < height and 0 <= column < width:
                # forward, printed from 1: weight[s][t][l][k] * input[dW*(i-1)+s][dH*(j-1)+t][l]
                grad_input[l, row, column] += grad_output[k, y, x] * weight[k, l, t, s]
                grad_weight[k, l, t, s] += grad_output[k, y, x] * input[l, row, column]
    return grad_input, grad_weight, grad_bias
