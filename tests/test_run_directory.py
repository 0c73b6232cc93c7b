"""A run directory: never overwritten, one writer, plain names, a manifest that says it all."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from evo_plastic.config import Experiment, TaskConfig, TrainingConfig
from evo_plastic.errors import InputError
from evo_plastic.records import manifest
from evo_plastic.records.directory import RunDirectory, check_name, default_run_name

HOLD = (
    "import sys; from pathlib import Path; from evo_plastic.records.directory import *\n"
    "with RunDirectory(Path(sys.argv[1])).lock():\n"
    "    print('held', flush=True); sys.stdin.read()"
)


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    return RunDirectory.create(tmp_path / "runs" / "demo")


def test_a_run_is_not_created_over_anything(run: RunDirectory) -> None:
    with run.lock():
        pass
    RunDirectory.create(run.path)
    run.metrics.write_text("")
    with pytest.raises(InputError, match=r"demo is not empty: choose another name, or resume"):
        RunDirectory.create(run.path)


def test_a_file_or_a_link_is_no_place_for_a_run(run: RunDirectory, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be made a run: File exists"):
        RunDirectory.create(tmp_path / "file")
    link = tmp_path / "link"
    link.symlink_to(run.path)
    with pytest.raises(InputError, match="is a symbolic link"):
        RunDirectory.create(link)
    with pytest.raises(InputError, match="is a symbolic link"), RunDirectory(link).lock():
        pass


def test_only_a_folder_with_a_manifest_is_opened(run: RunDirectory) -> None:
    with pytest.raises(InputError, match=r"no run directory: expected .*manifest\.json"):
        RunDirectory.open(run.path)
    manifest.save(run.manifest, manifest.begin(Experiment()))
    assert RunDirectory.open(run.path) == run


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../x", "/etc", "a/b", "a\\b", "-rf", ".hidden", "a..b", "a.", "a b", "a\n",
     "a\0", "\u202ea", "é", "con", "CON.txt", "nul", "com1", "lpt9.x", "a" * 101],
)  # fmt: skip
def test_names_that_could_mislead_are_refused(name: str) -> None:
    with pytest.raises(InputError, match="cannot name a run: expected"):
        check_name(name)


@pytest.mark.parametrize("name", ["a", "dec-prnn_maze9.s1", "0", "console", "a" * 100])
def test_plain_names_are_allowed(name: str) -> None:
    check_name(name)


def test_a_name_is_checked_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'-rf' cannot name a run"):
        RunDirectory.create(tmp_path / "runs" / "-rf")
    assert list(tmp_path.iterdir()) == []


@given(stem=st.text(), seed=st.integers(0, 2**63 - 1))
def test_every_default_name_is_allowed(stem: str, seed: int) -> None:
    check_name(default_run_name(stem, seed, datetime(2026, 1, 31, tzinfo=UTC)))


def test_the_default_name_says_configuration_seed_and_time() -> None:
    east = datetime(2026, 2, 1, 1, 2, 3, tzinfo=timezone(timedelta(hours=2)))
    assert default_run_name("quick start", 7, east) == "quick-start-s7-20260131T230203Z"


def test_one_process_at_a_time_writes(run: RunDirectory) -> None:
    command = [sys.executable, "-c", HOLD, str(run.path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(InputError, match="demo is in use by another process"), run.lock():
            pass
        holder.kill()
    with run.lock():
        pass


def test_a_run_is_not_locked_twice_by_one_process(run: RunDirectory) -> None:
    with run.lock(), pytest.raises(InputError, match="in use"), RunDirectory(run.path).lock():
        pass
    with pytest.raises(KeyError), run.lock():
        raise KeyError
    with run.lock():
        pass


def test_the_lock_clears_what_killed_writers_left(run: RunDirectory) -> None:
    run.checkpoints.mkdir()
    left = [run.path / ".genome.npz.1.partial", run.checkpoints / ".gen-000001.npz.1.partial"]
    for path in [*left, run.genome]:
        path.write_bytes(b"half")
    with run.lock():
        assert [path.exists() for path in left] == [False, False]
        assert run.genome.exists()


def test_a_missing_folder_cannot_be_locked(tmp_path: Path) -> None:
    with (
        pytest.raises(InputError, match="none cannot be locked: expected a folder"),
        RunDirectory(tmp_path / "none").lock(),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_the_configuration_is_written_with_every_default(run: RunDirectory) -> None:
    experiment = Experiment(seed=3, task=TaskConfig(rollouts=2, weights=(0.0, 1e-7)))
    run.write_config(experiment)
    document = yaml.safe_load(run.config.read_text())
    assert document["training"]["validation"]["lifetimes"] == 1024
    assert Experiment.model_validate(document) == experiment


def test_the_manifest_tells_the_story_of_the_run(run: RunDirectory) -> None:
    begun = manifest.begin(Experiment(seed=5))
    assert (begun.status, begun.seed, begun.sessions[0].ended) == ("running", 5, None)
    stopped = manifest.end(begun, "interrupted", {"steps": 10, "seconds": 0.5})
    longer = Experiment(seed=5, training=TrainingConfig(generations=20))
    resumed = manifest.resume(stopped, longer)
    assert resumed.config_sha256 == manifest.config_digest(longer) != begun.config_sha256
    done = manifest.end(resumed, "done", {"steps": 20, "seconds": 1.0})
    manifest.save(run.manifest, done)
    loaded = manifest.load(run.manifest)
    assert loaded == done
    assert (loaded.status, loaded.totals) == ("done", {"steps": 20, "seconds": 1.0})
    assert len(loaded.sessions) == 2
    assert all(session.ended is not None for session in loaded.sessions)
    assert loaded.sessions[0].provenance.argv[1:] == tuple(sys.argv[1:])


def test_the_configuration_digest_is_that_of_every_value() -> None:
    first = manifest.config_digest(Experiment())
    assert first == manifest.config_digest(Experiment(task=TaskConfig()))
    assert first != manifest.config_digest(Experiment(task=TaskConfig(name="maze15")))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "damaged: expected a JSON object"),
        ("[]", "damaged: expected a JSON object"),
        ("{}", "is None, expected 'evo_plastic/run/1'"),
        ('{"schema": "evo_plastic/run/1", "seed": 1}', "no manifest of a run: status: Field"),
    ],
)
def test_a_damaged_manifest_is_refused(run: RunDirectory, text: str, message: str) -> None:
    run.manifest.write_text(text)
    with pytest.raises(InputError, match=message):
        manifest.load(run.manifest)
