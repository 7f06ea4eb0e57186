"""Kinematic frequencies of bearings whose figures were published."""

import pytest

from simulators.machines.motor import Motor
from simulators.physics.rolling_bearing import RollingBearing

PUBLISHED = [
    # (balls, ball and pitch diameter, angle), outer, inner, cage, twice the ball's spin; each a turn of the shaft
    ((9, 7.940, 39.040, 0.0), 3.5848, 5.4152, 0.3983, 4.7135),  # SKF 6205, Case Western Reserve University
    ((8, 0.235, 1.245, 0.0), 3.2450, 4.7550, 0.4056, 5.1091),  # NICE, MFPT challenge
    ((16, 0.331, 2.815, 15.17), 7.0921, 8.9079, 0.4433, 8.3950),  # Rexnord ZA-2115, University of Cincinnati
]


@pytest.mark.parametrize(("geometry", "outer", "inner", "cage", "ball"), PUBLISHED)
def test_the_figures_of_well_known_bearings(
    geometry: tuple[int, float, float, float], outer: float, inner: float, cage: float, ball: float
) -> None:
    bearing = RollingBearing(*geometry)
    assert (bearing.outer, bearing.inner, bearing.cage, bearing.ball) == pytest.approx((outer, inner, cage, ball), abs=1e-4)


@pytest.mark.parametrize("name", Motor.BEARINGS)
def test_all_balls_meet_one_ring_or_the_other(name: str) -> None:
    bearing = Motor.BEARINGS[name]
    assert bearing.outer + bearing.inner == pytest.approx(bearing.balls)
    assert bearing.outer == pytest.approx(bearing.balls * bearing.cage)
