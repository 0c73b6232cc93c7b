"""One session of training: the run's directory, its lock and manifest, the pool, the driver."""

import shlex
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from evo_plastic import networks
from evo_plastic.analysis.comparison import validation_anchors
from evo_plastic.analysis.curves import training_curve
from evo_plastic.cli.output import Reporter, make_reporter
from evo_plastic.cli.searches import check_search, make_search
from evo_plastic.config import Experiment
from evo_plastic.driver import Progress, Row, Training
from evo_plastic.errors import Abandoned, InputError, Interrupted
from evo_plastic.networks.spec import NetworkSpec
from evo_plastic.networks.ties import UNTIED
from evo_plastic.parsing import load_experiment
from evo_plastic.records import manifest, metrics
from evo_plastic.records.directory import RunDirectory, default_run_name
from evo_plastic.records.genome_sources import open_genome
from evo_plastic.records.genomes import GenomeFile, check_genome, load_genome, save_genome
from evo_plastic.records.manifest import Ending, Manifest
from evo_plastic.tasks.maze import INTERFACE
from workers.evaluator import open_evaluator

FREE_TO_CHANGE = ("training.generations", "training.budget_seconds", "pool")
"""What a resumed run may set anew: how long it goes on, and who computes it."""


class StopRequest(Protocol):
    @property
    def received(self) -> int | None:
        """Number of the signal that asks to stop, or None."""


@dataclass(frozen=True)
class Plan:
    """start: the genome that the search begins at, if the experiment names one."""

    experiment: Experiment
    path: Path
    resume: bool
    spec: NetworkSpec
    start: GenomeFile | None


def plan_new(config: Path, overrides: Sequence[str], path: Path | None) -> Plan:
    experiment = load_experiment(config, overrides).experiment
    name = default_run_name(config.stem, experiment.seed, datetime.now(UTC))
    start = None if experiment.start is None else open_genome(experiment.start)
    spec = _network(experiment, start, Path(experiment.start or ""))
    check_search(experiment, spec)
    return Plan(experiment, path or Path("runs") / name, False, spec, start)


def plan_resumed(config: Path | None, overrides: Sequence[str], path: Path | None) -> Plan:
    """``InputError`` when what decides the run's numbers is not what it was begun with."""
    if path is None:
        raise InputError("--resume needs --run DIR, the run to go on with")
    run = RunDirectory.open(path)
    begun_with = load_experiment(run.config, ()).experiment
    experiment = load_experiment(config or run.config, overrides).experiment
    changed = _differing_keys(begun_with.model_dump(), experiment.model_dump(), "")
    refused = [key for key in changed if not key.startswith(FREE_TO_CHANGE)]
    if refused:
        raise InputError(
            f"{path} was begun with other values of {', '.join(refused)}: a resumed run may "
            f"change only {', '.join(FREE_TO_CHANGE)}"
        )
    start = None if experiment.start is None else load_genome(run.start)
    spec = _network(experiment, start, run.start)
    check_search(experiment, spec)
    return Plan(experiment, path, True, spec, start)


def _network(experiment: Experiment, start: GenomeFile | None, path: Path) -> NetworkSpec:
    """``InputError`` if the genome at ``path`` is one of another network."""
    ties = UNTIED if start is None else start.ties
    spec = networks.create(experiment.network, INTERFACE, ties)
    if start is not None:
        check_genome(start, spec, path)
    return spec


def train(plan: Plan, stop: StopRequest, insecure: bool = False) -> None:
    """Train until the end, a stop request or an error; the manifest says which.

    insecure: on a cluster that demands no token, too.
    """
    run = RunDirectory(plan.path) if plan.resume else RunDirectory.create(plan.path)
    experiment, reporter = plan.experiment, make_reporter()
    spec, start = plan.spec, plan.start
    with run.lock(), closing(reporter), _abandoned_as_interrupted(run, stop):
        if start is not None and not plan.resume:
            # The run keeps a copy, so that it stays complete.
            about = start.network, start.facts, start.ties
            save_genome(run.start, start.layout, start.genome, *about)
        reporter.start(f"{run.path}: {spec.title}, {spec.n_gene} genes; starting workers")
        where = experiment.pool, experiment.network, spec
        with open_evaluator(*where, lambda: stop.received is not None, insecure) as evaluator:
            first = None if start is None else start.genome
            search = make_search(experiment, spec, evaluator)
            training = Training(experiment, spec, run, search, evaluator, first)
            progress = training.resume() if plan.resume else training.start()
            if plan.resume:
                reporter.note(f"going on after generation {progress.generation}")
            record = _open_records(plan, run)
            progress, ending = _evolve(training, progress, record, run, reporter, stop)
            # Before the workers end: it takes a minute if their cluster is being ended, too.
            manifest.save(run.manifest, manifest.end(record, ending, _totals(progress)))
        _draw_curve(run, experiment)
    _conclude(run, progress, ending, stop)


@contextmanager
def _abandoned_as_interrupted(run: RunDirectory, stop: StopRequest) -> Iterator[None]:
    """A stop while no worker is there yet."""
    try:
        yield
    except Abandoned:
        assert stop.received is not None
        raise Interrupted(
            stop.received, f"{run.path}: interrupted while workers were starting"
        ) from None


def _open_records(plan: Plan, run: RunDirectory) -> Manifest:
    """Say that the run goes on; only now, when its state is known to be good."""
    if plan.resume:
        record = manifest.resume(manifest.load(run.manifest), plan.experiment)
    else:
        record = manifest.begin(plan.experiment)
    run.write_config(plan.experiment)
    manifest.save(run.manifest, record)
    return record


def _evolve(
    training: Training,
    progress: Progress,
    record: Manifest,
    run: RunDirectory,
    reporter: Reporter,
    stop: StopRequest,
) -> tuple[Progress, Ending]:
    latest = progress

    def report(progress: Progress, row: Row) -> None:
        nonlocal latest
        latest = progress
        _report(reporter, row)

    try:
        progress = training.evolve(progress, lambda: stop.received is not None, report)
    except Abandoned:
        return latest, "interrupted"
    except BaseException as error:
        ending: Ending = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
        with suppress(InputError):  # on a full disk, and then the first error says it
            manifest.save(run.manifest, manifest.end(record, ending, _totals(latest)))
        raise
    return progress, "done" if training.finished(progress) else "interrupted"


def _report(reporter: Reporter, row: Row) -> None:
    if "score" in row:
        rollouts = "  ".join(f"{mean:.3f}" for mean in row["rollout_mean"])
        where = f"generation {row['generation']}"
        reporter.note(f"{where}: validation {row['score']:.4f}, rollouts {rollouts}")
    else:
        shown = ("generation", "fitness_mean", "fitness_best", "env_steps")
        reporter.progress({key: row[key] for key in shown})


def _totals(progress: Progress) -> dict[str, int | float]:
    totals: dict[str, int | float] = {"generations": progress.generation}
    totals |= asdict(progress.totals)
    return totals


def _draw_curve(run: RunDirectory, experiment: Experiment) -> None:
    rows = metrics.read(run.metrics)
    if not rows:
        return
    validations = metrics.read(run.validations)
    training_curve(
        run.path / "training.png", rows, validations, *validation_anchors(experiment.task.name)
    )


def _conclude(run: RunDirectory, progress: Progress, ending: Ending, stop: StopRequest) -> None:
    summary = f"{run.path}: {progress.generation} generations"
    if progress.best is not None:
        best = progress.best
        summary += f"; best validation {best.score:.4f} in generation {best.generation}"
    if ending == "interrupted" and stop.received is not None:
        resume = f"evo-plastic train --run {shlex.quote(str(run.path))} --resume"
        raise Interrupted(stop.received, f"{summary}; interrupted, state saved. Resume: {resume}")
    print(summary)


def _differing_keys(old: object, new: object, key: str) -> list[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        return [
            found
            for name in old
            for found in _differing_keys(old[name], new[name], f"{key}.{name}" if key else name)
        ]
    return [] if old == new else [key]
