"""Living in a maze, as compiled code: what an agent sees, how it decides, where that leads.

Mazes are the rows of ``TaskSet.cells``; a position is x · size + y. Arrays come whole, with a
row number: a view of one row would count references at every step.
"""

import math

import numpy as np

from evo_plastic.functions import sigmoid
from evo_plastic.jit import inline_jit
from evo_plastic.seeding import GOLDEN, mix64_compiled
from evo_plastic.tasks.maze import ACTIONS, STEP_REWARD, WALL

_PREVIOUS_ACTION, _REWARD = 9, 13  # places in the input vector, see ``maze``
_ROLLOUT_DRAWS = np.uint64(1 << 32)
_S8, _S40, _LOW24 = np.uint64(8), np.uint64(40), np.uint64((1 << 24) - 1)
_UNIT = np.float32(2.0**-24)


@inline_jit
def observe(cells, maze, size, position, x, slot):
    """Write the window around ``position`` of one maze to x[slot, 0:9]."""
    corner = position - size - 1
    for row in range(3):
        for column in range(3):
            x[slot, 3 * row + column] = cells[maze, corner + row * size + column]


@inline_jit
def begin_rollout(key, rollout, x, slot):
    """Inputs 9 to 14 before the first step: a random previous action that is not executed."""
    draw = mix64_compiled(key + (_ROLLOUT_DRAWS + np.uint64(rollout)) * GOLDEN)
    _previous_action(np.int64(draw >> np.uint64(62)), x, slot)
    x[slot, _REWARD] = 0


@inline_jit
def remember(action, x, slot):
    """Inputs 9 to 14 after a step that did not end the rollout."""
    _previous_action(action, x, slot)
    x[slot, _REWARD] = STEP_REWARD


@inline_jit
def _previous_action(action, x, slot):
    for a in range(ACTIONS):
        x[slot, _PREVIOUS_ACTION + a] = a == action


@inline_jit
def choose_action(o, slot, key, step):
    """The action for outputs o[slot]: the best, with probability σ(2 o[4]), or a softmax sample.

    Draws two uniform numbers of 24 bits at index ``step`` under ``key``, used or not. Ties go
    to the first action. The published rule has p = (1 + tanh o[4]) / 2, which is σ(2 o[4]).
    """
    draw = mix64_compiled(key + np.uint64(step) * GOLDEN)
    best = 0
    for a in range(1, ACTIONS):
        if o[slot, a] > o[slot, best]:
            best = a
    if np.float32(draw >> _S40) * _UNIT < sigmoid(o[slot, ACTIONS] + o[slot, ACTIONS]):
        return best
    return _sample(o, slot, o[slot, best], np.float32((draw >> _S8) & _LOW24) * _UNIT)


@inline_jit
def _sample(o, slot, highest, u):
    """First action whose cumulated softmax probability reaches ``u``."""
    weight_0 = math.exp(o[slot, 0] - highest)
    weight_1 = weight_0 + math.exp(o[slot, 1] - highest)
    weight_2 = weight_1 + math.exp(o[slot, 2] - highest)
    threshold = u * (weight_2 + math.exp(o[slot, 3] - highest))
    if weight_0 >= threshold:
        return 0
    if weight_1 >= threshold:
        return 1
    return 2 if weight_2 >= threshold else 3


@inline_jit
def move(cells, maze, size, position, action):
    """Position after ``action``; walls stop the agent."""
    step = size if action < 2 else 1
    target = position - step if action % 2 == 0 else position + step
    return position if cells[maze, target] == WALL else target
