"""Gradients of the decomposed rule: compiled, in the form a GPU takes, and written out."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch
from test_gradient_unrolling import assert_close, gradient
from torch import Tensor

from evo_plastic.gradients import decomposed
from evo_plastic.gradients.memories import Written
from rules import decomposed as rule


@pytest.fixture
def in_torch(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Take the form that a GPU takes."""

    def refuse(*_: object) -> None:
        raise AssertionError("compiled")

    def change() -> None:
        monkeypatch.setattr(decomposed, "compiled", lambda tensor: False)
        for step in ("product", "product_back", "learn", "learn_back"):
            monkeypatch.setattr(decomposed.products, step, refuse)

    return change


@pytest.mark.parametrize("name", ["dec-prnn", "dec-pdnn"])
def test_torch_and_compiled_steps_give_the_same_gradients(
    name: str, in_torch: Callable[[], None]
) -> None:
    compiled = [gradient(name, window) for window in (None, 40)]
    in_torch()
    for window, expected in zip((None, 40), compiled, strict=True):
        assert_close(gradient(name, window), expected)


def in_other_order(tensor: Tensor) -> Tensor:
    """The same numbers, by columns in memory."""
    return tensor.mT.contiguous().mT


def weights(held: Sequence[Tensor], genes: rule.Genes) -> Tensor:
    """W of the fast form, (lives, post, pre)."""
    S, u, v, t = decomposed.Held(*held)
    low = u.unsqueeze(2) * genes.b_x + genes.c_y * v.unsqueeze(1)
    return S.mT + low + t[:, None, None] * (genes.d_y * genes.d_x)


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("form", ["compiled", "torch"])
def test_a_loss_may_read_the_memories_and_go_back_twice(
    form: str, turned: bool, in_torch: Callable[[], None]
) -> None:
    """Against the rule written out, synapse by synapse; whatever the order in memory."""
    if form == "torch":
        in_torch()
    rng = np.random.default_rng(8)
    post, pre, lives, steps = 5, 3, 2, 4
    constants = rule.constants("released", True)
    shapes = [*rule.gene_shapes(post, pre, constants).values()]
    shapes += [(lives, pre, post), (lives, post), (lives, pre), (lives,)]
    shapes += [(steps, lives, pre), (steps, lives)]
    leaves = [torch.tensor(rng.normal(size=shape), requires_grad=True) for shape in shapes]
    genes, (S, u, v, t), (x, mu) = rule.Genes(*leaves[:8]), leaves[8:12], leaves[12:]
    first = [in_other_order(S) if turned else S, u, v, t]
    wanted = torch.tensor(rng.normal(size=(lives, post, pre)))

    def loss(memory: decomposed.Decomposed | Written) -> Tensor:
        for now, rate in zip(x, mu, strict=True):
            y = memory.product(now).tanh()
            memory.learn(rate, now, y)
        held, y = memory.close(y)
        W = held[0] if isinstance(memory, Written) else weights(held, genes)
        return (W * (in_other_order(wanted) if turned else wanted)).sum() + y.sum()

    written = Written(rule, genes, constants, [weights(first, genes)])
    expected = torch.autograd.grad(loss(written), leaves)
    value = loss(decomposed.Decomposed(genes, first))
    for _ in range(2):
        found = torch.autograd.grad(value, leaves, retain_graph=True)
        for one, other in zip(found, expected, strict=True):
            assert_close(one, other)
