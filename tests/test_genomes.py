"""A genome file says which network it belongs to, and comes back exactly or not at all."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evo_plastic.arrays import load_arrays, save_arrays
from evo_plastic.config import NetworkConfig
from evo_plastic.errors import InputError
from evo_plastic.layout import ArraySpec, Layout
from evo_plastic.records.genomes import (
    LIMIT_BYTES,
    SCHEMA,
    check_layout,
    load_genome,
    save_genome,
)

# Not in alphabetical order: the order of the genes is the layout's, not the file's.
LAYOUT = Layout((ArraySpec("recurrent/W", (2, 3)), ArraySpec("bias", (3,)), ArraySpec("a", ())))
NETWORK = NetworkConfig(name="prnn", modulation="pre", hidden_size=3, scale=0.125)
GENOME = np.random.default_rng(5).standard_normal(LAYOUT.size)
FACTS = {"observation": "wall=+1 free=0 goal=-1", "run": "demo", "score": 0.25}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    save_genome(tmp_path / "genome.npz", LAYOUT, GENOME, NETWORK, FACTS)
    return tmp_path / "genome.npz"


def resave(path: Path, arrays: dict[str, Any] | None = None, **about: Any) -> None:
    """Change the file as another program could, digest included."""
    found, facts = load_arrays(path, SCHEMA, LIMIT_BYTES)
    save_arrays(path, found | (arrays or {}), facts | about, SCHEMA)


def test_a_genome_comes_back_exactly(path: Path) -> None:
    loaded = load_genome(path)
    np.testing.assert_array_equal(loaded.genome, GENOME, strict=True)
    assert (loaded.layout, loaded.network, loaded.facts) == (LAYOUT, NETWORK, FACTS)


def test_the_file_holds_one_array_per_layout_array(path: Path) -> None:
    with np.load(path) as opened:
        np.testing.assert_array_equal(opened["recurrent/W"], GENOME[:6].reshape(2, 3))
        np.testing.assert_array_equal(opened["bias"], GENOME[6:9])


def test_the_same_genome_gives_the_same_bytes(path: Path) -> None:
    before = path.read_bytes()
    digest = save_genome(path, LAYOUT, GENOME, NETWORK, FACTS)
    assert path.read_bytes() == before
    assert digest != save_genome(path, LAYOUT, -GENOME, NETWORK, FACTS)


@pytest.mark.parametrize("gene", [np.nan, np.inf, -np.inf])
def test_genes_that_are_not_finite_are_neither_saved_nor_loaded(path: Path, gene: float) -> None:
    broken = GENOME.copy()
    broken[7] = gene
    with pytest.raises(ValueError, match="not finite"):
        save_genome(path, LAYOUT, broken, NETWORK, FACTS)
    np.testing.assert_array_equal(load_genome(path).genome, GENOME)
    resave(path, {"bias": broken[6:9]})
    with pytest.raises(InputError, match="array bias has genes that are not finite"):
        load_genome(path)


def test_a_genome_of_another_length_is_not_saved(path: Path) -> None:
    with pytest.raises(ValueError, match=r"shape \(10,\), got \(9,\)"):
        save_genome(path, LAYOUT, GENOME[:-1], NETWORK, FACTS)


@pytest.mark.parametrize(
    ("arrays", "about", "message"),
    [
        ({"bias": np.zeros(4)}, {}, r"array bias is float64 \(4,\)"),
        ({"bias": np.zeros(3, np.float32)}, {}, "array bias is float32"),
        ({"extra": np.zeros(1)}, {}, "its layout has"),
        ({}, {"layout": [["bias", [3]]]}, "its layout has"),
        ({}, {"layout": [["a", []], ["a", []]]}, "its layout has"),
        ({}, {"layout": None}, "no genome of schema"),
        ({}, {"layout": [["a", ["x"]]]}, "no genome of schema"),
        ({}, {"layout": [[["a"], [1]]]}, "no genome of schema"),
        ({}, {"facts": 3}, "no genome of schema"),
        ({}, {"network": {"name": "gru"}}, "network of this genome is unknown: name"),
        ({}, {"network": {"hiden_size": 4}}, "unknown: hiden_size"),
        ({}, {"network": 1}, "network of this genome is unknown"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(
    path: Path, arrays: dict[str, Any], about: dict[str, Any], message: str
) -> None:
    resave(path, arrays, **about)
    with pytest.raises(InputError, match=message) as caught:
        load_genome(path)
    assert str(path) in str(caught.value)


def test_a_checkpoint_is_no_genome(path: Path) -> None:
    save_arrays(path, {"mean": GENOME}, {}, "evo_plastic/checkpoint/1")
    with pytest.raises(InputError, match=r"is 'evo_plastic/checkpoint/1', expected .*genome/1"):
        load_genome(path)


def test_a_genome_of_another_network_is_named_array_by_array() -> None:
    expected = Layout(
        (ArraySpec("recurrent/W", (3, 3)), ArraySpec("bias", (3,)), ArraySpec("b", (1,)))
    )
    with pytest.raises(InputError) as caught:
        check_layout(LAYOUT, expected, Path("g.npz"))
    assert str(caught.value) == (
        "g.npz is a genome of another network: a is (), expected none; b is missing, expected "
        "(1,); recurrent/W is (2, 3), expected (3, 3)"
    )


def test_the_same_arrays_in_another_order_are_another_network() -> None:
    check_layout(LAYOUT, Layout(LAYOUT.arrays), Path("g.npz"))
    with pytest.raises(InputError, match="order is"):
        check_layout(LAYOUT, Layout(LAYOUT.arrays[::-1]), Path("g.npz"))
