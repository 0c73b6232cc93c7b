"""Chunks of a map: cut, handed out, lost, handed out again, and answered once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evo_plastic.errors import ClusterLost
from workers.cutting import LONGEST_SECONDS, WORTH_CALLS, cut
from workers.handout import HOPELESS_SECONDS, OVERDUE_SECONDS, UNKNOWN_SECONDS, Handout, Pace

seconds = st.floats(1e-6, 1e3)


@given(st.integers(0, 5000), st.integers(1, 300), seconds, st.none() | st.just(0.0) | seconds)
def test_chunks_are_all_items_once_in_order(
    count: int, workers: int, call: float, item: float | None
) -> None:
    chunks = cut(count, workers, call, item)
    assert [item for chunk in chunks for item in chunk] == list(range(count))


@given(st.integers(1, 5000), st.integers(1, 300), seconds, seconds)
def test_every_chunk_but_the_last_is_worth_its_call_and_none_is_long(
    count: int, workers: int, call: float, item: float
) -> None:
    chunks = cut(count, workers, call, item)
    for chunk in chunks:
        assert len(chunk) == 1 or len(chunk) * item <= LONGEST_SECONDS
    for chunk in chunks[:-1]:
        enough = min(WORTH_CALLS * call, LONGEST_SECONDS - item)
        assert len(chunk) * item >= enough * (1 - 1e-9)


def test_chunks_grow_smaller_towards_the_end() -> None:
    sizes = [len(chunk) for chunk in cut(360, 2, 1e-4, 1e-2)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == 360 / 2 / 3  # what a third of a worker can do while the other does its half
    assert sizes[-1] == 1


def test_chunks_of_unknown_length_are_small() -> None:
    assert max(len(chunk) for chunk in cut(360, 2, 1e-4)) == 23


def test_chunks_are_handed_out_in_order_and_answered_in_any() -> None:
    handout = Handout([1.0] * 3)
    assert [handout.take() for _ in range(4)] == [0, 1, 2, None]
    for chunk in (2, 0):
        handout.answer(chunk, f"{chunk}")
    assert not handout.done
    handout.answer(1, "1")
    assert handout.done
    assert handout.results == {0: "0", 1: "1", 2: "2"}


def test_a_lost_chunk_is_the_next_one() -> None:
    handout = Handout([1.0] * 3)
    handout.take()
    handout.take()
    handout.lose(0, "killed")
    assert [handout.take() for _ in range(3)] == [0, 2, None]
    assert handout.losses(0) == 1


def test_a_chunk_that_is_lost_again_and_again_is_given_up() -> None:
    handout = Handout([1.0] * 2)
    for _ in range(2):
        assert handout.take() == 0
        handout.lose(0, "killed")
    handout.take()
    with pytest.raises(ClusterLost, match=r"chunk 0 of 2 was lost 3 times.*: out of memory$"):
        handout.lose(0, "out of memory")


def test_of_two_answers_the_first_counts() -> None:
    handout = Handout([1.0] * 2)
    handout.take()
    assert handout.take_again(0)
    assert not handout.take_again(0)
    handout.answer(0, "first")
    handout.answer(0, "second")
    assert handout.results == {0: "first"}
    assert not handout.take_again(0)


def test_a_chunk_that_somebody_else_still_has_does_not_wait_again() -> None:
    handout = Handout([1.0])
    handout.take()
    handout.take_again(0)
    handout.lose(0, "killed")
    assert handout.take() is None
    assert handout.take_again(0)
    handout.lose(0, "killed")
    handout.answer(0, "late")
    assert handout.done


def test_an_answered_chunk_cannot_be_lost() -> None:
    handout = Handout([1.0])
    handout.take()
    handout.take_again(0)
    handout.answer(0, "first")
    for _ in range(3):
        handout.lose(0, "killed")
    assert handout.take() is None


def test_how_long_a_chunk_may_take_follows_from_its_size_and_the_slowest_worker() -> None:
    pace = Pace()
    assert pace.overdue(100.0) == OVERDUE_SECONDS
    assert pace.hopeless(100.0, losses=1) == 2 * UNKNOWN_SECONDS
    pace.note(1e-6, size=1.0)
    assert pace.overdue(100.0) == OVERDUE_SECONDS
    assert pace.hopeless(100.0) == HOPELESS_SECONDS
    pace = Pace()
    pace.note(10.0, size=5.0)  # two seconds per unit
    pace.note(1.0, size=5.0)
    assert pace.overdue(10.0) == pytest.approx(4 * 20 * 0.99)
    assert pace.hopeless(10.0, losses=1) == pytest.approx(2 * 20 * 20 * 0.99)


def test_a_pause_hardly_counts() -> None:
    pace = Pace()
    pace.note(2.0, size=100.0)
    pace.note(60.0, size=1.0)
    assert pace.overdue(100.0) == 4 * 2 * 2.0


def test_a_slow_worker_is_forgotten_in_time() -> None:
    pace = Pace()
    pace.note(1000.0, size=1.0)
    for _ in range(1000):
        pace.note(1.0, size=1.0)
    np.testing.assert_allclose(pace.overdue(10.0), 40.0, rtol=0.01)
