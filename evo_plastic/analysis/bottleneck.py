"""The bottleneck of information: how much memory a genome unfolds, and what that is worth.

N_gene evolved numbers make rules for N_mem numbers that change during a lifetime. Wang et al.
(TMLR 2022) hold that few genes for many memories make learning general: N_mem / N_gene is to be
set against the score on tasks that evolution never saw.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from evo_plastic.analysis.comparison import Scored
from evo_plastic.errors import InputError
from evo_plastic.networks.spec import NetworkSpec


@dataclass(frozen=True)
class BottleneckPoint:
    """One genome on one task set."""

    policy: str
    network: str
    task_set: str
    rollouts: int
    n_gene: int
    n_mem: int
    mean: float
    """Reward of the last rollout."""
    se: float
    """Standard error of ``mean`` over instances; NaN for a single one."""
    trained_on: str | None = None
    """Task, if it is told."""

    @property
    def factor(self) -> float:
        """Memories per gene."""
        return self.n_mem / self.n_gene


def bottleneck(
    scores: Sequence[Scored], specs: Sequence[NetworkSpec], trained_on: str | None = None
) -> tuple[BottleneckPoint, ...]:
    """One point for each score, in order; ``specs`` are the networks of the same genomes.

    ``InputError`` unless all scores are of the same tasks and number of rollouts.
    """
    if len({(one.content_hash, len(one.table.mean)) for one in scores}) > 1:
        kinds = sorted({f"{one.task_set} with {len(one.table.mean)} rollouts" for one in scores})
        raise InputError(f"scores cannot be compared: they are of {', '.join(kinds)}")
    return tuple(
        BottleneckPoint(
            policy=one.policy,
            network=spec.title,
            task_set=one.task_set,
            rollouts=len(one.table.mean),
            n_gene=spec.n_gene,
            n_mem=spec.n_mem,
            mean=one.table.mean[-1],
            se=one.table.se[-1],
            trained_on=trained_on,
        )
        for one, spec in zip(scores, specs, strict=True)
    )
