"""The decomposed rule with gradients, in the memory of two matrices.

    out_t = W_{t-1} z_t        W = S + u b_xᵀ + c_y vᵀ + t d_y d_xᵀ

is the fast form of ``rules.decomposed``: an update adds µ (a_y ∘ y)(a_x ∘ x)ᵀ to S, µ b_y ∘ y to
u, µ c_x ∘ x to v and µ to t. Automatic differentiation would keep every S. But µ, x, y and z say
all about a step: on the way back the update is undone, and with G the gradient of the loss by S

    ∂(a_y ∘ y) = µ G (a_x ∘ x)    ∂(a_x ∘ x) = µ Gᵀ (a_y ∘ y)    then  ∂z = Wᵀ ∂out    G += ∂out zᵀ

A token runs through all steps, so that their backward passes follow one another in reverse. Each
begins with the memories that the last step left, so it can be run more than once. On a CPU
``products`` computes: torch's batched products are several times slower on matrices as small.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import Function, once_differentiable

from evo_plastic.gradients import products
from rules.decomposed import Genes


def compiled(tensor: Tensor) -> bool:
    """Whether ``products`` computes where a tensor is, not torch."""
    return not tensor.is_cuda


class Held(NamedTuple):
    """Memories of a batch, or the gradient of the loss by them."""

    S: Tensor  # (batch, pre, post), transposed
    u: Tensor  # (batch, post)
    v: Tensor  # (batch, pre)
    t: Tensor  # (batch,)

    def clone(self) -> "Held":
        return Held(*(tensor.clone(memory_format=torch.contiguous_format) for tensor in self))


class _Arrays(NamedTuple):
    """Tensors as compiled code sees them: the same memory."""

    held: tuple[Any, ...]
    for_product: tuple[Any, ...]
    for_learning: tuple[Any, ...]


class _Shared:
    """What all steps work on."""

    def __init__(self, held: Held, genes: Genes) -> None:
        self.genes = genes
        self.zero = held.t.new_zeros(())  # gradient of a token
        self.compiled = compiled(held.S)
        self.hold(held)

    def hold(self, held: Held) -> None:
        self.held, self.arrays = held, self._view(held, self.genes)

    def go_back(self, held: Held, d_held: Held) -> None:
        """From the last memories on, with the gradient by them."""
        self.hold(held)
        self.d_held, self.d_genes = d_held, Genes(*map(torch.zeros_like, self.genes))
        self.d_arrays = self._view(self.d_held, self.d_genes)

    def _view(self, held: Held, genes: Genes) -> _Arrays:
        if not self.compiled:
            return _Arrays((), (), ())
        for_product = _arrays(genes.b_x, genes.c_y, genes.d_x, genes.d_y)
        for_learning = _arrays(genes.a_x, genes.a_y, genes.b_y, genes.c_x)
        return _Arrays(_arrays(*held), for_product, for_learning)


class Decomposed:
    """Memories of one connection, a batch of them; ``close`` ends it."""

    def __init__(self, genes: Genes, tensors: Sequence[Tensor]) -> None:
        """tensors: those of ``Held``."""
        flat = Genes(*(values.reshape(-1) for values in genes))
        held = Held(*(tensor.detach() for tensor in tensors)).clone()
        self._shared = _Shared(held, Genes(*(values.detach().contiguous() for values in flat)))
        self._token: Tensor = _Open.apply(self._shared, *tensors, *flat)

    def product(self, x: Tensor) -> Tensor:
        out: Tensor = _Product.apply(self._shared, self._token, x)
        return out

    def learn(self, mu: Tensor, x: Tensor, y: Tensor) -> None:
        # y comes of this connection's product, so that one's token need not be passed on.
        self._token = _Learn.apply(self._shared, mu, x, y)

    def close(self, y: Tensor) -> tuple[list[Tensor], Tensor]:
        """A loss must read the y that is returned here, or one that was closed after it."""
        *held, y = _Close.apply(self._shared, self._token, y)
        return held, y


class _Open(Function):
    @staticmethod
    def forward(ctx: Any, shared: _Shared, *tensors: Tensor) -> Tensor:
        ctx.shared = shared
        return tensors[0].new_zeros(())

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, _: Tensor) -> tuple[Tensor | None, ...]:
        return None, *ctx.shared.d_held, *ctx.shared.d_genes


class _Product(Function):
    @staticmethod
    def forward(ctx: Any, shared: _Shared, token: Tensor, z: Tensor) -> Tensor:
        ctx.shared = shared
        ctx.save_for_backward(z)
        if not shared.compiled:
            return _product(shared.held, shared.genes, z)
        out = z.new_empty((len(z), shared.held.S.shape[2]))
        given = shared.arrays
        products.product(*given.held, *given.for_product, *_arrays(z, out))
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_out: Tensor) -> tuple[None, Tensor, Tensor]:
        (z,) = ctx.saved_tensors
        shared: _Shared = ctx.shared
        if not shared.compiled:
            return None, shared.zero, _product_back(shared, z, d_out)
        d_z = z.new_empty(z.shape)
        given, found = shared.arrays, shared.d_arrays
        read = (*given.held, *given.for_product, *_arrays(z, d_out))
        products.product_back(*read, *found.held, *found.for_product, *_arrays(d_z))
        return None, shared.zero, d_z


class _Learn(Function):
    @staticmethod
    def forward(ctx: Any, shared: _Shared, mu: Tensor, x: Tensor, y: Tensor) -> Tensor:
        ctx.shared = shared
        ctx.save_for_backward(mu, x, y)
        if shared.compiled:
            given = shared.arrays
            products.learn(*given.held, *given.for_learning, *_arrays(mu, x, y))
        else:
            _learn(shared.held, shared.genes, mu, x, y)
        return mu.new_zeros(())

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, _: Tensor) -> tuple[Tensor | None, ...]:
        mu, x, y = ctx.saved_tensors
        shared: _Shared = ctx.shared
        if not shared.compiled:
            return None, *_learn_back(shared, mu, x, y)
        written = tuple(like.new_empty(like.shape) for like in (mu, x, y))
        given, found = shared.arrays, shared.d_arrays
        read = (*given.held, *given.for_learning, *_arrays(mu, x, y))
        products.learn_back(*read, *found.held, *found.for_learning, *_arrays(*written))
        return None, *written


class _Close(Function):
    @staticmethod
    def forward(ctx: Any, shared: _Shared, token: Tensor, y: Tensor) -> tuple[Tensor, ...]:
        ctx.shared = shared
        last = shared.held.clone()
        ctx.save_for_backward(*last)
        return *last, y.view_as(y)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[None, Tensor, Tensor]:
        shared: _Shared = ctx.shared
        *d_last, d_y = gradients
        shared.go_back(Held(*ctx.saved_tensors).clone(), Held(*d_last).clone())
        return None, shared.zero, d_y


def _product(held: Held, genes: Genes, z: Tensor) -> Tensor:
    """``products.product`` where there is no compiled form, as are the three below."""
    b, d = z @ genes.b_x, held.t * (z @ genes.d_x)
    c = (held.v * z).sum(1)
    low = b[:, None] * held.u + c[:, None] * genes.c_y + d[:, None] * genes.d_y
    out: Tensor = low + torch.bmm(z.unsqueeze(1), held.S).squeeze(1)
    return out


def _product_back(shared: _Shared, z: Tensor, d_out: Tensor) -> Tensor:
    held, genes, d_held, d_genes = shared.held, shared.genes, shared.d_held, shared.d_genes
    b, c, d = z @ genes.b_x, (held.v * z).sum(1), z @ genes.d_x
    e, f, g = (held.u * d_out).sum(1), d_out @ genes.c_y, d_out @ genes.d_y
    d_held.S.baddbmm_(z.unsqueeze(2), d_out.unsqueeze(1))
    d_held.u.add_(b[:, None] * d_out)
    d_held.v.add_(f[:, None] * z)
    d_held.t.add_(d * g)
    d_genes.b_x.add_(e @ z)
    d_genes.c_y.add_(c @ d_out)
    d_genes.d_x.add_((held.t * g) @ z)
    d_genes.d_y.add_((held.t * d) @ d_out)
    low = e[:, None] * genes.b_x + f[:, None] * held.v + (held.t * g)[:, None] * genes.d_x
    d_z: Tensor = low + torch.bmm(held.S, d_out.unsqueeze(2)).squeeze(2)
    return d_z


def _learn(held: Held, genes: Genes, mu: Tensor, x: Tensor, y: Tensor, sign: int = 1) -> None:
    rate = sign * mu[:, None]
    held.S.baddbmm_((rate * genes.a_x * x).unsqueeze(2), (genes.a_y * y).unsqueeze(1))
    held.u.add_(rate * genes.b_y * y)
    held.v.add_(rate * genes.c_x * x)
    held.t.add_(sign * mu)


def _learn_back(shared: _Shared, mu: Tensor, x: Tensor, y: Tensor) -> tuple[Tensor, ...]:
    genes, d_held, d_genes = shared.genes, shared.d_held, shared.d_genes
    _learn(shared.held, genes, mu, x, y, -1)
    rate, p, q = mu[:, None], genes.a_x * x, genes.a_y * y
    d_q = torch.bmm(p.unsqueeze(1), d_held.S).squeeze(1)
    d_p = torch.bmm(d_held.S, q.unsqueeze(2)).squeeze(2)
    d_genes.a_x.add_((rate * x * d_p).sum(0))
    d_genes.a_y.add_((rate * y * d_q).sum(0))
    d_genes.b_y.add_((rate * y * d_held.u).sum(0))
    d_genes.c_x.add_((rate * x * d_held.v).sum(0))
    by_y, by_x = genes.a_y * d_q + genes.b_y * d_held.u, genes.c_x * d_held.v
    d_mu = (y * by_y).sum(1) + (x * by_x).sum(1) + d_held.t
    return d_mu, rate * (genes.a_x * d_p + by_x), rate * by_y


def _arrays(*tensors: Tensor) -> tuple[Any, ...]:
    return tuple(tensor.detach().contiguous().numpy() for tensor in tensors)
