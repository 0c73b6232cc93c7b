"""Bytes that really pass between the driver and the nodes: the pool on a cluster of several nodes.

The nodes are processes of this machine, which talk through the loopback device as they would
through a network; its counter is read before and after. What passes while the pool has nothing to
do, such as Ray's heartbeats and reports, is taken off: they come in bursts that repeat every ten
seconds, so both are measured over several of these. All this happens in a network namespace of its
own, where nobody else talks; where the system allows none, other programs may be counted.
"""

import contextlib
import fcntl
import json
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.common import configure, create_network
from benchmarks.faults.machines import machines
from benchmarks.simulation.lifetimes import Case, search
from evo_plastic.config import PoolConfig
from workers.evaluator import PoolEvaluator, open_evaluator

NODES = 2
SECONDS = 30.0
"""Of each measurement, at least."""
SIOCSIFFLAGS, IFF_UP = 0x8914, 1  # of Linux


class Traffic(NamedTuple):
    """Of one generation, means."""

    node_bytes: float
    """Between the driver and one node, both ways, with all headers."""
    idle_rate: float
    """Bytes per second while the pool has nothing to do, taken off."""


def measure(cases: Sequence[Case]) -> list[Traffic]:
    """On a cluster of its own; call it in a process of ``benchmarks.faults.private``."""
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "traffic.json"
        command = [*_apart(), sys.executable, "-m", __name__, str(answer)]
        subprocess.run(command, input=json.dumps(cases), text=True, check=True)
        return [Traffic(*row) for row in json.loads(answer.read_text())]


def _apart() -> list[str]:
    """What to put before a command that shall have a network of its own, if that is allowed."""
    prefix = ["unshare", "--map-root-user", "--net"]
    with contextlib.suppress(OSError):
        if subprocess.run([*prefix, "true"], capture_output=True).returncode == 0:
            return prefix
    return []


def _raise_loopback() -> None:
    """The device of a new namespace is down."""
    request = struct.pack("16sh22x", b"lo", IFF_UP)
    with socket.socket() as any_socket, contextlib.suppress(PermissionError):
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, request)


def _through(address: str, case: Case) -> Traffic:
    config = configure(case.name, case.modulation)
    pool = PoolConfig(backend="ray", address=address, workers=NODES)
    with open_evaluator(pool, config, create_network(config)) as evaluator:
        return _traffic(evaluator, case)


def _traffic(evaluator: PoolEvaluator, case: Case) -> Traffic:
    for seed in range(2):  # starts the workers
        _generation(evaluator, case, seed)
    rate, generations = _idle_rate(), 0
    begun, before = time.monotonic(), loopback_bytes()
    while time.monotonic() - begun < SECONDS:
        _generation(evaluator, case, 2 + generations)
        generations += 1
    idle = rate * (time.monotonic() - begun)
    return Traffic((loopback_bytes() - before - idle) / generations / NODES, rate)


def _generation(evaluator: PoolEvaluator, case: Case, seed: int) -> None:
    one = search(case, seed=seed)
    evaluator.fitness(one.strategy, one.proposal, one.trial)


def _idle_rate() -> float:
    begun, before = time.monotonic(), loopback_bytes()
    time.sleep(SECONDS)
    return (loopback_bytes() - before) / (time.monotonic() - begun)


def loopback_bytes() -> int:
    """Received by the loopback device since the machine started (Linux)."""
    for line in Path("/proc/net/dev").read_text().splitlines():
        name, _, counters = line.partition(":")
        if name.strip() == "lo":
            return int(counters.split()[0])
    raise OSError("/proc/net/dev has no loopback device")


def main() -> None:
    cases = [Case(*row) for row in json.load(sys.stdin)]
    _raise_loopback()
    with machines(NODES) as here:
        found = [_through(here.address, case) for case in cases]
    Path(sys.argv[1]).write_text(json.dumps(found))


if __name__ == "__main__":
    main()
