"""``python -m benchmarks.faults [--only INJURY]… [--times N] [--out DIR]``."""

import sys

from benchmarks.faults import private

if __name__ == "__main__":
    sys.exit(private.run("benchmarks.faults.inject", sys.argv[1:]))
