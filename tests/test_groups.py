"""Runs in groups of one configuration, and what the groups are called."""

from pathlib import Path

import pytest
from compare_runs import write_run

from evo_plastic.analysis.groups import group_runs, open_runs
from evo_plastic.errors import InputError

DUAL, TPA = {"step_size": "dual-csa"}, {"step_size": "tpa"}
A2C = {"name": "a2c"}
META = {"name": "meta-rnn", "modulation": "none"}


def labels(folder: Path, *changes: dict[str, object]) -> list[str]:
    runs = [write_run(folder / f"run-{n}", seed=n, **one) for n, one in enumerate(changes)]
    return [group.label for group in group_runs(open_runs(runs))]


def test_runs_that_differ_in_their_seed_are_one_group(tmp_path: Path) -> None:
    kinds = ({"strategy": DUAL}, {"strategy": TPA}, {"strategy": DUAL})
    paths = [write_run(tmp_path / str(n), seed=n, **one) for n, one in enumerate(kinds)]
    groups = group_runs(open_runs(paths))
    assert [[run.name for run in group.runs] for group in groups] == [["0", "2"], ["1"]]
    told = "sep-cma-es, DecPRNN(PostDN), step_size dual-csa (2 runs)"
    assert [group.several for group in groups] == [
        told,
        told.replace("dual-csa (2 runs", "tpa (1 run"),
    ]


def test_where_a_run_was_computed_does_not_matter(tmp_path: Path) -> None:
    pools = ({"backend": "local"}, {"backend": "ray", "workers": 3})
    assert labels(tmp_path, *({"pool": pool} for pool in pools)) == ["sep-cma-es, DecPRNN(PostDN)"]


def test_a_single_group_is_called_by_strategy_and_network(tmp_path: Path) -> None:
    assert labels(tmp_path, {}, {}) == ["sep-cma-es, DecPRNN(PostDN)"]


def test_labels_say_what_differs_and_no_more(tmp_path: Path) -> None:
    assert labels(tmp_path / "a", {}, {"strategy": A2C}) == ["sep-cma-es", "a2c"]
    assert labels(tmp_path / "b", {}, {"network": META}) == ["DecPRNN(PostDN)", "Meta-RNN"]
    assert labels(tmp_path / "c", {}, {"strategy": A2C, "network": META}) == [
        "sep-cma-es, DecPRNN(PostDN)",
        "a2c, Meta-RNN",
    ]


def test_keys_stand_where_names_do_not_tell_groups_apart(tmp_path: Path) -> None:
    wide = {"strategy": {"mean_rate": 4}, "training": {"racing": True}}
    found = labels(tmp_path, {}, wide, {"strategy": A2C})
    assert found == [
        "sep-cma-es, mean_rate null, racing false",
        "sep-cma-es, mean_rate 4, racing true",
        "a2c",
    ]


def test_keys_of_one_name_are_told_in_full(tmp_path: Path) -> None:
    training = {"repeats": 2, "validation": {"repeats": 3}}
    assert labels(tmp_path, {}, {"training": training})[1] == (
        "sep-cma-es, DecPRNN(PostDN), training.repeats 2, training.validation.repeats 3"
    )


def test_folders_of_one_name_are_called_by_their_paths(tmp_path: Path) -> None:
    paths = [write_run(tmp_path / kind / "s1", seed=n) for n, kind in enumerate("ab")]
    paths.append(write_run(tmp_path / "other", seed=5))
    assert [run.name for run in open_runs(paths)] == [str(paths[0]), str(paths[1]), "other"]


def test_a_run_does_not_count_twice(tmp_path: Path) -> None:
    one, two = write_run(tmp_path / "one", seed=4), write_run(tmp_path / "two", seed=4)
    with pytest.raises(InputError) as caught:
        group_runs(open_runs([one, two]))
    assert f"{two / 'config.yaml'}: seed is 4" in str(caught.value)
    assert f"{one / 'config.yaml'}; expected another seed" in str(caught.value)
