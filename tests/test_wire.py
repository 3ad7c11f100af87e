"""Values cross the wire unchanged, and nothing else crosses."""

import socket

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograder import wire

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.complex_numbers(allow_nan=False)
    | st.text()
    | st.binary()
    | st.just(...)
    | st.slices(10)
    | st.builds(range, st.integers(0, 9), st.integers(0, 9)),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text() | st.integers(), inner, max_size=4)
    ),
    max_leaves=20,
)


def there_and_back(value, **options):
    return wire.unpack(wire.pack(value), **options)


@given(PLAIN)
def test_plain_data_crosses_unchanged(value):
    back = there_and_back(value)
    assert back == value
    assert type(back) is type(value)


DTYPES = (
    hnp.boolean_dtypes()
    | hnp.integer_dtypes()
    | hnp.floating_dtypes()
    | hnp.complex_number_dtypes()
)


@given(hnp.arrays(DTYPES, hnp.array_shapes(min_dims=0, min_side=0, max_side=4)))
def test_arrays_cross_with_their_type_and_shape(array):
    back = there_and_back(array)
    assert back.dtype == array.dtype and back.shape == array.shape
    np.testing.assert_array_equal(back, array)
    assert back.flags.writeable


def test_numpy_scalars_and_big_numbers_cross():
    assert there_and_back([np.float32(1.5), np.int64(3), 10**40]) == [1.5, 3, 10**40]
    assert type(there_and_back(np.float32(1.5))) is np.float32


def test_functions_cross_as_numbers_to_call_back():
    exported = []

    def export(function):
        exported.append(function)
        return 7

    data = wire.pack({"f": abs}, export)
    assert wire.unpack(data, lambda number: lambda: number)["f"]() == 7
    assert exported == [abs]


@pytest.mark.parametrize(
    "value", [object(), np.array([object()]), np.array(["a"]), {1, 2}, abs, (i for i in "ab")]
)
def test_anything_else_is_refused(value):
    with pytest.raises(wire.WireError):
        wire.pack(value)


def test_deep_nesting_is_refused_both_ways():
    value = ()
    for _ in range(1000):
        value = (value,)
    with pytest.raises(wire.WireError, match="nested"):
        wire.pack(value)
    endless: list = []
    endless.append(endless)
    with pytest.raises(wire.WireError):
        wire.pack(endless)


@given(st.binary(max_size=200))
def test_noise_is_a_wire_error_or_plain_data(data):
    try:
        wire.unpack(data)
    except wire.WireError:
        pass


def test_an_array_that_lies_about_its_size_is_refused():
    import msgpack

    body = msgpack.packb(["<f8", [10**9, 10**9], b"12345678"])
    with pytest.raises(wire.WireError):
        wire.unpack(msgpack.packb(msgpack.ExtType(6, body)))
    body = msgpack.packb(["|O", [1], b"12345678"])
    with pytest.raises(wire.WireError):
        wire.unpack(msgpack.packb(msgpack.ExtType(6, body)))


def test_messages_are_bounded_and_the_end_is_told():
    here, there = socket.socketpair()
    wire.send(here, b"x" * 100)
    with pytest.raises(wire.WireError, match="more than 99 bytes"):
        wire.receive(there, limit=99)
    here.close()
    there.close()
    here, there = socket.socketpair()
    here.close()
    with pytest.raises(wire.Closed):
        wire.receive(there)
    there.close()
