"""How ``evaluate`` shows scores: tables on the terminal, and the same numbers as files."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple
from math import isnan
from pathlib import Path

from evo_plastic.analysis.comparison import Scored
from evo_plastic.analysis.differences import LEVEL, Difference, differences
from evo_plastic.analysis.evaluation import MEASURES, with_error
from evo_plastic.cli.output import Cell, print_table
from evo_plastic.cli.tables import as_csv, as_markdown, write_text
from evo_plastic.records import provenance

Results = Sequence[Sequence[Scored]]
"""One list per task set."""
Table = tuple[Sequence[str], Sequence[Sequence[Cell]]]
"""Headers and rows."""

LONG = ("task_set", "sha256", "policy", "instances", "rollout", *MEASURES)


def compare(results: Results) -> list[Difference]:
    """All pairs of genomes of each task set."""
    return [apart for scores in results for apart in differences(scores)]


def print_scores(results: Results, apart: Sequence[Difference]) -> None:
    """The scores and, if there are any, their differences."""
    print_table(*_wide(results))
    if apart:
        print(f"\ndifferences of reward, the same mazes and noise, {LEVEL:.0%} bootstrap interval")
        print_table(*_of_differences(apart))


def write_scores(
    results: Results,
    apart: Sequence[Difference],
    files: Mapping[str, Path],
    seed: int,
    repeats: int,
) -> None:
    """Write the files asked for, by option: json, csv, markdown; ``InputError`` if that fails."""
    make: dict[str, Callable[[], str]] = {
        "json": lambda: _json(results, apart, seed, repeats),
        "csv": lambda: as_csv(*long_table(results)),
        "markdown": lambda: _markdown(results, apart),
    }
    for option, path in files.items():
        write_text(path, make[option]())


def _wide(results: Results) -> Table:
    """A row per policy and task set, a column per rollout, the rest of the last rollout."""
    rollouts = max(len(one.table.mean) for scores in results for one in scores)
    headers = ["tasks", "mazes", "policy", *(f"rollout {r + 1}" for r in range(rollouts))]
    headers += ["goals, last", "steps", "coverage", "decisive", "entropy, bits"]
    rows: list[list[Cell]] = []
    for one in (one for scores in results for one in scores):
        table = one.table
        cells = [with_error(*pair) for pair in zip(table.mean, table.se, strict=True)]
        cells += [""] * (rollouts - len(cells)) + table.of_last_rollout()
        rows.append([one.task_set, str(table.instances), one.policy, *cells])
    return headers, rows


def long_table(results: Results) -> Table:
    """A row per task set, policy and rollout, all numbers in full."""
    rows: list[list[Cell]] = []
    for one in (one for scores in results for one in scores):
        table = one.table
        for rollout in range(len(table.mean)):
            columns = [getattr(table, name) for name in MEASURES]
            numbers = [None if column is None else column[rollout] for column in columns]
            known = [None if x is None or isnan(x) else x for x in numbers]
            names: list[Cell] = [one.task_set, one.content_hash, one.policy, table.instances]
            rows.append([*names, rollout + 1, *known])
    return LONG, rows


def _of_differences(found: Sequence[Difference]) -> Table:
    headers = ("tasks", "first", "second", "rollout", "first - second", "interval")
    rows = []
    for first, second, tasks, rollout, mean, low, high in map(astuple, found):
        interval = "" if isnan(low) else f"{low:+.3f} to {high:+.3f}"
        rows.append([tasks, first, second, str(rollout), f"{mean:+.3f}", interval])
    return headers, rows


def _markdown(results: Results, apart: Sequence[Difference]) -> str:
    text = as_markdown(*_wide(results))
    return text + "\n" + as_markdown(*_of_differences(apart)) if apart else text


def _json(results: Results, apart: Sequence[Difference], seed: int, repeats: int) -> str:
    document = {
        "schema": "evo_plastic/evaluate/2",
        "seed": seed,
        "repeats": repeats,
        "provenance": provenance.collect().model_dump(mode="json"),
        "scores": [one.to_json() for scores in results for one in scores],
        "differences": [one.to_json() for one in apart],
    }
    return json.dumps(document, indent=2, allow_nan=False) + "\n"
