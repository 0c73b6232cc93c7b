"""``python -m benchmarks.faults [--only INJURY]… [--times N] [--out DIR]``: a table of injuries.

``python -m benchmarks.faults soak [--minutes M] --out DIR``: a long run under many of them.
"""

import sys

from benchmarks.faults import private

if __name__ == "__main__":
    if sys.argv[1:2] == ["soak"]:
        sys.exit(private.run("benchmarks.faults.soak", sys.argv[2:]))
    sys.exit(private.run("benchmarks.faults.inject", sys.argv[1:]))
