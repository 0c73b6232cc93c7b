"""Ray as a place to run workers: start one on this machine, or join one that runs.

A cluster is joined with its token, or, if it demands none, only by who says that this is meant:
whoever reaches an open cluster can run code on it, and so read and change what we do there.
"""

import contextlib
import logging
import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import ray
from ray._private import services
from ray.exceptions import RayError

from evo_plastic.errors import ClusterLost, InputError
from workers import embedded_ray, gcs_door, tokens
from workers.census import Census
from workers.pool import available_cpus

TOKEN_HINT = "RAY_AUTH_MODE here must be the cluster's: token or disabled"

_home = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Cluster:
    """A connection to Ray, closed by its owner alone.

    workers: how many were asked for; None for as many as the cluster has CPUs.
    joined: whether machines may come and go.
    environment: variables of every worker process.
    """

    workers: int | None
    joined: bool
    environment: dict[str, str]
    owned: bool
    census: Census

    def wanted(self) -> int:
        """How many workers there should be at present."""
        return self.workers or max(self.census.cpus, 1)

    def close(self) -> None:
        """Leave the cluster; an embedded one ends, with all its processes."""
        self.census.close()
        if self.owned:
            ray.shutdown()


def start(address: str | None, workers: int | None, insecure: bool = False) -> Cluster:
    """Join the Ray at ``address`` (``auto`` or host:port), or start one here if it is None.

    A process that is already connected keeps its connection, which is then left open at the
    end. Without ``workers`` there is one per CPU. ``insecure``: join a cluster that demands no
    token, too. Raises ``ClusterLost`` when Ray does not start or answer, ``InputError`` when
    ``address`` is not an address, or we are not let in.
    """
    if address is not None:
        address, token = _admitted(address, insecure)
    environment = {
        f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "NUMBA")
    }
    if address is None:
        environment["PYTHONPATH"] = _python_path()
    owned = not ray.is_initialized()
    if owned:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        with _signal_handlers_kept():
            if address is None:
                embedded_ray.start(workers or available_cpus())
            else:
                _join(address, token)
    joined = address is not None
    return Cluster(workers, joined, environment, owned, Census(repeated=joined))


def _python_path() -> str:
    """Lets workers on this machine import the very sources that run here, installed or not."""
    inherited = os.environ.get("PYTHONPATH")
    return os.pathsep.join([str(_home)] + ([inherited] if inherited else []))


@contextlib.contextmanager
def _signal_handlers_kept() -> Iterator[None]:
    # ray.init replaces the handler of SIGTERM; its own would end the run without a checkpoint.
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            for number, handler in kept.items():
                signal.signal(number, handler)


def _admitted(address: str, insecure: bool) -> tuple[str, str | None]:
    """host:port, and the token that is needed there.

    ray.init itself tries a dead or closed door for many minutes.
    """
    if address == "auto":
        address = _running()
    host, _, port = address.rpartition(":")
    if not host or "/" in host or not port.isdecimal():
        raise InputError(f"pool.address is {address!r}; expected 'auto' or host:port")

    def answers(token: str | None) -> bool:
        return gcs_door.answers(host.strip("[]"), int(port), token)

    return address, tokens.needed(address, answers, insecure)


def _running() -> str:
    """The cluster that RAY_ADDRESS names, or else one that this machine is part of."""
    try:
        address: str = services.canonicalize_bootstrap_address_or_die("auto")
    except (OSError, ValueError) as error:
        raise ClusterLost(f"no Ray cluster to join: {first_line(error)}") from error
    return address


def _join(address: str, token: str | None) -> None:
    # An open cluster that is shown a token ends every actor of ours before it starts.
    tokens.set_mode("disabled" if token is None else "token")
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (OSError, RuntimeError, ValueError, RayError) as error:
        raise ClusterLost(f"no Ray cluster to join at {address}: {first_line(error)}") from error


def first_line(error: BaseException) -> str:
    """Ray's messages run over many lines; the first says what happened."""
    return str(error).strip().partition("\n")[0]
