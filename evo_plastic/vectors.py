"""Sixteen lanes at a time: the few vector instructions that the kernels are written in.

Numba compiles scalar loops; LLVM turns them into vector code only where it can prove it
may, and keeps running sums in memory. These functions hold sixteen neighbouring array
elements in one value instead (``<16 x float>`` or ``<16 x double>`` in LLVM), so a sum
over a whole matrix stays in registers. LLVM splits them for narrower machines.

Lane order, the order of every sum and the absence of fused multiply-adds are fixed here,
so the same bits come out for every vector width: AVX-512, AVX2 or none.

Arrays must be C-contiguous; offsets count elements of the flattened array. Nothing checks
bounds: rows are padded to ``padded(size)`` elements.
"""

import itertools
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic, models, register_model
from numpy.typing import DTypeLike, NDArray

from evo_plastic.jit import PLAIN, inline_jit

LANES = 16
PAGE = 4096  # bytes
_STEP = 5 * PAGE // 16
_turns = itertools.count()


def padded(size: int) -> int:
    """``size`` rounded up to whole vectors."""
    return -(-size // LANES) * LANES


def zeros(shape: int | tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """``numpy.zeros`` at a place within its page where kernels run at full speed.

    Vectors across two cache lines cost twice. And caches go by the last twelve bits of an
    address: of two arrays that are gone through side by side, a load that lies where the other
    one's was just stored seems to wait for it, and lines at the same place put each other
    out, at up to twice the cost of a step. So arrays begin in turn at one of sixteen places,
    which are four lines apart.
    """
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    memory = np.zeros(size + 2 * PAGE, np.uint8)
    start = -memory.ctypes.data % PAGE + _STEP * next(_turns) % PAGE
    return memory[start : start + size].view(dtype).reshape(shape)


class Vector(types.Type):  # type: ignore[misc]
    """Numba's type of sixteen numbers of one dtype."""

    def __init__(self, dtype: types.Type) -> None:
        self.dtype = dtype
        super().__init__(name=f"Vector({dtype})")


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, vector: Vector) -> None:
        element = ir.FloatType() if vector.dtype == types.float32 else ir.DoubleType()
        super().__init__(manager, vector, ir.VectorType(element, LANES))


def _pointer(context: Any, builder: Any, array_type: Any, array: Any, offset: Any) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    start = builder.gep(data, [offset])
    vector = context.get_value_type(Vector(array_type.dtype))
    return builder.bitcast(start, vector.as_pointer())


@intrinsic
def load(typing, array, offset):
    """Elements ``offset … offset + 15`` of ``array``."""

    def generate(context, builder, signature, arguments):
        place = _pointer(context, builder, signature.args[0], *arguments)
        return builder.load(place, align=array.dtype.bitwidth // 8)

    return Vector(array.dtype)(array, types.intp), generate


@intrinsic
def store(typing, array, offset, vector):
    """Write ``vector`` to elements ``offset … offset + 15`` of ``array``."""

    def generate(context, builder, signature, arguments):
        place = _pointer(context, builder, signature.args[0], *arguments[:2])
        builder.store(arguments[2], place, align=array.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(array, types.intp, vector), generate


@intrinsic
def broadcast(typing, number):
    """``number`` in every lane."""

    def generate(context, builder, signature, arguments):
        kind = context.get_value_type(signature.return_type)
        undefined = ir.Constant(kind, ir.Undefined)
        first = builder.insert_element(undefined, arguments[0], ir.Constant(ir.IntType(32), 0))
        mask = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
        return builder.shuffle_vector(first, undefined, mask)

    return Vector(number)(number), generate


def _binary(instruction: str, meaning: str) -> Any:
    def operation(typing, a, b):
        def generate(context, builder, signature, arguments):
            return getattr(builder, instruction)(*arguments)

        return a(a, b), generate

    operation.__doc__ = meaning
    return intrinsic(operation)


add = _binary("fadd", "Lane by lane ``a + b``.")
multiply = _binary("fmul", "Lane by lane ``a · b``.")


@intrinsic
def total(typing, vector):
    """Sum of the sixteen lanes, halves onto halves: ((0+8)+(4+12)) + …, always alike."""

    def generate(context, builder, signature, arguments):
        value, width = arguments[0], LANES
        index = ir.IntType(32)
        while width > 1:
            width //= 2
            parts = []
            for start in (0, width):
                mask = ir.Constant(ir.VectorType(index, width), list(range(start, start + width)))
                parts.append(builder.shuffle_vector(value, value, mask))
            value = builder.fadd(*parts)
        return builder.extract_element(value, ir.Constant(index, 0))

    return vector.dtype(vector), generate


def dot_in_lanes(a, a_start, b, b_start, size):
    """Σ a[a_start + i] · b[b_start + i] for i < ``size``, a multiple of sixteen."""
    result = multiply(load(a, a_start), load(b, b_start))
    for i in range(LANES, size, LANES):
        result = add(result, multiply(load(a, a_start + i), load(b, b_start + i)))
    return total(result)


def dot_plain(a, a_start, b, b_start, size):
    """The same in plain numba: number by number, in the same order."""
    even = _every_fourth_lane(a, a_start, b, b_start, size)
    even += _every_fourth_lane(a, a_start + 2, b, b_start + 2, size)
    odd = _every_fourth_lane(a, a_start + 1, b, b_start + 1, size)
    odd += _every_fourth_lane(a, a_start + 3, b, b_start + 3, size)
    return even + odd


@inline_jit
def _every_fourth_lane(a, a_start, b, b_start, size):
    near = _lane(a, a_start, b, b_start, size) + _lane(a, a_start + 8, b, b_start + 8, size)
    far = _lane(a, a_start + 4, b, b_start + 4, size)
    far += _lane(a, a_start + 12, b, b_start + 12, size)
    return near + far


@inline_jit
def _lane(a, a_start, b, b_start, size):
    result = a.flat[a_start] * b.flat[b_start]
    for i in range(LANES, size, LANES):
        result += a.flat[a_start + i] * b.flat[b_start + i]
    return result


dot = inline_jit(dot_plain if PLAIN else dot_in_lanes)
