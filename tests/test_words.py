"""The paragraph of a comparison says what intervals support, and no more."""

from pathlib import Path

from compare_runs import write_run

from evo_plastic.analysis.groups import Group, group_runs, open_runs
from evo_plastic.analysis.measures import Levels, measure
from evo_plastic.analysis.words import describe

LEVELS = Levels(0.9, -1.2, threshold=0.45)
OTHER = {"strategy": {"name": "openai-es"}}


def text_of(folder: Path, ours: list[float], theirs: list[float]) -> str:
    paths = [
        write_run(folder / f"{name}-{seed}", (0.0, 0.0, last), seed=seed, **changes)
        for name, rewards, changes in (("a", ours, {}), ("b", theirs, OTHER))
        for seed, last in enumerate(rewards)
    ]
    groups: list[Group] = group_runs(open_runs(paths))
    return describe(groups, measure(groups, LEVELS, []), LEVELS)


def test_with_few_runs_nothing_is_called_better(tmp_path: Path) -> None:
    text = text_of(tmp_path, [0.1, 0.2, 0.3, 0.4], [0.8, 0.9, 0.8, 0.9])
    assert "Descriptive only, for all groups: fewer than five runs have no interval" in text
    assert "sep-cma-es: at the end 0.250 (0.100 to 0.400)" in text
    claims = ("is better", "do not decide", "[")
    assert [claim for claim in claims if claim in text] == []


def test_one_group_of_few_runs_has_no_interval_beside_one_that_has(tmp_path: Path) -> None:
    text = text_of(tmp_path, [0.1, 0.2, 0.3, 0.4, 0.5], [0.8, 0.9])
    assert "Descriptive only, for openai-es:" in text
    assert "sep-cma-es: at the end 0.300 [" in text
    assert "openai-es: at the end 0.850 (0.800 to 0.900)." in text
    assert "is better than openai" not in text
    assert "openai-es is better" not in text


def test_what_the_interval_leaves_no_doubt_of_is_said_of_the_better_one(tmp_path: Path) -> None:
    text = text_of(tmp_path, [0.1, 0.2, 0.3, 0.4, 0.5], [0.8, 0.9, 0.8, 0.9, 0.7])
    assert (
        "openai-es is better than sep-cma-es in reward at the end (P 1.00 [1.00, 1.00]), reward "
        "at equal steps (P 1.00 [1.00, 1.00]), reward at equal minutes" in text
    )
    assert "A probability without width: every run of one group beat" in text
    assert "Of fewer than ten runs" in text
    assert "do not decide" not in text


def test_what_runs_do_not_decide_is_said_too(tmp_path: Path) -> None:
    text = text_of(tmp_path, [0.1, 0.5, 0.3, 0.7, 0.5], [0.2, 0.4, 0.6, 0.3, 0.55])
    assert "Between sep-cma-es and openai-es the runs do not decide in reward at the end" in text
    assert "is better than openai-es" not in text
    assert "without width" not in text
    assert "Runs ended after" not in text


def test_thresholds_not_reached_are_counted(tmp_path: Path) -> None:
    text = text_of(tmp_path, [0.1, 0.5, 0.6], [0.2])
    assert "A reward of 0.450 was reached by sep-cma-es in 2 of 3 runs; openai-es in 0" in text


def test_rewards_from_before_the_first_validation_are_owned_up_to(tmp_path: Path) -> None:
    usual, late = write_run(tmp_path / "a"), write_run(tmp_path / "b", (0.1,), **OTHER)
    rows = (late / "eval.jsonl").read_text()
    (late / "eval.jsonl").write_text(rows.replace(":1000000000", ":999"))
    groups = group_runs(open_runs([usual, late]))
    text = describe(groups, measure(groups, LEVELS, []), LEVELS)
    assert "At equal steps some runs had not been validated yet" in text
    assert "At equal minutes" not in text
    assert "Runs ended after 999 to 3e+09 environment steps" in text


def test_ten_runs_need_no_warning(tmp_path: Path) -> None:
    text = text_of(tmp_path, [0.1 * n for n in range(10)], [0.05 * n for n in range(10)])
    assert "Of fewer than ten runs" not in text
    assert "Descriptive" not in text
