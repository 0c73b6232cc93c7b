"""Injure runs, one after another, and hold each against a run that nothing happened to."""

import json
import random
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import click

from benchmarks.faults.injuries import INJURIES
from benchmarks.faults.machines import Machines, machines
from benchmarks.faults.runs import Run, training
from evo_plastic.files import write_whole

NODES = 2

Row = dict[str, Any]


@click.command()
@click.option("--only", multiple=True, type=click.Choice(list(INJURIES)))
@click.option("--times", default=1, show_default=True, help="Runs per injury.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder for faults.json, faults.md.")
def main(only: tuple[str, ...], times: int, out: Path | None) -> None:
    """Print what each injury did to runs; exit code 1 if any gave other numbers."""
    rows = []
    with tempfile.TemporaryDirectory() as folder, machines(NODES) as here:
        undisturbed = Run(Path(folder) / "undisturbed")
        undisturbed.start()
        if undisturbed.finish() != 0:
            raise click.ClickException(undisturbed.log.read_text())
        for name in only or INJURIES:
            row: Row = {"injury": name, "runs": 0, "struck": 0, "completed": 0, "identical": 0}
            begun = time.monotonic()
            for number in range(times):
                run = Run(Path(folder) / f"{name}-{number}", here)
                outcome = injure(name, number, here, run, undisturbed.results())
                row = {key: row[key] + outcome[key] if key != "injury" else name for key in row}
            rows.append(row)
            click.echo(f"{json.dumps(row)} in {time.monotonic() - begun:.0f} s")
    click.echo(table(rows))
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        write_whole(out / "faults.json", (json.dumps(rows, indent=1) + "\n").encode())
        write_whole(out / "faults.md", table(rows).encode())
    if any(row["identical"] != row["runs"] for row in rows):
        raise click.exceptions.Exit(1)


def injure(name: str, number: int, here: Machines, run: Run, expected: dict[str, bytes]) -> Row:
    """One run with one injury; what was left of it is printed if it is not as expected."""
    here.at_least(NODES)
    outcome: Row = {"runs": 1, "struck": 0, "completed": 0, "identical": 0}
    with training(run):
        try:
            run.reach(2)
            outcome["struck"] = INJURIES[name](here, run, random.Random(f"{name} {number}"))
            outcome["completed"] = int(run.finish() == 0)
            outcome["identical"] = int(bool(outcome["completed"]) and run.results() == expected)
        except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
            click.echo(f"{name}: {error}", err=True)
    if not outcome["identical"]:
        click.echo(run.log.read_text(), err=True)
    return outcome


def table(rows: list[Row]) -> str:
    head = ("injury", "runs", "times injected", "runs completed", "results identical")
    keys = ("injury", "runs", "struck", "completed", "identical")
    lines = [head, ("---", *["--:"] * 4), *(tuple(str(row[key]) for key in keys) for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    main()
