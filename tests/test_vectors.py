"""Sixteen lanes at a time give the same numbers as one at a time, in the order they state."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from evo_plastic import vectors
from evo_plastic.jit import jit
from evo_plastic.vectors import LANES, PAGE, padded, zeros

DTYPES = [np.float32, np.float64]


@jit
def _lanes(a, a_start, b, b_start, out):  # type: ignore[no-untyped-def]
    """Rows of out: a, a + b, a · b and b's first element everywhere."""
    one, two = vectors.load(a, a_start), vectors.load(b, b_start)
    vectors.store(out, 0, one)
    vectors.store(out, LANES, vectors.add(one, two))
    vectors.store(out, 2 * LANES, vectors.multiply(one, two))
    vectors.store(out, 3 * LANES, vectors.broadcast(b[b_start]))


@jit
def _multiply_then_add(a, b, c, out):  # type: ignore[no-untyped-def]
    product = vectors.multiply(vectors.load(a, 0), vectors.load(b, 0))
    vectors.store(out, 0, vectors.add(product, vectors.load(c, 0)))


@jit
def _total(a):  # type: ignore[no-untyped-def]
    return vectors.total(vectors.load(a, 0))


_dot, _dot_plain = jit(vectors.dot_in_lanes), jit(vectors.dot_plain)


def total_by_halves(lanes: NDArray[Any]) -> Any:
    while lanes.size > 1:
        half = lanes.size // 2
        lanes = lanes[:half] + lanes[half:]
    return lanes[0]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("a_start", "b_start"), [(0, 0), (3, 17)])
def test_lanes_are_neighbours_and_keep_their_order(
    dtype: type, a_start: int, b_start: int
) -> None:
    rng = np.random.default_rng(1)
    a, b = rng.standard_normal((2, 40)).astype(dtype)
    out = np.full((5, LANES), -7, dtype)
    _lanes(a, a_start, b, b_start, out)
    x, y = a[a_start : a_start + LANES], b[b_start : b_start + LANES]
    expected = np.array([x, x + y, x * y, np.full(LANES, y[0]), np.full(LANES, -7)], dtype)
    np.testing.assert_array_equal(out, expected, strict=True)


@pytest.mark.parametrize("dtype", DTYPES)
def test_offsets_count_elements_of_the_flattened_array(dtype: type) -> None:
    a = np.arange(5 * 32, dtype=dtype).reshape(5, 32)
    out = np.zeros((4, LANES), dtype)
    _lanes(a.reshape(-1), 3 * 32 + 16, a.reshape(-1), 0, out)
    np.testing.assert_array_equal(out[0], a[3, 16:])


@pytest.mark.parametrize("dtype", DTYPES)
def test_products_are_rounded_before_they_are_added(dtype: type) -> None:
    # (1 + ε)² − (1 + 2ε) is 0 when the square is rounded, ε² in a fused multiply-add.
    near_one = np.full(LANES, 1 + np.finfo(dtype).eps, dtype)
    minus = np.full(LANES, -(1 + 2 * np.finfo(dtype).eps), dtype)
    out = np.ones(LANES, dtype)
    _multiply_then_add(near_one, near_one, minus, out)
    np.testing.assert_array_equal(out, np.zeros(LANES, dtype))


@pytest.mark.parametrize("dtype", DTYPES)
def test_total_adds_halves_onto_halves(dtype: type) -> None:
    huge = dtype(4 / np.finfo(dtype).eps)  # huge ± 1 = huge
    lanes = np.zeros(LANES, dtype)
    lanes[0], lanes[8], lanes[1] = huge, -huge, 1
    assert _total(lanes) == 1
    lanes[8], lanes[1], lanes[9] = 1, -huge, 1
    assert _total(lanes) == 0


@pytest.mark.parametrize("dtype", DTYPES)
def test_total_is_the_sum_in_the_stated_order_to_the_last_bit(dtype: type) -> None:
    rng = np.random.default_rng(2)
    orders_differ = False
    for lanes in (rng.standard_normal((50, LANES)) * 10.0 ** rng.integers(-4, 5)).astype(dtype):
        result = _total(lanes)
        assert type(result) is float or result.dtype == dtype
        assert dtype(result) == total_by_halves(lanes)
        orders_differ |= dtype(result) != np.cumsum(lanes)[-1]
    assert orders_differ


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [16, 32, 64, 112])
def test_dot_sums_lane_by_lane_and_then_the_lanes(dtype: type, size: int) -> None:
    a, b = np.random.default_rng(size).standard_normal((2, 200)).astype(dtype)
    products = (a[5 : 5 + size] * b[21 : 21 + size]).reshape(-1, LANES)
    lanes = products[0]
    for row in products[1:]:
        lanes = lanes + row
    result = _dot(a, 5, b, 21, size)
    assert dtype(result) == total_by_halves(lanes)
    np.testing.assert_allclose(result, a[5 : 5 + size] @ b[21 : 21 + size], atol=1e-4)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [16, 48])
def test_the_plain_dot_gives_the_same_bits(dtype: type, size: int) -> None:
    for a, b in np.random.default_rng(size).standard_normal((20, 2, 5, 64)).astype(dtype):
        assert _dot_plain(a, 70, b, 129, size) == _dot(a, 70, b, 129, size)


@pytest.mark.parametrize("dtype", DTYPES)
def test_dot_of_whole_numbers_is_exact(dtype: type) -> None:
    ones, count = np.ones(48, dtype), np.arange(48, dtype=dtype)
    assert _dot(ones, 0, count, 0, 48) == 47 * 48 / 2
    assert _dot(ones, 0, count, 16, 16) == sum(range(16, 32))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, -0.0])
def test_special_numbers_pass_unchanged(value: float) -> None:
    a = np.full(LANES, value, np.float32)
    out = np.zeros((4, LANES), np.float32)
    _lanes(a, 0, a, 0, out)
    np.testing.assert_array_equal(out[[0, 3]].view(np.uint32), np.array([a, a]).view(np.uint32))


@pytest.mark.parametrize(("size", "whole"), [(1, 16), (15, 16), (16, 16), (17, 32), (64, 64)])
def test_padding_rounds_up_to_whole_vectors(size: int, whole: int) -> None:
    assert padded(size) == whole


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, np.uint8])
@pytest.mark.parametrize("shape", [3, (4, 16), (2, 15, 64)])
def test_zeros_are_whole_arrays_of_their_own(dtype: type, shape: int | tuple[int, ...]) -> None:
    arrays = [zeros(shape, dtype) for _ in range(20)]
    for array in arrays:
        assert array.flags.c_contiguous
        assert array.flags.writeable
        np.testing.assert_array_equal(array, np.zeros(shape, dtype), strict=True)
        array[...] = 1
    assert sum(int(array.sum()) for array in arrays) == 20 * arrays[0].size


def test_arrays_begin_in_turn_at_places_four_cache_lines_apart() -> None:
    places = [zeros(100, np.float32).ctypes.data % PAGE for _ in range(32)]
    assert set(places) == set(range(0, PAGE, 256))
    assert places[:16] == places[16:]
    for near in range(1, 9):
        distances = (np.array(places[near:]) - places[:-near]) % PAGE
        assert distances.min() >= 256
        assert distances.max() <= PAGE - 256
