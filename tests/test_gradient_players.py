"""A trained genome in the mazes: the kernels and torch, each on its own, score the same."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from evo_plastic import networks
from evo_plastic.config import Experiment
from evo_plastic.gradients.network import PlasticNetwork
from evo_plastic.gradients.trainer import GradientTrainer
from evo_plastic.networks.spec import NetworkSpec
from evo_plastic.records.genomes import load_genome
from evo_plastic.seeding import fold
from evo_plastic.tasks import training_tasks
from evo_plastic.tasks.fitness import REACHED
from evo_plastic.tasks.lives import MazeLives
from evo_plastic.tasks.maze import INTERFACE
from workers.engine import Engine
from workers.evaluator import open_evaluator

PUBLISHED = Path(__file__).parent.parent / "runs/published/dec-prnn-post-maze9/genome.npz"
LIVES, ROLLOUTS = 300, 3
TASKS, KEYS = training_tasks("maze9", 8, 0, LIVES), fold(8, np.arange(LIVES))
Floats = NDArray[np.float64]


def trained() -> tuple[NetworkSpec, Floats, Floats]:
    """Network and genome of two updates that begin at a published one, and that one."""
    start = load_genome(PUBLISHED)
    strategy = {"name": "ppo", "lifetimes": 6, "epochs": 1, "minibatches": 2}
    experiment = Experiment.model_validate(
        {"network": start.network.model_dump(), "strategy": strategy}
    )
    spec = networks.create(experiment.network, INTERFACE)
    with open_evaluator(experiment.pool, experiment.network, spec) as evaluator:
        trainer = GradientTrainer(experiment, experiment.strategy, spec, evaluator)
        state = trainer.init(start.genome)
        for _ in range(2):
            state = trainer.advance(state).state
    return spec, trainer.genome(state), start.genome


def played_by_kernels(spec: NetworkSpec, genome: Floats) -> tuple[Floats, Floats]:
    """Steps and goals, (lives, rollouts)."""
    found = Engine(spec, "float32").live_population(
        genome[None], TASKS, np.arange(LIVES, dtype=np.int32), KEYS[None], ROLLOUTS
    )
    return found.steps[0].astype(float), (found.outcome[0] == REACHED).astype(float)


def played_by_torch(spec: NetworkSpec, genome: Floats) -> tuple[Floats, Floats]:
    """Likewise, with random numbers of its own."""
    network, rng = PlasticNetwork(spec), np.random.default_rng(6)
    network.load_genome(genome)
    lives, carry = MazeLives(LIVES, ROLLOUTS), None
    for life in range(LIVES):
        # With the key of another lifetime: it chooses the input that stands for no action yet.
        lives.begin(life, TASKS, life, int(KEYS[LIVES - 1 - life]))
    idle = np.zeros(LIVES, np.bool_)
    steps, goals = np.zeros((2, LIVES, ROLLOUTS))
    with torch.no_grad():
        while not idle.all():
            outputs, _, carry = network(torch.as_tensor(lives.inputs)[None], carry)
            actions = drawn(outputs[0].double().numpy(), rng)
            rollout, awake = lives.rollout.copy(), np.flatnonzero(~idle)
            rewards, ended = lives.step(actions, idle)
            steps[awake, rollout[awake]] += 1
            goals[awake, rollout[awake]] += rewards[awake] > 0
            idle |= ended
    return steps, goals


def drawn(outputs: Floats, rng: np.random.Generator) -> NDArray[np.int64]:
    """Actions by the rule of the paper: the best one, or one drawn from the softmax."""
    preferences, gate = outputs[:, :4], 1 / (1 + np.exp(-2 * outputs[:, 4]))
    shares = np.exp(preferences - preferences.max(1, keepdims=True))
    cumulated = np.cumsum(shares / shares.sum(1, keepdims=True), axis=1)
    sampled = (rng.random(len(outputs))[:, None] > cumulated[:, :3]).sum(1)
    return np.where(rng.random(len(outputs)) < gate, preferences.argmax(1), sampled)


def assert_alike(one: Floats, other: Floats) -> None:
    """Means of every rollout within four standard errors, in the same mazes."""
    apart = one - other
    error = apart.std(0, ddof=1) / np.sqrt(LIVES)
    assert (np.abs(apart.mean(0)) <= 4 * error).all(), (apart.mean(0), error)


@pytest.fixture(scope="module")
def updated() -> tuple[NetworkSpec, Floats]:
    spec, genome, start = trained()
    assert np.abs(genome - start).max() > 1e-4
    return spec, genome


@pytest.mark.parametrize("shift", [0.0, -8.0])
def test_a_genome_that_gradients_trained_scores_the_same_in_both_engines(
    updated: tuple[NetworkSpec, Floats], shift: float
) -> None:
    """As it is, and with a gate that lets it draw its moves."""
    spec, genome = updated
    genome = genome.copy()
    genome[spec.layout.offsets["readout/b"].stop - 1] += shift
    steps, goals = played_by_kernels(spec, genome)
    other_steps, other_goals = played_by_torch(spec, genome)
    # It is no random walker: in the last rollout it knows where to go.
    assert goals[:, 2].mean() > 0.9
    assert steps[:, 2].mean() < 40
    assert_alike(steps, other_steps)
    assert_alike(goals, other_goals)
