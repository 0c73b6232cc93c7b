"""``evo-plastic inspect``: what moves inside a network during one lifetime."""

from pathlib import Path

import click

from evo_plastic.cli.options import seed_option


@click.command()
@click.argument("genome", metavar="GENOME_OR_RUN")
@click.option("--tasks", required=True, metavar="NAME_OR_FILE",
              help="Task set, e.g. maze9 (its test split), maze15/validate, or an .npz file.",
              )  # fmt: skip
@click.option("--maze", type=click.IntRange(min=0), default=0, show_default=True,
              help="Number of the maze in the set, from 0 on.")  # fmt: skip
@click.option("--rollouts", type=click.IntRange(1, 64), metavar="N",
              help="Rollouts of the lifetime.  [default: as trained]")  # fmt: skip
@seed_option
@click.option("--format", "suffix", type=click.Choice(["png", "pdf", "svg"]), default="png",
              show_default=True, help="Of the figures.")  # fmt: skip
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="DIR",
              help="Where the figures and trace.npz go.")  # fmt: skip
def command(
    genome: str,
    tasks: str,
    maze: int,
    rollouts: int | None,
    seed: int,
    suffix: str,
    out: Path,
) -> None:
    """Follow plastic weights and activity through the lifetime that `evaluate` lives in a maze.

    Embeds them by PCA and t-SNE, measures how they move (path, net distance, and straightness,
    their ratio), and draws both, and the modulation m if there is any. GENOME_OR_RUN is as in
    `evaluate`.
    """
    from evo_plastic.cli import inspecting

    settings = inspecting.Settings(maze, rollouts, seed, suffix, out)
    inspecting.inspect_lifetime(genome, tasks, settings)
