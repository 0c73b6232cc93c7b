"""Figures: files of the right size with the right things in them, the same bytes every time.

An SVG file names each of its texts in a comment, which is how the texts are read here.
"""

import re
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.image import imread

from evo_plastic.analysis.bars import rollout_bars
from evo_plastic.analysis.curves import training_curve
from evo_plastic.analysis.figures import signed
from evo_plastic.analysis.lifetimes_figure import lifetimes_grid
from evo_plastic.analysis.replay import replay
from evo_plastic.errors import InputError
from evo_plastic.tasks import named_set
from evo_plastic.tasks.fitness import DIVERGED, FAILED, REACHED
from evo_plastic.tasks.maze import MAX_STEPS
from evo_plastic.tasks.task_sets import TaskSet

UP, DOWN, LEFT, RIGHT = range(4)
TASKS = named_set("maze9/validate").subset(slice(0, 2))
WALL_COLOUR = np.array([0x4A, 0x4A, 0x4A])

Rows = list[dict[str, object]]


def metrics(generations: int) -> Rows:
    return [
        {"generation": g, "sigma": 0.05 + 0.01 * np.sin(g / 9), "spread": 1 - 1e-5 * g}
        for g in range(generations)
    ]


def validations(generations: int, every: int = 100) -> Rows:
    return [
        {"generation": g, "rollout_mean": [-1.0, -0.5, 1e-4 * g], "rollout_se": [0.1, 0.1, 0.2]}
        for g in range(0, generations, every)
    ]


def texts(path: Path) -> set[str]:
    return set(re.findall(r"<!-- (.*?) -->", path.read_text()))


def pixels(path: Path) -> np.ndarray:
    """(height, width, 3), 0 to 255."""
    return np.rint(255 * imread(path)[:, :, :3]).astype(int)


def share_of_ink(path: Path) -> float:
    return float(np.mean(np.any(pixels(path) != 255, axis=2)))


def live(tasks: TaskSet, path: Path, steps: int = 3, outcome: int = REACHED) -> None:
    """Draw one rollout of ``steps`` moves upwards in each maze."""
    actions = np.full((len(tasks), MAX_STEPS), UP, np.uint8)
    table = np.full((len(tasks), 1), steps, np.int16)
    ends = np.full((len(tasks), 1), outcome, np.int8)
    lifetimes_grid(path, tasks, actions, table, ends, range(len(tasks)))


def test_a_replayed_agent_turns_corners_and_stays_in_place_at_walls() -> None:
    walls = np.ones((5, 5), np.uint8)
    walls[1, 1] = walls[1, 2] = walls[2, 2] = 0
    actions = np.array([UP, RIGHT, RIGHT, DOWN, LEFT, UP, LEFT], np.uint8)
    way = replay(walls, np.array([1, 1], np.int16), actions, 6)
    assert way.tolist() == [[1, 1], [1, 1], [1, 2], [1, 2], [2, 2], [2, 2], [1, 2]]


@pytest.mark.parametrize("generations", [1, 300, 15_000])
def test_a_curve_has_its_size_and_shows_something(tmp_path: Path, generations: int) -> None:
    path = tmp_path / "curve.png"
    training_curve(path, metrics(generations), validations(generations), 0.91, -1.2)
    assert pixels(path).shape == (660, 1575, 3)
    assert 0.01 < share_of_ink(path) < 0.3
    assert [entry.name for entry in tmp_path.iterdir()] == ["curve.png"]


def test_a_curve_names_rollouts_and_the_references_that_are_known(tmp_path: Path) -> None:
    path = tmp_path / "curve.svg"
    training_curve(path, metrics(300), validations(300), 0.91, None)
    assert {"rollout 1", "rollout 2", "rollout 3", "oracle", "generation"} <= texts(path)
    assert not {"random", "no validation yet"} & texts(path)


def test_a_curve_without_validations_says_so(tmp_path: Path) -> None:
    path = tmp_path / "curve.svg"
    training_curve(path, metrics(30), [], 0.91, -1.2)
    assert {"no validation yet", "oracle", "random"} <= texts(path)
    assert "rollout 1" not in texts(path)


def test_long_curves_are_thinned_out_but_keep_both_ends(tmp_path: Path) -> None:
    paths = [tmp_path / f"{i}.svg" for i in range(3)]
    rows = metrics(15_000)
    for path, changed in zip(paths, (None, 0, -1), strict=True):
        other = list(rows)
        if changed is not None:
            other[changed] = rows[changed] | {"sigma": 0.02}
        training_curve(path, other, [], None, None)
    assert paths[0].stat().st_size < 200_000
    assert len({path.read_bytes() for path in paths}) == 3


def test_a_step_size_over_many_magnitudes_gets_a_logarithmic_axis(tmp_path: Path) -> None:
    path = tmp_path / "curve.svg"
    rows = [row | {"sigma": 0.1 * 0.9 ** row["generation"]} for row in metrics(80)]
    training_curve(path, rows, [], None, None)
    assert {"0.1", "0.01", "0.001"} <= texts(path)


def test_gradients_have_a_length_and_a_critic_instead_of_a_step_size(tmp_path: Path) -> None:
    path = tmp_path / "curve.svg"
    rows: Rows = [{"generation": g, "gradient": 0.5, "entropy": 1.5} for g in range(9)]
    training_curve(path, rows, [], None, None)
    assert {"Length of the gradient", "Entropy of the policy in bits"} <= texts(path)


def test_numbers_that_were_not_finite_leave_gaps(tmp_path: Path) -> None:
    holes, whole = tmp_path / "holes.svg", tmp_path / "whole.svg"
    rows, scores = metrics(20), validations(300)
    training_curve(whole, rows, scores, None, None)
    rows[5]["sigma"] = None
    scores[1]["rollout_mean"] = [None, -0.5, 0.0]
    training_curve(holes, rows, scores, None, None)
    assert holes.read_bytes() != whole.read_bytes()


@pytest.mark.parametrize("name", ["picture.png", "picture.svg", "picture.pdf"])
def test_the_same_input_gives_the_same_bytes_whatever_the_users_style(
    tmp_path: Path, name: str
) -> None:
    drawn = []
    for style in ({}, {"font.size": 30, "svg.hashsalt": "other", "axes.facecolor": "red"}):
        with matplotlib.rc_context(style):
            training_curve(tmp_path / name, metrics(50), validations(50, 10), 0.9, -1.2)
            drawn.append((tmp_path / name).read_bytes())
            live(TASKS, tmp_path / name)
            drawn.append((tmp_path / name).read_bytes())
            assert not style or matplotlib.rcParams["font.size"] == 30
    assert drawn[:2] == drawn[2:]


def test_no_metrics_are_an_input_error_and_leave_no_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at least one generation"):
        training_curve(tmp_path / "curve.png", [], [], None, None)
    assert not list(tmp_path.iterdir())


def test_rows_without_a_number_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'sigma'"):
        training_curve(tmp_path / "curve.png", [{"generation": 0}], [], None, None)
    row = {"generation": 0, "rollout_mean": [0.0]}
    with pytest.raises(InputError, match="'rollout_se'"):
        training_curve(tmp_path / "curve.png", metrics(1), [row], None, None)


def test_a_file_that_cannot_be_written_is_an_input_error(tmp_path: Path) -> None:
    for name, message in (
        ("curve.bmp", r"\.png, \.svg or \.pdf"),
        ("nowhere/curve.png", "written"),
    ):
        with pytest.raises(InputError, match=message):
            training_curve(tmp_path / name, metrics(2), [], None, None)


def test_bars_carry_their_values_and_labels(tmp_path: Path) -> None:
    path = tmp_path / "bars.svg"
    results = [
        ("evolved $a_$", np.array([-0.514, 0.257, -0.001]), np.array([0.1, np.nan, 0.1])),
        ("oracle", np.full(3, 0.914), np.full(3, 0.01)),
    ]
    rollout_bars(path, results, "maze9 & test")
    wanted = {"−0.51", "0.26", "0.00", "0.91", "evolved $a_$", "oracle", "rollout 3"}
    assert wanted <= texts(path)


def test_more_bars_make_a_wider_picture(tmp_path: Path) -> None:
    widths = []
    for rollouts in (3, 8):
        one = np.linspace(-1, 1, rollouts)
        results = [(name, one, 0 * one + 0.1) for name in ("a", "b", "c")]
        rollout_bars(tmp_path / "bars.png", results, "title")
        assert share_of_ink(tmp_path / "bars.png") > 0.1
        widths.append(pixels(tmp_path / "bars.png").shape[1])
    assert widths == [846, 1956]


def test_lifetimes_fill_a_grid_of_mazes_and_rollouts(tmp_path: Path) -> None:
    path = tmp_path / "lives.png"
    actions = np.zeros((2, 3 * MAX_STEPS), np.uint8)
    steps, outcome = np.full((2, 3), 5, np.int16), np.full((2, 3), REACHED, np.int8)
    lifetimes_grid(path, TASKS, actions, steps, outcome, [1, 0])
    assert pixels(path).shape == (810, 990, 3)
    assert share_of_ink(path) > 0.2


@pytest.mark.parametrize(
    ("steps", "outcome", "caption"),
    [
        (8, REACHED, "reward 0.92, 8 steps"),
        (1, REACHED, "reward 0.99, 1 step"),
        (MAX_STEPS, FAILED, "reward −2.00, 200 steps, failed"),
        (MAX_STEPS, DIVERGED, "diverged, no reward"),
    ],
)
def test_captions_tell_reward_and_steps(
    tmp_path: Path, steps: int, outcome: int, caption: str
) -> None:
    live(TASKS, tmp_path / "lives.svg", steps, outcome)
    assert {caption, "maze 0", "maze 1", "rollout 1"} <= texts(tmp_path / "lives.svg")


def test_walls_are_dark_in_proportion_to_their_number(tmp_path: Path) -> None:
    walls = np.ones((2, 9, 9), np.uint8)
    walls[:, 1:-1, 1:-1] = 0
    walls[1, 3:6, 3:6] = 1  # 32 cells of wall in the first maze, 41 in the second
    corners = np.array([[1, 1]] * 2, np.int16), np.array([[7, 7]] * 2, np.int16)
    both = TaskSet("by-hand", walls, *corners)
    dark = []
    for i in range(2):
        live(both.subset(slice(i, i + 1)), tmp_path / "lives.png", steps=0)
        dark.append(np.all(pixels(tmp_path / "lives.png") == WALL_COLOUR, axis=2).sum())
    assert dark[1] / dark[0] == pytest.approx(41 / 32, rel=0.02)


def test_the_way_of_every_rollout_is_drawn_and_nothing_after_its_end(tmp_path: Path) -> None:
    steps, outcome = np.array([[30, 30]], np.int16), np.array([[FAILED, FAILED]], np.int8)
    actions = np.random.default_rng(0).integers(0, 4, (1, 2 * MAX_STEPS)).astype(np.uint8)
    pictures = []
    for changed in (slice(0, 0), slice(0, 30), slice(MAX_STEPS, MAX_STEPS + 30), slice(30, 60)):
        other = actions.copy()
        other[0, changed] = (other[0, changed] + 2) % 4
        lifetimes_grid(tmp_path / "lives.png", TASKS, other, steps, outcome, [0])
        pictures.append((tmp_path / "lives.png").read_bytes())
    assert len(set(pictures[:3])) == 3
    assert pictures[3] == pictures[0]


def test_numbers_have_a_true_minus_sign_and_no_negative_zero() -> None:
    assert [signed(x) for x in (-1.206, 0.5, -0.001)] == ["−1.21", "0.50", "0.00"]
