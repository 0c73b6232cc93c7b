"""Table 1 of Wang et al. (TMLR 2022), from runs: one row per run, one column per task set."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from evo_plastic import networks
from evo_plastic.analysis.comparison import Scored
from evo_plastic.analysis.paper import TABLE_1, Printed
from evo_plastic.config import Experiment
from evo_plastic.networks.spec import NetworkSpec


@dataclass(frozen=True)
class Reproduced:
    """A run and what its genome scored; ``scores`` in the order of its task sets."""

    run: str
    experiment: Experiment
    spec: NetworkSpec
    generations: int
    scores: tuple[Scored, ...]

    @property
    def rollouts(self) -> int:
        return self.experiment.task.rollouts

    @property
    def label(self) -> str:
        """Network and, where it is not 64, the number of hidden neurons."""
        hidden = self.experiment.network.hidden_size
        return self.spec.title if hidden == 64 else f"{self.spec.title} {hidden}"

    def printed(self, task: str) -> Printed | None:
        """What the paper has for a network trained on ``task``, tested on its mazes."""
        own = task == self.experiment.task.name
        known = self.experiment.network.hidden_size == 64 and own
        return TABLE_1.get((self.spec.title, self.rollouts, task)) if known else None


@dataclass(frozen=True)
class Block:
    """Runs that were trained on one task with as many rollouts, and the anchors beside them."""

    task: str
    rollouts: int
    runs: tuple[Reproduced, ...]
    anchors: tuple[tuple[Scored, Scored], ...]
    """Oracle and random policy on each task set."""

    @property
    def task_sets(self) -> tuple[str, ...]:
        return tuple(oracle.task_set for oracle, _ in self.anchors)

    @property
    def names(self) -> list[str]:
        """Of the runs, each its own: the label, and the run's name where others share it."""
        times = Counter(one.label for one in self.runs)
        return [f"{r.label}, {r.run}" if times[r.label] > 1 else r.label for r in self.runs]

    def title(self, place: int) -> str:
        """Of what is about one task set."""
        name = self.task_sets[place]
        return name if place == 0 else f"{self.task} → {name}"

    @property
    def scores(self) -> list[Scored]:
        """All of them: run by run, then the anchors of each task set."""
        return [s for part in (*(run.scores for run in self.runs), *self.anchors) for s in part]


def in_order(runs: Sequence[Reproduced]) -> list[Reproduced]:
    """As in Table 1: by network and modulation; of one network by seed, then by name."""

    def place(one: Reproduced) -> tuple[int, int, int, int, str]:
        network = one.experiment.network
        name, gate = (
            networks.NAMES.index(network.name),
            networks.MODULATIONS.index(network.modulation),
        )
        return name, network.hidden_size, gate, one.experiment.seed, one.run

    return sorted(runs, key=place)
