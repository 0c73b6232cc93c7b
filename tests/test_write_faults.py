"""Full disks, read-only folders, rivals: one clear line, and a run that goes on undisturbed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from cli_runs import evo_plastic, write_genome

from evo_plastic.config import NetworkConfig

CONFIG = """\
seed: 7
network: {hidden_size: 16}
strategy: {population: 12}
training:
  generations: 20
  curriculum: [{start: 0, tasks: 2}]
  repeats: 1
  validation: {every: 5, lifetimes: 8}
  checkpoint_every: 5
pool: {backend: local, workers: 2}
"""
RESULTS = ("genome.npz", "metrics.jsonl", "eval.jsonl")
PAGE = 4096
# As root a process may write anywhere; without this it may not.
UNPRIVILEGED = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
LIMITED = (
    "import resource, sys; from evo_plastic.cli import main\n"
    "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)),) * 2)\n"
    "main()"
)


class Disk:
    """A small file system of its own."""

    def __init__(self, path: Path, pages: int) -> None:
        self.path = path
        mount("-t", "tmpfs", "-o", f"size={pages * PAGE}", "tmpfs", str(path))

    def leave_free(self, pages: int) -> None:
        """The rest is filled with something else."""
        self.empty()
        free = os.statvfs(self.path).f_bavail - pages
        (self.path / "filler").write_bytes(bytes(free * PAGE))

    def empty(self) -> None:
        (self.path / "filler").unlink(missing_ok=True)

    def make(self, mode: str) -> None:
        mount("-o", f"remount,{mode}", str(self.path))


def mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    path = tmp_path / "disk"
    path.mkdir()
    try:
        made = Disk(path, 256)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a file system can be mounted by root only")
    yield made
    subprocess.run(["umount", str(path)], check=True)


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("config") / "c.yaml"
    path.write_text(CONFIG)
    return path


def trained(folder: Path, config: Path, generations: int) -> Path:
    run = folder / "run"
    ended = evo_plastic("train", config, "--run", run, "--set",
                        f"training.generations={generations}")  # fmt: skip
    assert ended.code == 0, ended.err
    return run


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, config: Path) -> Path:
    """The undisturbed run."""
    return trained(tmp_path_factory.mktemp("whole"), config, 20)


@pytest.fixture(scope="module")
def half(tmp_path_factory: pytest.TempPathFactory, config: Path) -> Path:
    return trained(tmp_path_factory.mktemp("half"), config, 10)


def child(prefix: Sequence[object], *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [str(part) for part in (*prefix, *arguments)]
    return subprocess.run(command, capture_output=True, text=True)


def one_line(code: int, err: str, *parts: str) -> None:
    """Exit code 2 and, after the lines of progress, one error that says all of ``parts``."""
    assert code == 2, err
    *_, last = err.splitlines()
    assert last.startswith("error: ")
    assert all(part in last for part in parts), last
    assert err.count("error") == 1
    assert "Traceback" not in err


def assert_goes_on(run: Path, whole: Path) -> None:
    """Resumed without the fault, the run ends with the bytes of the undisturbed one."""
    ended = evo_plastic("train", "--run", run, "--resume", "--set", "training.generations=20")
    assert ended.code == 0, ended.err
    for name in RESULTS:
        assert (run / name).read_bytes() == (whole / name).read_bytes(), name
    assert list(run.rglob(".*.partial")) == []


@pytest.mark.parametrize("pages", [0, 3, 6, 8, 9, 18, 36])
def test_a_full_disk_costs_nothing_but_the_time_until_it_is_emptied(
    disk: Disk, half: Path, whole: Path, pages: int
) -> None:
    run = disk.path / "run"
    shutil.copytree(half, run)
    disk.leave_free(pages)
    more = ("--resume", "--set", "training.generations=20")
    ended = evo_plastic("train", "--run", run, *more)
    if ended.code != 0:
        one_line(ended.code, ended.err, str(run), "cannot be written: No space left on device")
    assert pages > 18 or ended.code != 0
    disk.empty()
    assert_goes_on(run, whole)


@pytest.mark.parametrize("limit", [10_000, 20_000, 60_000])
def test_a_file_that_cannot_grow_ends_training_where_it_can_go_on(
    tmp_path: Path, config: Path, whole: Path, limit: int
) -> None:
    """Too small for the genome, for a checkpoint and for the picture."""
    run = tmp_path / "run"
    limited = child([sys.executable, "-c", LIMITED, limit], "train", config, "--run", run)
    one_line(limited.returncode, limited.stderr, str(run), "cannot be written: File too large")
    assert_goes_on(run, whole)


def test_a_read_only_disk_is_refused_at_once(
    disk: Disk, config: Path, half: Path, whole: Path
) -> None:
    run = disk.path / "run"
    shutil.copytree(half, run)
    disk.make("ro")
    resumed = evo_plastic("train", "--run", run, "--resume", "--set", "training.generations=20")
    one_line(resumed.code, resumed.err, f"{run} cannot be locked: Read-only file system")
    new = evo_plastic("train", config, "--run", disk.path / "new")
    one_line(new.code, new.err, f"{disk.path / 'new'} cannot be made a run: Read-only file system")
    disk.make("rw")
    assert_goes_on(run, whole)


@pytest.fixture
def restrained() -> list[str]:
    """A Python that may write only where permissions say so."""
    prefix = [] if os.geteuid() else UNPRIVILEGED
    if prefix and subprocess.run([*prefix, "true"], capture_output=True).returncode:
        pytest.skip("root cannot give up its right to write anywhere here")
    return [*prefix, sys.executable, "-m", "evo_plastic"]


@pytest.mark.parametrize(
    ("folder", "message"),
    [(".", "cannot be locked: Permission denied"), ("checkpoints", "Permission denied")],
)
def test_a_folder_without_the_right_to_write_is_named(
    tmp_path: Path, restrained: list[str], half: Path, whole: Path, folder: str, message: str
) -> None:
    """The run's own at once; that of its checkpoints when the next one is due."""
    run = tmp_path / "run"
    shutil.copytree(half, run)
    (run / ".lock").unlink()
    (run / folder).chmod(0o555)
    more = ("--resume", "--set", "training.generations=20")
    ended = child(restrained, "train", "--run", run, *more)
    (run / folder).chmod(0o755)
    one_line(ended.returncode, ended.stderr, str(run / folder), message)
    assert_goes_on(run, whole)


def test_of_rivals_for_one_run_one_trains(tmp_path: Path, config: Path, whole: Path) -> None:
    run = tmp_path / "run"
    command = [sys.executable, "-m", "evo_plastic", "train", str(config), "--run", str(run)]
    rivals = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    ended = [(rival.communicate(timeout=300)[1], rival.returncode) for rival in rivals]
    assert sorted(code for _, code in ended) == [0, 2, 2], ended
    for err, code in ended:
        if code != 0:
            one_line(code, err, f"{run} is ")
    assert_goes_on(run, whole)


WRITERS: dict[str, Callable[[Path, Path], Sequence[object]]] = {
    "json": lambda run, to: ("evaluate", run, *TASKS, "--json", to / "x.json"),
    "csv": lambda run, to: ("evaluate", run, *TASKS, "--csv", to / "x.csv"),
    "markdown": lambda run, to: ("evaluate", run, *TASKS, "--markdown", to / "x.md"),
    "figures": lambda run, to: ("evaluate", run, *TASKS, "--figures", to),
    "report": lambda run, to: ("report", run, *TASKS, "--out", to / "x.html"),
    "compare": lambda run, to: ("compare", run, "--no-evaluate", "--out", to),
    "merge": lambda run, to: ("merge", run.parent / "prnn.npz", "--out", to / "x.npz"),
    "sample": lambda run, to: ("tasks", "sample", "maze9/test", "--out", to / "x.npz"),
}
TASKS = ("--tasks", "maze9", "--lifetimes", 4)


@pytest.mark.parametrize("fault", ["No space left on device", "Read-only file system"])
@pytest.mark.parametrize("writer", WRITERS)
def test_no_command_leaves_half_a_file(disk: Disk, whole: Path, writer: str, fault: str) -> None:
    prnn = NetworkConfig(name="prnn", modulation="none", hidden_size=4)
    write_genome(whole.parent / "prnn.npz", prnn)
    disk.leave_free(0)
    if fault == "Read-only file system":
        disk.make("ro")
    ended = evo_plastic(*WRITERS[writer](whole, disk.path))
    one_line(ended.code, ended.err, str(disk.path), f"cannot be written: {fault}")
    assert [path.name for path in disk.path.rglob("*")] == ["filler"]


def test_standard_output_may_be_full_too() -> None:
    command = [sys.executable, "-m", "evo_plastic", "networks"]
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert ended.returncode == 2
    assert ended.stderr == "error: standard output: No space left on device\n"
