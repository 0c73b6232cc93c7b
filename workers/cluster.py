"""Ray as a place to run workers: start one on this machine, or join one that runs.

Ray's servers listen on every interface, also when told 127.0.0.1 (tried with 2.60); what keeps
strangers out of an embedded Ray is its token, which since 2.59 it demands by itself. Joining
sends a token when RAY_AUTH_MODE=token is set, or for ``auto`` when ~/.ray/auth_token exists; an
open cluster that is sent one ends every actor of ours before it starts.
"""

import contextlib
import logging
import os
import signal
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import ray
from ray.exceptions import RayError

from evo_plastic.errors import ClusterLost, InputError
from workers.census import Census
from workers.pool import available_cpus

OBJECT_STORE_BYTES = 200_000_000  # Ray's default is 30 % of the memory; a run needs little
CONNECT_SECONDS = 5.0
TOKEN_HINT = "RAY_AUTH_MODE here must be the cluster's: token or disabled"

_log = logging.getLogger(__name__)
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


def start(address: str | None, workers: int | None) -> Cluster:
    """Join the Ray at ``address`` (``auto`` or host:port), or start one here if it is None.

    A process that is already connected keeps its connection, which is then left open at the
    end. Without ``workers`` there is one per CPU. Raises ``ClusterLost`` when Ray does not
    start or answer, ``InputError`` when ``address`` is not an address.
    """
    if address is not None:
        address = _reachable(address)
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
                _start_embedded(workers or available_cpus())
            else:
                _join(address)
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


def _start_embedded(cpus: int) -> None:
    try:
        _start_once(cpus)
    except ClusterLost as error:
        # On a busy machine Ray's helpers can miss its start-up limits (ray#65983).
        _log.warning("%s; trying once more", error)
        _start_once(cpus)
    hide_token()


def _start_once(cpus: int) -> None:
    try:
        ray.init(
            address="local",
            num_cpus=cpus,
            object_store_memory=OBJECT_STORE_BYTES,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
    except Exception as error:
        # A node that does not come up is reported by a bare Exception.
        if type(error) is not Exception and not isinstance(
            error, OSError | RuntimeError | RayError
        ):
            raise
        ray.shutdown()
        raise ClusterLost(f"Ray did not start on this machine: {first_line(error)}") from error


def hide_token() -> None:
    """Ray 2.60 writes its token readable for every user of the machine."""
    token = Path.home() / ".ray" / "auth_token"
    if token.is_file() and token.stat().st_mode & 0o077:
        token.chmod(0o600)


def _reachable(address: str) -> str:
    """Ask for a connection first: ray.init itself tries a dead address for many minutes."""
    if address == "auto":
        address = os.environ.get("RAY_ADDRESS", "auto")
        if address == "auto":
            return address
    host, _, port = address.rpartition(":")
    if not host or "/" in host or not port.isdecimal():
        raise InputError(f"pool.address is {address!r}; expected 'auto' or host:port")
    try:
        socket.create_connection((host.strip("[]"), int(port)), CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise ClusterLost(f"no Ray cluster to join at {address}: {error}") from error
    return address


def _join(address: str) -> None:
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (OSError, RuntimeError, ValueError, RayError) as error:
        raise ClusterLost(
            f"no Ray cluster to join at {address}: {first_line(error)} ({TOKEN_HINT})"
        ) from error


def first_line(error: BaseException) -> str:
    """Ray's messages run over many lines; the first says what happened."""
    return str(error).strip().partition("\n")[0]
