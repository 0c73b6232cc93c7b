"""A pool of Ray actors of which some die, hang, or cannot start."""

import os
import signal
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import ray
from pool_worker import Bench
from processes import alive

from evo_plastic.config import PoolConfig
from evo_plastic.errors import Abandoned, ClusterLost, InputError
from workers import cluster, handout, patience, pool
from workers.handout import OVERDUE_SECONDS
from workers.pool import Pool

HERE = Path(__file__).parent

pytestmark = pytest.mark.filterwarnings(
    # Ray's own processes and sockets, closed when its driver ends.
    "ignore::ResourceWarning"
)


@pytest.fixture(scope="module")
def embedded() -> Iterator[cluster.Cluster]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(HERE))  # actors import the worker
        started = cluster.start(None, 6)
        yield started
        started.close()


@pytest.fixture(scope="module")
def ray_pool(embedded: cluster.Cluster) -> Iterator[Pool]:
    with pool.create(PoolConfig(backend="ray", workers=2), Bench) as created:
        yield created


def test_a_chunk_that_hangs_is_handed_out_a_second_time(ray_pool: Pool, tmp_path: Path) -> None:
    ray_pool.map(None, [("sleep", 0.5)] * 2)  # both workers are there
    begun = time.monotonic()
    results = ray_pool.map(None, [("sleep_if_first", 25.0, tmp_path), ("echo", 1)])
    assert results == ["answer", (None, 1)]
    assert OVERDUE_SECONDS <= time.monotonic() - begun < 20.0
    assert len(list(tmp_path.iterdir())) == 2


def test_a_worker_that_hangs_for_good_is_replaced(
    embedded: cluster.Cluster,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(handout, "HOPELESS_SECONDS", 1.0)
    monkeypatch.setattr(handout, "OVERDUE_SECONDS", 600.0)
    with pool.create(PoolConfig(backend="ray", workers=2), Bench) as created:
        created.map(None, [("sleep", 0.05)] * 4)  # the pace is known
        busy = [("sleep_if_first", 600.0, tmp_path), *[("sleep", 0.02)] * 200]
        assert created.map(None, busy)[0] == "answer"
    first, second = sorted(tmp_path.iterdir(), key=lambda path: path.stat().st_mtime)
    assert first.name != second.name
    assert "a worker did not answer within 1 s: it is replaced" in caplog.text
    deadline = time.monotonic() + 10
    while alive({int(first.name)}) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not alive({int(first.name)})


def test_what_two_maps_share_is_sent_once(ray_pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = []

    def counting(value: object) -> object:
        sent.append(value)
        return put(value)

    put = ray.put
    monkeypatch.setattr(ray, "put", counting)
    for shared in ("one", "one", "two"):
        assert ray_pool.map(shared, [("echo", 0)] * 3) == [(shared, 0)] * 3
    assert len(sent) == 2


def test_idle_workers_that_died_cost_no_chunk_more_than_one_of_its_tries(
    embedded: cluster.Cluster,
) -> None:
    with pool.create(PoolConfig(backend="ray", workers=3), Bench) as created:
        processes = set[int]()
        deadline = time.monotonic() + 60
        while len(processes) < 3 and time.monotonic() < deadline:
            processes |= set(created.map(None, [("process", 0.2)] * 6))
        for process in processes:
            os.kill(process, signal.SIGKILL)
        assert created.map(None, [("echo", 1)]) == [(None, 1)]


@pytest.mark.parametrize("backend", ["local", "ray"])
def test_a_map_is_abandoned_some_seconds_after_a_stop_was_asked_for(
    embedded: cluster.Cluster, monkeypatch: pytest.MonkeyPatch, backend: str
) -> None:
    monkeypatch.setattr(patience, "PATIENCE_SECONDS", 1.0)
    stop_at = float("inf")
    config = PoolConfig.model_validate({"backend": backend, "workers": 1})
    with pool.create(config, Bench, lambda: time.monotonic() > stop_at) as created:
        stop_at = time.monotonic() + 0.5
        assert created.map(None, [("sleep", 1.0)]) == [1.0]  # it was done in time
        begun = time.monotonic()
        with pytest.raises(Abandoned):
            created.map(None, [("sleep", 5.0)])
        assert 0.3 <= time.monotonic() - begun < 3.0


class Frail(Bench):
    """Can be made once, and again when ``mended`` is there."""

    def __init__(self, folder: Path, deadly: bool) -> None:
        if (folder / "mended").exists():
            return
        try:
            (folder / "made").touch(exist_ok=False)
        except FileExistsError:
            if deadly:
                os.kill(os.getpid(), signal.SIGKILL)
            raise InputError("other sources") from None


@pytest.mark.parametrize("deadly", [False, True])
def test_a_late_worker_that_cannot_start_is_tried_again(
    embedded: cluster.Cluster, tmp_path: Path, deadly: bool
) -> None:
    make_worker = partial(Frail, tmp_path, deadly)
    with pool.create(PoolConfig(backend="ray", workers=2), make_worker) as created:
        assert created.map(None, [("sleep", 0.5)] * 6) == [0.5] * 6
        (tmp_path / "mended").touch()
        deadline, processes = time.monotonic() + 60, set[int]()
        while len(processes) < 2 and time.monotonic() < deadline:
            processes |= set(created.map(None, [("process", 0.2)] * 6))
    assert len(processes) == 2


def test_workers_that_never_start_end_it_after_some_tries(
    embedded: cluster.Cluster, tmp_path: Path
) -> None:
    (tmp_path / "made").touch()
    with pytest.raises(ClusterLost, match=r"^workers do not start on the cluster"):
        pool.create(PoolConfig(backend="ray", workers=1), partial(Frail, tmp_path, True))
