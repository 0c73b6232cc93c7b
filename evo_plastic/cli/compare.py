"""``evo-plastic compare``: how training runs learned, side by side."""

from pathlib import Path

import click


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN...",
                type=click.Path(path_type=Path))  # fmt: skip
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="DIR",
              help="Where runs.csv, runs.md and learning.png go.")  # fmt: skip
def command(runs: tuple[Path, ...], out: Path) -> None:
    """Validation reward of the last rollout against generations and wall clock.

    All runs must have been validated on the same mazes, with as many rollouts.
    """
    from evo_plastic.cli.comparing import compare_runs

    compare_runs(runs, out)
