"""The law of the mazes, against exact counts and 1024 to 2048 mazes of MetaGym's generator."""

import numpy as np
import pytest
from scipy.sparse import csgraph, csr_array
from scipy.stats import chisquare

from evo_plastic.errors import InputError
from evo_plastic.seeding import fold
from evo_plastic.tasks import DISTRIBUTIONS
from evo_plastic.tasks.maze_generator import MazeDistribution, generate
from evo_plastic.tasks.oracle import shortest_paths
from evo_plastic.tasks.task_sets import sample

MAZES = 4096

# Mean and standard error over MetaGym's mazes.
PATHS = {
    "maze9": (8.578, 0.056),
    "maze15": (16.106, 0.106),
    "maze15-spacious": (12.865, 0.096),
    "maze15-crowded": (20.432, 0.228),
    "maze21": (21.904, 0.185),
}
SHAPES = {
    ("maze9", "loops"): (5.522, 0.0228),
    ("maze9", "dead ends"): (4.130, 0.0333),
    ("maze9", "pillars"): (6.565, 0.0231),
    ("maze9", "open blocks"): (3.646, 0.0401),
    ("maze15", "loops"): (16.824, 0.0425),
    ("maze15", "dead ends"): (11.392, 0.0573),
    ("maze15", "pillars"): (28.130, 0.0414),
    ("maze15", "open blocks"): (10.308, 0.0720),
    ("maze15-crowded", "dead ends"): (16.913, 0.0651),
    ("maze15-crowded", "pillars"): (34.173, 0.0388),
    ("maze15-spacious", "dead ends"): (2.246, 0.0477),
    ("maze15-spacious", "pillars"): (11.989, 0.0633),
}


def interior_walls(walls: np.ndarray) -> np.ndarray:
    return walls[:, 1:-1, 1:-1].sum(axis=(1, 2), dtype=int)


def corridors(free: np.ndarray) -> csr_array:
    """Adjacency of one maze's free cells; rows of wall cells are empty."""
    number = np.arange(free.size).reshape(free.shape)
    down, right = free[1:] & free[:-1], free[:, 1:] & free[:, :-1]
    ends = (
        np.concatenate([number[:-1][down], number[:, :-1][right]]),
        np.concatenate([number[1:][down], number[:, 1:][right]]),
    )
    return csr_array((np.ones(len(ends[0])), ends), shape=(free.size, free.size))


def describe(walls: np.ndarray) -> dict[str, np.ndarray]:
    """Shape statistics of every maze, each of shape (N,)."""
    free = walls == 0
    right, down = free[:, :, 1:] & free[:, :, :-1], free[:, 1:] & free[:, :-1]
    neighbours = np.zeros(walls.shape, int)
    neighbours[:, :, 1:] += right
    neighbours[:, :, :-1] += right
    neighbours[:, 1:] += down
    neighbours[:, :-1] += down
    blocks = right[:, 1:] & right[:, :-1]
    return {
        "loops": right.sum((1, 2)) + down.sum((1, 2)) - free.sum((1, 2)) + 1,
        "dead ends": (free & (neighbours == 1)).sum((1, 2)),
        "pillars": walls[:, 2:-1:2, 2:-1:2].sum((1, 2), dtype=int),
        "open blocks": blocks.sum((1, 2)),
    }


def agree(values: np.ndarray, mean: float, error: float) -> None:
    combined = np.hypot(values.std(ddof=1) / np.sqrt(len(values)), error)
    assert abs(values.mean() - mean) < 4 * combined, (values.mean(), mean, combined)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("maze9", 14),
        ("maze15", 59),
        ("maze15-spacious", 25),
        ("maze15-crowded", 72),
        ("maze21", 126),
    ],
)
def test_the_number_of_walls_is_exact(name: str, count: int) -> None:
    walls, _, _ = generate(DISTRIBUTIONS[name], fold(1, np.arange(500)))
    assert set(interior_walls(walls)) == {count}


@pytest.mark.parametrize("size", [7, 11, 13, 31])
@pytest.mark.parametrize("density", [0.0, 0.2, 0.4, 1.0])
def test_no_more_walls_stand_than_density_or_spanning_tree_allow(
    size: int, density: float
) -> None:
    walls, _, _ = generate(MazeDistribution("m", size, density), fold(2, np.arange(50)))
    tree = (size - 2) ** 2 - 2 * ((size - 1) // 2) ** 2 + 1
    assert set(interior_walls(walls)) == {min(tree, int(density * (size - 2) ** 2))}


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_borders_are_walls_and_all_free_cells_are_connected(name: str) -> None:
    walls, _, _ = generate(DISTRIBUTIONS[name], fold(3, np.arange(50)))
    for maze in walls:
        assert set(maze.ravel()) == {0, 1}
        assert maze[0].all()
        assert maze[-1].all()
        assert maze[:, 0].all()
        assert maze[:, -1].all()
        free = maze == 0
        components, _ = csgraph.connected_components(corridors(free), directed=False)
        assert components == 1 + maze.sum()  # every wall cell is a component of its own


def test_a_crowded_maze_has_no_loop() -> None:
    walls, _, _ = generate(DISTRIBUTIONS["maze15-crowded"], fold(4, np.arange(200)))
    assert not describe(walls)["loops"].any()


@pytest.mark.parametrize("name", PATHS)
def test_shortest_paths_are_as_long_as_in_the_reference(name: str) -> None:
    paths = shortest_paths(sample(DISTRIBUTIONS[name], fold(5, np.arange(MAZES))))
    agree(paths, *PATHS[name])


@pytest.mark.parametrize(("name", "statistic"), SHAPES)
def test_mazes_are_shaped_as_in_the_reference(name: str, statistic: str) -> None:
    walls, _, _ = generate(DISTRIBUTIONS[name], fold(6, np.arange(MAZES)))
    agree(describe(walls)[statistic], *SHAPES[name, statistic])


@pytest.mark.parametrize("name", ["maze9", "maze15", "maze21"])
def test_goals_are_rooms_far_from_the_start(name: str) -> None:
    distribution = DISTRIBUTIONS[name]
    _, start, goal = generate(distribution, fold(7, np.arange(MAZES)))
    assert (start % 2 == 1).all()
    assert (goal % 2 == 1).all()
    assert min(start.min(), goal.min()) == 1
    assert max(start.max(), goal.max()) == distribution.size - 2
    distance = np.hypot(*(start.astype(int) - goal).T)
    assert distance.min() > 0.45 * distribution.size
    assert distance.min() == pytest.approx({9: 20, 15: 52, 21: 100}[distribution.size] ** 0.5)


def test_starts_are_uniform_over_the_rooms() -> None:
    _, start, _ = generate(DISTRIBUTIONS["maze9"], fold(8, np.arange(MAZES)))
    counts = np.bincount(start[:, 0] // 2 * 4 + start[:, 1] // 2, minlength=16)
    assert chisquare(counts).pvalue > 1e-4


def test_goals_are_uniform_over_the_far_rooms() -> None:
    _, start, goal = generate(DISTRIBUTIONS["maze9"], fold(9, np.arange(8 * MAZES)))
    from_corner = (start == 1).all(axis=1)
    rooms = [(x, y) for x in (1, 3, 5, 7) for y in (1, 3, 5, 7) if np.hypot(x - 1, y - 1) > 4.05]
    counts = [(goal[from_corner] == room).all(axis=1).sum() for room in rooms]
    assert sum(counts) == from_corner.sum()
    assert chisquare(counts).pvalue > 1e-4


def test_a_maze_depends_on_its_key_alone() -> None:
    keys = fold(10, np.arange(100))
    order = np.roll(np.arange(100), 37)[:60]
    whole = generate(DISTRIBUTIONS["maze15"], keys)
    part = generate(DISTRIBUTIONS["maze15"], keys[order])
    for all_of_them, some in zip(whole, part, strict=True):
        np.testing.assert_array_equal(all_of_them[order], some)
    assert len({maze.tobytes() for maze in whole[0]}) == 100


@pytest.mark.parametrize("size", [5, 8, -9, 0])
def test_an_even_or_small_size_is_refused(size: int) -> None:
    with pytest.raises(InputError, match=f"odd number from 7 on, got {size}"):
        MazeDistribution("m", size, 0.3)


@pytest.mark.parametrize("density", [-0.1, 1.1, float("nan")])
def test_a_density_outside_0_to_1_is_refused(density: float) -> None:
    with pytest.raises(InputError, match=r"in \[0, 1\]"):
        MazeDistribution("m", 9, density)
