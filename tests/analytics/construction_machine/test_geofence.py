"""Fences: even-odd rule on shapes whose inside is known, metres against the great circle, hysteresis of 50 m and two fixes."""

import numpy as np
import pytest

from analytics.construction_machine.geofence import Fence, Plane, is_outside

EARTH_METRES = 6_371_008.8
SQUARE = ((36.0, 117.0), (36.0, 117.01), (36.01, 117.01), (36.01, 117.0))


def great_circle_metres(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Haversine formula (Sinnott 1984)."""
    (lat1, lon1), (lat2, lon2) = np.radians(a), np.radians(b)
    h = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    return float(2 * EARTH_METRES * np.arcsin(np.sqrt(h)))


@pytest.mark.parametrize("place", [(36.05, 117.0), (36.0, 117.1), (35.93, 116.95)])
def test_distances_in_the_plane_are_those_of_the_sphere_within_a_thousandth(place: tuple[float, float]) -> None:
    east, north = Plane(36.0, 117.0).metres(np.array([place[0]]), np.array([place[1]]))
    assert float(np.hypot(east, north)[0]) == pytest.approx(great_circle_metres((36.0, 117.0), place), rel=1e-3)


def test_a_fence_across_the_date_line_holds_both_of_its_sides() -> None:
    fence = Fence.of(((-1.0, 179.9), (-1.0, -179.9), (1.0, -179.9), (1.0, 179.9)))
    distance = fence.distance_metres(np.zeros(3), np.array([179.95, -179.95, 179.0]))
    assert distance[:2].tolist() == [0.0, 0.0]
    assert distance[2] == pytest.approx(great_circle_metres((0, 179.0), (0, 179.9)), rel=1e-3)


def test_a_ray_crosses_a_hollow_shape_an_even_number_of_times_in_its_notch() -> None:
    # A U, open to the north: its notch is outside although the hull has it.
    corners = ((0, 0), (0, 3), (3, 3), (3, 2), (1, 2), (1, 1), (3, 1), (3, 0))
    fence = Fence.of([(north / 1000, east / 1000) for north, east in corners])
    places = np.array([(0.5, 1.5), (2.0, 0.5), (2.0, 2.5), (2.0, 1.5), (4.0, 1.5), (-1.0, 1.0)]) / 1000
    assert (fence.distance_metres(places[:, 0], places[:, 1]) == 0).tolist() == [True, True, True, False, False, False]


def test_outside_it_is_as_far_as_the_nearest_side_or_corner() -> None:
    fence = Fence.of(SQUARE)
    north = 0.002 * np.pi / 180 * EARTH_METRES
    distance = fence.distance_metres(np.array([36.012, 36.012, np.nan]), np.array([117.005, 117.012, 117.0]))
    assert distance[0] == pytest.approx(north, rel=1e-3)
    assert distance[1] == pytest.approx(great_circle_metres((36.01, 117.01), (36.012, 117.012)), rel=1e-3)
    assert np.isnan(distance[2])


def test_two_fixes_beyond_fifty_metres_are_needed_to_leave_and_two_within_to_come_back() -> None:
    distance = np.array([0, 60, 0, 40, 60, np.nan, 70, 30, 0, 20, 0, 0, 0.0])
    expected = [0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0]
    assert is_outside(distance).astype(int).tolist() == expected
    assert not is_outside(np.full(4, np.nan)).any()
    assert not is_outside(np.array([90.0])).any()


def test_a_circle_is_as_wide_as_its_radius_in_every_direction() -> None:
    fence = Fence.circle(36.6, 117.0, radius_metres=300.0)
    angle = np.linspace(0, 2 * np.pi, 25)
    latitude = 36.6 + 400 * np.sin(angle) / 111_195
    longitude = 117 + 400 * np.cos(angle) / (111_195 * np.cos(np.radians(36.6)))
    np.testing.assert_allclose(fence.distance_metres(latitude, longitude), 100.0, atol=0.5)
    with pytest.raises(ValueError, match="no circle"):
        Fence.circle(36.6, 117.0, radius_metres=0.0)


def test_a_learned_fence_goes_around_all_places() -> None:
    dice = np.random.default_rng(1)
    latitude, longitude = 36.6 + 1e-3 * dice.uniform(-1, 1, 500), 117 + 1e-3 * dice.uniform(-1, 1, 500)
    fence = Fence.around(latitude, longitude)
    assert np.nanmax(fence.distance_metres(latitude, longitude)) < 1e-6
    assert fence.distance_metres(np.array([36.603]), np.array([117.0]))[0] == pytest.approx(222.4, abs=5)


def test_a_fence_of_two_corners_or_off_the_earth_is_refused() -> None:
    for corners in (SQUARE[:2], (*SQUARE[:3], (91.0, 0.0)), (*SQUARE[:3], (float("nan"), 0.0))):
        with pytest.raises(ValueError, match="three corners"):
            Fence.of(corners)
    with pytest.raises(ValueError, match="positions"):
        Fence.around(np.array([1.0, np.nan]), np.array([1.0, 1.0]))
    with pytest.raises(ValueError, match="line"):
        Fence.around(np.full(20, 36.0), np.linspace(117, 117.1, 20))
