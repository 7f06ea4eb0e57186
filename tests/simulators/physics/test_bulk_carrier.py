"""What holds a bulk carrier back, against published figures."""

import numpy as np
import pytest

from simulators.dice import Array
from simulators.physics.bulk_carrier import BulkCarriers

KNOT = 1852 / 3600


def laden_and_in_ballast() -> BulkCarriers:
    ones = np.ones(2)
    ships = BulkCarriers(laden_draught_m=12 * ones, resistance_share=ones, roughness=0 * ones)
    ships.load(np.array([1.0, 0.0]))
    return ships


def resistance_kn(*, wave_m: float, wind_from_bow_deg: float = 0.0) -> Array:
    """Give the resistance at 6.5 m/s without wind, in waves from where it would come."""
    ones = np.ones(2)
    return laden_and_in_ballast().resistance_kn(
        6.5 * ones, growth=0 * ones, wind_m_per_s=0 * ones, wind_from_bow_deg=wind_from_bow_deg * ones, wave_m=wave_m * ones
    )


def test_ballast_and_cargo_set_the_draught() -> None:
    assert laden_and_in_ballast().draught_m(np.array([1.0, 0.0])) == pytest.approx([12.0, 6.3])


def test_power_in_still_water_grows_with_the_third_to_fourth_power_of_speed() -> None:
    """MAN, Basic Principles of Ship Propulsion: about 3.2 for slow ships such as bulk carriers, up to 4 for fast ones."""
    hull = laden_and_in_ballast().hull
    speeds = np.linspace(10, 14.5, 10)[:, None] * KNOT
    power = hull.calm_water_kn(speeds) * speeds
    for ship in range(2):
        exponent = np.polyfit(np.log(speeds[:, 0]), np.log(power[:, ship]), 1)[0]
        assert 3.0 < exponent < 4.0


def test_a_sea_from_ahead_holds_a_ship_back_and_one_from_astern_does_not() -> None:
    calm, in_waves = (resistance_kn(wave_m=wave_m) for wave_m in (0.0, 4.0))
    assert np.all((in_waves / calm > 1.3) & (in_waves / calm < 2.0))
    # 1025 x 9.81 x 16 x 32.26 x (32.26 / 25)^0.5 / 16 = 368 kN, ISO 15016:2015, D.2
    assert in_waves - calm == pytest.approx([368, 368], abs=1)
    assert resistance_kn(wave_m=4.0, wind_from_bow_deg=180.0) == pytest.approx(calm)
