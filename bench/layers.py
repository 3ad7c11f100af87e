"""Every layer at which LeNet-5, VGG-16 and ResNet-18 pool or convolve, each shape once.

LeNet-5 as in LeCun et al. 1998, with its C3 as a full convolution; VGG-16 as in Simonyan and
Zisserman 2014; ResNet-18 as in He et al. 2015. Where these two take a maximum, the bench takes the
average over the same windows.
"""

from typing import NamedTuple


class Layer(NamedTuple):
    """One layer: the shape of its input, its windows and, for a convolution, its outputs."""

    network: str
    name: str
    input: tuple[int, int, int, int]
    kernel: int
    stride: int
    padding: int = 0
    outputs: int = 0

    def __str__(self) -> str:
        text = "x".join(map(str, self.input))
        text += f" → {self.outputs}" if self.outputs else ""
        text += f", {self.kernel}x{self.kernel}/{self.stride}"
        return text + (f" pad {self.padding}" if self.padding else "")


LENET, VGG, RESNET = ("LeNet-5", 64), ("VGG-16", 1), ("ResNet-18", 4)  # images in a batch


def _vgg_convolutions() -> list[Layer]:
    name, batch = VGG
    layers = []
    for block, size, inputs, outputs in (
        (1, 224, 3, 64),
        (1, 224, 64, 64),
        (2, 112, 64, 128),
        (2, 112, 128, 128),
        (3, 56, 128, 256),
        (3, 56, 256, 256),
        (4, 28, 256, 512),
        (4, 28, 512, 512),
        (5, 14, 512, 512),
    ):
        shape = (batch, inputs, size, size)
        layers.append(Layer(name, f"conv{block}", shape, 3, 1, 1, outputs))
    return layers


def _resnet_convolutions() -> list[Layer]:
    name, batch = RESNET
    layers = [Layer(name, "conv1", (batch, 3, 224, 224), 7, 2, 3, 64)]
    layers.append(Layer(name, "conv2_x", (batch, 64, 56, 56), 3, 1, 1, 64))
    for stage, size, inputs in ((3, 56, 64), (4, 28, 128), (5, 14, 256)):
        outputs, shape = 2 * inputs, (batch, inputs, size, size)
        inner = (batch, outputs, size // 2, size // 2)
        layers.append(Layer(name, f"conv{stage}_1", shape, 3, 2, 1, outputs))
        layers.append(Layer(name, f"conv{stage}_1 shortcut", shape, 1, 2, 0, outputs))
        layers.append(Layer(name, f"conv{stage}_x", inner, 3, 1, 1, outputs))
    return layers


CONVOLUTIONS = [
    Layer(LENET[0], "C1", (LENET[1], 1, 32, 32), 5, 1, 0, 6),
    Layer(LENET[0], "C3", (LENET[1], 6, 14, 14), 5, 1, 0, 16),
    Layer(LENET[0], "C5", (LENET[1], 16, 5, 5), 5, 1, 0, 120),
    *_vgg_convolutions(),
    *_resnet_convolutions(),
]

POOLINGS = [
    Layer(LENET[0], "S2", (LENET[1], 6, 28, 28), 2, 2),
    Layer(LENET[0], "S4", (LENET[1], 16, 10, 10), 2, 2),
    Layer(VGG[0], "pool1", (VGG[1], 64, 224, 224), 2, 2),
    Layer(VGG[0], "pool2", (VGG[1], 128, 112, 112), 2, 2),
    Layer(VGG[0], "pool3", (VGG[1], 256, 56, 56), 2, 2),
    Layer(VGG[0], "pool4", (VGG[1], 512, 28, 28), 2, 2),
    Layer(VGG[0], "pool5", (VGG[1], 512, 14, 14), 2, 2),
    Layer(RESNET[0], "pool1", (RESNET[1], 64, 112, 112), 3, 2, 1),
    Layer(RESNET[0], "global", (RESNET[1], 512, 7, 7), 7, 7),
]

# SubSampling has no padding: where a layer pads, the zeros are part of its input.
SUBSAMPLINGS = []
for layer in POOLINGS:
    batch, channels, *size = layer.input
    height, width = (n + 2 * layer.padding for n in size)
    padded = (batch, channels, height, width)
    SUBSAMPLINGS.append(layer._replace(input=padded, padding=0))
