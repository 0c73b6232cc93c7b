"""``python -m benchmarks.strategies [--seeds N] [--rounds N] [--out DIR]``: an hour or two.

Prints both tables and writes ``strategies.json``. Packages that are not installed are left out:
``pip install 'evo-plastic[bench]'``.
"""

import json
import os
from pathlib import Path

import click

from benchmarks.strategies import contestants, cost, quality
from evo_plastic.files import write_whole
from evo_plastic.records import provenance

SCHEMA = "evo_plastic/strategies/1"


@click.command()
@click.option("--seeds", default=5, show_default=True)
@click.option("--rounds", default=15, show_default=True, help="Generations that are timed.")
@click.option("--workers", default=os.cpu_count(), help="Searches side by side.")
@click.option("--sizes", default="100,1000", show_default=True, help="Genes, for the races.")
@click.option("--populations", default="17,32,360", show_default=True)
@click.option("--out", type=click.Path(path_type=Path), default=Path("benchmarks/results"))
def main(seeds: int, rounds: int, workers: int, sizes: str, populations: str, out: Path) -> None:
    names = contestants.installed()
    costs = cost.measure(names, rounds)
    cost.show(costs)
    numbers = [[int(word) for word in text.split(",")] for text in (sizes, populations)]
    races = quality.measure(names, *numbers, seeds=seeds, workers=workers)
    quality.show(races)
    out.mkdir(parents=True, exist_ok=True)
    document = {
        "schema": SCHEMA,
        "provenance": provenance.collect().model_dump(mode="json"),
        "cost": costs,
        "quality": races,
    }
    write_whole(out / "strategies.json", json.dumps(document, indent=1).encode() + b"\n")


if __name__ == "__main__":
    # One thread each: searches run side by side, and times are compared per core.
    for library in ("OMP", "OPENBLAS", "MKL"):
        os.environ[f"{library}_NUM_THREADS"] = "1"
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    main()
