"""Progress and tables, on real streams: files, and a pseudo-terminal."""

import io
import json
import math
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from evo_plastic.cli.output import (
    Cell,
    LiveReporter,
    PlainReporter,
    Reporter,
    make_reporter,
    print_json,
    print_table,
    printable,
    wants_live_line,
)

HOME = Path(__file__).parent.parent


def tell(reporter: Reporter) -> None:
    reporter.start("training a")
    for generation in range(5):
        reporter.progress({"generation": generation, "fitness": generation / 3})
        if generation == 2:
            reporter.note("a note [bold]")
    reporter.close()
    reporter.close()


def test_a_log_has_the_first_and_the_last_progress_however_fast_it_goes() -> None:
    stream = io.StringIO()
    tell(PlainReporter(stream, seconds=math.inf))
    assert stream.getvalue().splitlines() == [
        "training a",
        "generation 0  fitness 0",
        "a note [bold]",
        "generation 4  fitness 1.333",
    ]


def test_a_log_has_every_progress_when_it_goes_slowly() -> None:
    stream = io.StringIO()
    tell(PlainReporter(stream, seconds=0))
    assert len(stream.getvalue().splitlines()) == 2 + 5


def test_a_pipe_gets_whole_plain_lines_and_no_rich() -> None:
    source = (
        "import sys; from evo_plastic.cli.output import make_reporter; r = make_reporter();"
        "r.start('s'); [r.progress({'n': n}) for n in range(3)]; r.close();"
        "sys.exit('rich' in sys.modules)"
    )
    command = [sys.executable, "-c", source]
    outcome = subprocess.run(command, capture_output=True, cwd=HOME, timeout=60)
    assert (outcome.returncode, outcome.stdout) == (0, b"")
    assert outcome.stderr == b"s\nn 0\nn 2\n"


def test_a_terminal_gets_one_line_that_is_redrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CI", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "40")
    reader, writer = pty.openpty()
    with open(writer, "w", encoding="utf-8") as terminal:
        reporter = make_reporter(terminal)
        assert isinstance(reporter, LiveReporter)
        reporter.progress({"long": "x" * 100})
        tell(reporter)
        read = b""
        while b"fitness 1.333" not in read:  # a terminal hands over what it has, in parts
            read += os.read(reader, 100_000)
        shown = read.decode()
    os.close(reader)
    assert "\x1b[2K" in shown
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    assert "training a\r\n" in text
    assert "a note [bold]\r\n" in text
    assert text.rstrip().endswith("generation 4  fitness 1.333")
    assert max(len(line) for line in re.split(r"[\r\n]+", text)) <= 40


def test_results_do_not_end_up_on_the_terminal_of_the_progress() -> None:
    source = (
        "from evo_plastic.cli.output import make_reporter; r = make_reporter();"
        "r.progress({'n': 1}); print('result'); r.close()"
    )
    environment = {**os.environ, "TERM": "xterm", "CI": "", "NO_COLOR": ""}
    reader, writer = pty.openpty()
    command = [sys.executable, "-c", source]
    outcome = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=writer, cwd=HOME, env=environment, timeout=60
    )
    shown = os.read(reader, 100_000)
    os.close(writer)
    os.close(reader)
    assert outcome.stdout == b"result\n"
    assert b"n 1" in shown
    assert b"result" not in shown


@pytest.mark.parametrize(
    ("environment", "live"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "xterm", "NO_COLOR": ""}, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
        ({"TERM": "xterm", "CI": "true"}, False),
        ({"TERM": "dumb"}, False),
    ],
)
def test_the_environment_can_ask_for_plain_lines(environment: dict[str, str], live: bool) -> None:
    reader, writer = pty.openpty()
    with open(writer, "w", encoding="utf-8") as terminal:
        assert wants_live_line(terminal, environment) is live
    os.close(reader)
    assert not wants_live_line(io.StringIO(), environment)


def test_numbers_are_aligned_right_and_text_left(capsys: pytest.CaptureFixture[str]) -> None:
    rows: list[list[Cell]] = [["maze9", 1024, 0.81234567, None], ["x\x1b", 8, -12.5, 3]]
    print_table(["set", "tasks", "reward", "n"], rows)
    assert capsys.readouterr().out == (
        "set    tasks  reward  n\nmaze9   1024  0.8123\nx?         8   -12.5  3\n"
    )


def test_a_table_without_rows_is_its_header(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(["a", "b"], [])
    assert capsys.readouterr().out == "a  b\n"


def test_json_output_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"a": [1, None]})
    assert json.loads(capsys.readouterr().out) == {"a": [1, None]}
    with pytest.raises(ValueError, match="not JSON compliant"):
        print_json({"a": math.nan})


def test_only_lines_and_tabs_survive_of_the_control_characters() -> None:
    assert printable("a\x1b[0m\nb\tc\r\x00\x9b\u202e\ud800é") == "a?[0m\nb\tc?????é"
    assert printable("a\nb", keep="") == "a?b"
