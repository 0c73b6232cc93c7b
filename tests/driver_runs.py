"""Short training runs for the tests of the generation loop."""

import contextlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from evo_plastic import networks
from evo_plastic.cli.searches import make_search
from evo_plastic.config import Experiment
from evo_plastic.driver import Progress, Row, Training
from evo_plastic.errors import Abandoned
from evo_plastic.networks.spec import NetworkSpec
from evo_plastic.records.directory import RunDirectory
from evo_plastic.tasks.maze import INTERFACE
from workers.evaluator import PoolEvaluator
from workers.jobs import warm_worker

EXPERIMENT = Experiment.model_validate(
    {
        "seed": 5,
        "network": {"hidden_size": 16},
        "strategy": {"population": 12},
        "training": {
            "generations": 8,
            "curriculum": [{"start": 0, "tasks": 2}, {"start": 3, "tasks": 3}],
            "repeats": 2,
            "validation": {"every": 3, "lifetimes": 8},
            "checkpoint_every": 2,
        },
    }
)
SPEC = networks.create(EXPERIMENT.network, INTERFACE)
MAKE_WORKER = partial(warm_worker, SPEC, EXPERIMENT.network.precision)


def never() -> bool:
    return False


def changed(**training: object) -> Experiment:
    settings = EXPERIMENT.training.model_copy(update=training)
    return EXPERIMENT.model_copy(update={"training": settings})


def training(
    experiment: Experiment, spec: NetworkSpec, run: RunDirectory, evaluator: PoolEvaluator
) -> Training:
    return Training(experiment, spec, run, make_search(experiment, spec, evaluator), evaluator)


def train(
    experiment: Experiment,
    path: Path,
    evaluator: PoolEvaluator,
    stopping: Callable[[], bool] = never,
    resume: bool = False,
) -> tuple[RunDirectory, Progress]:
    run = RunDirectory(path) if resume else RunDirectory.create(path)
    session = training(experiment, SPEC, run, evaluator)
    latest = session.resume() if resume else session.start()

    def keep(progress: Progress, row: Row) -> None:
        nonlocal latest
        latest = progress

    with contextlib.suppress(Abandoned):  # in the last validation
        latest = session.evolve(latest, stopping, keep)
    return run, latest


def state_bytes(progress: Progress) -> bytes:
    return _bytes(progress.state)


def _bytes(value: Any) -> bytes:
    if isinstance(value, dict):
        return b"".join(name.encode() + _bytes(part) for name, part in value.items())
    if isinstance(value, tuple):
        return b"".join(_bytes(part) for part in value)
    return np.asarray(value).tobytes()
