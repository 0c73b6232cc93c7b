"""Gradient training, one update after the other: live, judge, descend.

The kernels live a batch of lifetimes under the present genome; torch lives them again for the
gradient. All that is carried from one update to the next is in ``State``, so equal states give
equal updates, and a checkpoint resumes the training exactly.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from evo_plastic.arrays import Arrays
from evo_plastic.config import Experiment, GradientConfig, PPOConfig
from evo_plastic.driver import Outcome
from evo_plastic.errors import TrainingFailed
from evo_plastic.gradients.actor_critic import ActorCritic
from evo_plastic.gradients.devices import choose_device
from evo_plastic.gradients.experience import Experience, relive
from evo_plastic.gradients.judging import Judged, judge
from evo_plastic.gradients.losses import Terms, terms
from evo_plastic.networks.spec import NetworkSpec
from evo_plastic.seeding import STREAM_MINIBATCHES, STREAM_NOISE, fold
from evo_plastic.strategies import states
from evo_plastic.tasks import training_tasks
from evo_plastic.tasks.behaviour import Behaviour
from evo_plastic.tasks.fitness import rollout_rewards, rollout_weights
from evo_plastic.tasks.task_sets import TaskSet

Floats = NDArray[np.float64]
PATIENCE = 20
"""Updates in a row without one finite gradient after which training gives up."""


class RecordedLives(Protocol):
    @property
    def steps(self) -> NDArray[np.int16]: ...
    @property
    def outcome(self) -> NDArray[np.int8]: ...
    @property
    def actions(self) -> NDArray[np.uint8]: ...
    @property
    def behaviour(self) -> Behaviour | None: ...
    @property
    def seconds(self) -> float: ...


class Recorder(Protocol):
    def live(
        self, genome: Floats, task_set: TaskSet, keys: NDArray[np.uint64], rollouts: int,
        record: bool = False,
    ) -> RecordedLives:  # fmt: skip
        """Lifetimes of one genome; keys (instances, repeats)."""


class State(NamedTuple):
    learned: NDArray[np.float32]  # genome, then critic, see ``actor_critic``
    first: NDArray[np.float32]  # moments of the gradient, as Adam keeps them
    second: NDArray[np.float32]
    descents: int  # steps of Adam
    fruitless: int  # updates in a row without a finite gradient
    generation: int  # updates


@dataclass
class _Sums:
    """Of one update, over its descents."""

    terms: Floats
    length: float = 0.0  # of gradients before they were scaled down
    descents: int = 0
    left_out: int = 0  # gradients that were not finite


class GradientTrainer:
    """A ``driver.Search`` by A2C or PPO."""

    def __init__(
        self, experiment: Experiment, config: GradientConfig, spec: NetworkSpec, recorder: Recorder
    ) -> None:
        self._config, self._spec = config, spec
        self._task, self._seed = experiment.task, experiment.seed
        self._recorder = recorder
        self._weights = rollout_weights(experiment.task)
        # One thread: sums have the same order, so the same bits, on any number of cores.
        torch.set_num_threads(1)
        self._model = ActorCritic(spec, choose_device(experiment.pool.device))

    def init(self, genome: Floats) -> State:
        """Before the first update: this genome, and a critic that expects nothing."""
        learned = np.zeros(self._model.size, np.float32)
        with np.errstate(over="ignore"):  # such a genome is told from others where it lives
            learned[: genome.size] = genome
        return State(learned, np.zeros_like(learned), np.zeros_like(learned), 0, 0, 0)

    def genome(self, state: State) -> Floats:
        genome: Floats = state.learned[: self._spec.n_gene].astype(np.float64)
        return genome

    def to_arrays(self, state: State) -> Arrays:
        return states.to_arrays(state)

    def from_arrays(self, arrays: Mapping[str, NDArray[Any]]) -> State:
        return states.from_arrays(State, arrays)

    def advance(self, state: State) -> Outcome:
        """One update. ``TrainingFailed`` when too many in a row had no finite gradient."""
        begun = time.thread_time()
        count, rollouts = self._config.lifetimes, self._task.rollouts
        tasks = training_tasks(self._task.name, self._seed, state.generation, count)
        keys = fold(self._seed, STREAM_NOISE, state.generation, np.arange(count), 0)
        lived = self._recorder.live(
            self.genome(state), tasks, keys[:, None], rollouts, record=True
        )
        rewards = rollout_rewards(lived.steps, lived.outcome)
        fitness = rewards @ self._weights / self._weights.sum()
        if not np.isfinite(fitness).any():
            raise TrainingFailed(
                f"0 of {count} lifetimes have a finite fitness: expected a smaller "
                f"strategy.learning_rate or strategy.initial_spread"
            )
        experience = relive(tasks, keys, lived.steps, lived.actions)
        state, figures = self._learn(state, experience)
        figures["entropy"] = _entropy(lived)
        if state.fruitless >= PATIENCE:
            raise TrainingFailed(
                f"no gradient of {PATIENCE} updates was finite: expected a smaller "
                f"strategy.window, strategy.learning_rate or strategy.initial_spread"
            )
        seconds = time.thread_time() - begun + lived.seconds
        return Outcome(state, fitness, experience.steps, count, seconds, figures)

    def _learn(self, state: State, experience: Experience) -> tuple[State, dict[str, float]]:
        config, device = self._config, self._model.device
        learned = torch.tensor(state.learned, device=device, requires_grad=True)
        adam = torch.optim.Adam([learned], config.learning_rate)
        adam.state[learned] = {
            "step": torch.tensor(float(state.descents)),
            "exp_avg": torch.tensor(state.first, device=device),
            "exp_avg_sq": torch.tensor(state.second, device=device),
        }
        judged = judge(self._model, learned, experience, config, self._weights)
        sums, steps = _Sums(np.zeros(3)), 0
        for part, mine in self._batches(state, experience, judged):
            steps += part.steps
            adam.zero_grad()
            sums.terms += self._differentiate(learned, part, mine)
            length = torch.nn.utils.clip_grad_norm_([learned], config.largest_gradient)
            if not torch.isfinite(length):
                sums.left_out += 1
                continue
            sums.length += float(length)
            sums.descents += 1
            adam.step()
        kept = adam.state[learned]
        new = State(
            learned=learned.detach().cpu().numpy().copy(),
            first=kept["exp_avg"].cpu().numpy().copy(),
            second=kept["exp_avg_sq"].cpu().numpy().copy(),
            descents=state.descents + sums.descents,
            fruitless=0 if sums.descents else state.fruitless + 1,
            generation=state.generation + 1,
        )
        policy, value, _ = (sums.terms / steps).tolist()
        gradient = sums.length / max(sums.descents, 1)
        figures = {"gradient": gradient, "policy_loss": policy, "value_loss": value}
        return new, figures | {"left_out": sums.left_out}

    def _batches(
        self, state: State, experience: Experience, judged: Judged
    ) -> Iterator[tuple[Experience, Judged]]:
        """What each descent learns from."""
        config = self._config
        if not isinstance(config, PPOConfig):
            yield experience, judged
            return
        key = int(fold(self._seed, STREAM_MINIBATCHES, state.generation)[0])
        rng = np.random.Generator(np.random.Philox(key))
        for _ in range(config.epochs):
            order = rng.permutation(config.lifetimes)
            for lives in np.array_split(order, config.minibatches):
                lives.sort()
                part = experience.select(lives)
                yield part, Judged(*(values[: len(part.inputs), lives] for values in judged))

    def _differentiate(self, learned: Tensor, part: Experience, judged: Judged) -> Floats:
        """Add the gradient of the mean loss per step; the loss's terms, summed."""
        config = self._config
        actions = torch.as_tensor(part.actions, device=learned.device)
        counts = torch.as_tensor(part.under_way, dtype=learned.dtype, device=learned.device)
        sums, loss = np.zeros(len(Terms._fields)), learned.new_zeros(())
        for where, ends, log_policy, value in self._model.unroll(learned, part, config.window):
            mine = Judged(*(values[where] for values in judged))
            found = terms(config, log_policy, value, actions[where], mine, counts[where])
            sums += [float(term.detach()) for term in found]
            loss = loss + found.weighted(config) / part.steps
            if ends:
                loss.backward()
                loss = learned.new_zeros(())
        return sums


def _entropy(lived: RecordedLives) -> float:
    """Of the policy, in bits, mean over all steps."""
    assert lived.behaviour is not None
    assert lived.behaviour.entropy is not None
    return float(np.average(lived.behaviour.entropy, weights=lived.steps))
