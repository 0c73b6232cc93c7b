"""The decomposed rule with gradients, in the memory of two matrices.

    out_t = W_{t-1} z_t        W_t = W_{t-1} + µ Σ_k l_k r_kᵀ        k = A, B, C, D

    l = a_y ∘ y, b_y ∘ y, c_y, d_y        r = a_x ∘ x, b_x, c_x ∘ x, d_x

Automatic differentiation would keep every W_t. But µ, x, y and z say all about a step: on the way
back W_{t-1} is W_t without the update, and with G the gradient of the loss by W_t

    ∂l_k = µ G r_k      ∂r_k = µ Gᵀ l_k      and then    ∂z = Wᵀ ∂out      G ← G + ∂out zᵀ

A token runs through all steps, so that their backward passes follow one another in reverse. Each
begins with the W that the last step left, so it can be run more than once. On a CPU ``products``
computes: torch's batched products are several times slower on matrices as small as these.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import Function, once_differentiable

from evo_plastic.gradients import products
from rules.decomposed import Genes


@dataclass
class _Shared:
    W: Tensor  # (batch, pre, post), transposed
    G: Tensor  # gradient of the loss by W
    X: Tensor  # factors of the genes: r_k = x ∘ X[0, k] + X[1, k], (2, 4, pre)
    Y: Tensor  # l_k = y ∘ Y[0, k] + Y[1, k], (2, 4, post)
    d_X: Tensor
    d_Y: Tensor
    zero: Tensor  # gradient of a token


class Decomposed:
    """Memories of one connection, a batch of them; ``close`` ends it."""

    def __init__(self, genes: Genes, tensors: Sequence[Tensor]) -> None:
        """tensors: W, (batch, pre, post)."""
        (W,) = tensors
        a_x, a_y, b_x, b_y, c_x, c_y, d_x, d_y = (values.reshape(-1) for values in genes)
        no_x, no_y = torch.zeros_like(a_x), torch.zeros_like(a_y)
        X = torch.stack([a_x, no_x, c_x, no_x, no_x, b_x, no_x, d_x]).reshape(2, 4, -1)
        Y = torch.stack([a_y, b_y, no_y, no_y, no_y, no_y, c_y, d_y]).reshape(2, 4, -1)
        here = W.detach().clone()
        parts = X.detach(), Y.detach(), here, here, here.new_zeros(())
        self._shared = _Shared(here, here, *parts)
        self._token: Tensor = _Open.apply(self._shared, W, X, Y)

    def product(self, x: Tensor) -> Tensor:
        out: Tensor = _Product.apply(self._shared, self._token, x)
        return out

    def learn(self, mu: Tensor, x: Tensor, y: Tensor) -> None:
        # y comes of this connection's product, so that one's token need not be passed on.
        self._token = _Learn.apply(self._shared, mu, x, y)

    def close(self, y: Tensor) -> tuple[list[Tensor], Tensor]:
        """A loss must read the y that is returned here, or one that was closed after it."""
        W, y = _Close.apply(self._shared, self._token, y)
        return [W], y


class _Open(Function):
    @staticmethod
    def forward(ctx: Any, shared: _Shared, W: Tensor, X: Tensor, Y: Tensor) -> Tensor:
        ctx.shared = shared
        return W.new_zeros(())

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, _: Tensor) -> tuple[None, Tensor, Tensor, Tensor]:
        return None, ctx.shared.G, ctx.shared.d_X, ctx.shared.d_Y


class _Product(Function):
    @staticmethod
    def forward(ctx: Any, shared: _Shared, token: Tensor, z: Tensor) -> Tensor:
        ctx.shared = shared
        ctx.save_for_backward(z)
        if z.is_cuda:
            return torch.bmm(z.unsqueeze(1), shared.W).squeeze(1)
        out = z.new_empty((len(z), shared.W.shape[2]))
        products.product(*_arrays(shared.W, z, out))
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_out: Tensor) -> tuple[None, Tensor, Tensor]:
        (z,) = ctx.saved_tensors
        W, G, zero = ctx.shared.W, ctx.shared.G, ctx.shared.zero
        if z.is_cuda:
            G.baddbmm_(z.unsqueeze(2), d_out.unsqueeze(1))
            return None, zero, torch.bmm(W, d_out.unsqueeze(2)).squeeze(2)
        d_z = z.new_empty(z.shape)
        products.product_back(*_arrays(W, G, z, d_out, d_z))
        return None, zero, d_z


class _Learn(Function):
    @staticmethod
    def forward(ctx: Any, shared: _Shared, mu: Tensor, x: Tensor, y: Tensor) -> Tensor:
        ctx.shared = shared
        ctx.save_for_backward(mu, x, y)
        if x.is_cuda:
            left, right = _factors(shared, x, y)
            shared.W.baddbmm_(right.mT, mu[:, None, None] * left)
        else:
            products.learn(*_arrays(shared.W, mu, x, y, shared.X, shared.Y))
        return mu.new_zeros(())

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, _: Tensor) -> tuple[Tensor | None, ...]:
        mu, x, y = ctx.saved_tensors
        shared: _Shared = ctx.shared
        if x.is_cuda:
            return None, *_learn_back(shared, mu, x, y)
        found = tuple(like.new_empty(like.shape) for like in (mu, x, y))
        places = (shared.W, shared.G, mu, x, y, shared.X, shared.Y, *found)
        products.learn_back(*_arrays(*places, shared.d_X, shared.d_Y))
        return None, *found


class _Close(Function):
    @staticmethod
    def forward(ctx: Any, shared: _Shared, token: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        ctx.shared = shared
        last = shared.W.clone()
        ctx.save_for_backward(last)
        return last, y.view_as(y)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_last: Tensor, d_y: Tensor) -> tuple[None, Tensor, Tensor]:
        (last,) = ctx.saved_tensors
        shared: _Shared = ctx.shared
        shared.W, shared.G = last.clone(), d_last.clone()
        shared.d_X, shared.d_Y = torch.zeros_like(shared.X), torch.zeros_like(shared.Y)
        return None, shared.zero, d_y


def _factors(shared: _Shared, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """l, (batch, 4, post), and r, (batch, 4, pre)."""
    left = torch.addcmul(shared.Y[1], shared.Y[0], y.unsqueeze(1))
    return left, torch.addcmul(shared.X[1], shared.X[0], x.unsqueeze(1))


def _learn_back(shared: _Shared, mu: Tensor, x: Tensor, y: Tensor) -> tuple[Tensor, ...]:
    """What ``products.learn_back`` does, where there is no compiled form."""
    left, right = _factors(shared, x, y)
    rate = mu[:, None, None]
    shared.W.baddbmm_(right.mT, rate * left, alpha=-1)
    d_scaled, d_right = torch.bmm(right, shared.G), torch.bmm(rate * left, shared.G.mT)
    d_left = rate * d_scaled
    for total, change, seen in ((shared.d_Y, d_left, y), (shared.d_X, d_right, x)):
        total[0] += torch.einsum("bki,bi->ki", change, seen)
        total[1] += change.sum(0)
    d_x, d_y = (d_right * shared.X[0]).sum(1), (d_left * shared.Y[0]).sum(1)
    return (d_scaled * left).sum((1, 2)), d_x, d_y


def _arrays(*tensors: Tensor) -> tuple[Any, ...]:
    return tuple(tensor.detach().contiguous().numpy() for tensor in tensors)
