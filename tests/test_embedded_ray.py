"""The Ray that a command starts for itself: who can reach it, and who is let in."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import ray
from processes import descendants

from workers import cluster, gcs_door

LISTENING = "0A"
LOOPBACK = ("0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000")
"""127.0.0.1, the same in IPv6, and ::1, as /proc/net writes them on little-endian machines."""


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Its user's home."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(home))
        patch.setenv("RAY_AUTH_MODE", "disabled")  # must not be followed
        for name in ("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"):
            patch.setenv(name, "kept")
            patch.delenv(name)
        started = cluster.start(None, 1)
        yield home
        started.close()


def test_nothing_of_it_listens_where_others_could_reach_it(embedded: Path) -> None:
    ray.get(ray.remote(lambda: None).remote(), timeout=120)  # a worker, too
    addresses = listening(descendants(os.getpid()))
    assert len(addresses) >= 5  # GCS, raylet twice, driver, worker
    assert [address for address in addresses if address not in LOOPBACK] == []


def test_only_its_own_token_opens_it(embedded: Path) -> None:
    host, _, port = ray.get_runtime_context().gcs_address.rpartition(":")
    ours = os.environ["RAY_AUTH_TOKEN"]
    assert gcs_door.answers(host, int(port), ours)
    for other in (None, "another", ours[:-1], ours + "é", "x" * 1000):
        assert not gcs_door.answers(host, int(port), other)


def test_it_leaves_no_token_in_files(embedded: Path) -> None:
    assert not (embedded / ".ray").exists()
    session = Path(ray._private.worker._global_node.get_session_dir_path())
    written = [path for path in session.rglob("*") if path.is_file()]
    assert len(written) > 5
    ours = os.environ["RAY_AUTH_TOKEN"].encode()
    assert [path for path in written if ours in path.read_bytes()] == []


def test_it_has_no_dashboard(embedded: Path) -> None:
    assert ray._private.worker._global_node.webui_url in (None, "")


def test_what_it_changed_to_start_is_as_before(embedded: Path) -> None:
    assert "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER" not in os.environ
    assert ray._private.ray_constants.ENABLE_RAY_CLUSTER


def listening(processes: set[int]) -> list[str]:
    """Addresses in hexadecimal, without ports."""
    inodes = set()
    for process in processes:
        with contextlib.suppress(FileNotFoundError):  # it ended meanwhile
            for entry in Path(f"/proc/{process}/fd").iterdir():
                inodes.add(os.readlink(entry).removeprefix("socket:[").removesuffix("]"))
    lines = []
    for family in ("tcp", "tcp6"):
        lines += Path(f"/proc/net/{family}").read_text().splitlines()[1:]
    rows = [line.split() for line in lines]
    return [row[1].partition(":")[0] for row in rows if row[3] == LISTENING and row[9] in inodes]
