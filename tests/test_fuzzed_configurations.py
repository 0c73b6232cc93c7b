"""Configurations made to harm: an experiment that can be written and read again, or refused."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from damage import FUZZ, HOSTILE, edited, edited_tree, edits, fuzzing, tree_edits
from hypothesis import given, settings
from hypothesis import strategies as st

from evo_plastic.config import STRATEGIES, Experiment
from evo_plastic.errors import InputError
from evo_plastic.parsing import dump_experiment, load_experiment, load_transfers
from evo_plastic.parsing.messages import dotted, leaves

EXPERIMENTS = [Experiment.model_validate({"strategy": {"name": name}}) for name in STRATEGIES]
DOCUMENTS = [json.loads(one.model_dump_json()) for one in EXPERIMENTS]
QUICKSTART = (Path(__file__).parent.parent / "configs" / "quickstart.yaml").read_bytes()
TRANSFERS = {"maze9": ["maze9", "maze15"], "maze15": ["maze21", "x.npz"]}
# A document may have more of a thing than it ever needs; YAML has ways to make it endless.
RAW = st.sampled_from(
    ["a: &a [1]\nb: *a", "a: &a {<<: *a}", "x: &x [*x, *x]", "!!python/object/apply:os.abort []",
     "!!binary aGk=", "%YAML 1.1\n---\nseed: 1", "--- 1\n--- 2", "? [a]\n: 1", "[" * 5000,
     "{a: " * 5000, "- " * 5000, "? " * 5000, "seed: " + "9" * 5000, "seed: 0x" + "f" * 5000,
     "seed: 1e99999", "task: {weights: [" + "1," * 6000 + "]}", "seed: 1\nseed: 2", "\0", "\ufffe",
     "? '" + "k" * 9000 + "'\n: 1", '"seed\\nerror: x": 1', "extends: /etc/passwd", "extends: ..",
     "extends: 'a\\0'", 'extends: "\\0"', "extends: x.yaml", "\n".join(f"k{n}: 1" for n in range(
         4000)), "seed: |\n" + "  1\n" * 9000, "#" * 9000, "'", '"', "\t", "&", "*", "!", "@", "`"]
)  # fmt: skip


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzzed") / "x.yaml"


@pytest.fixture(scope="module", autouse=True)
def _fuzzing() -> Iterator[None]:
    with fuzzing():
        yield


def check(path: Path, *overrides: str) -> bool:
    """Whether it was taken: then it survives being written; else the place is named."""
    try:
        found = load_experiment(path, overrides).experiment
    except InputError as error:
        refuses(path, str(error))
        return False
    again = path.with_name("again.yaml")
    again.write_text(dump_experiment(found))
    assert repr(load_experiment(again).experiment) == repr(found)
    return True


def refuses(path: Path, message: str) -> None:
    """Every problem has its place, a line and a caret; of very many some are left out."""
    assert message.startswith((f"{path}:", "--set: error: "))
    assert len(message) < 20_000
    assert message.count("\n") <= 61


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=list(STRATEGIES))
def test_every_key_is_safe_from_every_value(experiment: Experiment, path: Path) -> None:
    path.write_text(f"strategy: {{name: {experiment.strategy.name}}}")
    taken = 0
    for key in map(dotted, leaves(experiment.model_dump())):
        name = key.replace("training.curriculum.0", "training.curriculum")
        for value in HOSTILE:
            text = json.dumps(value).replace("NaN", ".nan").replace("Infinity", ".inf")
            taken += check(path, f"{name}={text}")
    assert taken > 50  # or the values would be refused for another reason


@settings(FUZZ, max_examples=400)
@given(document=st.sampled_from(DOCUMENTS), changes=tree_edits)
def test_documents_made_to_harm_are_refused(path: Path, document: Any, changes: Any) -> None:
    path.write_text(json.dumps(edited_tree(document, changes)))
    check(path)


@settings(FUZZ, max_examples=400)
@given(changes=edits)
def test_damaged_text_is_refused_or_another_configuration(path: Path, changes: Any) -> None:
    path.write_bytes(edited(QUICKSTART, changes))
    check(path)


@settings(FUZZ, max_examples=120)
@given(first=RAW, second=RAW)
def test_what_a_configuration_never_needs_is_refused(path: Path, first: str, second: str) -> None:
    path.write_text(f"{first}\n{second}")
    check(path)


@settings(FUZZ, max_examples=300)
@given(changes=tree_edits)
def test_lists_of_transfers_made_to_harm_are_refused(path: Path, changes: Any) -> None:
    path.write_text(json.dumps(edited_tree(TRANSFERS, changes)))
    try:
        found = load_transfers(path)
    except InputError as error:
        refuses(path, str(error))
        return
    assert all(isinstance(name, str) for names in found.values() for name in names)
