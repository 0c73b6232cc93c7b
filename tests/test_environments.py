"""The gymnasium environment lives the lifetimes that our kernels live."""

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from kernel_runs import MOST, create
from test_lifetime import genomes_of

import evo_plastic.environments
from evo_plastic.analysis.comparison import evaluation_keys
from evo_plastic.environments import ENVIRONMENT, MetaMaze2DVector
from evo_plastic.errors import InputError
from evo_plastic.networks.oracle import OracleNetwork
from evo_plastic.tasks import load_set
from evo_plastic.tasks.fitness import rollout_rewards
from evo_plastic.tasks.text import draw
from workers.engine import Engine, Outcomes

SPEC = {config.name: create(config) for config in MOST}["dec-prnn"]
GENOME = genomes_of(SPEC, 1)[0]
TASKS, LIVES, ROLLOUTS = "maze9/validate", 6, 3
KEYS = evaluation_keys(0, LIVES, 1)[:, 0]


def lived() -> Outcomes:
    """The lifetimes of the genome in the first mazes, with their actions."""
    engine = Engine(SPEC, "float64")
    instance = np.arange(LIVES, dtype=np.int32)
    return engine.live_population(
        GENOME[None], load_set(TASKS), instance, KEYS[None], ROLLOUTS, record=True
    )


def actions_of(outcomes: Outcomes, life: int) -> list[list[int]]:
    return [
        outcomes.actions[life, 200 * rollout :][: outcomes.steps[0, life, rollout]].tolist()
        for rollout in range(ROLLOUTS)
    ]


def test_gymnasium_knows_it_and_finds_no_fault() -> None:
    for mode in (None, "ansi", "rgb_array"):
        env = gymnasium.make(ENVIRONMENT, tasks="maze15/train", render_mode=mode)
        check_env(env.unwrapped)
    module = evo_plastic.environments.__name__
    assert gymnasium.make(f"{module}:{ENVIRONMENT}").spec == gymnasium.make(ENVIRONMENT).spec


def test_an_agent_meets_the_lifetimes_that_evaluate_shows() -> None:
    kernels = lived()
    env = gymnasium.make(ENVIRONMENT, tasks=TASKS, rollouts=ROLLOUTS).unwrapped
    for life in range(LIVES):
        network = OracleNetwork(SPEC, GENOME)
        x, info = env.reset(options={"instance": life, "key": KEYS[life]})
        told, sums = 0, np.zeros(ROLLOUTS)
        for rollout, actions in enumerate(actions_of(kernels, life)):
            for action in actions:
                assert info == {"instance": life, "rollout": rollout}
                # The kernels chose this action for these outputs: the inputs are the same.
                outputs = network.step(x.astype(np.float64))
                place = 200 * rollout + told
                np.testing.assert_allclose(
                    outputs, kernels.outputs[life, place], rtol=1e-6, atol=1e-6
                )
                x, reward, ended, truncated, info = env.step(action)
                sums[rollout] += reward
                told += 1
                assert not truncated
            assert ended == (rollout == ROLLOUTS - 1)
            told = 0
        rewards = rollout_rewards(kernels.steps[0, life], kernels.outcome[0, life])
        np.testing.assert_allclose(sums, rewards)


def test_many_lifetimes_are_each_what_they_are_alone() -> None:
    env = gymnasium.make_vec(ENVIRONMENT, num_envs=LIVES, tasks=TASKS, rollouts=2)
    assert isinstance(env, MetaMaze2DVector)
    alone = [gymnasium.make(ENVIRONMENT, tasks=TASKS, rollouts=2) for _ in range(LIVES)]
    options = {"instance": np.arange(LIVES), "key": KEYS}
    x, _ = env.reset(options=options)
    for i, one in enumerate(alone):
        mine, _ = one.reset(options={"instance": i, "key": KEYS[i]})
        np.testing.assert_array_equal(x[i], mine)
    rng, over = np.random.default_rng(0), np.zeros(LIVES, bool)
    while not over.all():
        actions = rng.integers(4, size=LIVES)
        x, rewards, ended, truncated, info = env.step(actions)
        assert x in env.observation_space
        assert not truncated.any()
        for i in np.flatnonzero(~over):
            mine, reward, done, _, about = alone[i].step(actions[i])
            np.testing.assert_array_equal(x[i], mine)
            assert (rewards[i], ended[i], info["rollout"][i]) == (reward, done, about["rollout"])
        over |= ended


def test_a_lifetime_that_has_ended_begins_anew_at_the_next_step() -> None:
    env = MetaMaze2DVector(num_envs=3, tasks=TASKS, rollouts=1)
    env.reset(seed=1)
    ended = np.zeros(3, bool)
    while not ended.any():
        _, _, ended, _, _ = env.step(env.action_space.sample())
    x, rewards, after, _, info = env.step(env.action_space.sample())
    assert (rewards[ended] == 0).all()
    assert not after[ended].any()
    assert (x[ended, 13] == 0).all()
    assert (info["rollout"][ended] == 0).all()


def test_the_seed_decides_mazes_and_first_actions() -> None:
    def first(seed: int) -> np.ndarray:
        env = MetaMaze2DVector(num_envs=8, tasks="maze9/train")
        return env.reset(seed=seed)[0]

    np.testing.assert_array_equal(first(3), first(3))
    assert not np.array_equal(first(3), first(4))


def test_pictures_show_walls_goal_and_agent() -> None:
    task_set = load_set(TASKS)
    env = gymnasium.make(ENVIRONMENT, tasks=TASKS, render_mode="ansi")
    env.reset(options={"instance": 5})
    assert env.render() == draw(task_set, 5).replace("S", "A")
    env = gymnasium.make(ENVIRONMENT, tasks=TASKS, render_mode="rgb_array")
    env.reset(options={"instance": 5})
    picture = env.render()
    assert picture.shape == (144, 144, 3)
    walls = (picture[::16, ::16] == (74, 74, 74)).all(axis=2)
    np.testing.assert_array_equal(walls, task_set.walls[5] == 1)
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) == 4


@pytest.mark.parametrize(
    ("tasks", "options", "problem"),
    [
        (TASKS, {"maze": 1}, "unknown option 'maze'"),
        (TASKS, {"instance": 1024}, "instance 1024, expected 0 to 1023"),
        ("maze9/train", {"instance": 1}, "fresh mazes have no number"),
    ],
)
def test_wrong_options_are_named(tasks: str, options: dict[str, int], problem: str) -> None:
    env = gymnasium.make(ENVIRONMENT, tasks=tasks)
    with pytest.raises(InputError, match=problem):
        env.reset(options=options)


def test_unknown_tasks_are_named() -> None:
    with pytest.raises(InputError, match="unknown task 'maze10'"):
        gymnasium.make(ENVIRONMENT, tasks="maze10/train")
