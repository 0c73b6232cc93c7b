"""The variant of Wang et al. 2022, against its formulas in plain Python and known constants."""

import math

import numpy as np
import pytest

from evo_plastic.strategies.wang2022 import FACTORS, State, Wang2022, constants, update

SEGMENTS = np.repeat([0, 1, 2], [3, 1, 4])


def by_hand(state: State, best: list[list[float]]) -> State:
    """The update, gene by gene, for n = 2 and K = 2; written from the formulas."""
    n, g = 2, state.generation + 1
    w1 = math.log(3) / (math.log(3) + math.log(1.5))
    w2 = 1 - w1
    mu = 1 / (w1**2 + w2**2)
    c_s, c_c, c = (mu + 2) / (mu + 5), 4 / 6, 0.02
    chi = math.sqrt(2) * (1 - 1 / 8 + 1 / 84)
    step = [w1 * best[0][i] + w2 * best[1][i] - state.mean[i] for i in range(n)]
    p_s = [
        (1 - c_s) * state.p_sigma[i]
        + math.sqrt(c_s * (2 - c_s) * mu) / state.sigma * step[i] / math.sqrt(state.C[i])
        for i in range(n)
    ]
    length = math.hypot(*p_s)
    h = 1 if length < math.sqrt(2 * c_s) * (1.4 + 2 / 3) * chi * math.sqrt(g + 1) else 0
    p_c = [
        (1 - c_c) * state.p_c[i] + h * math.sqrt(c_c * (2 - c_c) * mu) / state.sigma * step[i]
        for i in range(n)
    ]
    variances = []
    for i in range(n):
        m, s2 = state.mean[i], state.sigma**2
        spread = w1 * (best[0][i] - m) ** 2 + w2 * (best[1][i] - m) ** 2
        new = (1 - c) * state.C[i] + c / mu * state.p_c[i] ** 2 + c * (1 - 1 / mu) / s2 * spread
        variances.append(min(max(new, 1e-12), 1.0))
    sigma = state.sigma * math.exp(c_s / (1 + c_s) * (length / chi - 1))
    mean = [state.mean[i] + step[i] for i in range(n)]
    sigma = min(max(sigma, 1e-6), 1.0)
    return State(
        np.array(mean),
        np.array(variances),
        sigma,
        np.array(p_s),
        np.array(p_c),
        state.generation + 1,
    )


def state_of_two(p_sigma: float, C: float, sigma: float, generation: int) -> State:
    return State(
        np.array([0.5, -1.0]),
        np.array([C, 0.25 * C]),
        sigma,
        np.array([p_sigma, -0.5 * p_sigma]),
        np.array([0.7, -1.1]),
        generation,
    )


@pytest.mark.parametrize(
    "state",
    [
        state_of_two(p_sigma=0.0, C=0.8, sigma=0.1, generation=0),
        state_of_two(p_sigma=0.4, C=0.8, sigma=0.1, generation=7),
        state_of_two(p_sigma=9.0, C=0.8, sigma=0.1, generation=0),  # h = 0
        state_of_two(p_sigma=9.0, C=1.0, sigma=0.9, generation=50),  # σ and C at their bounds
        state_of_two(p_sigma=0.0, C=1e-12, sigma=1e-6, generation=2),
    ],
)
def test_one_update_by_hand(state: State) -> None:
    best = [[0.58, -1.02], [0.44, -1.04]]
    if state.sigma == 1e-6:
        best = [[0.5, -1.0], [0.5, -1.0]]
    for told, expected in zip(
        update(state, [np.array(genome) for genome in best]), by_hand(state, best), strict=True
    ):
        np.testing.assert_allclose(told, expected, rtol=1e-12)


def test_tell_updates_with_the_better_half_of_the_drawn_candidates() -> None:
    strategy = Wang2022(population=4, sigma=0.1, seed=5, segments=np.array([0, 1]))
    state = state_of_two(p_sigma=0.4, C=0.8, sigma=0.1, generation=7)
    pool = strategy.candidates(strategy.proposal(state), 0, 4)
    told = strategy.tell(state, np.array([2.0, -1.0, 2.0, 0.0]))
    for ours, expected in zip(told, by_hand(state, [pool[2], pool[0]]), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-12)


def test_the_step_size_and_the_variances_stay_in_their_ranges() -> None:
    far = [np.array([40.0, 40.0]), np.array([-40.0, 44.0])]
    told = update(state_of_two(p_sigma=9.0, C=1.0, sigma=0.9, generation=50), far)
    assert told.sigma == 1.0
    assert told.C.max() == 1.0
    small = state_of_two(p_sigma=0.0, C=1e-12, sigma=1e-6, generation=2)
    told = update(small._replace(p_c=np.zeros(2)), [small.mean, small.mean])
    assert told.sigma == 1e-6
    np.testing.assert_array_equal(told.C, [1e-12, 1e-12])


@pytest.mark.parametrize(
    ("n", "c_sigma", "chi", "c_c"),
    [(1347, 0.066153, 36.69469, 0.002961), (1217, 0.0727001, 34.878362, 0.003276)],
)
def test_the_constants_of_published_networks(n, c_sigma, chi, c_c) -> None:
    k = constants(n, parents=180)
    assert k.mu == pytest.approx(93.4909, abs=5e-5)
    assert k.weights[0] == pytest.approx(0.02929, abs=5e-6)
    assert k.c_sigma == pytest.approx(c_sigma, abs=1e-6)
    assert k.d_sigma == pytest.approx(1 + c_sigma, abs=1e-6)
    assert k.chi == pytest.approx(chi, abs=1e-5)
    assert k.c_c == pytest.approx(c_c, abs=1e-6)


def test_damping_grows_when_parents_outnumber_genes() -> None:
    k = constants(10, parents=180)
    assert k.d_sigma == pytest.approx(1 + k.c_sigma + 2 * math.sqrt((k.mu - 12) / 11))


def test_the_mean_is_a_candidate_of_its_own_generation() -> None:
    strategy = Wang2022(population=8, sigma=0.1, seed=5, segments=SEGMENTS)
    state = strategy.init(np.arange(8.0))
    first = strategy.candidate(strategy.proposal(state), 0)
    np.testing.assert_array_equal(first, np.arange(8.0))
    told = strategy.tell(state, np.array([9.0, *[np.nan] * 6, 0.0]))
    assert (
        np.abs(told.mean - state.mean).max()
        < np.abs(strategy.candidate(strategy.proposal(state), 7) - state.mean).max()
    )


def test_one_factor_per_array_and_candidate() -> None:
    strategy = Wang2022(population=5001, sigma=0.1, seed=5, segments=SEGMENTS)
    plain = Wang2022(population=5001, sigma=0.1, seed=5, segments=SEGMENTS)
    proposal = strategy.proposal(strategy.init(np.zeros(8)))
    found = []
    for k in range(1, 5001):
        ratio = strategy.candidate(proposal, k) / (0.1 * plain.draw(proposal, k))
        by_array = ratio[[0, 3, 4]]
        np.testing.assert_allclose(ratio, by_array[SEGMENTS], rtol=1e-12)
        found.append(by_array)
    which = np.abs(np.array(found)[..., None] - FACTORS).argmin(axis=-1)
    np.testing.assert_allclose(FACTORS[which], found, rtol=1e-12)
    np.testing.assert_allclose(FACTORS, [0.708, 1, 1.225])
    for array in range(3):
        shares = np.bincount(which[:, array], minlength=3) / 5000
        np.testing.assert_allclose(shares, [0.05, 0.90, 0.05], atol=0.015)
    assert not (which[:, 0] == which[:, 1]).all()


def test_a_short_generation_has_its_own_weights_and_leaves_no_trace() -> None:
    strategy = Wang2022(population=8, sigma=0.1, seed=5, segments=SEGMENTS)
    state = strategy.init(np.zeros(8))
    full = np.arange(8.0)
    before = strategy.tell(state, full)
    short = strategy.tell(state, np.array([np.nan] * 5 + [1.0, 3.0, 2.0]))
    proposal = strategy.proposal(state)
    expected = update(state, [strategy.candidate(proposal, k) for k in (6, 7, 5)])
    np.testing.assert_array_equal(short.mean, expected.mean)
    np.testing.assert_array_equal(strategy.tell(state, full).mean, before.mean)


def test_without_selection_variances_can_only_shrink() -> None:
    strategy = Wang2022(population=16, sigma=0.1, seed=5, segments=SEGMENTS)
    state = strategy.init(np.zeros(8))
    fitness = np.random.default_rng(0)
    for _ in range(100):
        state = strategy.tell(state, fitness.standard_normal(16))
        assert state.C.max() <= 1.0
    assert state.C.mean() < 0.95
