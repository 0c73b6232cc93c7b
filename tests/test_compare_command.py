"""The command ``compare``: runs side by side in a table and a figure."""

import csv
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from cli_runs import evo_plastic, refused, rows

from evo_plastic.analysis.learning import LearningCurve, read_curve
from evo_plastic.analysis.learning_figure import learning_figure
from evo_plastic.config import Experiment
from evo_plastic.parsing import dump_experiment
from evo_plastic.records import manifest, metrics

GENERATIONS = (100, 200, 300)


ROW = {"generation": 300, "env_steps": 1, "rollout_mean": [0, 0, 0], "rollout_se": [1, 1, 1]}


def write_run(path: Path, last: tuple[float, ...] = (-0.5, 0.75, 0.25), **changes: object) -> Path:
    """A run whose third rollout validates as ``last``, one minute per 100 generations."""
    experiment = Experiment.model_validate(changes)
    path.mkdir()
    (path / "config.yaml").write_text(dump_experiment(experiment))
    manifest.save(path / "manifest.json", manifest.begin(experiment))
    for generation, mean in zip(GENERATIONS, last, strict=False):
        row = {"generation": generation, "env_steps": 10**7 * generation}
        metrics.append(
            path / "eval.jsonl",
            row | {"rollout_mean": [-1.0, 0.0, mean], "rollout_se": [0.1, 0.1, 0.01]},
        )
    # Thinned out: the clock of generation 100 lies between those of 50 and 150.
    for generation in (50, 150, 200, 250, 300):
        seconds = {"core_seconds": 1.0, "wall_seconds": 0.6 * generation}
        metrics.append(path / "timings.jsonl", {"generation": generation} | seconds)
    return path


def texts(path: Path) -> set[str]:
    return set(re.findall(r"<!-- (.*?) -->", path.read_text()))


def test_a_row_says_what_a_run_is_and_what_it_reached(tmp_path: Path) -> None:
    one = write_run(tmp_path / "one")
    two = write_run(tmp_path / "two", seed=7, network={"name": "meta-rnn", "modulation": "none"})
    ended = evo_plastic("compare", one, two, "--out", tmp_path / "new" / "out")
    assert (ended.code, ended.err) == (0, "")
    headers, first, second = rows(ended.out)
    assert headers[:5] == ["run", "network", "N_gene", "N_mem", "seed"]
    assert first == ["one", "DecPRNN(PostDN)", "1347", "5120", "1", "300", "3", "3",
                     "0.250 ± 0.010", "0.750 ± 0.010", "200"]  # fmt: skip
    assert second[:5] == ["two", "Meta-RNN", "5445", "64", "7"]


def test_the_table_is_written_as_csv_and_markdown(tmp_path: Path) -> None:
    runs = [write_run(tmp_path / name) for name in ("one", "two")]
    ended = evo_plastic("compare", *runs, "--out", tmp_path)
    with (tmp_path / "runs.csv").open(newline="") as stream:
        table = list(csv.reader(stream))
    assert [row[0] for row in table] == ["run", "one", "two"]
    assert table[1][-2:] == ["0.750 ± 0.010", "200"]
    markdown = (tmp_path / "runs.md").read_text().splitlines()
    assert markdown[0].startswith("| run | network | N_gene |")
    assert markdown[1].startswith("| --- | --- | --: |")
    assert [cell.strip() for cell in markdown[3].split("|")[1:-1]] == rows(ended.out)[2]


def test_the_clock_of_a_validation_is_read_between_those_that_were_kept(tmp_path: Path) -> None:
    curve = read_curve(write_run(tmp_path / "run"))
    np.testing.assert_allclose(curve.minutes, [1, 2, 3])
    np.testing.assert_array_equal(curve.generation, GENERATIONS)
    np.testing.assert_array_equal(curve.last, [-0.5, 0.75, 0.25])
    assert curve.best == 1


def test_a_published_run_can_be_compared(tmp_path: Path) -> None:
    published = Path(__file__).parent.parent / "runs/published/dec-prnn-post-maze9"
    ended = evo_plastic("compare", published, "--out", tmp_path)
    assert (ended.code, ended.err) == (0, "")
    assert rows(ended.out)[1][-2:] == ["0.822 ± 0.007", "8900"]
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
        ({"task": {"name": "maze15"}}, "3 rollouts in each of 1024 mazes of maze15"),
        ({"training": {"validation": {"lifetimes": 64}}}, "3 rollouts in each of 64 mazes"),
    ],
)
def test_runs_that_were_validated_on_other_mazes_are_refused(
    change: dict[str, object], told: str, tmp_path: Path
) -> None:
    one, two = write_run(tmp_path / "one"), write_run(tmp_path / "two", **change)
    message = refused("compare", one, two, "--out", tmp_path / "out")
    assert f"two cannot be compared with one: it was validated on {told}" in message
    assert "not on 3 rollouts in each of 1024 mazes of maze9" in message
    assert not (tmp_path / "out").exists()


def test_a_run_without_validations_is_refused(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", last=())
    assert "has no validation" in refused("compare", run, "--out", tmp_path / "out")


@pytest.mark.parametrize(
    ("name", "row", "expected"),
    [
        ("eval.jsonl", {"generation": 300}, "expected numbers 'env_steps'"),
        ("eval.jsonl", ROW | {"rollout_se": [1, 2]}, "expected numbers 'rollout_se'"),
        ("eval.jsonl", ROW | {"rollout_mean": 1}, "expected numbers 'rollout_mean'"),
        ("timings.jsonl", {"generation": 400}, "expected numbers 'wall_seconds'"),
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
    assert "expected 8 numbers 'rollout_mean'" in refused("compare", run, "--out", tmp_path)


def test_a_validation_later_than_the_clock_is_refused(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    metrics.truncate_after(run / "timings.jsonl", 250)
    assert "expected the clock of generation 300" in refused("compare", run, "--out", tmp_path)


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    assert "is no run directory" in refused("compare", tmp_path, "--out", tmp_path / "out")


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    (tmp_path / "file").touch()
    assert "--out" in refused("compare", run, "--out", tmp_path / "file")
