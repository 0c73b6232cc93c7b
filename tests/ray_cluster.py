"""A real Ray cluster of one node on this machine, with a job server, for tests."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from benchmarks.faults.private import folder_with_token

pytest.importorskip("aiohttp", reason="these tests need ray[default], of evo-plastic[cluster]")

START_SECONDS = 180
# What would lead Ray or its workers to another cluster, or slow every import down.
UNSET = ("RAY_ADDRESS", "RAY_API_SERVER_ADDRESS", "RAY_AUTH_TOKEN", "PYTHONDONTWRITEBYTECODE")

UNAUTHORIZED = 401


class RayCluster(NamedTuple):
    """address: of its GCS, where a pool joins. url: of its job server."""

    url: str
    address: str
    folder: Path
    token: Path
    process: subprocess.Popen[bytes]


@contextlib.contextmanager
def ray_cluster(mode: str = "token") -> Iterator[RayCluster]:
    """Two CPUs; all its processes are gone at the end. mode: Ray's RAY_AUTH_MODE."""
    port, dashboard, agent, client = free_ports(4)
    with folder_with_token() as folder:
        command = [
            *(sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block"),
            *(f"--port={port}", "--num-cpus=2", "--object-store-memory=200000000"),
            *("--dashboard-host=127.0.0.1", f"--dashboard-port={dashboard}"),
            *(f"--dashboard-agent-listen-port={agent}", f"--ray-client-server-port={client}"),
            *("--disable-usage-stats", f"--temp-dir={folder}"),
        ]
        with (folder / "ray.log").open("w") as log:
            process = subprocess.Popen(
                command,
                env=environment(folder, mode),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        url, address = f"http://127.0.0.1:{dashboard}", f"127.0.0.1:{port}"
        cluster = RayCluster(url, address, folder, folder / "token", process)
        try:
            wait_until_up(cluster, agent, UNAUTHORIZED if mode == "token" else 200)
            yield cluster
        finally:
            end(cluster)


def environment(folder: Path, mode: str) -> dict[str, str]:
    """Of Ray and of all that is run on it."""
    kept = {name: value for name, value in os.environ.items() if name not in UNSET}
    return kept | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "RAY_AUTH_MODE": mode,
        "RAY_AUTH_TOKEN_PATH": str(folder / "token"),
        "RAY_TMPDIR": str(folder),
    }


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def wait_until_up(cluster: RayCluster, agent: int, expected: int) -> None:
    """Until the dashboard answers a stranger as expected, and the agent of jobs is well."""
    deadline = time.monotonic() + START_SECONDS
    healthy = f"http://127.0.0.1:{agent}/api/local_raylet_healthz"
    while answer(f"{cluster.url}/api/version") != expected or answer(healthy) != 200:
        log = (cluster.folder / "ray.log").read_text()
        assert cluster.process.poll() is None, log
        assert time.monotonic() < deadline, log
        time.sleep(0.5)


def answer(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=5) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except OSError:
        return 0


def end(cluster: RayCluster) -> None:
    """Kill Ray and all that ran on it, and wait until they are gone."""
    kill(lambda: processes(cluster))
    cluster.process.wait()


def kill(living: Callable[[], list[int]]) -> None:
    """Until there are none."""
    deadline = time.monotonic() + 30
    while (found := living()) and time.monotonic() < deadline:
        for number in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)
        time.sleep(0.2)
    assert not found


def processes(cluster: RayCluster) -> list[int]:
    """Numbers of the cluster's living processes: of its session, or with its environment.

    Ray's own overwrite their environment by a title; jobs begin sessions of their own.
    """
    return with_mark(cluster.process.pid, f"RAY_TMPDIR={cluster.folder}")


def with_mark(session: int, variable: str) -> list[int]:
    """Living processes of a session, or with this in their environment."""
    mark = os.fsencode(f"{variable}\0")
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state, _, _, its = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
            known = int(its) == session or mark in (entry / "environ").read_bytes()
            if known and state != "Z":
                found.append(int(entry.name))
    return found
