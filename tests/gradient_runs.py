"""Lifetimes that were lived and recorded, for the tests of the gradients."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from kernel_runs import MOST, create
from numpy.typing import NDArray

from evo_plastic.gradients.experience import Experience, relive
from evo_plastic.networks.spec import NetworkSpec
from evo_plastic.seeding import fold
from evo_plastic.tasks import training_tasks
from evo_plastic.tasks.task_sets import TaskSet
from workers.engine import Engine, Outcomes

# As in training: for tensors as small as these, threads mostly wait for one another.
torch.set_num_threads(1)

SPECS = {config.name: create(config) for config in MOST}
LIVES, ROLLOUTS = 6, 2


class Recorded(NamedTuple):
    """Lifetimes of one genome, each in a maze of its own."""

    spec: NetworkSpec
    genome: NDArray[np.float64]
    tasks: TaskSet
    keys: NDArray[np.uint64]  # (lives,)
    lived: Outcomes  # axes (lives, …)

    def again(self) -> Experience:
        return relive(self.tasks, self.keys, self.lived.steps, self.lived.actions)

    @property
    def order(self) -> NDArray[np.int64]:
        """The lifetimes, longest first."""
        return np.argsort(-self.lived.steps.sum(1), kind="stable")


def restless(spec: NetworkSpec, spread: float) -> NDArray[np.float64]:
    """A random genome of float32 numbers that rather samples than takes the best move."""
    genome = np.random.default_rng(9).normal(0, spread, spec.n_gene)
    genome[spec.layout.offsets["readout/b"].stop - 1] = -3
    return genome.astype(np.float32).astype(np.float64)


def record(name: str, spread: float = 0.1, rollouts: int = ROLLOUTS) -> Recorded:
    """Lifetimes of network ``name``, of different lengths."""
    spec = SPECS[name]
    genome = restless(spec, spread)
    tasks, keys = training_tasks("maze9", 3, 0, LIVES), fold(4, np.arange(LIVES))
    everyone = np.arange(LIVES, dtype=np.int32)
    found = Engine(spec, "float32").live_population(
        genome[None], tasks, everyone, keys[None], rollouts, record=True
    )
    lived = Outcomes(found.steps[0], found.outcome[0], found.actions, found.outputs)
    assert len(set(lived.steps.sum(1))) > 2
    return Recorded(spec, genome, tasks, keys, lived)


def wide(experience: Experience) -> Experience:
    """In float64."""
    return replace(experience, inputs=experience.inputs.astype(np.float64))


def with_critic(genome: NDArray[np.float64], hidden: int) -> torch.Tensor:
    """A genome and a random critic as what an ``ActorCritic`` learns."""
    critic = np.random.default_rng(2).normal(0, 0.3, hidden + 1)
    return torch.tensor(np.append(genome, critic), requires_grad=True)
