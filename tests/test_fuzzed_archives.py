"""Array files, damaged in thousands of ways: refused in one line, or read as they were.

Three kinds of damage: of bytes, where the digest tells; of bytes under a digest that was made
to fit; and of members and facts, arrays and documents made to harm, in a sound archive.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from damage import (
    FUZZ,
    archive,
    edited,
    edited_members,
    edited_tree,
    edits,
    every_edit,
    every_header_edit,
    fuzzing,
    member_edits,
    members,
    npy,
    signed,
    tree_edits,
)
from hypothesis import given, settings

from evo_plastic import networks
from evo_plastic.cli.scoring import open_subject
from evo_plastic.config import NetworkConfig
from evo_plastic.errors import InputError
from evo_plastic.networks.ties import Ties
from evo_plastic.records.checkpoints import Checkpoint, newest_checkpoint, save_checkpoint
from evo_plastic.records.directory import RunDirectory
from evo_plastic.records.genomes import save_genome
from evo_plastic.seeding import fold
from evo_plastic.tasks import DISTRIBUTIONS, load_set
from evo_plastic.tasks.maze import INTERFACE
from evo_plastic.tasks.task_files import save
from evo_plastic.tasks.task_sets import sample

TIED = NetworkConfig(name="evolving-merging", modulation="pre", hidden_size=3, clusters=2)
MAPS = {"recurrent": np.eye(3, dtype=np.uint16), "input": np.ones((3, 15), np.uint16)}
MAZES = sample(DISTRIBUTIONS["maze9"], fold(1, np.arange(2)))


def write_genome(folder: Path) -> Path:
    ties = Ties.of(MAPS)
    layout = networks.create(TIED, INTERFACE, ties).layout
    genome = np.random.default_rng(1).standard_normal(layout.size)
    save_genome(folder / "genome.npz", layout, genome, TIED, {"task": {"rollouts": 3}}, ties)
    return folder / "genome.npz"


def write_mazes(folder: Path) -> Path:
    save(MAZES, folder / "mazes.npz")
    return folder / "mazes.npz"


def write_checkpoint(folder: Path) -> Path:
    run = RunDirectory(folder)
    state = {"mean": np.arange(9.0), "sigma": np.array(0.5)}
    save_checkpoint(run, 3, state, {"search": {"seed": 1}, "best": None, "totals": {}}, kept=1)
    return save_checkpoint(run, 7, state, {"search": {"seed": 2}, "best": None}, kept=2)


def read_genome(path: Path) -> Any:
    subject = open_subject(1, str(path), None)
    file, spec = subject.file, subject.spec
    assert np.isfinite(file.genome).all()
    assert file.layout == spec.layout
    assert 1 <= subject.rollouts <= 64
    return file.genome.tobytes(), file.network, file.facts, file.ties


def read_mazes(path: Path) -> Any:
    mazes = load_set(str(path))
    inside = (mazes.start > 0) & (mazes.start < mazes.size - 1)
    assert inside.all()
    return mazes.name, mazes.content_hash


def read_checkpoint(path: Path) -> Any:
    """Of generation 7, or ``InputError`` if it was passed over."""
    found: Checkpoint = newest_checkpoint(RunDirectory(path.parent.parent))
    if found.generation == 3:
        assert found.facts == {"search": {"seed": 1}, "best": None, "totals": {}}
        raise InputError(f"{path} was passed over")
    assert found.path == path
    return {name: array.tobytes() for name, array in found.arrays.items()}, found.facts


FILES = {
    "genome": (write_genome, read_genome),
    "mazes": (write_mazes, read_mazes),
    "checkpoint": (write_checkpoint, read_checkpoint),
}


class Sound:
    """A file that was written by us, to be damaged and read."""

    def __init__(self, folder: Path, write: Callable[[Path], Path], read: Any) -> None:
        self.path = write(folder)
        self.data = self.path.read_bytes()
        self.members = members(self.path)
        self.facts = json.loads(str(np.load(self.path)["facts"]))
        self.read = read
        self.content = read(self.path)

    def outcome(self, data: bytes) -> Any:
        """What the file holds if it holds ``data``; None if it is refused."""
        self.path.write_bytes(data)
        try:
            return self.read(self.path)
        except InputError as error:
            message = str(error)
        assert str(self.path) in message
        assert "\n" not in message
        assert len(message) < 3000
        return None


@pytest.fixture(scope="module", params=FILES)
def sound(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Sound:
    return Sound(tmp_path_factory.mktemp("fuzzed"), *FILES[request.param])


@pytest.fixture(scope="module", autouse=True)
def _fuzzing() -> Iterator[None]:
    with fuzzing():
        yield


@settings(FUZZ, max_examples=300)
@given(changes=edits)
def test_damaged_bytes_are_refused_or_do_not_matter(sound: Sound, changes: Any) -> None:
    assert sound.outcome(edited(sound.data, changes)) in (None, sound.content)


def test_headers_with_a_forged_digest_reach_no_other_exception(sound: Sound) -> None:
    for data in every_header_edit(sound.data[:-64]):
        sound.outcome(signed(data))


@settings(FUZZ, max_examples=400)
@given(changes=edits)
def test_damaged_bytes_with_a_forged_digest_reach_no_other_exception(
    sound: Sound, changes: Any
) -> None:
    sound.outcome(signed(edited(sound.data[:-64], changes)))


@settings(FUZZ, max_examples=600)
@given(changes=member_edits)
def test_members_made_to_harm_reach_no_other_exception(sound: Sound, changes: Any) -> None:
    sound.outcome(archive(edited_members(sound.members, changes)))


def test_every_fact_is_safe_from_every_value(sound: Sound) -> None:
    for facts in every_edit(sound.facts):
        sound.outcome(archive(sound.members | facts_member(facts)))


@settings(FUZZ, max_examples=300)
@given(changes=tree_edits)
def test_facts_made_to_harm_reach_no_other_exception(sound: Sound, changes: Any) -> None:
    sound.outcome(archive(sound.members | facts_member(edited_tree(sound.facts, changes))))


def facts_member(document: Any) -> dict[str, bytes]:
    return {"facts.npy": npy(np.array(json.dumps(document)))}
