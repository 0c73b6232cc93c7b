"""The ``evo-plastic`` command: subcommands imported when used, errors to exit codes.

Nothing heavy may be imported here: ``--help`` and ``--version`` answer at once.
"""

import errno
import importlib
import os
import sys
from collections.abc import Sequence

import click

from evo_plastic import __version__
from evo_plastic.cli.output import printable
from evo_plastic.errors import ClusterLost, InputError, Interrupted, TrainingFailed

COMMANDS = {
    "train": "Train a network as a configuration file says, or resume a run.",
    "submit": "Train on a Ray cluster that runs, as a job there.",
    "jobs": "List, follow and stop the jobs of a Ray cluster.",
    "evaluate": "Measure trained genomes on task sets, against oracle and random.",
    "inspect": "Look inside one lifetime: memories, activity, modulation.",
    "compare": "Compare ways to train, several runs each, with intervals.",
    "reproduce": "Table 1, Figs. 2 and 3 of Wang 2022 from a folder of runs.",
    "report": "Write a run as one HTML page, with lifetimes to replay.",
    "merge": "Evolving & Merging: cluster the rules of an evolved PRNN.",
    "networks": "List the networks with their numbers of genes and memories.",
    "tasks": "List, sample and show task distributions and task sets.",
    "config": "Check a configuration, show it resolved, print its JSON Schema.",
}
"""Each is ``command`` in the module of its name in this package."""


_OF_USERS = (errno.ENAMETOOLONG, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
"""Errors of a name alone, even of asking whether there is such a file, and of a full disk."""


class LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"{__name__}.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of subcommands from the table, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="evo-plastic")
def group() -> None:
    """Evolution strategies that train plastic recurrent networks."""


def run(arguments: Sequence[str], command: click.Command = group) -> int:
    """Run one command line and return its exit code; unknown exceptions pass through."""
    try:
        result = command.main(arguments, prog_name="evo-plastic", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as exc:
        exc.show()
        return exc.exit_code
    except (click.Abort, KeyboardInterrupt):
        return 130
    except BrokenPipeError:
        _drop_output()  # the reader went away, as `head` does
        return 1
    except Interrupted as exc:
        click.echo(printable(str(exc)), err=True)
        return exc.exit_code
    except (InputError, TrainingFailed, ClusterLost) as exc:
        prefix = "" if "\n" in str(exc) else "error: "
        click.echo(prefix + printable(str(exc)), err=True)
        return exc.exit_code
    except OSError as exc:
        if exc.errno not in _OF_USERS:
            raise
        return _tell(exc)
    return result if isinstance(result, int) else 0


def _tell(error: OSError) -> int:
    """Of a file, or of what was printed."""
    if error.filename is None:
        _drop_output()
    where = printable(str(error.filename or "standard output"))
    click.echo(f"error: {where}: {error.strerror}", err=True)
    return InputError.exit_code


def _drop_output() -> None:
    """The interpreter must not flush again at exit what could not be written."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def main() -> None:
    sys.exit(run(sys.argv[1:]))
