"""A run directory as training would leave it, and what a report page embeds, for its tests."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from evo_plastic import networks
from evo_plastic.config import Experiment
from evo_plastic.parsing import dump_experiment
from evo_plastic.records import manifest, metrics
from evo_plastic.records.genomes import save_genome
from evo_plastic.tasks.maze import INTERFACE

NETWORK = {"name": "dec-prnn", "modulation": "post", "hidden_size": 16}
GENERATIONS = (100, 200, 300)
DATA = re.compile(r'<script type="application/json" id="lifetimes-data">(.*?)</script>', re.DOTALL)


def write_run(path: Path, genes: float = 0.5, **changes: object) -> Path:
    """A finished run of a random genome.

    genes: their standard deviation      changes: keys of the experiment
    """
    experiment = Experiment.model_validate({"network": NETWORK} | changes)
    path.mkdir()
    (path / "config.yaml").write_text(dump_experiment(experiment))
    begun = manifest.begin(experiment)
    manifest.save(path / "manifest.json", manifest.end(begun, "done", {"generations": 300}))
    rollouts = experiment.task.rollouts
    for generation in GENERATIONS:
        fitness = {"fitness_mean": -1 + generation / 400, "fitness_best": 0.5}
        metrics.append(path / "metrics.jsonl", {"generation": generation} | fitness)
        means = [generation / 1000 * r for r in range(rollouts)]
        row = {"env_steps": 10**7 * generation, "rollout_mean": means}
        row |= {"generation": generation, "rollout_se": [0.05] * rollouts}
        metrics.append(path / "eval.jsonl", row)
        clock = {"core_seconds": 1.0, "wall_seconds": 0.6 * generation}
        metrics.append(path / "timings.jsonl", {"generation": generation} | clock)
    spec = networks.create(experiment.network, INTERFACE)
    genome = np.random.default_rng(4).normal(0, genes, spec.n_gene)
    facts = {"generation": 200, "task": experiment.task.model_dump(mode="json")}
    save_genome(path / "genome.npz", spec.layout, genome, experiment.network, facts)
    return path


def embedded(page: str) -> dict[str, Any]:
    """What the viewer of a page is given."""
    [text] = DATA.findall(page)
    found: dict[str, Any] = json.loads(text)
    return found
