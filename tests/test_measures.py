"""What is measured of runs: rewards at equal cost, areas, thresholds, scores on task sets."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from compare_runs import write_run

from evo_plastic.analysis.bands import band
from evo_plastic.analysis.comparison import Scored
from evo_plastic.analysis.costs import CLOCK, COSTS, STEPS, area, spent_until, whole_curve
from evo_plastic.analysis.evaluation import RolloutTable
from evo_plastic.analysis.groups import Group, group_runs, open_runs
from evo_plastic.analysis.measures import Levels, Measure, SetScores, measure
from evo_plastic.records import metrics

LEVELS = Levels(oracle=0.9, random=-1.0, threshold=0.2)


@pytest.fixture
def groups(tmp_path: Path) -> list[Group]:
    """Two runs that end after 300 generations, and one of another strategy after 200."""
    one = write_run(tmp_path / "one", (-0.5, 0.75, 0.25), seed=1)
    two = write_run(tmp_path / "two", (-0.4, 0.0, 0.1), seed=2)
    short = write_run(tmp_path / "short", (0.2, 0.4), strategy={"name": "openai-es"})
    return group_runs(open_runs([one, two, short]))


def by_key(groups: list[Group]) -> dict[str, Measure]:
    return {one.key: one for one in measure(groups, LEVELS, [])}


def values(one: Measure) -> list[list[float]]:
    return [of_group.tolist() for of_group in one.values]


def test_rewards_at_the_end_and_best(groups: list[Group]) -> None:
    found = by_key(groups)
    assert values(found["final"]) == [[0.25, 0.1], [0.4]]
    assert values(found["best"]) == [[0.75, 0.1], [0.4]]


def test_equal_cost_is_what_the_shortest_run_had_spent(groups: list[Group]) -> None:
    found = by_key(groups)
    for cost in ("env_steps", "minutes", "core_seconds"):
        assert values(found[f"at_equal_{cost}"]) == [[0.75, 0.0], [0.4]]


def test_an_area_is_the_mean_height_by_hand(groups: list[Group]) -> None:
    # Trapezia from the random policy at 0 over generations 100 and 200, where the last one ends.
    expected = [(-1.5 / 2 + 0.25 / 2) / 2, (-1.4 / 2 - 0.4 / 2) / 2, (-0.8 / 2 + 0.6 / 2) / 2]
    found = by_key(groups)
    for cost in ("env_steps", "minutes", "core_seconds"):
        (one, two), (short,) = values(found[f"area_{cost}"])
        assert [one, two, short] == pytest.approx(expected)


def test_an_area_ends_between_two_validations() -> None:
    x, y = np.array([0.0, 10, 20]), np.array([0.0, 1, 3])
    assert area(x, y, 20) == pytest.approx((5 + 20) / 20)
    assert area(x, y, 15) == pytest.approx((5 + 5 * 1.5) / 15)
    assert area(x, y, 10) == pytest.approx(0.5)


def test_a_run_that_began_at_a_genome_is_level_at_first(groups: list[Group]) -> None:
    run = groups[0].runs[0]
    begun = replace(run, experiment=run.experiment.model_copy(update={"start": "a.npz"}))
    assert whole_curve(run, CLOCK, -1.0)[1][0] == -1
    assert whole_curve(begun, CLOCK, -1.0)[1][0] == -0.5


def test_a_threshold_is_reached_at_a_validation_or_never(groups: list[Group]) -> None:
    found = by_key(groups)
    assert values(found["env_steps_to_threshold"]) == [[2e9, np.inf], [1e9]]
    assert values(found["minutes_to_threshold"]) == [[2, np.inf], [1]]
    assert values(found["core_seconds_to_threshold"]) == [[240, np.inf], [120]]
    assert spent_until(groups[0].curves[0], STEPS, 0.7501) == np.inf


def test_less_is_better_for_what_a_threshold_costs(groups: list[Group]) -> None:
    found = by_key(groups)
    assert found["env_steps_to_threshold"].improvements[0, 1].probability == 0
    assert found["final"].improvements[0, 1].probability == 0
    assert found["best"].improvements[0, 1].probability == 0.5


def test_a_run_that_diverged_is_the_worst(tmp_path: Path) -> None:
    paths = [write_run(tmp_path / str(n), (0.0, 0.1 * n, 0.2), seed=n) for n in range(5)]
    metrics.truncate_after(paths[0] / "eval.jsonl", 200)
    row = {"generation": 300, "env_steps": 3 * 10**9, "rollout_se": [1, 1, 1]}
    metrics.append(paths[0] / "eval.jsonl", row | {"rollout_mean": [0, 0, None]})
    groups = group_runs(open_runs(paths))
    final, best = by_key(groups)["final"], by_key(groups)["best"]
    assert values(final)[0][0] == -np.inf
    assert values(best)[0][0] == 0  # of the validations before
    assert (final.estimates[0].iqm, final.estimates[0].least) == (pytest.approx(0.2), -np.inf)


def scored(task_set: str, last: float) -> Scored:
    table = RolloutTable(4, (-9.0, last), (0.1, 0.1), (0.0, 0.0), (1.0, 1.0))
    return Scored("x", task_set, "", table, np.zeros((4, 2)))


def test_sets_are_normalised_between_random_policy_and_oracle(groups: list[Group]) -> None:
    def scores(name: str, *last: float) -> SetScores:
        one, two, three, oracle, random = (scored(name, reward) for reward in last)
        return SetScores(name, ((one, two), (three,)), oracle, random)

    sets = [scores("a", 0.0, 0.5, 1.0, 1.0, -1.0), scores("b", 3.0, 2.0, 7.0, 4.0, 0.0)]
    *_, first, second, both = measure(groups, LEVELS, sets)
    assert (first.key, second.title, both.key) == ("tasks:a", "b", "normalised")
    assert values(first) == [[0.0, 0.5], [1.0]]
    assert [one.tolist() for one in both.values] == [[[0.5, 0.75], [0.75, 0.5]], [[1.0, 1.75]]]
    assert "normalised" not in {one.key for one in measure(groups, LEVELS, sets[:1])}


def test_every_cost_is_read_of_a_run(groups: list[Group]) -> None:
    curve = groups[0].curves[0]
    ends = {cost.key: float(cost.of(curve)[-1]) for cost in COSTS}
    assert ends.pop("operations") > 3e9 * 10_000
    assert ends == {"env_steps": 3e9, "minutes": 3, "core_seconds": 360, "generation": 300}


def test_a_band_spans_what_all_runs_have_in_common(tmp_path: Path) -> None:
    paths = [write_run(tmp_path / str(n), (0.0, 0.1 * n, 0.3), seed=n) for n in range(5)]
    metrics.truncate_after(paths[3] / "eval.jsonl", 200)
    curves = [run.curve for run in open_runs(paths)]
    assert band(curves[:4], STEPS) is None
    found = band(curves, STEPS)
    assert found is not None
    assert found.cost.tolist() == [1e9, 2e9]
    np.testing.assert_allclose(found.iqm, [0, 0.2])
    assert found.low[1] < 0.2 < found.high[1]
    assert found.low[0] == found.high[0] == 0
