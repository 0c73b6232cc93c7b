"""The command line: exit codes, messages and what may be imported, in real processes."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml
from cli_runs import evo_plastic as in_this_process

from evo_plastic import __version__
from evo_plastic.cli import COMMANDS, run
from evo_plastic.errors import ClusterLost, InputError, Interrupted, TrainingFailed

HOME = Path(__file__).parent.parent
HEAVY = {"numpy", "numba", "scipy", "ray", "torch", "matplotlib"}


def evo_plastic(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "evo_plastic", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=HOME, timeout=60)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "a.yaml"
    path.write_text("seed: 3\nstrategy:\n  sigma: 0.5\n")
    return path


def test_help_lists_every_command_with_its_line() -> None:
    outcome = evo_plastic("--help")
    assert outcome.returncode == 0
    for name, text in COMMANDS.items():
        assert f"{name} " in outcome.stdout
        assert text in outcome.stdout


def test_the_version_is_that_of_the_package() -> None:
    assert evo_plastic("--version").stdout == f"evo-plastic, version {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "forbidden"),
    [
        (["--help"], HEAVY | {"pydantic", "yaml", "rich"}),
        (["--version"], HEAVY | {"pydantic", "yaml", "rich"}),
        (["config", "--help"], HEAVY | {"pydantic", "yaml", "rich"}),
        (["config", "check", "configs/quickstart.yaml"], HEAVY | {"rich"}),
    ],
)
def test_light_commands_import_nothing_heavy(arguments: list[str], forbidden: set[str]) -> None:
    source = (
        "import sys; from evo_plastic.cli import run; code = run(sys.argv[1:]);"
        "print(*sys.modules, sep='\\n', file=sys.stderr); sys.exit(code)"
    )
    command = [sys.executable, "-c", source, *arguments]
    outcome = subprocess.run(command, capture_output=True, text=True, cwd=HOME, timeout=60)
    assert outcome.returncode == 0, outcome.stderr
    imported = set(outcome.stderr.split())
    assert "click" in imported
    assert imported & forbidden == set()


def test_a_good_configuration_is_ok(config: Path) -> None:
    outcome = evo_plastic("config", "check", config)
    assert (outcome.returncode, outcome.stdout, outcome.stderr) == (0, f"{config}: ok\n", "")


def test_a_bad_configuration_is_exit_code_2_with_the_message_on_stderr(config: Path) -> None:
    outcome = evo_plastic("config", "check", config, "--set", "seed=x")
    assert (outcome.returncode, outcome.stdout) == (2, "")
    assert outcome.stderr == (
        "--set: error: seed: Input should be a valid integer (got 'x')\n    seed=x\n         ^\n"
    )


def test_a_message_of_one_line_is_announced_as_an_error() -> None:
    outcome = evo_plastic("config", "check", "none.yaml")
    assert outcome.returncode == 2
    assert outcome.stderr == (
        "error: none.yaml: No such file or directory; expected a YAML file\n"
    )


def test_control_characters_of_a_file_do_not_reach_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "a\x1b[31m.yaml"
    path.write_text("s\u202eed: 1\n")
    outcome = evo_plastic("config", "check", path)
    assert outcome.returncode == 2
    assert "a?[31m.yaml:1:1: error: s?ed: unknown key" in outcome.stderr
    assert "\x1b" not in outcome.stderr
    assert "\u202e" not in outcome.stderr


LONG = 300 * "x"


@pytest.mark.parametrize(
    "arguments",
    [
        ["evaluate", LONG, "--tasks", "maze9"],
        ["evaluate", "a.npz", "--tasks", "maze9", "--json", LONG],
        ["evaluate", "a.npz", "--tasks", "maze9", "--figures", LONG],
        ["inspect", LONG, "--tasks", "maze9", "--out", "x"],
        ["report", LONG, "--out", "x.html"],
        ["reproduce", LONG, "--transfers", "configs/ood.yaml", "--out", "x"],
        ["compare", LONG, "--out", "x"],
        ["merge", "a.npz", "--out", f"{LONG}.npz"],
        ["train", "--run", LONG, "--resume"],
    ],
)
def test_a_name_that_no_file_can_have_is_one_line(arguments: list[str]) -> None:
    ended = in_this_process(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("error: ")
    assert LONG in ended.err
    assert ended.err.endswith(": File name too long\n")
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize("arguments", [["nonsense"], ["config", "check"], ["config", "--zz"]])
def test_wrong_usage_is_exit_code_2(arguments: list[str]) -> None:
    outcome = evo_plastic(*arguments)
    assert outcome.returncode == 2
    assert "Usage: evo-plastic" in outcome.stderr


def test_show_prints_yaml_that_reads_back_the_same(config: Path, tmp_path: Path) -> None:
    first = evo_plastic("config", "show", config, "--set", "task.name=maze15")
    assert first.returncode == 0
    copy = tmp_path / "copy.yaml"
    copy.write_text(first.stdout)
    assert evo_plastic("config", "show", copy).stdout == first.stdout
    assert yaml.safe_load(first.stdout)["task"]["name"] == "maze15"


def test_origins_stand_behind_their_lines(config: Path) -> None:
    plain = evo_plastic("config", "show", config, "--set", "task.name=maze15").stdout
    shown = evo_plastic("config", "show", config, "--set", "task.name=maze15", "--origins").stdout
    origins = {}
    for before, line in zip(plain.splitlines(), shown.splitlines(), strict=True):
        assert line.partition("#")[0].rstrip() == before
        origins[before.strip()] = line.partition("  # ")[2]
    assert origins["seed: 3"] == f"{config}:1"
    assert origins["sigma: 0.5"] == f"{config}:3"
    assert origins["name: maze15"] == "--set"
    assert origins["rollouts: 3"] == origins["- start: 0"] == "default"
    assert origins["strategy:"] == ""


def test_the_schema_is_json() -> None:
    assert "strategy" in json.loads(evo_plastic("config", "schema").stdout)["properties"]


def failing(error: BaseException) -> click.Command:
    @click.command()
    def fail() -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (InputError("a: b"), 2, "error: a: b\n"),
        (TrainingFailed("no finite fitness"), 3, "error: no finite fitness\n"),
        (ClusterLost("gone\aaway"), 4, "error: gone?away\n"),
        (Interrupted(signal.SIGINT, "saved"), 130, "saved\n"),
        (Interrupted(signal.SIGTERM, "saved"), 143, "saved\n"),
        (click.ClickException("what"), 1, "Error: what\n"),
    ],
)
def test_each_kind_of_failure_has_its_exit_code(
    error: Exception, code: int, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([], failing(error)) == code
    assert capsys.readouterr() == ("", text)


def test_an_unknown_failure_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        run([], failing(ZeroDivisionError()))


PROGRAM = """
import signal, sys, time, click
from evo_plastic.cli import run

# A shell's background jobs ignore the signal, and so would their children.
signal.signal(signal.SIGINT, signal.default_int_handler)

@click.command()
def wait():
    print("ready", flush=True)
    time.sleep(30)

@click.command()
def say():
    print("x")

sys.exit(run([], {"wait": wait, "say": say}[sys.argv[1]]))
"""


def start(*arguments: str, stdout: int = subprocess.PIPE) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONUNBUFFERED": ""}
    command = [sys.executable, *arguments]
    return subprocess.Popen(
        command, stdout=stdout, stderr=subprocess.PIPE, text=True, cwd=HOME, env=environment
    )


def test_ctrl_c_is_exit_code_130_without_a_traceback() -> None:
    with start("-c", PROGRAM, "wait") as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=20)[1].strip() == ""
    assert process.returncode == 130


@pytest.mark.parametrize(
    "arguments", [["-m", "evo_plastic", "config", "schema"], ["-c", PROGRAM, "say"]]
)
def test_a_reader_that_goes_away_is_no_news(arguments: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with start(*arguments, stdout=writer) as process:
        os.close(writer)
        assert process.communicate(timeout=20)[1] == ""
    assert process.returncode == 1
