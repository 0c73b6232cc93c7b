"""Every rule: its equation by hand, its compiled form against the equation, its memory."""

from typing import Any, NamedTuple

import numba
import numpy as np
import pytest
from numpy.typing import NDArray

import rules
from evo_plastic.jit import inline_jit, jit
from evo_plastic.vectors import padded, zeros
from rules import abcd, base, decomposed, eligibility, static
from rules.base import Constants, forget, recall, record

SIZES = [(64, 64), (64, 15), (20, 7), (48, 33)]
DTYPES = [np.float32, np.float64]
TOLERANCE = {np.float32: 1e-4, np.float64: 1e-10}
STEPS = 20
SLOTS = 8

Arrays = NDArray[Any]

RELEASED = {name: rules.get(name).constants("released", True) for name in rules.NAMES}
CASES: dict[str, tuple[str, Constants]] = {name: (name, RELEASED[name]) for name in rules.NAMES}
CASES |= {
    "eligibility, direct": ("eligibility", Constants(scale=1.0)),
    "eligibility, bounded": ("eligibility", Constants(scale=1.0, bound=0.4, squashed=True)),
    "scratch, bounded": ("scratch_eligibility", Constants(scale=1.0, bound=0.05)),
    "few rules": ("tied", Constants(scale=1.0, clusters=3)),
}
FROM_ZERO = [case for case, (name, _) in CASES.items() if name not in ("static", "eligibility")]
every_case = pytest.mark.parametrize("case", CASES)


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

    def __init__(self, case: str, post: int, pre: int, dtype: type) -> None:
        rng = np.random.default_rng(post * pre)
        name, self.constants = CASES[case]
        self.rule, self.post, self.pre, self.dtype = rules.get(name), post, pre, dtype
        shapes = self.rule.gene_shapes(post, pre, self.constants)
        genes = {gene: rng.normal(0, 0.3, shape) for gene, shape in shapes.items()}
        if name == "tied":
            genes["map"] = rng.integers(0, len(genes["clusters"]), (post, pre))
        self.genes = self.rule.Genes(**genes)
        self.mu = rng.uniform(0, 0.2, (STEPS, SLOTS))
        self.x = np.tanh(rng.standard_normal((STEPS, SLOTS, pre)))
        self.y = np.tanh(rng.standard_normal((STEPS, SLOTS, post)))
        self.z = np.tanh(rng.standard_normal((STEPS, SLOTS, pre)))

    def initial(self) -> Arrays:
        W: Arrays = self.rule.initial(self.genes, self.post, self.pre)[0]
        return W

    def expected(self, slot: int) -> Arrays:
        """W z of every step by the equation, (steps, post)."""
        synapses = self.rule.initial(self.genes, self.post, self.pre)
        results = []
        for mu, x, y, z in zip(self.mu, self.x, self.y, self.z, strict=True):
            results.append(synapses[0] @ z[slot])
            x_row, y_column = x[slot][None, :], y[slot][:, None]
            synapses = self.rule.learn(
                synapses, mu[slot], x_row, y_column, self.genes, self.constants
            )
        return np.array(results)

    def arranged(self) -> Any:
        """Genes as kernels hold them, all numbers in the precision of this setting."""
        kept = self.rule.arrange(self.genes, self.constants)
        return type(kept)(*(self._typed(item) for item in kept))

    def memory(self) -> Any:
        memory = self.rule.blank(SLOTS, self.post, self.pre, self.dtype)
        for slot in range(SLOTS):
            _forget(self.arranged(), memory, slot)
        return memory

    def run(
        self, memory: Any, slots: list[int], begin: int = 0, end: int = STEPS, steps: Any = _steps
    ) -> Arrays:
        """The same from the compiled form, (steps, slots, post); slots left out give 0."""
        genes = self.arranged()
        x, z = (self._padded(a[begin:end]) for a in (self.x, self.z))
        y, mu = self._padded(self.y[begin:end]), self.mu[begin:end].astype(self.dtype)
        out = zeros(y.shape, self.dtype)
        # Entries after the active ones are left over from slots that were active once.
        order = np.array([*slots, *slots[:4], *range(SLOTS)])
        steps(genes, memory, order, len(slots), mu, x, y, z, out)
        assert not out[:, :, self.post :].any()
        return out[:, :, : self.post].copy()

    def forget(self, memory: Any, slot: int) -> None:
        _forget(self.arranged(), memory, slot)

    def _typed(self, item: Any) -> Any:
        return item if isinstance(item, bool) else np.asarray(item, self.dtype)[()]

    def _padded(self, values: Arrays) -> Arrays:
        result = zeros((*values.shape[:2], padded(values.shape[2])), self.dtype)
        result[:, :, : values.shape[2]] = values
        return result


def one_update(rule: str, genes: tuple[Any, ...], synapses: tuple[float, ...]) -> Any:
    """One synapse after an update whose activity leaves a digit of its own for each term."""
    module = rules.get(rule)
    constants = module.constants("released", True)
    return module.learn(synapses, 2.0, 10.0, 100.0, module.Genes(*genes), constants)


def test_abcd_by_hand() -> None:
    """1 + 2 · (3·100·10 + 5·100 + 7·10 + 9)"""
    assert one_update("abcd", (3.0, 5.0, 7.0, 9.0), (1.0,)) == (1 + 2 * 3579,)


def test_decomposed_by_hand() -> None:
    """1 + 2 · (a_y a_x·100·10 + b_y b_x·100 + c_y c_x·10 + d_y d_x), pairs 1·3, 5·1, 1·7, 3·3"""
    pairs = (1.0, 3.0, 5.0, 1.0, 1.0, 7.0, 3.0, 3.0)
    assert one_update("decomposed", pairs, (1.0,)) == (1 + 2 * 3579,)


def test_tied_by_hand() -> None:
    """The synapse has rule 1 of two."""
    clusters = np.array([[0.0, 0.0, 0.0, 0.0], [3.0, 5.0, 7.0, 9.0]])
    assert one_update("tied", (clusters, 1), (1.0,)) == (1 + 2 * 3579,)


def test_eligibility_by_hand() -> None:
    """η = .5 · 7/(7 + 1) + .5 = .9375 for gene −3; E = η · 1000 + .0625 · 16; W = 1 + µ E"""
    genes, direct = eligibility.Genes(W=0.0, eta=-3.0), eligibility.Genes(W=0.0, eta=0.25)
    released = eligibility.constants("released", True)
    W, E = eligibility.learn((np.array(1.0), 16.0), 0.001, 10.0, 100.0, genes, released)
    assert pytest.approx(1 + 0.9385) == W
    assert pytest.approx(938.5) == E
    W, E = eligibility.learn((np.array(1.0), 16.0), 2.0, 10.0, 100.0, genes, released)
    assert W == 5.0
    may = eligibility.constants("wang2022", True)
    W, E = eligibility.learn((np.array(1.0), 16.0), 2.0, 10.0, 100.0, direct, may)
    assert (W, E) == (1 + 2 * 262.0, 262.0)


def test_decomposed_is_abcd_with_outer_products() -> None:
    rng = np.random.default_rng(4)
    x, y = rng.standard_normal((1, 5)), rng.standard_normal((3, 1))
    a_x, b_x, c_x, d_x = rng.standard_normal((4, 1, 5))
    a_y, b_y, c_y, d_y = rng.standard_normal((4, 3, 1))
    decomposed, abcd = rules.get("decomposed"), rules.get("abcd")
    by_neuron = decomposed.Genes(a_x, a_y, b_x, b_y, c_x, c_y, d_x, d_y)
    by_synapse = abcd.Genes(a_y * a_x, b_y * b_x, c_y * c_x, d_y * d_x)
    W, constants = np.ones((3, 5)), Constants(scale=1.0)
    one = decomposed.learn((W,), 0.7, x, y, by_neuron, constants)
    two = abcd.learn((W,), 0.7, x, y, by_synapse, constants)
    np.testing.assert_allclose(one, two, rtol=1e-12)
    assert np.ptp(one) > 0.1


def test_static_never_changes() -> None:
    W = np.array([[1.0, -2.0], [3.0, 4.0]])
    static = rules.get("static")
    genes = static.Genes(W)
    (before,) = static.initial(genes, 2, 2)
    (after,) = static.learn((before,), 9.0, W[:1], W[:, 1:], genes, Constants(scale=1.0))
    np.testing.assert_array_equal(before, W)
    np.testing.assert_array_equal(after, W)


@pytest.mark.parametrize(
    ("name", "preset", "modulated", "expected"),
    [
        ("abcd", "wang2022", True, (0.05,)),
        ("abcd", "released", False, (0.05,)),
        ("tied", "released", True, (0.05,)),
        ("decomposed", "wang2022", True, (1.0,)),
        ("decomposed", "wang2022", False, (1.0,)),
        ("decomposed", "released", True, (0.2,)),
        ("decomposed", "released", False, (1.0,)),
        ("eligibility", "wang2022", True, (1.0, np.inf, False)),
        ("eligibility", "released", True, (0.001, 5.0, True)),
        ("scratch_eligibility", "released", False, (0.001, 5.0, True)),
    ],
)
def test_presets_are_the_published_constants(
    name: str, preset: str, modulated: bool, expected: tuple[object, ...]
) -> None:
    assert rules.get(name).constants(preset, modulated)[: len(expected)] == expected


@every_case
@pytest.mark.parametrize(("post", "pre"), SIZES)
def test_lifetimes_begin_with_evolved_weights_or_none(case: str, post: int, pre: int) -> None:
    setting = Setting(case, post, pre, np.float64)
    W = setting.initial()
    assert W.shape == (post, pre)
    assert W.any() != (case in FROM_ZERO)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("post", "pre"), SIZES)
@every_case
def test_compiled_form_is_the_equation(case: str, post: int, pre: int, dtype: type) -> None:
    setting = Setting(case, post, pre, dtype)
    result = setting.run(setting.memory(), list(range(SLOTS)))
    for slot in range(SLOTS):
        tolerance = TOLERANCE[dtype]
        np.testing.assert_allclose(result[:, slot], setting.expected(slot), atol=tolerance, rtol=0)
    assert np.abs(result[-1]).max() > 0.1


@every_case
def test_what_is_recalled_is_added_to_what_is_there(case: str) -> None:
    setting = Setting(case, 20, 7, np.float64)
    genes = setting.arranged()
    out = zeros((1, SLOTS, 32), np.float64)
    out[...] = 3
    mu, x, y = setting.mu[:1], *(setting._padded(a[:1]) for a in (setting.x, setting.y))
    z = setting._padded(setting.z[:1])
    _steps(genes, setting.memory(), np.arange(SLOTS), SLOTS, mu, x, y, z, out)
    expected = 3 + np.array([setting.expected(slot)[0] for slot in range(SLOTS)])
    np.testing.assert_allclose(out[0, :, :20], expected, atol=1e-12)


@pytest.mark.parametrize("dtype", DTYPES)
@every_case
def test_without_modulation_nothing_is_learned(case: str, dtype: type) -> None:
    setting = Setting(case, 48, 33, dtype)
    setting.mu[...] = 0
    W = setting.initial().clip(-setting.constants.bound, setting.constants.bound)
    result = setting.run(setting.memory(), [0])
    np.testing.assert_allclose(result[1:, 0], setting.z[1:, 0] @ W.T, atol=1e-5)
    if case in FROM_ZERO:
        assert not result.any()


@pytest.mark.parametrize(("post", "pre"), SIZES)
@every_case
def test_relabelled_neurons_have_relabelled_activity(case: str, post: int, pre: int) -> None:
    plain, rolled = (Setting(case, post, pre, np.float64) for _ in range(2))
    genes = []
    for gene in plain.genes:
        of_neurons = [n == size for n, size in zip(gene.shape, (post, pre), strict=False)]
        shifts = [shift * turned for shift, turned in zip((5, 3), of_neurons, strict=False)]
        genes.append(np.roll(gene, shifts, axis=tuple(range(gene.ndim))))
    rolled.genes = plain.rule.Genes(*genes)
    rolled.x, rolled.z = np.roll(plain.x, 3, axis=2), np.roll(plain.z, 3, axis=2)
    rolled.y = np.roll(plain.y, 5, axis=2)
    before = plain.run(plain.memory(), [0, 1])
    after = rolled.run(rolled.memory(), [0, 1])
    np.testing.assert_allclose(after, np.roll(before, 5, axis=2), atol=1e-12)


@pytest.mark.parametrize("dtype", DTYPES)
@every_case
def test_a_lifetime_after_forgetting_is_a_fresh_one(case: str, dtype: type) -> None:
    setting = Setting(case, 48, 33, dtype)
    memory = setting.memory()
    fresh = setting.run(memory, [0, 1])
    went_on = setting.run(memory, [0, 1])
    setting.forget(memory, 0)
    setting.forget(memory, 1)
    np.testing.assert_array_equal(setting.run(memory, [0, 1]), fresh)
    assert np.array_equal(went_on, fresh) != setting.rule.PLASTIC


@every_case
def test_forgetting_concerns_one_slot(case: str) -> None:
    setting = Setting(case, 20, 7, np.float32)
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
@every_case
def test_a_slot_does_not_feel_the_others(
    case: str, post: int, pre: int, order: list[int], dtype: type
) -> None:
    setting = Setting(case, post, pre, dtype)
    together = setting.run(setting.memory(), list(range(SLOTS)))
    result = setting.run(setting.memory(), order)
    for slot in range(SLOTS):
        expected = together[:, slot] if slot in order else np.zeros((STEPS, post), dtype)
        np.testing.assert_array_equal(result[:, slot], expected)


@every_case
def test_slots_may_pause_and_change_company(case: str) -> None:
    setting = Setting(case, 48, 33, np.float32)
    together = setting.run(setting.memory(), list(range(SLOTS)))
    memory = setting.memory()
    first = setting.run(memory, [3, 1, 4], 0, 9)
    setting.run(memory, [0, 2], 0, 20)
    second = setting.run(memory, [6, 4, 5, 3], 9, 20)
    for slot in (3, 4):
        joined = np.concatenate([first[:, slot], second[:, slot]])
        np.testing.assert_array_equal(joined, together[:, slot])


def test_an_unknown_rule_is_named_with_those_there_are() -> None:
    with pytest.raises(ValueError, match=r"'hebb'; rules are abcd, decomposed, elig"):
        rules.get("hebb")


@pytest.mark.parametrize("rule", [abcd, decomposed, static])
def test_the_plain_form_gives_the_same_bits(rule: Any) -> None:
    recall_plain = inline_jit(rule.recall_plain)

    @numba.njit(error_model="numpy")  # type: ignore[untyped-decorator]
    def steps(genes, memory, slots, count, mu, x, y, z, out):  # type: ignore[no-untyped-def]
        for t in range(z.shape[0]):
            recall_plain(genes, memory, slots, count, z[t], out[t])
            for k in range(count):
                record(genes, memory, slots[k], mu[t, slots[k]], x[t], y[t])

    for post, pre in SIZES:
        for dtype in DTYPES:
            setting = Setting(rule.__name__.split(".")[1], post, pre, dtype)
            memory, memory_plain = setting.memory(), setting.memory()
            results = setting.run(memory, [6, 0, 3, 2, 5])
            assert results.std() > 0.01
            plain = setting.run(memory_plain, [6, 0, 3, 2, 5], steps=steps)
            np.testing.assert_array_equal(plain, results)
            for one, two in zip(memory_plain, memory, strict=True):
                np.testing.assert_array_equal(one, two)


def test_the_plain_form_is_taken_where_it_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    class Genes(NamedTuple):
        n: int

    def generic(genes: Genes) -> int:
        raise NotImplementedError

    monkeypatch.setattr(base, "PLAIN", True)
    base.implements(generic, Genes, plain=lambda genes: 10 * genes.n)(lambda genes: genes.n)
    call = numba.njit(lambda genes: generic(genes))
    assert call(Genes(7)) == 70
