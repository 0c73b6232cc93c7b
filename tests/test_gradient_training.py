"""Training by gradients: which bits it gives, and how it ends where numbers overflow."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from driver_runs import MAKE_WORKER, state_bytes, train
from gradient_training import A2C, Watched, both, experiment, first_state, trainer_of

from evo_plastic.config import PoolConfig
from evo_plastic.errors import TrainingFailed
from evo_plastic.gradients.trainer import PATIENCE
from evo_plastic.records.genomes import load_genome
from workers import pool
from workers.evaluator import PoolEvaluator


@pytest.fixture(scope="module")
def evaluator() -> Iterator[PoolEvaluator]:
    with pool.create(PoolConfig(backend="local", workers=1), MAKE_WORKER) as workers_pool:
        yield PoolEvaluator(workers_pool)


@pytest.fixture
def recorder(evaluator: PoolEvaluator) -> Watched:
    return Watched(evaluator)


@both
def test_a_run_resumed_on_another_pool_repeats_the_undisturbed_one(
    tmp_path: Path, evaluator: PoolEvaluator, strategy: dict[str, Any]
) -> None:
    chosen = experiment(strategy)
    whole, undisturbed = train(chosen, tmp_path / "whole", evaluator)
    calls = iter([False, True])
    with pool.create(PoolConfig(backend="local", workers=2), MAKE_WORKER) as workers_pool:
        two = PoolEvaluator(workers_pool)
        train(chosen, tmp_path / "halves", two, stopping=lambda: next(calls))
        halves, resumed = train(chosen, tmp_path / "halves", two, resume=True)
    assert state_bytes(resumed) == state_bytes(undisturbed)
    assert halves.metrics.read_bytes() == whole.metrics.read_bytes()
    assert halves.validations.read_bytes() == whole.validations.read_bytes()
    assert resumed.generation == 3
    rows = [json.loads(line) for line in whole.metrics.read_text().splitlines()]
    assert [row["lifetimes"] for row in rows] == [5, 10, 15]
    assert undisturbed.best is not None
    genome = load_genome(whole.genome).genome
    assert genome.tobytes() == undisturbed.best.genome.tobytes()


@both
def test_a_gradient_that_is_not_finite_is_left_out(
    recorder: Watched, strategy: dict[str, Any]
) -> None:
    trainer = trainer_of(recorder, strategy)
    state = trainer.advance(first_state(trainer)).state
    broken = state.learned.copy()
    broken[-1] = np.nan  # of the critic: lifetimes go well
    state = state._replace(learned=broken)
    outcome = trainer.advance(state)
    assert np.isfinite(outcome.fitness).all()
    assert outcome.figures["left_out"] == (1 if strategy is A2C else 4)
    expected = state._replace(generation=2, fruitless=1)
    for mine, theirs in zip(outcome.state, expected, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_finite_gradient_starts_the_count_again(recorder: Watched) -> None:
    trainer = trainer_of(recorder, A2C)
    state = first_state(trainer)._replace(fruitless=PATIENCE - 1)
    assert trainer.advance(state).state.fruitless == 0


def test_too_many_updates_without_a_finite_gradient_end_training(recorder: Watched) -> None:
    trainer = trainer_of(recorder, A2C)
    state = first_state(trainer)
    state.learned[-1] = np.nan
    state = trainer.advance(state._replace(fruitless=PATIENCE - 2)).state
    assert state.fruitless == PATIENCE - 1
    with pytest.raises(TrainingFailed, match=rf"no gradient of {PATIENCE} updates was finite"):
        trainer.advance(state)


@pytest.mark.parametrize("spread", [1e30, 1e60])
def test_a_genome_whose_lifetimes_all_overflow_ends_training(
    recorder: Watched, spread: float
) -> None:
    trainer = trainer_of(recorder, A2C)
    with pytest.raises(TrainingFailed, match="0 of 5 lifetimes have a finite fitness"):
        trainer.advance(first_state(trainer, spread))
