"""``evo-plastic compare``: ways to train set side by side, from several runs of each."""

import math
from pathlib import Path

import click

from evo_plastic.cli.options import lifetimes_option, workers_option
from evo_plastic.errors import InputError


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN...",
                type=click.Path(path_type=Path))  # fmt: skip
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="DIR",
              help="Where tables, figures and comparison.json go.")  # fmt: skip
@click.option("--tasks", multiple=True, metavar="NAME_OR_FILE",
              help="Task set for the genomes, as for evaluate; may be repeated.  [default: test "
              "mazes of the runs' task, then those it transfers to]")  # fmt: skip
@lifetimes_option
@click.option("--no-evaluate", is_flag=True, help="Compare validations alone, no task sets.")
@click.option("--threshold", type=float, metavar="REWARD",
              help="Validation reward whose cost is compared.  [default: half-way between random "
              "policy and oracle]")  # fmt: skip
@workers_option
def command(
    runs: tuple[Path, ...],
    out: Path,
    tasks: tuple[str, ...],
    lifetimes: int | None,
    no_evaluate: bool,
    threshold: float | None,
    workers: int | None,
) -> None:
    """Compare groups of runs: those of one configuration, which differ in their seed alone.

    Reward of the last rollout in validation against environment steps, wall clock, CPU time,
    generations and estimated operations, and of the genomes on task sets: interquartile means
    with bootstrap intervals over runs, probabilities of improvement. Groups of fewer than five
    runs are described only. All runs must have been validated on the same mazes, with as many
    rollouts.
    """
    from evo_plastic.cli.comparing import Settings, compare_runs
    from evo_plastic.config import PoolConfig

    if no_evaluate and (tasks or lifetimes):
        raise InputError("--no-evaluate: expected neither --tasks nor --lifetimes with it")
    if threshold is not None and not math.isfinite(threshold):
        raise InputError(f"--threshold {threshold}: expected a finite reward")
    pool = PoolConfig(backend="local", workers=workers)
    compare_runs(runs, out, Settings(tasks, lifetimes, not no_evaluate, threshold, pool))
