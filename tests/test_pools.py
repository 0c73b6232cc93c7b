import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pool_worker import Bench, Shared
from processes import alive, descendants
from ray.exceptions import RayError

from evo_plastic.config import PoolConfig
from evo_plastic.errors import ClusterLost, InputError
from workers import cluster, pool
from workers.local_pool import LocalPool
from workers.pool import Pool
from workers.ray_pool import RayPool

HERE = Path(__file__).parent


class Unmakeable(Bench):
    def __init__(self) -> None:
        raise LookupError("no kernel for this network")


@pytest.fixture(scope="module")
def terminations() -> list[int]:
    return []


@pytest.fixture(scope="module")
def others() -> set[int]:
    """Processes that were there before Ray, such as multiprocessing's resource tracker."""
    return descendants(os.getpid())


@pytest.fixture(scope="module")
def embedded(terminations: list[int], others: set[int]) -> Iterator[cluster.Cluster]:
    """One Ray for the file, started while a SIGTERM handler of ours is in place."""
    before = signal.signal(signal.SIGTERM, lambda number, _: terminations.append(number))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(HERE))  # actors import the worker
        started = cluster.start(None, 3)
        yield started
        started.close()
    signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="module")
def ray_pool(embedded: cluster.Cluster) -> Iterator[Pool]:
    with pool.create(PoolConfig(backend="ray", workers=2), Bench) as created:
        yield created


@pytest.fixture(scope="module")
def local_pool() -> Iterator[Pool]:
    with pool.create(PoolConfig(workers=2), Bench) as created:
        assert isinstance(created, LocalPool)
        yield created


@pytest.fixture(params=["local_pool", "ray_pool"])
def either_pool(request: pytest.FixtureRequest) -> Pool:
    return request.getfixturevalue(request.param)


def scaling(count: int = 20) -> tuple[Shared, list[Any]]:
    rng = np.random.default_rng(7)
    seconds = rng.permutation(np.linspace(0, 0.05, count))
    shared = Shared(rng.normal(size=50).astype(np.float32), {"a": [np.arange(3)]})
    vectors = rng.normal(size=(count, 50)).astype(np.float32)
    return shared, [("scale", *pair) for pair in zip(vectors, seconds, strict=True)]


def in_a_loop(shared: Any, chunks: list[Any]) -> list[Any]:
    return [Bench().run(shared, chunk) for chunk in chunks]


@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("backend", ["local", "ray"])
def test_every_kind_and_size_of_pool_gives_the_results_of_a_loop(
    embedded: cluster.Cluster, backend: str, workers: int
) -> None:
    shared, chunks = scaling()
    config = PoolConfig.model_validate({"backend": backend, "workers": workers})
    with pool.create(config, Bench) as created:
        results = created.map(shared, chunks)
        assert created.size == workers
    for result, expected in zip(results, in_a_loop(shared, chunks), strict=True):
        np.testing.assert_array_equal(result, expected, strict=True)


def test_no_chunks_give_no_results(either_pool: Pool) -> None:
    assert either_pool.map(None, []) == []


def test_a_workers_exception_reaches_the_caller_and_the_pool_stays_usable(
    either_pool: Pool,
) -> None:
    chunks = [("echo", 1), ("fail", InputError("genome 7 is damaged")), ("sleep", 0.1)]
    for _ in range(3):  # more often than there are workers
        with pytest.raises(InputError, match=r"^genome 7 is damaged$"):
            either_pool.map(None, chunks)
    assert either_pool.map("s", [("echo", n) for n in range(8)]) == [("s", n) for n in range(8)]


def test_an_exception_from_an_actor_carries_the_traceback_of_its_process(ray_pool: Pool) -> None:
    with pytest.raises(InputError) as caught:
        ray_pool.map(None, [("fail", InputError("damaged"))])
    assert "pool_worker.py" in str(caught.value.__cause__)
    assert "in fail" in str(caught.value.__cause__)


def test_an_exception_that_does_not_unpickle_is_shown_and_not_repeated(
    ray_pool: Pool, tmp_path: Path
) -> None:
    with pytest.raises(RayError, match="Refused: odd"):
        ray_pool.map(None, [("refuse", tmp_path)])
    assert len(list(tmp_path.iterdir())) == 1


def test_a_signal_is_handled_while_chunks_run(either_pool: Pool) -> None:
    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        start = time.monotonic()
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with pytest.raises(KeyboardInterrupt):
            either_pool.map(None, [("sleep", 1.5)] * 4)
        assert time.monotonic() - start < 0.8
    finally:
        signal.signal(signal.SIGALRM, before)
    assert either_pool.map(1, [("echo", 2)]) == [(1, 2)]


def test_arrays_arrive_writable_and_keep_their_dtype(either_pool: Pool) -> None:
    shared = Shared(np.ones(4, np.float32), {"a": [np.arange(3, dtype=np.int16)]})
    flags = either_pool.map(shared, [("write_into", np.ones(2, np.uint64))] * 4)
    assert flags == [[(True, "<f4"), (True, "<i2"), (True, "<u8")]] * 4


def test_the_next_map_sees_its_own_shared_value(either_pool: Pool) -> None:
    for shared in ("first", "second"):
        assert either_pool.map(shared, [("echo", 0)] * 6) == [(shared, 0)] * 6


def test_an_actor_killed_in_the_middle_is_replaced_and_its_chunk_repeated(
    ray_pool: Pool, tmp_path: Path
) -> None:
    shared, chunks = scaling()
    chunks[3] = ("sleep", 0.7, tmp_path)

    def kill_the_sleeper() -> None:
        while not list(tmp_path.iterdir()):
            time.sleep(0.02)
        os.kill(int(next(tmp_path.iterdir()).name), signal.SIGKILL)

    killer = threading.Thread(target=kill_the_sleeper)
    killer.start()
    results = ray_pool.map(shared, chunks)
    killer.join()
    assert len(list(tmp_path.iterdir())) == 2  # the killed process, and the one that repeated
    chunks[3] = ("sleep", 0.7)
    for result, expected in zip(results, in_a_loop(shared, chunks), strict=True):
        np.testing.assert_array_equal(result, expected, strict=True)


def test_a_chunk_that_kills_its_worker_is_given_up_after_three_tries(
    ray_pool: Pool, tmp_path: Path
) -> None:
    with pytest.raises(ClusterLost, match="chunk 1 of 2 was lost 3 times"):
        ray_pool.map(None, [("echo", 0), ("die", tmp_path)])
    assert len(list(tmp_path.iterdir())) == 3
    assert ray_pool.map(5, [("echo", n) for n in range(6)]) == [(5, n) for n in range(6)]


def test_actors_compute_on_one_thread(ray_pool: Pool) -> None:
    (environment,) = ray_pool.map(None, [("environment",)])
    for library in ("OMP", "OPENBLAS", "MKL", "NUMBA"):
        assert environment[f"{library}_NUM_THREADS"] == "1"
    assert environment["RAY_USAGE_STATS_ENABLED"] == "0"


def test_a_worker_that_cannot_be_made_says_why(embedded: cluster.Cluster) -> None:
    config = PoolConfig(backend="ray", workers=1)
    with pytest.raises(LookupError, match="no kernel for this network"):
        pool.create(config, Unmakeable)


def test_ray_leaves_the_signal_handlers_of_the_driver_in_place(
    embedded: cluster.Cluster, terminations: list[int]
) -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    assert terminations == [signal.SIGTERM]


def test_a_cluster_that_does_not_answer_is_lost_at_once() -> None:
    with pytest.raises(ClusterLost, match=r"no Ray cluster to join at 127\.0\.0\.1:1: .*refused"):
        pool.create(PoolConfig(address="127.0.0.1:1"), Bench)


@pytest.mark.parametrize("address", ["head", "ray://127.0.0.1:10001", ":6379", "head:port"])
def test_an_address_of_another_form_is_refused(address: str) -> None:
    with pytest.raises(InputError, match=r"pool\.address is '.*'; expected 'auto' or host:port"):
        pool.create(PoolConfig(address=address), Bench)


def test_a_ray_that_does_not_start_is_tried_twice_and_named() -> None:
    code = "from workers import cluster; cluster.start(None, 1)"
    environment = os.environ | {"RAY_TMPDIR": "/tmp/" + "x" * 120, "PYTHONPATH": str(HERE.parent)}
    ended = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True
    )
    assert ended.returncode == 1
    assert "trying once more" in ended.stderr
    assert "ClusterLost: Ray did not start on this machine: " in ended.stderr


def test_a_local_worker_is_made_once_per_thread() -> None:
    made = []

    def make() -> Bench:
        made.append(threading.get_ident())
        return Bench()

    with LocalPool(make, 3) as created:
        for _ in range(3):
            created.map(None, [("sleep", 0.01)] * 9)
    assert 1 <= len(made) <= 3
    assert len(set(made)) == len(made)


def test_local_chunks_that_have_not_begun_are_dropped_after_an_exception() -> None:
    begun = []

    class Counting(Bench):
        def sleep(self, shared: Any, seconds: float, folder: Path | None = None) -> float:
            begun.append(seconds)
            return super().sleep(shared, seconds)

    with LocalPool(Counting, 1) as created:
        with pytest.raises(OSError, match="disk"):
            created.map(None, [("fail", OSError("disk")), *[("sleep", 0.2)] * 5])
        created.map(None, [("echo", 0)])  # behind any chunk that was kept
    assert len(begun) <= 1


def test_closing_the_pool_that_owns_ray_leaves_no_process(
    embedded: cluster.Cluster, ray_pool: Pool, others: set[int]
) -> None:
    ray_pool.close()
    owner = RayPool(Bench, embedded)
    with pytest.raises(InputError):
        owner.map(None, [("sleep", 30.0), ("fail", InputError("stop"))])
    processes = descendants(os.getpid()) - others
    assert len(processes) > 3
    owner.close()
    deadline = time.monotonic() + 10
    while alive(processes) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert alive(processes) == set()
