"""Whole lifetimes in torch: eager, without gradients, all lifetimes of a genome as one batch.

    use_one_core()
    live = Lifetimes("dec-prnn", "post", arrays, world)
    steps = live()

A lifetime that reached its goal goes on with its next rollout at once; one that has ended rides
along until enough have ended to make the batch smaller.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.peers.parts import Arrays, Found
from benchmarks.peers.torch_networks import Network
from benchmarks.peers.world import World
from evo_plastic.tasks.fitness import DIVERGED, FAILED, REACHED
from evo_plastic.tasks.maze import ACTIONS, MAX_STEPS

_NEVER = 1 << 30
_MOST_ENDED = 0.1


def use_one_core() -> None:
    """One thread for this process."""
    torch.set_num_threads(1)


class _Lives:
    """A batch of lifetimes in a world of tensors; its own are (lives,) or (lives, rollouts)."""

    def __init__(self, world: Any) -> None:
        self.x, self.after, self.first = world.x, world.after, world.first
        self.greedy, self.sample = world.greedy, world.sample
        self.start, self.goal = world.start, world.goal.clone()
        rollouts, count = self.first.shape
        self.number = torch.arange(count)
        self.place, self.row = self.start.clone(), self.first[0].clone()
        self.rollout, self.began = torch.zeros((2, count), dtype=torch.int64)
        self.due = torch.full((count,), MAX_STEPS)  # age at which the rollout ends at the latest
        self.next_due = MAX_STEPS
        self.steps = torch.zeros((count, rollouts), dtype=torch.int16)
        self.outcome = torch.zeros((count, rollouts), dtype=torch.int8)

    def live(self, network: Network) -> None:
        age = 0
        while self.number.numel():
            o = network.step(self.x.index_select(0, self.row))
            action = self._choose(o, age)
            self.place = self.after.index_select(0, self.place + action)
            self.row = self.place + action
            reached = self.place == self.goal
            age += 1
            if age == self.next_due or reached.any():
                self._end_rollouts(o, reached, age)
                self._drop_ended(network)

    def _choose(self, o: Tensor, age: int) -> Tensor:
        """The best action where ``greedy`` says so, otherwise a sample of the softmax."""
        preferences = o[:ACTIONS]
        best = preferences.max(0).indices
        shares = preferences.softmax(0).cumsum(0)
        # Counted so that shares that are no numbers give the last action, as in the kernels.
        sampled = ACTIONS - 1 - (shares[:-1] >= self.sample[age]).sum(0)
        return torch.where(self.greedy[age] < o[ACTIONS], best, sampled)

    def _end_rollouts(self, o: Tensor, reached: Tensor, age: int) -> None:
        which = torch.nonzero(reached | (self.due == age))[:, 0]
        number, rollout = self.number[which], self.rollout[which]
        outcome = torch.where(reached[which], REACHED, FAILED)
        outcome[~o[:, which].sum(0).isfinite()] = DIVERGED
        self.steps[number, rollout] = (age - self.began[which]).short()
        self.outcome[number, rollout] = outcome.to(torch.int8)
        self.rollout[which] = rollout = rollout + 1
        goes_on = rollout < len(self.first)
        again, ended = which[goes_on], which[~goes_on]
        self.place[again] = self.start[again]
        self.row[again] = self.first[rollout[goes_on], number[goes_on]]
        self.began[again] = age
        self.due[again] = age + MAX_STEPS
        self.goal[ended], self.due[ended] = -1, _NEVER
        self.next_due = int(self.due.min())

    def _drop_ended(self, network: Network) -> None:
        lives = torch.nonzero(self.goal >= 0)[:, 0]
        if len(lives) == 0 or len(lives) < (1 - _MOST_ENDED) * len(self.goal):
            for name in ("number", "place", "row", "start", "goal", "rollout", "began", "due"):
                setattr(self, name, getattr(self, name)[lives])
            self.greedy, self.sample = self.greedy[:, lives], self.sample[:, lives]
            network.keep(lives)


class Lifetimes:
    """The lifetimes of one genome: a call lives them all, from blank memories."""

    found: Found

    def __init__(self, network: str, modulation: str, arrays: Arrays, world: World) -> None:
        self._genome = network, modulation, arrays
        tables = (a if a.dtype == np.float32 else a.astype(np.int64) for a in world)
        self._world = World(*map(torch.from_numpy, tables))

    def __call__(self) -> int:
        """The steps of all lifetimes together; ``found`` has them one by one."""
        with torch.inference_mode():
            lives = _Lives(self._world)
            lives.live(Network(*self._genome, lives=len(self._world.start)))
        self.found = Found(lives.steps.numpy(), lives.outcome.numpy())
        return int(self.found.steps.sum(dtype=np.int64))
