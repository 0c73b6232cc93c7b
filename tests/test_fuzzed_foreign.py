"""Other people's genomes and mazes, damaged: read as they were, or refused in one line."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_runs import CORRIDOR, TURNED, drawn
from damage import (
    FUZZ,
    edited,
    edited_members,
    edits,
    every_header_edit,
    fuzzing,
    member_edits,
    members,
    packed,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from evo_plastic.errors import InputError
from evo_plastic.records.genome_sources import open_genome
from evo_plastic.records.published import LAYOUT
from evo_plastic.tasks import load_set
from evo_plastic.tasks.text import draw

MAZES = drawn(CORRIDOR, TURNED)
PUBLISHED: dict[str, Any] = {
    "demo_vector": np.random.default_rng(3).normal(0, 0.3, LAYOUT.size).astype(np.float32),
    "layout_names": np.array([array.name for array in LAYOUT.arrays]),
    "layout_shapes": np.array([[*array.shape, 1][:2] for array in LAYOUT.arrays]),
    "layout_offsets": np.array([*(o.start for o in LAYOUT.offsets.values()), LAYOUT.size]),
}


def write_published(folder: Path) -> Path:
    np.savez_compressed(folder / "theirs.npz", allow_pickle=False, **PUBLISHED)
    return folder / "theirs.npz"


def write_mazes(folder: Path) -> Path:
    arrays = {"walls": MAZES.walls.astype(bool), "start": MAZES.start, "goal": MAZES.goal}
    np.savez(folder / "mazes.npz", allow_pickle=False, **arrays)
    return folder / "mazes.npz"


def read_published(path: Path) -> Any:
    genome = open_genome(f"{path}:demo").genome
    assert np.isfinite(genome).all()
    return genome.tobytes()


def read_mazes(path: Path) -> Any:
    return load_set(str(path)).content_hash


@pytest.fixture(scope="module")
def drawing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("drawn") / "mazes.txt"
    path.write_text(draw(MAZES, 0) + "\n\n" + draw(MAZES, 1) + "\n")
    return path


@pytest.fixture(scope="module", params=[(write_published, read_published),
                                        (write_mazes, read_mazes)])  # fmt: skip
def sound(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, bytes, dict[str, bytes], Callable[[Path], Any], Any]:
    write, read = request.param
    path = write(tmp_path_factory.mktemp("foreign"))
    return path, path.read_bytes(), members(path), read, read(path)


@pytest.fixture(scope="module", autouse=True)
def _fuzzing() -> Iterator[None]:
    with fuzzing():
        yield


def outcome(path: Path, data: bytes, read: Callable[[Path], Any]) -> Any:
    """What ``path`` holds if it holds ``data``; None if it is refused in one line."""
    path.write_bytes(data)
    try:
        return read(path)
    except InputError as error:
        message = str(error)
    assert message.startswith(str(path))
    assert "\n" not in message
    assert len(message) < 3000
    return None


def test_damaged_headers_are_refused_or_do_not_matter(sound: Any) -> None:
    path, data, _, read, content = sound
    for damaged in every_header_edit(data):
        assert outcome(path, damaged, read) in (None, content)


@settings(FUZZ, max_examples=400)
@given(changes=edits)
def test_damaged_archives_are_refused_or_the_damage_does_not_matter(
    sound: Any, changes: Any
) -> None:
    """Nothing but zip's own checksums guards them, hence the names of members may change."""
    path, data, _, read, content = sound
    assert outcome(path, edited(data, changes), read) in (None, content)


@settings(FUZZ, max_examples=600)
@given(changes=member_edits)
def test_members_made_to_harm_reach_no_other_exception(sound: Any, changes: Any) -> None:
    path, _, found, read, _ = sound
    outcome(path, packed(edited_members(found, changes)), read)


@settings(FUZZ, max_examples=700)
@given(changes=edits, fill=st.sampled_from(["", "#", " ", "S", "G", "\n", "é", "\0", "\u2028"]))
def test_damaged_drawings_are_mazes_or_refused(drawing: Path, changes: Any, fill: str) -> None:
    data = drawn_bytes()
    pieces = [(at, kind, fill.encode() or piece) for at, kind, piece in changes]
    outcome(drawing, edited(data, pieces), read_mazes)


def drawn_bytes() -> bytes:
    return (draw(MAZES, 0) + "\n\n" + draw(MAZES, 1) + "\n").encode()


@settings(FUZZ, max_examples=200)
@given(text=st.text(alphabet="# SG\n\r\t\u2028x", max_size=400))
def test_any_text_is_mazes_or_refused(drawing: Path, text: str) -> None:
    outcome(drawing, text.encode(), read_mazes)
