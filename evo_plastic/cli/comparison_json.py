"""The document of ``compare``: all it found, for programs. Null is what is not finite."""

import json
import math
from pathlib import Path
from typing import Any

from evo_plastic.analysis.costs import COSTS, EQUAL, shortest
from evo_plastic.analysis.differences import LEVEL, RESAMPLES
from evo_plastic.analysis.groups import Group, Run
from evo_plastic.analysis.measures import Measure
from evo_plastic.analysis.statistics import LEAST_RUNS
from evo_plastic.cli.comparison_tables import Comparison
from evo_plastic.cli.tables import write_text
from evo_plastic.records import provenance

SCHEMA = "evo_plastic/compare/1"


def write_document(comparison: Comparison, path: Path) -> None:
    write_text(path, json.dumps(_finite(document(comparison)), indent=2, allow_nan=False) + "\n")


def document(comparison: Comparison) -> dict[str, Any]:
    curves = [run.curve for *_, run in comparison.each_run()]
    return {
        "schema": SCHEMA,
        "provenance": provenance.collect().model_dump(mode="json"),
        "task": curves[0].task,
        "rollouts": curves[0].rollouts,
        "validation_mazes": curves[0].lifetimes,
        "levels": comparison.levels._asdict(),
        "equal_cost": {cost.key: shortest(curves, cost) for cost in EQUAL},
        "bootstrap": {"level": LEVEL, "resamples": RESAMPLES, "least_runs": LEAST_RUNS},
        "text": comparison.text,
        "measures": {
            one.key: {"title": one.title, "less_is_better": one.falls}
            for one in comparison.measures
        },
        "groups": [
            _group(group, place, comparison.measures)
            for place, group in enumerate(comparison.groups)
        ],
        "pairs": _pairs(comparison),
        "runs": [
            _run(run, group.label, {one.key: one.values[i][k] for one in comparison.measures})
            for i, k, group, run in comparison.each_run()
        ],
        "scores": [
            scored.to_json()
            for one in comparison.sets
            for scored in (*(s for group in one.scores for s in group), one.oracle, one.random)
        ],
    }


def _group(group: Group, place: int, measures: list[Measure]) -> dict[str, Any]:
    configuration = group.runs[0].experiment.model_dump(mode="json")
    del configuration["seed"]
    estimates = {one.key: one.estimates[place] for one in measures}
    return {
        "label": group.label,
        "runs": [run.name for run in group.runs],
        "configuration": configuration,
        "estimates": {
            key: {
                "iqm": found.iqm,
                "interval": _interval(found.low, found.high),
                "range": [found.least, found.greatest],
            }
            for key, found in estimates.items()
        },
    }


def _pairs(comparison: Comparison) -> list[dict[str, Any]]:
    found, labels = [], [group.label for group in comparison.groups]
    for i, j in comparison.measures[0].improvements:
        chances = {one.key: one.improvements[i, j] for one in comparison.measures}
        improvements = {
            key: {"probability": one.probability, "interval": _interval(one.low, one.high)}
            for key, one in chances.items()
        }
        found.append({"first": labels[i], "second": labels[j], "improvements": improvements})
    return found


def _interval(low: float | None, high: float | None) -> list[float | None] | None:
    return None if low is None else [low, high]


def _run(run: Run, label: str, values: dict[str, Any]) -> dict[str, Any]:
    curve = run.curve
    return {
        "run": run.name,
        "path": str(run.path),
        "group": label,
        "seed": curve.seed,
        "network": curve.network,
        "n_gene": curve.genes,
        "n_mem": curve.memories,
        "curve": {
            **{cost.key: cost.of(curve).tolist() for cost in COSTS},
            "rollout_mean": curve.mean.tolist(),
            "rollout_se": curve.error.tolist(),
        },
        "values": {key: value.tolist() for key, value in values.items()},
    }


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(part) for key, part in value.items()}
    return [_finite(part) for part in value] if isinstance(value, list) else value
