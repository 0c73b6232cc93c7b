"""Metrics survive a killed writer: whole rows stay, the torn last line goes."""

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evo_plastic.errors import InputError
from evo_plastic.records import metrics

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    for generation in range(5):
        metrics.append(tmp_path / "m.jsonl", {"generation": generation, "best": generation / 3})
    return tmp_path / "m.jsonl"


def test_rows_come_back_in_order_with_exact_floats(path: Path) -> None:
    assert metrics.read(path) == [{"generation": g, "best": g / 3} for g in range(5)]
    assert path.read_bytes().startswith(b'{"generation":0,"best":0.0}\n{"generation":1,')


@settings(max_examples=50, deadline=None)
@given(rows=st.lists(st.dictionaries(st.text(), json_values), max_size=4))
def test_any_json_comes_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, object]]
) -> None:
    path = tmp_path_factory.mktemp("any") / "m.jsonl"
    rows = [row | {"generation": number} for number, row in enumerate(rows)]
    for row in rows:
        metrics.append(path, row)
    assert metrics.read(path) == rows


def test_numpy_values_become_numbers_and_lists(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    row = {"generation": np.int64(3), "best": np.float32(0.5), "rollouts": np.array([1.0, np.nan])}
    metrics.append(path, row)
    assert metrics.read(path) == [{"generation": 3, "best": 0.5, "rollouts": [1.0, None]}]


def test_what_is_not_finite_is_null(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    metrics.append(path, {"generation": 0, "a": math.nan, "b": [math.inf], "c": {"d": -np.inf}})
    assert path.read_bytes() == b'{"generation":0,"a":null,"b":[null],"c":{"d":null}}\n'


def test_a_file_that_is_not_there_has_no_rows(tmp_path: Path) -> None:
    assert metrics.read(tmp_path / "m.jsonl") == []
    metrics.sync(tmp_path / "m.jsonl")
    metrics.truncate_after(tmp_path / "m.jsonl", 3)
    assert list(tmp_path.iterdir()) == []


def test_a_torn_last_line_is_dropped_wherever_it_was_torn(path: Path) -> None:
    data = path.read_bytes()
    last = data.rstrip(b"\n").rindex(b"\n") + 1
    for length in range(last, len(data)):
        path.write_bytes(data[:length])
        assert len(metrics.read(path)) == 4
    path.write_bytes(data)
    assert len(metrics.read(path)) == 5


@pytest.mark.parametrize("damage", [b"{", b"", b"[1]", b"\xff", b'{"a":1}', b'{"generation":"1"}'])
def test_a_damaged_line_is_named(path: Path, damage: bytes) -> None:
    lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([*lines[:2], damage, *lines[3:]]))
    with pytest.raises(InputError, match=r"m\.jsonl:3: damaged line, expected a JSON object"):
        metrics.read(path)


def test_a_resumed_file_is_that_of_an_undisturbed_run(path: Path) -> None:
    whole = path.read_bytes()
    with path.open("ab") as stream:
        stream.write(b'{"generation":5,"be')
    metrics.truncate_after(path, 2)
    assert path.read_bytes() == b"".join(whole.splitlines(keepends=True)[:3])
    for generation in (3, 4):
        metrics.append(path, {"generation": generation, "best": generation / 3})
    assert path.read_bytes() == whole


def test_nothing_is_kept_before_the_first_generation(path: Path) -> None:
    metrics.truncate_after(path, -1)
    assert path.read_bytes() == b""
    assert metrics.read(path) == []


def test_rows_of_a_killed_process_are_all_there(tmp_path: Path) -> None:
    """Each row is handed over before the next: killing right after loses none."""
    path = tmp_path / "m.jsonl"
    script = (
        "import os, signal, sys\nfrom pathlib import Path\n"
        "from evo_plastic.records import metrics\n"
        "for g in range(50): metrics.append(Path(sys.argv[1]), {'generation': g})\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", script, path]).returncode == -9
    assert [row["generation"] for row in metrics.read(path)] == list(range(50))
