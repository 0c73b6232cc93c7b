"""The command ``compare`` on runs that were really trained, by evolution and by gradients."""

import csv
import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from cli_runs import evo_plastic

from evo_plastic.records import metrics

LIFETIMES, SEEDS = 8, range(5)
SHARED = """\
network: {hidden_size: 16}
pool: {backend: local, workers: 1}
"""
EVOLUTION = """\
strategy: {name: sep-cma-es, population: 12}
training:
  generations: 6
  curriculum: [{start: 0, tasks: 2}]
  repeats: 1
  validation: {every: 2, lifetimes: 8}
"""
GRADIENTS = """\
strategy: {name: a2c, lifetimes: 4}
training: {generations: 4, validation: {every: 2, lifetimes: 8}}
"""


class Compared(NamedTuple):
    runs: list[Path]
    out: Path
    document: dict[str, Any]
    printed: str


def train(folder: Path, name: str, text: str, seed: int, *changes: str) -> Path:
    config, run = folder / f"{name}.yaml", folder / f"{name}-{seed}"
    config.write_text(SHARED + text)
    options = [part for change in (f"seed={seed}", *changes) for part in ("--set", change)]
    ended = evo_plastic("train", config, "--run", run, *options)
    assert ended.code == 0, ended.err
    return run


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Compared:
    pytest.importorskip("torch")
    home = tmp_path_factory.mktemp("trained")
    runs = [train(home, "es", EVOLUTION, seed) for seed in SEEDS]
    runs += [train(home, "wide", EVOLUTION, seed, "strategy.sigma=0.5") for seed in SEEDS]
    runs += [train(home, "a2c", GRADIENTS, seed) for seed in SEEDS[:2]]
    options = ["--out", home / "out", "--lifetimes", LIFETIMES, "--workers", 2]
    ended = evo_plastic("compare", *runs, *options)
    assert (ended.code, ended.err) == (0, "")
    document = json.loads((home / "out" / "comparison.json").read_text())
    return Compared(runs, home / "out", document, ended.out)


def test_runs_are_grouped_by_what_they_are(compared: Compared) -> None:
    found = [(group["label"], group["runs"]) for group in compared.document["groups"]]
    assert found == [
        ("sep-cma-es, sigma 0.05", [f"es-{seed}" for seed in SEEDS]),
        ("sep-cma-es, sigma 0.5", [f"wide-{seed}" for seed in SEEDS]),
        ("a2c", ["a2c-0", "a2c-1"]),
    ]


def test_estimates_are_those_of_the_runs_own_validations(compared: Compared) -> None:
    for start, group in zip((0, 5), compared.document["groups"], strict=False):
        paths = compared.runs[start : start + 5]
        last = [metrics.read(path / "eval.jsonl")[-1]["rollout_mean"][-1] for path in paths]
        final = group["estimates"]["final"]
        assert final["iqm"] == pytest.approx(sum(sorted(last)[1:4]) / 3)
        low, high = final["interval"]
        assert min(last) <= low <= final["iqm"] <= high <= max(last)
        assert final["range"] == [min(last), max(last)]


def test_few_runs_have_no_interval_anywhere(compared: Compared) -> None:
    estimates = compared.document["groups"][2]["estimates"]
    assert {one["interval"] is None for one in estimates.values()} == {True}
    pairs = {
        (one["first"], one["second"]): one["improvements"] for one in compared.document["pairs"]
    }
    decided = [names for names, found in pairs.items() if found["final"]["interval"]]
    assert decided == [("sep-cma-es, sigma 0.05", "sep-cma-es, sigma 0.5")]
    assert "Descriptive only, for a2c: fewer than five runs" in compared.document["text"]


def test_scores_are_those_that_evaluate_gives(compared: Compared, tmp_path: Path) -> None:
    path, run = tmp_path / "alone.csv", compared.runs[6]
    options = ["--tasks", "maze9", "--tasks", "maze15", "--lifetimes", LIFETIMES, "--csv", path]
    assert evo_plastic("evaluate", run, *options).code == 0
    alone = [row for row in read_csv(path) if row["policy"] == str(run)]
    found = read_csv(compared.out / "scores.csv")
    assert [row for row in found if row["policy"] == str(run)] == alone
    assert len(found) == 2 * 3 * (len(compared.runs) + 2)
    values = compared.document["runs"][6]["values"]
    assert values["tasks:maze15/test"] == float(alone[-1]["mean"])


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_all_sets_together_lie_between_random_policy_and_oracle(compared: Compared) -> None:
    last = {
        (one["policy"], one["task_set"]): one["mean"][-1] for one in compared.document["scores"]
    }
    by_run = []
    for run in compared.runs[:5]:
        parts = []
        for name in ("maze9/test", "maze15/test"):
            low = last["random", name]
            parts.append((last[str(run), name] - low) / (last["oracle", name] - low))
        by_run.append(parts)
    pooled = [part for parts in by_run for part in parts]
    found = compared.document["groups"][0]["estimates"]["normalised"]
    assert found["iqm"] == pytest.approx(sum(sorted(pooled)[2:8]) / 6)


def test_gradient_updates_cost_more_operations_a_step_than_generations(
    compared: Compared,
) -> None:
    ends = [
        (run["curve"]["operations"][-1], run["curve"]["env_steps"][-1], run["group"])
        for run in compared.document["runs"]
    ]
    per_step = {group: spent / steps for spent, steps, group in ends}
    ratio = per_step["a2c"] / per_step["sep-cma-es, sigma 0.05"]
    # 1 + 4 forms that take 5 instead of 2 multiply-adds a synapse, and more in the readout.
    assert 5 < ratio < 11


def test_every_cost_grows_along_a_run(compared: Compared) -> None:
    for run in compared.document["runs"]:
        for cost in ("env_steps", "minutes", "core_seconds", "operations", "generation"):
            spent = run["curve"][cost]
            assert len(spent) == len(run["curve"]["rollout_mean"])
            assert spent == sorted(set(spent))
            assert spent[0] > 0


def test_all_figures_are_drawn(compared: Compared) -> None:
    for name in ("costs", "rollouts", "scores", "improvement"):
        for suffix, magic in (("png", b"\x89PNG"), ("pdf", b"%PDF")):
            path = compared.out / f"{name}.{suffix}"
            assert path.read_bytes().startswith(magic)
            assert str(path) in compared.printed
