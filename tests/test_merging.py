"""Evolving & Merging: rules become few, everything else stays, and evolution goes on."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cli_runs import evo_plastic
from kernel_runs import create, feed_oracle
from numpy.typing import NDArray

from evo_plastic.arrays import load_arrays, save_arrays
from evo_plastic.config import NetworkConfig
from evo_plastic.errors import InputError
from evo_plastic.networks.merging import merge
from evo_plastic.networks.ties import UNTIED, Ties
from evo_plastic.records.genomes import LIMIT_BYTES, SCHEMA, load_genome, save_genome

CONFIG = NetworkConfig(name="prnn", hidden_size=8)
SPEC = create(CONFIG)
COEFFICIENTS = ("/A", "/B", "/C", "/D")


def genome_with_rules(count: int) -> NDArray[np.float64]:
    """A genome whose synapses use ``count`` different rules in turn, far from each other."""
    rng = np.random.default_rng(3)
    arrays = SPEC.layout.view(rng.normal(0, 0.3, SPEC.n_gene))
    rules = rng.normal(0, 1, (count, 4))
    for name, values in arrays.items():
        if name.endswith(COEFFICIENTS):
            values.flat = rules[np.arange(values.size) % count, "ABCD".index(name[-1])]
    return SPEC.layout.pack(arrays)


def test_a_network_of_few_rules_is_merged_without_loss() -> None:
    genome = genome_with_rules(5)
    merged = merge(SPEC, CONFIG, genome, 5)
    tied = create(merged.network)
    tied = replace(tied, ties=merged.ties)
    inputs = np.random.default_rng(4).normal(0, 0.7, (20, 15))
    before = feed_oracle(SPEC, genome, inputs)
    after = feed_oracle(tied, tied.layout.pack(merged.arrays), inputs)
    np.testing.assert_allclose(after, before, atol=1e-12)
    assert merged.kept == {"recurrent": pytest.approx(1), "input": pytest.approx(1)}
    assert tied.n_gene == SPEC.n_gene - 4 * 8 * (8 + 15) + 2 * 5 * 4


def test_fewer_rules_keep_less_and_by_default_there_are_as_many_as_neurons() -> None:
    genome = np.random.default_rng(5).normal(0, 0.3, SPEC.n_gene)
    few, default = merge(SPEC, CONFIG, genome, 3), merge(SPEC, CONFIG, genome, None)
    assert few.arrays["recurrent/clusters"].shape == (3, 4)
    assert default.arrays["recurrent/clusters"].shape == (8 + 8, 4)
    assert default.arrays["input/clusters"].shape == (8 + 15, 4)
    assert 0 < few.kept["recurrent"] < default.kept["recurrent"] < 1
    assert create(default.network).n_gene == sum(a.size for a in default.arrays.values())


def test_every_synapse_is_tied_to_the_mean_of_its_cluster() -> None:
    genome = np.random.default_rng(5).normal(0, 0.3, SPEC.n_gene)
    merged = merge(SPEC, CONFIG, genome, 6)
    arrays = SPEC.layout.view(genome)
    labels = merged.ties.arrays()["input"]
    for cluster, centre in enumerate(merged.arrays["input/clusters"]):
        members = [arrays[f"input/{letter}"][labels == cluster].mean() for letter in "ABCD"]
        np.testing.assert_allclose(centre, members, atol=1e-12)
    for name, values in arrays.items():
        if not name.endswith(COEFFICIENTS):
            np.testing.assert_array_equal(merged.arrays[name], values)


def test_merging_the_same_genome_gives_the_same_bits() -> None:
    genome = np.random.default_rng(6).normal(0, 0.3, SPEC.n_gene)
    one, two = (merge(SPEC, CONFIG, genome, 7) for _ in range(2))
    assert one.ties == two.ties
    for name, values in one.arrays.items():
        np.testing.assert_array_equal(values, two.arrays[name])


def test_only_an_abcd_network_of_enough_synapses_can_be_merged() -> None:
    config = NetworkConfig(name="dec-prnn", hidden_size=8)
    spec = create(config)
    with pytest.raises(InputError, match=r"DecPRNN\(PostDN\) cannot be merged: expected a PRNN"):
        merge(spec, config, np.zeros(spec.n_gene), 3)
    with pytest.raises(InputError, match="recurrent has 64 synapses: too few for 65 rules"):
        merge(SPEC, CONFIG, genome_with_rules(5), 65)


def test_a_map_must_fit_its_connection() -> None:
    ties = Ties.of({"input": np.array([[0, 1, 2], [2, 1, 0]])})
    np.testing.assert_array_equal(ties.map("input", (2, 3), 3), [[0, 1, 2], [2, 1, 0]])
    with pytest.raises(ValueError, match=r"ties \(2, 3\) synapses to 3 rules, expected \(3, 2\)"):
        ties.map("input", (3, 2), 3)
    with pytest.raises(ValueError, match="at most 2"):
        ties.map("input", (2, 3), 2)


def test_without_a_map_all_rules_are_used_about_equally() -> None:
    found = UNTIED.map("recurrent", (64, 64), 128)
    assert found.shape == (64, 64)
    counts = np.bincount(found.ravel(), minlength=128)
    assert counts.size == 128
    assert 10 < counts.min() < counts.max() < 60


def prnn_file(folder: Path) -> Path:
    genome = np.random.default_rng(7).normal(0, 0.1, SPEC.n_gene)
    save_genome(folder / "prnn.npz", SPEC.layout, genome, CONFIG, {"task": {"rollouts": 3}})
    return folder / "prnn.npz"


def test_merge_then_train_then_evaluate(tmp_path: Path) -> None:
    source, out, run = prnn_file(tmp_path), tmp_path / "tied.npz", tmp_path / "run"
    ended = evo_plastic("merge", source, "--out", out, "--clusters", 9)
    assert ended.code == 0, ended.err
    assert ended.out.splitlines()[1].split()[:3] == ["recurrent", "64", "9"]
    genes = 72 + 5 * 9 + 2 * 9 + 8
    assert f"{SPEC.n_gene} genes became {genes}" in ended.out
    tied = load_genome(out)
    assert tied.facts["task"] == {"rollouts": 3}
    settings = [
        "network.name=evolving-merging", "network.hidden_size=8", "network.clusters=9",
        "training.generations=3", "training.validation.every=3",
        "training.validation.lifetimes=4", "training.curriculum=[{start: 0, tasks: 1}]",
        "training.repeats=1", "strategy.population=6", "pool.backend=local",
    ]  # fmt: skip
    options = [word for setting in settings for word in ("--set", setting)]
    empty = tmp_path / "empty.yaml"
    empty.write_text("")
    ended = evo_plastic("train", empty, *options, "--set", f"start={out}", "--run", run)
    assert ended.code == 0, ended.err
    first = json.loads((run / "metrics.jsonl").read_text().splitlines()[0])
    assert first["generation"] == 1
    assert load_genome(run / "start.npz").ties == tied.ties
    evolved = load_genome(run / "genome.npz")
    assert evolved.ties == tied.ties
    # Three generations of σ = 0.05 lead no farther away.
    assert 0 < np.abs(evolved.genome - tied.genome).max() < 0.5
    out.unlink()
    more = ["--set", "training.generations=4", "--resume"]
    assert evo_plastic("train", "--run", run, *more).code == 0
    ended = evo_plastic("evaluate", run, "--tasks", "maze9", "--lifetimes", 4)
    assert ended.code == 0, ended.err


def test_a_start_of_another_network_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    source, run = prnn_file(tmp_path), tmp_path / "run"
    empty = tmp_path / "empty.yaml"
    empty.write_text("")
    ended = evo_plastic("train", empty, "--set", f"start={source}", "--run", run)
    assert ended.code == 2
    assert f"{source} is a genome of another network: " in ended.err
    ended = evo_plastic("train", empty, "--set", f"start={tmp_path / 'none.npz'}", "--run", run)
    assert ended.code == 2
    assert "none.npz does not exist" in ended.err
    assert not run.exists()


def test_a_map_that_does_not_fit_is_refused_with_its_file(tmp_path: Path) -> None:
    source, out = prnn_file(tmp_path), tmp_path / "tied.npz"
    assert evo_plastic("merge", source, "--out", out, "--clusters", 9).code == 0
    arrays, facts = load_arrays(out, SCHEMA, LIMIT_BYTES)
    for wrong, message in (
        (np.full((8, 8), 9, np.uint16), "ties (8, 8) synapses to 10 rules"),
        (np.zeros((8, 9), np.uint16), "ties (8, 9) synapses to 1 rules"),
        (np.zeros((8, 8)), "array recurrent/map is float64 (8, 8)"),
    ):
        save_arrays(out, arrays | {"recurrent/map": wrong}, facts, SCHEMA)
        ended = evo_plastic("evaluate", out, "--tasks", "maze9", "--lifetimes", 4)
        assert ended.code == 2
        assert message in ended.err
        assert str(out) in ended.err


@pytest.mark.parametrize("file", ["tied.npy", "no/folder/tied.npz"])
def test_where_nothing_can_be_written_is_said_first(tmp_path: Path, file: str) -> None:
    ended = evo_plastic("merge", prnn_file(tmp_path), "--out", tmp_path / file)
    assert ended.code == 2
    assert "expected the name of an .npz file in a folder that exists" in ended.err
