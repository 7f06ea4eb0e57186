"""The hull's resistance against a published example."""

import numpy as np
import pytest

from simulators.physics.hull import Hull

KNOT = 1852 / 3600


def example_of_1982() -> Hull:
    return Hull(
        length=205,
        beam=32,
        draught=10,
        displacement_m3=37_500,
        buoyancy_centre_percent=-0.75,
        midship_coefficient=0.98,
        waterplane_coefficient=0.75,
        transom_m2=16,
        bulb_m2=20,
        bulb_height=4,
        appendages_m2=50,
        stern_coefficient=10,
        wetted_m2=7381.45,
    )


def test_the_resistance_of_holtrops_and_mennens_example_comes_out_within_a_tenth_of_a_percent() -> None:
    """International Shipbuilding Progress 29 (1982), p. 169: 25 knots; friction 869.63 kN times 1 + k1 = 1.156."""
    hull, speed = example_of_1982(), np.array([25 * KNOT])
    assert hull.prismatic == pytest.approx(0.5833, abs=5e-5)
    assert hull.run_length == pytest.approx(81.385, abs=0.001)
    assert hull.form_factor == pytest.approx(1.156, abs=0.0005)
    published = {
        "friction": 869.63 * 1.156,
        "appendages": 8.83,
        "waves": 557.11,
        "bulb": 0.049,
        "transom": 0.0,
        "allowance": 221.98,
    }
    for name, part in hull.calm_water_parts_kn(speed).items():
        assert part[0] == pytest.approx(published[name], rel=2e-3, abs=1e-3), name
    assert hull.calm_water_kn(speed)[0] == pytest.approx(1793.26, rel=1e-3)
