"""The simulated pool takes the times that can be known without it."""

import math
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.simulation.levels import TwoLevels
from benchmarks.simulation.model import Simulation
from benchmarks.simulation.parameters import Cluster, Costs, Faults
from benchmarks.simulation.parts import Batch
from workers import cutting

COSTS = Costs(
    prepare=2e-3, pack=1e-5, send=2e-4, receive=1e-4, waiting=1e-7, overdue=3e-7, transit=6e-4,
    open=1e-3, tell=1e-3, tell_candidate=5e-5, records=1e-4, proposal_bytes=22_000,
    chunk_bytes=1300, candidate_bytes=8, result_bytes=200,
)  # fmt: skip
FREE = Costs()
DEATHS = Faults(death_every=12.0, detection=0.5, restart=1.0)
HARD_TIMES = Faults(
    slow_share=0.3, slowness=4.0, stall_every=5.0, stall=7.0, death_every=20.0, detection=8.0,
    restart=1.0,
)  # fmt: skip


def draws(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).lognormal(math.log(0.05), 0.3, count)


def only(seconds: float, *batches: Batch, costs: Costs = FREE, workers: int = 1) -> None:
    """A generation of one simulation takes so long."""
    found = Simulation(costs, Cluster(workers), call_seconds=0.0).generation(*batches)
    assert found.seconds == pytest.approx(seconds)


def test_one_worker_takes_the_sum() -> None:
    seconds = draws(50)
    only(seconds.sum(), Batch(seconds))


def test_endless_workers_take_as_long_as_the_longest_candidate() -> None:
    seconds = draws(50)
    only(seconds.max(), Batch(seconds), workers=1000)


def test_maps_follow_one_another() -> None:
    seconds = draws(50)
    only(seconds.max() + seconds[:7].max(), Batch(seconds), Batch(seconds[:7]), workers=1000)


def test_the_candidates_of_the_first_map_are_told() -> None:
    costs = Costs(tell=2.0, tell_candidate=1.0)
    only(2.0 + 50.0, Batch(np.full(50, 1e-9)), Batch(np.full(7, 1e-9)), costs=costs)


def test_tell_has_threads_where_there_is_much_to_draw() -> None:
    costs = Costs(tell=1.0, tell_candidate=0.5, tell_cores=4, threads_from=1000, genes=10)
    assert costs.alone(99) == 1.0 + 49.5
    assert costs.alone(100) == 1.0 + 12.5


@pytest.mark.parametrize("workers", [2, 3, 7, 40])
def test_no_schedule_beats_the_bounds(workers: int) -> None:
    seconds = draws(60)
    for pool in (
        Simulation(FREE, Cluster(workers)),
        TwoLevels(FREE, Cluster(workers, workers_per_node=2)),
    ):
        found = [pool.generation(Batch(seconds)).seconds for _ in range(3)]
        assert min(found) >= max(seconds.sum() / workers, seconds.max()) - 1e-9


def test_two_workers_by_hand() -> None:
    """Four chunks: handed out at 1.9, 2.4, 5.85 and 6.6, taken at 5.1, 5.85, 9.05 and 9.8."""
    costs = Costs(
        prepare=1.0, pack=0.1, send=0.5, receive=0.25, transit=0.2, tell=2.0, tell_candidate=0.5,
        records=1.0,
    )  # fmt: skip
    found = Simulation(costs, Cluster(2), call_seconds=0.0).generation(Batch(np.full(4, 3.0)))
    assert found.seconds == pytest.approx(10.05 + 5.0)
    assert found.driver == pytest.approx(1.4 + 4 * 0.75 + 5.0)
    assert found.alone == pytest.approx(1.0 + 5.0)
    assert found.chunks == 4


def test_a_driver_that_is_never_idle_sets_the_pace() -> None:
    only(10 * 3.0, Batch(np.zeros(10)), costs=Costs(send=1.0, receive=2.0), workers=10)


def test_every_call_under_way_is_looked_at() -> None:
    """Nobody is idle when the first of ten results is taken; nine calls are left for the next."""
    costs = Costs(waiting=1.0, overdue=0.5)
    looks = sum(range(1, 11)) + 0.5 * sum(range(1, 10))
    only(5.0 + looks, Batch(np.full(10, 5.0)), costs=costs, workers=10)


def test_a_node_fetches_the_proposal_once() -> None:
    costs = Costs(proposal_bytes=1000, chunk_bytes=100, candidate_bytes=1)
    pool = Simulation(costs, Cluster(4, workers_per_node=2), call_seconds=0.0)
    for _ in range(2):
        found = pool.generation(Batch(np.ones(40)), Batch(np.ones(20)))
        assert found.sent == 2 * 1000 + 100 * found.chunks + 60


def test_latency_and_bandwidth_by_hand() -> None:
    """Chunk 1 s, question 1 s, proposal 10 s on the link and 1 s more, 5 s of work, answer 1 s."""
    costs = Costs(proposal_bytes=100)
    pool = Simulation(costs, Cluster(1, latency=1.0, bandwidth=10.0))
    assert pool.generation(Batch(np.array([5.0]))).seconds == pytest.approx(19.0)


def test_slow_workers_take_longer() -> None:
    pool = Simulation(FREE, Cluster(3), Faults(slow_share=1.0, slowness=4.0))
    seconds = draws(30)
    usual = Simulation(FREE, Cluster(3))
    for _ in range(2):
        expected = 4 * usual.generation(Batch(seconds)).seconds
        assert pool.generation(Batch(seconds)).seconds == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(8))
def test_every_candidate_is_answered_once(seed: int) -> None:
    pool = Simulation(COSTS, Cluster(5), HARD_TIMES, seed)
    for count in (1, 7, 60, 61):
        handout = pool.map(Batch(draws(count, seed), lives=3))
        assert sorted(handout.results) == list(range(len(handout.sizes)))
        assert sum(handout.sizes) == 3 * count
    assert pool.deaths + pool.stalls > 0


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("faults", [DEATHS, HARD_TIMES])
def test_faults_never_help(faults: Faults, seed: int) -> None:
    batch = Batch(draws(200))
    usual = Simulation(COSTS, Cluster(5)).generation(batch).seconds
    pool = Simulation(COSTS, Cluster(5), faults, seed)
    hurt = [pool.generation(batch).seconds for _ in range(3)]
    assert sum(hurt) >= 3 * usual
    assert (pool.deaths + pool.stalls > 0) == (sum(hurt) > 3.1 * usual)


def test_equal_seeds_give_equal_times() -> None:
    def times(seed: int) -> list[float]:
        pool = Simulation(COSTS, Cluster(5), HARD_TIMES, seed)
        return [pool.generation(Batch(draws(60))).seconds for _ in range(5)]

    assert times(1) == times(1)
    assert times(1) != times(2)


def test_the_chunk_of_a_dead_worker_is_repeated() -> None:
    """It dies after 4 s, the driver is told at 6 s, the next one is there at 9 s and takes 10."""
    pool = Simulation(FREE, Cluster(1), Faults(detection=2.0, restart=3.0))
    pool._workers[0].until_death = 4.0
    assert pool.generation(Batch(np.array([10.0]))).seconds == pytest.approx(19.0)
    assert pool.deaths == 1


def test_a_chunk_that_is_overdue_gets_a_second_worker() -> None:
    """After five seconds; it takes one."""
    pool = Simulation(FREE, Cluster(2), Faults(stall=20.0), call_seconds=0.0)
    pool._workers[1].until_stall = 0.5
    assert pool.generation(Batch(np.ones(2))).seconds == pytest.approx(6.0)
    assert pool.second_copies == 1
    # The first copy comes back while the next generation is on its way, and changes nothing.
    assert pool.generation(Batch(np.ones(40))).seconds >= 20.0
    assert pool.second_copies == 1


def test_a_worker_that_hangs_is_given_up() -> None:
    """Thirty seconds after it began, once the pace is known; the next is there two later."""
    pool = Simulation(FREE, Cluster(1), Faults(stall=1e9, restart=2.0))
    pool._workers[0].until_stall = 1.5
    assert pool.generation(Batch(np.ones(1))).seconds == pytest.approx(1.0)
    assert pool.generation(Batch(np.ones(1))).seconds == pytest.approx(33.0)
    assert pool.given_up == 1


def test_nobody_is_given_up_before_the_pace_is_known() -> None:
    only(200.0, Batch(np.array([200.0])))


def test_a_death_makes_the_driver_ask_who_is_left() -> None:
    costs = replace(FREE, send=1.0)
    times = []
    for workers in (1, 11):
        pool = Simulation(costs, Cluster(workers), call_seconds=0.0)
        pool._workers[-1].until_death = 0.5
        times.append(pool.generation(Batch(np.ones(1))).seconds)
    assert times[1] > times[0] + 9


def test_a_first_generation_is_cut_without_knowing_lifetimes() -> None:
    pool = Simulation(COSTS, Cluster(100))
    first, second, third = (pool.generation(Batch(np.full(360, 4e-3))).chunks for _ in range(3))
    assert first > 2 * second
    assert second == third


def test_nodes_with_drivers_keep_the_top_one_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutting, "SHARE", 1.5)  # whatever the pool's is
    cluster, batch = Cluster(640, workers_per_node=64), Batch(np.full(3600, 4e-3), 32)
    costs = replace(COSTS, tell_candidate=0.0)
    flat, deep = Simulation(costs, cluster), TwoLevels(costs, cluster, pieces=8)
    for pool in (flat, deep):
        pool.generation(batch)
    one, two = flat.generation(batch), deep.generation(batch)
    assert two.seconds < 0.6 * one.seconds
    assert two.driver < 0.5 * one.driver


def test_two_levels_without_costs_are_about_as_fast_as_one() -> None:
    batch = Batch(np.full(64, 1.0))
    times = [
        pool.generation(batch).seconds
        for pool in (
            Simulation(FREE, Cluster(8), call_seconds=0.0),
            TwoLevels(FREE, Cluster(8, workers_per_node=4)),
        )
    ]
    assert times[0] == pytest.approx(8.0)
    assert 8.0 <= times[1] <= 12.0
