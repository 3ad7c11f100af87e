"""Plain data between the examiner and a student's session: msgpack messages over a socket.

What crosses: None, bools, numbers (complex and big integers too), strings, bytes, lists, tuples, dicts, slices,
ranges, the three dots, NumPy arrays and scalars of numbers, and functions, which become proxies that
call back. Nothing else does, and nothing is ever unpickled.
"""

import builtins
import socket
import struct
from collections.abc import Callable, Sequence
from typing import Any

import msgpack
import numpy as np

LIMIT = 64 * 2**20  # bytes of one message
SMALL = 4 * 2**20  # bytes of a message that asks the examiner to compute something
LONG = 10**6  # numbers of a range, which takes no room on the way but does where it arrives
DEPTH = 40  # lists within lists

_BIG, _COMPLEX, _TUPLE, _SLICE, _RANGE, _ARRAY, _SCALAR, _DOTS, _FUNCTION = range(1, 10)

_PLAIN: tuple[Any, ...] = (str, float, dict, list, bytes)


class WireError(ValueError):
    """A value that may not cross, or a message that is malformed or too large."""


class Closed(ConnectionError):
    """The other side has ended."""


def pack(value: Any, export: Callable[[Callable], int] | None = None) -> bytes:
    """Encode a value; `export` gives a function the number under which it can be called back.

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
            if array.dtype.kind not in "biufc":
                raise WireError(f"an array of {array.dtype} is no array of numbers")
            code = _ARRAY if isinstance(item, np.ndarray) else _SCALAR
            data = inner([array.dtype.str, list(array.shape), array.tobytes()])
            return msgpack.ExtType(code, data)
        for plain in _PLAIN:
            if isinstance(item, plain):  # a subclass crosses as what it is a kind of
                return plain(item)
        if callable(item) and export is not None:
            return msgpack.ExtType(_FUNCTION, str(export(item)).encode())
        if hasattr(item, "__array__") or isinstance(item, Sequence):
            array = np.asarray(item)  # a tensor, a deque …
            if array.dtype.kind in "biufc":
                return default(array)
        raise WireError(
            f"a {type(item).__name__} is no plain data (arrays, numbers, text, lists …)"
        )

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

    Raises WireError for anything that `pack` would not have written.
    """

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
            if (numbers.stop - numbers.start) // numbers.step > LONG:
                raise WireError(f"a range of more than {LONG} numbers")
            return numbers
        if code == _DOTS:
            return ...
        if code in (_ARRAY, _SCALAR):
            name, shape, content = inner(body)
            dtype = np.dtype(name)
            if dtype.kind not in "biufc":
                raise WireError("an array that is no array of numbers")
            array = np.frombuffer(content, dtype).reshape(shape).copy()
            return array if code == _ARRAY else array[()]
        if code == _FUNCTION and proxy is not None:
            return proxy(int(body))
        raise WireError(f"an unknown kind of value ({code})")

    depth = 0

    def inner(body: bytes) -> Any:
        nonlocal depth
        depth += 1
        if depth > DEPTH:
            raise WireError(f"the value is nested more than {DEPTH} deep")
        try:
            return msgpack.unpackb(body, ext_hook=hook, strict_map_key=False)
        finally:
            depth -= 1

    try:
        return inner(data)
    except WireError:
        raise
    except Exception as error:
        raise WireError(f"a malformed message: {error}") from None


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
        if after.shape == argument.shape and argument.flags.writeable:
            argument[...] = after.astype(argument.dtype, copy=False)
    elif isinstance(argument, list) and isinstance(after, list):
        argument[:] = after
    elif isinstance(argument, dict) and isinstance(after, dict):
        argument.clear()
        argument.update(after)


def describe(error: BaseException) -> dict[str, Any]:
    """An exception as plain data: its type, the types that it derives from, and its message."""
    try:
        text = str(error)
    except Exception:
        text = "(its message cannot be shown)"
    return {
        "type": type(error).__name__,
        "kinds": [kind.__name__ for kind in type(error).__mro__],
        "text": clean(text[:2000]),
    }


def exception(description: dict[str, Any]) -> Exception:
    """The exception that was described: one of Python's own, or the nearest that it derives from."""
    for name in description["kinds"]:
        kind = getattr(builtins, name, None)
        if kind is Exception:
            break
        if isinstance(kind, type) and issubclass(kind, Exception):
            try:
                return kind(description["text"])
            except TypeError:
                continue
    return RuntimeError(f"{description['type']}: {description['text']}")


def clean(text: str) -> str:
    """The text without lone surrogates, which no file and no message can hold."""
    return text.encode("utf-8", "replace").decode()


def send(sock: socket.socket, data: bytes) -> None:
    """Send one message. Raises Closed if the other side has ended, TimeoutError if it is late."""
    try:
        sock.sendall(struct.pack("<I", len(data)) + data)
    except (BrokenPipeError, ConnectionResetError):
        raise Closed("the other side has ended") from None


def receive(sock: socket.socket, limit: int = LIMIT) -> bytes:
    """Receive one message. Raises Closed, TimeoutError, or WireError if it is larger than `limit`."""
    (size,) = struct.unpack("<I", _exactly(sock, 4))
    if size > limit:
        raise WireError(f"a message of {size} bytes; at most {limit} are taken")
    return _exactly(sock, size)


def _exactly(sock: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        try:
            part = sock.recv(min(size - len(parts), 2**20))
        except ConnectionResetError:
            part = b""
        if not part:
            raise Closed("the other side has ended")
        parts += part
    return bytes(parts)
