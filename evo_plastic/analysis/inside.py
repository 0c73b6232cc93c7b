"""One lifetime from inside: its trace, embedded and measured, and the file that keeps it.

``numpy.load`` opens the file; T is the number of steps, all rollouts together:

    rollout, actions, rewards           (T,)
    position                            (T, 2), before the step
    inputs, outputs                     (T, inputs), (T, outputs)
    state/NAME                          (T, hidden), activity after the step
    modulation/CONNECTION               (T,)
    weights/CONNECTION                  (T, post, pre), left out if above 1 MiB together
    embedding/WHAT/FIELD                as in ``Embedding``; WHAT is weights or activity
    movement/WHAT/FIELD                 as in ``Movement``
    facts                               JSON: whose lifetime it is, in which maze

A network without plastic connections has neither modulation nor weights.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evo_plastic.analysis.embedding import Embedding, embed
from evo_plastic.analysis.movement import Movement, movement
from evo_plastic.analysis.trace import Trace
from evo_plastic.arrays import save_arrays

SCHEMA = "evo_plastic/trace/1"
WEIGHTS_LIMIT_BYTES = 2**20


@dataclass(frozen=True)
class Inside:
    """A lifetime; ``embeddings`` and ``movements`` are of its weights and its activity."""

    trace: Trace
    embeddings: dict[str, Embedding]
    movements: dict[str, Movement]


def look_inside(trace: Trace) -> Inside:
    """Embed and measure a lifetime; ``InputError`` if scikit-learn is not installed."""
    trajectories = {"weights": trace.memory(), "activity": trace.hidden()}
    moving = {name: points for name, points in trajectories.items() if points.shape[1]}
    return Inside(
        trace,
        {name: embed(points) for name, points in moving.items()},
        {name: movement(points, trace.ends) for name, points in moving.items()},
    )


def save_inside(path: Path, inside: Inside, facts: Mapping[str, Any]) -> None:
    """Write the file; ``OSError`` if it cannot be written."""
    trace = inside.trace
    names = ("rollout", "position", "inputs", "actions", "rewards", "outputs")
    arrays: dict[str, NDArray[Any]] = {name: getattr(trace, name) for name in names}
    groups: dict[str, Mapping[str, NDArray[Any]]] = {
        "state": trace.state,
        "modulation": trace.modulation,
    }
    if sum(W.nbytes for W in trace.weights.values()) <= WEIGHTS_LIMIT_BYTES:
        groups["weights"] = trace.weights
    groups |= {f"embedding/{name}": _arrays(one) for name, one in inside.embeddings.items()}
    groups |= {f"movement/{name}": _arrays(one) for name, one in inside.movements.items()}
    for group, members in groups.items():
        arrays |= {f"{group}/{name}": array for name, array in members.items()}
    save_arrays(path, arrays, facts, SCHEMA)


def _arrays(one: Embedding | Movement) -> dict[str, NDArray[Any]]:
    return {field.name: np.asarray(getattr(one, field.name)) for field in fields(one)}
