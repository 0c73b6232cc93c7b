"""The canonical form: its equations, its invariances, its speed against the ``cma`` package."""

import math
from collections.abc import Callable

import cma
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evo_plastic.strategies.base import Proposal, State
from evo_plastic.strategies.sep_cma_es import LARGEST, SMALLEST, SepCMAES, constants

Objective = Callable[[np.ndarray], np.ndarray]


def plain_update(state: State, z: list[list[float]]) -> tuple[State, int]:
    """Tutorial equations, gene by gene; z: all λ draws, the best one first. Also gives h."""
    n, size = len(state.mean), len(z)
    raw = [math.log(size / 2 + 0.5) - math.log(i) for i in range(1, size // 2 + 1)]
    w = [value / sum(raw) for value in raw]
    mu = 1 / sum(value**2 for value in w)
    c_s, root = (mu + 2) / (n + mu + 3), math.sqrt(n)
    d_s = 1 + c_s + 2 * max(0, math.sqrt((mu - 1) / (n + 1)) - 1)
    c_1 = 1 / (n + 2 * root + mu / n)
    c_mu = min(1 - c_1, (mu + 1 / mu - 1.75) / (n + 4 * root + mu / 2))
    c_c = (1 + 1 / n + mu / n) / (root + 1 / n + 2 * mu / n)
    chi = root * (1 - 1 / (4 * n) + 1 / (21 * n**2))
    z_w = [sum(w[i] * z[i][j] for i in range(len(w))) for j in range(n)]
    gain = math.sqrt(c_s * (2 - c_s) * mu)
    p_s = [(1 - c_s) * state.p_sigma[j] + gain * z_w[j] for j in range(n)]
    length = math.hypot(*p_s)
    normal = math.sqrt(1 - (1 - c_s) ** (2 * (state.generation + 1)))
    h = 1 if length / normal < (1.4 + 2 / (n + 1)) * chi else 0
    mean, C, p_c = [], [], []
    for j in range(n):
        deviation = math.sqrt(state.C[j])
        mean.append(state.mean[j] + state.sigma * deviation * z_w[j])
        p = (1 - c_c) * state.p_c[j] + h * math.sqrt(c_c * (2 - c_c) * mu) * deviation * z_w[j]
        keep = 1 - c_1 - c_mu + (c_1 * c_c * (2 - c_c) if h == 0 else 0)
        rank_mu = sum(w[i] * (deviation * z[i][j]) ** 2 for i in range(len(w)))
        p_c.append(p)
        C.append(keep * state.C[j] + c_1 * p**2 + c_mu * rank_mu)
    sigma = state.sigma * math.exp(c_s / d_s * (length / chi - 1))
    arrays = [np.array(part) for part in (mean, C, p_s, p_c)]
    return State(arrays[0], arrays[1], sigma, arrays[2], arrays[3], state.generation + 1), h


@pytest.mark.parametrize(
    ("n", "population", "generations", "seeds"), [(3, 100, 12, 1), (10, 12, 2, 80)]
)
def test_updates_are_those_of_the_equations_in_plain_python(
    n: int, population: int, generations: int, seeds: int
) -> None:
    seen = set()
    for seed in range(seeds):
        strategy = SepCMAES(population, 0.3, seed)
        state = strategy.init(np.linspace(-2, 3, n))
        for generation in range(generations):
            proposal = strategy.proposal(state)
            # A march in one direction stalls p_c (h = 0), no direction at all lets it go.
            genomes = strategy.candidates(proposal, 0, population)
            fitness = genomes.sum(axis=1) if generation < 4 else np.sin(1e6 * genomes[:, 0])
            drawn = [strategy.draw(proposal, int(k)).tolist() for k in np.argsort(-fitness)]
            expected, h = plain_update(state, drawn)
            seen.add(h)
            state = strategy.tell(state, fitness)
            for ours, theirs in zip(state, expected, strict=True):
                np.testing.assert_allclose(ours, theirs, rtol=1e-11, atol=1e-14)
    assert seen == {0, 1}


@pytest.mark.parametrize(("n", "population"), [(40, 17), (100, 32), (1347, 360), (20743, 360)])
def test_the_rates_are_those_of_the_cma_package(n: int, population: int) -> None:
    oracle = make_oracle(np.zeros(n), 1.0, population, seed=0)
    oracle.ask(1)
    ours, theirs = constants(n, population), oracle.sp
    assert ours.weights == pytest.approx(list(theirs.weights[: population // 2]), rel=1e-12)
    assert ours.mu_eff == pytest.approx(theirs.weights.mueff, rel=1e-12)
    assert ours.c_1 == pytest.approx(theirs.c1_sep, rel=1e-12)
    assert ours.c_mu == pytest.approx(theirs.cmu_sep, rel=1e-12)
    assert ours.c_c == pytest.approx(theirs.cc_sep, rel=1e-12)
    assert ours.c_sigma == pytest.approx(oracle.adapt_sigma.cs, rel=1e-12)
    assert ours.d_sigma == pytest.approx(oracle.adapt_sigma.damps, rel=1e-12)


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


def evaluations(objective: Objective, n: int, population: int, seed: int) -> int:
    strategy = SepCMAES(population, 2.0, seed)
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
@pytest.mark.parametrize(
    ("objective", "n", "population", "seeds"),
    [(sphere, 40, 17, 5), (ellipsoid, 40, 17, 5), (sphere, 100, 32, 3), (ellipsoid, 100, 17, 3)],
)
def test_convergence_takes_no_more_evaluations_than_the_cma_package(
    objective: Objective, n: int, population: int, seeds: int
) -> None:
    ours = [evaluations(objective, n, population, seed) for seed in range(seeds)]
    theirs = [evaluations_of_oracle(objective, n, population, seed) for seed in range(seeds)]
    assert np.median(ours) <= 1.10 * np.median(theirs)


class Mirrored(SepCMAES):
    def draw(self, proposal: Proposal, k: int) -> np.ndarray:
        return -super().draw(proposal, k)


def test_reflecting_the_objective_reflects_the_search() -> None:
    plain, mirrored = SepCMAES(9, 0.5, 3), Mirrored(9, 0.5, 3)
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
    unit = SepCMAES(9, 0.5, 3)
    state, stretched = (
        unit.init(start_of(10, 0)),
        SepCMAES(9, 512.0, 3).init(1024 * start_of(10, 0)),
    )
    for _ in range(30):
        genomes = unit.candidates(unit.proposal(state), 0, 9)
        images = unit.candidates(unit.proposal(stretched), 0, 9)
        state = unit.tell(state, -ellipsoid(genomes))
        stretched = unit.tell(stretched, -ellipsoid(images / 1024))
    np.testing.assert_allclose(stretched.mean, 1024 * state.mean, rtol=1e-9)
    np.testing.assert_allclose(stretched.C, state.C, rtol=1e-9)


def test_a_lost_candidate_makes_the_population_smaller() -> None:
    whole, rest = SepCMAES(8, 0.5, 3), SepCMAES(6, 0.5, 3)
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
)
def test_variances_stay_positive_and_everything_finite(n, population, finite, kind, seed) -> None:
    strategy = SepCMAES(population, 1.0, seed)
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
    k = constants(n, population)
    assert 0 < k.c_1 < 1
    assert 0 < k.c_mu <= 1 - k.c_1
    assert 0 < k.c_c < 1
    assert 0 < k.c_sigma < 1
    assert k.d_sigma >= 1


@pytest.mark.parametrize("population", [4, 360])
def test_a_generation_of_25_000_genes(population: int) -> None:
    strategy = SepCMAES(population, 0.05, 1)
    state = strategy.tell(strategy.init(np.zeros(25_000)), np.arange(population) % 7.0)
    assert np.isfinite(state.mean).all()
    assert (state.C > 0).all()


def test_extreme_scales_are_held_within_floating_point() -> None:
    strategy = SepCMAES(4, 1.0, 1)
    for sigma, C in ((SMALLEST, SMALLEST), (LARGEST, LARGEST), (LARGEST, SMALLEST)):
        state = strategy.init(np.zeros(3))._replace(sigma=sigma, C=np.full(3, C))
        for _ in range(50):
            state = strategy.tell(state, np.arange(4.0))
            assert all(np.isfinite(part).all() for part in state)
            assert SMALLEST <= state.sigma <= LARGEST
            assert state.C.min() >= SMALLEST
            assert state.C.max() <= LARGEST
