"""``evo-plastic submit``: the training of ``train``, as a job on a Ray cluster that runs."""

from pathlib import Path

import click

from evo_plastic.cli.options import address_option, insecure_option, overrides_option


@click.command()
@click.argument("config", required=False, type=click.Path(path_type=Path))
@overrides_option
@address_option
@click.option("--run", required=True, metavar="DIR",
              help="Run directory, an absolute path on the cluster's storage.")  # fmt: skip
@click.option("--resume", is_flag=True, help="Go on with the run in --run.")
@click.option("--installed", is_flag=True,
              help="Use the evo-plastic installed there instead of these sources.")  # fmt: skip
@click.option("--follow/--no-wait", default=True,
              help="Show the log until the job ends (default), or print its name.")  # fmt: skip
@insecure_option
def command(
    config: Path | None,
    overrides: tuple[str, ...],
    address: str,
    run: str,
    resume: bool,
    installed: bool,
    follow: bool,
    insecure: bool,
) -> int:
    """Train as CONFIG says on the cluster whose job server is at --address.

    Everything is checked before it is sent. With --resume, CONFIG may be left out. The exit code
    is that of the training; Ctrl-C or SIGTERM leaves the job running (`evo-plastic jobs` follows
    and stops it).
    """
    from evo_plastic.cli import following, submitting
    from workers.job_server import JobServer

    if config is None and not resume:
        raise click.UsageError("Missing argument 'CONFIG'.")
    training = submitting.plan(config, overrides, run, resume, insecure)
    server = JobServer(address, insecure)
    name = submitting.send(training, server, installed)
    if follow:
        return following.follow(server, name)
    click.echo(name)
    return 0
