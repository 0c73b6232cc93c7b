"""The escape task: find the goal of a maze seen through a 3 × 3 window (Wang et al., TMLR 2022).

Position (x, y) is (first, second) axis of the maze. A network is given 15 numbers:

    0–8    the window: entry 3 (dx + 1) + (dy + 1) is the cell at (x + dx, y + dy)
    9–12   the previous action, one-hot; a random one on the first step of a rollout
    13     the reward of the previous step, 0 on the first step of a rollout
    14     whether the previous step ended the rollout: always 0, nothing is fed after the goal

and answers with 5 numbers: the preferences of the ACTIONS moves, in the order of MOVES,
and one that chooses between the best move and sampling. A move into a wall stays in place and
costs as much as any other. A rollout ends on the goal or after MAX_STEPS steps; a goal reached
on the last step counts.

The values of cells are those of the published genomes (May 2022); MetaGym has negated them
since December 2022.
"""

from evo_plastic.tasks.interface import Interface

WALL = 1
FREE = 0
GOAL = -1
OBSERVATION = "wall=+1 free=0 goal=-1"
REWARD_INPUT = "0 on the first step of a rollout, then the step reward"

INTERFACE = Interface(inputs=15, observed=9, outputs=5)
ACTIONS = 4
MOVES = ((-1, 0), (1, 0), (0, -1), (0, 1))
"""(dx, dy) of each action."""

STEP_REWARD = -0.01
GOAL_REWARD = 1.0
MAX_STEPS = 200
