"""A Ray of our own on this machine, which nobody else can reach."""

import contextlib
import logging
import os
from collections.abc import Iterator

import ray
from ray._private import ray_constants
from ray.exceptions import RayError

from evo_plastic.errors import ClusterLost
from workers import tokens

OBJECT_STORE_BYTES = 200_000_000  # Ray's default is 30 % of the memory; a run needs little

_log = logging.getLogger(__name__)


def start(cpus: int) -> None:
    """``ClusterLost`` when it does not come up."""
    tokens.make()
    tokens.set_mode("token")
    with _on_loopback():
        try:
            _start_once(cpus)
        except ClusterLost as error:
            # On a busy machine Ray's helpers can miss its start-up limits (ray#65983).
            _log.warning("%s; trying once more", error)
            _start_once(cpus)


@contextlib.contextmanager
def _on_loopback() -> Iterator[None]:
    """Ray's servers listen on 127.0.0.1 alone while they are started in this block.

    They do when that is the node's address, which ``ray.init`` does not take from its caller. It
    is on macOS and Windows, unless they may be part of a cluster: here we say that we may not.
    """
    variable = ray_constants.ENABLE_RAY_CLUSTERS_ENV_VAR
    before = ray_constants.ENABLE_RAY_CLUSTER
    kept = os.environ.get(variable)
    ray_constants.ENABLE_RAY_CLUSTER = False
    os.environ[variable] = "0"  # for the processes that Ray starts
    try:
        yield
    finally:
        ray_constants.ENABLE_RAY_CLUSTER = before
        del os.environ[variable]
        if kept is not None:
            os.environ[variable] = kept


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
        reason = str(error).strip().partition("\n")[0]
        raise ClusterLost(f"Ray did not start on this machine: {reason}") from error
