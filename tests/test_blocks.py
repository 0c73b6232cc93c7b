"""Sums over candidates: complete, in a fixed order, the same on any number of threads."""

import numpy as np
import pytest

from evo_plastic.strategies import blocks
from evo_plastic.strategies.blocks import BLOCK, WORTH_THREADS, add_up


@pytest.mark.parametrize("count", [1, BLOCK - 1, BLOCK, BLOCK + 1, 5 * BLOCK + 3])
@pytest.mark.parametrize("size", [3, WORTH_THREADS // BLOCK + 1])
def test_everything_is_added_once(count: int, size: int) -> None:
    def add(k: int, total: np.ndarray) -> None:
        total[0] += 1
        total[1, 0] += k

    ones, numbers = add_up(add, count, (2, size))
    np.testing.assert_array_equal(ones, np.full(size, count))
    assert numbers[0] == count * (count - 1) / 2


def test_the_number_of_threads_does_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(1).standard_normal((100, WORTH_THREADS // 50))

    def add(k: int, total: np.ndarray) -> None:
        total[0] += values[k] / 3

    monkeypatch.setattr(blocks, "cpu_count", lambda: 1)
    expected = add_up(add, 100, (1, values.shape[1]))
    assert not np.array_equal(expected[0], values.sum(axis=0) / 3)
    for threads in (2, 7):
        monkeypatch.setattr(blocks, "cpu_count", lambda threads=threads: threads)
        np.testing.assert_array_equal(add_up(add, 100, (1, values.shape[1])), expected)


def test_an_error_on_a_thread_is_raised() -> None:
    def add(k: int, total: np.ndarray) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        add_up(add, 3, (1, WORTH_THREADS))
