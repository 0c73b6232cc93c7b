"""The engine of one worker: a network's kernel arrays, reused for every genome it is given."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from evo_plastic.networks.compiled import compile_network
from evo_plastic.networks.spec import NetworkSpec
from evo_plastic.tasks.maze import INTERFACE, MAX_STEPS
from evo_plastic.tasks.task_sets import TaskSet
from evo_plastic.vectors import LANES, padded, zeros
from workers.lifetime import Lives, Slots, World, live_population

Keys = NDArray[np.uint64]


class Outcomes(NamedTuple):
    """What became of lifetimes; leading axes (genomes, lives) or (lives,)."""

    steps: NDArray[np.int16]  # (…, rollouts)
    outcome: NDArray[np.int8]  # (…, rollouts), see ``tasks.fitness``
    actions: NDArray[np.uint8]  # (lives, rollouts · MAX_STEPS); (0, 0) when not recorded
    outputs: NDArray[Any]  # (lives, rollouts · MAX_STEPS, outputs), likewise


class Engine:
    """Lives lifetimes of one network; not to be shared between threads."""

    def __init__(self, spec: NetworkSpec, precision: str, slots: int | None = None) -> None:
        """slots: lifetimes side by side, at most LANES: decides the speed and nothing else."""
        self.spec = spec
        count = spec.slots if slots is None else slots
        self._network = compile_network(spec, count, precision)
        active, life, position, rollout, step, age = (np.zeros(count, np.int64) for _ in range(6))
        x = zeros((count, padded(INTERFACE.inputs)), precision)
        o = zeros((spec.outputs, LANES), precision)
        uniform, action = zeros((2, LANES), np.float32), zeros(LANES, np.int32)
        self._slots = Slots(active, life, position, rollout, step, age, x, o, uniform, action)

    def live_population(
        self,
        genomes: NDArray[np.float64],
        task_set: TaskSet,
        instance: NDArray[np.int32],
        keys: Keys,
        rollouts: int,
        record: bool = False,
    ) -> Outcomes:
        """The same lifetimes for each of several genomes, shape (genomes, n_gene).

        instance: (lives,) maze of each lifetime      keys: (1 or genomes, lives) of its noise
        record: keep actions and outputs (of the last genome)
        """
        shape = (len(genomes), len(instance), rollouts)
        steps, outcome = np.zeros(shape, np.int16), np.zeros(shape, np.int8)
        room = (len(instance), rollouts * MAX_STEPS) if record else (0, 0)
        actions = np.zeros(room, np.uint8)
        outputs = np.zeros((*room, self.spec.outputs if record else 0), self._slots.o.dtype)
        world = World(task_set.cells, task_set.flat_start, task_set.flat_goal, task_set.size)
        net = self._network
        live_population(
            genomes, net.source, net.target, net.buffer, net.genes, net.memory, world,
            self._slots, Lives(instance, keys[0], steps[0], outcome[0], actions, outputs),
            keys, steps, outcome,
        )  # fmt: skip
        return Outcomes(steps, outcome, actions, outputs)
