"""Plain data between the examiner and a student's session: msgpack messages over a socket.

What crosses: None, bools, numbers (complex and big integers too), strings, bytes, lists, tuples, dicts, slices,
ranges, the three dots, NumPy arrays and scalars of numbers, and functions, which become proxies that
call back. Nothing else does, and nothing is ever unpickled; of other values their type may be told.
"""

import builtins
import math
import socket
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from fractions import Fraction
from numbers import Number
from typing import Any

import msgpack
import numpy as np

LIMIT = 64 * 2**20  # bytes of one message
VALUE = 16 * 2**20  # bytes of a message that brings a student's value, which then is computed with
SMALL = 4 * 2**20  # bytes of a message that asks the examiner to compute something
ITEMS = 2**18  # values in one message: arrays count once, ranges as often as they are long
KEYS = (
    2**10
)  # of them keys of dicts, which may all be made to share one hash, and be slow to compare
DEPTH = 40  # lists within lists
NAME = 8  # characters of a NumPy type's name
WORDS = (
    2**26
)  # how many values, times the length of the longest text: NumPy makes them all that long

_BIG, _COMPLEX, _TUPLE, _SLICE, _RANGE, _ARRAY, _SCALAR, _DOTS, _FUNCTION, _ODD = range(1, 11)
KINDS = range(1, 11)

_PLAIN: tuple[Any, ...] = (str, float, dict, list, bytes)


class WireError(ValueError):
    """A value that may not cross, or a message that is malformed or too large."""


class Closed(ConnectionError):
    """The other side has ended."""


def pack(
    value: Any, export: Callable[[Callable], int] | None = None, tell_odd: bool = False
) -> bytes:
    """Encode a value; `export` gives a function the number under which it can be called back.

    tell_odd: let the name of its type, and an array's shape, stand for a value of another kind.
    Raises WireError naming the type that may not cross.
    """

    def default(item: Any) -> Any:
        if isinstance(item, int) and not isinstance(item, bool):
            return msgpack.ExtType(_BIG, str(int(item)).encode())
        if isinstance(item, complex):
            return msgpack.ExtType(_COMPLEX, struct.pack("<dd", item.real, item.imag))
        if isinstance(item, tuple):
            return msgpack.ExtType(_TUPLE, inner(list(item)))
        if isinstance(item, slice):
            return msgpack.ExtType(_SLICE, inner([item.start, item.stop, item.step]))
        if isinstance(item, range):
            return msgpack.ExtType(_RANGE, inner([item.start, item.stop, item.step]))
        if item is ...:
            return msgpack.ExtType(_DOTS, b"")
        if isinstance(item, str):  # NumPy's too
            return str(item)
        if isinstance(item, np.ndarray | np.generic):
            array = np.asarray(item)
            if array.dtype.kind == "O" and all(isinstance(one, Number) for one in array.flat):
                array = array.astype(float)
            if array.dtype.kind not in "biufc":
                if tell_odd and _is_told(array):
                    return odd(array.dtype.str, list(array.shape))
                if tell_odd:
                    return odd(type(item).__name__, None)
                raise WireError(f"an array of {array.dtype} is no array of numbers")
            code = _ARRAY if isinstance(item, np.ndarray) else _SCALAR
            data = inner([array.dtype.str, list(array.shape), array.tobytes()])
            return msgpack.ExtType(code, data)
        for plain in _PLAIN:
            if isinstance(item, plain):  # a subclass crosses as what it is a kind of
                return plain(item)
        if isinstance(item, Fraction | Decimal):
            return float(item)
        if callable(item) and export is not None:
            return msgpack.ExtType(_FUNCTION, str(export(item)).encode())
        if hasattr(item, "__array__") or isinstance(item, Sequence):
            array = np.asarray(item)  # a tensor, a deque …
            if array.dtype.kind in "biufc":
                return default(array)
        if tell_odd:
            return odd(type(item).__name__, None)
        raise WireError(
            f"a {type(item).__name__} is no plain data (arrays, numbers, text, lists …)"
        )

    def odd(name: str, shape: list[int] | None) -> msgpack.ExtType:
        return msgpack.ExtType(_ODD, inner([clean(name), shape]))

    depth = 0

    def inner(item: Any) -> bytes:
        nonlocal depth
        depth += 1
        if depth > DEPTH:
            raise WireError(f"the value is nested more than {DEPTH} deep")
        try:
            return msgpack.packb(item, default=default, strict_types=True)
        except OverflowError:
            return msgpack.packb(_wide(item), default=default, strict_types=True)
        finally:
            depth -= 1

    try:
        data = inner(value)
    except (RecursionError, TypeError, ValueError) as error:
        raise error if isinstance(error, WireError) else WireError(str(error)) from None
    if len(data) > LIMIT:
        raise WireError(f"the value takes {len(data)} bytes; {LIMIT} may cross")
    return data


class _Wide(int):
    """An integer beyond 64 bits, which msgpack hands to `default` because of its type."""


def _wide(item: Any) -> Any:
    if type(item) is int:
        return _Wide(item)
    if isinstance(item, list):
        return [_wide(i) for i in item]
    if isinstance(item, dict):
        return {_wide(k): _wide(v) for k, v in item.items()}
    return item


def unpack(data: bytes, proxy: Callable[[int], Callable] | None = None) -> Any:
    """Decode a message; `proxy` makes the stand-in for the function of a number.

    Raises WireError for anything that `pack` would not have written, before it takes much room.
    """
    depth = 0
    room = _Room()

    def hook(code: int, body: bytes) -> Any:
        body = bytes(body)
        if code == _BIG:
            return int(body)
        if code == _COMPLEX:
            return complex(*struct.unpack("<dd", body))
        if code == _TUPLE:
            return tuple(inner(body))
        if code == _SLICE:
            return slice(*inner(body))
        if code == _RANGE:
            numbers = range(*inner(body))
            steps = (numbers.stop - numbers.start) // numbers.step
            room.take(max(steps, 0))  # a range is short on the way, and long where it arrives
            return numbers
        if code == _DOTS:
            return ...
        if code in (_ARRAY, _SCALAR):
            return _array(inner(body), scalar=code == _SCALAR)
        if code == _FUNCTION and proxy is not None:
            return proxy(int(body))
        if code == _ODD:
            name, shape = inner(body)
            return _odd(name) if shape is None else _odd_array(name, shape, room)
        raise WireError("an unknown kind of value")

    def inner(body: bytes) -> Any:
        nonlocal depth
        depth += 1
        if depth > DEPTH:
            raise WireError(f"the value is nested more than {DEPTH} deep")
        try:
            room.scan(body)
            return msgpack.unpackb(body, ext_hook=hook, strict_map_key=False)
        finally:
            depth -= 1

    try:
        return inner(data)
    except WireError:
        raise
    except Exception:
        raise WireError("a malformed message") from None


def _array(parts: Any, scalar: bool) -> Any:
    """The array or scalar of a type's name, a shape and the numbers' bytes."""
    name, shape, content = parts
    dtype = _dtype(name, "biufc")
    if not isinstance(content, bytes):
        raise WireError("an array of something else")
    _check_shape(shape)
    array = np.frombuffer(content, dtype).reshape(shape).copy()
    if not scalar:
        return array
    if array.ndim:
        raise WireError("a scalar with a shape")
    return array[()]


def _dtype(name: Any, kinds: str) -> np.dtype:
    if not isinstance(name, str) or len(name) > NAME:
        raise WireError("an array of something else")
    dtype = np.dtype(name)
    if dtype.kind not in kinds:
        raise WireError("an array of another type")
    return dtype


def _check_shape(shape: Any) -> None:
    if not isinstance(shape, list) or not all(type(n) is int and n >= 0 for n in shape):
        raise WireError("an array of no shape")


def _odd(name: Any) -> object:
    """What stands for a value that does not cross: something of a type of that name, and nothing more."""
    if not isinstance(name, str):
        raise WireError("a type of no name")
    kind = name[:100] if name.isidentifier() else "object"
    return type(kind, (), {"__repr__": lambda self: f"a {kind}"})()


def _is_told(array: np.ndarray) -> bool:
    """Whether an array of texts or objects is one that `_odd_array` makes again."""
    small = array.size <= ITEMS // 2 and array.nbytes <= VALUE
    return small and array.dtype.kind in "OUS" and len(array.dtype.str) <= NAME


def _odd_array(name: Any, shape: Any, room: "_Room") -> np.ndarray:
    """An array of the same shape and type as one of texts or objects, with nothing in it."""
    dtype = _dtype(name, "OUS")
    _check_shape(shape)
    size = math.prod(shape)
    room.take(size)
    if size * dtype.itemsize > VALUE:
        raise WireError("an array of long texts")
    return np.full(shape, None if dtype.kind == "O" else "", dtype)


class _Room:
    """What the values of one message may take up, counted before they are made."""

    def __init__(self) -> None:
        self.items, self.keys = ITEMS, KEYS

    def take(self, items: int, keys: int = 0) -> None:
        """Count so many values more. Raises WireError if they are too many."""
        self.items -= items
        self.keys -= keys
        if self.items < 0 or self.keys < 0:
            raise WireError(f"more than {ITEMS} values, or {KEYS} keys")

    def scan(self, data: bytes) -> None:
        """Walk over one encoded value, without making it. Raises WireError, IndexError.

        msgpack itself makes room for a list of the length that is declared, at every depth.
        """
        at, end = 0, len(data)
        waiting = [1]  # how many values are still to come, at each depth
        while waiting:
            if waiting[-1] == 0:
                waiting.pop()
                continue
            waiting[-1] -= 1
            code = data[at]
            skip, children, keys = _head(code, data, at)
            at += skip
            if at > end:
                raise WireError("it ends too early")
            if children:
                self.take(children, keys)
                waiting.append(children)
                if len(waiting) > DEPTH:
                    raise WireError(f"the value is nested more than {DEPTH} deep")
        if at != end:
            raise WireError("something follows it")


def _head(code: int, data: bytes, at: int) -> tuple[int, int, int]:
    """Of an encoded value: bytes up to what follows it or is in it, values in it, keys in it."""
    if code <= 0x7F or code >= 0xE0 or code in (0xC0, 0xC2, 0xC3):
        return 1, 0, 0
    if code <= 0x8F:
        return 1, 2 * (code & 15), code & 15
    if code <= 0x9F:
        return 1, code & 15, 0
    if code <= 0xBF:
        return 1 + (code & 31), 0, 0
    if 0xC7 <= code <= 0xC9 or 0xD4 <= code <= 0xD8:
        width = _SIZED[code][0] if code in _SIZED else 0
        if data[at + 1 + width] not in KINDS:  # msgpack makes a time of one, without asking
            raise WireError("an unknown kind of value")
    if code in _FIXED:
        return _FIXED[code], 0, 0
    if code in _SIZED:
        width, more = _SIZED[code]
        return 1 + width + int.from_bytes(data[at + 1 : at + 1 + width], "big") + more, 0, 0
    if code in _COUNTED:
        width, each = _COUNTED[code]
        count = int.from_bytes(data[at + 1 : at + 1 + width], "big")
        return 1 + width, each * count, (each - 1) * count
    raise WireError("an unknown code")


# msgpack's codes: numbers and small extensions of fixed size; text, bytes and extensions by the width of
# their size and the bytes besides; lists and dicts by the width of their count and the values each.
_FIXED = {0xCA: 5, 0xCB: 9, 0xCC: 2, 0xCD: 3, 0xCE: 5, 0xCF: 9, 0xD0: 2, 0xD1: 3, 0xD2: 5}
_FIXED |= {0xD3: 9, 0xD4: 3, 0xD5: 4, 0xD6: 6, 0xD7: 10, 0xD8: 18}
_SIZED = {0xC4: (1, 0), 0xC5: (2, 0), 0xC6: (4, 0), 0xC7: (1, 1), 0xC8: (2, 1), 0xC9: (4, 1)}
_SIZED |= {0xD9: (1, 0), 0xDA: (2, 0), 0xDB: (4, 0)}
_COUNTED = {0xDC: (2, 1), 0xDD: (4, 1), 0xDE: (2, 2), 0xDF: (4, 2)}


def check_words(value: Any) -> None:
    """Refuse a decoded value of which NumPy would make too large an array of text.

    Raises WireError.
    """
    lengths = [len(item) if isinstance(item, str | bytes) else 0 for item in _leaves(value)]
    if lengths and len(lengths) * max(lengths) > WORDS:
        raise WireError(f"more than {WORDS} characters of text, in an array")


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, list | tuple):
        for item in value:
            yield from _leaves(item)
    elif isinstance(value, dict):
        for pair in value.items():
            yield from _leaves(pair)
    else:
        yield value


def changeable(argument: Any) -> Any:
    """An argument that a call could change in place, if it can cross; None for the others."""
    if not isinstance(argument, np.ndarray | list | dict):
        return None
    try:
        pack(argument)
    except WireError:
        return None
    return argument


def write_back(argument: Any, after: Any) -> None:
    """Make an argument what the other side's function left of it."""
    if isinstance(argument, np.ndarray) and isinstance(after, np.ndarray):
        if not argument.flags.writeable:
            return
        if after.shape == argument.shape:
            argument[...] = after.astype(argument.dtype, copy=False)
        else:  # a shape is not changed from here, since others may look at the same numbers: these are
            argument[...] = np.nan if argument.dtype.kind in "fc" else ~argument
    elif isinstance(argument, list) and isinstance(after, list):
        argument[:] = after
    elif isinstance(argument, dict) and isinstance(after, dict):
        argument.clear()
        argument.update(after)


def describe(error: BaseException) -> dict[str, Any]:
    """An exception as plain data: its type, the types that it derives from, and its message."""
    try:
        text = str(error)
        # Without the name that IPython gives a cell.
        if isinstance(error, SyntaxError) and error.lineno:
            text = f"{error.msg} (line {error.lineno})"
    except Exception:
        text = "(its message cannot be shown)"
    return {
        "type": type(error).__name__,
        "kinds": [kind.__name__ for kind in type(error).__mro__],
        "text": clean(text[:2000]),
    }


def exception(description: dict[str, Any]) -> Exception:
    """The exception that was described: one of Python's own, or one of that name.

    It is an `Exception` in any case, and none that ends a loop over calls: neither may get past a test.
    """
    for name in description["kinds"]:
        kind = getattr(builtins, name, None)
        if kind is Exception or name in ("StopIteration", "StopAsyncIteration"):
            break
        if isinstance(kind, type) and issubclass(kind, Exception):
            try:
                return kind(description["text"])
            except TypeError:
                continue
    own = description["type"]
    return type(own if own.isidentifier() else "Exception", (Exception,), {})(description["text"])


def clean(text: str) -> str:
    """The text without lone surrogates, which no file and no message can hold."""
    return text.encode("utf-8", "replace").decode()


def send(sock: socket.socket, data: bytes) -> None:
    """Send one message. Raises Closed if the other side has ended, TimeoutError if it is late."""
    try:
        sock.sendall(struct.pack("<I", len(data)) + data)
    except (BrokenPipeError, ConnectionResetError):
        raise Closed("the other side has ended") from None


def receive(sock: socket.socket, limit: int = LIMIT, deadline: float | None = None) -> bytes:
    """Receive one message, whole before a deadline of `time.monotonic()` if there is one.

    Raises Closed, TimeoutError, or WireError if it is larger than `limit`.
    """
    (size,) = struct.unpack("<I", _exactly(sock, 4, deadline))
    if size > limit:
        raise WireError(f"a message of more than {limit} bytes")
    return _exactly(sock, size, deadline)


def _exactly(sock: socket.socket, size: int, deadline: float | None) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        if deadline is not None:
            # Anew each time, or a message that comes byte by byte would never be late.
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            sock.settimeout(left)
        try:
            part = sock.recv(min(size - len(parts), 2**20))
        except ConnectionResetError:
            part = b""
        if not part:
            raise Closed("the other side has ended")
        parts += part
    return bytes(parts)
