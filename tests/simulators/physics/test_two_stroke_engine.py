"""The two-stroke engine against the published curve of its fuel."""

import numpy as np
import pytest

from simulators.physics.two_stroke_engine import fuel_factor


@pytest.mark.parametrize(("load", "factor"), [(0.25, 1.13094), (0.5, 1.03875), (0.75, 1.00344), (1.0, 1.025)])
def test_specific_consumption_follows_jalkanen(load: float, factor: float) -> None:
    assert fuel_factor(np.array([load]))[0] == pytest.approx(factor, abs=1e-5)
