"""The strategies of the ``cma`` package: its own search, exact resume, restarts, refusals."""

import pickle

import cma
import numpy as np
import pytest

from evo_plastic.config import CMAConfig
from evo_plastic.errors import InputError, TrainingFailed
from evo_plastic.strategies.base import noise
from evo_plastic.strategies.cma_package import CMA, State
from evo_plastic.strategies.restarts import Search, first_search, next_search, spend

COVARIANCES = pytest.mark.parametrize("covariance", ["full", "diagonal"])


def make(covariance: str = "full", population: int = 10, **values) -> CMA:
    settings = {"covariance": covariance, "population": population, "sigma": 0.5, **values}
    return CMA(CMAConfig(name="cma", **settings), seed=4)


def rastrigin(genomes: np.ndarray) -> np.ndarray:
    waves = genomes**2 - 10 * np.cos(2 * np.pi * genomes) + 10
    return waves.sum(axis=1)


def ellipsoid(genomes: np.ndarray) -> np.ndarray:
    n = genomes.shape[1]
    return np.square(genomes) @ 10 ** (6 * np.arange(n) / (n - 1))


def advance(strategy: CMA, state: State, generations: int, objective=ellipsoid) -> State:
    for _ in range(generations):
        proposal = strategy.proposal(state)
        genomes = strategy.candidates(proposal, 0, proposal.population)
        state = strategy.tell(state, -objective(genomes))
    return state


@COVARIANCES
def test_the_search_is_that_of_the_package(covariance: str) -> None:
    strategy, start, generation = make(covariance), np.linspace(-1, 1, 8), 0
    state = strategy.init(start)
    options = {
        "CMA_diagonal": covariance == "diagonal",
        "AdaptSigma": cma.sigma_adaptation.CMAAdaptSigmaCSA,
        "popsize": 10,
        "seed": np.nan,
        "verbose": -9,
        "randn": lambda *shape: noise(4, generation, 0).standard_normal(shape),
    }
    package = cma.CMAEvolutionStrategy(start, 0.5, options)
    for generation in range(60):  # noqa: B007
        genomes = np.array(package.ask())
        proposal = strategy.proposal(state)
        np.testing.assert_array_equal(strategy.candidates(proposal, 0, 10), genomes)
        order = np.argsort(ellipsoid(genomes), kind="stable")
        package.tell(list(genomes[order]), list(ellipsoid(genomes)[order]))
        state = strategy.tell(state, -ellipsoid(genomes))
    np.testing.assert_array_equal(strategy.mean(state), package.mean)
    assert strategy.figures(state)["sigma"] == package.sigma


@COVARIANCES
@pytest.mark.parametrize("restarts", ["none", "ipop", "bipop"])
def test_a_run_from_a_file_at_any_generation_ends_with_the_same_bits(
    covariance: str, restarts: str, tmp_path
) -> None:
    whole = make(covariance, restarts=restarts)
    state = whole.init(np.full(3, 2.3))
    end = advance(whole, state, 260, rastrigin)
    assert end.search.number > 0 or restarts == "none"
    for _ in range(13):
        state = advance(pickle.loads(pickle.dumps(whole)), state, 20, rastrigin)
        np.savez(tmp_path / "state.npz", **whole.to_arrays(state))
        with np.load(tmp_path / "state.npz", allow_pickle=False) as file:
            state = make(covariance, restarts=restarts).from_arrays(file)
    arrays, expected = whole.to_arrays(state), whole.to_arrays(end)
    assert list(arrays) == list(expected)
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, expected[name], err_msg=name)


def test_restarts_double_the_population_and_begin_at_the_first_mean() -> None:
    strategy, start = make(restarts="ipop"), np.full(3, 2.3)
    state, seen = strategy.init(start), [10]
    while state.search.number < 3:
        told = advance(strategy, state, 1, rastrigin)
        if told.search.number > state.search.number:
            seen.append(strategy.proposal(told).population)
            np.testing.assert_array_equal(strategy.mean(told), start)
            assert strategy.figures(told)["sigma"] == 0.5
        state = told
    assert seen == [10, 20, 40, 80]


def test_small_searches_fill_up_what_large_ones_have_spent() -> None:
    search, large, small = first_search(12, 1.0), [], []
    for _ in range(40):
        for _ in range(50):
            search = spend(search)
        search = next_search("bipop", search, 12, 1.0, seed=5)
        (large if search.population == search.large and search.sigma == 1.0 else small).append(
            search
        )
    assert [one.population for one in large] == [12 * 2**k for k in range(1, len(large) + 1)]
    assert len(small) > len(large)
    assert all(4 <= one.population <= one.large / 2 for one in small)
    assert all(0.01 <= one.sigma <= 1 for one in small)
    newest = search.spent_large - search.spent_small
    assert abs(newest) <= 50 * search.large


def test_the_first_restart_is_a_large_one() -> None:
    search = spend(first_search(10, 1.0))
    assert next_search("bipop", search, 10, 1.0, seed=1) == Search(1, 20, 1.0, 0, 20, 10, 0)


def test_too_many_genes_for_a_full_matrix_are_refused() -> None:
    with pytest.raises(InputError, match=r"at most 2000 genes, this network has 2001"):
        make().init(np.zeros(2001))
    assert make("diagonal").init(np.zeros(2001)).generation == 0


def test_one_gene_is_refused() -> None:
    with pytest.raises(InputError, match="at least two genes"):
        make().init(np.zeros(1))


def test_a_generation_that_lost_more_than_half_ends_training() -> None:
    strategy = make()
    state = strategy.init(np.zeros(4))
    fitness = np.arange(10.0)
    fitness[:5] = np.nan
    assert strategy.tell(state, fitness).generation == 1
    fitness[5] = np.inf
    with pytest.raises(TrainingFailed, match="4 of 10 candidates have a finite fitness"):
        strategy.tell(state, fitness)


def test_a_state_of_another_version_is_refused() -> None:
    strategy = make()
    state = advance(strategy, strategy.init(np.zeros(4)), 3)
    for name in ("engine.piston", "__class__.x", "__class__", "tell", "sm.engine.piston"):
        arrays = strategy.to_arrays(state) | {f"cma.{name}": np.array(1.0)}
        with pytest.raises(InputError, match=f"does not fit this version .* no {name}"):
            make().proposal(make().from_arrays(arrays))
