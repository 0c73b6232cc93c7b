"""Genomes beside the two anchors of every table: the shortest path and a random policy."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evo_plastic.analysis.evaluation import MEASURES, RolloutTable, instance_rewards, summarise
from evo_plastic.seeding import STREAM_EVALUATION, fold
from evo_plastic.tasks import named_set
from evo_plastic.tasks.behaviour import Behaviour
from evo_plastic.tasks.oracle import Walks, oracle_policy, random_policy
from evo_plastic.tasks.task_sets import TaskSet

ORACLE, RANDOM = "oracle", "random"
_BITS_OF_FOUR = 2.0
"""Entropy of a uniform choice among four actions."""


@dataclass(frozen=True)
class Scored:
    """How one policy fares on one task set."""

    policy: str
    task_set: str
    content_hash: str
    table: RolloutTable
    rewards: NDArray[np.float64] = field(compare=False, repr=False)
    """Of each instance, mean over its repeats, (instances, rollouts)."""

    def to_json(self) -> dict[str, Any]:
        """The table's fields beside the names; NaN (one instance has no error) becomes null."""
        numbers = {name: _without_nan(getattr(self.table, name)) for name in MEASURES}
        return {
            "policy": self.policy,
            "task_set": self.task_set,
            "sha256": self.content_hash,
            "instances": self.table.instances,
            **numbers,
        }


def _without_nan(values: tuple[float, ...] | None) -> list[float | None] | None:
    if values is None:
        return None
    return [None if np.isnan(value) else value for value in values]


def evaluation_keys(seed: int, instances: int, repeats: int) -> NDArray[np.uint64]:
    """Noise keys, (instances, repeats): the same for every genome that is compared."""
    return fold(seed, STREAM_EVALUATION, np.arange(instances)[:, None], np.arange(repeats))


def score(
    policy: str,
    task_set: TaskSet,
    steps: NDArray[Any],
    outcome: NDArray[Any],
    repeats: int,
    acted: Behaviour | None = None,
) -> Scored:
    """Lifetimes (instances · repeats, rollouts) of one policy as a row; outcome may be bool."""
    table = summarise(steps, outcome, repeats, acted)
    rewards = instance_rewards(steps, outcome, repeats)
    return Scored(policy, task_set.name, task_set.content_hash, table, rewards)


def anchors(task_set: TaskSet, keys: NDArray[np.uint64], rollouts: int) -> list[Scored]:
    """Oracle and random policy on the same mazes, the latter with the same keys."""
    repeats = keys.shape[1]
    repeated = task_set.subset(np.repeat(np.arange(len(task_set)), repeats))
    walks = random_policy(repeated, keys.reshape(-1), rollouts)
    return [
        _anchor(ORACLE, task_set, oracle_policy(task_set, rollouts), 1, entropy=None),
        _anchor(RANDOM, task_set, walks, repeats, entropy=_BITS_OF_FOUR),
    ]


def _anchor(
    name: str, task_set: TaskSet, walks: Walks, repeats: int, entropy: float | None
) -> Scored:
    free = np.repeat(task_set.free, repeats)[:, None]
    bits = None if entropy is None else np.full(walks.steps.shape, entropy)
    acted = Behaviour(walks.visited / free, decisive=None, entropy=bits)
    return score(name, task_set, walks.steps, walks.reached, repeats, acted)


def validation_anchors(task: str) -> tuple[float, float]:
    """Reward of a rollout on the validation mazes of ``task``: shortest path, random policy."""
    mazes = named_set(f"{task}/validate")
    oracle, random = anchors(mazes, evaluation_keys(0, len(mazes), 1), rollouts=1)
    return oracle.table.mean[0], random.table.mean[0]
