"""Other libraries' strategies on our mazes: their own search, undisturbed, in our generations."""

from pathlib import Path

import numpy as np
import pytest
from cli_runs import evo_plastic
from click.testing import CliRunner
from crfmnes import CRFMNES as Package
from driver_runs import changed

from benchmarks.strategies import mazes
from benchmarks.strategies.mazes import CRFMNES, SEARCHES, Foreign, FullCMA
from evo_plastic.parsing import dump_experiment

START = np.linspace(-1, 2, 12)


def sphere(genomes: np.ndarray) -> np.ndarray:
    return np.square(genomes).sum(axis=1)


def test_cr_fm_nes_takes_the_steps_that_it_takes_alone() -> None:
    def loss(x: np.ndarray) -> float:
        return float(np.square(x).sum())

    alone = Package(
        12, loss, START[:, None].copy(), 0.5, 16, seed=3, use_constraint_violation=False
    )
    ours = CRFMNES(START, 0.5, 16, seed=3)
    random = np.random.get_state()  # noqa: NPY002
    for _ in range(20):
        np.random.set_state(random)  # noqa: NPY002
        alone.one_iteration()
        random = np.random.get_state()  # noqa: NPY002
        first = ours.ask()
        np.random.standard_normal(5)  # noqa: NPY002  somebody else draws in between
        np.testing.assert_array_equal(ours.ask(), first)
        ours.tell(sphere(first))
        np.testing.assert_allclose(ours.mean, alone.m[:, 0], rtol=1e-12)
        assert ours.sigma == pytest.approx(alone.sigma)
    assert sphere(ours.mean[None])[0] < 0.5 * sphere(START[None])[0]


@pytest.mark.parametrize("name", sorted(SEARCHES))
def test_fitness_is_maximised_and_lost_candidates_count_as_the_worst(name: str) -> None:
    strategy = Foreign(lambda mean: SEARCHES[name](mean, 0.3, 16, 1), seed=1)
    state = strategy.init(START)
    for _ in range(60):
        proposal = strategy.proposal(state)
        genomes = strategy.candidates(proposal, 0, 16)
        np.testing.assert_array_equal(strategy.candidate(proposal, 5), genomes[5])
        fitness = -sphere(genomes)
        fitness[3] = np.nan
        state = strategy.tell(state, fitness)
    assert state.generation == 60
    assert sphere(strategy.mean(state)[None])[0] < 0.1 * sphere(START[None])[0]


def test_a_learning_rate_that_adapts_is_another_search() -> None:
    means = []
    for adapt in (False, True):
        search = FullCMA(START, 0.3, 16, 1, adapt=adapt)
        for _ in range(5):
            search.tell(sphere(search.ask()))
        means.append(search.mean)
    assert not np.array_equal(*means)


def test_a_run_can_be_evaluated_like_any_other(tmp_path: Path) -> None:
    config, run = tmp_path / "short.yaml", tmp_path / "run"
    config.write_text(dump_experiment(changed(generations=3)))
    options = ["--set", "pool.backend=local", "--run", str(run)]
    arguments = ["cr-fm-nes", str(config), *options]
    result = CliRunner().invoke(mazes.main, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 1
    ended = evo_plastic("evaluate", run, "--tasks", "maze9", "--lifetimes", 4)
    assert ended.code == 0
    # Its search is not in the checkpoint.
    more = ["--run", run, "--resume", "--set", "training.generations=9"]
    ended = evo_plastic("train", *more)
    assert ended.code == 2
    assert ended.err.splitlines()[-1].endswith("given were mean")
