"""``evo-plastic evaluate``: saved genomes on any task sets, beside oracle and random policy."""

from pathlib import Path

import click

from evo_plastic.cli.options import lifetimes_option, seed_option, workers_option


@click.command()
@click.argument("genomes", nargs=-1, required=True, metavar="GENOME_OR_RUN...")
@click.option("--tasks", multiple=True, required=True, metavar="NAME_OR_FILE",
              help="Task set, e.g. maze9 (its test split), maze15/validate, or an .npz file; "
              "may be repeated.")  # fmt: skip
@lifetimes_option
@click.option("--repeats", type=click.IntRange(min=1), default=1, show_default=True,
              help="Lifetimes per maze.")  # fmt: skip
@click.option("--rollouts", type=click.IntRange(1, 64), metavar="N",
              help="Rollouts per lifetime.  [default: as trained]")  # fmt: skip
@seed_option
@click.option("--backend", type=click.Choice(["local", "ray"]), default="local",
              show_default=True, help="Threads of this process, or an embedded Ray.")  # fmt: skip
@workers_option
@click.option("--json", type=click.Path(path_type=Path), metavar="FILE",
              help="Also write the numbers to FILE.")  # fmt: skip
@click.option("--csv", type=click.Path(path_type=Path), metavar="FILE",
              help="Likewise, one row per tasks, policy and rollout.")  # fmt: skip
@click.option("--markdown", type=click.Path(path_type=Path), metavar="FILE",
              help="Likewise, the tables as they are printed.")  # fmt: skip
@click.option("--figures", type=click.Path(path_type=Path), metavar="DIR",
              help="Also draw rewards per rollout and some lifetimes of each genome.")  # fmt: skip
def command(
    genomes: tuple[str, ...],
    tasks: tuple[str, ...],
    lifetimes: int | None,
    repeats: int,
    rollouts: int | None,
    seed: int,
    backend: str,
    workers: int | None,
    figures: Path | None,
    **files: Path | None,
) -> None:
    """Let genomes live in mazes: reward of every rollout, goals, steps, how they explore.

    A genome is a run directory (its best validated genome), a genome file, or
    FILE.npz:NAME, one vector of a file of published genomes. Mean ± standard error over mazes.
    """
    from evo_plastic.cli import score_tables, scoring
    from evo_plastic.config import PoolConfig

    settings = scoring.Settings(
        lifetimes=lifetimes,
        repeats=repeats,
        rollouts=rollouts,
        seed=seed,
        pool=PoolConfig.model_validate({"backend": backend, "workers": workers}),
        figures=figures,
        files={option: path for option, path in files.items() if path is not None},
    )
    results = scoring.score_all(genomes, tasks, settings)
    apart = score_tables.compare(results)
    score_tables.print_scores(results, apart)
    score_tables.write_scores(results, apart, settings.files, seed, repeats)
