"""``evo_plastic/MetaMaze2D-v0``: an episode is a lifetime of several rollouts in one maze.

Observation: the 15 numbers that our networks are given (``tasks.maze``), the window, the last
action and reward. After a rollout the agent stands at the start again and goes on; whoever
remembers is better off. The episode terminates with the last rollout; nothing truncates it.

    tasks       maze9/train: a fresh maze for every episode; else a named set or a file, of which
                an episode takes a random maze
    rollouts    per episode

``reset(options={"instance": i, "key": k})`` chooses the maze and the key of the random previous
action that each rollout begins with: with those of ``analysis.comparison.evaluation_keys`` an
agent meets exactly the lifetimes of ``evo-plastic evaluate``.
"""

from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete, Space
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from evo_plastic.errors import InputError
from evo_plastic.tasks import get, load_set
from evo_plastic.tasks.lives import MazeLives
from evo_plastic.tasks.maze import ACTIONS, GOAL, INTERFACE, WALL
from evo_plastic.tasks.maze_generator import MazeDistribution
from evo_plastic.tasks.task_sets import TaskSet, sample

Info = dict[str, Any]
FRESH = "/train"
CELL_PIXELS = 16
_COLOURS = {WALL: (74, 74, 74), GOAL: (213, 94, 0)}
_AGENT = (0, 114, 178)


class Mazes:
    """Where episodes take their mazes from."""

    def __init__(self, tasks: str) -> None:
        """``InputError`` if there are no such tasks."""
        fresh = tasks.endswith(FRESH)
        self._source: MazeDistribution | TaskSet = (
            get(tasks.removesuffix(FRESH)) if fresh else load_set(tasks)
        )

    def choose(self, rng: np.random.Generator, options: Info) -> tuple[TaskSet, int, int]:
        """Mazes, the number of one of them, and a key; ``InputError`` for wrong options."""
        unknown = options.keys() - {"instance", "key"}
        if unknown:
            raise InputError(f"reset: unknown option {min(unknown)!r}, expected instance or key")
        key = options.get("key")
        key = int(rng.integers(2**63)) if key is None else int(key)
        instance, source = options.get("instance"), self._source
        if isinstance(source, MazeDistribution):
            if instance is not None:
                raise InputError("reset: fresh mazes have no number: leave out instance")
            drawn = rng.integers(2**63, size=1).astype(np.uint64)
            return sample(source, drawn), 0, key
        count = len(source)
        instance = int(rng.integers(count)) if instance is None else int(instance)
        if not 0 <= instance < count:
            raise InputError(f"reset: instance {instance}, expected 0 to {count - 1}")
        return source, instance, key


class MetaMaze2D(gymnasium.Env[NDArray[np.float32], np.int64]):
    """One lifetime at a time."""

    metadata: Info = {"render_modes": ["ansi", "rgb_array"], "render_fps": 10}  # noqa: RUF012

    def __init__(
        self, tasks: str = "maze9/train", rollouts: int = 3, render_mode: str | None = None
    ) -> None:
        self.render_mode = render_mode
        self.observation_space = _observations()
        self.action_space = Discrete(ACTIONS)
        self._mazes, self._lives = Mazes(tasks), MazeLives(1, rollouts)

    def reset(
        self, *, seed: int | None = None, options: Info | None = None
    ) -> tuple[NDArray[np.float32], Info]:
        super().reset(seed=seed)
        self._lives.begin(0, *self._mazes.choose(self.np_random, options or {}))
        return self._lives.inputs[0].copy(), self._info()

    def step(self, action: np.int64) -> tuple[NDArray[np.float32], float, bool, bool, Info]:
        rewards, ended = self._lives.step(np.array([action]), np.zeros(1, np.bool_))
        return self._lives.inputs[0].copy(), float(rewards[0]), bool(ended[0]), False, self._info()

    def render(self) -> Any:
        cells = self._lives.picture(0)
        x, y = divmod(int(self._lives.position[0]), len(cells))
        if self.render_mode == "ansi":
            letters = np.where(cells == WALL, "#", np.where(cells == GOAL, "G", " "))
            letters[x, y] = "A"
            return "\n".join("".join(row) for row in letters)
        picture = np.full((*cells.shape, 3), 255, np.uint8)
        for value, colour in _COLOURS.items():
            picture[cells == value] = colour
        picture[x, y] = _AGENT
        return picture.repeat(CELL_PIXELS, axis=0).repeat(CELL_PIXELS, axis=1)

    def _info(self) -> Info:
        lives = self._lives
        return {"instance": int(lives.instance[0]), "rollout": int(lives.rollout[0])}


class MetaMaze2DVector(VectorEnv[NDArray[np.float32], NDArray[np.int64], NDArray[Any]]):
    """Many lifetimes at a time, stepped by one compiled call.

    One that has ended begins anew at the next step, whatever the action (autoreset "next step").
    """

    metadata: Info = {"autoreset_mode": AutoresetMode.NEXT_STEP, "render_modes": []}  # noqa: RUF012

    def __init__(self, num_envs: int = 1, tasks: str = "maze9/train", rollouts: int = 3) -> None:
        self.num_envs = num_envs
        self.single_observation_space = _observations()
        self.single_action_space = Discrete(ACTIONS)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._mazes, self._lives = Mazes(tasks), MazeLives(num_envs, rollouts)
        self._ended = np.zeros(num_envs, np.bool_)

    def reset(
        self, *, seed: int | None = None, options: Info | None = None
    ) -> tuple[NDArray[np.float32], Info]:
        """options: as for a single environment, each a sequence of num_envs numbers."""
        super().reset(seed=seed)
        for i in range(self.num_envs):
            mine = {name: values[i] for name, values in (options or {}).items()}
            self._lives.begin(i, *self._mazes.choose(self.np_random, mine))
        self._ended[:] = False
        return self._lives.inputs.copy(), self._info()

    def step(
        self, actions: NDArray[np.int64]
    ) -> tuple[
        NDArray[np.float32], NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], Info
    ]:
        again = self._ended
        for i in np.flatnonzero(again):
            self._lives.begin(int(i), *self._mazes.choose(self.np_random, {}))
        rewards, self._ended = self._lives.step(np.asarray(actions), again)
        truncated = np.zeros(self.num_envs, np.bool_)
        return self._lives.inputs.copy(), rewards, self._ended.copy(), truncated, self._info()

    def _info(self) -> Info:
        return {"instance": self._lives.instance.copy(), "rollout": self._lives.rollout.copy()}


def _observations() -> Space[Any]:
    return Box(-1.0, 1.0, (INTERFACE.inputs,), np.float32)
