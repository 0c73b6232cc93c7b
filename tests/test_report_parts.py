"""What a report page is made of: markup, charts, the choice of mazes, lifetimes rounded."""

import re
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from report_runs import write_run

from evo_plastic import networks
from evo_plastic.analysis import learning
from evo_plastic.analysis.trace import trace
from evo_plastic.config import NetworkConfig
from evo_plastic.networks.oracle import OracleNetwork
from evo_plastic.networks.spec import NetworkSpec
from evo_plastic.parsing import Loaded, load_experiment
from evo_plastic.records import metrics
from evo_plastic.report import data
from evo_plastic.report.curves import POINTS, learning_charts
from evo_plastic.report.data import read_run
from evo_plastic.report.lifetimes import Lifetime, choose_mazes, read_lifetimes, rounded
from evo_plastic.report.markup import Markup, tag
from evo_plastic.report.plot import Axes, span, ticks
from evo_plastic.report.still import told_outcome
from evo_plastic.tasks import named_set
from evo_plastic.tasks.fitness import DIVERGED, FAILED, REACHED
from evo_plastic.tasks.maze import INTERFACE, MAX_STEPS
from evo_plastic.tasks.oracle import shortest_paths
from workers.jobs import Lived

MAZES = named_set("maze9/validate").subset(slice(0, 10))
WHICH, KEYS = np.array([7, 2]), np.array([11, 2**63 + 5], np.uint64)
STEPS = np.array([[5, 9], [1, 30]], np.int16)


def spec_of(name: str, modulation: str = "none") -> NetworkSpec:
    config = {"name": name, "modulation": modulation, "hidden_size": 6}
    return networks.create(NetworkConfig.model_validate(config), INTERFACE)


def genome_of(spec: NetworkSpec) -> NDArray[np.float64]:
    return np.random.default_rng(1).normal(0, 0.5, spec.n_gene)


def lived() -> Lived:
    """Lifetimes of moves that no network made: what they were does not matter here."""
    actions = np.random.default_rng(2).integers(0, 4, (2, 2 * MAX_STEPS)).astype(np.uint8)
    return Lived(STEPS, np.full((2, 2), FAILED, np.int8), actions, None, 0.0)


def lifetimes(spec: NetworkSpec) -> tuple[Lifetime, ...]:
    return read_lifetimes(spec, genome_of(spec), MAZES, WHICH, KEYS, lived())


def test_what_is_measured_is_what_the_trace_holds() -> None:
    spec, record = spec_of("dec-prnn", "post"), lived()
    for i, found in enumerate(lifetimes(spec)):
        maze, key = int(WHICH[i]), int(KEYS[i])
        traced = trace(spec, genome_of(spec), MAZES, maze, key, STEPS[i], record.actions[i])
        assert found.maze == maze
        assert [list(map(int, a)) for a in found.actions] == [
            record.actions[i, r * MAX_STEPS :][:n].tolist() for r, n in enumerate(STEPS[i])
        ]
        signals = list(traced.modulation.values())
        np.testing.assert_allclose(np.array(found.modulation, float), signals, rtol=5e-3)
        o = traced.outputs[:, 4]
        p = np.exp(o) / (np.exp(o) + np.exp(-o))
        np.testing.assert_allclose(np.array(found.decides, float), p, rtol=5e-3)


@pytest.mark.parametrize("name", ["dec-prnn", "prnn-et"])
def test_memories_move_from_where_they_began(name: str) -> None:
    spec = spec_of(name, "post")
    genome, record = genome_of(spec), lived()
    traced = trace(spec, genome, MAZES, 7, 11, STEPS[0], record.actions[0])
    [first, _] = lifetimes(spec)
    for (connection, weights), moved in zip(traced.weights.items(), first.movement, strict=True):
        before = OracleNetwork(spec, genome).weights(connection)
        for now, length in zip(weights, moved, strict=True):
            change = np.linalg.norm(now - before)
            assert length == pytest.approx(change, rel=5e-3, abs=1e-12)
            before = now


def test_a_network_that_does_not_learn_has_nothing_that_moves() -> None:
    for life in lifetimes(spec_of("meta-rnn")):
        assert life.modulation == life.movement == []
        assert len(life.decides) == sum(map(len, life.actions))


def test_what_is_no_number_is_none() -> None:
    assert rounded(np.array([0.0123456, np.nan, -np.inf, 1234.5])) == [0.0123, None, None, 1230]


def test_mazes_are_the_middle_ones_of_equal_parts() -> None:
    lengths = shortest_paths(MAZES)
    chosen = lengths[choose_mazes(MAZES, 3)]
    # Ten mazes in order of length are cut into 4, 3 and 3.
    np.testing.assert_array_equal(chosen, np.sort(lengths)[[2, 5, 8]])


def test_no_more_mazes_are_chosen_than_there_are() -> None:
    every = choose_mazes(MAZES, 40)
    assert sorted(every.tolist()) == list(range(10))
    assert np.all(np.diff(shortest_paths(MAZES)[every]) >= 0)


def test_only_markup_is_taken_for_markup() -> None:
    inner = tag("b", "x < y")
    assert tag("p", inner, "<b>", class_='a"b') == (
        '<p class="a&quot;b"><b>x &lt; y</b>&lt;b&gt;</p>'
    )
    assert tag("line", stroke_width=2) == '<line stroke-width="2"></line>'
    assert tag("meta", charset="utf-8") == '<meta charset="utf-8">'
    assert tag("p", Markup("<i>")) == "<p><i></p>"


def test_ticks_are_round_numbers_within_the_range() -> None:
    assert ticks(-1.23, 1.02) == [-1.0, -0.5, 0.0, 0.5, 1.0]
    assert ticks(0, 9572) == [0, 2000, 4000, 6000, 8000]
    assert ticks(0.1, 0.34) == [0.1, 0.15, 0.2, 0.25, 0.3]


def test_a_range_is_never_empty() -> None:
    assert span([np.array([1.0, np.nan]), np.array([3.0])], margin=0.1) == (0.8, 3.2)
    for values in ([np.array([2.0])], [np.array([np.nan])], [np.empty(0)]):
        low, high = span(values)
        assert low < high


def test_the_configuration_of_a_run_is_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = []

    def load(path: Path, overrides: tuple[str, ...]) -> Loaded:
        read.append(path)
        return load_experiment(path, overrides)

    for module in (data, learning):
        monkeypatch.setattr(module, "load_experiment", load)
    run = write_run(tmp_path / "run")
    assert read_run(run).curve.run == "run"
    assert read == [run / "config.yaml"]


def charts(run: Path) -> list[str]:
    """The two pictures of how a run learned."""
    return re.findall(r"<figure>.*?</figure>", learning_charts(read_run(run)), re.DOTALL)


def test_both_charts_have_named_axes_and_the_two_levels(tmp_path: Path) -> None:
    validation, training = charts(write_run(tmp_path / "run"))
    for chart in (validation, training):
        texts = set(re.findall(r"<text[^>]*>(.*?)</text>", chart))
        assert {"generation", "oracle", "random", "0", "300", "−1", "0.5"} <= texts
    assert ">reward of the rollout<" in validation
    assert ">fitness<" in training
    assert re.findall(r"</span>(.*?)</li>", validation) == ["rollout 1", "rollout 2", "rollout 3"]
    assert re.findall(r"</span>(.*?)</li>", training) == ["mean", "best"]
    outlines = re.findall(r' d="([^"]*)" class="(band|line)"', validation)
    assert [kind for _, kind in outlines] == ["band", "line"] * 3
    for (band, _), (line, _) in zip(outlines[::2], outlines[1::2], strict=True):
        [there_and_back], [middle] = points(f' d="{band}"'), points(f' d="{line}"')
        high, low = np.array(there_and_back[:3]), np.array(there_and_back[:2:-1])
        np.testing.assert_allclose((high + low) / 2, middle, atol=0.1)
        assert np.all(high[:, 1] < low[:, 1])


def test_a_single_validation_is_a_dot_in_every_line(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    metrics.truncate_after(run / "eval.jsonl", 100)
    validation, _ = charts(run)
    assert validation.count("<circle") == 3


def test_validations_in_one_maze_have_no_bands(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    row = {"env_steps": 1, "rollout_mean": [0.1, 0.2, 0.3], "rollout_se": [None] * 3}
    metrics.truncate_after(run / "eval.jsonl", 0)
    metrics.append(run / "eval.jsonl", row | {"generation": 100})
    validation, _ = charts(run)
    assert (validation.count("band"), validation.count("<circle")) == (0, 3)


def test_generations_without_a_number_are_gaps(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    row = {"fitness_mean": None, "fitness_best": None, "generation": 310}
    metrics.append(run / "metrics.jsonl", row)
    _, training = charts(run)
    assert training.count("<circle") == 2 * 3
    (run / "metrics.jsonl").unlink()
    _, training = charts(run)
    assert training.count("<circle") == 0


def test_long_runs_are_drawn_with_as_many_points_as_can_be_seen(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    for generation in range(301, 5000):
        row = {"fitness_mean": 0.1, "fitness_best": 0.2, "generation": generation}
        metrics.append(run / "metrics.jsonl", row)
    _, training = charts(run)
    [best, mean] = re.findall(r' d="([^"]*)" class="line"', training)
    assert best.count(",") == mean.count(",") == POINTS


def points(markup: str) -> list[list[tuple[float, float]]]:
    """The strokes of the first path."""
    outline = re.findall(r' d="([^"]*)"', markup)[0].strip("Z")
    strokes = [stroke.split("L") for stroke in outline.split("M")[1:]]
    pairs = [[point.split(",") for point in stroke] for stroke in strokes]
    return [[(float(x), float(y)) for x, y in stroke] for stroke in pairs]


def test_a_line_goes_through_its_points_and_stops_at_gaps() -> None:
    axes = Axes((0, 10), (-1, 1))
    x, y = np.arange(5.0), np.array([-1, 1, np.nan, 0, 0.5])
    drawn = points(axes.line(x, y, "red"))
    strokes = [[(0.0, -1.0), (1.0, 1.0)], [(3.0, 0.0), (4.0, 0.5)]]
    assert drawn == [[(axes.x(a), axes.y(b)) for a, b in stroke] for stroke in strokes]
    assert axes.x(0) < axes.x(1)
    assert axes.y(1) < axes.y(-1)


def test_a_band_lies_between_its_lines() -> None:
    axes = Axes((0, 1), (0, 1))
    x, low, high = np.array([0.0, 1.0]), np.array([0.2, 0.3]), np.array([0.6, 0.7])
    [outline] = points(axes.band(x, low, high, "red"))
    corners = [(0, 0.6), (1, 0.7), (1, 0.3), (0, 0.2)]
    assert outline == [(axes.x(a), axes.y(b)) for a, b in corners]


def test_the_end_of_a_rollout_in_words() -> None:
    assert told_outcome(1, REACHED) == "reward 0.99, 1 step"
    assert told_outcome(200, FAILED) == "reward −2.00, 200 steps, goal not reached"
    assert told_outcome(200, DIVERGED) == "reward none, 200 steps, diverged"
