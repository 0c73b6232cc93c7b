"""``evo-plastic reproduce``: Table 1 and Figs. 2 and 3 of Wang et al. 2022, from runs."""

from pathlib import Path

import click

from evo_plastic.cli.options import lifetimes_option, workers_option


@click.command()
@click.argument("folders", nargs=-1, required=True, metavar="RUN_OR_FOLDER...",
                type=click.Path(path_type=Path))  # fmt: skip
@click.option("--transfers", required=True, type=click.Path(path_type=Path), metavar="FILE.yaml",
              help="Which task sets a genome meets, by the task it was trained on.")  # fmt: skip
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="DIR",
              help="Where table1.md, table1.csv and the figures go.")  # fmt: skip
@lifetimes_option
@workers_option
def command(
    folders: tuple[Path, ...],
    transfers: Path,
    out: Path,
    lifetimes: int | None,
    workers: int | None,
) -> None:
    """Evaluate runs, or all runs in a folder, on the mazes of their training and on others.

    The paper's numbers stand beside ours where they are known.
    """
    from evo_plastic.cli.reproducing import reproduce

    reproduce(folders, transfers, out, lifetimes, workers)
