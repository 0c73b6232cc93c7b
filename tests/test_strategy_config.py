"""The strategy section of a configuration: each strategy has keys of its own."""

from pathlib import Path

import pytest

from evo_plastic.config import Experiment, OpenAIESConfig
from evo_plastic.errors import InputError
from evo_plastic.parsing import dump_experiment, load_experiment


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.yaml"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "strategy: {name: cma-es}",
            "1:18: error: strategy.name: expected 'sep-cma-es', 'openai-es', 'cma', 'a2c', 'ppo' "
            "(got 'cma-es')",
        ),
        (
            "strategy: {name: openai-es, learning_rate: fast}",
            "1:44: error: strategy.learning_rate: Input should be a valid number (got 'fast')",
        ),
        (
            "strategy: {name: openai-es, variant: canonical}",
            "1:29: error: strategy.variant: unknown key; known keys are",
        ),
        (
            "strategy: {name: openai-es, learning_ratio: 1}",
            "strategy.learning_ratio: unknown key; did you mean 'learning_rate'?",
        ),
        (
            "strategy: {name: cma, zzz: 1}",
            "known keys are population, sigma, initial_spread, name, covariance, restarts",
        ),
        ("strategy: {name: [cma]}", "strategy.name: expected 'sep-cma-es'"),
        (
            "strategy: {variant: wang2022, active: true}",
            "strategy: variant wang2022: step_size, active and mean_rate must be null",
        ),
        (
            "strategy: {name: openai-es, population: 7}",
            "strategy: population must be even: candidates are mirrored in pairs",
        ),
    ],
)
def test_mistakes_are_shown_where_they_were_made(path: Path, text: str, expected: str) -> None:
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        load_experiment(path)
    assert expected in str(caught.value)
    assert "sep-cma-es." not in str(caught.value)


def test_a_strategy_without_a_name_is_the_default_one(path: Path) -> None:
    path.write_text("strategy: {sigma: 0.25}")
    loaded = load_experiment(path)
    assert loaded.experiment.strategy.name == Experiment().strategy.name
    assert loaded.origins["strategy.name"] == "default"
    assert loaded.origins["strategy.sigma"] == f"{path}:1"


def test_another_strategy_can_be_named_on_the_command_line(path: Path) -> None:
    path.write_text("strategy: {population: 64}")
    options = ["strategy.name=openai-es", "strategy.learning_rate=0.5"]
    strategy = load_experiment(path, options).experiment.strategy
    assert isinstance(strategy, OpenAIESConfig)
    assert (strategy.population, strategy.learning_rate, strategy.sigma) == (64, 0.5, 0.03)


@pytest.mark.parametrize("name", ["sep-cma-es", "openai-es", "cma"])
def test_dumping_and_loading_gives_the_same_strategy(path: Path, name: str) -> None:
    experiment = Experiment.model_validate({"strategy": {"name": name, "population": 36}})
    path.write_text(dump_experiment(experiment))
    assert load_experiment(path).experiment == experiment


def test_the_papers_name_of_the_strategy_is_accepted(path: Path) -> None:
    path.write_text("strategy: {name: seq-cma-es}")
    assert load_experiment(path).experiment.strategy.name == "sep-cma-es"
    assert load_experiment(path, ["strategy.name=seq-cma-es"]).origins["strategy.name"] == "--set"
