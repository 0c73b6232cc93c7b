"""Trajectories in a plane: PCA against numpy, t-SNE by what it promises to keep."""

import sys

import numpy as np
import pytest
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from evo_plastic.analysis.embedding import embed
from evo_plastic.errors import InputError


def walk(steps: int, units: int) -> NDArray[np.float64]:
    return np.cumsum(np.random.default_rng(3).normal(size=(steps, units)), axis=0)


@pytest.mark.parametrize("shape", [(40, 7), (60, 300), (200, 1200)])
def test_principal_components_are_those_of_a_singular_value_decomposition(
    shape: tuple[int, int],
) -> None:
    trajectory = walk(*shape)
    found = embed(trajectory)
    left, lengths, _ = np.linalg.svd(trajectory - trajectory.mean(axis=0), full_matrices=False)
    expected = (left * lengths)[:, :2]
    signs = np.sign((found.pca * expected).sum(axis=0))
    np.testing.assert_allclose(found.pca * signs, expected, atol=1e-6 * lengths[0])
    np.testing.assert_allclose(found.explained, (lengths**2 / np.sum(lengths**2))[:2], rtol=1e-6)


def test_a_plane_in_many_dimensions_is_found_whole() -> None:
    angle = np.linspace(0, 5, 60)
    spiral = np.stack([angle * np.cos(angle), angle * np.sin(angle)], axis=1)
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(90, 2))).Q
    found = embed(spiral @ turn.T + 3)
    assert found.explained.sum() == pytest.approx(1)
    distances = [np.linalg.norm(p[:, None] - p[None], axis=2) for p in (spiral, found.pca)]
    np.testing.assert_allclose(*distances, atol=1e-9)


def test_neighbours_stay_neighbours_in_tsne() -> None:
    rng = np.random.default_rng(5)
    group = np.arange(90) % 3
    trajectory = 20 * np.eye(3, 30)[group] + rng.normal(size=(90, 30))
    points = embed(trajectory).tsne
    distance = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(distance, np.inf)
    np.testing.assert_array_equal(group[distance.argmin(axis=1)], group)


def test_neither_chance_nor_the_number_of_threads_changes_the_points() -> None:
    trajectory = walk(150, 700)  # so large that scikit-learn draws where its PCA begins
    found = []
    for threads in (1, 2):
        np.random.seed(threads)  # noqa: NPY002  (what scikit-learn falls back to)
        with threadpool_limits(threads):
            found.append(embed(trajectory))
    np.testing.assert_array_equal(found[0].pca, found[1].pca)
    np.testing.assert_array_equal(found[0].tsne, found[1].tsne)


@pytest.mark.parametrize("units", [1, 2, 9])
@pytest.mark.parametrize("steps", [2, 3, 4, 8])
def test_few_steps_and_units_are_enough(steps: int, units: int) -> None:
    found = embed(walk(steps, units))
    for points in (found.pca, found.tsne):
        assert points.shape == (steps, 2)
        assert np.isfinite(points).all()
        assert np.ptp(points[:, 0]) > 0
    assert found.explained.sum() <= 1 + 1e-12


@pytest.mark.parametrize("shape", [(1, 5), (6, 5), (6, 0)])
def test_what_does_not_move_is_one_point(shape: tuple[int, int]) -> None:
    found = embed(np.full(shape, 0.1))
    for numbers in (found.pca, found.tsne):
        assert numbers.shape == (shape[0], 2)
        assert not numbers.any()
    assert not found.explained.any()


def test_without_scikit_learn_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.manifold", None)
    with pytest.raises(InputError, match=r"pip install 'evo-plastic\[analysis\]'"):
        embed(walk(9, 4))
