"""One update of the gradient trainer on a real pool: what it does and what it depends on."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from driver_runs import MAKE_WORKER, SPEC
from gradient_training import (
    A2C,
    PPO,
    Watched,
    both,
    experiment,
    first_state,
    judged,
    losses,
    trainer_of,
)
from torch import Tensor

from evo_plastic.config import PoolConfig
from evo_plastic.gradients.actor_critic import ActorCritic
from evo_plastic.gradients.experience import Experience
from evo_plastic.gradients.judging import Judged
from evo_plastic.tasks.fitness import rollout_rewards
from workers import pool
from workers.evaluator import PoolEvaluator


@pytest.fixture(scope="module")
def evaluator() -> Iterator[PoolEvaluator]:
    with pool.create(PoolConfig(backend="local", workers=1), MAKE_WORKER) as workers_pool:
        yield PoolEvaluator(workers_pool)


@pytest.fixture
def recorder(evaluator: PoolEvaluator) -> Watched:
    return Watched(evaluator)


@pytest.mark.parametrize(
    "strategy", [A2C, PPO | {"epochs": 1, "minibatches": 1}], ids=["a2c", "ppo"]
)
def test_an_update_lessens_the_loss_of_its_lifetimes_as_the_gradient_promises(
    recorder: Watched, strategy: dict[str, Any]
) -> None:
    """The first step of Adam is of one size for all genes; small ones change no best move."""
    trainer, chosen = trainer_of(recorder, strategy, learning_rate=1e-5), experiment(strategy)
    state = first_state(trainer, spread=0.05)
    outcome = trainer.advance(state)
    [call] = recorder.calls
    learned = torch.tensor(state.learned, requires_grad=True)
    constants = judged(learned, call.experience, chosen)
    before = losses(learned, call.experience, constants, chosen)
    (slope,) = torch.autograd.grad(before[3], learned)
    with torch.no_grad():
        after = losses(torch.tensor(outcome.state.learned), call.experience, constants, chosen)
    gain, promised = (before - after)[3].item(), 1e-5 * slope.abs().sum().item()
    assert gain == pytest.approx(promised, rel=0.05)
    told = [outcome.figures[f"{name}_loss"] for name in ("policy", "value")]
    np.testing.assert_allclose(told, before[:2].detach(), atol=1e-6)
    if strategy is not A2C:
        # Its third term is the entropy, negative and in nats.
        assert outcome.figures["entropy"] == pytest.approx(-before[2].item() / np.log(2), rel=1e-4)


@both
def test_an_update_is_told_as_it_was(recorder: Watched, strategy: dict[str, Any]) -> None:
    trainer = trainer_of(recorder, strategy)
    outcome = trainer.advance(first_state(trainer))
    [call] = recorder.calls
    rewards = rollout_rewards(call.lived.steps, call.lived.outcome)
    np.testing.assert_allclose(outcome.fitness, rewards @ [1 / 3, 2 / 3])
    assert (outcome.env_steps, outcome.lifetimes) == (call.lived.steps.sum(), 5)
    assert outcome.figures["left_out"] == 0
    assert outcome.figures["gradient"] > 0
    assert outcome.state.generation == 1
    assert outcome.state.descents == (1 if strategy is A2C else 4)


@both
def test_equal_states_give_equal_updates(recorder: Watched, strategy: dict[str, Any]) -> None:
    trainer = trainer_of(recorder, strategy)
    state = trainer.advance(first_state(trainer)).state
    kept = {name: value.copy() for name, value in trainer.to_arrays(state).items()}
    one = trainer.advance(state)
    other = trainer_of(recorder, strategy)
    again = other.advance(other.from_arrays(kept))
    for mine, theirs in zip(one.state, again.state, strict=True):
        assert np.asarray(mine).tobytes() == np.asarray(theirs).tobytes()
    assert one.figures == again.figures
    for name, value in trainer.to_arrays(state).items():
        np.testing.assert_array_equal(value, kept[name], err_msg="the old state was changed")


def test_every_update_has_mazes_and_noise_of_its_own(recorder: Watched) -> None:
    trainer = trainer_of(recorder, A2C)
    trainer.advance(trainer.advance(first_state(trainer)).state)
    one, other = recorder.calls
    assert one.keys.shape == other.keys.shape == (5, 1)
    assert len({*one.keys.flat, *other.keys.flat}) == 10
    assert one.tasks.content_hash != other.tasks.content_hash


def test_the_genome_that_lives_is_the_one_that_is_told(recorder: Watched) -> None:
    trainer = trainer_of(recorder, A2C, learning_rate=0.01)
    state = first_state(trainer)
    following = trainer.advance(state).state
    trainer.advance(following)
    for one, call in zip((state, following), recorder.calls, strict=True):
        np.testing.assert_array_equal(trainer.genome(one), call.genome)
        np.testing.assert_array_equal(call.genome, one.learned[: SPEC.n_gene])
    moved = np.abs(following.learned - state.learned)
    assert moved.max() < 0.0101
    assert (moved[: SPEC.n_gene] > 0.0099).mean() > 0.9
    assert (moved[SPEC.n_gene :] > 0.0099).all()


@pytest.mark.parametrize(
    "changes",
    [{}, {"largest_gradient": 0.01}, {"window": 30, "rewards": "fitness"}],
    ids=["whole", "short", "window"],
)
def test_updates_are_those_of_one_adam_that_is_never_taken_apart(
    recorder: Watched, changes: dict[str, Any]
) -> None:
    trainer, chosen = trainer_of(recorder, A2C, **changes), experiment(A2C, **changes)
    state = first_state(trainer)
    learned = torch.tensor(state.learned, requires_grad=True)
    adam = torch.optim.Adam([learned], chosen.strategy.learning_rate)
    for _ in range(4):
        outcome = trainer.advance(state)
        state, batch = outcome.state, recorder.calls[-1].experience
        adam.zero_grad()
        losses(learned, batch, judged(learned, batch, chosen), chosen)[3].backward()
        assert learned.grad is not None
        length = float(learned.grad.norm())
        assert outcome.figures["gradient"] == pytest.approx(length, rel=1e-4)
        learned.grad *= min(1, chosen.strategy.largest_gradient / length)
        adam.step()
        np.testing.assert_allclose(state.learned, learned.detach(), atol=2e-5)
        learned.data = torch.tensor(state.learned)  # else differences grow


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> list[Experience]:
    """What training has taken gradients of."""
    found = list[Experience]()
    unroll = ActorCritic.unroll

    def watch(self: ActorCritic, learned: Tensor, part: Experience, window: int | None) -> Any:
        if torch.is_grad_enabled():
            found.append(part)
        return unroll(self, learned, part, window)

    monkeypatch.setattr(ActorCritic, "unroll", watch)
    return found


def places(part: Experience, whole: Experience) -> list[int]:
    """Which of the lifetimes a part consists of."""
    long = np.zeros((len(whole.inputs), *part.inputs.shape[1:]), np.float32)
    long[: len(part.inputs)] = part.inputs
    everyone = {whole.inputs[:, i].tobytes(): i for i in range(len(whole.length))}
    assert len(everyone) == len(whole.length)
    return [everyone[long[:, i].tobytes()] for i in range(len(part.length))]


def test_ppo_learns_from_every_lifetime_once_an_epoch_in_another_order(
    recorder: Watched, parts: list[Experience]
) -> None:
    trainer = trainer_of(recorder, PPO)
    trainer.advance(trainer.advance(first_state(trainer)).state)
    assert len(parts) == 2 * 2 * 2
    orders = set()
    for epoch in range(4):
        whole = recorder.calls[epoch // 2].experience
        first, second = (places(part, whole) for part in parts[2 * epoch : 2 * epoch + 2])
        assert sorted(first + second) == list(range(5))
        orders.add((*first, *second))
    assert len(orders) > 2


def test_a_descent_of_ppo_is_a_step_of_adam_for_its_lifetimes(
    recorder: Watched, parts: list[Experience]
) -> None:
    trainer, chosen = trainer_of(recorder, PPO), experiment(PPO)
    state = first_state(trainer, spread=0.05)
    outcome = trainer.advance(state)
    learned, whole = torch.tensor(state.learned, requires_grad=True), recorder.calls[0].experience
    adam = torch.optim.Adam([learned], chosen.strategy.learning_rate)
    constants = judged(learned, whole, chosen)
    for part in list(parts):
        lives = places(part, whole)
        mine = Judged(*(values[: len(part.inputs), lives] for values in constants))
        adam.zero_grad()
        losses(learned, part, mine, chosen)[3].backward()
        assert learned.grad is not None
        assert learned.grad.norm() < chosen.strategy.largest_gradient
        adam.step()
    np.testing.assert_allclose(outcome.state.learned, learned.detach(), atol=2e-5)
