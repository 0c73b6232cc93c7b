"""Whole lifetimes as compiled code: mazes, networks, learning, from blank memories to rewards.

A genome's lifetimes pass through a few slots side by side; a slot whose lifetime has ended
takes the next one. What a lifetime does depends on (genome, maze, key) alone.
"""

from typing import Any, NamedTuple

import numpy as np

from evo_plastic.jit import inline_jit, jit
from evo_plastic.networks.compiled import begin, place_genes, step
from evo_plastic.tasks.fitness import DIVERGED, FAILED, REACHED
from evo_plastic.tasks.maze import MAX_STEPS
from evo_plastic.tasks.maze_step import (
    begin_rollout,
    choose_actions,
    draw_uniform,
    move,
    observe,
    remember,
)


class World(NamedTuple):
    """The mazes of one task set."""

    cells: Any  # (instances, size²) int8
    start: Any  # (instances,) int32
    goal: Any  # (instances,) int32
    size: Any


class Slots(NamedTuple):
    """What the lifetime of each slot is doing."""

    active: Any  # slots that are alive, the first `count` entries
    life: Any  # number of the lifetime
    position: Any
    rollout: Any
    step: Any  # steps in this rollout
    age: Any  # steps in this lifetime: index of its next random draw
    x: Any  # (slots, inputs⁺)
    o: Any  # (outputs, LANES)
    uniform: Any  # (2, LANES)
    action: Any  # (LANES,) int32


class Lives(NamedTuple):
    """Lifetimes to live and what became of them."""

    instance: Any  # (lives,) int32
    key: Any  # (lives,) uint64
    steps: Any  # (lives, rollouts) int16
    outcome: Any  # (lives, rollouts) int8: REACHED, FAILED or DIVERGED
    actions: Any  # (lives, rollouts · MAX_STEPS) uint8, or (0, 0) to keep no record
    outputs: Any  # (lives, rollouts · MAX_STEPS, outputs), or (0, 0, 0), likewise


@inline_jit
def live(genes, memory, world, slots, lives):
    """Live all lifetimes of the genome in ``genes``."""
    total, free, count = lives.instance.size, slots.active.size, 0
    started = 0
    while started < total and count < free:
        slots.active[count] = count
        _start_life(genes, memory, world, slots, lives, count, started)
        count += 1
        started += 1
    while count > 0:
        step(genes, memory, slots.active, count, slots.x, slots.o)
        for k in range(count):
            slot = slots.active[k]
            draw_uniform(lives.key[slots.life[slot]], slots.age[slot], slots.uniform, slot)
        choose_actions(slots.o, slots.uniform, slots.action)
        k = 0
        while k < count:
            slot = slots.active[k]
            if not _act(world, slots, lives, slot):
                k += 1
            elif started < total:
                _start_life(genes, memory, world, slots, lives, slot, started)
                started += 1
                k += 1
            else:
                count -= 1
                slots.active[k] = slots.active[count]


@inline_jit
def _start_life(genes, memory, world, slots, lives, slot, life):
    begin(genes, memory, slot)
    slots.life[slot] = life
    slots.age[slot] = 0
    _start_rollout(world, slots, lives, slot, 0)


@inline_jit
def _start_rollout(world, slots, lives, slot, rollout):
    instance = lives.instance[slots.life[slot]]
    slots.rollout[slot] = rollout
    slots.step[slot] = 0
    slots.position[slot] = world.start[instance]
    begin_rollout(lives.key[slots.life[slot]], rollout, slots.x, slot)
    observe(world.cells, instance, world.size, world.start[instance], slots.x, slot)


@inline_jit
def _act(world, slots, lives, slot):
    """Execute the action of a slot's outputs; True when its lifetime has ended."""
    life = slots.life[slot]
    instance = lives.instance[life]
    action = np.int64(slots.action[slot])
    position = move(world.cells, instance, world.size, slots.position[slot], action)
    if lives.actions.shape[0] > 0:
        place = slots.rollout[slot] * MAX_STEPS + slots.step[slot]
        lives.actions[life, place] = action
        # Written out, as below: a call, or a loop, slows every step, recorded or not.
        lives.outputs[life, place, 0] = slots.o[0, slot]
        lives.outputs[life, place, 1] = slots.o[1, slot]
        lives.outputs[life, place, 2] = slots.o[2, slot]
        lives.outputs[life, place, 3] = slots.o[3, slot]
        lives.outputs[life, place, 4] = slots.o[4, slot]
    slots.position[slot] = position
    slots.age[slot] += 1
    slots.step[slot] += 1
    if position != world.goal[instance] and slots.step[slot] < MAX_STEPS:
        remember(action, slots.x, slot)
        observe(world.cells, instance, world.size, position, slots.x, slot)
        return False
    return _end_rollout(world, slots, lives, slot, position == world.goal[instance])


@inline_jit
def _end_rollout(world, slots, lives, slot, reached):
    life, rollout = slots.life[slot], slots.rollout[slot]
    lives.steps[life, rollout] = slots.step[slot]
    lives.outcome[life, rollout] = REACHED if reached else FAILED
    # Outputs that are no numbers stay so until the lifetime ends: one look per rollout. All five
    # are written out: a loop, merged into this code, slows every step by a fifth.
    o = slots.o
    if not np.isfinite(o[0, slot] + o[1, slot] + o[2, slot] + o[3, slot] + o[4, slot]):
        lives.outcome[life, rollout] = DIVERGED
    if rollout + 1 == lives.steps.shape[1]:
        return True
    _start_rollout(world, slots, lives, slot, rollout + 1)
    return False


@jit
def live_population(genomes, source, target, buffer, genes, memory, world, slots, lives, keys,
                    steps, outcome):  # fmt: skip
    """Live the lifetimes of several genomes, shape (genomes, n_gene).

    keys : (1 or genomes, lives)      steps, outcome : (genomes, lives, rollouts), written
    """
    for c in range(genomes.shape[0]):
        place_genes(genomes[c], source, target, buffer)
        row = min(c, keys.shape[0] - 1)
        mine = Lives(lives.instance, keys[row], steps[c], outcome[c], lives.actions, lives.outputs)
        live(genes, memory, world, slots, mine)
