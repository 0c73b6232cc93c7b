"""What ``evaluate`` writes beside its table: CSV, Markdown, differences of genomes."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from cli_runs import refused, write_genome
from test_evaluate_command import evaluate

FEW = ["--lifetimes", 24, "--rollouts", 2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of an evaluation of two genomes on two task sets, in every form."""
    home = tmp_path_factory.mktemp("files")
    for seed, name in ((4, "a|b.npz"), (5, "c.npz")):
        write_genome(home / name, seed=seed)
    files = [f"--{name}={home / name}.out" for name in ("json", "csv", "markdown")]
    options = ["--tasks", "maze9", "--tasks", "maze15/validate", *FEW, *files]
    ended = evaluate(home / "a|b.npz", home / "c.npz", *options)
    assert (ended.code, ended.err) == (0, "")
    (home / "printed").write_text(ended.out)
    return home


def document_in(folder: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / "json.out").read_text())
    return document


def test_the_csv_has_the_numbers_of_the_document_in_full(folder: Path) -> None:
    with (folder / "csv.out").open(newline="") as stream:
        found = list(csv.DictReader(stream))
    scores = document_in(folder)["scores"]
    assert len(found) == 2 * len(scores)
    for number, row in enumerate(found):
        one, rollout = scores[number // 2], number % 2
        assert [row["task_set"], row["sha256"], row["policy"], row["instances"]] == [
            one["task_set"], one["sha256"], one["policy"], "24",
        ]  # fmt: skip
        assert row["rollout"] == str(rollout + 1)
        for name in ("mean", "se", "goal_rate", "steps", "coverage", "decisive", "entropy"):
            known = one[name] is not None
            assert row[name] == (repr(one[name][rollout]) if known else "")


def test_the_markdown_has_the_rows_that_were_printed(folder: Path) -> None:
    text = (folder / "markdown.out").read_text()
    tables = [
        [line.strip("| ").split(" | ") for line in part.splitlines()]
        for part in text.split("\n\n")
    ]
    assert [len(table) for table in tables] == [2 + 8, 2 + 2]
    for table in tables:
        assert len({len(row) for row in table[:2]}) == 1
    printed = (folder / "printed").read_text().replace("|", "\\|")
    for table in tables:
        for row in (table[0], *table[2:]):
            assert any(all(cell.strip() in line for cell in row) for line in printed.splitlines())


def test_differences_are_those_of_the_means(folder: Path) -> None:
    document = document_in(folder)
    assert len(document["differences"]) == 2
    for found, (a, c) in zip(document["differences"], ((0, 1), (4, 5)), strict=True):
        first, second = document["scores"][a], document["scores"][c]
        assert (found["first"], found["second"]) == (first["policy"], second["policy"])
        assert found["rollout"] == 2
        assert found["mean"] == pytest.approx(first["mean"][1] - second["mean"][1], abs=1e-12)
        assert found["low"] <= found["mean"] <= found["high"]


@pytest.mark.parametrize("option", ["json", "csv", "markdown"])
def test_a_file_that_cannot_be_written_is_named_before_the_work(folder: Path, option: str) -> None:
    nowhere = folder / "none" / "file"
    arguments = ["evaluate", folder / "c.npz", "--tasks", "maze9", f"--{option}"]
    assert f"--{option} {nowhere}: there is no folder" in refused(*arguments, nowhere)
    assert f"--{option} {folder} is a folder" in refused(*arguments, folder)
