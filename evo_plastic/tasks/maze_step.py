"""Living in a maze, as compiled code: what an agent sees, how it decides, where that leads.

Mazes are the rows of ``TaskSet.cells``; a position is x · size + y. Arrays come whole, with a
row number: a view of one row would count references at every step.
"""

import numpy as np

from evo_plastic.functions import exp, sigmoid
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
def draw_uniform(key, step, uniform, slot):
    """Two uniform numbers of 24 bits, of index ``step`` under ``key``, to uniform[:, slot]."""
    draw = mix64_compiled(key + np.uint64(step) * GOLDEN)
    uniform[0, slot] = np.float32(draw >> _S40) * _UNIT
    uniform[1, slot] = np.float32((draw >> _S8) & _LOW24) * _UNIT


@inline_jit
def choose_actions(o, uniform, action):
    """Actions of all slots, idle ones too: all lanes at once cost little more than one.

    o : (outputs, LANES)      uniform : (2, LANES)      action : (LANES,) int32, written
    """
    for slot in range(action.shape[0]):
        action[slot] = choose_action(
            o[0, slot], o[1, slot], o[2, slot], o[3, slot], o[4, slot],
            uniform[0, slot], uniform[1, slot],
        )  # fmt: skip


@inline_jit
def choose_action(o_0, o_1, o_2, o_3, o_4, u_gate, u_sample):
    """The best of actions 0 … 3, with probability σ(2 o_4), or a sample of their softmax.

    Ties go to the first action. The published rule has p = (1 + tanh o_4) / 2, which is
    σ(2 o_4). No branch: compilers make vector code of it.
    """
    early, late = (o_1 if o_1 > o_0 else o_0), (o_3 if o_3 > o_2 else o_2)
    best_early = np.int32(1) if o_1 > o_0 else np.int32(0)
    best_late = np.int32(3) if o_3 > o_2 else np.int32(2)
    best, highest = (best_late, late) if late > early else (best_early, early)
    weight_0 = exp(o_0 - highest)
    weight_1 = weight_0 + exp(o_1 - highest)
    weight_2 = weight_1 + exp(o_2 - highest)
    threshold = u_sample * (weight_2 + exp(o_3 - highest))
    sample = np.int32(2) if weight_2 >= threshold else np.int32(3)
    sample = np.int32(1) if weight_1 >= threshold else sample
    sample = np.int32(0) if weight_0 >= threshold else sample
    return best if u_gate < sigmoid(o_4 + o_4) else sample


@inline_jit
def move(cells, maze, size, position, action):
    """Position after ``action``; walls stop the agent."""
    step = size if action < 2 else 1
    target = position - step if action % 2 == 0 else position + step
    return position if cells[maze, target] == WALL else target
