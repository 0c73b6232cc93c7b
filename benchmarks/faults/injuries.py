"""The injuries: each is done to a run under way on two nodes, and says how often it struck."""

import os
import random
import signal
import time
from collections.abc import Callable

from benchmarks.faults.machines import Machines, actors_of, raylet, wait_for
from benchmarks.faults.processes import running
from benchmarks.faults.runs import GENERATIONS, Run

DRIVER_KILLS = 10
STALL_SECONDS = 8.0
"""Longer than it takes until a chunk is handed out a second time."""

Injury = Callable[[Machines, Run, random.Random], int]


def somewhere_in(run: Run, rng: random.Random) -> None:
    """Wait for a random moment of a generation after the present one."""
    run.reach(run.generation + 1)
    time.sleep(rng.uniform(0.0, 1.0))


def hit_one(machines: Machines, run: Run, rng: random.Random, number: int) -> int:
    """Send a signal to the process of one worker, which is returned."""
    somewhere_in(run, rng)
    actor = rng.choice(machines.actors())
    os.kill(actor, number)
    return actor


def hit_all(machines: Machines, run: Run, rng: random.Random, number: int) -> int:
    """Send a signal to all workers, once every node has its own; how many there were."""
    somewhere_in(run, rng)
    wait_for(lambda: len(machines.actors()) >= len(machines.nodes), "worker on every node")
    actors = machines.actors()
    for actor in actors:
        os.kill(actor, number)
    return len(actors)


def an_actor(machines: Machines, run: Run, rng: random.Random) -> int:
    """Kill -9 of the process of one worker."""
    hit_one(machines, run, rng, signal.SIGKILL)
    return 1


def all_actors(machines: Machines, run: Run, rng: random.Random) -> int:
    """Kill -9 of all workers at once."""
    return hit_all(machines, run, rng, signal.SIGKILL)


def a_raylet(machines: Machines, run: Run, rng: random.Random) -> int:
    """Kill -9 of the process that keeps a node in the cluster."""
    somewhere_in(run, rng)
    machines.kill_raylet(rng.choice(machines.nodes))
    return 1


def a_node(machines: Machines, run: Run, rng: random.Random) -> int:
    """A node goes in the middle of a generation, and does not return."""
    somewhere_in(run, rng)
    machines.remove(rng.choice(machines.nodes))
    return 1


def a_late_node(machines: Machines, run: Run, rng: random.Random) -> int:
    """A third node joins, and a worker there must be given a chunk."""
    somewhere_in(run, rng)
    os.kill(run.number, signal.SIGSTOP)  # a run that is done before the node is up meets none
    late = raylet(machines.add())
    os.kill(run.number, signal.SIGCONT)
    wait_for(lambda: actors_of(late, busy=True) or not running(run.number), "chunk for the node")
    return int(running(run.number))


def all_nodes(machines: Machines, run: Run, rng: random.Random) -> int:
    """All nodes go; the run must wait until one returns."""
    somewhere_in(run, rng)
    said = len(run.log.read_text())
    for node in list(machines.nodes):
        machines.remove(node)
    wait_for(lambda: "waiting for workers" in run.log.read_text()[said:], "word that it waits")
    before = run.generation
    time.sleep(2.0)
    if run.generation != before:
        raise RuntimeError("a generation without a worker")
    machines.add()
    return 2


def a_pause(machines: Machines, run: Run, rng: random.Random) -> int:
    """A worker is stopped (SIGSTOP) and goes on later: its late answers must not count."""
    actor = hit_one(machines, run, rng, signal.SIGSTOP)
    time.sleep(STALL_SECONDS)
    os.kill(actor, signal.SIGCONT)
    return 1


def a_hang(machines: Machines, run: Run, rng: random.Random) -> int:
    """A worker is stopped for good."""
    hit_one(machines, run, rng, signal.SIGSTOP)
    return 1


def all_hang(machines: Machines, run: Run, rng: random.Random) -> int:
    """All workers are stopped for good, so that nobody could take over a chunk."""
    return hit_all(machines, run, rng, signal.SIGSTOP)


def the_driver(machines: Machines, run: Run, rng: random.Random) -> int:
    """Kill -9 of the driver at random moments of one run, which is resumed every time."""
    killed = 0
    for _ in range(DRIVER_KILLS):
        # From its first imports to two generations on: it may be killed before any new one.
        time.sleep(rng.uniform(0.0, 2.0))
        if rng.random() < 0.7:
            run.reach(min(run.generation + rng.randint(1, 2), GENERATIONS - 6))
            time.sleep(rng.uniform(0.0, 0.2))
        killed += run.kill() == -signal.SIGKILL
        run.start()
    return killed


def the_driver_gently(machines: Machines, run: Run, rng: random.Random) -> int:
    """SIGTERM in the middle of a generation, as Slurm and Kubernetes send it."""
    somewhere_in(run, rng)
    code = run.kill(signal.SIGTERM)
    if code != 128 + signal.SIGTERM:
        raise RuntimeError(f"exit code {code} after SIGTERM")
    run.start()
    return 1


INJURIES: dict[str, Injury] = {
    "actor": an_actor,
    "all actors": all_actors,
    "raylet": a_raylet,
    "node removed": a_node,
    "node joins late": a_late_node,
    "all nodes removed": all_nodes,
    "worker paused": a_pause,
    "worker hangs": a_hang,
    "all workers hang": all_hang,
    "driver killed": the_driver,
    "driver terminated": the_driver_gently,
}
