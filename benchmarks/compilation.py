"""How long it takes to compile a network's kernel, and to load it from the cache.

Each network is started in two processes of its own, one after the other, that share a cache
folder which is empty at first. What is timed is the first lifetime, mazes included.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.common import HOME, Row, configure, create_network, workload
from evo_plastic.cli.output import print_table
from evo_plastic.config import NetworkConfig
from evo_plastic.networks import every

LIMIT_SECONDS = 600


def measure(configs: Sequence[NetworkConfig]) -> list[Row]:
    """Seconds of wall clock and of CPU time until the first lifetime has been lived."""
    rows = []
    for config in configs:
        with tempfile.TemporaryDirectory() as cache:
            cold, warm = (_start(config, Path(cache)) for _ in range(2))
        rows.append(
            {
                "network": create_network(config).title,
                "compile_seconds": cold["wall"],
                "compile_cpu_seconds": cold["cpu"],
                "load_seconds": warm["wall"],
                "load_cpu_seconds": warm["cpu"],
            }
        )
    return rows


def _start(config: NetworkConfig, cache: Path) -> dict[str, float]:
    code = "import sys; from benchmarks.compilation import child; child(*sys.argv[1:])"
    command = [sys.executable, "-c", code, config.name, config.modulation]
    environment = os.environ | {"XDG_CACHE_HOME": str(cache), "PYTHONPATH": str(HOME)}
    ended = subprocess.run(
        command, env=environment, cwd=HOME, stdout=subprocess.PIPE, text=True,
        timeout=LIMIT_SECONDS, check=True,
    )  # fmt: skip
    times: dict[str, float] = json.loads(ended.stdout)
    return times


def child(name: str, modulation: str) -> None:
    """Print what the first lifetime of this process took; imports are not counted."""
    wall, cpu = time.perf_counter(), time.process_time()
    workload(configure(name, modulation), genomes=1, lives=1).live()
    print(json.dumps({"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}))


def show(rows: Sequence[Row]) -> None:
    print("seconds until the first lifetime is lived, imports not counted")
    headers = ["network", "compile", "CPU", "load", "CPU"]
    print_table(headers, [list(row.values()) for row in rows])


def main() -> None:
    show(measure(every(hidden=64)))


if __name__ == "__main__":
    main()
