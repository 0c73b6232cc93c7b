"""Evolving & Merging: from an evolved αABCD network to one whose synapses share K rules.

k-means over the coefficients (A, B, C, D) of all synapses, one matrix at a time; every synapse
is then tied to the centre of its cluster, and all other genes are kept (Pedersen & Risi 2021;
Wang 2022 took K = post + pre). Evolution goes on from the genome that comes out.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evo_plastic.config import NetworkConfig
from evo_plastic.errors import InputError
from evo_plastic.networks.spec import NetworkSpec
from evo_plastic.networks.ties import Ties
from rules import tied
from rules.base import Constants

SEED = 10
"""Of k-means, as in the paper's code."""
_COEFFICIENTS = ("/A", "/B", "/C", "/D")


@dataclass(frozen=True)
class Merged:
    """arrays: the new genome by name, as ``Layout.pack`` takes it.

    kept: by connection, the share of the variance of A … D that the clusters keep.
    """

    network: NetworkConfig
    arrays: dict[str, NDArray[np.float64]]
    ties: Ties
    kept: dict[str, float]


def merge(
    spec: NetworkSpec, network: NetworkConfig, genome: NDArray[np.float64], clusters: int | None
) -> Merged:
    """Merge the rules of an evolved αABCD network, genome (layout.size,).

    clusters: K, the same for both matrices; None: post + pre of each. ``InputError`` if the
    network has other rules, fewer synapses than K, or scikit-learn is not installed.
    """
    if set(spec.rule_names) != {"abcd"}:
        raise InputError(f"{spec.title} cannot be merged: expected a PRNN (network.name: prnn)")
    arrays = spec.layout.view(genome)
    merged = {name: values for name, values in arrays.items() if name[-2:] not in _COEFFICIENTS}
    maps, kept, shared = {}, {}, Constants(scale=0.0, clusters=clusters)
    for c, rule in zip(spec.connections, spec.genes(arrays), strict=True):
        synapses = np.stack([np.ravel(term) for term in rule], axis=1)  # (post · pre, 4)
        count = tied.gene_shapes(c.post, c.pre, shared)["clusters"][0]
        if count > len(synapses):
            raise InputError(f"{c.name} has {len(synapses)} synapses: too few for {count} rules")
        centres, labels, kept[c.name] = _cluster(synapses, count)
        merged[f"{c.name}/clusters"] = centres
        maps[c.name] = labels.reshape(c.post, c.pre)
    config = network.model_copy(update={"name": "evolving-merging", "clusters": clusters})
    return Merged(config, merged, Ties.of(maps), kept)


def _cluster(
    points: NDArray[np.float64], count: int
) -> tuple[NDArray[np.float64], NDArray[np.int64], float]:
    try:
        from sklearn.cluster import KMeans
        from threadpoolctl import threadpool_limits
    except ImportError as error:
        raise InputError(
            "merging needs scikit-learn: pip install 'evo-plastic[analysis]'"
        ) from error
    # With several threads the order of its sums, and so the last bits, would vary.
    with threadpool_limits(1):
        found = KMeans(count, random_state=SEED).fit(points)
    total = float(((points - points.mean(axis=0)) ** 2).sum())
    return found.cluster_centers_, found.labels_.astype(np.int64), 1 - found.inertia_ / total
