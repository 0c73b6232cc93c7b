"""Array files: named numpy arrays and JSON facts in one ``.npz``, never pickled.

    member ``facts.npy``    0-d string: JSON {"schema": …, "facts": …}, keys sorted
    member ``<name>.npy``   one per array, names sorted, row-major, little-endian, uncompressed
    archive comment         sha256 (hex) of all bytes before it: the last 64 of the file

The same content gives the same bytes. ``numpy.load`` opens these files too; a name may hold
``/`` (``recurrent/A``). The digest is checked before anything is parsed, sizes and names
before a member is read.
"""

import hashlib
import io
import json
import math
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evo_plastic.errors import InputError, brief
from evo_plastic.files import parse_json, read_whole, write_whole

Arrays = dict[str, NDArray[Any]]

FACTS = "facts"
MEMBERS_LIMIT = 10_000
FACTS_LIMIT_BYTES = 2**20
"""Of the text in memory, 4 bytes a character: errors in it take far more to explain."""
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")
_DTYPE = re.compile(r"\|b1|[|<][iu][1248]|<f[248]|<U[1-9]\d*")
_DIGEST_SIZE = 64
_ENTRY = b"PK\x01\x02"  # begins each entry of an archive's directory
# Only what numpy writes before plain numbers and text: its own reader evaluates a header.
_HEADER = re.compile(
    rb"\x93NUMPY\x01\x00(?P<length>..)"
    rb"\{'descr': '(?P<dtype>[^'\s]{1,16})', 'fortran_order': (?P<order>True|False), "
    rb"'shape': \((?P<shape>|\d+,|\d+(?:, \d+)+)\), \} *\n",
    re.DOTALL,
)
_PREFIX_SIZE = 10  # of a header: what comes before the bytes that its length counts

MALFORMED = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    RuntimeError,
    MemoryError,
    EOFError,
    OSError,
)
"""What ``zipfile``, ``decode`` and ``json`` raise on a file that was made to harm."""


def save_arrays(
    path: Path, arrays: Mapping[str, NDArray[Any]], facts: Mapping[str, Any], schema: str
) -> str:
    """Write an array file whole or not at all; returns its sha256 (hex).

    ``facts`` must survive JSON (no NaN, no tuples to be told from lists). ``ValueError``
    for a name or dtype that ``load_arrays`` would refuse.
    """
    document = json.dumps(
        {"schema": schema, "facts": facts}, sort_keys=True, allow_nan=False, ensure_ascii=True
    )
    for name, array in arrays.items():
        if name == FACTS or not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} cannot name an array of a file")
        if not _DTYPE.fullmatch(array.dtype.str):
            raise ValueError(f"array {name!r} cannot be saved: dtype {array.dtype}")
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.comment = b"0" * _DIGEST_SIZE
        for name, array in [(FACTS, np.array(document)), *sorted(arrays.items())]:
            # A bare ZipInfo says 1980: the time of writing must not change the bytes.
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), _encode(array))
    body = stream.getvalue()[:-_DIGEST_SIZE]
    digest = hashlib.sha256(body).hexdigest()
    write_whole(path, body + digest.encode())
    return digest


def load_arrays(path: Path, schema: str, limit_bytes: int) -> tuple[Arrays, dict[str, Any]]:
    """Arrays and facts of a file of ``schema``, at most ``limit_bytes`` long.

    ``InputError`` if it is missing, too large, damaged, or of another schema.
    """
    data = read_whole(path, limit_bytes)
    body, digest = memoryview(data)[:-_DIGEST_SIZE], data[-_DIGEST_SIZE:]
    if not data.startswith(b"PK"):
        raise InputError(f"{path} is no array file: expected {schema} (.npz)")
    if hashlib.sha256(body).hexdigest().encode() != digest:
        raise InputError(f"{path} is damaged: its sha256 differs (expected {schema})")
    try:
        with _open(data) as archive:
            _check_members(archive.infolist(), limit_bytes)
            arrays = {name[:-4]: decode(archive.read(name)) for name in archive.namelist()}
        document = parse_json(str(arrays.pop(FACTS)[()]))
        found, facts = document["schema"], dict(document["facts"])
    except MALFORMED as error:
        raise InputError(f"{path} is damaged: {brief(error)} (expected {schema})") from error
    if found != schema:
        raise InputError(f"{path} is {brief(repr(found))}, expected {schema!r}")
    return arrays, facts


def member_names(path: Path, limit_bytes: int) -> list[str]:
    """Names of the arrays that a zip file says it holds; none if it is no zip file.

    Nor are there any in a file that is unreadable or larger than ``limit_bytes``.
    """
    try:
        with _open(read_whole(path, limit_bytes)) as archive:
            return [name.removesuffix(".npy") for name in archive.namelist()]
    except (InputError, *MALFORMED):
        return []


def load_plain(path: Path, names: Sequence[str], limit_bytes: int) -> Arrays:
    """Some arrays of any ``.npz``, packed or not; the file and each array within the limit.

    ``InputError`` if the file is unreadable or too large, or an array missing or no plain array.
    """
    data = read_whole(path, limit_bytes)
    try:
        with _open(data) as archive:
            members = {name: _member(archive, f"{name}.npy", limit_bytes) for name in names}
        return {name: decode(member, any_order=True) for name, member in members.items()}
    except MALFORMED as error:
        raise InputError(f"{path} does not hold {', '.join(names)}: {brief(error)}") from error


def _open(data: bytes) -> zipfile.ZipFile:
    # Each member is an object of Python's, many times as large as the few bytes that name it.
    if data.count(_ENTRY) > MEMBERS_LIMIT:
        raise ValueError(f"more than {MEMBERS_LIMIT} members")
    return zipfile.ZipFile(io.BytesIO(data))


def _member(archive: zipfile.ZipFile, name: str, limit_bytes: int) -> bytes:
    if archive.getinfo(name).compress_type > zipfile.ZIP_DEFLATED:
        raise ValueError(f"{name} is packed by a method that numpy does not use")
    with archive.open(name) as stream:
        member = stream.read(limit_bytes + 1)  # the size in the archive's directory may lie
    if len(member) > limit_bytes:
        raise ValueError(f"{name} is larger than {limit_bytes} bytes")
    return member


def decode(member: bytes, any_order: bool = False) -> NDArray[Any]:
    """One ``.npy`` as a new array; one of ``MALFORMED`` if it is none of plain numbers or text.

    any_order: column-major ones too; the new array is row-major.

    Nothing is evaluated, and no more memory is taken than ``member`` fills.
    """
    header = _HEADER.match(member)
    if header is None or _PREFIX_SIZE + int.from_bytes(header["length"], "little") != header.end():
        raise ValueError("an array is not of version 1.0 and a plain dtype")
    columns_first = header["order"] == b"True"
    if columns_first and not any_order:
        raise ValueError("an array is not in row-major order")
    code = header["dtype"].decode("latin-1")
    if not _DTYPE.fullmatch(code):
        raise ValueError(f"an array is of dtype {code}")
    dtype = np.dtype(code)
    shape = tuple(int(extent) for extent in re.findall(rb"\d+", header["shape"]))
    if header.end() + math.prod(shape) * dtype.itemsize != len(member):
        raise ValueError("an array is cut off or too long")
    flat = np.frombuffer(member, dtype, offset=header.end())
    return flat.reshape(shape, order="F" if columns_first else "C").copy(order="C")


def _check_members(members: list[zipfile.ZipInfo], limit_bytes: int) -> None:
    names = {member.filename for member in members}
    if len(names) != len(members) or len(members) > MEMBERS_LIMIT:
        raise ValueError(f"{len(members)} members, {len(names)} different names")
    for member in members:
        if not member.filename.endswith(".npy") or not _NAME.fullmatch(member.filename[:-4]):
            raise ValueError(f"member {member.filename!r} is not a named array")
        if member.compress_type != zipfile.ZIP_STORED:
            raise ValueError(f"member {member.filename!r} is compressed")
    facts = sum(member.file_size for member in members if member.filename == f"{FACTS}.npy")
    if facts > FACTS_LIMIT_BYTES:
        raise ValueError(f"its facts are larger than {FACTS_LIMIT_BYTES} bytes")
    if sum(member.file_size for member in members) > limit_bytes:
        raise ValueError(f"its members are larger than {limit_bytes} bytes")


def _encode(array: NDArray[Any]) -> bytes:
    stream = io.BytesIO()
    ordered = np.asarray(array, order="C")
    np.lib.format.write_array(stream, ordered, version=(1, 0), allow_pickle=False)
    return stream.getvalue()
