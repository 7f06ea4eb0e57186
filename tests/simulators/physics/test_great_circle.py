"""Ways on the sphere."""

import numpy as np
import pytest

from simulators.physics.great_circle import great_circle, moved


def test_a_degree_of_latitude_is_sixty_miles_and_east_is_ninety_degrees() -> None:
    """On a sphere of 6371.0 km."""
    north_nmi, north = great_circle(np.array([10.0]), np.array([20.0]), np.array([11.0]), np.array([20.0]))
    east_nmi, east = great_circle(np.array([0.0]), np.array([20.0]), np.array([0.0]), np.array([21.0]))
    assert (north_nmi[0], east_nmi[0]) == pytest.approx((60.04, 60.04), abs=0.01)
    assert (north[0], east[0]) == pytest.approx((0.0, 90.0), abs=1e-9)


def test_a_way_that_is_laid_off_is_as_long_as_measured() -> None:
    start = np.array([35.0]), np.array([122.0])
    there = moved(*start, track_deg=np.array([150.0]), nmi=np.array([6.0]))
    nmi, bearing = great_circle(*start, *there)
    assert nmi[0] == pytest.approx(6.0, rel=2e-3)
    assert bearing[0] == pytest.approx(150.0, abs=0.1)
