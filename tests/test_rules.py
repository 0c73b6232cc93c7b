"""Every rule: its equation by hand, its compiled form against the equation, its memory."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import rules
from evo_plastic.jit import jit
from evo_plastic.vectors import padded, zeros
from rules.base import forget, recall, record

SIZES = [(64, 64), (64, 15), (20, 7), (48, 33)]
DTYPES = [np.float32, np.float64]
TOLERANCE = {np.float32: 1e-4, np.float64: 1e-10}
STEPS = 20
SLOTS = 8

Arrays = NDArray[Any]


@jit
def _steps(genes, memory, slots, count, mu, x, y, z, out):  # type: ignore[no-untyped-def]
    """Step t: out[t] = W z[t] for slots[:count], which then learn from (µ, x, y)[t]."""
    for t in range(z.shape[0]):
        recall(genes, memory, slots, count, z[t], out[t])
        for k in range(count):
            record(genes, memory, slots[k], mu[t, slots[k]], x[t], y[t])


@jit
def _forget(genes, memory, slot):  # type: ignore[no-untyped-def]
    forget(genes, memory, slot)


class Setting:
    """One rule with random genes, and SLOTS lifetimes of random activity."""

    def __init__(self, name: str, post: int, pre: int, dtype: type) -> None:
        rng = np.random.default_rng(post * pre)
        self.rule, self.post, self.pre, self.dtype = rules.get(name), post, pre, dtype
        shapes = self.rule.gene_shapes(post, pre)
        self.genes = self.rule.Genes(*(rng.normal(0, 0.3, s) for s in shapes.values()))
        self.mu = rng.uniform(0, 0.2, (STEPS, SLOTS))
        self.x = np.tanh(rng.standard_normal((STEPS, SLOTS, pre)))
        self.y = np.tanh(rng.standard_normal((STEPS, SLOTS, post)))
        self.z = np.tanh(rng.standard_normal((STEPS, SLOTS, pre)))

    def expected(self, slot: int) -> Arrays:
        """W z of every step by the equation, (steps, post)."""
        W = self.rule.initial(self.genes, self.post, self.pre)
        results = []
        for mu, x, y, z in zip(self.mu, self.x, self.y, self.z, strict=True):
            results.append(W @ z[slot])
            W = W + self.rule.delta(mu[slot], x[slot][None, :], y[slot][:, None], *self.genes)
        return np.array(results)

    def memory(self) -> Any:
        return self.rule.blank(SLOTS, self.post, self.pre, self.dtype)

    def run(self, memory: Any, slots: list[int], begin: int = 0, end: int = STEPS) -> Arrays:
        """The same from the compiled form, (steps, slots, post); slots left out give 0."""
        genes = self.rule.arrange(self.rule.Genes(*(g.astype(self.dtype) for g in self.genes)))
        x, z = (self._padded(a[begin:end]) for a in (self.x, self.z))
        y, mu = self._padded(self.y[begin:end]), self.mu[begin:end].astype(self.dtype)
        out = zeros(y.shape, self.dtype)
        # Entries after the active ones are left over from slots that were active once.
        order = np.array([*slots, *slots[:4], *range(SLOTS)])
        _steps(genes, memory, order, len(slots), mu, x, y, z, out)
        assert not out[:, :, self.post :].any()
        return out[:, :, : self.post].copy()

    def forget(self, memory: Any, slot: int) -> None:
        genes = self.rule.arrange(self.rule.Genes(*(g.astype(self.dtype) for g in self.genes)))
        _forget(genes, memory, slot)

    def _padded(self, values: Arrays) -> Arrays:
        result = zeros((*values.shape[:2], padded(values.shape[2])), self.dtype)
        result[:, :, : values.shape[2]] = values
        return result


def powers_of_ten() -> SimpleNamespace:
    """Activity of one synapse that leaves a digit of its own for each term."""
    return SimpleNamespace(mu=2.0, x=10.0, y=100.0)


def test_abcd_by_hand() -> None:
    """2 · (3·100·10 + 5·100 + 7·10 + 9)"""
    given = powers_of_ten()
    delta = rules.get("abcd").delta
    assert delta(given.mu, given.x, given.y, 3.0, 5.0, 7.0, 9.0) == 2 * 3579


def test_decomposed_by_hand() -> None:
    """2 · (a_y a_x·100·10 + b_y b_x·100 + c_y c_x·10 + d_y d_x) with pairs 1·3, 5·1, 1·7, 3·3"""
    given = powers_of_ten()
    delta = rules.get("decomposed").delta
    pairs = (1.0, 3.0, 5.0, 1.0, 1.0, 7.0, 3.0, 3.0)
    assert delta(given.mu, given.x, given.y, *pairs) == 2 * 3579


def test_decomposed_is_abcd_with_outer_products() -> None:
    rng = np.random.default_rng(4)
    x, y = rng.standard_normal((1, 5)), rng.standard_normal((3, 1))
    a_x, b_x, c_x, d_x = rng.standard_normal((4, 1, 5))
    a_y, b_y, c_y, d_y = rng.standard_normal((4, 3, 1))
    by_neuron = rules.get("decomposed").delta(0.7, x, y, a_x, a_y, b_x, b_y, c_x, c_y, d_x, d_y)
    outer = (a_y * a_x, b_y * b_x, c_y * c_x, d_y * d_x)
    by_synapse = rules.get("abcd").delta(0.7, x, y, *outer)
    np.testing.assert_allclose(by_neuron, by_synapse, rtol=1e-12)


def test_static_never_changes() -> None:
    W = np.array([[1.0, -2.0], [3.0, 4.0]])
    static = rules.get("static")
    np.testing.assert_array_equal(static.delta(9.0, W[:1], W[:, 1:], W), np.zeros((2, 2)))
    np.testing.assert_array_equal(static.initial(static.Genes(W), 2, 2), W)


@pytest.mark.parametrize(("name", "scale"), [("abcd", 0.05), ("decomposed", 0.2), ("static", 1.0)])
def test_default_scales_are_the_published_ones(name: str, scale: float) -> None:
    assert scale == rules.get(name).SCALE


@pytest.mark.parametrize("name", rules.NAMES)
@pytest.mark.parametrize(("post", "pre"), SIZES)
def test_genes_broadcast_to_the_matrix_and_lifetimes_begin_blank(
    name: str, post: int, pre: int
) -> None:
    setting = Setting(name, post, pre, np.float64)
    assert np.broadcast_shapes(*(gene.shape for gene in setting.genes)) == (post, pre)
    W = setting.rule.initial(setting.genes, post, pre)
    assert W.shape == (post, pre)
    assert W.any() != setting.rule.PLASTIC


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("post", "pre"), SIZES)
@pytest.mark.parametrize("name", rules.NAMES)
def test_compiled_form_is_the_equation(name: str, post: int, pre: int, dtype: type) -> None:
    setting = Setting(name, post, pre, dtype)
    result = setting.run(setting.memory(), list(range(SLOTS)))
    for slot in range(SLOTS):
        tolerance = TOLERANCE[dtype]
        np.testing.assert_allclose(result[:, slot], setting.expected(slot), atol=tolerance, rtol=0)
    assert np.abs(result[-1]).max() > 0.1


@pytest.mark.parametrize("name", rules.NAMES)
def test_what_is_recalled_is_added_to_what_is_there(name: str) -> None:
    setting = Setting(name, 20, 7, np.float64)
    genes = setting.rule.arrange(setting.genes)
    out = zeros((1, SLOTS, 32), np.float64)
    out[...] = 3
    mu, x, y = setting.mu[:1], *(setting._padded(a[:1]) for a in (setting.x, setting.y))
    z = setting._padded(setting.z[:1])
    _steps(genes, setting.memory(), np.arange(SLOTS), SLOTS, mu, x, y, z, out)
    expected = 3 + np.array([setting.expected(slot)[0] for slot in range(SLOTS)])
    np.testing.assert_allclose(out[0, :, :20], expected, atol=1e-12)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", rules.NAMES)
def test_without_modulation_nothing_is_learned(name: str, dtype: type) -> None:
    setting = Setting(name, 48, 33, dtype)
    setting.mu[...] = 0
    W = setting.rule.initial(setting.genes, 48, 33)
    result = setting.run(setting.memory(), [0])
    np.testing.assert_allclose(result[:, 0], setting.z[:, 0] @ W.T, atol=1e-5)
    if setting.rule.PLASTIC:
        assert not result.any()


@pytest.mark.parametrize(("post", "pre"), SIZES)
@pytest.mark.parametrize("name", rules.NAMES)
def test_relabelled_neurons_have_relabelled_activity(name: str, post: int, pre: int) -> None:
    plain, rolled = (Setting(name, post, pre, np.float64) for _ in range(2))
    genes = []
    for gene in plain.genes:
        shifts = [shift if n > 1 else 0 for shift, n in zip((5, 3), gene.shape, strict=True)]
        genes.append(np.roll(gene, shifts, axis=(0, 1)))
    rolled.genes = plain.rule.Genes(*genes)
    rolled.x, rolled.z = np.roll(plain.x, 3, axis=2), np.roll(plain.z, 3, axis=2)
    rolled.y = np.roll(plain.y, 5, axis=2)
    before = plain.run(plain.memory(), [0, 1])
    after = rolled.run(rolled.memory(), [0, 1])
    np.testing.assert_allclose(after, np.roll(before, 5, axis=2), atol=1e-12)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", rules.NAMES)
def test_a_lifetime_after_forgetting_is_a_fresh_one(name: str, dtype: type) -> None:
    setting = Setting(name, 48, 33, dtype)
    memory = setting.memory()
    fresh = setting.run(memory, [0, 1])
    went_on = setting.run(memory, [0, 1])
    setting.forget(memory, 0)
    setting.forget(memory, 1)
    np.testing.assert_array_equal(setting.run(memory, [0, 1]), fresh)
    assert np.array_equal(went_on, fresh) != setting.rule.PLASTIC


@pytest.mark.parametrize("name", rules.NAMES)
def test_forgetting_concerns_one_slot(name: str) -> None:
    setting = Setting(name, 20, 7, np.float32)
    whole = setting.run(setting.memory(), [0, 1, 2])
    memory = setting.memory()
    setting.run(memory, [0, 1, 2], 0, 10)
    setting.forget(memory, 1)
    result = setting.run(memory, [0, 1, 2], 10, 20)
    np.testing.assert_array_equal(result[:, [0, 2]], whole[10:, [0, 2]])
    assert np.array_equal(result[:, 1], whole[10:, 1]) != setting.rule.PLASTIC


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "order", [[5], [5, 2], [2, 7, 5], [7, 6, 5, 4, 3, 2, 1, 0], [0, 2, 4, 5, 6]]
)
@pytest.mark.parametrize(("post", "pre"), [(64, 64), (48, 33)])
@pytest.mark.parametrize("name", rules.NAMES)
def test_a_slot_does_not_feel_the_others(
    name: str, post: int, pre: int, order: list[int], dtype: type
) -> None:
    setting = Setting(name, post, pre, dtype)
    together = setting.run(setting.memory(), list(range(SLOTS)))
    result = setting.run(setting.memory(), order)
    for slot in range(SLOTS):
        expected = together[:, slot] if slot in order else np.zeros((STEPS, post), dtype)
        np.testing.assert_array_equal(result[:, slot], expected)


@pytest.mark.parametrize("name", rules.NAMES)
def test_slots_may_pause_and_change_company(name: str) -> None:
    setting = Setting(name, 48, 33, np.float32)
    together = setting.run(setting.memory(), list(range(SLOTS)))
    memory = setting.memory()
    first = setting.run(memory, [3, 1, 4], 0, 9)
    setting.run(memory, [0, 2], 0, 20)
    second = setting.run(memory, [6, 4, 5, 3], 9, 20)
    for slot in (3, 4):
        joined = np.concatenate([first[:, slot], second[:, slot]])
        np.testing.assert_array_equal(joined, together[:, slot])


def test_an_unknown_rule_is_named_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"'hebb'; rules are abcd, decomposed, static"):
        rules.get("hebb")
