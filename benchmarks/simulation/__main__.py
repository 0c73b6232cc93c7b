"""``python -m benchmarks.simulation [--rounds N] [--out DIR] [--page FILE]``: five minutes."""

import sys

from benchmarks.faults import private

if __name__ == "__main__":
    sys.exit(private.run("benchmarks.simulation.study", sys.argv[1:]))
