"""``evo-plastic config``: check, show and describe configuration files."""

import json
from collections.abc import Mapping
from pathlib import Path

import click

from evo_plastic.cli.options import overrides_option
from evo_plastic.cli.output import printable

file_argument = click.argument("file", type=click.Path(path_type=Path))


@click.group()
def command() -> None:
    """Check a configuration, show it resolved, print its JSON Schema."""


@command.command()
@file_argument
@overrides_option
def check(file: Path, overrides: tuple[str, ...]) -> None:
    """Say ok, or list everything that is wrong (exit code 2)."""
    from evo_plastic.parsing import load_experiment

    load_experiment(file, overrides)
    click.echo(f"{printable(str(file))}: ok")


@command.command()
@file_argument
@overrides_option
@click.option("--origins", is_flag=True, help="Add where each value comes from.")
def show(file: Path, overrides: tuple[str, ...], origins: bool) -> None:
    """Print the complete configuration, defaults and overrides included."""
    from evo_plastic.parsing import dump_experiment, load_experiment

    loaded = load_experiment(file, overrides)
    text = dump_experiment(loaded.experiment)
    click.echo(annotate(text, loaded.origins) if origins else text, nl=False)


@command.command()
def schema() -> None:
    """Print the JSON Schema of configuration files, for editors."""
    from evo_plastic.parsing import json_schema

    click.echo(json.dumps(json_schema(), indent=2))


def annotate(text: str, origins: Mapping[str, str]) -> str:
    """Dumped YAML with the origin of each value as a comment behind its line."""
    from evo_plastic.parsing import rows_of_values

    lines = text.splitlines()
    width = max(len(line) for line in lines)
    for key, row in rows_of_values(text, origins).items():
        lines[row - 1] = f"{lines[row - 1]:<{width}}  # {printable(origins[key], keep='')}"
    return "\n".join(lines) + "\n"
