"""How ``compare`` tells what it found: tables on the terminal, and as files in full."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from evo_plastic.analysis.costs import COSTS
from evo_plastic.analysis.evaluation import with_error
from evo_plastic.analysis.groups import Group, Run
from evo_plastic.analysis.learning import LearningCurve
from evo_plastic.analysis.measures import Levels, Measure, SetScores
from evo_plastic.analysis.words import chance, expense, reward, span
from evo_plastic.cli.output import Cell, print_table, printable
from evo_plastic.cli.score_tables import Table, long_table
from evo_plastic.cli.tables import as_csv, as_markdown, write_text

HEADERS = ("run", "network", "N_gene", "N_mem", "seed", "generations", "steps, 10⁹", "minutes",
           "reward at the end", "best reward", "in generation", "group", "core-seconds",
           "operations")  # fmt: skip


class Comparison(NamedTuple):
    groups: list[Group]
    levels: Levels
    sets: list[SetScores]
    measures: list[Measure]
    text: str

    def each_run(self) -> Iterator[tuple[int, int, Group, Run]]:
        """Number of the group, number of the run in it, both."""
        for i, group in enumerate(self.groups):
            for k, run in enumerate(group.runs):
                yield i, k, group, run


def print_comparison(comparison: Comparison) -> None:
    print_table(*_runs(comparison))
    print()
    print_table(*_groups(comparison))
    print(f"\n{printable(comparison.text)}\n")


def write_tables(comparison: Comparison, out: Path) -> None:
    """CSV with numbers in full, Markdown as on the terminal, the paragraph."""
    runs, groups, pairs = map(Path, ("runs", "groups", "pairs"))
    files = {
        runs.with_suffix(".csv"): as_csv(*_all_of_runs(comparison)),
        runs.with_suffix(".md"): as_markdown(*_runs(comparison)),
        groups.with_suffix(".csv"): as_csv(*_all_of_groups(comparison)),
        groups.with_suffix(".md"): as_markdown(*_groups(comparison)),
        Path("comparison.md"): comparison.text + "\n",
    }
    if len(comparison.groups) > 1:
        files[pairs.with_suffix(".csv")] = as_csv(*_all_of_pairs(comparison))
        files[pairs.with_suffix(".md")] = as_markdown(*_pairs(comparison))
    if comparison.sets:
        scores = [
            [*(run for group in one.scores for run in group), one.oracle, one.random]
            for one in comparison.sets
        ]
        files[Path("scores.csv")] = as_csv(*long_table(scores))
    for name, text in files.items():
        write_text(out / name, text)


def _runs(comparison: Comparison) -> Table:
    """What a run is, where it ended, and what else was measured of it."""
    others = [one for one in comparison.measures if one.key not in ("final", "best")]
    rows = []
    for i, k, group, run in comparison.each_run():
        cells = [_measured(one, i, k, comparison.sets) for one in others]
        rows.append([*_facts(run.curve), group.label, *_spent(run.curve), *cells])
    return [*HEADERS, *(one.title for one in others)], rows


def _facts(curve: LearningCurve) -> list[Cell]:
    ends = [with_error(curve.last[i], curve.error[i, -1]) for i in (-1, curve.best)]
    return [
        curve.run,
        curve.network,
        curve.genes,
        curve.memories,
        curve.seed,
        int(curve.generation[-1]),
        float(curve.env_steps[-1] / 1e9),
        float(curve.minutes[-1]),
        *ends,
        int(curve.generation[curve.best]),
    ]


def _spent(curve: LearningCurve) -> list[Cell]:
    return [float(curve.core_seconds[-1]), float(curve.operations[-1])]


def _measured(measure: Measure, group: int, run: int, sets: list[SetScores]) -> str:
    if measure.of_set:
        scored = next(one for one in sets if one.name == measure.title).scores[group][run]
        return with_error(scored.table.mean[-1], scored.table.se[-1])
    value = float(measure.values[group][run].mean())
    return expense(value) if measure.falls else reward(value)


def _groups(comparison: Comparison) -> Table:
    """A column per group: interquartile mean [interval], or (range) of fewer than five runs."""
    rows = list[list[Cell]]()
    for one in comparison.measures:
        number = expense if one.falls else reward
        rows.append([one.title, *(span(found, number) for found in one.estimates)])
    return ["measure", *(group.several for group in comparison.groups)], rows


def _pairs(comparison: Comparison) -> Table:
    rows = list[list[Cell]]()
    for first, second, one, pair in _each_pair(comparison):
        rows.append([first, second, one.title, chance(one.improvements[pair])])
    return ("first", "second", "measure", "probability that a run of the first is better"), rows


def _each_pair(comparison: Comparison) -> Iterator[tuple[str, str, Measure, tuple[int, int]]]:
    labels, measures = [group.label for group in comparison.groups], comparison.measures
    for pair in measures[0].improvements:
        for one in measures:
            yield labels[pair[0]], labels[pair[1]], one, pair


def _all_of_runs(comparison: Comparison) -> Table:
    costs = [cost.key for cost in COSTS]
    headers = ["run", "path", "group", "network", "n_gene", "n_mem", "seed", *costs]
    headers += [one.key for one in comparison.measures]
    rows = []
    for i, k, group, run in comparison.each_run():
        curve = run.curve
        facts: list[Cell] = [run.name, str(run.path), group.label, curve.network, curve.genes]
        spent: list[Cell] = [float(cost.of(curve)[-1]) for cost in COSTS]
        found: list[Cell] = [float(one.values[i][k].mean()) for one in comparison.measures]
        rows.append([*facts, curve.memories, curve.seed, *spent, *found])
    return headers, rows


def _all_of_groups(comparison: Comparison) -> Table:
    headers = ("group", "measure", "runs", "iqm", "low", "high", "least", "greatest")
    rows = list[list[Cell]]()
    for place, group in enumerate(comparison.groups):
        for one in comparison.measures:
            found = one.estimates[place]
            ends: list[Cell] = [found.low, found.high, found.least, found.greatest]
            rows.append([group.label, one.key, found.runs, found.iqm, *ends])
    return headers, rows


def _all_of_pairs(comparison: Comparison) -> Table:
    headers = ("first", "second", "measure", "probability", "low", "high")
    rows = list[list[Cell]]()
    for first, second, one, pair in _each_pair(comparison):
        found = one.improvements[pair]
        rows.append([first, second, one.key, found.probability, found.low, found.high])
    return headers, rows
