"""A lifetime seen from inside: what a network was given, did, held and learned, step by step.

The kernels say what was done (``record``); the float64 oracle is then led through the same
lifetime, action by action, and everything it holds is written down.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evo_plastic.analysis.replay import rollout_actions
from evo_plastic.networks.oracle import OracleNetwork
from evo_plastic.networks.spec import NetworkSpec
from evo_plastic.tasks.lives import MazeLives
from evo_plastic.tasks.task_sets import TaskSet

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Trace:
    """One lifetime; T is the number of its steps, all rollouts together."""

    rollout: NDArray[np.int64]
    """(T,), from 0 on."""
    position: NDArray[np.int64]
    """(T, 2): (x, y) before the step."""
    inputs: Floats
    """(T, inputs) as the network was given them."""
    actions: NDArray[np.int64]
    """(T,)"""
    rewards: Floats
    """(T,)"""
    outputs: Floats
    """(T, outputs)"""
    state: dict[str, Floats]
    """Activity after the step by its name in the cell, h or h and c, each (T, hidden)."""
    modulation: dict[str, Floats]
    """m of each plastic connection, (T,); 1 throughout without modulation."""
    weights: dict[str, NDArray[np.float32]]
    """W of each plastic connection after the step, (T, post, pre)."""

    @property
    def ends(self) -> NDArray[np.int64]:
        """Number of the last step of each rollout, (rollouts,)."""
        after = np.append(np.flatnonzero(np.diff(self.rollout)), len(self.rollout) - 1)
        return after.astype(np.int64)

    @property
    def reached(self) -> NDArray[np.bool_]:
        """Whether each rollout reached the goal, (rollouts,)."""
        return np.asarray(self.rewards[self.ends] > 0)

    def memory(self) -> Floats:
        """All plastic weights as one vector per step, (T, synapses); (T, 0) without."""
        flat = [W.reshape(len(W), -1) for W in self.weights.values()]
        return np.concatenate([np.zeros((len(self.actions), 0)), *flat], axis=1)

    def hidden(self) -> Floats:
        """All activity as one vector per step, (T, units)."""
        return np.concatenate(list(self.state.values()), axis=1)


def trace(
    spec: NetworkSpec,
    genome: Floats,
    task_set: TaskSet,
    instance: int,
    key: int,
    steps: NDArray[np.integer],
    actions: NDArray[np.integer],
) -> Trace:
    """Lead the oracle through one recorded lifetime.

    key : of the lifetime's noise      steps : (rollouts,)
    actions : (rollouts · MAX_STEPS,), as ``record`` keeps them
    """
    network = OracleNetwork(spec, genome)
    plastic = [c.name for c in spec.plastic]
    total, lives = int(steps.sum()), MazeLives(1, len(steps), np.float64)
    lives.begin(0, task_set, instance, key)
    found = Trace(
        rollout=np.repeat(np.arange(len(steps)), steps),
        position=np.empty((total, 2), np.int64),
        inputs=np.empty((total, lives.inputs.shape[1])),
        actions=np.concatenate(rollout_actions(actions, steps)).astype(np.int64),
        rewards=np.empty(total),
        outputs=np.empty((total, spec.outputs)),
        state={name: np.empty((total, len(v))) for name, v in network.state.items()},
        modulation={name: np.empty(total) for name in plastic},
        weights={n: np.empty((total, *network.weights(n).shape), np.float32) for n in plastic},
    )
    awake = np.zeros(1, np.bool_)
    for t, action in enumerate(found.actions):
        found.position[t] = divmod(int(lives.position[0]), task_set.size)
        found.inputs[t] = lives.inputs[0]
        found.outputs[t] = network.step(found.inputs[t])
        for name, values in network.state.items():
            found.state[name][t] = values
        for name in plastic:
            found.modulation[name][t] = network.signals[name]
            found.weights[name][t] = network.weights(name)
        found.rewards[t] = lives.step(np.array([action]), awake)[0][0]
    return found
