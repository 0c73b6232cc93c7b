"""Damaged files: bytes edited, documents and archives made to harm, and how fuzzing is run."""

import copy
import hashlib
import io
import json
import re
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice, product
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

FUZZ = settings(
    derandomize=True,  # the same inputs in every run
    deadline=timedelta(seconds=20),  # of one input: what takes as long hangs
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
LARGEST_GROWTH = 2**28
"""Bytes by which reading small damaged files may raise the memory of the process."""

_POSITIONS = st.integers(0, 2**16 - 1)
_KINDS = st.sampled_from(["flip", "change", "delete", "insert", "repeat", "cut", "blank"])
edits = st.lists(st.tuples(_POSITIONS, _KINDS, st.binary(min_size=1, max_size=9)),
                 min_size=1, max_size=4)  # fmt: skip


def edited(data: bytes, changes: list[tuple[int, str, bytes]]) -> bytes:
    """``data`` after changes at places given as shares of its length times 2^16."""
    for position, kind, piece in changes:
        place = position * len(data) >> 16
        if kind == "cut":
            data = data[:place]
            continue
        middle, skipped = piece, len(piece)
        if kind == "flip" and data:
            middle, skipped = bytes([data[place] ^ 1 << piece[0] % 8]), 1
        elif kind == "delete":
            middle = b""
        elif kind == "blank":
            middle, skipped = bytes(97), 97
        elif kind in ("insert", "repeat"):
            middle, skipped = (data[place : place + 97] if kind == "repeat" else piece), 0
        data = data[:place] + middle + data[place + skipped :]
    return data


def signed(body: bytes) -> bytes:
    """``body`` with the digest that makes it look undamaged."""
    return body + hashlib.sha256(body).hexdigest().encode()


def archive(members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    """An array file of ours, digest included."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as made:
        made.comment = b"0" * 64
        for name, data in members.items():
            made.writestr(name, data)
    return signed(stream.getvalue()[:-64])


def packed(members: dict[str, bytes]) -> bytes:
    """An archive as numpy writes it, without a digest."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in members.items():
            made.writestr(name, data)
    return stream.getvalue()


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def npy(array: Any, **options: bool) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


# Values that a document of another kind, another version or ill will may hold.
HOSTILE = (
    None, True, False, 0, -1, 1, 2, 17, 2**31, 2**63, 2**64, 10**30, 10**400, 0.5, -0.0, 1e-320,
    1e308, float("nan"), float("inf"), "", "0", "x", "x" * 5000, "a\0b", "a\nerror: b", "\ud800",
    "\u202e", "\x1b[2J", "../../etc/passwd", "=", "~", [], [[]], [None], [1, "a"], [1] * 70, {},
    {"": {}}, {"a": 1}, {"a\nb": 1}, json.loads("[" * 90 + "]" * 90),
)  # fmt: skip
hostile = st.sampled_from(HOSTILE) | st.integers() | st.floats() | st.text(max_size=9)

DROPPED, RENAMED, TWICE = object(), object(), object()
tree_edits = st.lists(
    st.tuples(_POSITIONS, st.sampled_from([DROPPED, RENAMED, TWICE]) | hostile),
    min_size=1,
    max_size=3,
)


def paths(tree: Any) -> Iterator[tuple[Any, ...]]:
    """Keys that lead to every part of a document of dictionaries and lists."""
    if not isinstance(tree, dict | list):
        return
    for key, part in tree.items() if isinstance(tree, dict) else enumerate(tree):
        yield (key,)
        yield from ((key, *rest) for rest in paths(part))


def edited_tree(tree: Any, changes: list[tuple[int, Any]]) -> Any:
    """A copy of a document with parts replaced, dropped, renamed or doubled."""
    tree = copy.deepcopy(tree)
    for position, change in changes:
        places = list(paths(tree))
        if not places:
            return tree
        *way, last = places[position % len(places)]
        holder = tree
        for key in way:
            holder = holder[key]
        if change is DROPPED:
            del holder[last]
        elif change is RENAMED and isinstance(holder, dict):
            holder[f"{last}_"] = holder.pop(last)
        elif change is TWICE and isinstance(holder, list):
            holder.append(copy.deepcopy(holder[last]))
        elif change not in (RENAMED, TWICE):
            holder[last] = copy.deepcopy(change)
    return tree


def every_edit(tree: Any) -> Iterator[Any]:
    """The document with one part replaced by each hostile value in turn, and dropped.

    Of a document of many parts not each of them meets every value.
    """
    places = len(list(paths(tree)))
    changes = product(range(places), (*HOSTILE, DROPPED, RENAMED, TWICE))
    for change in islice(changes, 0, None, 1 + places // 25):
        yield edited_tree(tree, [change])


_SIGNATURES = re.compile(rb"PK(?:\x01\x02.{46}|\x03\x04.{30}|\x05\x06.{18})", re.DOTALL)


def every_header_edit(data: bytes) -> Iterator[bytes]:
    """An archive with one byte of its headers and directory changed, in several ways."""
    for header in _SIGNATURES.finditer(data):
        for place in range(*header.span()):
            for value in (99, 255):
                yield data[:place] + bytes([value]) + data[place + 1 :]


_DTYPES = st.sampled_from(
    ["<f8", "<f4", "<f2", "|u1", "<u2", "<i2", "<i8", "<u8", "|b1", "<U3", "<U0", "<U999999999",
     ">f8", "<c16", "|O", "|S4", "|V8", "<M8[s]", "<f16", "f8", "<f8'", "[('a', '<f8')]"]
)  # fmt: skip
_EXTENTS = st.sampled_from(["0", "1", "2", "3", "9", "64", "-1", "1.0", "True", "4" * 5000,
                            str(2**31), str(2**62), str(2**63), str(2**64), "x"])  # fmt: skip
_BODIES = st.sampled_from([0, 1, 8, 24, 72, 162, 243, 512]) | st.integers(0, 600)


def _npy(dtype: str, shape: list[str], columns: str, body: int, fill: int, version: int) -> bytes:
    extents = ", ".join(shape) + ("," if len(shape) == 1 else "")
    text = f"{{'descr': '{dtype}', 'fortran_order': {columns}, 'shape': ({extents}), }}"
    header = text.encode().ljust(-(10 + len(text) + 1) % 64 + len(text)) + b"\n"
    length = struct.pack("<H", len(header) % 2**16)
    return b"\x93NUMPY" + bytes([version, 0]) + length + header + bytes([fill]) * body


hostile_arrays = st.builds(
    _npy,
    _DTYPES,
    st.lists(_EXTENTS, max_size=4),
    st.sampled_from(["False"] * 4 + ["True", "0", "__import__('os').abort()"]),
    _BODIES,
    st.sampled_from([0, 1, 0x3F, 0x7F, 0xFF]),
    st.sampled_from([1, 1, 1, 1, 2, 3, 0]),
) | st.sampled_from(
    [npy(np.array([{"a": 1}], object), allow_pickle=True), b"", b"PK", b"\x93NUMPY", bytes(200)]
)  # fmt: skip
hostile_names = st.sampled_from(
    ["../a.npy", "/etc/a.npy", "a\\b.npy", "a.npy.exe", ".npy", "a\nb.npy", "é.npy", "a//b.npy",
     "C:a.npy", "facts.npy", "mean/map.npy", "a" * 3000 + ".npy", "\ud83d.npy".encode(
         "utf-8", "replace").decode()]
)  # fmt: skip
member_edits = st.lists(
    st.tuples(_POSITIONS, st.sampled_from(["replace", "drop", "add", "edit"]),
              hostile_names, hostile_arrays, edits),
    min_size=1, max_size=3,
)  # fmt: skip


def edited_members(
    found: dict[str, bytes], changes: list[tuple[int, str, str, bytes, Any]]
) -> dict[str, bytes]:
    """Members of an archive with some replaced, dropped, added or damaged inside."""
    found = dict(found)
    for position, kind, name, array, inside in changes:
        names = list(found)
        if kind == "add" or not names:
            found[name] = array
            continue
        there = names[position % len(names)]
        if kind == "drop":
            del found[there]
        else:
            found[there] = array if kind == "replace" else edited(found[there], inside)
    return found


def peak(reset: bool = False) -> int:
    """Most bytes of memory that this process had, since the last reset; the present ones then."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    found = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return 1024 * int(found[1])


@contextmanager
def fuzzing() -> Iterator[None]:
    """Fails if the memory of this process grows much in the block, even for a moment.

    Nobody waits for the disk meanwhile: thousands of files would take minutes.
    """
    before = peak(reset=True)
    with mock.patch("os.fsync"):
        yield
    assert peak() - before < LARGEST_GROWTH
