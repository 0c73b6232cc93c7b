"""Figures of a comparison, read by the texts and the lines that an SVG file names."""

import re
from pathlib import Path

import pytest
from compare_runs import write_run
from matplotlib.figure import Figure

from evo_plastic.analysis.adaptation_figure import adaptation_figure, adaptations
from evo_plastic.analysis.bands import bands
from evo_plastic.analysis.costs_figure import choose_scale, costs_figure
from evo_plastic.analysis.groups import Group, group_runs, open_runs
from evo_plastic.analysis.intervals_figure import (
    improvement_panels,
    intervals_figure,
    score_panels,
)
from evo_plastic.analysis.measures import Levels, measure

LEVELS = Levels(0.9, -1.2, threshold=0.3)
BLUE, ORANGE = "#0072b2", "#e69f00"


@pytest.fixture(scope="module")
def groups(tmp_path_factory: pytest.TempPathFactory) -> list[Group]:
    """Five runs of one strategy and three of another."""
    home = tmp_path_factory.mktemp("runs")
    paths = [write_run(home / f"a{n}", (-1, 0, 0.1 * n), seed=n) for n in range(5)]
    other = {"strategy": {"name": "openai-es"}}
    paths += [write_run(home / f"b{n}", (-1, 0, 0.2 * n), seed=n, **other) for n in range(3)]
    return group_runs(open_runs(paths))


def texts(path: Path) -> list[str]:
    return re.findall(r"<!-- (.*?) -->", path.read_text())


def styles(path: Path, colour: str) -> list[str]:
    """Of what is drawn in a colour, one for each line, mark or area."""
    return [one for one in re.findall(r'style="([^"]*)"', path.read_text()) if colour in one]


def test_reward_is_drawn_over_every_cost_with_its_unit(
    groups: list[Group], tmp_path: Path
) -> None:
    path = tmp_path / "f.svg"
    costs_figure(path, groups, bands(groups), LEVELS)
    found = texts(path)
    assert {
        "environment steps, 10⁹",
        "wall clock, minutes",
        "core-seconds",
        "estimated floating-point operations, 10¹²",
        "generations or updates",
        "validation reward, rollout 3",
        "sep-cma-es (5 runs)",
        "openai-es (3 runs)",
        "threshold, 0.30",
        "oracle",
        "random",
    } <= set(found)


def test_only_a_group_of_enough_runs_has_a_band(groups: list[Group], tmp_path: Path) -> None:
    path = tmp_path / "f.svg"
    costs_figure(path, groups, bands(groups), LEVELS)
    areas = [[one for one in styles(path, c) if "fill-opacity" in one] for c in (BLUE, ORANGE)]
    assert len(areas[0]) >= 5  # a panel each
    assert areas[1] == []
    assert "without an interval." in " ".join(texts(path))


@pytest.mark.parametrize(("longest", "scale"), [(2.0, "linear"), (50.0, "log")])
def test_axes_are_logarithmic_where_some_runs_are_much_longer(longest: float, scale: str) -> None:
    axes = Figure().add_subplot()
    axes.plot([0.1, longest], [0, 1])
    choose_scale(axes, 1.0, longest)
    assert axes.get_xscale() == scale
    assert axes.get_xlim()[1] >= longest


def test_lifetimes_are_drawn_rollout_by_rollout(groups: list[Group], tmp_path: Path) -> None:
    path = tmp_path / "f.svg"
    adaptation_figure(path, groups, adaptations(groups, LEVELS, []))
    found = texts(path)
    assert {"1", "2", "3", "rollout", "last validation", "reward of the rollout"} <= set(found)
    assert "openai-es (3 runs): each run" in found
    assert "sep-cma-es (5 runs): interquartile mean, 95 % interval" in found


def test_marks_without_an_interval_are_open(groups: list[Group], tmp_path: Path) -> None:
    measures = [one for one in measure(groups, LEVELS, []) if one.key == "final"]
    panels = score_panels(measures)
    assert [row.ends is None for row in panels[0].rows] == [False, True]
    assert panels[0].rows[1].points == pytest.approx((0, 0.2, 0.4))
    path = tmp_path / "f.svg"
    intervals_figure(path, [group.several for group in groups], panels, "reward")
    assert {"reward at the end", "sep-cma-es (5 runs)", "reward"} <= set(texts(path))
    marks = re.findall(r'style="fill: (#\w+); stroke: #222222', path.read_text())
    assert marks[-2:] == [BLUE, "#ffffff"]


def test_improvement_is_drawn_between_none_and_certain(
    groups: list[Group], tmp_path: Path
) -> None:
    panels = improvement_panels(measure(groups, LEVELS, [])[:1])
    assert [(row.middle, row.ends) for row in panels[0].rows] == [(0.5, None)]
    intervals_figure(tmp_path / "f.svg", ["a over b"], panels, "probability")
    assert {"0.0", "0.5", "1.0", "a over b", "probability"} <= set(texts(tmp_path / "f.svg"))
