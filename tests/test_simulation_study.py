"""What feeds the simulation is measured on real things, and the page shows what was found."""

import json
import pickle
import socket
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.common import HOME
from benchmarks.simulation import calls, check, figure, lifetimes, predict, tables, wire
from benchmarks.simulation.lifetimes import CASES
from benchmarks.simulation.parameters import Costs, Faults
from benchmarks.simulation.predict import SLOW, Known
from workers import cutting

RESULTS = HOME / "benchmarks" / "results" / "simulation.json"
PAGE = HOME / "docs" / "scaling.md"
COSTS = Costs(pack=1e-4, send=2e-4, receive=1e-4, transit=6e-4, tell=1e-3, tell_candidate=5e-5)
KNOWN = Known("Some", "untrained", np.full(360, 4e-3), COSTS)


def test_the_page_shows_the_results() -> None:
    page, made = PAGE.read_text(), tables.tables(json.loads(RESULTS.read_text()))
    for name, table in made.items():
        assert f"<!-- table: {name} -->\n{table}<!-- end -->" in page, name


def test_filling_a_page_touches_nothing_else(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("one\n<!-- table: bytes -->\nold\n<!-- end -->\ntwo\n")
    document = json.loads(RESULTS.read_text())
    tables.fill(page, document)
    lines = page.read_text().splitlines()
    assert lines[:2] == ["one", "<!-- table: bytes -->"]
    assert lines[-2:] == ["<!-- end -->", "two"]
    assert "| PRNN(PostDN) | 20743 |" in page.read_text()
    assert "old" not in lines


def test_what_is_known_survives_its_file() -> None:
    again = predict.from_json(json.loads(json.dumps(predict.as_json(KNOWN))))
    assert again.costs == KNOWN.costs
    assert np.array_equal(again.seconds, KNOWN.seconds)


def test_more_workers_are_used_less() -> None:
    rows = predict.sweep(KNOWN, 360, Faults(), (1, 10, 100))
    efficiency = [row["efficiency"] for row in rows]
    assert efficiency == sorted(efficiency, reverse=True)
    assert 0.9 < efficiency[0] < 1


def slowed_down() -> float:
    """By one of twenty workers that is four times slower."""
    slow, equal = (predict.sweep(KNOWN, 360, faults, (20,))[0] for faults in (SLOW, Faults()))
    return float(slow["seconds"] / equal["seconds"])


def test_a_slow_worker_holds_up_whoever_gives_it_much_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert 1 < slowed_down() < 1.2
    monkeypatch.setattr(cutting, "SHARE", 1.5)
    assert slowed_down() > 1.5


def test_how_many_workers_are_enough_lies_between_those_simulated() -> None:
    rows = [
        {"workers": workers, "efficiency": efficiency}
        for workers, efficiency in ((1, 1.0), (100, 0.5), (1000, 0.1))
    ]
    assert predict.enough(rows, 0.5) == 100
    assert predict.enough(rows, 0.75) == 10


def test_the_simulation_comes_near_the_floor_and_never_below(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cutting, "SHARE", 1.5)  # whatever the pool's is
    rows = predict.sweep(KNOWN, 3600, Faults(), (50, 100, 200))
    least = predict.floor(KNOWN, 3600)
    # 3600 candidates of 4 ms; a chunk leaves the driver 0.3 ms after the one before.
    assert least == pytest.approx(1e-3 + 0.18 + 6e-4 + np.sqrt(2 * 14.4 * 3e-4))
    assert least <= min(row["seconds"] for row in rows) < 1.5 * least


def test_a_death_costs_what_it_takes_to_be_told() -> None:
    rows = predict.events(KNOWN, counts=(10,), generations=80)
    cost = {row["event"]: row["seconds"] for row in rows}
    dies, lost, stands = cost.values()
    assert 1.0 < dies < 2.5
    assert 4.0 < lost < 10.0
    assert 1.0 < stands < 7.0


def test_designs_begin_with_the_present_one() -> None:
    rows = predict.designs(KNOWN, workers=100, population=360)
    assert rows[0]["seconds"] == pytest.approx(
        predict.sweep(KNOWN, 360, Faults(), (100,))[0]["seconds"]
    )
    assert rows[1]["seconds"] < rows[0]["seconds"]


def test_the_picture_is_drawn(tmp_path: Path) -> None:
    rows = [
        row
        for population in (360, 720)
        for faults in (Faults(), SLOW)
        for row in predict.sweep(KNOWN, population, faults, (1, 10, 100))
    ]
    for suffix in ("png", "pdf"):
        figure.draw(tmp_path / f"picture.{suffix}", rows)
        assert (tmp_path / f"picture.{suffix}").stat().st_size > 5000


def test_sizes_are_those_of_real_messages() -> None:
    for case in CASES:
        found, one = lifetimes.sizes(case), lifetimes.search(case)
        genes = one.spec.n_gene
        assert 16 * genes < found.proposal < 16 * genes + 1000
        chunk = replace(one.trial, members=one.trial.members[:7])
        assert len(pickle.dumps(chunk, protocol=5)) == found.chunk + 7 * found.candidate


def test_candidates_live_all_their_lifetimes() -> None:
    found = lifetimes.candidates(CASES[1], rounds=1)
    assert found.seconds.shape == (360,)
    assert found.seconds.min() > 0
    lives = 360 * lifetimes.LIVES
    assert 3 * lives < found.steps < 3 * 200 * lives


def test_the_loopback_counter_counts_what_passes() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        before = wire.loopback_bytes()
        with socket.create_connection(server.getsockname()) as sender:
            receiver, _ = server.accept()
            with receiver:
                for _ in range(100):
                    sender.sendall(bytes(10_000))
                    assert receiver.recv(10_000, socket.MSG_WAITALL) == bytes(10_000)
        assert wire.loopback_bytes() - before > 1_000_000


def test_calls_take_time_on_both_sides() -> None:
    with calls.echoes(2) as (blocked, free):
        found = calls.measure(free, CASES[0], rounds=2)
        assert min(found) >= 0
        assert 1e-5 < found.send < 1e-2
        assert 1e-5 < found.transit < 1e-1
        assert 0 < calls.waiting(blocked, free, rounds=3) < 1e-5
    assert 0 < calls.overdue(rounds=5) < 1e-5


def test_slopes_are_those_of_straight_lines() -> None:
    assert calls.slope((1, 2, 4), (5, 7, 11)) == pytest.approx(2)
    assert calls.slope((1, 2, 4), (5, 4, 2)) == 0


def test_a_real_run_is_met(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "GENERATIONS", 4)
    known = lifetimes.candidates(CASES[0], rounds=1)
    row = check.measure(CASES[0], known, COSTS, workers=1)
    assert row["generations"] == 2
    assert 0.8 < row["ratio"] < 1.1
    assert 0 < row["real_driver"] < 0.2
    assert 0 < row["real_work"] < 1
