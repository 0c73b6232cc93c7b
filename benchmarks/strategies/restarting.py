"""``python -m benchmarks.strategies.restarting RUN --out DIR``: is a search worth restarting?

Goes on from the newest checkpoint of RUN, a separable CMA-ES, in one new run directory per rule:

    on          as if never stopped
    reference   Wang 2022, released code: σ = σ_0, C clipped to [0.64, 1], paths kept
    fresh       a new search that begins at the mean: σ = σ_0, C = 1, no paths
    smaller     the same with σ_0 / 4
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import numpy as np

from benchmarks.common import create_network
from evo_plastic.driver import Progress, Training
from evo_plastic.evolution import Evolution
from evo_plastic.parsing import load_experiment
from evo_plastic.records import manifest
from evo_plastic.records.checkpoints import newest_checkpoint
from evo_plastic.records.directory import RunDirectory
from evo_plastic.strategies import create
from evo_plastic.strategies.sep_cma_es import SepCMAES, State
from workers.evaluator import open_evaluator

CLIP = (0.64, 1.0)

Rule = Callable[[SepCMAES, State, float], State]


def _fresh(strategy: SepCMAES, state: State, sigma: float) -> State:
    begun = strategy.init(state.mean)
    return begun._replace(sigma=sigma, generation=state.generation)


RULES: dict[str, Rule] = {
    "on": lambda strategy, state, sigma: state,
    "reference": lambda strategy, state, sigma: state._replace(
        sigma=sigma, C=np.clip(state.C, *CLIP)
    ),
    "fresh": _fresh,
    "smaller": lambda strategy, state, sigma: _fresh(strategy, state, sigma / 4),
}


@click.command()
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path))
@click.option("--generations", default=300, show_default=True, help="How far to go on.")
def main(run: Path, out: Path, generations: int) -> None:
    """Go on from RUN by each rule."""
    source = RunDirectory(run)
    checkpoint = newest_checkpoint(source)
    last = checkpoint.generation + generations
    changed = [f"training.generations={last}", f"training.validation.every={generations // 3}"]
    experiment = load_experiment(source.config, changed).experiment
    spec = create_network(experiment.network)
    strategy = create(experiment.strategy, spec.layout, experiment.seed)
    if not isinstance(strategy, SepCMAES):
        raise click.UsageError(f"{run} is not a run of the canonical sep-cma-es")
    arrays = {name: value for name, value in checkpoint.arrays.items() if name != "best_genome"}
    state = strategy.from_arrays(arrays)
    with open_evaluator(experiment.pool, experiment.network, spec) as evaluator:
        for name, rule in RULES.items():
            copy = RunDirectory.create(out / name)
            with copy.lock():
                copy.write_config(experiment)
                record = manifest.begin(experiment)
                manifest.save(copy.manifest, record)
                begun = Progress(rule(strategy, state, experiment.strategy.sigma))
                print(name, flush=True)
                search = Evolution(experiment, strategy, evaluator)
                training = Training(experiment, spec, copy, search, evaluator)
                done = training.evolve(begun, lambda: False, _report)
                totals = {"generations": generations, "env_steps": done.totals.env_steps}
                manifest.save(copy.manifest, manifest.end(record, "done", totals))


def _report(progress: Progress, row: dict[str, Any]) -> None:
    if "score" in row:
        print(progress.generation, *(f"{mean:.3f}" for mean in row["rollout_mean"]), flush=True)


if __name__ == "__main__":
    main()
