"""``evo-plastic evaluate``: saved genomes on any task sets, beside oracle and random policy."""

from pathlib import Path

import click


@click.command()
@click.argument("genomes", nargs=-1, required=True, metavar="GENOME_OR_RUN...")
@click.option("--tasks", multiple=True, required=True, metavar="NAME_OR_FILE",
              help="Task set, e.g. maze9 (its test split), maze15/validate, or an .npz file; "
              "may be repeated.")  # fmt: skip
@click.option("--lifetimes", type=click.IntRange(min=1), metavar="N",
              help="Use the first N mazes of each set.  [default: all]")  # fmt: skip
@click.option("--repeats", type=click.IntRange(min=1), default=1, show_default=True,
              help="Lifetimes per maze.")  # fmt: skip
@click.option("--rollouts", type=click.IntRange(1, 64), metavar="N",
              help="Rollouts per lifetime.  [default: as trained]")  # fmt: skip
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True,
              help="Of the action noise.")  # fmt: skip
@click.option("--backend", type=click.Choice(["local", "ray"]), default="local",
              show_default=True, help="Threads of this process, or an embedded Ray.")  # fmt: skip
@click.option("--workers", type=click.IntRange(min=1), help="[default: one per CPU]")
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
    score_tables.print_scores(results)
    score_tables.write_scores(results, settings.files, seed, repeats)
