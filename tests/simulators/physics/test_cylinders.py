"""Cylinders that pull alike cancel in the half order, and one that does not is left over."""

import numpy as np
import pytest

from simulators.physics.cylinders import compression_bar, half_order_ripple_rpm


def test_six_equal_cylinders_make_no_half_order_ripple_and_a_dead_one_does() -> None:
    equal = np.full((1, 6), 90.0)
    dead = equal.copy()
    dead[0, 2] = 0.0
    assert half_order_ripple_rpm(equal)[0] == pytest.approx(0, abs=1e-9)
    assert half_order_ripple_rpm(dead)[0] == pytest.approx(0.04 * 90)


def test_air_of_one_bar_is_compressed_to_about_forty() -> None:
    # p V^n: 15^1.35 = 38.7
    assert compression_bar(np.array([100.0]), tightness=np.ones((1, 6)))[0] == pytest.approx([38.7] * 6, abs=0.1)
