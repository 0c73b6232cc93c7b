"""The comparison of strategies measures what it says: small real races."""

import json
from pathlib import Path

import numpy as np
import pytest
from cli_runs import evo_plastic
from click.testing import CliRunner
from driver_runs import changed

from benchmarks.strategies import __main__, contestants, cost, quality, selection
from benchmarks.strategies.contestants import CONTESTANTS
from benchmarks.strategies.objectives import make
from benchmarks.strategies.quality import PLANS, Outcome, Plan, Race, races, run, summarise
from evo_plastic.parsing import dump_experiment

NOISE = np.random.default_rng(7)
OURS = [name for name in CONTESTANTS if name.startswith("ours")]
HERE = [*OURS, "cma"]
FUNCTIONS = pytest.mark.parametrize("function", PLANS)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quality, "PLANS", {"sphere": Plan({12: 2}, {6: 6000})})
    monkeypatch.setattr(cost, "SIZES", (20,))
    monkeypatch.setattr(cost, "POPULATION", 12)


@FUNCTIONS
def test_losses_are_least_at_the_optimum(function: str) -> None:
    problem = make(function, 8, seed=3)
    elsewhere = problem.losses(np.random.default_rng(0).normal(problem.start, 1, (50, 8)))
    assert elsewhere.shape == (50,)
    assert (elsewhere > 1e-3).all()
    assert problem.target > 0
    assert make(function, 8, seed=4).start.tolist() != problem.start.tolist()


def test_each_function_by_hand() -> None:
    rng = np.random.default_rng([2, 5])
    optimum, _ = rng.uniform(-4, 4, (2, 2))
    x = optimum + np.array([[3.0, 2.0]])
    assert make("sphere", 2, 5).losses(x) == pytest.approx([13.0])
    assert make("ellipsoid", 2, 5).losses(x) == pytest.approx([9.0 + 4e6])
    assert make("rotated rastrigin", 2, 5).losses(optimum[None]) == pytest.approx([0.0])
    assert make("rosenbrock", 2, 5).losses(np.array([[2.0, 3.0]])) == pytest.approx([101.0])
    assert make("rosenbrock", 2, 5).losses(np.ones((1, 2))) == pytest.approx([0.0])


@pytest.mark.parametrize("contestant", HERE)
def test_every_contestant_finds_the_bottom_of_a_sphere(small: None, contestant: str) -> None:
    outcome = run(Race("sphere", 6, 12, contestant, 0))
    assert outcome.evaluations is not None
    assert 300 < outcome.evaluations < 6000
    assert outcome.evaluations % 12 == 0
    assert outcome.best <= 1e-8
    assert run(Race("sphere", 6, 12, contestant, 0)) == outcome


def test_a_race_whose_budget_ends_has_not_reached_the_target(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(quality, "PLANS", {"sphere": Plan({12: 1}, {6: 120})})
    outcome = run(Race("sphere", 6, 12, "ours", 0))
    assert outcome.evaluations is None
    assert 1e-8 < outcome.best < 100


def test_medians_count_those_that_did_not_arrive() -> None:
    spent = [500, None, 300, 400, None]
    outcomes = {
        Race("sphere", 6, 12, "ours", seed): Outcome(value, 0.5)
        for seed, value in enumerate(spent)
    }
    (row,) = summarise(outcomes)
    assert (row["median"], row["quartiles"], row["reached"]) == (500, [400, None], 3)
    (row,) = summarise({Race("sphere", 6, 12, "ours", 0): Outcome(None, 0.5)})
    assert (row["median"], row["quartiles"], row["reached"]) == (None, [None, None], 0)


def test_races_are_run_once_each(small: None, tmp_path: Path) -> None:
    todo = races(["ours", "cma"], [6])
    assert len(todo) == len(set(todo)) == 4
    journal = tmp_path / "journal.jsonl"
    known = Outcome(77, 0.0)
    journal.write_text(json.dumps([todo[0], known]) + "\n")
    outcomes = quality.run_all(todo[:1], journal, workers=1)
    assert outcomes == {todo[0]: known}


def test_memory_is_that_of_the_search() -> None:
    small, large = cost._memory("ours", 100), cost._memory("ours", 20_743)
    genomes = 360 * 20_743 * 8 / 1e6
    assert small < 20
    assert genomes < large < 10 * genomes


def test_one_command_prints_both_tables_and_writes_them(
    small: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contestants, "installed", lambda: ["ours"])
    journal = tmp_path / __main__.JOURNAL
    journal.write_text(
        "".join(json.dumps([race, Outcome(600, 0.0)]) + "\n" for race in races(["ours"], [6]))
    )
    options = ["--rounds", "2", "--sizes", "6", "--out", str(tmp_path)]
    result = CliRunner().invoke(__main__.main, options, catch_exceptions=False)
    assert result.exit_code == 0
    assert "memory MB" in result.stdout
    document = json.loads((tmp_path / "strategies.json").read_text())
    assert [row["median"] for row in document["quality"]] == [600]
    (row,) = document["cost"]
    assert row["n"] == 20
    assert 0 < row["cpu_ms"] < 1000
    assert row["memory_mb"] >= 0
    assert not journal.exists()


def test_gains_are_those_of_the_weights() -> None:
    worth = np.array([3.0, 1.0, -2.0, -2.0])
    # ln 2.5 - ln 1 and ln 2.5 - ln 2, normalised.
    first, second = 0.9162907, 0.2231436
    by_worth = (3 * first + second) / (first + second)
    assert selection.gain(worth, worth) == pytest.approx(by_worth, rel=1e-6)
    assert selection.gain(worth, -worth) == pytest.approx(-2)


def sample(noise: float) -> selection.Sample:
    worth = NOISE.standard_normal(60)
    lives = [worth[:, None] + noise * NOISE.standard_normal((60, 64)) for _ in range(3)]
    return selection.Sample(worth, *lives, np.random.default_rng(1))


def test_more_lifetimes_and_less_noise_gain_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "PICKS", 200)

    def mean_gain(noise: float, count: int, way: str) -> float:
        one = sample(noise)
        return one.row(way, count, 60, one.ways(count)[way])["gain"]

    assert mean_gain(0, 4, "4 mazes") > 0.9
    assert mean_gain(5, 4, "4 mazes") < mean_gain(5, 16, "16 mazes") < 0.9
    assert mean_gain(5, 16, "16 mazes") < mean_gain(5, 16, "race over 8 + 16")
    assert abs(mean_gain(1e6, 4, "race over 2 + 4")) < 0.3


def test_selection_is_measured_on_a_runs_next_candidates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("WORTH", 4), ("FEW", 64), ("PICKS", 3)):
        monkeypatch.setattr(selection, name, value)
    config = tmp_path / "short.yaml"
    config.write_text(dump_experiment(changed(generations=1)))
    run = tmp_path / "run"
    assert evo_plastic("train", config, "--run", run).code == 0
    out = tmp_path / "selection.json"
    result = CliRunner().invoke(
        selection.main, [str(run), "--out", str(out)], catch_exceptions=False
    )
    assert result.exit_code == 0
    document = json.loads(out.read_text())
    assert document["generation"] == 1
    assert len(document["rows"]) == 18
    assert {row["population"] for row in document["rows"]} == {12, 6, 3}
    assert all(np.isfinite(row["gain"]) for row in document["rows"])
