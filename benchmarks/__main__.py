"""All benchmarks, or some: ``python -m benchmarks [--only SECTION]… [--rounds N] [--out DIR]``.

Prints a table per section and writes ``benchmark.json`` and ``benchmark.png``. Rounds measure
everything in turn, so that other load on the machine hits all alike; figures are medians.
"""

import json
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import click

from benchmarks import (
    compilation,
    figures,
    forms,
    generation,
    gradients,
    overhead,
    roofline,
    scaling,
    steps,
)
from evo_plastic.files import write_whole
from evo_plastic.networks import every
from evo_plastic.records import provenance

SCHEMA = "evo_plastic/benchmark/1"
GENERATIONS_PER_ROUND = 6


def _steps(rounds: int) -> Any:
    # In a process of its own, because JAX is held to one core by holding its process to it.
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as child:
        rows = child.submit(steps.measure_all, rounds).result()
    steps.show(rows)
    return rows


def _roofline(rounds: int) -> Any:
    peaks, networks = roofline.measure(every(hidden=64), rounds)
    roofline.show(peaks, networks)
    return {"peaks": peaks, "networks": networks}


def _forms(rounds: int) -> Any:
    rows = forms.measure(rounds)
    forms.show(rows)
    return rows


def _scaling(rounds: int) -> Any:
    tables = {
        "hidden": scaling.by_hidden_size(rounds),
        "lives": scaling.by_lifetimes(rounds),
        "workers": scaling.by_workers(rounds),
    }
    scaling.show(*tables.values())
    return tables


def _generation(rounds: int) -> Any:
    rows = generation.measure(rounds)
    generation.show(rows)
    return rows


def _gradients(rounds: int) -> Any:
    rows = gradients.measure(rounds)
    gradients.show(rows)
    return rows


def _compilation(rounds: int) -> Any:
    rows = compilation.measure(every(hidden=64))
    compilation.show(rows)
    return rows


def _overhead(rounds: int) -> Any:
    rows = overhead.measure(GENERATIONS_PER_ROUND * rounds)
    overhead.show(rows)
    return rows


SECTIONS: dict[str, Callable[[int], Any]] = {
    "steps": _steps,
    "roofline": _roofline,
    "forms": _forms,
    "scaling": _scaling,
    "generation": _generation,
    "gradients": _gradients,
    "compilation": _compilation,
    "overhead": _overhead,
}


@click.command()
@click.option("--only", type=click.Choice(list(SECTIONS)), multiple=True, help="By default all.")
@click.option("--rounds", type=click.IntRange(min=1), default=5, show_default=True)
@click.option(
    "--out",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(__file__).parent / "results",
    help="Where benchmark.json and benchmark.png go; by default benchmarks/results.",
)
def main(only: tuple[str, ...], rounds: int, folder: Path) -> None:
    """Measure speed, and what it is spent on."""
    sections: dict[str, Any] = {}
    for name in only or SECTIONS:
        print(f"\n{name}\n{'=' * len(name)}")
        sections[name] = SECTIONS[name](rounds)
    folder.mkdir(parents=True, exist_ok=True)
    document = {"schema": SCHEMA, "rounds": rounds}
    document |= {"provenance": provenance.collect().model_dump(mode="json")}
    document["sections"] = sections
    write_whole(folder / "benchmark.json", json.dumps(document, indent=2).encode() + b"\n")
    figures.draw(folder / "benchmark.png", sections)


if __name__ == "__main__":
    main()
