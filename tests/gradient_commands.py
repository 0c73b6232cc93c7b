"""Small gradient trainings from the command line, for their tests."""

from pathlib import Path

from cli_runs import Ended, evo_plastic

CONFIG = """\
seed: 7
network: {{hidden_size: 16}}
task: {{rollouts: 1, weights: [1]}}
strategy: {strategy}
training:
  generations: 3
  validation: {{every: 2, lifetimes: 8}}
  checkpoint_every: 1
  checkpoints_kept: 1000
pool: {{backend: local, workers: 2}}
"""
STRATEGIES = {
    "a2c": "{name: a2c, lifetimes: 8}",
    "ppo": "{name: ppo, lifetimes: 8, epochs: 1}",
    "evolution": "{name: openai-es, population: 4, sigma: 1.0e-9, learning_rate: 1.0e-9}",
}
FEWEST = "training.generations=1", "training.validation.lifetimes=1"
FEWEST_TASKS = "training.repeats=1", "training.curriculum=[{start: 0, tasks: 1}]"


def settings(*changes: str) -> list[str]:
    return [word for change in changes for word in ("--set", change)]


def write_configs(folder: Path) -> dict[str, Path]:
    for name, strategy in STRATEGIES.items():
        (folder / f"{name}.yaml").write_text(CONFIG.format(strategy=strategy))
    return {name: folder / f"{name}.yaml" for name in STRATEGIES}


def train(config: Path, run: Path, *changes: str) -> Ended:
    return evo_plastic("train", config, "--run", run, *settings(*changes))
