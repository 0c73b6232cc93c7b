"""Figures of a lifetime from inside: what stands in them, and lifetimes that show little."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from test_figures import pixels, share_of_ink, texts

from evo_plastic import networks
from evo_plastic.analysis.bottleneck import BottleneckPoint, bottleneck
from evo_plastic.analysis.bottleneck_figure import bottleneck_figure
from evo_plastic.analysis.comparison import Scored, score
from evo_plastic.analysis.embedding import Embedding, embed
from evo_plastic.analysis.embedding_figure import embedding_figure
from evo_plastic.analysis.modulation_figure import modulation_figure
from evo_plastic.analysis.movement import movement
from evo_plastic.analysis.movement_figure import movement_figure
from evo_plastic.analysis.rollout_marks import rollout_colours
from evo_plastic.config import NetworkConfig
from evo_plastic.errors import InputError
from evo_plastic.networks.spec import NetworkSpec
from evo_plastic.tasks import named_set
from evo_plastic.tasks.maze import INTERFACE

GOAL_COLOUR = np.array([0xD5, 0x5E, 0x00])
NAMES = ("weights", "activity")
Draw = Callable[[Path, np.ndarray, np.ndarray], None]


def walk(steps: int, seed: int) -> np.ndarray:
    return np.cumsum(np.random.default_rng(seed).normal(size=(steps, 8)), axis=0)


def draw_embedding(path: Path, ends: np.ndarray, reached: np.ndarray) -> None:
    embedded = {}
    for i, name in enumerate(NAMES):
        points = walk(ends[-1] + 1, i)
        embedded[name] = Embedding(points[:, :2], np.array([0.6, 0.3]), points[:, 2:4])
    embedding_figure(path, embedded, ends, reached)


def draw_movement(path: Path, ends: np.ndarray, reached: np.ndarray) -> None:
    pairs = [(name, movement(walk(ends[-1] + 1, i), ends)) for i, name in enumerate(NAMES)]
    movement_figure(path, dict(pairs), ends, reached)


def draw_modulation(path: Path, ends: np.ndarray, reached: np.ndarray) -> None:
    steps = np.arange(ends[-1] + 1)
    signals = {"recurrent": 0.5 + 0.4 * np.sin(steps), "input": 0.01 + 0.001 * np.cos(steps)}
    modulation_figure(path, signals, ends, reached)


DRAW: dict[str, Draw] = {
    "embedding": draw_embedding,
    "movement": draw_movement,
    "modulation": draw_modulation,
}
EXPECTED = {
    "embedding": {"weights, PCA", "weights, t-SNE", "activity, PCA", "activity, t-SNE",
                  "t-SNE 1 (no unit)", "t-SNE 2 (no unit)", "first step"},
    "movement": {"weights", "activity", "distance of a step", "step of the lifetime",
                 "distance from the start", "(thin: of the rollout)", "mean distance",
                 "of k steps", "lag k, in steps", "∝ k", "∝ √k"},
    "modulation": {"modulation m, recurrent", "modulation m, input", "step of the lifetime"},
}  # fmt: skip


def orange(path: Path) -> int:
    """Pixels in the colour of goals."""
    return int(np.all(pixels(path) == GOAL_COLOUR, axis=2).sum())


@pytest.mark.parametrize("name", DRAW)
def test_axes_and_rollouts_are_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / "figure.svg"
    DRAW[name](path, np.array([19, 29, 34]), np.array([False, True, True]))
    rollouts = {"rollout 1", "rollout 2", "rollout 3", "goal reached"}
    assert EXPECTED[name] | rollouts <= texts(path)


@pytest.mark.parametrize("name", DRAW)
def test_goals_are_marked_where_there_are_any(tmp_path: Path, name: str) -> None:
    ends, counts = np.array([14, 29, 44]), []
    for goals in (0, 1, 3):
        path = tmp_path / f"{goals}.png"
        DRAW[name](path, ends, np.arange(3) >= 3 - goals)
        counts.append(orange(path))
    assert counts[0] == 0 < counts[1] < counts[2]
    DRAW[name](tmp_path / "none.svg", ends, np.zeros(3, np.bool_))
    assert "goal reached" not in texts(tmp_path / "none.svg")


@pytest.mark.parametrize("name", DRAW)
@pytest.mark.parametrize("suffix", ["png", "pdf"])
def test_the_same_lifetime_gives_the_same_bytes(tmp_path: Path, name: str, suffix: str) -> None:
    paths = [tmp_path / f"{i}.{suffix}" for i in range(2)]
    for path in paths:
        DRAW[name](path, np.array([9, 19]), np.array([False, True]))
    first, second = (path.read_bytes() for path in paths)
    assert first == second
    assert len(first) > 5_000


@pytest.mark.parametrize("name", DRAW)
@pytest.mark.parametrize("steps", [[1], [1, 1], [2, 1, 1], [1, 200]])
def test_the_shortest_lifetimes_can_be_drawn(tmp_path: Path, name: str, steps: list[int]) -> None:
    path = tmp_path / "figure.png"
    DRAW[name](path, np.cumsum(steps) - 1, np.array([s < 200 for s in steps]))
    assert share_of_ink(path) > 0.02


@pytest.mark.parametrize("name", DRAW)
def test_of_many_rollouts_some_are_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / "figure.svg"
    DRAW[name](path, 3 * np.arange(1, 41) - 1, np.ones(40, np.bool_))
    named = {text for text in texts(path) if text.startswith("rollout")}
    assert {"rollout 1", "rollout 40"} < named
    assert len(named) == 8


def test_distances_within_a_decade_are_told_in_plain_numbers(tmp_path: Path) -> None:
    points = np.cumsum(np.random.default_rng(0).normal(0, 0.1, (40, 3)), axis=0)
    ends = np.array([39])
    path = tmp_path / "movement.svg"
    movement_figure(path, {"activity": movement(points, ends)}, ends, np.ones(1, np.bool_))
    assert not any("$" in text for text in texts(path))


def test_what_does_not_move_can_be_drawn(tmp_path: Path) -> None:
    ends, still = np.array([5, 9]), np.ones((10, 3))
    embedding_figure(tmp_path / "embedding.svg", {"activity": embed(still)}, ends, ends > 5)
    movement_figure(tmp_path / "movement.svg", {"activity": movement(still, ends)}, ends, ends > 5)
    assert "component 1 (0.0 % of the variance)" in texts(tmp_path / "embedding.svg")
    assert "∝ k" not in texts(tmp_path / "movement.svg")
    assert not any("weights" in t for p in tmp_path.iterdir() for t in texts(p))


def test_axes_of_components_tell_their_share_of_the_variance(tmp_path: Path) -> None:
    found = Embedding(np.eye(4, 2), np.array([0.981, 0.0152]), np.eye(4, 2))
    embedding_figure(tmp_path / "one.svg", {"weights": found}, np.array([3]), np.array([True]))
    shares = {"component 1 (98.1 % of the variance)", "component 2 (1.5 % of the variance)"}
    assert shares <= texts(tmp_path / "one.svg")


def test_colours_of_rollouts_get_darker_in_their_order() -> None:
    brightness = rollout_colours(8)[:, :3] @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(brightness) < -0.02).all()


def scored(name: str, goals: int, rollouts: int = 3, mazes: int = 8) -> Scored:
    """``goals`` of eight lifetimes reach the goal in their last rollout, after 10 steps."""
    tasks = named_set("maze15/validate").subset(slice(mazes))
    steps, outcome = np.full((mazes, rollouts), 10), np.zeros((mazes, rollouts))
    outcome[:goals, -1] = 1
    return score(name, tasks, steps, outcome, 1)


def spec(name: str) -> NetworkSpec:
    return networks.create(
        NetworkConfig.model_validate({"name": name, "modulation": "none"}), INTERFACE
    )


def test_a_point_of_the_bottleneck_by_hand() -> None:
    first, second = bottleneck(
        [scored("a", 6), scored("b", 2)], [spec("dec-prnn"), spec("meta-rnn")]
    )
    assert first.mean == pytest.approx(6 / 8 - 0.1)
    # Six ones and two zeros: variance 12/8/7.
    assert first.se == pytest.approx(np.sqrt(12 / 8 / 7 / 8))
    assert (first.n_gene, first.n_mem) == (1217, 64 * 64 + 64 * 15 + 64)
    assert first.factor == pytest.approx(5120 / 1217)
    assert (second.n_mem, second.mean) == (64, pytest.approx(2 / 8 - 0.1))
    assert (first.policy, first.network, second.network) == ("a", "DecPRNN", "Meta-RNN")
    assert (first.task_set, first.rollouts) == ("maze15/validate", 3)


@pytest.mark.parametrize("other", [{"rollouts": 2}, {"mazes": 7}])
def test_scores_of_different_tasks_are_not_compared(other: dict[str, int]) -> None:
    with pytest.raises(InputError, match="maze15/validate with 3 rollouts"):
        bottleneck([scored("a", 6), scored("b", 6, **other)], [spec("dec-prnn")] * 2)


POINT = BottleneckPoint("ours", "DecPRNN", "maze15/test", 3, 1217, 5120, -0.1, 0.02)


def heights(path: Path) -> dict[str, float]:
    """Height of each text above the foot of the figure, in points."""
    found = re.findall(r"<!-- (.*?) -->\n\s*<g .*?translate\([\d.]+ ([\d.]+)\)", path.read_text())
    return {text: -float(down) for text, down in found}


def test_every_genome_of_the_bottleneck_is_named_and_no_name_hides_another(tmp_path: Path) -> None:
    path = tmp_path / "bottleneck.svg"
    points = [replace(POINT, policy=f"run {i}", mean=-0.1 + 1e-4 * i) for i in range(6)]
    bottleneck_figure(path, [replace(POINT, policy="Meta-RNN", n_mem=64), *points])
    up = [heights(path)[f"run {i}"] for i in range(6)]
    assert np.diff(up).min() > 8
    expected = {
        "Meta-RNN",
        "memories per gene, N_mem / N_gene",
        "reward of rollout 3 on maze15/test",
        "(± 1 standard error)",
    }
    assert expected <= texts(path)


def test_every_panel_of_the_bottleneck_says_what_it_is_about(tmp_path: Path) -> None:
    path = tmp_path / "bottleneck.svg"
    other = replace(POINT, policy="theirs", task_set="maze21/test", trained_on="maze15")
    bottleneck_figure(path, [replace(POINT, trained_on="maze9")], [other])
    expected = {f"reward of rollout 3 on {mazes}/test" for mazes in ("maze15", "maze21")}
    assert expected | {"ours", "theirs", "trained on maze9", "trained on maze15"} <= texts(path)
    up = heights(path)
    assert up["theirs"] < up["trained on maze15"] < up["ours"] < up["trained on maze9"]


def test_standard_errors_are_drawn(tmp_path: Path) -> None:
    pictures = []
    for i, se in enumerate((0.02, 0.04, float("nan"))):
        bottleneck_figure(tmp_path / f"{i}.png", [replace(POINT, se=se)])
        pictures.append((tmp_path / f"{i}.png").read_bytes())
    assert len(set(pictures)) == 3
    assert share_of_ink(tmp_path / "2.png") > 0.01


def test_a_genome_that_diverged_hides_no_other(tmp_path: Path) -> None:
    path = tmp_path / "bottleneck.svg"
    nan = float("nan")
    bottleneck_figure(path, [POINT, replace(POINT, policy="lost", mean=nan, se=nan)])
    assert "ours" in texts(path)
