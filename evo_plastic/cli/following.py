"""Jobs of a cluster as a user sees them: a table, a log that goes on, an exit code."""

import shlex
import signal
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from evo_plastic.cli.output import print_table, printable
from evo_plastic.cli.train import StopSignals
from evo_plastic.errors import ClusterLost, Interrupted
from workers.job_server import Job, JobServer

INTERRUPTED = 128
"""Plus the signal's number: the exit code of what a signal ended."""


def follow(server: JobServer, name: str) -> int:
    """Show the log of a job until it ends; the exit code that says how."""
    with StopSignals() as signals:
        job = server.follow(name, _show, lambda: signals.received is not None)
    if job is None:
        raise Interrupted(
            signals.received or signal.SIGINT,
            f"{name} runs on. Follow it again: evo-plastic jobs follow {name}; "
            f"stop it: evo-plastic jobs stop {name}",
        )
    code = exit_code(job)
    if code != 0:
        _note(f"{name} {_ending(job, code)}")
    return code


def exit_code(job: Job) -> int:
    """Of a job that has ended. ``ClusterLost`` if its program never ran to its end."""
    if job.status == "SUCCEEDED":
        return 0
    if job.status == "STOPPED":
        return INTERRUPTED + signal.SIGTERM
    if job.code is None:
        raise ClusterLost(f"{job.name} was lost: {job.message.strip().partition(chr(10))[0]}")
    return job.code if job.code >= 0 else INTERRUPTED - job.code


def _ending(job: Job, code: int) -> str:
    how = "was stopped" if job.status == "STOPPED" else f"failed with exit code {code}"
    run = job.facts.get("run")
    if code <= INTERRUPTED or run is None:
        return how
    return f"{how}. Resume: evo-plastic submit --run {shlex.quote(run)} --resume"


def print_jobs(jobs: Sequence[Job]) -> None:
    rows = [
        [
            printable(job.name),
            job.status.lower(),
            f"{datetime.fromtimestamp(job.started, UTC):%Y-%m-%d %H:%M} UTC",
            printable(job.facts.get("run", "")),
        ]
        for job in jobs
    ]
    print_table(["job", "status", "started", "run"], rows)


def stop(server: JobServer, name: str) -> None:
    before = server.stop(name)
    if before.ended:
        _note(f"{name} had ended: {before.status.lower()}")
    else:
        _note(f"{name} was asked to stop; evo-plastic jobs follow {name} shows how it ends")


def _show(text: str) -> None:
    print(printable(text), end="", flush=True)


def _note(text: str) -> None:
    print(printable(text), file=sys.stderr)
