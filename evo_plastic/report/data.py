"""What is on the page: the run as its directory tells it, its scores, lifetimes to replay."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evo_plastic.analysis.comparison import Scored, validation_anchors
from evo_plastic.analysis.learning import LearningCurve, curve_of
from evo_plastic.config import Experiment
from evo_plastic.networks.spec import NetworkSpec
from evo_plastic.parsing import load_experiment
from evo_plastic.records import manifest, metrics
from evo_plastic.records.directory import RunDirectory
from evo_plastic.records.manifest import Manifest
from evo_plastic.records.metrics import Row
from evo_plastic.report.lifetimes import Lifetime
from evo_plastic.report.markup import plain
from evo_plastic.tasks import maze
from evo_plastic.tasks.fitness import DIVERGED, FAILED, REACHED

OUTCOMES = {REACHED: "reached", FAILED: "failed", DIVERGED: "diverged"}


@dataclass(frozen=True)
class RunFacts:
    """What a run directory tells without living anything."""

    name: str
    experiment: Experiment
    configuration: str
    """Its file, word for word: defaults may have changed since it was resolved."""
    manifest: Manifest
    curve: LearningCurve
    metrics: list[Row]
    oracle: float
    """Reward of a rollout by the shortest path, on the validation mazes."""
    random: float
    """Likewise by the random policy."""


@dataclass(frozen=True)
class TaskResults:
    """What the genome, the oracle and the random policy are worth on one task set."""

    name: str
    size: int
    """Cells a side of its mazes."""
    scores: tuple[Scored, ...]
    lifetimes: tuple[Lifetime, ...]
    """From short to long mazes."""


@dataclass(frozen=True)
class Report:
    run: RunFacts
    spec: NetworkSpec
    generation: int | None
    """Of the genome; None if its file does not say."""
    results: tuple[TaskResults, ...]

    @property
    def first_shown(self) -> int:
        """The lifetime of the first task set that the page opens with: one of middling length."""
        return len(self.results[0].lifetimes) // 2


def read_run(path: Path) -> RunFacts:
    """Of the run directory at ``path``; ``InputError`` if it is none or has no validation."""
    run = RunDirectory.open(path)
    experiment = load_experiment(run.config, ()).experiment
    oracle, random = validation_anchors(experiment.task.name)
    return RunFacts(
        name=path.resolve().name,
        experiment=experiment,
        configuration=run.config.read_text("utf-8-sig"),
        manifest=manifest.load(run.manifest),
        curve=curve_of(run, experiment),
        metrics=metrics.read(run.metrics),
        oracle=oracle,
        random=random,
    )


def document(report: Report) -> dict[str, Any]:
    """What the viewer is given, as JSON's own types."""
    spec = report.spec
    return {
        "moves": maze.MOVES,
        "cells": {"wall": maze.WALL, "free": maze.FREE, "goal": maze.GOAL},
        "reward": {"step": maze.STEP_REWARD, "goal": maze.GOAL_REWARD},
        "connections": [{"name": c.name, "letter": c.letter} for c in spec.plastic],
        "modulated": spec.modulation != "none",
        "first": report.first_shown,
        "sets": [
            {
                "name": plain(result.name),
                "size": result.size,
                "lifetimes": [_lifetime(one) for one in result.lifetimes],
            }
            for result in report.results
        ],
    }


def _lifetime(life: Lifetime) -> dict[str, Any]:
    return {
        "maze": life.maze,
        "shortest": life.shortest,
        "walls": "".join(map(str, life.walls.ravel().tolist())),
        "start": life.start,
        "goal": life.goal,
        "rollouts": [
            {"actions": actions, "outcome": OUTCOMES[outcome]}
            for actions, outcome in zip(life.actions, life.outcomes, strict=True)
        ],
        "decides": life.decides,
        "modulation": life.modulation,
        "movement": life.movement,
    }
