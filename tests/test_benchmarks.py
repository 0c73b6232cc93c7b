"""The benchmarks measure what they say: tiny real runs of every section."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks import (
    __main__,
    clocks,
    compilation,
    figures,
    forms,
    generation,
    gradients,
    machine,
    overhead,
    roofline,
    scaling,
    steps,
)
from benchmarks.common import MAIN, Pass, configure, create_network, interleave, passes, workload
from benchmarks.schedule import Map, Span, gaps, packed, tail
from evo_plastic.networks import every
from evo_plastic.tasks import DISTRIBUTIONS
from workers.engine import Engine

SMALL = 16
FLAT = roofline.Peaks(
    flops=1e9,
    fused_flops=2e9,
    bytes={
        level: {"load": 4e9, "store": 2e9, "load_store": 8e9} for level in machine.WORKING_SETS
    },
)


def test_rounds_take_turns() -> None:
    order: list[str] = []
    cases = [lambda name=name: order.append(name) or len(order) for name in "ab"]
    assert interleave(cases, 2) == [[1, 3], [2, 4]]
    assert order == ["a", "b", "a", "b"]


def test_workloads_take_the_steps_of_all_their_lifetimes() -> None:
    one = workload(configure(*MAIN[0], hidden=SMALL), genomes=2, lives=3)
    steps = one.live()
    assert 2 * 3 * 3 <= steps <= 2 * 3 * 3 * 200
    assert one.live() == steps


def test_numpy_lives_the_lives_of_the_kernels() -> None:
    setting = steps.prepare(configure("dec-prnn", "post", SMALL), "maze9")
    genome = steps.SPREAD * np.random.default_rng(0).standard_normal(setting.spec.n_gene)
    instance, keys = steps._lives(3)
    found = Engine(setting.spec, "float32").live_population(
        genome[None], setting.mazes, instance, keys[None], 3
    )
    for life, maze in enumerate(instance):
        lived = steps.live_in_numpy(setting, genome, int(maze), keys[life])
        assert lived == found.steps[0, life].sum()


def test_one_round_of_steps_gives_medians_and_ratios() -> None:
    setting = steps.prepare(configure("meta-rnn", "none", SMALL), "maze9")
    (row,) = steps.measure([setting], rounds=3)
    assert row["network"] == "Meta-RNN"
    assert row["numpy_ratio"] > 5
    assert row["compiled_cpu"] > row["numpy_cpu"] > 0


def test_every_connection_of_every_network_has_a_cost() -> None:
    for config in every(SMALL):
        spec = create_network(config)
        found = passes(spec)
        assert {one.rule for one in found} <= set(roofline.COSTS), spec.title
        assert min(min(one.post, one.pre, one.slots) for one in found) > 0


def test_arithmetic_rates_do_what_they_count() -> None:
    seeds = tuple(np.float32(number) for number in range(machine.CHAINS))
    for kernel in (machine.multiply_add, machine.fused_multiply_add):
        found = kernel(seeds, np.float32(0.5), np.float32(1), 2)
        assert found == sum(16 * (0.25 * number + 1.5) for number in range(machine.CHAINS))


def test_memory_kernels_touch_every_element() -> None:
    array = np.arange(512, dtype=np.float32)
    assert machine.load_only(array, 1) == array.sum()
    machine.load_store(array, 3)
    assert np.array_equal(array, np.arange(512) + 0 + 1 + 2)
    machine.store_only(array, 3)
    assert np.array_equal(array, np.full(512, 2))


def test_nearer_caches_are_faster() -> None:
    peaks = roofline.measure_peaks()
    assert peaks.flops > 1e9
    assert peaks.fused_flops > 1e9
    for move in machine.MOVES:
        assert peaks.bytes["L1"][move] > 1.5 * peaks.bytes["memory"][move] > 0


def test_bounds_follow_from_the_rule() -> None:
    decomposed = roofline.bound([Pass("decomposed", 64, 64, 1)], FLAT)
    assert decomposed.arithmetic == pytest.approx(64 * 64 * 4 / 1e9)
    assert decomposed.traffic == pytest.approx(64 * 64 * 8 / 8e9)
    static = roofline.bound([Pass("static", 64, 64, 8)], FLAT)
    assert static.arithmetic == pytest.approx(64 * 64 * 2 / 1e9)
    assert static.traffic == pytest.approx(64 * 64 * 4 / 8 / 4e9)
    abcd = roofline.bound([Pass("abcd", 64, 64, 8)], FLAT)
    assert abcd.traffic == pytest.approx(64 * 64 * (8 / 8e9 + 16 / 8 / 4e9))


def test_working_sets_are_held_by_the_first_cache_they_fit_in() -> None:
    sizes = roofline.cache_sizes()
    assert list(sizes) == ["L1", "L2", "L3"]
    assert sizes["L1"] < sizes["L2"] < sizes["L3"]
    assert roofline.nearest_cache(sizes["L1"]) == "L1"
    assert roofline.nearest_cache(sizes["L1"] + 1) == "L2"
    assert roofline.nearest_cache(sizes["L3"] + 1) == "memory"


def test_both_forms_of_every_rule_are_timed(capsys: pytest.CaptureFixture[str]) -> None:
    rows = forms.measure(1)
    assert [(row["rule"], row["pre"]) for row in rows] == [
        (rule, pre) for rule in forms.RULES for _, pre in forms.SIZES
    ]
    for row in rows:
        assert row["ratio"] == pytest.approx(row["plain_ns"] / row["lanes_ns"])
        assert row["ratio"] > 1
        assert 1 < row["lanes_ns"] < 1e5
    forms.show(rows)
    assert "plain/lanes" in capsys.readouterr().out


def test_no_network_is_faster_than_its_bound(capsys: pytest.CaptureFixture[str]) -> None:
    peaks, networks = roofline.measure([configure(*MAIN[0]), configure(*MAIN[2])], rounds=1)
    assert [row["network"] for row in networks] == ["DecPRNN(PostDN)", "Meta-RNN"]
    for row in networks:
        assert 0 < row["fraction"] < 1
        assert row["measured_ns"] > max(row["arithmetic_ns"], row["traffic_ns"]) > 0
    roofline.show(peaks, networks)
    assert "Meta-RNN" in capsys.readouterr().out


def test_larger_networks_take_longer_and_more_lifetimes_share_loads() -> None:
    rows = scaling.by_hidden_size(rounds=1, sizes=(16, 64), lives=8)
    assert len(rows) == 2 * len(MAIN)
    for small, large in zip(rows[::2], rows[1::2], strict=True):
        assert small["network"] == large["network"]
        assert small["ns_per_step"] < large["ns_per_step"]
    rows = scaling.by_lifetimes(rounds=1, lives=(1, 8))
    static = [row["steps_per_second"] for row in rows if row["network"] == "Meta-RNN"]
    assert 0 < static[0] < static[1]


def test_generations_run_on_one_and_on_two_workers() -> None:
    rows = scaling.by_workers(rounds=1, counts=(1, 2), backends=("local",), population=8)
    assert [row["workers"] for row in rows] == [1, 2]
    assert all(row["steps_per_second"] > 0 for row in rows)
    assert rows[0]["efficiency"] == 1
    assert scaling.worker_counts(6) == [1, 2, 4, 6]


def test_every_distribution_of_mazes_is_timed() -> None:
    rows = generation.measure(rounds=1, bulk=64)
    assert [row["task"] for row in rows] == list(DISTRIBUTIONS)
    assert all(row["us_per_maze"] > 0 for row in rows)


def test_gradients_of_larger_batches_take_more_memory_and_longer_than_the_forward_pass() -> None:
    rows = gradients.measure(1, [configure("dec-prnn", "post", SMALL)])
    assert [row["lifetimes"] for row in rows] == [32, 128]
    assert all(row["both"] < row["forward"] for row in rows)
    assert rows[1]["peak_megabytes"] > rows[0]["peak_megabytes"] > 0


def test_compiling_takes_longer_than_loading() -> None:
    (row,) = compilation.measure([configure(*MAIN[2])])
    assert row["compile_cpu_seconds"] > 2 * row["load_cpu_seconds"] > 0


@pytest.mark.parametrize("backend", overhead.BACKENDS)
def test_shares_of_the_cores_are_shares(backend: str, capsys: pytest.CaptureFixture[str]) -> None:
    (row,) = overhead.measure(3, population=40, backends=(backend,), starts=("evolved",))
    shares = row["shares"]
    assert set(shares) == {"kernels", "candidates", "driver", "pool", "others", "idle"}
    assert all(0 <= share <= 1 for share in shares.values())
    assert sum(shares.values()) == pytest.approx(1, abs=0.1)
    assert 0 < row["kernels_alone"] < 1
    assert shares["kernels"] > max(shares["candidates"], shares["driver"]) > 0
    assert min(row["driver_ms"][name] for name in ("tell", "mazes", "rows", "checkpoint")) > 0
    assert row["generations"] == 3
    assert row["steps"] > 0
    overhead.show([row])
    assert backend in capsys.readouterr().out


def test_chunks_pack_onto_the_worker_that_is_free_first() -> None:
    one, two = (1, 1), (1, 2)
    spans = [
        Span(one, begun=10.0, ended=13.0, cpu=3.0, kernel=2.0),
        Span(two, begun=10.5, ended=11.0, cpu=0.5, kernel=0.5),
        Span(two, begun=11.5, ended=12.5, cpu=1.0, kernel=1.0),
    ]
    whole = Map(9.5, 13.5, spans)
    assert gaps(whole) == [0.5]
    assert tail(whole, workers=2) == (0.5 + 1.0) / 2
    assert packed(whole, workers=2, gap=0.0) == 3.0
    assert packed(whole, workers=1, gap=0.25) == 5.25


def test_functions_are_clocked_only_inside_the_block() -> None:
    class Busy:
        def work(self) -> int:
            return sum(range(200_000))

    before = Busy.work
    with clocks.clocked({"work": (Busy, "work")}) as seconds:
        assert Busy().work() == sum(range(200_000))
    assert Busy.work is before
    assert 0 < seconds["work"] < 1


def test_own_time_is_part_of_the_machine_s() -> None:
    own, machines = clocks.own_seconds(), clocks.machine_seconds()
    assert 0 < own < machines


def test_figures_are_drawn_of_what_there_is(tmp_path: Path) -> None:
    rates = {"network": "N", "task": "maze9", "compiled_cpu": 2e6, "numpy_cpu": 2e4}
    figures.draw(tmp_path / "one.png", {"steps": [rates, rates | {"jax_cpu": 1e5}]})
    assert (tmp_path / "one.png").read_bytes().startswith(b"\x89PNG")
    figures.draw(tmp_path / "none.png", {"generation": []})
    assert not (tmp_path / "none.png").exists()


def test_the_command_writes_what_it_measured(tmp_path: Path) -> None:
    arguments = ["--only", "generation", "--rounds", "1", "--out", str(tmp_path / "new")]
    result = CliRunner().invoke(__main__.main, arguments)
    assert result.exit_code == 0, result.output
    assert "maze21" in result.output
    document = json.loads((tmp_path / "new" / "benchmark.json").read_text())
    assert document["schema"] == "evo_plastic/benchmark/1"
    assert document["provenance"]["cores"] > 0
    assert len(document["sections"]["generation"]) == len(DISTRIBUTIONS)
