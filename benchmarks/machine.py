"""What one core can do at most: arithmetic and memory rates in vectors of sixteen float32.

Written with the vectors of ``evo_plastic.vectors``, as the kernels are: what the kernels could
reach, not what the manual of the processor promises.
"""
# mypy: disable-error-code="no-untyped-call, no-untyped-def"

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from evo_plastic.jit import jit
from evo_plastic.vectors import LANES, Vector, add, broadcast, load, store, total, zeros

KIB = 1024
WORKING_SETS = {"L1": 16 * KIB, "L2": 256 * KIB, "L3": 4096 * KIB, "memory": 131072 * KIB}
"""Bytes that are gone through again and again, by the cache that should hold them."""
CHAINS = 12
"""Independent sums: enough to fill two pipes whose results take six cycles."""
TRIES = 20
WORK = 2**25
"""Floating-point operations, or bytes, of one try: up to a millisecond."""


@intrinsic
def _spread(typing, numbers):
    """A tuple of vectors, one for each number of a tuple."""
    vector = Vector(numbers.dtype)

    def generate(context, builder, signature, arguments):
        undefined = ir.Constant(context.get_value_type(vector), ir.Undefined)
        lanes = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
        zero = ir.Constant(ir.IntType(32), 0)
        spread = [
            builder.shuffle_vector(builder.insert_element(undefined, x, zero), undefined, lanes)
            for x in cgutils.unpack_tuple(builder, arguments[0])
        ]
        return context.make_tuple(builder, signature.return_type, spread)

    return types.UniTuple(vector, len(numbers))(numbers), generate


def _advance(arithmetic: Callable[[Any, Any, Any, Any], Any]) -> Any:
    """An instruction v ← v · factor + term for each vector v of a tuple."""

    def operation(typing, vectors, factor, term):
        def generate(context, builder, signature, arguments):
            old = cgutils.unpack_tuple(builder, arguments[0])
            new = [arithmetic(builder, vector, *arguments[1:]) for vector in old]
            return context.make_tuple(builder, vectors, new)

        return vectors(vectors, factor, term), generate

    return intrinsic(operation)


def _fused(builder: Any, vector: Any, factor: Any, term: Any) -> Any:
    signature = ir.FunctionType(vector.type, [vector.type] * 3)
    name = f"llvm.fma.v{LANES}f32"
    function = cgutils.get_or_insert_function(builder.module, signature, name)
    return builder.call(function, [vector, factor, term])


_separate = _advance(lambda builder, v, f, t: builder.fadd(builder.fmul(v, f), t))
_in_one = _advance(_fused)


@jit
def multiply_add(seeds, factor, term, rounds):
    vectors, f, t = _spread(seeds), broadcast(factor), broadcast(term)
    for _ in range(rounds):
        vectors = _separate(vectors, f, t)
    return _sum(vectors)


@jit
def fused_multiply_add(seeds, factor, term, rounds):
    vectors, f, t = _spread(seeds), broadcast(factor), broadcast(term)
    for _ in range(rounds):
        vectors = _in_one(vectors, f, t)
    return _sum(vectors)


@jit
def _sum(vectors):
    """Uses every vector, so that none is left out as unused."""
    result = vectors[0]
    for vector in vectors[1:]:
        result = add(result, vector)
    return total(result)


@jit
def load_only(array, passes):
    """One addition with each load: processors do no fewer additions than loads."""
    s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = broadcast(array[0])
    for _ in range(passes):
        for i in range(0, array.size, 8 * LANES):
            s0, s1 = add(s0, load(array, i)), add(s1, load(array, i + LANES))
            s2, s3 = add(s2, load(array, i + 2 * LANES)), add(s3, load(array, i + 3 * LANES))
            s4, s5 = add(s4, load(array, i + 4 * LANES)), add(s5, load(array, i + 5 * LANES))
            s6, s7 = add(s6, load(array, i + 6 * LANES)), add(s7, load(array, i + 7 * LANES))
    return total(add(add(add(s0, s1), add(s2, s3)), add(add(s4, s5), add(s6, s7))))


@jit
def store_only(array, passes):
    for number in range(passes):
        value = broadcast(array.dtype.type(number))
        for i in range(0, array.size, 4 * LANES):
            store(array, i, value)
            store(array, i + LANES, value)
            store(array, i + 2 * LANES, value)
            store(array, i + 3 * LANES, value)
    return array[0]


@jit
def load_store(array, passes):
    """In place: what a plastic pass does to its weights."""
    for number in range(passes):
        value = broadcast(array.dtype.type(number))
        for i in range(0, array.size, 4 * LANES):
            store(array, i, add(load(array, i), value))
            store(array, i + LANES, add(load(array, i + LANES), value))
            store(array, i + 2 * LANES, add(load(array, i + 2 * LANES), value))
            store(array, i + 3 * LANES, add(load(array, i + 3 * LANES), value))
    return array[0]


MOVES = {"load": (load_only, 1), "store": (store_only, 1), "load_store": (load_store, 2)}
"""Kernel, and how often it moves each byte of its array."""


def arithmetic_rate(fused: bool) -> float:
    """Floating-point operations per second."""
    kernel = fused_multiply_add if fused else multiply_add
    seeds = tuple(np.float32(number) for number in range(CHAINS))
    each = 2 * LANES * CHAINS
    arguments = (seeds, np.float32(0.9), np.float32(0.1))
    return each * (WORK // each) / _shortest(kernel, *arguments, WORK // each)


def bandwidth(move: str, level: str) -> float:
    """Bytes per second that ``move`` takes to and from the cache called ``level``."""
    kernel, times = MOVES[move]
    size = WORKING_SETS[level]
    # A whole line each, written first: pages that were never touched are all one page.
    array = zeros(size // 4, np.float32)
    array[:] = 1
    count = max(1, WORK // size)
    return times * size * count / _shortest(kernel, array, count)


def _shortest(kernel: Callable[..., Any], *arguments: Any) -> float:
    """CPU seconds of the best try: what disturbs a run can only slow it down."""
    kernel(*arguments)  # compiles, and fills the caches
    seconds = []
    for _ in range(TRIES):
        begun = time.thread_time()
        kernel(*arguments)
        seconds.append(time.thread_time() - begun)
    return min(seconds)
