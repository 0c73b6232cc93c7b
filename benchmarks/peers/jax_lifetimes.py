"""Whole lifetimes in JAX: a step of one lifetime, vmapped, in a compiled loop over steps.

    use_one_core()
    live = Lifetimes("dec-prnn", "post", arrays, world)
    live()  # compiles
    steps = live()

A lifetime that reached its goal goes on with its next rollout at once; one that has ended rides
along until the last has.
"""

import os
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from benchmarks.peers.jax_networks import Genes, Memory, Network
from benchmarks.peers.parts import Arrays, Found
from benchmarks.peers.world import World
from evo_plastic.tasks.fitness import DIVERGED, FAILED, REACHED
from evo_plastic.tasks.maze import ACTIONS, MAX_STEPS

Array = jax.Array


def use_one_core() -> None:
    """Hold this process to one core; before its first computation in JAX.

    XLA makes its threads then, as many as there are cores that the process may use. Its flags
    do not keep it from using them all.
    """
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


class Fate(NamedTuple):
    """What is given to a lifetime."""

    start: Array
    goal: Array
    first: Array  # (rollouts,)


class Life(NamedTuple):
    """Where a lifetime is, and what became of its rollouts."""

    memory: Memory
    place: Array
    row: Array  # of the inputs of the next step
    rollout: Array
    step: Array
    steps: Array  # (rollouts,)
    outcome: Array  # (rollouts,)


def _begin(network: Network, genes: Genes, fate: Fate) -> Life:
    zero = jnp.zeros((), jnp.int32)
    steps, outcome = (jnp.zeros(fate.first.size, kind) for kind in (jnp.int16, jnp.int8))
    memory = network.begin(genes)
    return Life(memory, fate.start, fate.first[0], zero, zero, steps, outcome)


def _step(
    network: Network, genes: Genes, world: World, fate: Fate, life: Life,
    greedy: Array, sample: Array,
) -> Life:  # fmt: skip
    memory, o = network.step(genes, life.memory, world.x[life.row])
    action = _choose(o, greedy, sample)
    place = world.after[life.place + action]
    step = life.step + 1
    reached = place == fate.goal
    over = reached | (step == MAX_STEPS)
    outcome = jnp.where(jnp.isfinite(o.sum()), jnp.where(reached, REACHED, FAILED), DIVERGED)
    # Nothing is written for a lifetime that has ended: its rollout is none of the numbers.
    now = over & (jnp.arange(fate.first.size) == life.rollout)
    rollout = life.rollout + over
    first = fate.first[jnp.minimum(rollout, fate.first.size - 1)]
    return Life(
        memory=memory,
        place=jnp.where(over, fate.start, place),
        row=jnp.where(over, first, place + action),
        rollout=rollout,
        step=jnp.where(over, 0, step),
        steps=jnp.where(now, step.astype(jnp.int16), life.steps),
        outcome=jnp.where(now, outcome.astype(jnp.int8), life.outcome),
    )


def _choose(o: Array, greedy: Array, sample: Array) -> Array:
    """The best action where ``greedy`` says so, otherwise a sample of the softmax."""
    preferences = o[:ACTIONS]
    weights = jnp.exp(preferences - preferences.max())
    upto = [weights[: a + 1].sum() for a in range(ACTIONS)]
    # Counted so that shares that are no numbers give the last action, as in the kernels.
    beyond = [(share >= sample * upto[-1]).astype(jnp.int32) for share in upto[:-1]]
    sampled = ACTIONS - 1 - sum(beyond)
    return jnp.where(greedy < o[ACTIONS], jnp.argmax(preferences).astype(jnp.int32), sampled)


@partial(jax.jit, static_argnames=("name", "modulation"))
def _live(name: str, modulation: str, genes: Genes, world: World) -> tuple[Array, Array]:
    """Steps and outcome of all rollouts, (lives, rollouts)."""
    network = Network(name, modulation)
    fates = Fate(world.start, world.goal, world.first.T)
    begin = jax.vmap(partial(_begin, network, genes))
    step = jax.vmap(partial(_step, network, genes, world))
    rollouts = len(world.first)

    def going(carry: tuple[Array, Life]) -> Array:
        return (carry[1].rollout < rollouts).any()

    def advance(carry: tuple[Array, Life]) -> tuple[Array, Life]:
        age, lives = carry
        return age + 1, step(fates, lives, world.greedy[age], world.sample[age])

    _, lives = lax.while_loop(going, advance, (jnp.zeros((), jnp.int32), begin(fates)))
    return lives.steps, lives.outcome


class Lifetimes:
    """The lifetimes of one genome: a call lives them all, from blank memories."""

    found: Found

    def __init__(self, network: str, modulation: str, arrays: Arrays, world: World) -> None:
        self._kind = network, modulation
        self._genes: Any = Network(network, modulation).place(arrays)
        self._world: Any = jax.device_put(world)

    def __call__(self) -> int:
        """The steps of all lifetimes together; ``found`` has them one by one."""
        steps, outcome = _live(*self._kind, self._genes, self._world)
        self.found = Found(np.asarray(steps), np.asarray(outcome))
        return int(self.found.steps.sum(dtype=np.int64))
