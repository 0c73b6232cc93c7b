"""Small files that ask for much: each is refused soon, and with little memory.

They are read one after the other by a process of its own, which may take 3 GB at most.
"""

import io
import json
import os
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from damage import archive, npy
from driver_runs import EXPERIMENT

from evo_plastic.records import manifest

MOST_SECONDS = 4.0  # of CPU time, so that a busy machine does not count
MOST_BYTES = 400 * 2**20

READ = """
import json, resource, sys, time
from pathlib import Path
from damage import peak
from evo_plastic.errors import InputError
from evo_plastic.parsing import load_experiment
from evo_plastic.records import manifest, metrics
from evo_plastic.records.genome_sources import open_genome
from evo_plastic.tasks import load_set

resource.setrlimit(resource.RLIMIT_AS, (3 * 2**30,) * 2)
READERS = {
    "genome": lambda path: open_genome(str(path)),
    "published": lambda path: open_genome(f"{path}:demo"),
    "mazes": lambda path: load_set(str(path)),
    "prefixed": lambda path: load_set(f"{path}:valid9"),
    "yaml": load_experiment,
    "manifest": manifest.load,
    "rows": metrics.read,
}
for name in sys.argv[1:]:
    path = Path(name)
    begun, before = time.process_time(), peak(reset=True)
    try:
        READERS[path.parent.name](path)
        outcome = "read"
    except InputError as error:
        outcome = str(error)
    found = outcome[:2000], time.process_time() - begun, peak() - before
    print(json.dumps([f"{path.parent.name}/{path.stem}", *found]), flush=True)
"""


def directory_only(entries: int) -> bytes:
    """An archive that is nothing but names, one byte each."""
    fields = (20, 0, 20, 0), (0, 0, 0, 33), (0, 0, 0), (1, 0, 0, 0, 0), (0, 0)
    entry = struct.pack("<4s4B4H3L5H2L", b"PK\1\2", *chain(*fields)) + b"a"
    return entry * entries + struct.pack(
        "<4s4H2LH", b"PK\5\6", 0, 0, entries % 2**16, entries % 2**16, len(entry) * entries, 0, 0
    )


def deflated(**sizes: int) -> bytes:
    """Zeros that unpack to as many bytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made:
        for name, size in sizes.items():
            with made.open(f"{name}.npy", "w", force_zip64=True) as member:
                member.write(npy(np.zeros(1, np.uint8))[:128])
                for _ in range(size >> 20):
                    member.write(bytes(2**20))
    return stream.getvalue()


def with_facts(text: str) -> bytes:
    return archive({"facts.npy": npy(np.array(text))})


def lying_header(shape: str) -> bytes:
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    lies = b"\x93NUMPY\1\0" + struct.pack("<H", 118) + header.encode()
    return archive({"facts.npy": npy(np.array("{}")), "a.npy": lies})


def session_bomb() -> bytes:
    sound = manifest.begin(EXPERIMENT).model_dump(mode="json") | {"schema": manifest.SCHEMA}
    return json.dumps(sound | {"sessions": [{}] * 450_000}, separators=(",", ":")).encode()


MAZE = "#######\n#S   G#\n" + "#     #\n" * 4 + "#######\n\n"
BOMBS: dict[str, Callable[[], bytes]] = {
    "genome/directory.npz": lambda: directory_only(650_000),
    "genome/huge.npz": lambda: lying_header("(1099511627776, 8)"),
    "genome/empty.npz": lambda: lying_header("(0, 4611686018427387904)"),
    "genome/deep.npz": lambda: with_facts("[" * 200_000),
    "genome/digits.npz": lambda: with_facts("9" * 200_000),
    "genome/facts.npz": lambda: with_facts("[" + "0," * 4_000_000 + "0]"),
    "genome/packed.npz": lambda: deflated(facts=2**29),
    "published/unpacks.npz": lambda: deflated(demo_vector=2**29, layout_names=2**29),
    "published/directory.npz": lambda: directory_only(20_000),
    "mazes/directory.npz": lambda: directory_only(650_000),
    "mazes/unpacks.npz": lambda: deflated(walls=2**29, start=2**29, goal=2**29),
    "mazes/newlines.txt": lambda: b"\n" * (2 * 2**20),
    "mazes/long.txt": lambda: b"#" * (2 * 2**20),
    "mazes/narrow.txt": lambda: b"#\n\n" * (2 * 2**20 // 3),
    "mazes/many.txt": lambda: MAZE.encode() * (2 * 2**20 // len(MAZE)) + b"#",
    "mazes/large.txt": lambda: b"\n" * (2 * 2**20 + 1),
    "prefixed/directory.npz": lambda: directory_only(650_000),
    "yaml/items.yaml": lambda: b"-\n" * 500_000,
    "yaml/keys.yaml": lambda: "".join(f"k{n}: 1\n" for n in range(100_000)).encode(),
    "yaml/weights.yaml": lambda: b"task: {weights: [" + b"x," * 500_000 + b"]}",
    "yaml/nested.yaml": lambda: b"{a: [" * 200_000,
    "yaml/laughs.yaml": lambda: "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9) if n else 'ha'}]\n" for n in range(99)
    ).encode(),
    "yaml/quoted.yaml": lambda: b"'" + b"\n" * (2**20 - 2),
    "yaml/large.yaml": lambda: b"#" * (2**20 + 1),
    "manifest/sessions.json": session_bomb,
    "manifest/deep.json": lambda: b'{"schema":' * 200_000,
    "manifest/keys.json": lambda: json.dumps(
        {"schema": manifest.SCHEMA, **{str(n): 0 for n in range(150_000)}}).encode(),
    "manifest/large.json": lambda: b" " * (2**21 + 1),
    "rows/deep.jsonl": lambda: b"[" * 2**22 + b"\n",
    "rows/digits.jsonl": lambda: b'{"generation":' + b"9" * 2**22 + b"}\n",
}  # fmt: skip


class Read(NamedTuple):
    message: str
    seconds: float
    bytes: int


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Read]:
    folder = tmp_path_factory.mktemp("bombs")
    paths = [folder / name for name in BOMBS]
    for path in paths:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(BOMBS[f"{path.parent.name}/{path.name}"]())
        assert path.stat().st_size < 32 * 2**20
    command = [sys.executable, "-c", READ, *map(str, paths)]
    tests = Path(__file__).parent
    search = os.pathsep.join([str(tests), str(tests.parent)])
    environment = os.environ | {"PYTHONPATH": search}
    ended = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert ended.returncode == 0, ended.stderr
    found = [json.loads(line) for line in ended.stdout.splitlines()]
    return {name: Read(*rest) for name, *rest in found}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_soon_and_with_little_memory(
    results: dict[str, Read], name: str
) -> None:
    read = results[name.rpartition(".")[0]]
    assert name in read.message
    assert len(read.message) < 1000
    assert read.seconds < MOST_SECONDS
    assert read.bytes < MOST_BYTES
