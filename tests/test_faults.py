"""Runs on a cluster of several nodes whose processes are killed, stopped, removed and added."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.faults.injuries import DRIVER_KILLS, INJURIES

HOME = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, int]]:
    folder = tmp_path_factory.mktemp("faults")
    command = [sys.executable, "-m", "benchmarks.faults", "--out", str(folder)]
    ended = subprocess.run(command, cwd=HOME, capture_output=True, text=True)
    assert ended.returncode in (0, 1), ended.stderr
    print(ended.stdout, ended.stderr)  # shown with a failure
    rows = json.loads((folder / "faults.json").read_text())
    return {row.pop("injury"): row for row in rows}


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("injury", INJURIES)
def test_a_run_that_is_injured_gives_the_numbers_of_an_undisturbed_one(
    outcomes: dict[str, dict[str, int]], injury: str
) -> None:
    struck = {"all actors": 2, "all nodes removed": 2, "all workers hang": 2}
    struck["driver killed"] = DRIVER_KILLS
    expected = {"runs": 1, "struck": struck.get(injury, 1), "completed": 1, "identical": 1}
    assert outcomes[injury] == expected
