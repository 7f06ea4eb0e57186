"""A nacelle follows the wind and comes back when its cable is twisted."""

import numpy as np
import pytest

from simulators.physics.yaw_drive import DEAD_BAND_DEG, YawDrive

YES, NO = np.ones(1, dtype=bool), np.zeros(1, dtype=bool)


def test_a_nacelle_turns_into_a_wind_beyond_its_dead_band_and_leaves_a_small_error_alone() -> None:
    for wind_deg, expected in ((DEAD_BAND_DEG - 1, 0.0), (40.0, 40.0)):
        yaw = YawDrive(np.zeros(1), np.zeros(1))
        for _ in range(120):
            yaw.step(10.0, seen_deg=np.full(1, wind_deg), may_follow=YES, untwists=NO)
        assert yaw.nacelle_deg[0] == pytest.approx(expected, abs=0.0 if expected == 0 else DEAD_BAND_DEG)
        assert yaw.twist_deg == pytest.approx(yaw.nacelle_deg)


def test_a_twisted_cable_is_untwisted_to_the_end_and_earlier_in_a_calm() -> None:
    yaw = YawDrive(np.zeros(1), np.full(1, 500.0))
    assert not yaw.needs_untwisting(is_untwisting=NO, is_calm=NO)
    assert yaw.needs_untwisting(is_untwisting=NO, is_calm=YES)
    seconds = 0
    while yaw.needs_untwisting(is_untwisting=YES, is_calm=YES):
        yaw.step(10.0, seen_deg=np.zeros(1), may_follow=YES, untwists=YES)
        seconds += 10
    assert seconds == pytest.approx(490 / 0.3, abs=10)
