"""Run directories as training leaves them, for tests of the command ``compare``."""

from pathlib import Path

from evo_plastic.config import Experiment
from evo_plastic.parsing import dump_experiment
from evo_plastic.records import manifest, metrics

GENERATIONS = (100, 200, 300)


def write_run(path: Path, last: tuple[float, ...] = (-0.5, 0.75, 0.25), **changes: object) -> Path:
    """A run whose third rollout validates as ``last``, one minute per 100 generations."""
    experiment = Experiment.model_validate(changes)
    path.mkdir(parents=True)
    (path / "config.yaml").write_text(dump_experiment(experiment))
    manifest.save(path / "manifest.json", manifest.begin(experiment))
    for generation, mean in zip(GENERATIONS, last, strict=False):
        row = {"generation": generation, "env_steps": 10**7 * generation}
        metrics.append(
            path / "eval.jsonl",
            row | {"rollout_mean": [-1.0, 0.0, mean], "rollout_se": [0.1, 0.1, 0.01]},
        )
    # Thinned out: the clock of generation 100 lies between those of 50 and 150.
    for generation in (50, 150, 200, 250, 300):
        seconds = {"core_seconds": 1.2 * generation, "wall_seconds": 0.6 * generation}
        metrics.append(path / "timings.jsonl", {"generation": generation} | seconds)
    return path
