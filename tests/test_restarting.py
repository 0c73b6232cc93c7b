"""A search that is restarted by every rule, against the run that is never stopped."""

from pathlib import Path

import numpy as np
from cli_runs import evo_plastic
from click.testing import CliRunner
from driver_runs import changed

from benchmarks.strategies import restarting
from benchmarks.strategies.restarting import RULES
from evo_plastic.parsing import dump_experiment
from evo_plastic.strategies.sep_cma_es import SepCMAES

SEARCH = SepCMAES(12, 0.05, 1, "dual-csa", True, 1.0)


def test_going_on_is_the_run_that_was_never_stopped(tmp_path: Path) -> None:
    config = tmp_path / "short.yaml"
    config.write_text(dump_experiment(changed(generations=6)))
    quiet = ("--set", "pool.backend=local")
    assert evo_plastic("train", config, "--run", tmp_path / "whole", *quiet).code == 0
    half = ("--set", "training.generations=3", *quiet)
    assert evo_plastic("train", config, "--run", tmp_path / "half", *half).code == 0
    arguments = [str(tmp_path / "half"), "--out", str(tmp_path / "more"), "--generations", "3"]
    result = CliRunner().invoke(restarting.main, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    whole = (tmp_path / "whole" / "metrics.jsonl").read_text().splitlines()
    rows = {}
    for name in RULES:
        rows[name] = (tmp_path / "more" / name / "metrics.jsonl").read_text().splitlines()
        assert len(rows[name]) == 3
    # Environment steps are counted from the restart on.
    ours, theirs = (line.split('"env_steps"')[0] for line in (rows["on"][-1], whole[-1]))
    assert ours == theirs
    assert len({lines[-1] for lines in rows.values()}) == len(RULES)


def test_rules_change_what_they_say() -> None:
    state = SEARCH.init(np.zeros(4))._replace(
        C=np.array([0.1, 0.7, 1.0, 3.0]), sigma=0.2, p_sigma=np.ones(4), generation=7
    )
    after = {name: rule(SEARCH, state, 0.05) for name, rule in RULES.items()}
    assert after["on"] is state
    np.testing.assert_array_equal(after["reference"].C, [0.64, 0.7, 1, 1])
    assert after["reference"].sigma == 0.05
    np.testing.assert_array_equal(after["reference"].p_sigma, 1)
    for name, sigma in (("fresh", 0.05), ("smaller", 0.0125)):
        np.testing.assert_array_equal(after[name].C, 1)
        np.testing.assert_array_equal(after[name].p_sigma, 0)
        assert (after[name].sigma, after[name].generation) == (sigma, 7)
