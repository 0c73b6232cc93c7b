"""Whole lifetimes with gradients: cut into pieces and windows, and computed again."""

from collections.abc import Callable, Iterator
from functools import cache

import numpy as np
import pytest
import torch
from gradient_runs import SPECS, Recorded, record, wide, with_critic
from torch import Tensor

from evo_plastic.gradients.actor_critic import PIECE, ActorCritic, Piece
from evo_plastic.gradients.experience import Experience
from evo_plastic.gradients.network import Carry, PlasticNetwork
from evo_plastic.gradients.policy import log_policy
from evo_plastic.networks.spec import NetworkSpec

CUT = 120
"""Steps of a lifetime that are learned from here."""
NETWORKS = ["dec-prnn", "dec-pdnn", "prnn", "prnn-et", "evolving-merging", "meta-lstm"]
CPU = torch.device("cpu")
several_networks = pytest.mark.parametrize("name", NETWORKS)


@cache
def lived(name: str) -> tuple[Recorded, Experience]:
    """The last steps of lifetimes that end one after the other, in float64."""
    recorded = record(name, 0.05)
    whole = wide(recorded.again())
    length = np.array([CUT, CUT, 97, 75, 26, 3])
    under_way = np.arange(CUT)[:, None] < length
    inputs = np.where(under_way[..., None], whole.inputs[:CUT], 0)
    parts = (np.where(under_way, part[:CUT], 0) for part in (whole.actions, whole.rewards))
    return recorded, Experience(length, inputs, *parts, whole.rollout[:CUT])


def learned_of(name: str) -> Tensor:
    recorded, _ = lived(name)
    return with_critic(recorded.genome, recorded.spec.hidden)


def loss_of(
    where: tuple[slice, slice], under_way: np.ndarray, policy: Tensor, value: Tensor
) -> Tensor:
    """Some function of every step that is under way."""
    steps, lives = under_way.shape
    rng = np.random.default_rng(5)
    factors = torch.tensor(rng.normal(size=(steps, lives, 4)) * under_way[..., None])[where]
    wanted, counts = torch.tensor(rng.normal(size=(steps, lives)))[where], under_way[where]
    errors = torch.as_tensor(counts) * (value - wanted) ** 2
    return (factors * policy).sum() + errors.sum()


def gradient(name: str, window: int | None) -> Tensor:
    """As training takes it: one pass back for every window."""
    recorded, experience = lived(name)
    learned = learned_of(name)
    loss = torch.zeros(())
    for where, ends, policy, value in unrolled(learned, recorded.spec, experience, window):
        loss = loss + loss_of(where, experience.under_way, policy, value)
        if ends:
            loss.backward()
            loss = torch.zeros(())
    return learned.grad


def unrolled(
    learned: Tensor, spec: NetworkSpec, experience: Experience, window: int | None
) -> Iterator[Piece]:
    return ActorCritic(spec, CPU).unroll(learned, experience, window)


def plain_gradient(name: str, window: int) -> Tensor:
    """All lifetimes to the end of the longest, without pieces and without computing again."""
    (recorded, experience), learned = lived(name), learned_of(name)
    loss, carry = torch.zeros(()), None
    for start in range(0, CUT, window):
        steps = slice(start, start + window)
        policy, value, carry = plain(recorded.spec, learned, experience.inputs[steps], carry)
        where = steps, slice(None)
        loss = loss + loss_of(where, experience.under_way, policy, value)
        carry = carry.detach()
    loss.backward()
    return learned.grad


def plain(
    spec: NetworkSpec, learned: Tensor, inputs: np.ndarray, carry: Carry | None
) -> tuple[Tensor, Tensor, Carry]:
    arrays = {
        array.name: learned[spec.layout.offsets[array.name]].reshape(array.shape)
        for array in spec.layout.arrays
    }
    given = torch.as_tensor(inputs), carry
    outputs, y, carry = torch.func.functional_call(PlasticNetwork(spec), arrays, given)
    w, b = learned[spec.n_gene : -1], learned[-1]
    return log_policy(outputs), (y * w).sum(-1) + b, carry


def assert_close(found: Tensor, expected: Tensor) -> None:
    scale = float(expected.detach().abs().max())
    torch.testing.assert_close(found, expected, rtol=1e-8, atol=1e-10 * scale)


@several_networks
def test_pieces_are_the_steps_of_a_lifetime_lived_at_once(name: str) -> None:
    (recorded, experience), learned = lived(name), learned_of(name)
    policy, value, _ = plain(recorded.spec, learned, experience.inputs, None)
    seen = np.zeros(experience.under_way.shape, int)
    with torch.no_grad():
        pieces = list(unrolled(learned, recorded.spec, experience, None))
    for where, _, found, worth in pieces:
        seen[where] += 1
        assert_close(found, policy[where])
        assert_close(worth, value[where])
    assert seen[experience.under_way].min() == seen.max() == 1
    # Lifetimes that have ended are carried along to the end of a piece, no further.
    assert seen[~experience.under_way].sum() < PIECE * len(experience.length)
    assert [piece.ends for piece in pieces] == [False] * (len(pieces) - 1) + [True]


@several_networks
def test_gradients_of_pieces_are_those_of_whole_lifetimes(name: str) -> None:
    assert_close(gradient(name, None), plain_gradient(name, CUT))


@several_networks
@pytest.mark.parametrize("window", [10, 40])
def test_a_window_ends_the_way_back_and_nothing_else(name: str, window: int) -> None:
    found = gradient(name, window)
    assert_close(found, plain_gradient(name, window))
    whole = gradient(name, None)
    assert float((found - whole).norm()) > 1e-3 * float(whole.norm())


def test_a_window_longer_than_all_lifetimes_is_none() -> None:
    assert torch.equal(gradient("dec-prnn", CUT + 1), gradient("dec-prnn", None))


def bytes_kept(run: Callable[[], object]) -> int:
    """What a pass forward keeps for the way back."""
    kept = 0

    def keep(tensor: Tensor) -> Tensor:
        nonlocal kept
        kept += tensor.numel() * tensor.element_size()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        run()
    return kept


@pytest.mark.parametrize("name", [name for name in NETWORKS if SPECS[name].plastic])
def test_the_way_back_does_not_keep_the_weights_of_every_step(name: str) -> None:
    recorded, experience = lived(name)
    learned = learned_of(name)
    kept = bytes_kept(lambda: list(unrolled(learned, recorded.spec, experience, None)))
    synapses = sum(c.post * c.pre for c in recorded.spec.plastic)
    assert kept < 8 * synapses * experience.steps / 2
