"""``evo-plastic jobs``: what runs on a Ray cluster, and how to follow or stop it."""

import click

from evo_plastic.cli.options import address_option, insecure_option

job_argument = click.argument("job")


@click.group()
def command() -> None:
    """List, follow and stop the jobs of a Ray cluster."""


@command.command(name="list")
@address_option
@insecure_option
def list_jobs(address: str, insecure: bool) -> None:
    """Print every job that the cluster remembers, the latest first."""
    from evo_plastic.cli import following
    from workers.job_server import JobServer

    following.print_jobs(JobServer(address, insecure).jobs())


@command.command()
@job_argument
@address_option
@insecure_option
def status(job: str, address: str, insecure: bool) -> None:
    """Print PENDING, RUNNING, STOPPED, SUCCEEDED or FAILED."""
    from workers.job_server import JobServer

    click.echo(JobServer(address, insecure).find(job).status)


@command.command()
@job_argument
@address_option
@insecure_option
def follow(job: str, address: str, insecure: bool) -> int:
    """Show the log of JOB from its beginning until it ends, and exit with its code.

    Ctrl-C or SIGTERM leaves the job running.
    """
    from evo_plastic.cli import following
    from workers.job_server import JobServer

    return following.follow(JobServer(address, insecure), job)


@command.command()
@job_argument
@address_option
@insecure_option
def stop(job: str, address: str, insecure: bool) -> None:
    """Ask JOB to end after its present generation, with its state saved."""
    from evo_plastic.cli import following
    from workers.job_server import JobServer

    following.stop(JobServer(address, insecure), job)
