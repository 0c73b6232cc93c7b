"""``python -m benchmarks.strategies [--rounds N] [--workers N] [--out DIR]``: an hour or two.

Prints both tables and writes ``strategies.json``. The races keep a journal beside it: stopped
and started again, they go on. Packages that are not installed are left out (``pip install
'evo-plastic[bench]'``).
"""

import json
import os
from pathlib import Path

import click

from benchmarks.strategies import contestants, cost, quality
from evo_plastic.files import write_whole
from evo_plastic.records import provenance

SCHEMA = "evo_plastic/strategies/1"
JOURNAL = "strategies-races.jsonl"


@click.command()
@click.option("--rounds", default=15, show_default=True, help="Generations that are timed.")
@click.option("--workers", default=os.cpu_count(), help="Searches side by side.")
@click.option("--sizes", default="100,1000", show_default=True, help="Genes, for the races.")
@click.option(
    "--out",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(__file__).parent.parent / "results",
)
def main(rounds: int, workers: int, sizes: str, folder: Path) -> None:
    """Compare strategies with those of other libraries."""
    folder.mkdir(parents=True, exist_ok=True)
    names = contestants.installed()
    costs = cost.measure(names, rounds)
    cost.show(costs)
    todo = quality.races(names, [int(size) for size in sizes.split(",")])
    outcomes = quality.run_all(todo, folder / JOURNAL, workers)
    rows = quality.summarise(outcomes)
    quality.show(rows)
    document = {
        "schema": SCHEMA,
        "provenance": provenance.collect().model_dump(mode="json"),
        "cost": costs,
        "quality": rows,
    }
    write_whole(folder / "strategies.json", json.dumps(document, indent=1).encode() + b"\n")
    (folder / JOURNAL).unlink()


if __name__ == "__main__":
    # One thread each: searches run side by side, and times are compared per core.
    for library in ("OMP", "OPENBLAS", "MKL"):
        os.environ[f"{library}_NUM_THREADS"] = "1"
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    main()
