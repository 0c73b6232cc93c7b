"""``evo-plastic report``: a run as one HTML page, with lifetimes to replay."""

from pathlib import Path

import click

from evo_plastic.cli.options import lifetimes_option, workers_option


@click.command()
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="FILE.html",
              help="Where the page goes; it needs no other file.")  # fmt: skip
@click.option("--tasks", multiple=True, metavar="NAME_OR_FILE",
              help="Task set, as for evaluate; may be repeated.  [default: test mazes of the "
              "run's task, then those it transfers to]")  # fmt: skip
@lifetimes_option
@click.option("--mazes", type=click.IntRange(min=1), default=8, show_default=True, metavar="N",
              help="Lifetimes of each set that can be replayed.")  # fmt: skip
@workers_option
def command(
    run: Path,
    out: Path,
    tasks: tuple[str, ...],
    lifetimes: int | None,
    mazes: int,
    workers: int | None,
) -> None:
    """Write how a run was configured, how it learned and what it is worth on one page.

    The page opens in a browser without a network, and replays some lifetimes step by step:
    what the network saw and did, its modulation, how far its memories moved.
    """
    from evo_plastic.cli.reporting import Settings, write_report
    from evo_plastic.config import PoolConfig

    pool = PoolConfig(backend="local", workers=workers)
    write_report(run, out, Settings(tasks, lifetimes, mazes, pool))
