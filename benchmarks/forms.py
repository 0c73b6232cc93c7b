"""What vector instructions buy: the pass over synapses in lanes against plain numba loops.

Both forms of each rule go over the same matrices, for as many lifetimes side by side as
training has, and give the same bits; the tests hold them to that.
"""
# mypy: disable-error-code=no-untyped-call

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from benchmarks.common import SPREAD, Row, interleave
from evo_plastic.cli.output import print_table
from evo_plastic.jit import inline_jit
from evo_plastic.vectors import padded, zeros
from rules import abcd, decomposed, static
from rules.base import Rule

RULES: dict[str, Any] = {"decomposed": decomposed, "abcd": abcd, "static": static}
SIZES = ((64, 64), (64, 15))
"""Of the recurrent and the input connection of a network of 64 neurons."""
PASSES = 20_000
NANO = 1e9

Work = Callable[[], float]
"""Goes PASSES times over the synapses of a lifetime; CPU seconds of one pass."""


def _repeated(form: Callable[..., Any]) -> Any:
    recall = inline_jit(form)

    @numba.njit(error_model="numpy")  # type: ignore[untyped-decorator]
    def repeat(genes, memory, slots, z, out, times):  # type: ignore[no-untyped-def]
        for _ in range(times):
            recall(genes, memory, slots, slots.size, z, out)

    return repeat


def _placed(array: NDArray[Any]) -> NDArray[np.float32]:
    result = zeros(array.shape, np.float32)
    result[:] = array
    return result


def _work(form: Any, rule: Rule, post: int, pre: int) -> Work:
    rng = np.random.default_rng(0)
    constants = rule.constants("released", True)
    shapes = rule.gene_shapes(post, pre, constants)
    drawn = {name: SPREAD * rng.standard_normal(shape) for name, shape in shapes.items()}
    arranged = rule.arrange(rule.Genes(**drawn), constants)
    genes = type(arranged)(*(_placed(array) for array in arranged))
    count = rule.slots(post, pre)
    memory = rule.blank(count, post, pre, np.float32)
    z, out = (zeros((count, padded(size)), np.float32) for size in (pre, post))
    z[:] = rng.standard_normal(z.shape)
    slots = np.arange(count)
    form(genes, memory, slots, z, out, 1)  # compiles

    def work() -> float:
        begun = time.thread_time()
        form(genes, memory, slots, z, out, PASSES // count)
        return (time.thread_time() - begun) / (PASSES // count * count)

    return work


def measure(rounds: int) -> list[Row]:
    """One row per rule and size: medians, the ratio within each round."""
    rows, works = [], list[Work]()
    for name, rule in RULES.items():
        forms = [_repeated(form) for form in (rule.recall_in_lanes, rule.recall_plain)]
        for post, pre in SIZES:
            rows.append({"rule": name, "post": post, "pre": pre, "slots": rule.slots(post, pre)})
            works += [_work(form, rule, post, pre) for form in forms]
    seconds = interleave(works, rounds)
    for row, lanes, plain in zip(rows, seconds[::2], seconds[1::2], strict=True):
        row["lanes_ns"] = NANO * statistics.median(lanes)
        row["plain_ns"] = NANO * statistics.median(plain)
        row["ratio"] = statistics.median(b / a for a, b in zip(lanes, plain, strict=True))
    return rows


def show(rows: Sequence[Row]) -> None:
    print("nanoseconds of one pass over the synapses of one lifetime")
    headers = ["rule", "post", "pre", "side by side", "in lanes", "plain", "plain/lanes"]
    print_table(headers, [list(row.values()) for row in rows])


def main() -> None:
    show(measure(rounds=5))


if __name__ == "__main__":
    main()
