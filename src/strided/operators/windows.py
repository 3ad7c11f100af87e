"""The windows of one call: what the forward passes read, and the backward passes add to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

Pair = tuple[int, int]

# Work goes in blocks of about so many bytes, so that what one step leaves is still in the
# processor's cache for the next. Sums are done plane by plane; the columns of a convolution want
# larger blocks, for each of them costs a pass over the weights.
SUM_BYTES = 2 << 20
COLUMN_BYTES = 8 << 20


@dataclass(frozen=True)
class Windows:
    """Every window of one call. All fields are `(height, width)`, in pixels or in windows."""

    kernel: Pair
    step: Pair  # from one window to the next
    gap: Pair  # from one tap to the next
    before: Pair  # padding above and to the left of the image
    count: Pair  # windows

    def rows(self, t: int) -> slice:
        """Return the rows of a padded image that the taps in row `t` read, in all windows."""
        return _reads(t * self.gap[0], self.step[0], self.count[0])

    def columns(self, s: int) -> slice:
        """Return the columns of a padded image that the taps in column `s` read."""
        return _reads(s * self.gap[1], self.step[1], self.count[1])

    def image(self, size: Pair) -> tuple[slice, slice]:
        """Return where an image of this size lies in its padded image."""
        (top, left), (height, width) = self.before, size
        return slice(top, top + height), slice(left, left + width)

    def padded_size(self, size: Pair) -> Pair:
        """Return the size of an image of this size with its padding and all that windows read."""
        rows, columns = self.image(size)
        last_row, last_column = (k - 1 for k in self.kernel)
        return max(rows.stop, self.rows(last_row).stop), max(
            columns.stop, self.columns(last_column).stop
        )

    def cut(self, rows: slice) -> tuple[Windows, slice]:
        """Return the windows of some rows of the output, and the rows of the image they read."""
        part = replace(self, count=(rows.stop - rows.start, self.count[1]))
        first = rows.start * self.step[0]
        return part, slice(first, first + part.rows(self.kernel[0] - 1).stop)


def _reads(offset: int, step: int, windows: int) -> slice:
    """Return where a tap, `offset` pixels into its window, reads in all windows along one axis."""
    return slice(offset, offset + (windows - 1) * step + 1, step)


def pad(x: np.ndarray, windows: Windows, size: Pair) -> np.ndarray:
    """Return images of `size` with `x` in its place and zeros around; `x` itself if it fits."""
    if size == x.shape[-2:]:
        return x
    padded = np.zeros((*x.shape[:-2], *size), x.dtype)
    padded[..., *windows.image(x.shape[-2:])] = x
    return padded


def sums(x: np.ndarray, windows: Windows) -> np.ndarray:
    """Sum each window: first along its columns, then, on the fewer numbers left, down its rows.

    One long addition is several times as fast as one for each row of an image. So rows are laid end
    to end, each as long as a whole number of steps, and added to themselves shifted by a tap. Sums
    that run from one row or image into the next, and those of rows between two windows, are computed
    too; the last line leaves them out.
    """
    kH, kW = windows.kernel
    if windows.count == (1, 1) and windows.before == (0, 0):
        return x[..., :kH, :kW].sum(axis=(-2, -1), keepdims=True)
    height, width = windows.padded_size(x.shape[-2:])
    step = windows.step[1]
    length = -(-width // step)  # steps in a row
    planes = pad(x, windows, (height, length * step)).reshape(-1, height, length * step)
    output = np.empty((len(planes), *windows.count), x.dtype)
    several = max(1, SUM_BYTES // (planes.itemsize * height * length * step))
    for first in range(0, len(planes), several):
        some = planes[first : first + several]
        with np.errstate(over="ignore", invalid="ignore"):
            across = _add_shifted(some.reshape(-1), kW, 1, step, len(some) * height * length)
            down = _add_shifted(across, kH, length, 1, len(across))
        kept = down.reshape(len(some), height, length)[:, windows.rows(0), : windows.count[1]]
        output[first : first + several] = kept
    return output.reshape(*x.shape[:-2], *windows.count)


def _add_shifted(x: np.ndarray, taps: int, shift: int, step: int, size: int) -> np.ndarray:
    """Return `sum over t < taps of x[i * step + t * shift]` for each i that has all its taps.

    The result has room for `size` numbers; those behind the last such i are not set.
    """
    if taps == 1:
        return x[::step]
    whole = (len(x) - (taps - 1) * shift - 1) // step + 1
    terms = [x[_reads(t * shift, step, whole)] for t in range(taps)]
    result = np.empty(size, x.dtype)
    total = np.add(terms[0], terms[1], out=result[:whole])
    for term in terms[2:]:
        total += term
    return result


def spread(totals: np.ndarray, windows: Windows, size: Pair) -> np.ndarray:
    """Add each window's number to every pixel that it reads, in images of `size`.

    The adjoint of `sums`: first along the columns, then down the rows. What a window reads of its
    padding is left out.
    """
    height, width = windows.padded_size(size)
    across = np.zeros((*totals.shape[:-1], width), totals.dtype)
    for s in range(windows.kernel[1]):
        across[..., windows.columns(s)] += totals
    padded = np.zeros((*totals.shape[:-2], height, width), totals.dtype)
    for t in range(windows.kernel[0]):
        padded[..., windows.rows(t), :] += across
    return padded[..., *windows.image(size)]


def blocks(windows: Windows, images: int, column_bytes: int) -> Iterator[tuple[slice, slice]]:
    """Split the windows into blocks: several whole images, or some output rows of one image."""
    out_H, out_W = windows.count
    rows = max(1, COLUMN_BYTES // (column_bytes * out_W))
    several = max(1, rows // out_H)
    for first in range(0, images, several):
        for row in range(0, out_H, rows):
            yield slice(first, first + several), slice(row, min(row + rows, out_H))


def lay_out(images: np.ndarray, windows: Windows) -> np.ndarray:
    """Copy what every tap reads in every window: `(C, kH, kW, N, out_H, out_W)`.

    With the first three axes as one, and the last three, it is a matrix of a column for each
    window.
    """
    channels = images.swapaxes(0, 1)
    columns = np.empty((len(channels), *windows.kernel, len(images), *windows.count), images.dtype)
    for t, s in np.ndindex(*windows.kernel):
        columns[:, t, s] = channels[..., windows.rows(t), windows.columns(s)]
    return columns


def add_back(columns: np.ndarray, images: np.ndarray, windows: Windows) -> None:
    """Add what every tap holds in every window to the pixel it reads: the adjoint of `lay_out`."""
    channels = images.swapaxes(0, 1)
    for t, s in np.ndindex(*windows.kernel):
        channels[..., windows.rows(t), windows.columns(s)] += columns[:, t, s]
