"""``evo-plastic tasks``: the named task sets, frozen samples of them, pictures of mazes."""

from pathlib import Path

import click

set_argument = click.argument("task_set", metavar="NAME_OR_FILE")


@click.group()
def command() -> None:
    """List task sets, freeze them to files, look at their mazes."""


@command.command("list")
def list_sets() -> None:
    """List all distributions with size, density and the sizes of their splits."""
    from evo_plastic import tasks
    from evo_plastic.cli.output import print_table

    print_table(
        ["task", "size", "density", "train", *tasks.SPLITS],
        [
            [d.name, f"{d.size}×{d.size}", f"{d.density:.2f}", "fresh", *tasks.SPLITS.values()]
            for d in tasks.DISTRIBUTIONS.values()
        ],
    )


@command.command()
@set_argument
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="FILE.npz")
def sample(task_set: str, out: Path) -> None:
    """Freeze a named task set, e.g. maze9/test, to a file and print its content hash."""
    from evo_plastic.errors import InputError
    from evo_plastic.tasks import load_set
    from evo_plastic.tasks.task_files import save

    if out.suffix != ".npz":
        raise InputError(f"--out {out}: expected a name that ends in .npz")
    mazes = load_set(task_set)
    save(mazes, out)
    click.echo(f"{out}: {len(mazes)} mazes, sha256 {mazes.content_hash}")


@command.command()
@set_argument
@click.option("--first", type=click.IntRange(min=0), default=0, show_default=True,
              help="Number of the first maze.")  # fmt: skip
@click.option("--count", type=click.IntRange(min=1), default=3, show_default=True)
def show(task_set: str, first: int, count: int) -> None:
    """Print mazes as text: # wall, S start, G goal."""
    from evo_plastic.errors import InputError
    from evo_plastic.tasks import load_set
    from evo_plastic.tasks.oracle import shortest_paths
    from evo_plastic.tasks.text import draw

    mazes = load_set(task_set)
    if first >= len(mazes):
        raise InputError(f"--first {first}: {task_set} has {len(mazes)} mazes, counted from 0")
    mazes = mazes.subset(slice(first, first + count))
    for i, length in enumerate(shortest_paths(mazes)):
        click.echo(f"{mazes.name} {first + i}: shortest path {length}")
        click.echo(draw(mazes, i))
