"""Whole lifetimes against a slow one in Python, and what they may not depend on."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kernel_runs import MOST, create, feed, read_arrays
from numpy.typing import NDArray

from evo_plastic.networks.compiled import compile_network
from evo_plastic.networks.oracle import OracleNetwork
from evo_plastic.networks.spec import NetworkSpec
from evo_plastic.seeding import GOLDEN, fold, mix64
from evo_plastic.tasks import training_tasks
from evo_plastic.tasks.fitness import DIVERGED, FAILED, REACHED, rollout_rewards
from evo_plastic.tasks.task_sets import TaskSet
from workers.engine import Engine, Outcomes

SPECS = {config.name: create(config) for config in MOST}
PLASTIC, STATIC = SPECS["dec-prnn"], SPECS["meta-rnn"]
every_network = pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
LIVES, ROLLOUTS = 11, 3
TASKS = training_tasks("maze9", 1, 0, 5)
INSTANCE = (np.arange(LIVES) % 5).astype(np.int32)
KEYS = fold(6, np.arange(LIVES))
MOVES = ((-1, 0), (1, 0), (0, -1), (0, 1))


def genomes_of(spec: NetworkSpec, count: int) -> NDArray[np.float64]:
    """Random genomes that rather sample than take the best move, so that most find goals."""
    genomes = np.random.default_rng(9).normal(0, 0.15, (count, spec.n_gene))
    genomes[:, spec.layout.offsets["readout/b"].stop - 1] = -1
    return genomes


def live(engine: Engine, genome: NDArray[Any], lives: Any = slice(None), **more: Any) -> Outcomes:
    """The lifetimes ``lives`` of one genome: steps and outcome (lives, rollouts)."""
    keys = KEYS[None, lives].copy()
    found = engine.live_population(genome[None], TASKS, INSTANCE[lives], keys, ROLLOUTS, **more)
    return Outcomes(found.steps[0], found.outcome[0], found.actions, found.outputs)


class SlowLife:
    """One lifetime in float64 Python, from the description of the task."""

    def __init__(self, spec: NetworkSpec, genome: NDArray[Any], life: int) -> None:
        maze = INSTANCE[life]
        self.network, self.key = OracleNetwork(spec, genome), KEYS[life]
        self.walls, self.start = TASKS.walls[maze], tuple(TASKS.start[maze].tolist())
        self.goal = tuple(TASKS.goal[maze].tolist())
        self.age = 0

    def rollout(self, number: int) -> tuple[list[int], bool]:
        """Actions, and whether the goal was reached."""
        (x, y), actions = self.start, list[int]()
        previous, reward = int(self._draw(2**32 + number) >> np.uint64(62)), 0.0
        while (x, y) != self.goal and len(actions) < 200:
            outputs = self.network.step(self._inputs(x, y, previous, reward))
            previous, reward = self._choose(outputs), -0.01
            actions.append(previous)
            dx, dy = MOVES[previous]
            if not self.walls[x + dx, y + dy]:
                x, y = x + dx, y + dy
        return actions, (x, y) == self.goal

    def _inputs(self, x: int, y: int, previous: int, reward: float) -> NDArray[np.float64]:
        window = [
            -1.0 if (x + dx, y + dy) == self.goal else float(self.walls[x + dx, y + dy])
            for dx in (-1, 0, 1)
            for dy in (-1, 0, 1)
        ]
        return np.array([*window, *(float(previous == a) for a in range(4)), reward, 0.0])

    def _draw(self, index: int) -> np.uint64:
        with np.errstate(over="ignore"):
            return mix64(self.key + np.uint64(index) * GOLDEN)

    def _choose(self, o: NDArray[np.float64]) -> int:
        bits, self.age = int(self._draw(self.age)), self.age + 1
        gate, u = (bits >> 40) / 2**24, (bits >> 8 & (2**24 - 1)) / 2**24
        if gate < 0.5 * np.tanh(o[4]) + 0.5:
            return int(np.argmax(o[:4]))
        probabilities = np.exp(o[:4]) / np.exp(o[:4]).sum()
        return int(np.argmax(np.cumsum(probabilities) >= u))


@pytest.mark.parametrize("name", ["dec-prnn", "meta-lstm", "dec-pdnn", "dnn"])
def test_float64_lifetimes_are_those_of_slow_python(name: str) -> None:
    spec = SPECS[name]
    genome = genomes_of(spec, 1)[0]
    fast = live(Engine(spec, "float64", 2), genome, record=True)
    for life in range(LIVES):
        slow = SlowLife(spec, genome, life)
        for rollout in range(ROLLOUTS):
            actions, reached = slow.rollout(rollout)
            assert fast.steps[life, rollout] == len(actions)
            assert fast.outcome[life, rollout] == (REACHED if reached else FAILED)
            record = fast.actions[life, 200 * rollout :][: len(actions)]
            np.testing.assert_array_equal(record, actions)
    assert set(fast.outcome.ravel()) == {REACHED, FAILED}


def test_memories_persist_from_rollout_to_rollout() -> None:
    genome = genomes_of(PLASTIC, 1)[0]
    fast = live(Engine(PLASTIC, "float64", 2), genome, record=True)
    life = int(np.argmax(fast.steps[:, 0]))
    blank = SlowLife(PLASTIC, genome, life)
    blank.age = int(fast.steps[life, 0])
    actions, _ = blank.rollout(1)
    record = fast.actions[life, 200 : 200 + fast.steps[life, 1]]
    assert not np.array_equal(record, actions)


@every_network
@pytest.mark.parametrize("slots", [2, 3, 8, 16])
def test_any_number_of_slots_gives_the_same_bits(spec: NetworkSpec, slots: int) -> None:
    genome = genomes_of(spec, 1)[0]
    alone = live(Engine(spec, "float32", 1), genome, record=True)
    together = live(Engine(spec, "float32", slots), genome, record=True)
    for a, b in zip(alone, together, strict=True):
        np.testing.assert_array_equal(a, b)
    assert len(np.unique(alone.steps)) > 5


@every_network
@pytest.mark.parametrize(
    "lives", [[10], [4, 3], [0, 5, 10], list(range(10, -1, -1)), [7, 7, 2, 7]], ids=str
)
def test_any_order_and_any_subset_gives_the_same_bits(spec: NetworkSpec, lives: list[int]) -> None:
    genome = genomes_of(spec, 1)[0]
    engine = Engine(spec, "float32", 3)
    whole, part = (live(engine, genome, which, record=True) for which in (slice(None), lives))
    for a, b in zip(whole, part, strict=True):
        np.testing.assert_array_equal(a[lives], b)


def test_a_population_lives_as_its_genomes_do_alone() -> None:
    engine = Engine(PLASTIC, "float32", 3)
    genomes = genomes_of(PLASTIC, 4)
    found = engine.live_population(genomes, TASKS, INSTANCE, KEYS[None], ROLLOUTS)
    assert found.steps.shape == found.outcome.shape == (4, LIVES, ROLLOUTS)
    for genome, steps, outcome in zip(genomes, found.steps, found.outcome, strict=True):
        alone = live(engine, genome)
        np.testing.assert_array_equal(alone.steps, steps)
        np.testing.assert_array_equal(alone.outcome, outcome)


def test_every_genome_may_have_noise_of_its_own() -> None:
    engine = Engine(PLASTIC, "float32", 3)
    genome = genomes_of(PLASTIC, 1)[0]
    keys = np.stack([KEYS, fold(77, np.arange(LIVES)), KEYS])
    found = engine.live_population(np.stack([genome] * 3), TASKS, INSTANCE, keys, ROLLOUTS)
    np.testing.assert_array_equal(found.steps[0], live(engine, genome).steps)
    np.testing.assert_array_equal(found.steps[0], found.steps[2])
    assert not np.array_equal(found.steps[0], found.steps[1])


def test_recording_changes_nothing() -> None:
    engine = Engine(PLASTIC, "float32", 3)
    genome = genomes_of(PLASTIC, 1)[0]
    plain, recorded = live(engine, genome), live(engine, genome, record=True)
    np.testing.assert_array_equal(plain.steps, recorded.steps)
    assert plain.actions.shape == (0, 0)
    assert recorded.actions.shape == (LIVES, 200 * ROLLOUTS)


def test_recorded_actions_lead_where_the_lifetime_went() -> None:
    genome = genomes_of(STATIC, 1)[0]
    found = live(Engine(STATIC, "float32", 8), genome, record=True)
    for life, maze in enumerate(INSTANCE):
        for rollout, steps in enumerate(found.steps[life]):
            position, goal = TASKS.start[maze].copy(), TASKS.goal[maze]
            for step, action in enumerate(found.actions[life, 200 * rollout :][:steps]):
                assert step == 0 or tuple(position) != tuple(goal)
                target = position + MOVES[action]
                if not TASKS.walls[maze][tuple(target)]:
                    position = target
            reached = tuple(position) == tuple(goal)
            assert found.outcome[life, rollout] == (REACHED if reached else FAILED)
            assert reached or steps == 200


def always(action: int) -> NDArray[np.float64]:
    """Genome of a static network that takes the same action at every step."""
    arrays = {array.name: np.zeros(array.shape) for array in STATIC.layout.arrays}
    arrays["readout/b"][[action, 4]] = 50
    return STATIC.layout.pack(arrays)


def corridor(start: int, goal: int) -> TaskSet:
    """Cells (x, 1) for 0 < x < 1000 of which ``start`` and ``goal`` are x."""
    walls = np.ones((1, 1001, 1001), np.uint8)
    walls[0, 1:-1, 1] = 0
    ends = (np.array([[x, 1]], np.int16) for x in (start, goal))
    return TaskSet("corridor", walls, *ends)


@pytest.mark.parametrize(
    ("action", "start", "goal", "steps", "reward"),
    [
        (1, 1, 2, 1, 0.99),
        (1, 1, 9, 8, 0.92),
        (0, 9, 1, 8, 0.92),
        (1, 1, 200, 199, -0.99),
        (1, 1, 201, 200, -1.0),  # on the last step: it counts
        (1, 1, 202, 200, -2.0),
        (0, 1, 2, 200, -2.0),  # into the wall behind, again and again
        (2, 1, 2, 200, -2.0),
        (3, 1, 2, 200, -2.0),
    ],
)
def test_rewards_of_a_straight_walk(
    action: int, start: int, goal: int, steps: int, reward: float
) -> None:
    engine = Engine(STATIC, "float32", 2)
    zero, keys = np.zeros(1, np.int32), KEYS[None, :1].copy()
    found = engine.live_population(always(action)[None], corridor(start, goal), zero, keys, 2)
    np.testing.assert_array_equal(found.steps, [[[steps, steps]]])
    rewards = rollout_rewards(found.steps, found.outcome)
    np.testing.assert_allclose(rewards, [[[reward, reward]]], atol=1e-12)


@every_network
def test_a_gene_that_is_no_number_makes_every_rollout_diverge(spec: NetworkSpec) -> None:
    engine = Engine(spec, "float32", 3)
    for array in read_arrays(spec):
        place = spec.layout.offsets[array.name]
        for gene in (place.start, place.stop - 1):
            genome = genomes_of(spec, 1)[0]
            genome[gene] = np.nan
            assert (live(engine, genome).outcome == DIVERGED).all(), array.name


@every_network
def test_a_lifetime_after_one_that_diverged_is_unharmed(spec: NetworkSpec) -> None:
    genomes = genomes_of(spec, 3)
    genomes[1] = np.nan
    expected = live(Engine(spec, "float32", 3), genomes[2]).steps
    engine = Engine(spec, "float32", 3)
    found = engine.live_population(genomes, TASKS, INSTANCE, KEYS[None], ROLLOUTS)
    assert (found.outcome[1] == DIVERGED).all()
    np.testing.assert_array_equal(found.steps[2], expected)
    np.testing.assert_array_equal(live(engine, genomes[2]).steps, expected)


def test_float32_and_float64_mostly_live_alike() -> None:
    genomes = genomes_of(PLASTIC, 20)
    results = []
    for precision in ("float32", "float64"):
        engine = Engine(PLASTIC, precision, 1)
        found = engine.live_population(genomes, TASKS, INSTANCE, KEYS[None], 1)
        results.append(np.stack([found.steps, found.outcome]))
    assert np.mean(results[0] == results[1]) >= 0.95
    assert results[0].std() > 1


def digest() -> str:
    """SHA-256 of the outputs of one genome and the lifetimes of several, in float32."""
    hashed = hashlib.sha256()
    for spec in (PLASTIC, STATIC):
        genomes = genomes_of(spec, 8)
        network = compile_network(spec, 1, np.float32)
        network.place(genomes[0])
        outputs = feed(network, np.random.default_rng(2).normal(0, 0.7, (100, 1, 15)))
        found = Engine(spec, "float32").live_population(genomes, TASKS, INSTANCE, KEYS[None], 3)
        for part in (outputs, found.steps, found.outcome):
            hashed.update(part.tobytes())
    return hashed.hexdigest()


# Prints the digest, whether the machine code has registers wider than four floats, and which
# form of a dot product it is made of.
CHILD = """
from evo_plastic.vectors import dot
from test_lifetime import digest
from workers.lifetime import live_population
found = digest()
code = "".join(live_population.inspect_asm().values())
print(found, "ymm" in code or "zmm" in code, dot.__name__)
"""


@pytest.mark.parametrize(
    ("settings", "form"),
    [
        ({"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}, "dot_in_lanes"),
        (
            {"EVO_PLASTIC_PLAIN": "1", "NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""},
            "dot_plain",
        ),
    ],
)
def test_narrow_vector_units_and_plain_loops_give_the_same_bits(
    settings: dict[str, str], form: str, tmp_path: Path
) -> None:
    here = Path(__file__).parent
    settings = settings | {
        "XDG_CACHE_HOME": str(tmp_path),
        "PYTHONPATH": os.pathsep.join([str(here), str(here.parent)]),
    }
    child = subprocess.run(
        [sys.executable, "-c", CHILD],
        env=os.environ | settings,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert child.returncode == 0, child.stderr
    assert child.stdout.split() == [digest(), "False", form]
