"""Table 1 and its figures, from runs that are published with the package."""

import csv
import shutil
from pathlib import Path

import pytest
from cli_runs import Ended, evo_plastic, refused
from report_runs import write_run

HOME = Path(__file__).parent.parent
PUBLISHED = HOME / "runs" / "published"
OOD = HOME / "configs" / "ood.yaml"
RUNS = ("meta-rnn-64", "dec-prnn-post")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs of one folder, copied: two networks, and one of them again with another seed."""
    home = tmp_path_factory.mktemp("runs")
    for name in RUNS:
        shutil.copytree(PUBLISHED / "table1-maze9" / name, home / name)
    shutil.copytree(home / "dec-prnn-post", home / "again")
    config = home / "again" / "config.yaml"
    config.write_text(config.read_text().replace("seed: 1\n", "seed: 0\n", 1))
    return home


@pytest.fixture(scope="module")
def done(folder: Path) -> tuple[Ended, Path]:
    out = folder / "results"
    options = ["--transfers", OOD, "--out", out, "--lifetimes", 12, "--workers", 2]
    ended = evo_plastic("reproduce", folder, *options)
    assert (ended.code, ended.err) == (0, "")
    return ended, out


def table(out: Path) -> list[list[str]]:
    lines = [line for line in (out / "table1.md").read_text().splitlines() if line[:1] == "|"]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_rows_stand_in_the_order_of_the_paper_and_then_of_seeds(done: tuple[Ended, Path]) -> None:
    headers, _, *rows = table(done[1])
    expected = ["network", "N_gene", "N_mem", "seed", "generations"]
    assert headers == [*expected, "maze9/test", "paper", "maze15/test"]
    assert [(row[0], row[3]) for row in rows] == [
        ("Meta-RNN", "1"),
        ("DecPRNN(PostDN)", "0"),
        ("DecPRNN(PostDN)", "1"),
        ("oracle", ""),
        ("random", ""),
    ]
    assert [row[6] for row in rows] == ["", "0.782", "0.782", "0.908", "-1.308"]
    assert rows[0][1:3] == ["5445", "64"]


def test_scores_are_those_that_evaluate_gives(done: tuple[Ended, Path], folder: Path) -> None:
    path = folder / "alone.csv"
    genome = folder / "meta-rnn-64"
    options = ["--tasks", "maze9", "--tasks", "maze15", "--lifetimes", 12, "--csv", path]
    assert evo_plastic("evaluate", genome, *options).code == 0
    with path.open(newline="") as stream:
        alone = [row for row in csv.DictReader(stream) if row["policy"] == str(genome)]
    with (done[1] / "table1.csv").open(newline="") as stream:
        found = list(csv.DictReader(stream))
    assert [row for row in found if row["policy"] == str(genome)] == alone
    assert len(found) == 3 * 2 * (3 + 2)
    last = alone[2]
    assert f"{float(last['mean']):.3f} ± {float(last['se']):.3f}" == table(done[1])[2][5]


def test_the_caveats_stand_below_the_table(done: tuple[Ended, Path]) -> None:
    text = (done[1] / "table1.md").read_text()
    assert text.index("| random |") < text.index("oracle and random rows do not follow")


def test_figures_are_written_for_screen_and_print(done: tuple[Ended, Path]) -> None:
    ended, out = done
    for name in ("figure2", "figure3"):
        assert (out / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert (out / f"{name}.pdf").read_bytes().startswith(b"%PDF")
        assert str(out / f"{name}.pdf") in ended.out


def test_networks_are_set_side_by_side_by_memories_per_gene(done: tuple[Ended, Path]) -> None:
    ended, out = done
    assert (out / "bottleneck.png").read_bytes().startswith(b"\x89PNG")
    assert (out / "bottleneck.pdf").read_bytes().startswith(b"%PDF")
    assert ended.out.endswith(f"{out / 'bottleneck.png'}\n{out / 'bottleneck.pdf'}\n")


def test_one_network_with_memories_has_nothing_beside_it(folder: Path, tmp_path: Path) -> None:
    without = write_run(tmp_path / "dnn", network={"name": "dnn", "modulation": "none"})
    runs = [folder / "again", folder / "dec-prnn-post", without]
    options = ["--transfers", OOD, "--out", tmp_path / "o", "--lifetimes", 2, "--workers", 1]
    ended = evo_plastic("reproduce", *runs, *options)
    assert (ended.code, ended.err) == (0, "")
    figures = {f"{name}.{suffix}" for name in ("figure2", "figure3") for suffix in ("png", "pdf")}
    assert {path.name for path in (tmp_path / "o").iterdir()} - figures == {
        "table1.csv",
        "table1.md",
    }


@pytest.mark.parametrize("empty", [True, False])
def test_a_run_without_metrics_is_named(folder: Path, tmp_path: Path, empty: bool) -> None:
    run = tmp_path / "run"
    shutil.copytree(folder / "again", run)
    (run / "metrics.jsonl").unlink()
    if empty:
        (run / "metrics.jsonl").touch()
    message = refused("reproduce", run, "--transfers", OOD, "--out", tmp_path / "o")
    assert f"{run / 'metrics.jsonl'}: expected metrics of at least one generation" in message
    assert not (tmp_path / "o").exists()


def test_a_task_that_the_file_leaves_out_is_named(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "some.yaml"
    path.write_text("maze15: [maze15]")
    message = refused("reproduce", folder / "again", "--transfers", path, "--out", tmp_path / "o")
    assert f"{path}: expected a line for maze9" in message
    assert not (tmp_path / "o").exists()


def test_an_unknown_task_set_of_the_file_is_named(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "some.yaml"
    path.write_text("maze9: [maze10]")
    message = refused("reproduce", folder / "again", "--transfers", path, "--out", tmp_path / "o")
    assert str(path) in message
    assert "unknown task set 'maze10'" in message


def test_a_folder_without_runs_is_named(tmp_path: Path) -> None:
    message = refused("reproduce", tmp_path, "--transfers", OOD, "--out", tmp_path / "o")
    assert f"{tmp_path} holds no run: expected a run directory or a folder of runs" in message
