"""Connections in torch: how their weights multiply and learn, in place, for many lifetimes.

Vectors are (lives, neurons). Matrices are transposed: genes are (pre, post), plastic weights
(lives, pre, post), and a product is one batched call over contiguous rows.
"""

from typing import Protocol

import torch
from torch import Tensor

from benchmarks.peers.parts import WEIGHT_LIMIT

Genes = dict[str, Tensor]


class Rule(Protocol):
    """One connection of all lifetimes; genes as ``parts.genes_of`` has them."""

    memory: tuple[str, ...]
    """Names of the tensors that hold a row for each lifetime."""

    def __init__(self, genes: Genes, lives: int) -> None: ...

    def recall(self, z: Tensor, onto: Tensor) -> Tensor:
        """Onto + W z, a new tensor."""

    def learn(self, m: Tensor | None, x: Tensor, y: Tensor) -> None:
        """Update after a step; m (lives, 1), None where nothing modulates."""


def _product(onto: Tensor, z: Tensor, W: Tensor) -> Tensor:
    return torch.baddbmm(onto[:, None], z[:, None], W)[:, 0]


class Static:
    memory: tuple[str, ...] = ()

    def __init__(self, genes: Genes, lives: int) -> None:
        self.W = genes["W"]

    def recall(self, z: Tensor, onto: Tensor) -> Tensor:
        return torch.addmm(onto, z, self.W)

    def learn(self, m: Tensor | None, x: Tensor, y: Tensor) -> None:
        pass


class _Sums:
    """S, u = Σ m y, v = Σ m x and t = Σ m of a rule with coefficients A, B, C and D."""

    memory: tuple[str, ...] = ("S", "u", "v", "t")

    def __init__(self, lives: int, pre: int, post: int) -> None:
        self.S = torch.zeros(lives, pre, post)
        self.u, self.v = torch.zeros(lives, post), torch.zeros(lives, pre)
        self.t = torch.zeros(lives, 1)


class Decomposed(_Sums):
    """S = Σ (m a_y∘y)(a_x∘x)ᵀ: W z = S z + (b_x·z) u + (v·z) c_y + t (d_x·z) d_y

    u has b_y and v has c_x in it, as in ``rules.decomposed``.
    """

    def __init__(self, genes: Genes, lives: int) -> None:
        super().__init__(lives, genes["a_x"].numel(), genes["a_y"].numel())
        self.genes = genes
        self.bd_x = torch.stack([genes["b_x"], genes["d_x"]], 1)
        self.cd_y = torch.stack([genes["c_y"], genes["d_y"]])

    def recall(self, z: Tensor, onto: Tensor) -> Tensor:
        b, d = (z @ self.bd_x).split(1, 1)
        c = (self.v * z).sum(1, keepdim=True)
        onto = torch.addcmul(onto, b, self.u)
        onto.addmm_(torch.cat([c, d * self.t], 1), self.cd_y)
        return _product(onto, z, self.S)

    def learn(self, m: Tensor | None, x: Tensor, y: Tensor) -> None:
        m_x, m_y = (x, y) if m is None else (m * x, m * y)
        genes = self.genes
        self.S.addcmul_((genes["a_x"] * x)[:, :, None], (genes["a_y"] * m_y)[:, None])
        self.u.addcmul_(genes["b_y"], m_y)
        self.v.addcmul_(genes["c_x"], m_x)
        self.t += 1 if m is None else m


class Abcd(_Sums):
    """S = A ∘ Σ m y xᵀ: W z = S z + u∘(B z) + C (v∘z) + t D z

    B, C and D meet all lifetimes in one product each, and the matrix of a lifetime is passed
    over three times; W += m y (A x + B) + m (C x + D) takes five and is slower.
    """

    def __init__(self, genes: Genes, lives: int) -> None:
        super().__init__(lives, *genes["A"].shape)
        self.A, self.B = genes["A"], genes["B"]
        self.CD = torch.cat([genes["C"], genes["D"]])
        self.change = torch.empty_like(self.S)

    def recall(self, z: Tensor, onto: Tensor) -> Tensor:
        onto = torch.addcmul(onto, z @ self.B, self.u)
        onto.addmm_(torch.cat([self.v * z, self.t * z], 1), self.CD)
        return _product(onto, z, self.S)

    def learn(self, m: Tensor | None, x: Tensor, y: Tensor) -> None:
        m_x, m_y = (x, y) if m is None else (m * x, m * y)
        change = torch.mul(self.A, x[:, :, None], out=self.change[: len(x)])
        self.S.addcmul_(change, m_y[:, None])
        self.u += m_y
        self.v += m_x
        self.t += 1 if m is None else m


class Eligibility:
    """E = rate y xᵀ + (1 − rate) E, W = clip(W + s m E)"""

    memory: tuple[str, ...] = ("W", "E")

    def __init__(self, genes: Genes, lives: int) -> None:
        self.rate, self.scale = float(genes["rate"]), float(genes["scale"])
        self.W = genes["W"].repeat(lives, 1, 1)
        self.E = torch.zeros_like(self.W)

    def recall(self, z: Tensor, onto: Tensor) -> Tensor:
        return _product(onto.expand(len(z), -1), z, self.W)

    def learn(self, m: Tensor | None, x: Tensor, y: Tensor) -> None:
        self.E.mul_(1 - self.rate).addcmul_(x[:, :, None], y[:, None], value=self.rate)
        if m is None:
            self.W.add_(self.E, alpha=self.scale)
        else:
            self.W.addcmul_(self.E, m[:, None], value=self.scale)
        self.W.clamp_(-WEIGHT_LIMIT, WEIGHT_LIMIT)


RULES: dict[str, type[Rule]] = {
    "static": Static,
    "abcd": Abcd,
    "decomposed": Decomposed,
    "eligibility": Eligibility,
}
