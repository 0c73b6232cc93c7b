"""The generation loop on real pools: what a run's numbers depend on, and what they do not."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from driver_runs import EXPERIMENT, MAKE_WORKER, SPEC, changed, state_bytes, train, training

from evo_plastic import networks
from evo_plastic.config import NetworkConfig, PoolConfig, SepCMAESConfig, Stage
from evo_plastic.errors import InputError, TrainingFailed
from evo_plastic.evolution import stage_of
from evo_plastic.jit import cache_directory
from evo_plastic.records.directory import RunDirectory
from evo_plastic.records.genomes import load_genome
from evo_plastic.tasks.maze import INTERFACE
from workers import pool
from workers.evaluator import PoolEvaluator

pytestmark = pytest.mark.filterwarnings(
    # Ray's own processes and sockets, closed when its driver ends.
    "ignore::ResourceWarning"
)


@pytest.fixture(scope="module")
def local() -> Iterator[PoolEvaluator]:
    with pool.create(PoolConfig(backend="local", workers=2), MAKE_WORKER) as workers_pool:
        yield PoolEvaluator(workers_pool)


def test_a_run_leaves_metrics_validations_checkpoints_and_the_best_genome(
    tmp_path: Path, local: PoolEvaluator
) -> None:
    run, progress = train(EXPERIMENT, tmp_path / "run", local)
    rows = [json.loads(line) for line in run.metrics.read_text().splitlines()]
    assert [row["generation"] for row in rows] == list(range(1, 9))
    assert rows[-1]["lifetimes"] == 12 * 2 * (3 * 2 + 5 * 3)
    validations = [json.loads(line) for line in run.validations.read_text().splitlines()]
    assert [row["generation"] for row in validations] == [3, 6, 8]
    assert progress.best is not None
    assert progress.best.score == max(row["score"] for row in validations)
    genome = load_genome(run.genome)
    assert genome.facts["generation"] == progress.best.generation
    assert genome.genome.tobytes() == progress.best.genome.tobytes()
    assert genome.layout == SPEC.layout
    assert (run.checkpoints / "gen-000008.npz").is_file()


def test_a_resumed_run_repeats_the_undisturbed_one_byte_for_byte(
    tmp_path: Path, local: PoolEvaluator
) -> None:
    whole, undisturbed = train(EXPERIMENT, tmp_path / "whole", local)
    calls = iter([False] * 5 + [True])
    train(EXPERIMENT, tmp_path / "halves", local, stopping=lambda: next(calls))
    halves, resumed = train(EXPERIMENT, tmp_path / "halves", local, resume=True)
    assert state_bytes(resumed) == state_bytes(undisturbed)
    assert halves.metrics.read_bytes() == whole.metrics.read_bytes()
    assert halves.validations.read_bytes() == whole.validations.read_bytes()
    one, other = load_genome(halves.genome), load_genome(whole.genome)
    assert one.genome.tobytes() == other.genome.tobytes()


def test_rows_after_the_checkpoint_are_lived_again(tmp_path: Path, local: PoolEvaluator) -> None:
    whole, undisturbed = train(EXPERIMENT, tmp_path / "whole", local)
    run, _ = train(EXPERIMENT, tmp_path / "run", local)
    for late in ("gen-000008.npz", "latest.json"):
        (run.checkpoints / late).unlink()
    _, resumed = train(EXPERIMENT, tmp_path / "run", local, resume=True)
    assert state_bytes(resumed) == state_bytes(undisturbed)
    assert run.metrics.read_bytes() == whole.metrics.read_bytes()


@pytest.mark.parametrize(
    ("backend", "workers"), [("local", 1), ("local", 3), ("ray", 1), ("ray", 2), ("ray", 3)]
)
def test_results_do_not_depend_on_the_pool(
    tmp_path: Path, local: PoolEvaluator, backend: str, workers: int
) -> None:
    few = changed(generations=3)
    _, expected = train(few, tmp_path / "two", local)
    config = PoolConfig.model_validate({"backend": backend, "workers": workers})
    kernels = set(cache_directory().rglob("*.nbc"))
    with pool.create(config, MAKE_WORKER) as workers_pool:
        run, progress = train(few, tmp_path / "other", PoolEvaluator(workers_pool))
    assert set(cache_directory().rglob("*.nbc")) == kernels, "a worker compiled for itself"
    assert state_bytes(progress) == state_bytes(expected)
    assert run.metrics.read_bytes() == (tmp_path / "two/metrics.jsonl").read_bytes()


def test_independent_noise_gives_equal_genomes_unequal_lives(
    tmp_path: Path, local: PoolEvaluator
) -> None:
    still = EXPERIMENT.strategy.model_copy(update={"sigma": 1e-300})
    for noise, alike in (("common", True), ("independent", False)):
        experiment = changed(generations=1, noise=noise).model_copy(update={"strategy": still})
        run, _ = train(experiment, tmp_path / noise, local)
        row = json.loads(run.metrics.read_text())
        assert (row["fitness_best"] == row["fitness_median"]) is alike


def test_wang2022_trains_too(tmp_path: Path, local: PoolEvaluator) -> None:
    strategy = EXPERIMENT.strategy.model_copy(update={"variant": "wang2022", "sigma": 0.01})
    experiment = changed(generations=2).model_copy(update={"strategy": strategy})
    _, progress = train(experiment, tmp_path / "run", local)
    assert progress.generation == 2
    assert progress.state.C.max() <= 1.0


def test_genomes_that_overflow_end_training_with_an_explanation(
    tmp_path: Path, local: PoolEvaluator
) -> None:
    strategy = EXPERIMENT.strategy.model_copy(update={"initial_spread": 1e60})
    experiment = EXPERIMENT.model_copy(update={"strategy": strategy})
    with pytest.raises(TrainingFailed, match="0 of 12 candidates have a finite fitness"):
        train(experiment, tmp_path / "run", local)


def test_a_spent_budget_ends_training_with_a_validation(
    tmp_path: Path, local: PoolEvaluator
) -> None:
    run, progress = train(changed(budget_seconds=1e-9), tmp_path / "run", local)
    assert progress.generation == 1
    assert progress.best is not None
    assert progress.best.generation == 1
    assert run.genome.is_file()


def test_a_run_stopped_before_its_first_checkpoint_starts_again(
    tmp_path: Path, local: PoolEvaluator
) -> None:
    whole, undisturbed = train(EXPERIMENT, tmp_path / "whole", local)
    run = RunDirectory.create(tmp_path / "run")
    run.metrics.write_bytes(whole.metrics.read_bytes().splitlines(keepends=True)[0])
    _, resumed = train(EXPERIMENT, run.path, local, resume=True)
    assert state_bytes(resumed) == state_bytes(undisturbed)
    assert run.metrics.read_bytes() == whole.metrics.read_bytes()


def test_checkpoints_that_are_all_damaged_are_not_a_new_beginning(
    tmp_path: Path, local: PoolEvaluator
) -> None:
    run, _ = train(changed(generations=2), tmp_path / "run", local)
    for path in run.checkpoints.glob("gen-*.npz"):
        path.write_bytes(b"")
    with pytest.raises(InputError, match="no undamaged checkpoint"):
        training(EXPERIMENT, SPEC, run, local).resume()


@pytest.mark.parametrize("end", [4, 5, 7])
def test_a_run_that_ended_off_schedule_goes_on_as_if_it_had_not(
    tmp_path: Path, local: PoolEvaluator, end: int
) -> None:
    """Validations are due every third generation, checkpoints every second."""
    whole, undisturbed = train(EXPERIMENT, tmp_path / "whole", local)
    train(changed(generations=end), tmp_path / "run", local)
    run, resumed = train(EXPERIMENT, tmp_path / "run", local, resume=True)
    assert state_bytes(resumed) == state_bytes(undisturbed)
    assert run.validations.read_bytes() == whole.validations.read_bytes()
    one, other = load_genome(run.genome), load_genome(whole.genome)
    assert one.genome.tobytes() == other.genome.tobytes()
    assert one.facts["generation"] == other.facts["generation"]


def test_resuming_a_finished_run_changes_nothing(tmp_path: Path, local: PoolEvaluator) -> None:
    run, progress = train(changed(generations=7), tmp_path / "run", local)
    before = [path.read_bytes() for path in (run.metrics, run.validations, run.genome)]
    _, again = train(changed(generations=7), tmp_path / "run", local, resume=True)
    assert [path.read_bytes() for path in (run.metrics, run.validations, run.genome)] == before
    assert state_bytes(again) == state_bytes(progress)


@pytest.mark.parametrize(
    "other",
    [
        {"network": NetworkConfig(hidden_size=8)},
        {"strategy": SepCMAESConfig(population=16)},
        {"seed": 6},
    ],
    ids=["network", "strategy", "seed"],
)
def test_a_checkpoint_of_another_run_is_refused(
    tmp_path: Path, local: PoolEvaluator, other: dict[str, object]
) -> None:
    run, _ = train(changed(generations=2), tmp_path / "run", local)
    experiment = EXPERIMENT.model_copy(update=other)
    spec = networks.create(experiment.network, INTERFACE)
    with pytest.raises(InputError, match=r"gen-000002\.npz belongs to another run"):
        training(experiment, spec, run, local).resume()


def test_a_stage_begins_at_its_generation() -> None:
    stages = (Stage(start=0, tasks=2), Stage(start=4000, tasks=4))
    assert [stage_of(stages, g).tasks for g in (0, 3999, 4000, 9999)] == [2, 2, 4, 4]
