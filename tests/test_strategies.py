"""What every strategy must satisfy: purity, redrawing, resuming, and what it may not depend on."""

import pickle
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter

from evo_plastic.config import StrategyConfig
from evo_plastic.errors import InputError, TrainingFailed
from evo_plastic.layout import ArraySpec, Layout
from evo_plastic.strategies import AnyStrategy, State, create, first_mean
from evo_plastic.strategies.base import noise

LAYOUT = Layout((ArraySpec("A", (3, 4)), ArraySpec("b", (5,)), ArraySpec("s", ())))
TARGET = np.linspace(-1, 1, LAYOUT.size)
GRADIENT = {"name": "openai-es", "weight_decay": 0, "sigma_decay": 0.97}

STRATEGIES: dict[str, dict[str, Any]] = {
    "dual path length": {"name": "sep-cma-es"},
    "two-point": {"name": "sep-cma-es", "step_size": "tpa"},
    "path length": {"name": "sep-cma-es", "step_size": "csa"},
    "best half": {"name": "sep-cma-es", "active": False},
    "wang2022": {"name": "sep-cma-es", "variant": "wang2022"},
    "adam": {**GRADIENT, "learning_rate": 0.1, "learning_rate_decay": 0.97},
    "momentum": {
        **GRADIENT,
        "optimiser": "momentum",
        "learning_rate": 2.0,
        "learning_rate_decay": 0.98,
    },
    "full": {"name": "cma"},
    "diagonal": {"name": "cma", "covariance": "diagonal"},
}
SEPARABLE = ("dual path length", "two-point", "path length", "best half", "wang2022")
REDRAWN = (*SEPARABLE, "adam", "momentum")
"""Whose workers draw candidates from a seed."""


def make(
    name: str, population: int = 12, seed: int = 7, layout: Layout = LAYOUT, sigma: float = 0.3
) -> AnyStrategy:
    values = STRATEGIES[name] | {"population": population, "sigma": sigma}
    return create(TypeAdapter(StrategyConfig).validate_python(values), layout, seed)


def minus_sphere(genomes: np.ndarray) -> np.ndarray:
    return -np.square(genomes - TARGET).sum(axis=1)


def run(strategy: AnyStrategy, state: State, generations: int, evaluate=minus_sphere) -> State:
    for _ in range(generations):
        proposal = strategy.proposal(state)
        population = strategy.candidates(proposal, 0, proposal.population)
        state = strategy.tell(state, evaluate(population))
    return state


def assert_same(strategy: AnyStrategy, left: State, right: State) -> None:
    ours, theirs = strategy.to_arrays(left), strategy.to_arrays(right)
    assert list(ours) == list(theirs)
    for name, array in ours.items():
        np.testing.assert_array_equal(array, theirs[name], err_msg=name)


@pytest.fixture(params=STRATEGIES)
def strategy(request: pytest.FixtureRequest) -> AnyStrategy:
    return make(request.param)


@pytest.fixture
def midway(strategy: AnyStrategy) -> State:
    """A state whose paths and variances are no longer those of the start."""
    return run(strategy, strategy.init(first_mean(LAYOUT.size, 1, 0.05)), 5)


def test_the_search_climbs(strategy: AnyStrategy) -> None:
    start = strategy.init(np.zeros(LAYOUT.size))
    end = run(strategy, start, 100)
    before, after = minus_sphere(np.stack([strategy.mean(start), strategy.mean(end)]))
    assert after > before / 50
    assert end.generation == 100


def test_a_candidate_is_the_same_whatever_range_it_is_drawn_in(strategy, midway) -> None:
    proposal = strategy.proposal(midway)
    everyone = strategy.candidates(proposal, 0, proposal.population)
    assert proposal.population == 12
    assert everyone.shape == (12, LAYOUT.size)
    np.testing.assert_array_equal(strategy.candidates(proposal, 4, 9), everyone[4:9])
    for k in (11, 0, 6):
        np.testing.assert_array_equal(strategy.candidate(proposal, k), everyone[k])
    assert strategy.candidates(proposal, 3, 3).shape == (0, LAYOUT.size)


def test_a_worker_redraws_candidates_from_what_it_was_sent(strategy, midway) -> None:
    proposal = strategy.proposal(midway)
    there, received = pickle.loads(pickle.dumps((strategy, proposal)))
    np.testing.assert_array_equal(there.candidate(received, 5), strategy.candidate(proposal, 5))


@pytest.mark.parametrize("name", REDRAWN)
def test_candidates_differ_between_indices_generations_and_seeds(name: str) -> None:
    strategy = make(name)
    midway = run(strategy, strategy.init(first_mean(LAYOUT.size, 1, 0.05)), 5)
    proposal = strategy.proposal(midway)
    genome = strategy.candidate(proposal, 3)
    for other in (
        strategy.candidate(proposal, 4),
        strategy.candidate(proposal._replace(generation=proposal.generation + 1), 3),
        strategy.candidate(proposal._replace(seed=proposal.seed + 1), 3),
    ):
        assert (genome != other).all()


@pytest.mark.parametrize("name", SEPARABLE)
def test_candidates_are_spread_as_the_state_says(name: str) -> None:
    strategy = make(name, population=20_001)
    scale = 0.2 * np.sqrt(np.linspace(0.01, 1, LAYOUT.size))
    state = strategy.init(TARGET)._replace(sigma=0.2, C=np.linspace(0.01, 1, LAYOUT.size))
    genomes = strategy.candidates(strategy.proposal(state), 1, 20_001)
    np.testing.assert_allclose(genomes.std(axis=0), scale, rtol=0.03)
    np.testing.assert_allclose(genomes.mean(axis=0), TARGET, atol=5 * 0.2 / 20_000**0.5)


def test_arguments_are_left_unchanged(strategy, midway) -> None:
    before = strategy.to_arrays(midway)
    fitness = np.array([3.0, 1.0, 4.0, 2.0] * 2 + [3.0, np.nan, 1.0, 2.0])
    start, given = TARGET.copy(), fitness.copy()
    strategy.init(start)
    proposal = strategy.proposal(midway)
    everyone = strategy.candidates(proposal, 0, 12)
    strategy.candidate(proposal, 0)[:] = 99
    strategy.candidates(proposal, 0, 12)[:] = 99
    strategy.mean(midway)[:] = 99
    for array in strategy.to_arrays(midway).values():
        array[...] = 99
    strategy.tell(midway, fitness)
    assert_same(strategy, midway, strategy.from_arrays(before))
    np.testing.assert_array_equal(strategy.candidates(proposal, 0, 12), everyone)
    np.testing.assert_array_equal(fitness, given)
    np.testing.assert_array_equal(start, TARGET)


def test_the_state_does_not_follow_the_array_it_was_started_from(strategy) -> None:
    start = TARGET.copy()
    state = strategy.init(start)
    start[:] = 99
    np.testing.assert_array_equal(state.mean, TARGET)


def test_equal_states_and_fitnesses_give_equal_bits(strategy, midway) -> None:
    fitness = np.arange(12.0) % 5
    assert_same(strategy, strategy.tell(midway, fitness), strategy.tell(midway, fitness))


def test_resuming_from_a_file_equals_never_stopping(strategy, midway, tmp_path) -> None:
    np.savez(tmp_path / "state.npz", **strategy.to_arrays(midway))
    with np.load(tmp_path / "state.npz", allow_pickle=False) as file:
        restored = strategy.from_arrays(file)
    assert_same(strategy, restored, midway)
    assert type(restored.generation) is int
    elsewhere = pickle.loads(pickle.dumps(strategy))
    assert_same(strategy, run(elsewhere, restored, 5), run(strategy, midway, 5))


def test_any_state_can_be_gone_on_from(strategy, midway) -> None:
    further = run(strategy, midway, 3)
    end = run(strategy, further, 3)
    assert_same(strategy, run(strategy, midway, 6), end)
    assert_same(strategy, run(strategy, further, 3), end)


def test_a_state_with_other_arrays_is_refused(strategy, midway) -> None:
    arrays = strategy.to_arrays(midway)
    with pytest.raises(InputError, match=r"not the search state.*given were none"):
        strategy.from_arrays({})
    with pytest.raises(InputError, match="torque"):
        strategy.from_arrays({**arrays, "torque": TARGET})


def test_only_the_order_of_fitness_matters(strategy, midway) -> None:
    def transformed(genomes: np.ndarray) -> np.ndarray:
        return np.exp(minus_sphere(genomes) / 10) * 1e-6 - 4

    ours, theirs = run(strategy, midway, 8, transformed), run(strategy, midway, 8)
    np.testing.assert_array_equal(strategy.mean(ours), strategy.mean(theirs))
    assert strategy.figures(ours) == strategy.figures(theirs)


def test_moving_the_task_moves_the_search(strategy) -> None:
    shift = np.linspace(3, -2, LAYOUT.size)
    here = run(strategy, strategy.init(np.zeros(LAYOUT.size)), 20)
    there = run(strategy, strategy.init(shift), 20, lambda x: minus_sphere(x - shift))
    np.testing.assert_allclose(
        strategy.mean(there) - shift, strategy.mean(here), rtol=1e-8, atol=1e-10
    )
    ours, theirs = strategy.figures(here), strategy.figures(there)
    assert ours == pytest.approx(theirs, rel=1e-9)


@pytest.mark.parametrize(
    ("name", "order"), [("path length", -1), ("best half", -1), ("wang2022", 1), ("full", -1)]
)
def test_equal_fitnesses_rank_by_index(name: str, order: int) -> None:
    strategy = make(name)
    state = strategy.init(np.zeros(LAYOUT.size))
    tied = strategy.tell(state, np.full(12, -2.0))
    apart = strategy.tell(state, order * np.arange(12.0))
    np.testing.assert_array_equal(strategy.mean(tied), strategy.mean(apart))


def test_a_non_finite_fitness_counts_as_no_candidate(strategy, midway) -> None:
    fitness = np.array([np.inf, *range(10), np.nan])
    told = strategy.tell(midway, fitness)
    assert np.isfinite(strategy.mean(told)).all()
    for other in (np.nan, -np.inf):
        left = strategy.tell(midway, np.where(np.isfinite(fitness), fitness, other))
        assert_same(strategy, told, left)
    with pytest.raises(TrainingFailed, match="finite fitness"):
        strategy.tell(midway, np.array([0.0, *[np.nan] * 11]))


@pytest.mark.parametrize("name", REDRAWN)
def test_one_gene_and_four_candidates_are_enough(name: str) -> None:
    strategy = make(name, population=4, layout=Layout((ArraySpec("w", (1,)),)))
    state = strategy.init(np.array([0.5]))
    for _ in range(300):
        genomes = strategy.candidates(strategy.proposal(state), 0, 4)
        state = strategy.tell(state, -np.abs(genomes[:, 0] - 0.25))
    assert abs(state.mean[0] - 0.25) < 1e-3


def test_the_first_mean_follows_from_the_seed() -> None:
    mean = first_mean(20_000, 3, 0.05)
    np.testing.assert_array_equal(mean, first_mean(20_000, 3, 0.05))
    assert mean.std() == pytest.approx(0.05, rel=0.03)
    assert abs(mean.mean()) < 5 * 0.05 / 20_000**0.5
    assert not np.isin(mean, first_mean(20_000, 4, 0.05)).any()
    np.testing.assert_array_equal(first_mean(4, 3, 0.0), np.zeros(4))


def test_normal_draws_are_those_that_old_checkpoints_were_made_with() -> None:
    # numpy promises its streams within a version only: if this fails, resumed runs differ.
    drawn = noise(7, 3, 359).standard_normal(3)
    np.testing.assert_array_equal(
        drawn, [-0.06138413490967883, 0.14138818688961166, 1.2438089747397771]
    )


def test_a_state_of_other_shapes_and_types_is_refused(strategy, midway) -> None:
    arrays = strategy.to_arrays(midway)
    strange = [np.zeros((2, 2)), np.array("x"), np.array(-1), np.array([]), np.zeros(99)]
    # The first mean of the cma package's search has no other vector that tells its length.
    for name in (name for name in arrays if not name.startswith("cma.")):
        for array in strange[:3] if name == "own.start" else strange:
            with pytest.raises(InputError, match="not a search state"):
                strategy.from_arrays(arrays | {name: array})
