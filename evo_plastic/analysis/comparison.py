"""Genomes beside the two anchors of every table: the shortest path and a random policy."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evo_plastic.analysis.evaluation import RolloutTable, summarise
from evo_plastic.seeding import STREAM_EVALUATION, fold
from evo_plastic.tasks import named_set
from evo_plastic.tasks.oracle import oracle_policy, random_policy
from evo_plastic.tasks.task_sets import TaskSet

ORACLE, RANDOM = "oracle", "random"


@dataclass(frozen=True)
class Scored:
    """How one policy fares on one task set."""

    policy: str
    task_set: str
    content_hash: str
    table: RolloutTable

    def to_json(self) -> dict[str, Any]:
        """The table's fields beside the names; NaN (one instance has no error) becomes null."""
        numbers = {
            name: [None if np.isnan(value) else value for value in getattr(self.table, name)]
            for name in ("mean", "se", "goal_rate", "steps")
        }
        return {
            "policy": self.policy,
            "task_set": self.task_set,
            "sha256": self.content_hash,
            "instances": self.table.instances,
            **numbers,
        }


def evaluation_keys(seed: int, instances: int, repeats: int) -> NDArray[np.uint64]:
    """Noise keys, (instances, repeats): the same for every genome that is compared."""
    return fold(seed, STREAM_EVALUATION, np.arange(instances)[:, None], np.arange(repeats))


def score(
    policy: str, task_set: TaskSet, steps: NDArray[Any], outcome: NDArray[Any], repeats: int
) -> Scored:
    """Lifetimes (instances · repeats, rollouts) of one policy as a row; outcome may be bool."""
    table = summarise(steps, outcome, repeats)
    return Scored(policy, task_set.name, task_set.content_hash, table)


def anchors(task_set: TaskSet, keys: NDArray[np.uint64], rollouts: int) -> list[Scored]:
    """Oracle and random policy on the same mazes, the latter with the same keys."""
    repeated = task_set.subset(np.repeat(np.arange(len(task_set)), keys.shape[1]))
    return [
        score(ORACLE, task_set, *oracle_policy(task_set, rollouts), repeats=1),
        score(
            RANDOM,
            task_set,
            *random_policy(repeated, keys.reshape(-1), rollouts),
            repeats=keys.shape[1],
        ),
    ]


def validation_anchors(task: str) -> tuple[float, float]:
    """Reward of a rollout on the validation mazes of ``task``: shortest path, random policy."""
    mazes = named_set(f"{task}/validate")
    oracle, random = anchors(mazes, evaluation_keys(0, len(mazes), 1), rollouts=1)
    return oracle.table.mean[0], random.table.mean[0]
