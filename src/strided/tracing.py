"""A recording array: which inputs each output read, and how often each input was read in all.

`trace` runs a function on an array whose entries are numbers that remember where they come from. It
follows what adds, multiplies and moves numbers: loops, slices, `np.pad`, sums, means, maxima,
`sliding_window_view`, `as_strided`, `einsum`, `tensordot`, `@`, cumulative sums, and arrays that the
function makes with `np.zeros` and its kin.

It does not follow numbers that leave Python's arithmetic: `float(...)`, `int(...)`, FFTs, PyTorch, and this
library's own operators, which hand their input to a matrix product; `trace` says so with a TypeError. Where
a function chooses by comparing (`if`, Python's `max`), the comparison counts as a read, but the output is
said to read the winner only.
"""

from __future__ import annotations

import contextlib
import copy
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, partial
from types import ModuleType
from typing import Any

import numpy as np
import numpy.random  # loaded, so that `_COMPILED` is whole

Index = tuple[int, ...]


class _Number:
    """A number that remembers what it was made of.

    value: the number itself; made_of: the numbers that it was computed from; entry: its index in the traced
    array, for those that it holds; counts: where reads of that array's entries are counted.
    """

    __slots__ = ("counts", "entry", "made_of", "value")

    def __init__(self, value: Any, made_of: tuple, entry: Index | None, counts: np.ndarray):
        self.value, self.made_of, self.entry, self.counts = value, made_of, entry, counts

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return _apply(ufunc, method, inputs, kwargs)

    def __repr__(self) -> str:
        return repr(self.value)

    def __bool__(self) -> bool:
        return bool(self != 0)

    def _refuse(self, *args: object) -> Any:
        raise TypeError("a traced number cannot become a plain one: it would forget what it read")

    __float__ = __int__ = __index__ = __complex__ = __round__ = _refuse
    __hash__ = object.__hash__


def _combine(ufunc: np.ufunc, *operands: Any) -> Any:
    """The result of a ufunc on single numbers, some of them traced; each traced entry is read once."""
    traced = tuple(o for o in operands if isinstance(o, _Number))
    value = ufunc(*(o.value if isinstance(o, _Number) else o for o in operands))
    for number in traced:
        if number.entry is not None:
            number.counts[number.entry] += 1
    if not traced or isinstance(value, bool | np.bool_):
        return value
    # Times zero: it is read, but the result is not made of it.
    times_zero = ufunc is np.multiply and any(
        not isinstance(o, _Number) and o == 0 for o in operands
    )
    return _Number(value, () if times_zero else traced, None, traced[0].counts)


def _operator(ufunc: np.ufunc, swapped: bool = False) -> Callable:
    def method(self: _Number, other: Any) -> Any:
        if isinstance(other, np.ndarray):
            return ufunc(other, self) if swapped else ufunc(self, other)
        return _combine(ufunc, other, self) if swapped else _combine(ufunc, self, other)

    return method


def _sign(ufunc: np.ufunc) -> Callable:
    return lambda self: _combine(ufunc, self)


_ARITHMETIC: dict[str, np.ufunc] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "truediv": np.true_divide,
    "floordiv": np.floor_divide,
    "mod": np.remainder,
    "pow": np.power,
}
_COMPARISONS: dict[str, np.ufunc] = {
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "eq": np.equal,
    "ne": np.not_equal,
}
_SIGNS: dict[str, np.ufunc] = {"neg": np.negative, "pos": np.positive, "abs": np.absolute}
for _word, _ufunc in (_ARITHMETIC | _COMPARISONS).items():
    setattr(_Number, f"__{_word}__", _operator(_ufunc))
for _word, _ufunc in _ARITHMETIC.items():
    setattr(_Number, f"__r{_word}__", _operator(_ufunc, swapped=True))
for _word, _ufunc in _SIGNS.items():
    setattr(_Number, f"__{_word}__", _sign(_ufunc))


class _Traced(np.ndarray):
    """An array of traced numbers, and of plain ones among them."""

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return _apply(ufunc, method, inputs, kwargs)

    def astype(self, dtype: Any, *args: Any, **kwargs: Any) -> Any:
        """A copy; of another type only where that loses no trace."""
        return self.copy() if np.dtype(dtype).kind in "fO" else super().astype(dtype)


def _traced(value: Any) -> Any:
    """An array of objects as one that records; everything else as it is."""
    objects = isinstance(value, np.ndarray) and value.dtype == object
    return value.view(_Traced) if objects else value


def _plain(value: Any) -> Any:
    """What a ufunc of objects takes without asking this module again."""
    if isinstance(value, _Number):
        value = np.array(value, dtype=object)
    return value.view(np.ndarray) if isinstance(value, _Traced) else value


@cache
def _recording(ufunc: np.ufunc) -> np.ufunc:
    """A ufunc that does the same to numbers one by one, and records it."""
    # An identity of None would mean none at all; given, it says that the order does not matter.
    return np.frompyfunc(partial(_combine, ufunc), ufunc.nin, 1, identity=ufunc.identity)


def _answers_yes_or_no(ufunc: np.ufunc) -> bool:
    return any(types.endswith("d->?") for types in ufunc.types)


def _apply(ufunc: np.ufunc, method: str, inputs: tuple, kwargs: dict[str, Any]) -> Any:
    """Run a ufunc's method on traced arrays."""
    if ufunc.nout != 1:
        raise TypeError(f"np.{ufunc.__name__} gives several results, which are not traced")
    into = kwargs.pop("out", (None,))[0]
    for option in ("dtype", "casting", "order", "subok"):
        kwargs.pop(option, None)
    # A matrix product of objects multiplies and adds them one by one, so it records by itself.
    run = getattr(ufunc if ufunc.signature else _recording(ufunc), method)
    result = run(*map(_plain, inputs), **kwargs)
    if isinstance(result, np.ndarray) and _answers_yes_or_no(ufunc):
        result = result.astype(bool)
    if into is None:
        return _traced(result)
    into[...] = result
    return into


# ---------------------------------------------------------------- arrays made on the way


def _making(make: Callable) -> Callable:
    """A maker of arrays whose arrays of floats can take traced numbers."""

    def made(*args: Any, **kwargs: Any) -> np.ndarray:
        array = make(*args, **kwargs)
        return _traced(array.astype(object)) if array.dtype.kind in "fO" else array

    return made


def _converting(convert: Callable) -> Callable:
    """A converter to arrays that leaves traced numbers as they are, whatever type of float is asked for."""

    def converted(value: Any, dtype: Any = None, *args: Any, **kwargs: Any) -> np.ndarray:
        if _holds_traced(value) and (dtype is None or np.dtype(dtype).kind in "fO"):
            return _traced(convert(value, object, *args, **kwargs))
        return convert(value, dtype, *args, **kwargs)

    return converted


def _holds_traced(value: Any) -> bool:
    if isinstance(value, tuple | list):
        return any(map(_holds_traced, value))
    return isinstance(value, _Traced | _Number)


_MAKERS = ("zeros", "ones", "empty", "full", "zeros_like", "ones_like", "empty_like", "full_like")
_CONVERTERS = ("array", "asarray", "asanyarray", "ascontiguousarray", "asfortranarray")


# NumPy's compiled random numbers write raw floats into what `np.empty` gives them.
_COMPILED = [
    module
    for name, module in sys.modules.items()
    if name.startswith("numpy.random.") and getattr(module, "np", None) is np
]
_PLAIN = ModuleType("numpy")
_PLAIN.__dict__.update(vars(np))


@contextlib.contextmanager
def _recording_numpy() -> Iterator[None]:
    """Let the arrays that a function makes take traced numbers: NumPy's makers are replaced meanwhile."""
    with contextlib.ExitStack() as stack:
        for names, wrap in ((_MAKERS, _making), (_CONVERTERS, _converting)):
            for name in names:
                made = getattr(np, name)
                stack.callback(setattr, np, name, made)
                setattr(np, name, wrap(made))
        for module in _COMPILED:
            stack.callback(setattr, module, "np", np)
            module.np = _PLAIN  # type: ignore[attr-defined]
        yield


# ---------------------------------------------------------------- tracing


@dataclass(frozen=True)
class Trace:
    """What a function read.

    value: what it returned: an array, or a tuple of arrays.
    counts: how often each entry of the traced array was read, in the array's shape; a read is one
        arithmetic operation on the entry, or one copy of it into the result.
    """

    value: np.ndarray | tuple[np.ndarray, ...]
    counts: np.ndarray
    _outputs: tuple[np.ndarray, ...] = field(repr=False)

    @property
    def work(self) -> int:
        """All reads together: for a convolution its multiplications, those thrown away included."""
        return int(self.counts.sum())

    def reads(self, index: int | Index) -> dict[Index, int]:
        """The entries that one output was made of, by index, and how often each was read for it.

        What was multiplied by a plain zero, as under a mask, was read, but nothing is made of it.

        With several results, `index` begins with the result's number. Raises IndexError where there is
        no such output.
        """
        at = index if isinstance(index, tuple) else (index,)
        output, at = (self._outputs[at[0]], at[1:]) if self._several else (self._outputs[0], at)
        if len(at) != output.ndim:
            raise IndexError(f"an output has {output.ndim} indices here, got {index!r}")
        found: Counter[Index] = Counter()
        seen, todo = set(), [_made_of_itself(output[at])]
        while todo:
            number = todo.pop()
            for part in number.made_of if isinstance(number, _Number) else ():
                if part.entry is not None:
                    found[part.entry] += 1
                elif id(part) not in seen:
                    seen.add(id(part))
                    todo.append(part)
        return dict(sorted(found.items()))

    @property
    def _several(self) -> bool:
        return isinstance(self.value, tuple)


def _made_of_itself(number: Any) -> Any:
    """An entry that was copied into the result, as a number made of it."""
    if isinstance(number, _Number) and number.entry is not None:
        return _Number(number.value, (number,), None, number.counts)
    return number


def trace(function: Callable, *args: Any, **kwargs: Any) -> Trace:
    """Call a function and record what it reads of the first array among its positional arguments.

    Args:
        function: from arrays to an array, or to a tuple of arrays.
        args, kwargs: what to call it with; they are copied. While it runs, NumPy's makers of arrays are
            replaced in the whole process.

    Returns:
        The record.

    Raises:
        TypeError: no argument is an array, or the function does what is not followed; see the module.
    """
    place = next((n for n, a in enumerate(args) if isinstance(a, np.ndarray) and a.ndim), None)
    if place is None:
        raise TypeError(
            "trace needs an array among the arguments of the function: it reads that one"
        )
    plain = function(*copy.deepcopy(args), **copy.deepcopy(kwargs))
    x = args[place]
    counts = np.zeros(x.shape, dtype=int)
    traced = np.empty(x.shape, dtype=object)
    for index in np.ndindex(x.shape):
        traced[index] = _Number(x[index], (), index, counts)
    name = getattr(function, "__name__", repr(function))
    rest = copy.deepcopy((args[:place], args[place + 1 :], kwargs))
    try:
        with _recording_numpy():
            got = function(*rest[0], _traced(traced), *rest[1], **rest[2])
    except Exception as error:
        raise TypeError(f"tracing cannot follow {name}: {error}") from error
    several = isinstance(plain, tuple)
    outputs = tuple(np.array(part, dtype=object) for part in (got if several else (got,)))
    values = tuple(np.array(_values(output)) for output in outputs)
    expected = plain if several else (plain,)
    if not all(np.allclose(v, e, equal_nan=True) for v, e in zip(values, expected, strict=True)):
        raise TypeError(f"tracing cannot follow {name}: it gave other numbers when traced")
    for number in (n for output in outputs for n in output.flat):
        if isinstance(number, _Number) and number.entry is not None:
            counts[number.entry] += 1
    return Trace(values if several else values[0], counts, outputs)


def _values(output: np.ndarray) -> np.ndarray:
    numbers = [n.value if isinstance(n, _Number) else n for n in output.flat]
    return np.array(numbers, dtype=float).reshape(output.shape)
