"""A training on its way to a cluster: checked here, packed, and the command that runs it there."""

import os
import shlex
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

import evo_plastic
from evo_plastic.cli import session
from evo_plastic.config import Experiment
from evo_plastic.errors import InputError
from evo_plastic.parsing import dump_experiment, load_experiment
from evo_plastic.records.directory import check_name
from evo_plastic.records.genomes import GenomeFile, save_genome
from workers.job_server import JobServer

PACKAGES = ("evo_plastic", "rules", "workers")
CONFIG = "config.yaml"
START = "start.npz"
POOL = ("pool.backend=ray", "pool.address=auto")
"""A job joins the cluster that it runs on."""

GRACE_SECONDS = 300
"""How long a job that is asked to stop may take for its generation and its checkpoint."""

_home = Path(evo_plastic.__file__).parent.parent


@dataclass(frozen=True)
class Training:
    """What the cluster is to train.

    experiment: None for a run that goes on with the configuration it was begun with.
    overrides: what such a run changes of it.
    insecure: on a cluster that demands no token, too.
    """

    run: PurePosixPath
    resume: bool
    experiment: Experiment | None = None
    start: GenomeFile | None = None
    overrides: tuple[str, ...] = ()
    insecure: bool = False

    @property
    def command(self) -> str:
        """For a shell in the folder that ``pack`` wrote."""
        words = ["exec", "python", "-m", "evo_plastic", "train"]
        words += [] if self.experiment is None else [CONFIG]
        words += ["--run", str(self.run)] + ["--resume"] * self.resume
        words += ["--insecure"] * self.insecure
        for override in self.overrides:
            words += ["--set", override]
        return shlex.join(words)


def plan(
    config: Path | None, overrides: Sequence[str], run: str, resume: bool, insecure: bool = False
) -> Training:
    """Check all that can be checked without the cluster; ``InputError`` as from ``train``."""
    place = _run_directory(run)
    for override in overrides:
        if _key(override) in ("pool.backend", "pool.address"):
            raise InputError(f"--set {override}: a job has {' and '.join(POOL)}")
    overrides = (*overrides, *POOL)
    if config is None:
        _check_changes(overrides)
        return Training(place, resume, overrides=overrides, insecure=insecure)
    planned = session.plan_new(config, overrides, Path(place))
    experiment = planned.experiment
    if planned.start is not None:
        experiment = experiment.model_copy(update={"start": START})
    return Training(place, resume, experiment, planned.start, insecure=insecure)


def _key(override: str) -> str:
    return override.partition("=")[0].strip()


def _check_changes(overrides: Sequence[str]) -> None:
    """Of a configuration that lies on the cluster: what may be set anew hangs on nothing else."""
    load_experiment(Path(os.devnull), overrides)
    for override in overrides:
        if not _key(override).startswith(session.FREE_TO_CHANGE):
            raise InputError(
                f"--set {override}: a resumed run may change only "
                f"{', '.join(session.FREE_TO_CHANGE)}"
            )


def _run_directory(run: str) -> PurePosixPath:
    """Of a file system of the cluster; below a job's own folder it would go when the job does."""
    place = PurePosixPath(run)
    if not place.is_absolute() or ".." in place.parts:
        raise InputError(f"--run {run}: expected an absolute path on the cluster's storage")
    check_name(place.name)
    return place


def send(training: Training, server: JobServer, installed: bool) -> str:
    """The name of the job, which the server now has."""
    run = str(training.run)
    name = f"{training.run.name}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    environment = {"RAY_JOB_STOP_WAIT_TIME_S": str(GRACE_SECONDS)}
    with TemporaryDirectory() as folder:
        pack(training, Path(folder), installed)
        server.submit(name, training.command, Path(folder), environment, {"run": run})
    return name


def pack(training: Training, folder: Path, installed: bool) -> None:
    """Write into the empty ``folder`` what the job needs, unless ``installed`` our sources too."""
    if not installed:
        for package in PACKAGES:
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(_home / package, folder / package, ignore=ignored)
    if training.experiment is not None:
        (folder / CONFIG).write_text(dump_experiment(training.experiment))
    if training.start is not None:
        start = training.start
        about = start.network, start.facts, start.ties
        save_genome(folder / START, start.layout, start.genome, *about)
