"""A screw compressor's work, held against the law of an ideal gas."""

import numpy as np
import pytest

from simulators.physics.screw_compressor import isentropic_work


@pytest.mark.parametrize(("pressure_mpa", "kw"), [(0.7, 4.733), (0.8, 5.095), (1.0, 5.740)])
def test_isentropic_work_is_that_of_an_ideal_gas(pressure_mpa: float, kw: float) -> None:
    # p1 k/(k-1) ((p2/p1)^((k-1)/k) - 1) with k = 1.4 and p1 = 0.1 MPa, by hand.
    found = isentropic_work(np.array([100.0]), np.array([100.0 + 1000 * pressure_mpa]))
    assert found[0] == pytest.approx(kw, abs=0.001)
