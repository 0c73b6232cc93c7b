"""A real Ray cluster of several nodes on one machine, whose processes can be hurt.

The head has no CPUs, so that every worker lives on a node that may die.
"""

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ray.cluster_utils import Cluster

from benchmarks.faults.processes import running

STORE_BYTES = 100_000_000
WAIT_SECONDS = 120.0


class Machines:
    """Nodes by the order in which they came."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self.nodes: list[Any] = []

    @property
    def address(self) -> str:
        return str(self._cluster.gcs_address)

    def add(self, cpus: int = 1) -> Any:
        """Start one more node and wait until the cluster knows it."""
        node = self._cluster.add_node(num_cpus=cpus, object_store_memory=STORE_BYTES)
        self.nodes.append(node)
        return node

    def remove(self, node: Any) -> None:
        """Kill all processes of a node at once."""
        self.nodes.remove(node)
        self._cluster.remove_node(node, allow_graceful=False)

    def kill_raylet(self, node: Any) -> None:
        """Kill -9 the process that keeps a node in the cluster; its children die by themselves."""
        os.kill(raylet(node), signal.SIGKILL)

    def at_least(self, count: int) -> None:
        """Replace nodes that are gone, such as those whose raylet was killed."""
        for node in list(self.nodes):
            if not running(raylet(node)):
                self.remove(node)
        while len(self.nodes) < count:
            self.add()

    def actors(self) -> list[int]:
        """Process numbers of the actors that are alive, on all nodes."""
        return [number for node in self.nodes for number in actors_of(raylet(node))]


@contextlib.contextmanager
def machines(nodes: int) -> Iterator[Machines]:
    """A cluster with ``nodes`` nodes of one CPU; call it in a process of ``private``."""
    head = {"num_cpus": 0, "object_store_memory": STORE_BYTES, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    try:
        here = Machines(cluster)
        for _ in range(nodes):
            here.add()
        yield here
    finally:
        cluster.shutdown()


def raylet(node: Any) -> int:
    (process,) = node.all_processes["raylet"]
    return int(process.process.pid)


def actors_of(raylet: int, busy: bool = False) -> list[int]:
    """Children of a raylet that are our actors: Ray writes what they do into their title.

    busy: only those that are about a chunk.
    """
    beginning = b"ray::Actor.run" if busy else b"ray::Actor"
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
            title = (folder / "cmdline").read_bytes()
            if int(parent) == raylet and title.startswith(beginning):
                found.append(int(folder.name))
    return sorted(found)


def wait_for(condition: Any, what: str, seconds: float = WAIT_SECONDS) -> None:
    """``TimeoutError`` if ``condition()`` does not become true."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"no {what} within {seconds:.0f} s")
        time.sleep(0.05)
