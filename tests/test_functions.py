"""The kernels' tanh and sigmoid, over every size of argument, in both precisions."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from evo_plastic import functions
from evo_plastic.functions import EXP_ERROR, TANH_ERROR
from evo_plastic.jit import jit

Floats = NDArray[Any]


@jit
def _tanh(x, out):  # type: ignore[no-untyped-def]
    for i in range(x.size):
        out[i] = functions.tanh(x[i])


@jit
def _sigmoid(x, out):  # type: ignore[no-untyped-def]
    for i in range(x.size):
        out[i] = functions.sigmoid(x[i])


def tanh(x: Floats) -> Floats:
    out = np.zeros_like(x)
    _tanh(x, out)
    return out


def sigmoid(x: Floats) -> Floats:
    out = np.zeros_like(x)
    _sigmoid(x, out)
    return out


@jit
def _exp(x, out):  # type: ignore[no-untyped-def]
    for i in range(x.size):
        out[i] = functions.exp(x[i])


def exp(x: Floats) -> Floats:
    out = np.zeros_like(x)
    _exp(x, out)
    return out


def positive_floats() -> Floats:
    """Every 1,009th of all positive finite float32, subnormal ones included."""
    largest = np.array(np.finfo(np.float32).max).view(np.uint32)
    return np.arange(1, int(largest) + 1, 1009, np.uint32).view(np.float32)


# Where tanh bends, every step of 1e-5; the clamp lies at 8.2.
BEND = np.arange(0, 10, 1e-5).astype(np.float32)


@pytest.mark.parametrize("x", [positive_floats(), BEND], ids=["all magnitudes", "bend"])
def test_tanh32_keeps_its_bound_absolutely_and_relatively(x: Floats) -> None:
    exact = np.tanh(x.astype(np.float64))
    error = np.abs(tanh(x) - exact)
    assert error.max() <= TANH_ERROR
    # A subnormal result has no more than its own spacing to be exact in.
    positive = exact >= np.finfo(np.float32).tiny
    assert (error[positive] / exact[positive]).max() <= TANH_ERROR


@pytest.mark.parametrize("function", [tanh, sigmoid])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_number_that_is_none_stays_none(function: Any, dtype: type) -> None:
    assert np.isnan(function(np.array([np.nan, -np.nan], dtype))).all()


def test_infinite_and_huge_arguments_give_plus_or_minus_one() -> None:
    x = np.array([np.inf, 3e38, 100, 8.3, 8.2], np.float32)
    np.testing.assert_allclose(tanh(x), np.ones(5), rtol=TANH_ERROR)
    np.testing.assert_allclose(tanh(-x), -np.ones(5), rtol=TANH_ERROR)


def test_tanh32_is_odd_to_the_last_bit() -> None:
    for x in (positive_floats(), BEND):
        np.testing.assert_array_equal(tanh(-x), -tanh(x))
    zero = np.array([0.0, -0.0], np.float32)
    np.testing.assert_array_equal(np.signbit(tanh(zero)), [False, True])


@pytest.mark.parametrize(("dtype", "error"), [(np.float32, TANH_ERROR), (np.float64, 1e-15)])
def test_the_sigmoid_is_the_logistic_function(dtype: type, error: float) -> None:
    x = np.linspace(-30, 30, 100_001).astype(dtype)
    exact = 1 / (1 + np.exp(-x.astype(np.float64)))
    assert np.abs(sigmoid(x) - exact).max() <= error
    assert sigmoid(np.zeros(1, dtype))[0] == 0.5


@pytest.mark.parametrize(("dtype", "error"), [(np.float32, EXP_ERROR), (np.float64, 1e-15)])
def test_exp_keeps_its_bound(dtype: type, error: float) -> None:
    for x in (np.linspace(-87, 0, 1_000_001), -np.logspace(-30, 0, 10_001)):
        x = x.astype(dtype)
        exact = np.exp(x.astype(np.float64))
        assert np.abs(exp(x) / exact - 1).max() <= error
    assert exp(np.zeros(1, dtype))[0] == 1


def test_far_below_exp32_is_nothing_that_counts() -> None:
    x = np.array([-88, -1e30, -np.inf], np.float32)
    assert (exp(x) < 1e-37).all()
    assert np.isnan(exp(np.array([np.nan], np.float32))).all()


def test_float64_takes_the_library_function() -> None:
    x = np.linspace(-20, 20, 10_001)
    np.testing.assert_allclose(tanh(x), np.tanh(x), rtol=1e-15)


def test_numpy_evaluates_both_outside_compiled_code() -> None:
    x = np.linspace(-3, 3, 7)
    np.testing.assert_array_equal(functions.tanh(x), np.tanh(x))
    np.testing.assert_allclose(functions.sigmoid(x), 1 / (1 + np.exp(-x)), rtol=1e-14)
