"""Manifests, metrics and pointers, damaged: what they say is checked before it is used."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from damage import FUZZ, edited, edited_tree, edits, every_edit, fuzzing, tree_edits
from hypothesis import given, settings
from hypothesis import strategies as st

from evo_plastic.analysis.curves import training_curve
from evo_plastic.analysis.learning import curve_of
from evo_plastic.config import Experiment
from evo_plastic.errors import InputError
from evo_plastic.records import manifest, metrics
from evo_plastic.records.checkpoints import newest_checkpoint, save_checkpoint
from evo_plastic.records.directory import RunDirectory

EXPERIMENT = Experiment()
ROWS: list[dict[str, Any]] = [
    {"generation": g, "score": 0.5, "rollout_mean": [-1.0, -0.5, 0.25 * g],
     "rollout_se": [0.1, 0.1, None], "env_steps": 1000 * g, "sigma": 0.5 / g, "spread": 1.0,
     "core_seconds": 2.5 * g, "wall_seconds": 1.5 * g}
    for g in range(1, 5)
]  # fmt: skip
# What leads a reader astray although the line is sound.
RAW = st.sampled_from(
    ["", "{", "[" * 100_000, '{"generation":' * 50_000, "9" * 5000, '"\\ud800"', "\ufeff{}", "NaN",
     '{"generation":1e999}', '{"generation":true}', '{"generation":5,"score":-Infinity}', "\0",
     '{"generation":5,"generation":"x"}', '{"generation":' + "9" * 4000 + "}"]
)  # fmt: skip


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    run = RunDirectory.create(tmp_path_factory.mktemp("fuzzed") / "run")
    for generation in (3, 7):
        save_checkpoint(run, generation, {"mean": np.arange(3.0)}, {}, kept=2)
    begun = manifest.begin(EXPERIMENT)
    manifest.save(run.manifest, manifest.end(begun, "done", {"steps": 7, "seconds": 0.5}))
    return run


@pytest.fixture(scope="module")
def document(run: RunDirectory) -> Any:
    return json.loads(run.manifest.read_bytes())


@pytest.fixture(scope="module", autouse=True)
def _fuzzing() -> Iterator[None]:
    with fuzzing():
        yield


def one_line(path: Path, error: InputError) -> None:
    assert str(error).startswith(str(path))
    assert "\n" not in str(error)
    assert len(str(error)) < 3000


def check_manifest(run: RunDirectory, data: bytes) -> None:
    """Refused, or one that comes back the same once it is saved."""
    run.manifest.write_bytes(data)
    try:
        found = manifest.load(run.manifest)
    except InputError as error:
        one_line(run.manifest, error)
        return
    manifest.save(run.manifest, found)
    assert manifest.load(run.manifest) == found


def test_every_part_of_a_manifest_is_safe_from_every_value(
    run: RunDirectory, document: Any
) -> None:
    for damaged in every_edit(document):
        check_manifest(run, json.dumps(damaged).encode())


@settings(FUZZ, max_examples=300)
@given(changes=tree_edits)
def test_manifests_made_to_harm_are_refused(
    run: RunDirectory, document: Any, changes: Any
) -> None:
    check_manifest(run, json.dumps(edited_tree(document, changes)).encode())


@settings(FUZZ, max_examples=400)
@given(changes=edits)
def test_damaged_manifests_are_refused(run: RunDirectory, document: Any, changes: Any) -> None:
    check_manifest(run, edited(json.dumps(document).encode(), changes))


def encoded(rows: list[Any]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def check_rows(run: RunDirectory, data: bytes) -> None:
    """Read, cut and used for a curve, or refused by the name of the file and the line."""
    for path in (run.validations, run.timings):
        path.write_bytes(data)
    try:
        rows = metrics.read(run.validations)
        metrics.truncate_after(run.validations, 2)
        assert metrics.read(run.validations) == [row for row in rows if row["generation"] <= 2]
        run.validations.write_bytes(data)
        curve = curve_of(run, EXPERIMENT)
        assert curve.mean.shape == (len(rows), 3)
    except InputError as error:
        path = run.timings if str(error).startswith(str(run.timings)) else run.validations
        one_line(path, error)


def every_edit_of_all(rows: list[Any]) -> Iterator[list[Any]]:
    """Rows that are all damaged in the same way."""
    yield from map(list, zip(*map(every_edit, rows), strict=True))


def test_every_part_of_all_rows_is_safe_from_every_value(run: RunDirectory) -> None:
    for rows in every_edit_of_all(ROWS):
        check_rows(run, encoded(rows))


@settings(FUZZ, max_examples=400)
@given(changes=tree_edits)
def test_rows_made_to_harm_are_refused(run: RunDirectory, changes: Any) -> None:
    check_rows(run, encoded(edited_tree(ROWS, changes)))


@settings(FUZZ, max_examples=400)
@given(changes=edits)
def test_damaged_rows_are_refused(run: RunDirectory, changes: Any) -> None:
    check_rows(run, edited(encoded(ROWS), changes))


@settings(FUZZ, max_examples=60)
@given(place=st.integers(0, 4), line=RAW)
def test_lines_that_are_no_rows_are_refused(run: RunDirectory, place: int, line: str) -> None:
    lines = encoded(ROWS).split(b"\n")
    check_rows(run, b"\n".join([*lines[:place], line.encode(), *lines[place:]]))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # matplotlib's, of numbers like 1e308
def test_a_curve_is_drawn_or_its_rows_are_refused(run: RunDirectory) -> None:
    sound = [
        {"generation": g, "rollout_mean": [g], "rollout_se": [0.1], "sigma": 0.1, "spread": 1.0}
        for g in (1, 2)
    ]
    for rows in islice(every_edit_of_all(sound), 0, None, 13):  # a picture takes its time
        run.metrics.write_bytes(encoded(rows))
        try:
            found = metrics.read(run.metrics)
            training_curve(run.path / "training.png", found, found, 0.9, -1.0)
        except InputError as error:
            one_line(run.path, error)


@settings(FUZZ, max_examples=300)
@given(changes=tree_edits)
def test_a_pointer_made_to_harm_changes_nothing(run: RunDirectory, changes: Any) -> None:
    path = run.checkpoints / "latest.json"
    sound = {"file": "gen-000007.npz", "generation": 7, "sha256": "0" * 64}
    path.write_text(json.dumps(edited_tree(sound, changes)))
    assert newest_checkpoint(run).generation == 7
