"""Every strategy in the generation loop: any number of workers, and resume, give the same bits."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from driver_runs import EXPERIMENT, MAKE_WORKER, state_bytes, train

from evo_plastic.config import Experiment, PoolConfig
from workers import pool
from workers.evaluator import PoolEvaluator

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

STRATEGIES: dict[str, dict[str, Any]] = {
    "dual path length": {},
    "two-point": {"step_size": "tpa"},
    "path length": {"step_size": "csa", "active": False},
    "wang2022": {"variant": "wang2022", "sigma": 0.01},
    "openai-es": {"name": "openai-es"},
    "diagonal": {"name": "cma", "covariance": "diagonal", "restarts": "ipop"},
}
GENERATIONS = 6


def experiment(name: str) -> Experiment:
    values = EXPERIMENT.model_dump() | {"strategy": {"population": 12, **STRATEGIES[name]}}
    values["training"] |= {"generations": GENERATIONS}
    return Experiment.model_validate(values)


@pytest.fixture(scope="module")
def one() -> Iterator[PoolEvaluator]:
    with pool.create(PoolConfig(backend="local", workers=1), MAKE_WORKER) as workers_pool:
        yield PoolEvaluator(workers_pool)


@pytest.fixture(scope="module", params=["local", "ray"])
def two(request: pytest.FixtureRequest) -> Iterator[PoolEvaluator]:
    with pool.create(PoolConfig(backend=request.param, workers=2), MAKE_WORKER) as workers_pool:
        yield PoolEvaluator(workers_pool)


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_run_resumed_on_another_pool_repeats_the_undisturbed_one(
    tmp_path: Path, one: PoolEvaluator, two: PoolEvaluator, name: str
) -> None:
    whole, undisturbed = train(experiment(name), tmp_path / "whole", one)
    calls = iter([False] * 3 + [True])
    train(experiment(name), tmp_path / "halves", two, stopping=lambda: next(calls))
    halves, resumed = train(experiment(name), tmp_path / "halves", two, resume=True)
    assert state_bytes(resumed) == state_bytes(undisturbed)
    assert halves.metrics.read_bytes() == whole.metrics.read_bytes()
    assert halves.validations.read_bytes() == whole.validations.read_bytes()
    assert resumed.generation == GENERATIONS
