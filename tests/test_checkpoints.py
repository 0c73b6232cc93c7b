"""Whatever happens to a writer or a file, training goes on from a whole search state."""

import json
import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from evo_plastic.errors import InputError
from evo_plastic.records import metrics
from evo_plastic.records.checkpoints import newest_checkpoint, save_checkpoint
from evo_plastic.records.directory import RunDirectory

# Large enough that a kill often hits the middle of a write.
SAVE_FOR_EVER = """
import itertools, sys
from pathlib import Path
import numpy as np
from evo_plastic.records import metrics
from evo_plastic.records.checkpoints import save_checkpoint
from evo_plastic.records.directory import RunDirectory

run = RunDirectory(Path(sys.argv[1]))
with run.lock():
    for generation in itertools.count(int(sys.argv[2])):
        metrics.append(run.metrics, {"generation": generation})
        state = {"mean": np.full(500_000, float(generation))}
        save_checkpoint(run, generation, state, {"seen": generation}, kept=2)
"""

# The kernel kills the process at the first byte beyond 1 MB: the middle of a write.
DIE_WHILE_SAVING = (
    "import resource, signal\n"
    "signal.signal(signal.SIGXFSZ, signal.SIG_DFL)\n"
    "resource.setrlimit(resource.RLIMIT_CORE, (0, 0))\n"
    "resource.setrlimit(resource.RLIMIT_FSIZE, (10**6, 10**6))\n" + SAVE_FOR_EVER
)


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return RunDirectory.create(tmp_path / "demo")


def save(run: RunDirectory, *generations: int, kept: int = 3) -> None:
    for generation in generations:
        state = {"mean": np.arange(3.0) * generation, "path": np.array(generation)}
        save_checkpoint(run, generation, state, {"best": generation / 7}, kept)


def files(run: RunDirectory) -> list[str]:
    return sorted(path.name for path in run.checkpoints.iterdir())


def damage(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)


def test_the_newest_state_comes_back_exactly(run: RunDirectory) -> None:
    save(run, 5, 10)
    newest = newest_checkpoint(run)
    assert (newest.generation, newest.facts) == (10, {"best": 10 / 7})
    assert newest.path == run.checkpoints / "gen-000010.npz"
    np.testing.assert_array_equal(newest.arrays["mean"], [0.0, 10.0, 20.0], strict=True)
    assert newest.arrays["path"].shape == ()


def test_the_newest_few_are_kept(run: RunDirectory) -> None:
    save(run, 10, 20, 30, 40, kept=2)
    assert files(run) == ["gen-000030.npz", "gen-000040.npz", "latest.json"]
    save(run, 50, kept=1)
    assert files(run) == ["gen-000050.npz", "latest.json"]


def test_order_is_by_number_beyond_six_digits(run: RunDirectory) -> None:
    save(run, 999_999, 1_000_000, kept=1)
    assert files(run) == ["gen-1000000.npz", "latest.json"]
    assert newest_checkpoint(run).generation == 1_000_000


def test_the_pointer_names_the_newest_file_and_its_digest(run: RunDirectory) -> None:
    save(run, 1, 2)
    pointer = json.loads((run.checkpoints / "latest.json").read_text())
    data = (run.checkpoints / "gen-000002.npz").read_bytes()
    assert pointer == {"file": "gen-000002.npz", "generation": 2, "sha256": data[-64:].decode()}


def test_a_damaged_newest_file_is_skipped_with_a_warning(
    run: RunDirectory, caplog: pytest.LogCaptureFixture
) -> None:
    save(run, 1, 2, 3)
    assert newest_checkpoint(run).generation == 3
    assert caplog.records == []
    damage(run.checkpoints / "gen-000003.npz")
    (run.checkpoints / "gen-000002.npz").write_bytes(b"")
    assert newest_checkpoint(run).generation == 1
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 2
    assert "gen-000003.npz is damaged" in caplog.messages[0]
    assert "gen-000002.npz is no array file" in caplog.messages[1]
    assert caplog.messages[1].endswith("going on from gen-000001.npz")


def test_a_missing_newest_file_is_noticed(
    run: RunDirectory, caplog: pytest.LogCaptureFixture
) -> None:
    save(run, 1, 2)
    (run.checkpoints / "gen-000002.npz").unlink()
    assert newest_checkpoint(run).generation == 1
    assert "gen-000002.npz does not exist" in caplog.text


@pytest.mark.parametrize("pointer", ["", "[]", '{"generation": null}', '{"generation": 1e999}'])
def test_a_damaged_pointer_does_no_harm(run: RunDirectory, pointer: str) -> None:
    save(run, 1, 2)
    (run.checkpoints / "latest.json").write_text(pointer)
    assert newest_checkpoint(run).generation == 2


def test_a_copy_under_another_number_is_not_taken(
    run: RunDirectory, caplog: pytest.LogCaptureFixture
) -> None:
    save(run, 1)
    data = (run.checkpoints / "gen-000001.npz").read_bytes()
    (run.checkpoints / "gen-000009.npz").write_bytes(data)
    assert newest_checkpoint(run).generation == 1
    assert "is not the checkpoint of generation 9" in caplog.text


def test_damaged_later_files_do_not_push_out_good_ones(run: RunDirectory) -> None:
    """Resumed from 10 because 20 is damaged, the run saves 15."""
    save(run, 10, 20)
    damage(run.checkpoints / "gen-000020.npz")
    save(run, 15, kept=1)
    assert files(run) == ["gen-000015.npz", "latest.json"]


def test_without_an_undamaged_file_every_reason_is_given(run: RunDirectory) -> None:
    with pytest.raises(InputError, match=r"no undamaged checkpoint: none was written yet"):
        newest_checkpoint(run)
    save(run, 1, 2)
    for name in ("gen-000001.npz", "gen-000002.npz"):
        damage(run.checkpoints / name)
    with pytest.raises(
        InputError, match=r"gen-000002\.npz is damaged.*gen-000001\.npz is damaged"
    ):
        newest_checkpoint(run)


def test_a_killed_writer_leaves_only_whole_checkpoints(
    run: RunDirectory, caplog: pytest.LogCaptureFixture
) -> None:
    generation = 0
    for pause in np.linspace(0.02, 0.3, 6):
        generation = kill_while_saving(run, generation + 1, float(pause))
        newest = newest_checkpoint(run)
        assert newest.generation >= generation
        assert newest.facts == {"seen": newest.generation}
        np.testing.assert_array_equal(newest.arrays["mean"], np.full(500_000, newest.generation))
        rows = [row["generation"] for row in metrics.read(run.metrics)]
        assert set(range(1, newest.generation + 1)) <= set(rows)
        metrics.truncate_after(run.metrics, newest.generation)
        generation = newest.generation
    assert caplog.messages == []
    with run.lock():
        assert list(run.path.rglob(".*.partial")) == []


@pytest.mark.parametrize("generation", [1, 2])
def test_a_writer_killed_inside_a_file_leaves_the_last_checkpoint(
    run: RunDirectory, caplog: pytest.LogCaptureFixture, generation: int
) -> None:
    """Whether it was writing a new file or writing one again."""
    save(run, 1)
    command = [sys.executable, "-c", DIE_WHILE_SAVING, str(run.path), str(generation)]
    assert subprocess.run(command).returncode == -signal.SIGXFSZ
    assert [path.stat().st_size for path in run.path.rglob(".*.partial")] == [10**6]
    assert newest_checkpoint(run).facts == {"best": 1 / 7}
    assert caplog.messages == []


def test_rows_names_and_state_are_on_disk_before_the_pointer(
    run: RunDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut at any moment leaves no checkpoint without the rows that led to it."""
    synced: list[str] = []

    def fsync(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        real(descriptor)

    real = os.fsync
    monkeypatch.setattr(os, "fsync", fsync)
    metrics.append(run.metrics, {"generation": 1})
    save(run, 1)
    names = "gen-000001.npz", "latest.json"
    state, pointer = (f".{name}.{os.getpid()}.partial" for name in names)
    assert synced == ["metrics.jsonl", "demo", state, "checkpoints", pointer, "checkpoints"]


def test_a_folder_that_got_no_checkpoint_is_no_beginning(run: RunDirectory) -> None:
    run.checkpoints.mkdir()
    with run.lock():
        assert not run.checkpoints.exists()
    save(run, 1)
    with run.lock():
        assert files(run) == ["gen-000001.npz", "latest.json"]


def kill_while_saving(run: RunDirectory, start: int, pause: float) -> int:
    """Generation that ``latest.json`` names once the writer is dead."""
    writer = subprocess.Popen([sys.executable, "-c", SAVE_FOR_EVER, str(run.path), str(start)])
    try:
        patience = time.monotonic() + 60
        awaited = run.checkpoints / f"gen-{start:06d}.npz", run.checkpoints / "latest.json"
        while not all(path.exists() for path in awaited):
            assert writer.poll() is None
            assert time.monotonic() < patience
            time.sleep(0.01)
        time.sleep(pause)
    finally:
        writer.kill()
        writer.wait()
    pointer = json.loads((run.checkpoints / "latest.json").read_text())
    return int(pointer["generation"])
