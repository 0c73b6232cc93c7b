"""Evolving & Merging from file to file."""

from pathlib import Path
from typing import Any

from evo_plastic import networks
from evo_plastic.cli.output import Cell, print_table
from evo_plastic.networks.merging import Merged, merge
from evo_plastic.networks.spec import NetworkSpec
from evo_plastic.records.genome_sources import open_network
from evo_plastic.records.genomes import save_genome
from evo_plastic.tasks.maze import INTERFACE

CONVENTIONS = ("task", "observation", "reward_input")
"""Facts of a genome that are still true when its rules were merged."""


def merge_file(source: str, out: Path, clusters: int | None) -> None:
    """Merge the genome at ``source``, write it to ``out``, and print what was kept."""
    file, spec = open_network(source)
    merged = merge(spec, file.network, file.genome, clusters)
    tied = networks.create(merged.network, INTERFACE, merged.ties)
    facts: dict[str, Any] = {name: file.facts[name] for name in CONVENTIONS if name in file.facts}
    facts |= {"merged_from": source, "variance_kept": merged.kept}
    genome = tied.layout.pack(merged.arrays)
    digest = save_genome(out, tied.layout, genome, merged.network, facts, merged.ties)
    _print_clusters(tied, merged)
    print(f"{out}: {tied.title}, {spec.n_gene} genes became {tied.n_gene}, sha256 {digest}")


def _print_clusters(tied: NetworkSpec, merged: Merged) -> None:
    rows: list[list[Cell]] = []
    for c, genes in zip(tied.connections, tied.genes(merged.arrays), strict=True):
        kept = f"{100 * merged.kept[c.name]:.1f} %"
        rows.append([c.name, genes.map.size, len(genes.clusters), kept])
    print_table(["connection", "synapses", "rules", "variance kept"], rows)
