"""Gradient trainers whose lifetimes are watched, for their tests."""

from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from driver_runs import SPEC
from numpy.typing import NDArray
from torch import Tensor

from evo_plastic.config import Experiment
from evo_plastic.gradients.actor_critic import ActorCritic
from evo_plastic.gradients.experience import Experience, relive
from evo_plastic.gradients.judging import Judged, judge
from evo_plastic.gradients.losses import terms
from evo_plastic.gradients.trainer import GradientTrainer, State
from evo_plastic.tasks.fitness import rollout_weights
from workers.evaluator import PoolEvaluator
from workers.jobs import Lived

A2C = {"name": "a2c", "lifetimes": 5}
PPO = {"name": "ppo", "lifetimes": 5, "epochs": 2, "minibatches": 2}
both = pytest.mark.parametrize("strategy", [A2C, PPO], ids=["a2c", "ppo"])


class Call(NamedTuple):
    genome: NDArray[np.float64]
    tasks: Any
    keys: NDArray[np.uint64]
    lived: Lived

    @property
    def experience(self) -> Experience:
        return relive(self.tasks, self.keys[:, 0], self.lived.steps, self.lived.actions)


class Watched:
    """A recorder that remembers what it was asked and what it said."""

    def __init__(self, evaluator: PoolEvaluator) -> None:
        self._evaluator, self.calls = evaluator, list[Call]()

    def live(self, genome: Any, task_set: Any, keys: Any, *more: Any, **options: Any) -> Lived:
        lived = self._evaluator.live(genome, task_set, keys, *more, **options)
        self.calls.append(Call(genome.copy(), task_set, keys, lived))
        return lived


def experiment(strategy: dict[str, Any], **changes: Any) -> Experiment:
    """Lifetimes of two rollouts, the second of which counts twice as much."""
    return Experiment.model_validate(
        {
            "seed": 5,
            "network": {"hidden_size": 16},
            "task": {"rollouts": 2, "weights": [1, 2]},
            "strategy": strategy | changes,
            "training": {
                "generations": 3,
                "validation": {"every": 2, "lifetimes": 8},
                "checkpoint_every": 2,
            },
        }
    )


def trainer_of(recorder: Watched, strategy: dict[str, Any], **changes: Any) -> GradientTrainer:
    chosen = experiment(strategy, **changes)
    return GradientTrainer(chosen, chosen.strategy, SPEC, recorder)


def first_state(trainer: GradientTrainer, spread: float = 0.1) -> State:
    return trainer.init(np.random.default_rng(4).normal(0, spread, SPEC.n_gene))


def judged(learned: Tensor, batch: Experience, chosen: Experiment) -> Judged:
    weights = rollout_weights(chosen.task)
    return judge(model(), learned, batch, chosen.strategy, weights)


def model() -> ActorCritic:
    return ActorCritic(SPEC, torch.device("cpu"))


def losses(learned: Tensor, batch: Experience, constants: Judged, chosen: Experiment) -> Tensor:
    """Terms of the loss per step, then the loss."""
    actions, counts = torch.as_tensor(batch.actions), torch.as_tensor(batch.under_way)
    found = torch.zeros(4)
    for where, _, policy, value in model().unroll(learned, batch, chosen.strategy.window):
        mine = Judged(*(values[where] for values in constants))
        part = terms(chosen.strategy, policy, value, actions[where], mine, counts[where])
        found = found + torch.stack([*part, part.weighted(chosen.strategy)]) / batch.steps
    return found
