"""What a checkpoint says beside the arrays of its search state: ``checkpoint.facts``, checked."""

from typing import Any

from pydantic import ValidationError

from evo_plastic.config import Section, faults
from evo_plastic.errors import InputError
from evo_plastic.records.checkpoints import Checkpoint


class TotalsFacts(Section):
    env_steps: int
    lifetimes: int
    core_seconds: float
    wall_seconds: float


class BestFacts(Section):
    score: float
    generation: int
    rollout_mean: tuple[float, ...]


class SearchFacts(Section):
    search: dict[str, Any]
    """What the search state belongs to."""

    totals: TotalsFacts

    best: BestFacts | None


def read_facts(checkpoint: Checkpoint) -> SearchFacts:
    """``InputError`` naming the file if they are not what training writes."""
    try:
        return SearchFacts.model_validate(checkpoint.facts)
    except ValidationError as error:
        raise InputError(f"{checkpoint.path} holds no search state: {faults(error)}") from error
