"""The command ``compare``: what it writes of runs, and what it refuses."""

import csv
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cli_runs import Ended, evo_plastic, refused, rows
from compare_runs import GENERATIONS, write_run

from evo_plastic.analysis.learning import LearningCurve, read_curve
from evo_plastic.analysis.learning_figure import learning_figure
from evo_plastic.records import metrics

ROW = {"generation": 300, "env_steps": 1, "rollout_mean": [0, 0, 0], "rollout_se": [1, 1, 1]}


def texts(path: Path) -> set[str]:
    return set(re.findall(r"<!-- (.*?) -->", path.read_text()))


def compare(*arguments: object) -> Ended:
    return evo_plastic("compare", *arguments, "--no-evaluate")


def test_a_row_says_what_a_run_is_and_what_it_reached(tmp_path: Path) -> None:
    one = write_run(tmp_path / "one")
    two = write_run(tmp_path / "two", seed=7, network={"name": "meta-rnn", "modulation": "none"})
    ended = compare(one, two, "--out", tmp_path / "new" / "out")
    assert (ended.code, ended.err) == (0, "")
    headers, first, second, *_ = rows(ended.out)
    assert headers[:5] == ["run", "network", "N_gene", "N_mem", "seed"]
    assert first[:12] == ["one", "DecPRNN(PostDN)", "1347", "5120", "1", "300", "3", "3",
                          "0.250 ± 0.010", "0.750 ± 0.010", "200", "DecPRNN(PostDN)"]  # fmt: skip
    assert second[:5] == ["two", "Meta-RNN", "5445", "64", "7"]
    costs = ("steps", "minutes", "core-s")
    assert headers[-3:] == [f"{cost} to -0.124" for cost in costs]
    assert first[-3:] == ["2e+09", "2", "240"]


def test_tables_are_written_as_csv_in_full_and_as_markdown(tmp_path: Path) -> None:
    runs = [write_run(tmp_path / f"run-{n}", seed=n) for n in (1, 2)]
    ended = compare(*runs, "--out", tmp_path)
    [one, two] = read_csv(tmp_path / "runs.csv")
    assert (one["run"], two["seed"], one["env_steps"]) == ("run-1", "2", "3000000000.0")
    assert (one["final"], one["best"], one["minutes_to_threshold"]) == ("0.25", "0.75", "2.0")
    markdown = (tmp_path / "runs.md").read_text().splitlines()
    assert markdown[0].startswith("| run | network | N_gene |")
    assert markdown[1].startswith("| --- | --- | --: |")
    assert [cell.strip() for cell in markdown[3].split("|")[1:-1]] == rows(ended.out)[2]


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture
def few(tmp_path: Path) -> Path:
    """Two runs of one group, of which one does not reach the threshold, and one of another."""
    write_run(tmp_path / "a1", (-1, -0.5, -0.25), seed=1)
    write_run(tmp_path / "a2", (-1, 0.5, 0.75), seed=2)
    write_run(tmp_path / "b1", (0, 0.5, 0.5), strategy={"name": "openai-es"})
    return tmp_path


def test_groups_of_few_runs_are_described_without_an_interval(few: Path) -> None:
    ended = compare(few / "a1", few / "a2", few / "b1", "--out", few, "--threshold", "0.1")
    assert (ended.code, ended.err) == (0, "")
    table = {(row["group"], row["measure"]): row for row in read_csv(few / "groups.csv")}
    final = table["sep-cma-es", "final"]
    assert [final[name] for name in ("runs", "iqm", "low", "high")] == ["2", "0.25", "", ""]
    assert (final["least"], final["greatest"]) == ("-0.25", "0.75")
    assert table["sep-cma-es", "minutes_to_threshold"]["greatest"] == "inf"
    lines = (few / "groups.md").read_text().splitlines()
    assert lines[0] == "| measure | sep-cma-es (2 runs) | openai-es (1 run) |"
    assert lines[2] == "| reward at the end | 0.250 (-0.250 to 0.750) | 0.500 |"
    assert "| minutes to 0.100 | not reached (2 to not reached) | 2 |" in lines
    text = (few / "comparison.md").read_text()
    assert "Descriptive only, for all groups" in text
    assert text.strip() in ended.out
    assert not list(few.glob("improvement.*"))


def test_each_two_groups_are_set_against_each_other(few: Path) -> None:
    compare(few / "a1", few / "b1", few / "a2", "--out", few)
    pairs = {row["measure"]: row for row in read_csv(few / "pairs.csv")}
    final = pairs["final"]
    assert (final["first"], final["second"]) == ("sep-cma-es", "openai-es")
    assert (final["probability"], final["low"], final["high"]) == ("0.5", "", "")
    assert "| sep-cma-es | openai-es | best reward | 0.50 |" in (few / "pairs.md").read_text()


def test_the_document_has_runs_with_their_curves(few: Path) -> None:
    compare(few / "a1", few / "a2", few / "b1", "--out", few)
    document = json.loads((few / "comparison.json").read_text())
    assert document["schema"] == "evo_plastic/compare/1"
    assert document["text"] == (few / "comparison.md").read_text().strip()
    assert document["levels"]["threshold"] == pytest.approx(-0.1237, abs=1e-3)
    assert document["bootstrap"] == {"level": 0.95, "resamples": 9999, "least_runs": 5}
    assert [group["runs"] for group in document["groups"]] == [["a1", "a2"], ["b1"]]
    assert "seed" not in document["groups"][0]["configuration"]
    estimates = document["groups"][0]["estimates"]
    assert estimates["final"] == {"iqm": 0.25, "interval": None, "range": [-0.25, 0.75]}
    assert estimates["env_steps_to_threshold"]["iqm"] is None
    run = document["runs"][1]
    assert (run["run"], run["group"], run["seed"]) == ("a2", "sep-cma-es", 2)
    assert run["curve"]["env_steps"] == [1e9, 2e9, 3e9]
    assert run["curve"]["rollout_mean"][2] == [-1, 0, 0.75]
    improvements = document["pairs"][0]["improvements"]
    assert improvements["final"] == {"probability": 0.5, "interval": None}


def test_figures_are_written_for_screen_and_print(few: Path) -> None:
    ended = compare(few / "a1", few / "a2", few / "b1", "--out", few)
    for name in ("costs", "rollouts", "scores"):
        assert (few / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert (few / f"{name}.pdf").read_bytes().startswith(b"%PDF")
        assert str(few / f"{name}.pdf") in ended.out
    # Lines of single runs are drawn with errors over mazes where there is one of each kind.
    assert not (few / "learning.png").exists()
    compare(few / "a1", few / "b1", "--out", few / "single")
    assert (few / "single" / "learning.pdf").is_file()


def test_the_clock_of_a_validation_is_read_between_those_that_were_kept(tmp_path: Path) -> None:
    curve = read_curve(write_run(tmp_path / "run"))
    np.testing.assert_allclose(curve.minutes, [1, 2, 3])
    np.testing.assert_array_equal(curve.generation, GENERATIONS)
    np.testing.assert_array_equal(curve.last, [-0.5, 0.75, 0.25])
    assert curve.best == 1


def test_a_published_run_can_be_compared(tmp_path: Path) -> None:
    published = Path(__file__).parent.parent / "runs/published/dec-prnn-post-maze9"
    ended = compare(published, "--out", tmp_path)
    assert (ended.code, ended.err) == (0, "")
    assert rows(ended.out)[1][9:11] == ["0.822 ± 0.007", "8900"]
    assert (tmp_path / "learning.png").read_bytes().startswith(b"\x89PNG")


def test_the_figure_names_every_run_and_both_axes(tmp_path: Path) -> None:
    curves: list[LearningCurve] = []
    for number in range(9):
        run = write_run(tmp_path / f"run-{number}", seed=number)
        curves.append(read_curve(run))
    learning_figure(tmp_path / "f.svg", curves, 0.9, -1.2)
    found = texts(tmp_path / "f.svg")
    assert {f"run-{number}" for number in range(9)} <= found
    assert {"generation", "minutes of wall clock", "oracle", "random"} <= found
    assert "validation reward of rollout 3 (± 1 standard error)" in found


def test_ticks_stand_at_the_numbers_they_show(tmp_path: Path) -> None:
    curve = replace(read_curve(write_run(tmp_path / "run")), minutes=np.array([1, 7, 13.8]))
    learning_figure(tmp_path / "f.svg", [curve], 0.9, -1.2)
    found = texts(tmp_path / "f.svg")
    # Ticks 2.5 apart, rounded, would read 2, 5, 8, 10, 12.
    assert {"5", "10"} <= found
    assert not {"2", "8", "12"} & found


def test_more_runs_than_colours_differ_in_their_lines(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    learning_figure(tmp_path / "f.svg", [read_curve(run)] * 8, 0.9, -1.2)
    lines = set(re.findall(r'style="[^"]*stroke: #0072b2[^"]*"', (tmp_path / "f.svg").read_text()))
    assert any("dasharray" in line for line in lines)
    assert any("dasharray" not in line for line in lines)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"task": {"name": "maze15"}}, "task.name is maze15; expected maze9"),
        ({"task": {"rollouts": 8}}, "task.rollouts is 8; expected 3"),
        (
            {"training": {"validation": {"lifetimes": 64}}},
            "training.validation.lifetimes is 64; expected 1024",
        ),
    ],
)
def test_runs_that_were_validated_on_other_mazes_are_refused(
    change: dict[str, object], told: str, tmp_path: Path
) -> None:
    one, two = write_run(tmp_path / "one"), write_run(tmp_path / "two", **change)
    message = refused("compare", one, two, "--out", tmp_path / "out")
    assert f"{two / 'config.yaml'}: {told}, as in {one / 'config.yaml'}" in message
    assert not (tmp_path / "out").exists()


def test_the_same_run_twice_is_refused(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    message = refused("compare", run, run, "--out", tmp_path / "out")
    assert f"{run / 'config.yaml'}: seed is 1" in message


def test_a_run_without_a_genome_is_refused_unless_validations_are_enough(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    message = refused("compare", run, "--out", tmp_path / "out")
    assert f"{run / 'genome.npz'} does not exist: expected" in message
    assert "--no-evaluate" in message
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--no-evaluate", "--tasks", "maze9"], "expected neither --tasks nor --lifetimes"),
        (["--no-evaluate", "--lifetimes", 3], "expected neither --tasks nor --lifetimes"),
        (["--threshold", "nan"], "--threshold nan: expected a finite reward"),
        (["--tasks", "maze10"], "unknown task set 'maze10'"),
        (["--tasks", "maze9", "--lifetimes", 3000], "--lifetimes 3000 is more than the 2048"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    options: list[object], told: str, tmp_path: Path
) -> None:
    run = write_run(tmp_path / "run")
    assert told in refused("compare", run, "--out", tmp_path / "out", *options)
    assert not (tmp_path / "out").exists()


def test_a_run_without_validations_is_refused(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", last=())
    told = f"{run / 'eval.jsonl'} has no validation: expected at least one row"
    assert told in refused("compare", run, "--out", tmp_path / "out")


@pytest.mark.parametrize(
    ("name", "row", "expected"),
    [
        ("eval.jsonl", {"generation": 300}, "expected numbers 'env_steps'"),
        ("eval.jsonl", ROW | {"rollout_se": [1, 2]}, "expected numbers 'rollout_se'"),
        ("eval.jsonl", ROW | {"rollout_mean": 1}, "expected numbers 'rollout_mean'"),
        ("timings.jsonl", {"generation": 400}, "expected numbers 'wall_seconds'"),
        (
            "timings.jsonl",
            {"generation": 400, "wall_seconds": 1},
            "expected numbers 'core_seconds'",
        ),
    ],
)
def test_damaged_rows_are_named(
    name: str, row: dict[str, object], expected: str, tmp_path: Path
) -> None:
    run = write_run(tmp_path / "run")
    metrics.append(run / name, row)
    assert expected in refused("compare", run, "--out", tmp_path / "out")


def test_rows_have_a_number_for_every_rollout(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", task={"rollouts": 8})
    said = refused("compare", run, "--out", tmp_path)
    assert "expected numbers 'rollout_mean' in every row, 8 each" in said


def test_a_validation_later_than_the_clock_is_refused(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    metrics.truncate_after(run / "timings.jsonl", 250)
    assert "expected the clock of generation 300" in refused("compare", run, "--out", tmp_path)


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    assert "is no run directory" in refused("compare", tmp_path, "--out", tmp_path / "out")


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    (tmp_path / "file").touch()
    message = refused("compare", run, "--out", tmp_path / "file", "--no-evaluate")
    assert f"--out {tmp_path / 'file'}: File exists" in message
