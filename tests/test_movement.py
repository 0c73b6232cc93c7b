"""Vibration and migration, on trajectories whose distances are known."""

import numpy as np
import pytest

from evo_plastic.analysis.movement import movement, rollout_starts


def ends(*steps: int) -> np.ndarray:
    return np.cumsum(steps) - 1


def test_every_number_of_five_points_on_a_line() -> None:
    found = movement(np.array([[0.0], [3.0], [4.0], [10.0], [8.0]]), ends(2, 3))
    assert found.step.tolist() == [3, 1, 6, 2]
    assert found.path.tolist() == [0, 3, 4, 10, 12]
    assert found.displacement.tolist() == [0, 3, 4, 10, 8]
    # The second rollout begins where the first one ended, at 3.
    assert found.excursion.tolist() == [0, 3, 1, 7, 5]
    assert found.lags.tolist() == [1, 2]
    assert found.lagged.tolist() == [(3 + 1 + 6 + 2) / 4, (4 + 7 + 4) / 3]
    assert found.rollout_path.tolist() == [3, 9]
    assert found.rollout_net.tolist() == [3, 5]
    assert found.straightness == 8 / 12
    assert found.rollout_straightness.tolist() == [1, 5 / 9]


def test_a_straight_line_is_all_migration() -> None:
    points = np.arange(65.0)[:, None] * [3.0, 4.0]
    found = movement(points, ends(30, 35))
    np.testing.assert_allclose(found.step, 5)
    np.testing.assert_allclose(found.displacement, found.path)
    assert found.lags.tolist() == [1, 2, 4, 8, 16, 32]
    np.testing.assert_allclose(found.lagged, 5 * found.lags)
    assert found.straightness == pytest.approx(1)
    np.testing.assert_allclose(found.rollout_straightness, 1)


def test_once_around_a_circle_gets_nowhere() -> None:
    around = 48
    angle = 2 * np.pi * np.arange(around + 1) / around
    found = movement(np.stack([np.cos(angle), np.sin(angle)], axis=1), ends(around + 1))
    np.testing.assert_allclose(found.step, 2 * np.sin(np.pi / around))
    np.testing.assert_allclose(found.displacement, 2 * np.sin(angle / 2), atol=1e-12)
    np.testing.assert_allclose(found.lagged, 2 * np.sin(np.pi * found.lags / around))
    assert found.straightness == pytest.approx(0, abs=1e-12)


def test_vibration_between_two_places_stays_at_every_even_lag() -> None:
    found = movement(np.tile([[0.0, 0.0], [0.6, 0.8]], (8, 1)), ends(16))
    np.testing.assert_allclose(found.step, 1)
    np.testing.assert_allclose(found.lagged, [1, 0, 0, 0], atol=1e-12)
    assert found.straightness == pytest.approx(1 / 15)


def test_a_random_walk_gets_as_far_as_the_root_of_its_steps() -> None:
    moves = np.random.default_rng(0).normal(size=(2000, 400))
    found = movement(np.cumsum(moves, axis=0), ends(2000))
    np.testing.assert_allclose(found.lagged[:7], 20 * np.sqrt(found.lags[:7]), rtol=0.02)


def test_distances_know_no_origin_and_no_direction() -> None:
    rng = np.random.default_rng(1)
    points = np.cumsum(rng.normal(size=(50, 6)), axis=0)
    turn = np.linalg.qr(rng.normal(size=(6, 6))).Q
    one, other = (movement(p, ends(20, 25, 5)) for p in (points, points @ turn + 7))
    for name in ("step", "path", "displacement", "excursion", "lagged", "rollout_net"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-9, atol=1e-9)


def test_paths_of_the_rollouts_add_up_to_that_of_the_lifetime() -> None:
    points = np.random.default_rng(2).normal(size=(30, 4))
    found = movement(points, ends(1, 12, 1, 16))
    assert found.rollout_path.sum() == pytest.approx(found.path[-1])
    assert rollout_starts(ends(1, 12, 1, 16)).tolist() == [0, 0, 12, 13]


def test_what_does_not_move_has_no_straightness() -> None:
    found = movement(np.full((4, 3), 0.1), ends(4))
    assert not found.lagged.any()
    assert np.isnan(found.straightness)
    assert np.isnan(found.rollout_straightness).all()


def test_a_single_step_has_no_lag() -> None:
    found = movement(np.ones((1, 3)), ends(1))
    assert (len(found.step), len(found.lags), len(found.lagged)) == (0, 0, 0)
    assert found.path.tolist() == found.displacement.tolist() == [0]
