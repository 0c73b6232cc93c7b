"""Counter-based random numbers: every draw is a pure function of its key and its index.

A *key* is 64 bits made by folding words (run seed, stream, generation, instance, repeat)
into one another; draw ``n`` under a key is ``mix64(key + n · GOLDEN)``, the splitmix64
sequence of Steele, Lea & Flood (OOPSLA 2014) addressed at random. Results therefore do not
depend on worker, batch, order or restart.

The functions below are written once: numpy evaluates them on uint64 arrays, and
``mix64_compiled`` is the same source for use inside kernels.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evo_plastic.jit import jit

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31 = np.uint64(30), np.uint64(27), np.uint64(31)

# What the numbers under a key are for. A stream's number is part of every result: never reuse.
STREAM_TASKS = 1
STREAM_NOISE = 2
STREAM_SETS = 3
STREAM_VALIDATION = 4
STREAM_GENOME = 5
STREAM_EVALUATION = 6
STREAM_TIES = 7
STREAM_RESTARTS = 8
STREAM_MINIBATCHES = 9


def mix64(z: Any) -> Any:
    """Finaliser of splitmix64, a bijection on uint64; wraps modulo 2^64."""
    z = (z ^ (z >> _S30)) * _MIX_1
    z = (z ^ (z >> _S27)) * _MIX_2
    return z ^ (z >> _S31)


mix64_compiled = jit(mix64)


def fold(*words: int | NDArray[np.integer[Any]]) -> NDArray[np.uint64]:
    """Fold words into keys; arrays broadcast, so one call keys a whole batch.

    Returns uint64, of the words' broadcast shape (``()`` words give shape ``(1,)``).
    """
    shape = np.broadcast_shapes((1,), *(np.shape(word) for word in words))
    key = np.zeros(shape, np.uint64)
    for word in words:
        key = mix64((key ^ np.asarray(word).astype(np.uint64)) + GOLDEN)
    return key
