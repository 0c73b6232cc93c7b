"""Keys and draws: published numbers, plain Python integers, and no two keys alike."""

from typing import Any

import numpy as np
import pytest

from evo_plastic import seeding
from evo_plastic.seeding import GOLDEN, fold, mix64, mix64_compiled

PUBLISHED = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
"""The first outputs of Vigna's splitmix64.c for seed 0."""

LAST = 2**64 - 1


def plain_mix(z: int) -> int:
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & LAST
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & LAST
    return z ^ (z >> 31)


def plain_fold(*words: int) -> int:
    key = 0
    for word in words:
        key = plain_mix((key ^ word) + 0x9E3779B97F4A7C15 & LAST)
    return key


def test_draws_under_key_0_are_the_published_sequence() -> None:
    draws = mix64(np.arange(1, 4, dtype=np.uint64) * GOLDEN)
    assert draws.dtype == np.uint64
    assert draws.tolist() == PUBLISHED


def test_compiled_draws_are_those_of_numpy() -> None:
    words = np.random.default_rng(3).integers(0, LAST, 1000, np.uint64, endpoint=True)
    words[:3] = 0, LAST, 2**63
    compiled = [int(mix64_compiled(word)) for word in words]
    assert compiled == mix64(words).tolist() == [plain_mix(int(word)) for word in words]


@pytest.mark.parametrize("words", [(0,), (1, 2), (2, 1), (7, 0, 2**63, LAST), (0, 0), (0, 0, 0)])
def test_a_key_is_that_of_plain_integers(words: tuple[int, ...]) -> None:
    assert fold(*words).tolist() == [plain_fold(*words)]


def test_a_negative_word_is_taken_modulo_two_to_the_64() -> None:
    assert fold(-1).tolist() == [plain_fold(LAST)]


@pytest.mark.parametrize(
    ("words", "shape"),
    [
        ((), (1,)),
        ((5,), (1,)),
        ((np.int64(5), 6), (1,)),
        ((5, np.arange(4)), (4,)),
        ((np.arange(3)[:, None], 5, np.arange(4)), (3, 4)),
        ((np.arange(2)[:, None, None], np.arange(3)[:, None], np.arange(0)), (2, 3, 0)),
    ],
)
def test_words_broadcast(words: tuple[Any, ...], shape: tuple[int, ...]) -> None:
    keys = fold(*words)
    assert keys.shape == shape
    assert keys.dtype == np.uint64


def test_a_batch_of_keys_is_the_keys_one_by_one() -> None:
    keys = fold(9, np.arange(3, dtype=np.int16)[:, None], np.arange(4, dtype=np.uint8))
    assert keys.tolist() == [[plain_fold(9, i, j) for j in range(4)] for i in range(3)]


def test_words_that_do_not_broadcast_are_refused() -> None:
    with pytest.raises(ValueError, match="broadcast"):
        fold(np.arange(3), np.arange(4))


def test_the_words_given_are_not_changed() -> None:
    words = np.arange(5, dtype=np.uint64)
    fold(words, words)
    np.testing.assert_array_equal(words, np.arange(5))


def test_the_order_of_words_matters() -> None:
    i, j = np.triu_indices(50, k=1)
    assert not np.any(fold(i, j) == fold(j, i))


def test_small_words_give_no_key_twice() -> None:
    small = np.arange(47)
    keys = [fold(small), fold(small[:, None], small), fold(small[:, None, None], 1, small)]
    keys.append(fold(small[:, None, None], small[:, None], small))
    everything = np.concatenate([batch.ravel() for batch in keys])
    # (i, 1, j) stands in the third batch and again in the fourth.
    assert len(np.unique(everything)) == everything.size - 47**2 > 10**5


def test_keys_are_even_in_every_bit() -> None:
    keys = fold(1, np.arange(100)[:, None], np.arange(100)).ravel()
    ones = [np.mean(keys >> np.uint64(bit) & np.uint64(1)) for bit in range(64)]
    np.testing.assert_allclose(ones, 0.5, atol=5 * 0.5 / np.sqrt(keys.size))


def test_no_two_streams_have_the_same_number() -> None:
    streams = [value for name, value in vars(seeding).items() if name.startswith("STREAM_")]
    assert sorted(streams) == list(range(1, len(streams) + 1))
