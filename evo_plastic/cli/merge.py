"""``evo-plastic merge``: Evolving & Merging, from an evolved PRNN to a network of tied rules."""

from pathlib import Path

import click

from evo_plastic.config import MOST_CLUSTERS


@click.command()
@click.argument("genome", metavar="GENOME_OR_RUN")
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="FILE.npz",
              help="Where the merged genome goes.")  # fmt: skip
@click.option("--clusters", type=click.IntRange(1, MOST_CLUSTERS), metavar="K",
              help="Rules per plastic matrix; by default the neurons it joins.")  # fmt: skip
def command(genome: str, out: Path, clusters: int | None) -> None:
    """Cluster the rules of an evolved PRNN, so that its synapses share K of them.

    The genome that is written belongs to network.name evolving-merging; evolution goes on from
    it with `evo-plastic train … --set start=FILE.npz`.
    """
    from evo_plastic.cli import merging
    from evo_plastic.errors import InputError

    if out.suffix != ".npz" or not out.parent.is_dir() or out.is_dir():
        raise InputError(f"--out {out}: expected the name of an .npz file in a folder that exists")
    merging.merge_file(genome, out, clusters)
