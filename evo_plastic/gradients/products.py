"""Steps of a batch of decomposed connections and their gradients, compiled.

S, G : (batch, pre, post), transposed    u, d_u : (batch, post)    v, d_v : (batch, pre)
t, d_t, mu : (batch,)    x, z : (batch, pre)    y, out : (batch, post)
The names are those of ``rules.decomposed``; G is the gradient of the loss by S, the names of other
gradients begin with d.
"""

from typing import Any

from evo_plastic.jit import gradient_jit


@gradient_jit
def product(S: Any, u: Any, v: Any, t: Any, b_x: Any, c_y: Any, d_x: Any, d_y: Any,
            z: Any, out: Any) -> None:  # fmt: skip
    """Write W z to out."""
    batch, pre, post = S.shape
    for n in range(batch):
        b = c = d = z[n, 0] * 0
        for j in range(pre):
            b += b_x[j] * z[n, j]
            c += v[n, j] * z[n, j]
            d += d_x[j] * z[n, j]
        d *= t[n]
        for i in range(post):
            out[n, i] = b * u[n, i] + c * c_y[i] + d * d_y[i]
        for j in range(pre):
            factor = z[n, j]
            for i in range(post):
                out[n, i] += S[n, j, i] * factor


@gradient_jit
def product_back(S: Any, u: Any, v: Any, t: Any, b_x: Any, c_y: Any, d_x: Any, d_y: Any, z: Any,
                 d_out: Any, G: Any, d_u: Any, d_v: Any, d_t: Any, d_b_x: Any, d_c_y: Any,
                 d_d_x: Any, d_d_y: Any, d_z: Any) -> None:  # fmt: skip
    """Write d_z; add to all other gradients."""
    batch, pre, post = S.shape
    for n in range(batch):
        b = c = d = e = f = g = z[n, 0] * 0
        for j in range(pre):
            b += b_x[j] * z[n, j]
            c += v[n, j] * z[n, j]
            d += d_x[j] * z[n, j]
        for i in range(post):
            e += u[n, i] * d_out[n, i]
            f += c_y[i] * d_out[n, i]
            g += d_y[i] * d_out[n, i]
            d_u[n, i] += b * d_out[n, i]
            d_c_y[i] += c * d_out[n, i]
            d_d_y[i] += t[n] * d * d_out[n, i]
        d_t[n] += d * g
        for j in range(pre):
            factor, total = z[n, j], e * b_x[j] + f * v[n, j] + t[n] * g * d_x[j]
            d_b_x[j] += e * factor
            d_v[n, j] += f * factor
            d_d_x[j] += t[n] * g * factor
            for i in range(post):
                total += S[n, j, i] * d_out[n, i]
                G[n, j, i] += factor * d_out[n, i]
            d_z[n, j] = total


@gradient_jit
def learn(S: Any, u: Any, v: Any, t: Any, a_x: Any, a_y: Any, b_y: Any, c_x: Any,
          mu: Any, x: Any, y: Any) -> None:  # fmt: skip
    """One update."""
    batch, pre, post = S.shape
    for n in range(batch):
        rate = mu[n]
        for j in range(pre):
            p = rate * a_x[j] * x[n, j]
            for i in range(post):
                S[n, j, i] += p * (a_y[i] * y[n, i])
            v[n, j] += rate * c_x[j] * x[n, j]
        for i in range(post):
            u[n, i] += rate * b_y[i] * y[n, i]
        t[n] += rate


@gradient_jit
def learn_back(S: Any, u: Any, v: Any, t: Any, a_x: Any, a_y: Any, b_y: Any, c_x: Any,
               mu: Any, x: Any, y: Any, G: Any, d_u: Any, d_v: Any, d_t: Any, d_a_x: Any,
               d_a_y: Any, d_b_y: Any, d_c_x: Any, d_mu: Any, d_x: Any,
               d_y: Any) -> None:  # fmt: skip
    """Undo an update; write d_mu, d_x and d_y, add to the gradients of the genes."""
    batch, pre, post = S.shape
    for n in range(batch):
        rate, total = mu[n], d_t[n]
        for i in range(post):
            d_y[n, i] = 0
        for j in range(pre):
            p, q_sum = a_x[j] * x[n, j], rate * 0
            for i in range(post):
                q = a_y[i] * y[n, i]
                q_sum += G[n, j, i] * q
                d_y[n, i] += G[n, j, i] * p
                S[n, j, i] -= rate * p * q
            total += p * q_sum + c_x[j] * x[n, j] * d_v[n, j]
            d_x[n, j] = rate * (a_x[j] * q_sum + c_x[j] * d_v[n, j])
            d_a_x[j] += rate * x[n, j] * q_sum
            d_c_x[j] += rate * x[n, j] * d_v[n, j]
            v[n, j] -= rate * c_x[j] * x[n, j]
        for i in range(post):
            # So far d_y holds what S alone gives, before the gene and the rate.
            by_S = d_y[n, i]
            d_a_y[i] += rate * y[n, i] * by_S
            d_b_y[i] += rate * y[n, i] * d_u[n, i]
            total += b_y[i] * y[n, i] * d_u[n, i]
            d_y[n, i] = rate * (a_y[i] * by_S + b_y[i] * d_u[n, i])
            u[n, i] -= rate * b_y[i] * y[n, i]
        t[n] -= rate
        d_mu[n] = total
