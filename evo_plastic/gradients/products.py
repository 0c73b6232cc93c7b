"""Steps of a batch of decomposed connections and their gradients, compiled.

    out = W z        W ← W + µ Σ_k l_k r_kᵀ        l_k = y ∘ Y_k + Y'_k        r_k = x ∘ X_k + X'_k

W, G : (batch, pre, post), transposed    z : (batch, pre)    out : (batch, post)    µ : (batch,)
x : (batch, pre)    y : (batch, post)    X, X' : (4, pre)    Y, Y' : (4, post)
G is the gradient of the loss by W; names of other gradients begin with d.
"""

from typing import Any

import numpy as np

from evo_plastic.jit import gradient_jit, inline_jit

TERMS = 4


@gradient_jit
def product(W: Any, z: Any, out: Any) -> None:
    """Write W z to out."""
    batch, pre, post = W.shape
    out[:] = 0
    for b in range(batch):
        for j in range(pre):
            factor = z[b, j]
            for i in range(post):
                out[b, i] += W[b, j, i] * factor


@gradient_jit
def product_back(W: Any, G: Any, z: Any, d_out: Any, d_z: Any) -> None:
    """Add d_out zᵀ to G and write Wᵀ d_out to d_z."""
    batch, pre, post = W.shape
    for b in range(batch):
        for j in range(pre):
            factor, total = z[b, j], d_out[b, 0] * 0
            for i in range(post):
                total += d_out[b, i] * W[b, j, i]
                G[b, j, i] += factor * d_out[b, i]
            d_z[b, j] = total


@gradient_jit
def learn(W: Any, mu: Any, x: Any, y: Any, X: Any, Y: Any) -> None:
    """One update; X holds X and X', (2, 4, pre), and Y likewise."""
    batch, pre, post = W.shape
    left = np.empty((TERMS, post), W.dtype)
    for b in range(batch):
        _factors(left, mu[b], y[b], Y)
        for j in range(pre):
            r_0, r_1, r_2, r_3 = _terms(x[b, j], X, j)
            for i in range(post):
                W[b, j, i] += (left[0, i] * r_0 + left[1, i] * r_1) + (
                    left[2, i] * r_2 + left[3, i] * r_3
                )


@gradient_jit
def learn_back(
    W: Any, G: Any, mu: Any, x: Any, y: Any, X: Any, Y: Any, d_mu: Any, d_x: Any, d_y: Any,
    d_X: Any, d_Y: Any,
) -> None:  # fmt: skip
    """Undo an update; write d_mu, d_x and d_y, and add to d_X and d_Y."""
    batch, pre, post = W.shape
    left = np.empty((TERMS, post), W.dtype)
    d_left = np.empty((TERMS, post), W.dtype)
    for b in range(batch):
        _factors(left, mu[b], y[b], Y)
        d_left[:] = 0
        for j in range(pre):
            r_0, r_1, r_2, r_3 = _terms(x[b, j], X, j)
            e_0 = e_1 = e_2 = e_3 = r_0 * 0
            for i in range(post):
                g = G[b, j, i]
                W[b, j, i] -= (left[0, i] * r_0 + left[1, i] * r_1) + (
                    left[2, i] * r_2 + left[3, i] * r_3
                )
                d_left[0, i] += g * r_0
                d_left[1, i] += g * r_1
                d_left[2, i] += g * r_2
                d_left[3, i] += g * r_3
                e_0 += g * left[0, i]
                e_1 += g * left[1, i]
                e_2 += g * left[2, i]
                e_3 += g * left[3, i]
            d_x[b, j] = (e_0 * X[0, 0, j] + e_1 * X[0, 1, j]) + (
                e_2 * X[0, 2, j] + e_3 * X[0, 3, j]
            )
            for k, e in enumerate((e_0, e_1, e_2, e_3)):
                d_X[0, k, j] += e * x[b, j]
                d_X[1, k, j] += e
        total = mu[b] * 0
        for i in range(post):
            d_y[b, i] = 0
        for k in range(TERMS):
            for i in range(post):
                d = d_left[k, i]
                total += d * (y[b, i] * Y[0, k, i] + Y[1, k, i])
                d_y[b, i] += mu[b] * d * Y[0, k, i]
                d_Y[0, k, i] += mu[b] * d * y[b, i]
                d_Y[1, k, i] += mu[b] * d
        d_mu[b] = total


@inline_jit
def _factors(left, mu, y, Y):
    """µ l_k."""
    for k in range(TERMS):
        for i in range(left.shape[1]):
            left[k, i] = mu * (y[i] * Y[0, k, i] + Y[1, k, i])


@inline_jit
def _terms(x, X, j):
    """r_k at neuron j."""
    r_0, r_1 = x * X[0, 0, j] + X[1, 0, j], x * X[0, 1, j] + X[1, 1, j]
    return r_0, r_1, x * X[0, 2, j] + X[1, 2, j], x * X[0, 3, j] + X[1, 3, j]
