"""What was measured and predicted as Markdown, and the page that shows it."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.common import Row
from benchmarks.simulation.predict import (
    CUTTING_WORKERS,
    POPULATIONS,
    WORKERS,
    enough,
    floor,
    from_json,
)
from evo_plastic.cli.tables import as_markdown
from evo_plastic.files import read_whole, write_whole, writing

Document = dict[str, Any]
MILLI, MICRO, NANO = 1e3, 1e6, 1e9
PAGE_LIMIT = 2**20
_BLOCK = re.compile(r"(<!-- table: ([a-z]+) -->\n).*?(<!-- end -->)", re.DOTALL)
SAME = 0.99
"""Of the highest speed: the fewest workers that come so near are the fastest worth having."""
SHOWN = (1, 2, 10, 50, 100, 1000, 10_000)


def fill(page: Path, document: Document) -> None:
    """Replace what lies between ``<!-- table: NAME -->`` and ``<!-- end -->`` in a page."""
    made = tables(document)
    text = read_whole(page, PAGE_LIMIT).decode()
    filled = _BLOCK.sub(lambda found: f"{found[1]}{made[found[2]]}{found[3]}", text)
    with writing(page):
        write_whole(page, filled.encode())


def tables(document: Document) -> dict[str, str]:
    """Markdown by the names of the blocks."""
    return {
        "costs": _costs(document["known"]),
        "candidates": _candidates(document["known"]),
        "bytes": _bytes(document["known"], document["traffic"]),
        "check": _check(document["check"]),
        "times": _times(document["predictions"]),
        "enough": _enough(document["predictions"], document["known"]),
        "events": _events(document["events"]),
        "cuttings": _cuttings(document["cuttings"]),
        "designs": _designs(document["designs"]),
    }


def _costs(known: Sequence[Row]) -> str:
    """Of every network, which are the same for all starts."""
    networks = {row["network"]: row["costs"] for row in known}
    lines: list[tuple[str, str, float]] = [
        ("driver, before a generation: mazes, proposal, put", "prepare", MILLI),
        ("driver, chunk: packing it", "pack", MILLI),
        ("driver, chunk: handing it out", "send", MILLI),
        ("driver, chunk: taking its result", "receive", MILLI),
        ("call and result, the rest of the round trip", "transit", MILLI),
        ("worker, first chunk of a generation: the proposal", "open", MILLI),
        ("driver, `tell`, CPU time, whatever the population", "tell", MILLI),
        ("driver, `tell`, CPU time, for 360 candidates", "tell_candidate", MILLI * POPULATIONS[0]),
        ("driver, rows and a hundredth of a checkpoint", "records", MILLI),
    ]
    rows = [
        [name, *(unit * costs[key] for costs in networks.values())] for name, key, unit in lines
    ]
    small = [
        ("driver, `ray.wait`, per call under way, **ns**", "waiting"),
        ("driver, looking for what is overdue, per call under way, **ns**", "overdue"),
    ]
    rows += [[name, *(NANO * costs[key] for costs in networks.values())] for name, key in small]
    return as_markdown(["ms", *networks], rows)


def _candidates(known: Sequence[Row]) -> str:
    rows = []
    for row in known:
        seconds, count = row["seconds"], len(row["seconds"])
        mean = sum(seconds) / count
        spread = (sum((one - mean) ** 2 for one in seconds) / count) ** 0.5
        rows.append([
            row["network"], row["start"], MICRO * mean / row["lives"], MILLI * mean,
            100 * spread / mean, max(seconds) / mean, sum(seconds),
        ])  # fmt: skip
    return as_markdown(
        ["network", "genomes", "µs per lifetime", "ms per candidate", "spread, %",
         "slowest / mean", "s per generation"],
        rows,
    )  # fmt: skip


def _bytes(known: Sequence[Row], traffic: Sequence[Row]) -> str:
    networks = {row["network"]: row for row in known}
    rows = []
    for row in traffic:
        found = networks[row["network"]]
        costs = found["costs"]
        rows.append([
            row["network"], costs["genes"], costs["proposal_bytes"],
            f"{costs['chunk_bytes']} + {costs['candidate_bytes']} per candidate",
            f"{costs['result_bytes'] - 8} + 8 per candidate", round(row["node_bytes"]),
        ])  # fmt: skip
    return as_markdown(
        ["network", "N_gene", "proposal", "chunk", "result", "all between driver and node"], rows
    )


def _check(rows: Sequence[Row]) -> str:
    return as_markdown(
        ["network", "workers", "real, s", "predicted, s", "predicted / real",
         "beside chunks, real, ms", "predicted, ms", "driver's CPU time, %", "lifetimes, %",
         "slowdown"],
        [
            [row["network"], row["workers"], row["real_seconds"], row["predicted_seconds"],
             f"{row['ratio']:.3f}", MILLI * row["real_rest"], MILLI * row["predicted_rest"],
             100 * row["real_driver"], 100 * row["real_work"], row["slowdown"]]
            for row in rows
        ],
    )  # fmt: skip


def _times(rows: Sequence[Row]) -> str:
    """The paper's population; with equal workers, then with slow ones."""
    table = []
    for row in rows:
        if row["population"] != POPULATIONS[0] or row["workers"] not in SHOWN:
            continue
        if not row["slow_share"]:
            slow = next(
                other for other in rows
                if other["slow_share"] and _same(row, other, "network", "start", "population",
                                                 "workers")
            )  # fmt: skip
            table.append([
                row["network"], row["start"], row["workers"], MILLI * row["seconds"],
                row["speed_up"], 100 * row["efficiency"], 100 * row["driver"], row["chunks"],
                MILLI * slow["seconds"],
            ])  # fmt: skip
    return as_markdown(
        ["network", "genomes", "workers", "ms", "times as fast", "efficiency, %",
         "driver busy, %", "chunks", "ms if 1 of 20 is 4× slower"],
        table,
    )  # fmt: skip


def _same(one: Row, other: Row, *keys: str) -> bool:
    return all(one[key] == other[key] for key in keys)


def _enough(rows: Sequence[Row], known: Sequence[Row]) -> str:
    cases = {(row["network"], row["start"]): from_json(row) for row in known}
    table = []
    kept = [row for row in rows if not row["slow_share"]]
    for row in kept:
        if row["workers"] != WORKERS[0]:
            continue
        mine = [other for other in kept if _same(row, other, "network", "start", "population")]
        highest = max(one["speed_up"] for one in mine)
        best = next(one for one in mine if one["speed_up"] > SAME * highest)
        least = floor(cases[row["network"], row["start"]], row["population"])
        table.append([
            row["network"], row["start"], f"{row['population']:,}", enough(mine, 0.8),
            enough(mine, 0.5), best["workers"], MILLI * best["seconds"], MILLI * least,
            best["speed_up"],
        ])  # fmt: skip
    return as_markdown(
        ["network", "genomes", "candidates", "workers at 80 %", "at 50 %", "at the fastest",
         "ms then", "ms, by hand", "times as fast as one"],
        table,
    )  # fmt: skip


def _events(rows: Sequence[Row]) -> str:
    counts = sorted({row["workers"] for row in rows})
    table = []
    for name in dict.fromkeys(row["event"] for row in rows):
        mine = {row["workers"]: row for row in rows if row["event"] == name}
        cells = [f"{mine[n]['seconds']:.1f} s, {100 * mine[n]['share']:.2f} %" for n in counts]
        table.append([name, *cells])
    return as_markdown(["a worker that works …", *(f"{n:,} workers" for n in counts)], table)


def _cuttings(rows: Sequence[Row]) -> str:
    names = [f"{kind}_{count}" for kind in ("equal", "slow") for count in CUTTING_WORKERS]
    headers = [name.replace("equal_", "").replace("slow_", "slow, ") for name in names]
    return as_markdown(
        ["`SHARE`", "`WORTH_CALLS`", *headers],
        [[row["share"], row["calls"], *(MILLI * row[name] for name in names)] for row in rows],
    )


def _designs(rows: Sequence[Row]) -> str:
    return as_markdown(
        ["design", "network", "candidates", "workers", "ms", "times as fast", "driver busy, %"],
        [
            [row["design"], row["network"], f"{row['population']:,}", row["workers"],
             MILLI * row["seconds"], row["speed_up"], 100 * row["driver"]]
            for row in rows
        ],
    )  # fmt: skip
