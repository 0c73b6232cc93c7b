"""YAML and --set to experiments: what is read, what is refused, and in which words."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from evo_plastic.config import Experiment
from evo_plastic.errors import InputError
from evo_plastic.parsing import dump_experiment, json_schema, load_experiment, rows_of_values

CONFIGS = Path(__file__).parent.parent / "configs"
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes a file in a fresh working directory, so that messages show its bare name."""
    monkeypatch.chdir(tmp_path)

    def write_file(content: str | bytes, name: str = "a.yaml") -> Path:
        path = Path(name)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_file


def message(path: Path, *overrides: str) -> str:
    with pytest.raises(InputError) as caught:
        load_experiment(path, overrides)
    return str(caught.value)


TRANSFERS = CONFIGS / "ood.yaml"
CLUSTERS = set((CONFIGS / "cluster").iterdir())  # manifests of others
EXPERIMENTS = sorted(set(CONFIGS.rglob("*.yaml")) - {TRANSFERS} - CLUSTERS)


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.stem)
def test_every_shipped_configuration_loads(path: Path) -> None:
    load_experiment(path)


def test_an_empty_file_means_every_default(write: Write) -> None:
    loaded = load_experiment(write("# nothing\n"))
    assert loaded.experiment == Experiment()
    assert set(loaded.origins.values()) == {"default"}


def test_six_mistakes_are_reported_at_once_each_with_its_caret(write: Write) -> None:
    path = write(
        "network:\n"
        "  name: dec-prn\n"
        "  hidden: 64\n"
        "task:\n"
        "  rollouts: 5\n"
        "strategy:\n"
        "  population: 360\n"
        "  population: 100\n"
        "  sigma: yes\n"
        "training:\n"
        "  curriculum:\n"
        "  - start: 0\n"
    )
    assert message(path) == (
        "a.yaml:2:9: error: network.name: Input should be 'dnn', 'meta-dnn', 'meta-rnn', "
        "'meta-lstm', 'prnn', 'dec-pdnn', 'dec-prnn', 'prnn-et', 'prnn-scratch-et' or "
        "'evolving-merging' (got 'dec-prn')\n"
        "      name: dec-prn\n"
        "            ^\n"
        "a.yaml:3:3: error: network.hidden: unknown key; did you mean 'hidden_size'?\n"
        "      hidden: 64\n"
        "      ^\n"
        "a.yaml:4:1: error: task: weights must be given unless rollouts is 3 or 8\n"
        "    task:\n"
        "    ^\n"
        "a.yaml:8:3: error: strategy.population: duplicate key (first at a.yaml:7)\n"
        "      population: 100\n"
        "      ^\n"
        "a.yaml:9:10: error: strategy.sigma: Input should be a valid number (got 'yes')\n"
        "      sigma: yes\n"
        "             ^\n"
        "a.yaml:12:5: error: training.curriculum.0.tasks: this key is required\n"
        "      - start: 0\n"
        "        ^"
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-2", 0.01),
        ("1", 1.0),
        ("+.5", 0.5),
        ("5.", 5.0),
        ("0x10", 16.0),
        ("0o17", 15.0),
        ("010", 10.0),
    ],
)
def test_numbers_follow_yaml_1_2(write: Write, text: str, value: float) -> None:
    assert (
        load_experiment(write(f"strategy: {{sigma: {text}}}")).experiment.strategy.sigma == value
    )


@pytest.mark.parametrize("text", ["no", "on", "12:30", "2024-01-01", "1_000", "'7'"])
def test_words_that_yaml_1_1_would_convert_stay_strings(write: Write, text: str) -> None:
    loaded = load_experiment(write(f"pool: {{address: {text}}}"))
    assert loaded.experiment.pool.address == text.strip("'")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "strategy: {sigma: '0.05'}",
            "strategy.sigma: Input should be a valid number (got '0.05')",
        ),
        ("strategy: {sigma: true}", "strategy.sigma: Input should be a valid number (got true)"),
        ("strategy: {population: 36.0}", "Input should be a valid integer (got 36.0)"),
        ("strategy: {sigma: .inf}", "Input should be a finite number (got inf)"),
        ("strategy: {sigma: -1}", "Input should be greater than 0 (got -1)"),
        ("strategy:", "strategy: expected a section of `key: value` lines (got null)"),
        ("training: {curriculum: 8}", "training.curriculum: expected a list (got 8)"),
        ("training: {curriculum: []}", "training.curriculum: expected at least 1 item(s)"),
        ("seed: " + "9" * 5000, "seed: a number may have 100 characters, not 5000"),
        ("[1, 2]", "expected sections such as `network:`"),
        ("population: 3", "unknown key; did you mean 'strategy.population'?"),
        ("extend: b.yaml", "unknown key; did you mean 'extends'?"),
        ("task: {zzz: 1}", "unknown key; known keys are name, rollouts, weights"),
        ("? [a]\n: 1", "a key must be a single word"),
        ("<<: {seed: 3}", "<<: unknown key"),
    ],
)
def test_wrong_values_are_explained(write: Write, text: str, expected: str) -> None:
    assert expected in message(write(text))


def test_a_mistake_of_a_whole_section_points_at_its_key(write: Write) -> None:
    text = message(write("seed: 1\nnetwork:\n  name: meta-rnn\n"))
    assert text.startswith("a.yaml:2:1: error: network: meta-rnn has no plastic connection")
    assert "Value error" not in text


def test_a_section_spoilt_by_an_override_points_at_the_override(write: Write) -> None:
    text = message(write("network:\n  hidden_size: 8\n"), "network.name=meta-rnn")
    assert text.startswith("--set: error: network: meta-rnn has no plastic connection")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("seed: [1", "a.yaml:1:9: error: not valid YAML: expected ',' or ']'"),
        ("seed: 1\n\tx: 2", "a.yaml:2:1: error: not valid YAML: found character '\\t'"),
        ("seed: &a 1", "a.yaml:1:7: error: not valid YAML: anchors and aliases"),
        ("seed: *a", "a.yaml:1:7: error: not valid YAML: anchors and aliases"),
        ("seed: !!python/name:os.system x", "a.yaml:1:7: error: not valid YAML: tags (!)"),
        ("seed: 1\nx: \a", "a.yaml:2:4: error: not valid YAML: character U+0007"),
        ('x: "\\UFFFFFFFF"', "a.yaml:1:7: error: not valid YAML"),
        ("seed: 1\n---\nseed: 2", "a.yaml:2:1: error: not valid YAML"),
        ("x: " + "[" * 100_000, "nested deeper than 16 levels"),
    ],
)
def test_text_that_is_not_plain_yaml_is_refused(write: Write, text: str, expected: str) -> None:
    assert expected in message(write(text))


def test_files_that_cannot_be_read_are_refused(write: Write) -> None:
    assert message(Path("none.yaml")).startswith("none.yaml: No such file or directory")
    assert message(write("", "sub/a.yaml").parent).startswith("sub: Is a directory")
    assert message(write(b"seed: \xff")).startswith("a.yaml: not UTF-8 text (byte 6)")
    assert message(write(b"#" * (2**20 + 1))).startswith("a.yaml: larger than 1048576 bytes")


def test_a_byte_order_mark_is_skipped(write: Write) -> None:
    assert load_experiment(write(b"\xef\xbb\xbfseed: 7")).experiment.seed == 7
    assert message(write(b"\xef\xbb\xbfseed: x")).endswith("\n    seed: x\n          ^")


def test_long_lines_and_long_lists_of_mistakes_are_cut(write: Write) -> None:
    text = message(write("{" + ", ".join(f"key{n}: {n}" for n in range(1000)) + "}"))
    assert text.endswith("\n... and 980 more problems")
    lines = text.splitlines()
    assert max(map(len, lines[1::3])) <= 4 + 120
    assert all(lines[n + 1][lines[n + 2].index("^") :].startswith("key") for n in range(0, 60, 3))


def test_tabs_before_a_mistake_keep_the_caret_below_it(write: Write) -> None:
    text = message(write("{seed: 'a\tb', zz: 1}"))
    assert text.endswith("\n    {seed: 'a\tb', zz: 1}\n             \t    ^")


def test_overrides_win_and_are_typed_like_the_file(write: Write) -> None:
    path = write("seed: 1\nstrategy:\n  sigma: 0.5\n")
    options = ["strategy.sigma=1e-2", "seed=2", "seed=3", "task={rollouts: 2, weights: [1, 2]}"]
    loaded = load_experiment(path, [*options, "pool.address=a=b", "training.budget_seconds="])
    experiment = loaded.experiment
    assert (experiment.seed, experiment.strategy.sigma) == (3, 0.01)
    assert experiment.task.weights == (1.0, 2.0)
    assert experiment.pool.address == "a=b"
    assert experiment.training.budget_seconds is None
    assert loaded.origins["task.weights"] == "--set"


def test_wrong_overrides_are_reported_beside_the_mistakes_of_the_file(write: Write) -> None:
    path = write("sed: 1\n")
    options = ["generations", "training.generations=ten", ".=1", "network.scale=[1"]
    assert message(path, *options[:3]) == (
        "--set: error: expected key.path=value (got '.=1')\n"
        "    .=1\n"
        "    ^\n"
        "--set: error: expected key.path=value (got 'generations')\n"
        "    generations\n"
        "    ^\n"
        "--set: error: training.generations: Input should be a valid integer (got 'ten')\n"
        "    training.generations=ten\n"
        "                         ^\n"
        "a.yaml:1:1: error: sed: unknown key; did you mean 'seed'?\n"
        "    sed: 1\n"
        "    ^"
    )
    assert "--set: error: not valid YAML" in message(path, options[3])
    assert "--set: error: expected key.path=value (got 'a.a.a." in message(
        path, "a." * 999 + "a=1"
    )


def test_origins_name_the_layer_of_every_value(write: Write) -> None:
    write("seed: 5\nstrategy:\n  sigma: 0.5\n  population: 8\n", "sub/base.yaml")
    path = write("extends: sub/base.yaml\nstrategy:\n  sigma: 0.25\n")
    loaded = load_experiment(path, ["task.name=maze15"])
    assert loaded.experiment.seed == 5
    assert loaded.experiment.strategy.sigma == 0.25
    picked = ("seed", "strategy.population", "strategy.sigma", "task.name", "task.rollouts")
    assert [loaded.origins[key] for key in picked] == [
        "sub/base.yaml:1",
        "sub/base.yaml:4",
        "a.yaml:3",
        "--set",
        "default",
    ]


def test_a_list_replaces_the_list_it_overlays(write: Write) -> None:
    write("training:\n  curriculum: [{start: 0, tasks: 2}, {start: 9, tasks: 4}]\n", "b.yaml")
    path = write("extends: b.yaml\ntraining:\n  curriculum: [{start: 0, tasks: 3}]\n")
    assert [stage.tasks for stage in load_experiment(path).experiment.training.curriculum] == [3]


@pytest.mark.parametrize(
    ("extends", "expected"),
    [
        ("none.yaml", "extends: none.yaml: No such file"),
        ("../b.yaml", "extends: ../b.yaml is not a relative path to a file in . or below"),
        ("/etc/passwd", "extends: /etc/passwd is not a relative path"),
        ("link.yaml", "extends: link.yaml is not a relative path"),
        ("https://x.org/b.yaml", "extends: expected the relative path of a YAML file"),
        ('"b\\0.yaml"', "extends: expected the relative path of a YAML file"),
        ("[b.yaml]", "extends: expected the relative path of a YAML file"),
        ("chained.yaml", "chained.yaml:1:1: error: extends: goes one level"),
        ("a.yaml", "a.yaml:1:1: error: extends: goes one level"),
        ("broken.yaml", "broken.yaml:1:2: error: not valid YAML"),
        ("sub", "extends: sub: Is a directory"),
    ],
)
def test_a_base_must_be_a_plain_file_below(write: Write, extends: str, expected: str) -> None:
    os.symlink("/etc/hostname", "link.yaml")
    write("extends: a.yaml\n", "chained.yaml")
    write("[", "broken.yaml")
    write("", "sub/x.yaml")
    assert expected in message(write(f"extends: {extends}\n"))


weights = st.lists(st.floats(0.125, 1e6), min_size=1, max_size=64)
experiments = st.builds(
    lambda seed, sigma, weights, tasks, address, budget: Experiment.model_validate(
        {
            "seed": seed,
            "strategy": {"sigma": sigma},
            "task": {"rollouts": len(weights), "weights": tuple(weights)},
            "training": {
                "budget_seconds": budget,
                "curriculum": tuple({"start": 7 * n, "tasks": t} for n, t in enumerate(tasks)),
            },
            "pool": {"address": address},
        }
    ),
    st.integers(0, 2**63 - 1),
    st.floats(min_value=0, exclude_min=True, allow_infinity=False),
    weights,
    st.lists(st.integers(1, 1000), min_size=1, max_size=4),
    st.none()
    | st.text()
    | st.sampled_from(["0o17", "1e5", "no", "null", "~", "=", "<<", "", "#"]),
    st.none() | st.floats(1e-300, 1e300),
)


@settings(deadline=None, max_examples=60)
@given(experiment=experiments)
def test_dumping_and_loading_gives_the_same_experiment(
    experiment: Experiment, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "round_trip.yaml"
    text = dump_experiment(experiment)
    path.write_text(text)
    loaded = load_experiment(path)
    assert loaded.experiment == experiment
    rows = rows_of_values(text, loaded.origins)
    assert {key: f"{path}:{row}" for key, row in rows.items()} == loaded.origins


def outcome(path: Path, *overrides: str) -> str | None:
    """None for an experiment, or the message of an InputError; others pass through."""
    try:
        load_experiment(path, overrides)
    except InputError as exc:
        return str(exc)
    return None


@pytest.mark.parametrize("text", ["0o17", "1e5", "no", "null", "~", "<<", "", "12:30", "a\nb"])
def test_strings_that_look_like_something_else_survive_a_dump(write: Write, text: str) -> None:
    experiment = Experiment.model_validate({"pool": {"address": text}})
    dumped = dump_experiment(experiment)
    assert load_experiment(write(dumped)).experiment == experiment
    assert yaml.safe_load(dumped) == yaml.safe_load(dump_experiment(Experiment())) | {
        "pool": {"backend": "auto", "workers": None, "device": "auto", "address": text}
    }


VALID = dump_experiment(Experiment()).encode()
pieces = st.binary(max_size=4) | st.sampled_from(
    [b"\n", b": ", b"- ", b"[", b"{", b"}", b'"', b"'", b"|", b"&a ", b"*a", b"!!set ", b"%YAML 9"]
)
edits = st.lists(st.tuples(st.integers(0, len(VALID)), st.integers(0, 9), pieces), max_size=4)


def edited(changes: list[tuple[int, int, bytes]]) -> bytes:
    content = VALID
    for start, length, piece in changes:
        content = content[:start] + piece + content[start + length :]
    return content


@settings(deadline=None, max_examples=200)
@given(content=st.binary() | st.text().map(str.encode) | edits.map(edited))
def test_any_bytes_give_an_experiment_or_an_input_error(
    content: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzzed.yaml"
    path.write_bytes(content)
    text = outcome(path)
    assert text is None or text.startswith(str(path))


@settings(deadline=None, max_examples=200)
@given(option=st.text() | st.text().map("task.weights=".__add__) | st.text().map("seed".__add__))
def test_any_override_gives_an_experiment_or_an_input_error(
    option: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "empty.yaml"
    path.touch()
    text = outcome(path, option)
    assert text is None or text.startswith("--set: error: ")


def test_the_schema_knows_every_section_and_refuses_other_keys() -> None:
    schema = json_schema()
    assert set(schema["properties"]) == {*Experiment.model_fields, "extends"}
    assert schema["additionalProperties"] is False
    for name in ("SepCMAESConfig", "OpenAIESConfig", "CMAConfig"):
        assert "sigma" in schema["$defs"][name]["properties"]
