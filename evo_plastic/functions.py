"""The transcendental functions of the networks, each in the precision of its argument.

float64 takes the exact library function; float32 a rational approximation that compilers
turn into vector code. Outside of compiled code ``tanh`` and ``sigmoid`` take arrays and torch
tensors alike, so that one statement of an equation serves the oracle and the gradients.
"""

import math
from typing import Any

import numpy as np
from numba.core import types
from numba.extending import overload

from evo_plastic.jit import inline_jit

TANH_ERROR = 4e-7
"""Bound on |tanh32 − tanh|, absolute and relative, for every finite float32 argument."""

# x · P(x²) / Q(x²), both of degree 4, fitted to tanh on [0, 8.2] for least relative error
# (8.3e-9 in exact arithmetic); beyond 8.2 tanh differs from 1 by less than 1.5e-7.
_CLAMP = np.float32(8.2)
_P = tuple(np.float32(c) for c in (1.0, 0.13432214, 0.0035567959, 2.1639153e-05, 1.4843367e-08))
_Q = tuple(np.float32(c) for c in (1.0, 0.4676554, 0.026108712, 3.3866232e-04, 8.3717058e-07))
_P0, _P1, _P2, _P3, _P4 = _P
_Q0, _Q1, _Q2, _Q3, _Q4 = _Q
_HALF = np.float32(0.5)


@inline_jit
def _tanh32(x: Any) -> Any:
    # A comparison with NaN is false: NaN passes both clamps and stays NaN.
    x = _CLAMP if x > _CLAMP else x
    x = -_CLAMP if x < -_CLAMP else x
    s = x * x
    p = (((_P4 * s + _P3) * s + _P2) * s + _P1) * s + _P0
    q = (((_Q4 * s + _Q3) * s + _Q2) * s + _Q1) * s + _Q0
    return x * p / q


def tanh(x: Any) -> Any:
    """tanh; compiled code calls the form of x's precision."""
    return x.tanh() if hasattr(x, "tanh") else np.tanh(x)


@overload(tanh, strict=False, jit_options={"forceinline": True})  # type: ignore[untyped-decorator]
def _choose_tanh(x: Any) -> Any:
    if x == types.float32:
        return lambda x: _tanh32(x)
    return lambda x: math.tanh(x)


def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(−x)), written as (1 + tanh(x/2)) / 2."""
    return x.sigmoid() if hasattr(x, "sigmoid") else 0.5 * np.tanh(0.5 * x) + 0.5


@overload(sigmoid, strict=False, jit_options={"forceinline": True})  # type: ignore[untyped-decorator]
def _choose_sigmoid(x: Any) -> Any:
    if x == types.float32:
        return lambda x: _HALF * _tanh32(_HALF * x) + _HALF
    return lambda x: 0.5 * math.tanh(0.5 * x) + 0.5


EXP_ERROR = 3e-7
"""Bound on |exp32 − exp| / exp for every float32 argument from −87 to 0; below it is e⁻⁸⁷."""

# exp(x) = 2ᵏ exp(r) with |r| ≤ ln 2 / 2 and a polynomial of degree 6 for exp(r), fitted for
# least relative error; ln 2 in two parts, so that x − k ln 2 keeps all its digits.
_LOWEST = np.float32(-87.0)
_LOG2_E = np.float32(1.44269504)
_LN2_HIGH, _LN2_LOW = np.float32(0.693359375), np.float32(-2.12194440e-4)
_E2, _E3, _E4 = np.float32(0.5), np.float32(1.6666665e-1), np.float32(4.1665795e-2)
_E5, _E6, _ONE = np.float32(8.3334519e-3), np.float32(1.3981999e-3), np.float32(1)
_BIAS, _MANTISSA = np.int32(127), np.int32(23)


@inline_jit
def _exp32(x: Any) -> Any:
    x = _LOWEST if x < _LOWEST else x
    k = np.floor(x * _LOG2_E + _HALF)
    r = (x - k * _LN2_HIGH) - k * _LN2_LOW
    tail = (((_E6 * r + _E5) * r + _E4) * r + _E3) * r + _E2
    power = np.int32((np.int32(k) + _BIAS) << _MANTISSA).view(np.float32)
    return (tail * r * r + r + _ONE) * power


def exp(x: Any) -> Any:
    """exp of a number that is not positive; compiled code calls the form of x's precision."""
    return np.exp(x)


@overload(exp, strict=False, jit_options={"forceinline": True})  # type: ignore[untyped-decorator]
def _choose_exp(x: Any) -> Any:
    if x == types.float32:
        return lambda x: _exp32(x)
    return lambda x: math.exp(x)
