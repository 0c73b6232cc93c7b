"""Racing: who goes on, how they rank, what it costs, and that it repeats itself."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from driver_runs import EXPERIMENT, MAKE_WORKER, SPEC, changed, state_bytes, train

from evo_plastic.config import Experiment, PoolConfig
from evo_plastic.errors import TrainingFailed
from evo_plastic.racing import finalists, settle
from evo_plastic.strategies import create
from evo_plastic.tasks import training_tasks
from evo_plastic.tasks.fitness import rollout_weights
from evo_plastic.tasks.trial import Trial
from workers import pool
from workers.evaluator import PoolEvaluator

NAN = np.nan
RACE = changed(racing=True, curriculum=EXPERIMENT.training.curriculum[:1])


@pytest.fixture(scope="module")
def local() -> Iterator[PoolEvaluator]:
    with pool.create(PoolConfig(backend="local", workers=2), MAKE_WORKER) as workers_pool:
        yield PoolEvaluator(workers_pool)


def test_the_better_half_goes_on() -> None:
    assert list(finalists(np.array([5.0, 1.0, NAN, 9.0, 7.0, 1.0]))) == [0, 3, 4]
    assert list(finalists(np.array([1.0, 1.0, 1.0, 1.0]))) == [0, 1]
    assert list(finalists(np.array([NAN, 1.0, NAN, NAN, 2.0, NAN]))) == [1, 4]
    with pytest.raises(TrainingFailed):
        finalists(np.array([NAN, 1.0, NAN, NAN]))


def test_finalists_rank_above_all_others_by_all_their_lifetimes() -> None:
    opening = np.array([6.0, 1.0, 3.0, 5.0])
    standing = settle(opening, np.array([0, 3]), np.array([-9.0, 2.0]))
    np.testing.assert_allclose(standing.estimate, [2 - 6, 1, 3, 5 / 3 + 4 / 3])
    np.testing.assert_array_equal(np.argsort(-standing.order), [3, 0, 2, 1])
    np.testing.assert_array_equal(opening, [6.0, 1.0, 3.0, 5.0])


def test_fitnesses_that_are_not_finite_stay_so() -> None:
    opening = np.array([6.0, NAN, 3.0, 5.0])
    standing = settle(opening, np.array([0, 3]), np.array([NAN, 2.0]))
    np.testing.assert_array_equal(np.isfinite(standing.order), [False, False, True, True])
    assert standing.order[3] > standing.order[2]
    nobody = settle(opening, np.array([0, 3]), np.array([NAN, NAN]))
    np.testing.assert_array_equal(np.isfinite(nobody.order), [False, False, True, False])


def test_members_of_a_trial_live_as_they_do_among_all(local: PoolEvaluator) -> None:
    strategy = create(EXPERIMENT.strategy, SPEC.layout, EXPERIMENT.seed)
    proposal = strategy.proposal(strategy.init(np.full(SPEC.n_gene, 0.05)))
    tasks, weights = training_tasks("maze9", 5, 0, 4), rollout_weights(EXPERIMENT.task)
    for common in (True, False):
        trial = Trial(np.arange(12), tasks, 2, weights, common)
        everyone = local.fitness(strategy, proposal, trial)
        some = np.array([1, 6, 7, 11])
        few = local.fitness(strategy, proposal, Trial(some, tasks, 2, weights, common))
        np.testing.assert_array_equal(few.fitness, everyone.fitness[some])
        halves = [
            local.fitness(
                strategy, proposal, Trial(some, tasks.subset(part), 2, weights, common, first)
            )
            for part, first in ((slice(2), 0), (slice(2, None), 2))
        ]
        mean = (halves[0].fitness + halves[1].fitness) / 2
        np.testing.assert_allclose(mean, few.fitness, rtol=1e-12)
        assert halves[0].steps + halves[1].steps == few.steps


def test_a_race_takes_as_many_lifetimes(tmp_path: Path, local: PoolEvaluator) -> None:
    run, progress = train(RACE, tmp_path / "run", local)
    assert progress.totals.lifetimes == 8 * 12 * 2 * 2
    rows = [json.loads(line) for line in run.metrics.read_text().splitlines()]
    assert [row["lifetimes"] for row in rows] == [48 * n for n in range(1, 9)]
    assert all(row["finite"] == 12 for row in rows)
    plain, _ = train(changed(curriculum=RACE.training.curriculum), tmp_path / "plain", local)
    assert plain.metrics.read_bytes() != run.metrics.read_bytes()


def test_a_resumed_race_repeats_the_undisturbed_one(tmp_path: Path, local: PoolEvaluator) -> None:
    whole, undisturbed = train(RACE, tmp_path / "whole", local)
    calls = iter([False] * 5 + [True])
    train(RACE, tmp_path / "halves", local, stopping=lambda: next(calls))
    with pool.create(PoolConfig(backend="local", workers=3), MAKE_WORKER) as workers_pool:
        three = PoolEvaluator(workers_pool)
        halves, resumed = train(RACE, tmp_path / "halves", three, resume=True)
    assert state_bytes(resumed) == state_bytes(undisturbed)
    assert halves.metrics.read_bytes() == whole.metrics.read_bytes()


def test_an_odd_number_of_tasks_cannot_be_halved() -> None:
    with pytest.raises(ValueError, match="racing: every stage must have an even number"):
        Experiment.model_validate(
            {"training": {"racing": True, "curriculum": ({"start": 0, "tasks": 3},)}}
        )
