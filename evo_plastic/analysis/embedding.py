"""A trajectory of many numbers as points of a plane: by PCA, and by t-SNE.

PCA keeps straight lines and large distances, t-SNE keeps neighbours (van der Maaten & Hinton
2008; Fig. 7 of Wang et al., TMLR 2022). t-SNE starts from the first two principal components
and sees the first ``COMPONENTS`` only. Coordinates and distances of t-SNE have no unit.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evo_plastic.errors import InputError

Floats = NDArray[np.float64]

COMPONENTS = 50
PERPLEXITY = 30.0
"""About how many neighbours of a point t-SNE keeps; a third of the others where steps are few."""
SEED = 0
_START = 1e-4
"""Standard deviation of the points that t-SNE starts from, as in scikit-learn."""


@dataclass(frozen=True)
class Embedding:
    """T points of a plane, twice; all zero where nothing moves."""

    pca: Floats
    """(T, 2), in the units of the trajectory."""
    explained: Floats
    """Share of the variance along each axis of ``pca``, (2,)."""
    tsne: Floats
    """(T, 2)"""


def embed(trajectory: Floats) -> Embedding:
    """Embed a trajectory, (T, units); units may be 0.

    ``InputError`` if scikit-learn is not installed.
    """
    try:
        from sklearn.decomposition import PCA
        from sklearn.manifold import TSNE
        from threadpoolctl import threadpool_limits
    except ImportError as error:
        raise InputError(
            "embedding needs scikit-learn: pip install 'evo-plastic[analysis]'"
        ) from error
    steps = len(trajectory)
    if not np.ptp(trajectory, axis=0).any():
        return Embedding(np.zeros((steps, 2)), np.zeros(2), np.zeros((steps, 2)))
    # With several threads the order of sums, and so the last bits, would vary.
    with threadpool_limits(1):
        pca = PCA(min(COMPONENTS, *trajectory.shape), random_state=SEED)
        components = pca.fit_transform(trajectory)
        plane = _first_two(components)
        neighbours = max(1.0, min(PERPLEXITY, (steps - 1) / 3))
        begin = _START / plane[:, 0].std() * plane
        tsne = TSNE(perplexity=neighbours, init=begin, random_state=SEED)
        points = tsne.fit_transform(components)
    explained = _first_two(pca.explained_variance_ratio_[None])[0]
    return Embedding(plane, explained, points.astype(np.float64))


def _first_two(columns: Floats) -> Floats:
    """Two columns, the second of zeros where there is only one."""
    return np.pad(columns, ((0, 0), (0, 1)))[:, :2]
