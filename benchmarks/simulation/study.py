"""Measure, predict, check; see ``python -m benchmarks.simulation --help``."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from benchmarks.common import HOME, Row
from benchmarks.simulation import calls, check, figure, lifetimes, predict, tables, wire
from benchmarks.simulation.calls import Calls
from benchmarks.simulation.lifetimes import CASES, Candidates, Case
from benchmarks.simulation.parameters import Costs, Faults
from benchmarks.simulation.predict import POPULATIONS, SLOW, Known
from evo_plastic.files import write_whole
from evo_plastic.records import provenance
from workers.pool import available_cpus

SCHEMA = "evo_plastic/simulation/1"
UNTRAINED = tuple(case for case in CASES if not case.evolved)
CHECKED_WORKERS = (1, 2)
DESIGN_WORKERS = 1000


@click.command()
@click.option("--rounds", type=click.IntRange(min=1), default=3, show_default=True)
@click.option(
    "--out",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=HOME / "benchmarks" / "results",
    help="Where simulation.json, .png and .pdf go; by default benchmarks/results.",
)
@click.option(
    "--page",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=HOME / "docs" / "scaling.md",
    help="Whose tables are replaced; by default docs/scaling.md.",
)
def main(rounds: int, folder: Path, page: Path) -> None:
    """Measure what a generation consists of, simulate pools of any size, check with real runs."""
    folder.mkdir(parents=True, exist_ok=True)
    document: Row = {"schema": SCHEMA, "rounds": rounds}
    document |= {"provenance": provenance.collect().model_dump(mode="json")}
    document |= measure(rounds)
    document |= predictions([predict.from_json(row) for row in document["known"]])
    text = json.dumps(document, indent=1, allow_nan=False)
    write_whole(folder / "simulation.json", text.encode() + b"\n")
    for suffix in ("png", "pdf"):
        figure.draw(folder / f"simulation.{suffix}", document["predictions"])
    tables.fill(page, document)


def measure(rounds: int) -> Row:
    """On this machine; call it in a process of ``benchmarks.faults.private``."""
    click.echo("candidates")
    lived = {case: lifetimes.candidates(case, rounds) for case in CASES}
    click.echo("driver and calls")
    costs = _costs(rounds)
    click.echo("real runs")
    checks = [
        check.measure(case, lived[case], costs[case.name], workers)
        for case in UNTRAINED
        for workers in CHECKED_WORKERS
    ]
    click.echo("bytes")
    traffic = [
        {"network": lifetimes.title(case), **found._asdict()}
        for case, found in zip(UNTRAINED, wire.measure(UNTRAINED), strict=True)
    ]
    known = [_known(case, lived[case], costs[case.name]) for case in CASES]
    return {"known": known, "check": checks, "traffic": traffic}


def _costs(rounds: int) -> dict[str, Costs]:
    """By the names of networks."""
    with calls.echoes(2) as (blocked, free):
        measured = {case: calls.measure(free, case, 5 * rounds) for case in UNTRAINED}
        waiting = calls.waiting(blocked, free, 10 * rounds)
    overdue = calls.overdue(10 * rounds)
    return {
        case.name: put_together(case, measured[case], rounds, waiting, overdue)
        for case in UNTRAINED
    }


def put_together(case: Case, call: Calls, rounds: int, waiting: float, overdue: float) -> Costs:
    driving, sizes = lifetimes.driving(case, 3 * rounds), lifetimes.sizes(case)
    # Ray's threads work beside the loop; when they have more to do, the loop waits for them.
    behind = max(0.0, call.threads - call.send - call.receive)
    return Costs(
        prepare=driving.prepare + call.put,
        pack=driving.pack,
        send=call.send,
        receive=call.receive + behind,
        waiting=waiting,
        overdue=overdue,
        transit=max(0.0, call.transit - behind),
        open=call.open,
        tell=driving.tell,
        tell_candidate=driving.tell_candidate,
        tell_cores=available_cpus(),
        genes=lifetimes.search(case).spec.n_gene,
        records=driving.records,
        proposal_bytes=sizes.proposal,
        chunk_bytes=sizes.chunk,
        candidate_bytes=sizes.candidate,
        result_bytes=sizes.result,
    )


def _known(case: Case, lived: Candidates, costs: Costs) -> Row:
    known = Known(lifetimes.title(case), case.start, lived.seconds, costs)
    return predict.as_json(known) | {
        "lives": lifetimes.LIVES,
        "steps": lived.steps,
    }


def predictions(known: list[Known]) -> dict[str, Any]:
    """Everything that follows from the measurements alone."""
    sweeps = [
        row
        for one in known
        for population in (POPULATIONS if one.start == "untrained" else POPULATIONS[:1])
        for faults in ((Faults(), SLOW) if population == POPULATIONS[0] else (Faults(),))
        for row in predict.sweep(one, population, faults)
    ]
    untrained = [one for one in known if one.start == "untrained"]
    return {
        "network_assumed": predict.NETWORK,
        "slow_assumed": asdict(SLOW)["slowness"],
        "predictions": sweeps,
        "events": predict.events(untrained[0]),
        "cuttings": predict.cuttings(untrained[0]),
        "designs": [
            row
            for one in untrained
            for population in POPULATIONS[:2]
            for row in predict.designs(one, DESIGN_WORKERS, population)
        ],
    }


if __name__ == "__main__":
    main()
