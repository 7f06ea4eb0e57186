"""Great circles, geodesics, rhumb lines, collisions, and the cheapest way over a grid."""

import itertools

import numpy as np
import pytest

from analytics.ship.collision import closest_approach, is_dangerous
from analytics.ship.great_circle import MEAN_RADIUS_NMI, geodesic, great_circle, rhumb_line
from analytics.ship.weather_routing import cheapest_route


def degrees(whole: int, minutes: int, seconds: float) -> float:
    return whole + minutes / 60 + seconds / 3600


def test_the_australian_geodesists_example_is_met_to_a_millimetre() -> None:
    """Flinders Peak to Buninyong, GDA technical manual: 54,972.271 m, azimuth 306° 52' 05.37"."""
    found = geodesic(
        -degrees(37, 57, 3.72030),
        degrees(144, 25, 29.52440),
        to_latitude_deg=-degrees(37, 39, 10.15610),
        to_longitude_deg=degrees(143, 55, 35.38390),
    )
    assert found.nmi * 1852 == pytest.approx(54_972.271, abs=1e-3)
    assert found.course_deg == pytest.approx(degrees(306, 52, 5.37), abs=2e-6)


def test_a_degree_of_the_equator_is_that_of_the_ellipsoid() -> None:
    """2 π 6,378,137 m / 360."""
    assert geodesic(0, 0, to_latitude_deg=0, to_longitude_deg=1).nmi * 1852 == pytest.approx(111_319.4908, abs=1e-3)


def test_no_way_is_no_distance_and_opposite_points_have_no_answer() -> None:
    found = geodesic([0, 0, np.nan], [0, 0, 0], to_latitude_deg=[0, 0.3, 0], to_longitude_deg=[0, 179.7, 1])
    assert found.nmi[0] == 0
    assert np.isnan(found.nmi[1:]).all()


def test_a_quarter_of_the_sphere() -> None:
    found = great_circle(0, 0, to_latitude_deg=[0, 90], to_longitude_deg=[90, 0])
    assert found.nmi == pytest.approx(MEAN_RADIUS_NMI * np.pi / 2)
    assert found.course_deg == pytest.approx([90, 0])


def test_a_rhumb_line_keeps_its_course_and_is_longer() -> None:
    """Along 60° N a degree is half of one at the equator; 45° from the equator to the parallel of 30°: Δφ / cos 45°."""
    along = rhumb_line(60, 0, to_latitude_deg=60, to_longitude_deg=1)
    assert along.nmi == pytest.approx(MEAN_RADIUS_NMI * np.radians(1) / 2)
    assert along.course_deg == pytest.approx(90)
    stretched = np.degrees(np.log(np.tan(np.pi / 4 + np.radians(30) / 2)))
    slanting = rhumb_line(0, 179, to_latitude_deg=30, to_longitude_deg=179 + stretched)
    assert slanting.course_deg == pytest.approx(45)
    assert slanting.nmi == pytest.approx(MEAN_RADIUS_NMI * np.radians(30) / np.cos(np.pi / 4))
    shortest = great_circle(0, 179, to_latitude_deg=30, to_longitude_deg=179 + stretched)
    assert shortest.nmi < slanting.nmi


def test_the_closest_point_of_approach() -> None:
    """Reference 0.1: target 4 nmi E, 3 nmi N on 270° at 12 kn, own 000° at 10 kn: 19.1803 min, 0.25607 nmi, to 1e-4."""
    found = closest_approach(east_nmi=4, north_nmi=3, course_deg=270, speed_kn=12, own_course_deg=0, own_speed_kn=10)
    assert found.minutes == pytest.approx(19.1803, abs=1e-4)
    assert found.distance_nmi == pytest.approx(0.25607, abs=1e-5)
    assert bool(is_dangerous(found))


def test_only_targets_that_come_close_are_dangerous() -> None:
    """One that is past, one on the same course and speed, one that passes clear, and one that is not known."""
    found = closest_approach(
        east_nmi=[0, 0, 3, np.nan],
        north_nmi=[-1, 0.3, 3, 1],
        course_deg=[180, 0, 180, 0],
        speed_kn=[10, 10, 10, 10],
        own_course_deg=0,
        own_speed_kn=10,
    )
    assert not is_dangerous(found).any()
    assert np.isnan(found.minutes[1])
    assert found.distance_nmi[1] == pytest.approx(0.3)


LINES = np.linspace(0, 20, 41)


def test_over_a_calm_sea_the_way_is_nearly_straight() -> None:
    """At most 2 % longer than the great circle, which the moves of the grid allow."""
    found = cheapest_route(latitude_deg=LINES, longitude_deg=LINES, cost_per_nmi=np.ones((41, 41)), start=(0, 0), goal=(40, 27))
    straight = float(great_circle(0, 0, to_latitude_deg=20, to_longitude_deg=LINES[27]).nmi)
    assert straight <= found.nmi <= 1.02 * straight
    assert found.cost == pytest.approx(found.nmi)


def test_it_goes_around_land_and_through_the_gap() -> None:
    cost = np.ones((41, 41))
    cost[20, :30] = np.nan
    found = cheapest_route(latitude_deg=LINES, longitude_deg=LINES, cost_per_nmi=cost, start=(0, 0), goal=(40, 0))
    assert found.longitude_deg.max() >= LINES[30]
    cost[20, :] = np.nan
    with pytest.raises(ValueError, match="no way"):
        cheapest_route(latitude_deg=LINES, longitude_deg=LINES, cost_per_nmi=cost, start=(0, 0), goal=(40, 0))
    with pytest.raises(ValueError, match="closed"):
        cheapest_route(latitude_deg=LINES, longitude_deg=LINES, cost_per_nmi=cost, start=(20, 0), goal=(40, 0))
    with pytest.raises(ValueError, match="positive"):
        cheapest_route(latitude_deg=LINES, longitude_deg=LINES, cost_per_nmi=0 * cost, start=(0, 0), goal=(40, 0))


def test_it_avoids_a_storm_when_that_costs_more_than_the_detour() -> None:
    cost = np.ones((41, 41))
    cost[12:28, 12:28] = 4.0
    found = cheapest_route(latitude_deg=LINES, longitude_deg=LINES, cost_per_nmi=cost, start=(20, 0), goal=(20, 40))
    inside = (np.abs(found.latitude_deg - 10) < 3.4) & (np.abs(found.longitude_deg - 10) < 3.4)
    assert not inside.any()
    assert found.cost < 1.4 * 20 * 60


def test_on_a_small_grid_no_other_sequence_of_points_is_cheaper() -> None:
    """All simple paths of king's moves on 3 x 3, tried one by one."""
    lines = np.array([0.0, 1, 2])
    cost = np.random.default_rng(3).uniform(1, 5, (3, 3))
    found = cheapest_route(latitude_deg=lines, longitude_deg=lines, cost_per_nmi=cost, start=(0, 0), goal=(2, 2))
    inner = [point for point in itertools.product(range(3), range(3)) if point not in {(0, 0), (2, 2)}]
    best = np.inf
    for count in range(5):
        for middle in itertools.permutations(inner, count):
            path = [(0, 0), *middle, (2, 2)]
            steps = list(itertools.pairwise(path))
            if any(max(abs(a - c), abs(b - d)) > 1 for (a, b), (c, d) in steps):
                continue
            total = 0.0
            for (a, b), (c, d) in steps:
                corners = {(a, b), (c, d), (a, d), (c, b)} if a != c and b != d else {(a, b), (c, d)}
                nmi = float(great_circle(lines[a], lines[b], to_latitude_deg=lines[c], to_longitude_deg=lines[d]).nmi)
                total += float(np.mean([cost[corner] for corner in corners])) * nmi
            best = min(best, total)
    assert found.cost <= best + 1e-9
