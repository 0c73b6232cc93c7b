"""Checkpoints that somebody forged, digest and all: resumed exactly, or refused in one line."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from damage import FUZZ, edited_members, every_edit, member_edits, npy
from driver_runs import EXPERIMENT, SPEC
from hypothesis import given, settings
from pydantic import TypeAdapter

from evo_plastic.arrays import MALFORMED, decode
from evo_plastic.config import Experiment, StrategyConfig
from evo_plastic.driver import Best, Progress, Training
from evo_plastic.errors import InputError
from evo_plastic.evolution import Evolution
from evo_plastic.records.checkpoints import Checkpoint, newest_checkpoint
from evo_plastic.records.directory import RunDirectory
from evo_plastic.strategies import create

STRATEGIES: list[dict[str, Any]] = [
    {"name": "sep-cma-es"},
    {"name": "sep-cma-es", "variant": "wang2022"},
    {"name": "openai-es"},
    {"name": "cma", "restarts": "ipop"},
]


class Forger:
    """A run with one checkpoint, whose content may be replaced."""

    def __init__(self, folder: Path, experiment: Experiment) -> None:
        self.run = RunDirectory.create(folder / "run")
        strategy = create(experiment.strategy, SPEC.layout, experiment.seed)
        search: Any = Evolution(experiment, strategy, None)  # type: ignore[arg-type]
        self.training = Training(experiment, SPEC, self.run, search, None)  # type: ignore[arg-type]
        start = self.training.start()
        genome = np.zeros(SPEC.n_gene)
        best = Best(genome, 0.5, 0, (0.25, 0.5, 0.75))
        self.training._checkpoint(Progress(start.state, start.totals, best))
        found = newest_checkpoint(self.run)
        self.path, self.arrays, self.facts = found.path, found.arrays, found.facts

    def resume(self, arrays: Any, facts: Any) -> Progress | None:
        """None if it is refused, in one line; else it fits the network."""
        try:
            progress = self.training._restore(Checkpoint(self.path, 0, arrays, facts))
        except InputError as error:
            message = str(error)
        else:
            assert progress.generation == 0
            assert progress.best is None or progress.best.genome.shape == (SPEC.n_gene,)
            return progress
        assert message.startswith(str(self.path))
        assert "\n" not in message
        return None


@pytest.fixture(scope="module", params=STRATEGIES, ids=lambda one: "-".join(one.values()))
def forger(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Forger:
    strategy = TypeAdapter(StrategyConfig).validate_python(request.param | {"population": 12})
    experiment = EXPERIMENT.model_copy(update={"strategy": strategy})
    return Forger(tmp_path_factory.mktemp("forged"), experiment)


def test_a_sound_checkpoint_is_resumed(forger: Forger) -> None:
    progress = forger.resume(forger.arrays, forger.facts)
    assert progress is not None
    assert progress.best is not None


def test_every_fact_is_safe_from_every_value(forger: Forger) -> None:
    document = {key: forger.facts[key] for key in ("totals", "best")}
    for facts in every_edit(document):
        if isinstance(facts, dict):
            forger.resume(forger.arrays, {"search": forger.facts["search"], **facts})


@settings(FUZZ, max_examples=200)
@given(changes=member_edits)
def test_arrays_made_to_harm_are_refused(forger: Forger, changes: Any) -> None:
    members = {name: npy(array) for name, array in forger.arrays.items()}
    arrays = {}
    for name, member in edited_members(members, changes).items():
        with suppress(*MALFORMED):  # the reader of files refuses these
            arrays[name] = decode(member)
    forger.resume(arrays, forger.facts)
