"""Air and wind against the standards."""

from datetime import datetime, timedelta

import numpy as np
import pytest

from simulators.dice import Dice
from simulators.fleet import JINAN
from simulators.physics.wind import Wind, air_density


@pytest.mark.parametrize(
    ("kelvin", "pascal", "humidity", "expected"),
    [(288.15, 101325, 0, 1.225012), (288.15, 101325, 50, 1.221231), (303.15, 95000, 60, 1.080584)],
)
def test_air_is_as_dense_as_the_standard_says(kelvin: float, pascal: float, humidity: float, expected: float) -> None:
    """IEC 61400-12-1, the equation for moist air, worked out by hand."""
    found = air_density(np.array([kelvin - 273.15]), np.array([pascal / 1000]), np.array([float(humidity)]))
    assert found[0] == pytest.approx(expected, abs=1e-6)


def test_wind_is_rayleigh_distributed_and_as_turbulent_as_the_normal_model() -> None:
    """Rayleigh: the mean is sqrt(π) / 2 of the scale, 6.7 m/s here, and the deviation 0.52 of the mean; IEC 61400-1."""
    now = datetime(2026, 4, 1, tzinfo=JINAN)
    wind = Wind(Dice(range(400)), now)
    seen = []
    for hours in range(40, 400, 40):
        wind.step(now + timedelta(hours=hours), 40 * 3600.0)
        seen.append(wind.mean_mps)
    mean_mps = np.mean(seen)
    assert mean_mps == pytest.approx(7.6 * np.sqrt(np.pi) / 2, rel=0.12)
    assert np.std(seen) / mean_mps == pytest.approx(0.52, abs=0.06)
    assert wind.deviation_mps / wind.turbulence_reference == pytest.approx(0.75 * wind.mean_mps + 5.6)
