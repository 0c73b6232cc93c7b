"""Array files come back exactly or are refused; nothing else ever happens."""

import json
import struct
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from damage import archive, npy, signed
from hypothesis import given, settings
from hypothesis import strategies as st

from evo_plastic.arrays import decode, load_arrays, save_arrays
from evo_plastic.errors import InputError

SCHEMA = "evo_plastic/example/1"
LIMIT = 10**6
ARRAYS = {
    "recurrent/A": np.arange(6.0).reshape(2, 3),
    "maze": np.eye(3, dtype=np.uint8),
    "names": np.array(["mean", "σ"]),
    "count": np.array(7, np.int64),
    "flag": np.array([True, False]),
    "none": np.zeros((0, 4), np.float32),
}
FACTS = {"generation": 3, "score": 0.1, "observation": "wall=+1", "stages": [1, 2], "best": None}


def facts_member(**changes: object) -> bytes:
    return npy(np.array(json.dumps({"schema": SCHEMA, "facts": {}} | changes)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("arrays")


@pytest.fixture(scope="module")
def good(folder: Path) -> bytes:
    save_arrays(folder / "good.npz", ARRAYS, FACTS, SCHEMA)
    return (folder / "good.npz").read_bytes()


def refusal(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    with pytest.raises(InputError) as caught:
        load_arrays(path, SCHEMA, LIMIT)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_arrays_and_facts_come_back_exactly(folder: Path, good: bytes) -> None:
    arrays, facts = load_arrays(folder / "good.npz", SCHEMA, LIMIT)
    assert facts == FACTS
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype
        assert arrays[name].flags.writeable
        np.testing.assert_array_equal(arrays[name], array, strict=True)


def test_numpy_opens_the_file_without_pickle(folder: Path, good: bytes) -> None:
    with np.load(folder / "good.npz", allow_pickle=False) as opened:
        np.testing.assert_array_equal(opened["recurrent/A"], ARRAYS["recurrent/A"])
        assert json.loads(str(opened["facts"]))["schema"] == SCHEMA


def test_bytes_depend_on_content_alone(folder: Path, good: bytes) -> None:
    """Not on order, memory layout, time or process."""
    turned = {name: np.asfortranarray(array) for name, array in reversed(ARRAYS.items())}
    turned = {name: array.reshape(ARRAYS[name].shape) for name, array in turned.items()}
    digest = save_arrays(folder / "again.npz", turned, dict(reversed(FACTS.items())), SCHEMA)
    assert (folder / "again.npz").read_bytes() == good
    assert good.endswith(digest.encode())
    script = (
        "import sys; from pathlib import Path; from evo_plastic.arrays import *;"
        f"a, f = load_arrays(Path(sys.argv[1]), {SCHEMA!r}, {LIMIT});"
        f"save_arrays(Path(sys.argv[2]), a, f, {SCHEMA!r})"
    )
    paths = [str(folder / "good.npz"), str(folder / "other.npz")]
    subprocess.run([sys.executable, "-c", script, *paths], check=True)
    assert (folder / "other.npz").read_bytes() == good
    with zipfile.ZipFile(folder / "good.npz") as opened:
        assert {info.date_time for info in opened.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_save_that_fails_keeps_the_old_file_and_leaves_no_other(tmp_path: Path) -> None:
    path = tmp_path / "state.npz"
    save_arrays(path, ARRAYS, FACTS, SCHEMA)
    before = path.read_bytes()
    script = (
        "import resource, sys, numpy; from pathlib import Path; from evo_plastic.arrays import *;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096));"
        "save_arrays(Path(sys.argv[1]), {'a': numpy.zeros(1000)}, {}, 'x')"
    )
    failed = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True)
    assert "state.npz cannot be written: File too large" in failed.stderr
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["facts", "", "../a", "/a", "a//b", "a/..", "a b", "a\n", "é"])
def test_names_that_could_mislead_are_not_saved(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="cannot name an array"):
        save_arrays(tmp_path / "x.npz", {name: np.zeros(1)}, {}, SCHEMA)


@pytest.mark.parametrize("array", [np.array([{}]), np.zeros(2, ">f8"), np.zeros(2, "M8[s]")])
def test_dtypes_that_could_not_be_read_are_not_saved(tmp_path: Path, array: np.ndarray) -> None:
    with pytest.raises(ValueError, match="array 'a' cannot be saved: dtype"):
        save_arrays(tmp_path / "x.npz", {"a": array}, {}, SCHEMA)


def test_a_missing_file_a_folder_and_a_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no\.npz does not exist"):
        load_arrays(tmp_path / "no.npz", SCHEMA, LIMIT)
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        load_arrays(tmp_path, SCHEMA, LIMIT)
    assert f"no array file: expected {SCHEMA}" in refusal(tmp_path / "t.npz", b"seed: 1\n")
    assert "no array file" in refusal(tmp_path / "empty.npz", b"")


def test_another_schema_is_refused_by_both_names(folder: Path, good: bytes) -> None:
    with pytest.raises(InputError, match=f"is '{SCHEMA}', expected 'evo_plastic/other/1'"):
        load_arrays(folder / "good.npz", "evo_plastic/other/1", LIMIT)


def test_the_limit_is_the_largest_size_that_loads(folder: Path, good: bytes) -> None:
    load_arrays(folder / "good.npz", SCHEMA, len(good))
    with pytest.raises(InputError, match=f"larger than the limit of {len(good) - 1} bytes"):
        load_arrays(folder / "good.npz", SCHEMA, len(good) - 1)


@pytest.mark.parametrize("name", ["a\0.npz", "a\ud800.npz"])
def test_a_name_that_no_file_can_have_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="cannot be the name of a file"):
        load_arrays(Path(name), SCHEMA, LIMIT)


def test_an_endless_file_is_refused_after_the_limit() -> None:
    with pytest.raises(InputError, match="larger than the limit"):
        load_arrays(Path("/dev/zero"), SCHEMA, LIMIT)


def test_every_truncation_is_refused(folder: Path, good: bytes) -> None:
    for length in range(0, len(good), 7):
        refusal(folder / "short.npz", good[:length])


def test_every_flipped_byte_is_refused(folder: Path, good: bytes) -> None:
    for place in range(0, len(good), 3):
        damaged = bytearray(good)
        damaged[place] ^= 1 << (place % 8)
        refusal(folder / "flipped.npz", bytes(damaged))


class Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return pytest.fail, ("unpickled",)


def test_files_made_to_harm_are_refused(folder: Path) -> None:
    path, facts = folder / "crafted.npz", facts_member()
    pickled = npy(np.array([Bomb()], object), allow_pickle=True)
    assert "dtype |O" in refusal(path, archive({"facts.npy": facts, "a.npy": pickled}))
    for name in ("../a.npy", "/a.npy", "a.txt", "a/../b.npy", "a\\b.npy"):
        assert "not a named array" in refusal(path, archive({"facts.npy": facts, name: facts}))
    bomb = npy(np.zeros(10**6))
    deflated = archive({"facts.npy": facts, "a.npy": bomb}, zipfile.ZIP_DEFLATED)
    assert len(deflated) < LIMIT
    assert "is compressed" in refusal(path, deflated)
    assert "(3,)" not in refusal(path, archive({"a.npy": npy(np.zeros(3))}))


def test_sizes_that_an_array_does_not_have_are_refused(folder: Path) -> None:
    sound = npy(np.zeros(10))
    for shape in (b"(10000000000,)", b"(10, 1180591620717411303424)", b"(2, 10)", b"()"):
        width = max(len(shape), len("(10,)")) + len(", }")
        claim = sound.replace(b"(10,), }".ljust(width), (shape + b", }").ljust(width))
        assert shape in claim
        assert len(claim) == len(sound)
        lies = archive({"facts.npy": facts_member(), "a.npy": claim})
        assert "cut off or too long" in refusal(folder / "lies.npz", lies)
    for other in (sound[:-1], sound + bytes(8), sound[:128]):
        lies = archive({"facts.npy": facts_member(), "a.npy": other})
        assert "cut off or too long" in refusal(folder / "lies.npz", lies)


@pytest.mark.parametrize(
    ("found", "instead", "problem"),
    [
        (b"\x93NUMPY\x01", b"\x93NUMPY\x02", "version 1.0"),
        (b"v\x00{", b"w\x00{", "version 1.0"),
        (b"False", b"True", "row-major"),
        (b"(2, 3), }", b"(2, +3),}", "version 1.0"),
        (b"(2, 3), } ", b"[2, 3][:]}", "version 1.0"),
        (b"'<f8', ", b"[('a', '<f8')], ", "version 1.0"),
        (b"'<f8'", b"'>f8'", "dtype >f8"),
        (b"'<f8'", b"'<c8'", "dtype <c8"),
        (b"'<f8'", b"'|V8'", "dtype |V8"),
        (b"'<f8'", b"'<U0'", "dtype <U0"),
        (b"'<f8'", b"'<U99999999999'", ""),
    ],
)
def test_other_headers_than_of_plain_numbers_and_text_are_refused(
    folder: Path, found: bytes, instead: bytes, problem: str
) -> None:
    sound = npy(np.arange(6.0).reshape(2, 3))
    assert decode(sound).shape == (2, 3)
    header, body = sound[:128], sound[128:]
    member = header.replace(found, instead)
    member = member[:-1].rstrip(b" ").ljust(127) + b"\n" + body
    assert member != sound
    made = archive({"facts.npy": facts_member(), "a.npy": member})
    assert problem in refusal(folder / "header.npz", made)


def test_a_name_that_comes_twice_is_refused(folder: Path) -> None:
    made = archive({"facts.npy": facts_member(), "a.npy": npy(np.zeros(3)), "b.npy": b""})
    body = made[:-64].replace(b"b.npy", b"a.npy")
    assert "2 different names" in refusal(folder / "twice.npz", signed(body))


def test_facts_that_are_no_facts_are_refused(folder: Path) -> None:
    path = folder / "facts.npz"
    for member in (
        npy(np.zeros(3)),
        npy(np.array("{")),
        npy(np.array("[1]")),
        npy(np.array("[" * 20_000)),
        facts_member(facts=None),
        facts_member(facts="text"),
    ):
        refusal(path, archive({"facts.npy": member}))
    assert "is 1, expected" in refusal(path, archive({"facts.npy": facts_member(schema=1)}))


def test_a_size_that_lies_is_refused(folder: Path, good: bytes) -> None:
    """The directory of the archive claims 4 GiB for one member."""
    directory = good.index(b"PK\x01\x02")
    body = good[: directory + 24] + struct.pack("<L", 0xFFFFFFF0) + good[directory + 28 : -64]
    assert "larger than" in refusal(folder / "lie.npz", signed(body))


edits = st.lists(
    st.tuples(
        st.floats(0, 1, exclude_max=True),
        st.sampled_from(["change", "delete", "insert", "repeat"]),
        st.binary(min_size=1, max_size=9),
    ),
    min_size=1,
    max_size=4,
)


def edited(data: bytes, changes: list[tuple[float, str, bytes]]) -> bytes:
    for share, kind, piece in changes:
        place = int(share * len(data))
        after = place if kind in ("insert", "repeat") else place + len(piece)
        middle = {"delete": b"", "repeat": data[place : place + 97]}.get(kind, piece)
        data = data[:place] + middle + data[after:]
    return data


@settings(max_examples=500, deadline=None)
@given(changes=edits)
def test_damage_is_refused_or_harmless(
    folder: Path, good: bytes, changes: list[tuple[float, str, bytes]]
) -> None:
    path = folder / "fuzzed.npz"
    path.write_bytes(edited(good, changes))
    try:
        arrays, facts = load_arrays(path, SCHEMA, LIMIT)
    except InputError:
        return
    assert facts == FACTS
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], array, strict=True)


@settings(max_examples=1000, deadline=None)
@given(changes=edits)
def test_forged_digests_reach_no_other_exception(
    folder: Path, good: bytes, changes: list[tuple[float, str, bytes]]
) -> None:
    """The digest is made to fit, so that archive and header parsers see the damage."""
    path = folder / "forged.npz"
    path.write_bytes(signed(edited(good[:-64], changes)))
    try:
        arrays, _ = load_arrays(path, SCHEMA, LIMIT)
    except InputError:
        return
    assert sum(array.nbytes for array in arrays.values()) <= LIMIT


@settings(max_examples=500, deadline=None)
@given(changes=edits)
def test_forged_headers_reach_no_other_exception(
    folder: Path, changes: list[tuple[float, str, bytes]]
) -> None:
    """Here the checksum of the member fits too: only the header of the array is damaged."""
    member = npy(np.arange(6.0).reshape(2, 3))
    header = edited(member[10:80], changes).ljust(118)[:118]
    path = folder / "header.npz"
    forged = member[:10] + header + member[128:]
    path.write_bytes(archive({"facts.npy": facts_member(), "a.npy": forged}))
    try:
        arrays, _ = load_arrays(path, SCHEMA, LIMIT)
    except InputError:
        return
    assert arrays["a"].nbytes <= 48
