"""The canonical form: its equations, its invariances, its speed against the ``cma`` package."""

import math
from collections.abc import Callable

import cma
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_sep_cma_es import plain_update

from evo_plastic.strategies import gaussian
from evo_plastic.strategies.gaussian import Proposal
from evo_plastic.strategies.sep_cma_es import LARGEST, SMALLEST, SepCMAES, constants

Objective = Callable[[np.ndarray], np.ndarray]
WAYS = [("csa", False), ("csa", True), ("dual-csa", True), ("tpa", False), ("tpa", True)]
every_way = pytest.mark.parametrize(("step_size", "active"), WAYS)


@every_way
@pytest.mark.parametrize(
    ("n", "population", "generations", "march", "seeds"),
    [(3, 100, 12, 4, 1), (10, 12, 2, 2, 80), (120, 12, 50, 40, 1)],
)
def test_updates_are_those_of_the_equations_in_plain_python(
    n: int,
    population: int,
    generations: int,
    march: int,
    seeds: int,
    step_size: str,
    active: bool,
) -> None:
    seen = set()
    for seed in range(seeds):
        strategy = SepCMAES(population, 0.3, seed, step_size, active)
        state = strategy.init(np.linspace(-2, 3, n))
        for generation in range(generations):
            proposal = strategy.proposal(state)
            # A march in one direction stalls p_c (h = 0), no direction at all lets it go.
            genomes = strategy.candidates(proposal, 0, population)
            fitness = genomes.sum(axis=1) if generation < march else np.sin(1e6 * genomes[:, 0])
            order = np.argsort(-fitness)
            place = np.argsort(order)
            lead = (place[1] - place[0]) / (population - 1) if generation else 0.0
            drawn = [strategy.draw(proposal, int(k)).tolist() for k in order]
            expected, h = plain_update(state, drawn, lead, step_size, active)
            seen.add(h)
            state = strategy.tell(state, fitness)
            for ours, theirs in zip(state, expected, strict=True):
                np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-14)
    assert seen == {0, 1}


def test_two_points_lie_ahead_and_behind_on_the_line_of_the_last_step() -> None:
    strategy = SepCMAES(12, 0.3, 5, "tpa", True)
    state = strategy.init(np.zeros(30))
    first = strategy.proposal(state)
    assert first.line is None
    np.testing.assert_array_equal(strategy.draw(first, 0), drawn_normally(first, 0))
    before = state.mean
    for _ in range(3):
        before = state.mean
        genomes = strategy.candidates(strategy.proposal(state), 0, 12)
        state = strategy.tell(state, -ellipsoid(genomes))
    proposal = strategy.proposal(state)
    ahead, behind = strategy.candidates(proposal, 0, 2) - state.mean
    np.testing.assert_allclose(behind, -ahead, rtol=1e-9, atol=1e-15)
    step = state.mean - before
    np.testing.assert_allclose(
        ahead / np.linalg.norm(ahead), step / np.linalg.norm(step), rtol=1e-9
    )
    length = np.linalg.norm(drawn_normally(proposal, 0))
    assert np.linalg.norm(ahead / proposal.scale) == pytest.approx(length)


def drawn_normally(proposal: Proposal, k: int) -> np.ndarray:
    return SepCMAES(12, 0.3, 5, "csa", True).draw(proposal._replace(line=None), k)


@pytest.mark.parametrize(
    ("fitness", "grows"), [([2.0, 1.0], 1), ([1.0, 2.0], -1), ([1.0, 1.0], 0)]
)
def test_the_step_grows_where_the_point_ahead_is_the_better_one(fitness, grows) -> None:
    strategy = SepCMAES(6, 0.3, 5, "tpa", True)
    state = strategy.tell(strategy.init(np.zeros(8)), np.arange(6.0))
    assert state.sigma == 0.3
    told = strategy.tell(state, np.array([*fitness, 0.0, 3.0, 4.0, 5.0]))
    assert np.sign(told.sigma - state.sigma) == grows


def test_a_point_that_cannot_be_judged_counts_as_the_worse_one() -> None:
    strategy = SepCMAES(6, 0.3, 5, "tpa", True)
    state = strategy.tell(strategy.init(np.zeros(8)), np.arange(6.0))
    rest = [0.0, 3.0, 4.0, 5.0]
    assert strategy.tell(state, np.array([1.0, np.nan, *rest])).sigma > state.sigma
    assert strategy.tell(state, np.array([np.inf, 1.0, *rest])).sigma < state.sigma
    assert strategy.tell(state, np.array([np.nan, np.nan, *rest])).sigma == state.sigma


@pytest.mark.parametrize(("n", "population"), [(40, 17), (100, 32), (1347, 360), (20743, 360)])
def test_the_rates_are_those_of_the_cma_package(n: int, population: int) -> None:
    oracle = make_oracle(np.zeros(n), 1.0, population, seed=0)
    oracle.ask(1)
    ours, theirs = constants(n, population, active=True), oracle.sp
    mu = population // 2
    assert list(ours.weights[:mu]) == pytest.approx(list(theirs.weights[:mu]), rel=1e-12)
    assert ours.mu_eff == pytest.approx(theirs.weights.mueff, rel=1e-12)
    assert ours.c_1 == pytest.approx(theirs.c1_sep, rel=1e-12)
    assert ours.c_mu == pytest.approx(theirs.cmu_sep, rel=1e-12)
    assert ours.c_c == pytest.approx(theirs.cc_sep, rel=1e-12)
    assert ours.step.c_sigma == pytest.approx(oracle.adapt_sigma.cs, rel=1e-12)
    assert ours.step.d_sigma == pytest.approx(oracle.adapt_sigma.damps, rel=1e-12)


def make_oracle(start: np.ndarray, sigma: float, population: int, seed: int):
    """pycma, diagonal, step size by path length, with random numbers of its own."""
    rng = np.random.default_rng(seed)
    options = {
        "CMA_diagonal": True,
        "AdaptSigma": cma.sigma_adaptation.CMAAdaptSigmaCSA,
        "CMA_active": False,
        "popsize": population,
        "seed": np.nan,
        "randn": lambda *shape: rng.standard_normal(shape),
        "verbose": -9,
    }
    return cma.CMAEvolutionStrategy(start, sigma, options)


def evaluations_of_oracle(objective: Objective, n: int, population: int, seed: int) -> int:
    oracle = make_oracle(start_of(n, seed), 2.0, population, seed)
    for generation in range(1, 3000):
        genomes = oracle.ask()
        losses = objective(np.array(genomes))
        if losses.min() < 1e-8:
            return generation * population
        oracle.tell(genomes, list(losses))
    raise AssertionError("the oracle did not converge")


def evaluations(
    objective: Objective, n: int, population: int, seed: int, step_size: str, active: bool
) -> int:
    strategy = SepCMAES(population, 2.0, seed, step_size, active)
    state = strategy.init(start_of(n, seed))
    for generation in range(1, 3000):
        losses = objective(strategy.candidates(strategy.proposal(state), 0, population))
        if losses.min() < 1e-8:
            return generation * population
        state = strategy.tell(state, -losses)
    return 3000 * population


def start_of(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng([n, seed]).uniform(-4, 4, n)


def sphere(genomes: np.ndarray) -> np.ndarray:
    return np.square(genomes - 1).sum(axis=1)


def ellipsoid(genomes: np.ndarray) -> np.ndarray:
    n = genomes.shape[1]
    return (np.square(genomes - 1) * 10 ** (6 * np.arange(n) / (n - 1))).sum(axis=1)


# pycma counts a long path among the candidates whose length it questions.
@pytest.mark.filterwarnings("ignore:elements of z2:UserWarning")
@every_way
@pytest.mark.parametrize(
    ("objective", "n", "population", "seeds"),
    [(sphere, 40, 17, 5), (ellipsoid, 40, 17, 5), (sphere, 100, 32, 3), (ellipsoid, 100, 17, 3)],
)
def test_convergence_takes_no_more_evaluations_than_the_cma_package(
    objective: Objective, n: int, population: int, seeds: int, step_size: str, active: bool
) -> None:
    way = step_size, active
    ours = [evaluations(objective, n, population, seed, *way) for seed in range(seeds)]
    theirs = [evaluations_of_oracle(objective, n, population, seed) for seed in range(seeds)]
    assert np.median(ours) <= 1.10 * np.median(theirs)


def test_draws_that_are_not_kept_are_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    ends = []
    for most in (gaussian.MOST_KEPT, 0):
        monkeypatch.setattr(gaussian, "MOST_KEPT", most)
        strategy = SepCMAES(12, 0.3, 5, "tpa", True)
        state = strategy.init(np.zeros(30))
        for _ in range(4):
            genomes = strategy.candidates(strategy.proposal(state), 0, 12)
            state = strategy.tell(state, -ellipsoid(genomes))
        ends.append(state)
    for kept, redrawn in zip(*ends, strict=True):
        np.testing.assert_array_equal(kept, redrawn)


def test_kept_draws_are_those_of_the_generation_that_is_asked_for() -> None:
    strategy, fresh = (SepCMAES(12, 0.3, 5, "csa", True) for _ in range(2))
    now = strategy.proposal(strategy.init(np.zeros(30)))
    expected = fresh.candidates(now, 0, 12)
    for other in (now._replace(generation=1), now._replace(seed=6)):
        assert not np.isclose(strategy.candidates(other, 0, 12), expected).any()
        np.testing.assert_array_equal(strategy.candidates(now, 0, 12), expected)


class Mirrored(SepCMAES):
    def draw(self, proposal: Proposal, k: int) -> np.ndarray:
        z = super().draw(proposal, k)
        return z if proposal.line is not None and k < 2 else -z


def test_reflecting_the_objective_reflects_the_search() -> None:
    plain = SepCMAES(9, 0.5, 3, "tpa", True)
    mirrored = Mirrored(9, 0.5, 3, "tpa", True)
    state, image = plain.init(start_of(10, 0)), mirrored.init(-start_of(10, 0))
    for _ in range(30):
        genomes = plain.candidates(plain.proposal(state), 0, 9)
        images = mirrored.candidates(mirrored.proposal(image), 0, 9)
        np.testing.assert_array_equal(images, -genomes)
        state = plain.tell(state, -ellipsoid(genomes))
        image = mirrored.tell(image, -ellipsoid(-images))
    np.testing.assert_array_equal(image.C, state.C)
    assert image.sigma == state.sigma


def test_stretching_the_objective_stretches_the_search() -> None:
    unit = SepCMAES(9, 0.5, 3, "tpa", True)
    state = unit.init(start_of(10, 0))
    stretched = unit.init(1024 * start_of(10, 0))._replace(sigma=512.0)
    for _ in range(30):
        genomes = unit.candidates(unit.proposal(state), 0, 9)
        images = unit.candidates(unit.proposal(stretched), 0, 9)
        state = unit.tell(state, -ellipsoid(genomes))
        stretched = unit.tell(stretched, -ellipsoid(images / 1024))
    np.testing.assert_allclose(stretched.mean, 1024 * state.mean, rtol=1e-9)
    np.testing.assert_allclose(stretched.C, state.C, rtol=1e-9)


@every_way
def test_stretching_single_genes_stretches_the_search_once_variances_follow(
    step_size: str, active: bool
) -> None:
    strategy = SepCMAES(9, 0.5, 3, step_size, active)
    stretch = 10.0 ** np.linspace(-3, 3, 10)
    state = strategy.init(start_of(10, 0))
    stretched = strategy.init(stretch * start_of(10, 0))._replace(C=stretch**2)
    for _ in range(30):
        genomes = strategy.candidates(strategy.proposal(state), 0, 9)
        images = strategy.candidates(strategy.proposal(stretched), 0, 9)
        state = strategy.tell(state, -ellipsoid(genomes))
        stretched = strategy.tell(stretched, -ellipsoid(images / stretch))
    np.testing.assert_allclose(stretched.mean, stretch * state.mean, rtol=1e-8)
    np.testing.assert_allclose(stretched.C, stretch**2 * state.C, rtol=1e-8)
    assert stretched.sigma == pytest.approx(state.sigma, rel=1e-8)


def test_a_lost_candidate_makes_the_population_smaller() -> None:
    whole = SepCMAES(8, 0.5, 3, "tpa", True)
    rest = SepCMAES(6, 0.5, 3, "tpa", True)
    state = whole.init(start_of(5, 0))
    fitness = np.array([3.0, 1.0, 4.0, 1.0, 5.0, 9.0])
    lost = whole.tell(state, np.array([*fitness, np.nan, np.inf]))
    for ours, expected in zip(lost, rest.tell(state, fitness), strict=True):
        np.testing.assert_array_equal(ours, expected)


@settings(max_examples=40, deadline=None)
@given(
    n=st.integers(1, 12),
    population=st.integers(4, 360),
    finite=st.integers(2, 360),
    kind=st.sampled_from(["tied", "random", "slope", "valley"]),
    seed=st.integers(0, 2**63 - 1),
    way=st.sampled_from(WAYS),
)
def test_variances_stay_positive_and_everything_finite(
    n, population, finite, kind, seed, way
) -> None:
    strategy = SepCMAES(population, 1.0, seed, *way)
    state = strategy.init(np.ones(n))
    rng = np.random.default_rng(seed)
    for _ in range(15):
        genomes = strategy.candidates(strategy.proposal(state), 0, population)
        fitness = {
            "tied": np.zeros(population),
            "random": rng.standard_normal(population),
            "slope": genomes.sum(axis=1),
            "valley": -np.abs(genomes[:, 0]),
        }[kind]
        state = strategy.tell(state, np.where(np.arange(population) < finite, fitness, np.nan))
        assert (state.C > 0).all()
        assert all(np.isfinite(part).all() for part in state)
        assert state.sigma > 0


@pytest.mark.parametrize("population", [4, 5, 17, 360, 361])
@pytest.mark.parametrize("n", [1, 2, 3, 10, 100, 1347, 25_000])
def test_rates_are_fractions_at_every_size(n: int, population: int) -> None:
    k = constants(n, population, active=True)
    assert 0 < k.c_1 < 1
    assert 0 < k.c_mu <= 1 - k.c_1
    assert 0 < k.c_c < 1
    assert 0 < k.step.c_sigma < 1
    assert k.step.c_sigma <= k.step.c_fast <= 0.5 or k.step.c_fast == 0.5
    assert k.step.d_sigma >= 1
    assert k.step.d_fast >= 0.12
    assert k.step.d_s > 0
    assert (k.weights[: k.mu] > 0).all()
    assert (k.weights[k.mu :] <= 0).all()
    assert k.c_1 + k.c_mu * (1 - k.weights[k.mu :].sum()) <= 1 + 1e-12


@pytest.mark.parametrize("n", [2, 5, 10, 20, 50])
def test_small_genomes_and_large_populations_converge(n: int) -> None:
    for step_size, active in WAYS:
        assert evaluations(ellipsoid, n, 360, 1, step_size, active) < 60_000


@every_way
@pytest.mark.parametrize("population", [4, 360])
def test_a_generation_of_25_000_genes(population: int, step_size: str, active: bool) -> None:
    strategy = SepCMAES(population, 0.05, 1, step_size, active)
    state = strategy.tell(strategy.init(np.zeros(25_000)), np.arange(population) % 7.0)
    assert np.isfinite(state.mean).all()
    assert (state.C > 0).all()


def test_extreme_scales_are_held_within_floating_point() -> None:
    strategy = SepCMAES(4, 1.0, 1, "csa", True)
    for sigma, C in ((SMALLEST, SMALLEST), (LARGEST, LARGEST), (LARGEST, SMALLEST)):
        state = strategy.init(np.zeros(3))._replace(sigma=sigma, C=np.full(3, C))
        for _ in range(50):
            state = strategy.tell(state, np.arange(4.0))
            assert all(np.isfinite(part).all() for part in state)
            assert SMALLEST <= state.sigma <= LARGEST
            assert state.C.min() >= SMALLEST
            assert state.C.max() <= LARGEST


def neutral_log_sigma(step_size: str, seed: int, generations: int) -> float:
    strategy = SepCMAES(60, 1.0, seed, step_size, True)
    state, rng = strategy.init(np.zeros(100)), np.random.default_rng(seed)
    for _ in range(generations):
        state = strategy.tell(state, rng.standard_normal(60))
    return math.log(state.sigma)


def test_fitness_that_is_only_noise_leads_the_dual_path_no_further_than_the_slow_one() -> None:
    ends = {
        name: np.std([neutral_log_sigma(name, seed, 300) for seed in range(6)])
        for name in ("csa", "dual-csa", "tpa")
    }
    assert ends["dual-csa"] < 2 * ends["csa"] + 0.1
    assert ends["tpa"] > ends["dual-csa"]


@every_way
def test_the_mean_may_go_further_than_the_better_half(step_size: str, active: bool) -> None:
    usual, far = (SepCMAES(12, 0.3, 5, step_size, active, rate) for rate in (1.0, 2.5))
    state = usual.init(start_of(10, 0))
    fitness = -ellipsoid(usual.candidates(usual.proposal(state), 0, 12))
    near, there = usual.tell(state, fitness), far.tell(state, fitness)
    np.testing.assert_allclose(there.mean - state.mean, 2.5 * (near.mean - state.mean))
    for ours, theirs in zip(there[1:], near[1:], strict=True):
        np.testing.assert_array_equal(ours, theirs)
