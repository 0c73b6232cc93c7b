"""Where a genome can come from: a run, a genome file, or one genome of a published file."""

from pathlib import Path

from evo_plastic import networks
from evo_plastic.errors import InputError
from evo_plastic.networks.spec import NetworkSpec
from evo_plastic.records.directory import RunDirectory
from evo_plastic.records.genomes import GenomeFile, check_genome, load_genome
from evo_plastic.records.published import load_published, published_names
from evo_plastic.tasks.maze import INTERFACE

_EXPECTED = "expected a run directory, a genome file (.npz) or FILE.npz:NAME"


def open_genome(source: str) -> GenomeFile:
    """Genome at ``source``: ``runs/a``, ``genome.npz`` or, of a published file, ``x.npz:demo``.

    Of a run it is the mean with the best validation score so far. ``InputError`` if there is
    no such thing.
    """
    path = Path(source)
    if path.is_dir():
        return _of_run(path)
    if path.exists():
        return _of_file(path)
    file, _, name = source.rpartition(":")
    if file.endswith(".npz"):
        return load_published(Path(file), name)
    raise InputError(f"{source} does not exist: {_EXPECTED}")


def open_network(source: str) -> tuple[GenomeFile, NetworkSpec]:
    """The genome at ``source`` with its network; ``InputError`` also if they do not match."""
    file = open_genome(source)
    spec = networks.create(file.network, INTERFACE, file.ties)
    check_genome(file, spec, Path(source))
    return file, spec


def _of_run(path: Path) -> GenomeFile:
    run = RunDirectory.open(path)
    if not run.genome.exists():
        raise InputError(f"{path} has no {run.genome.name} yet: it is written by validation")
    return load_genome(run.genome)


def _of_file(path: Path) -> GenomeFile:
    names = published_names(path)
    if names:
        choices = " or ".join(f"{path}:{name}" for name in names)
        raise InputError(f"{path} holds published genomes: choose one, as {choices}")
    return load_genome(path)
