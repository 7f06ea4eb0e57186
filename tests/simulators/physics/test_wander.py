"""Random walks that come back to their middle."""

import numpy as np
import pytest

from simulators.physics.wander import wander


@pytest.mark.parametrize("seconds", [1.0, 30.0, 400.0])
def test_a_walk_keeps_its_spread_and_forgets_with_its_time_constant_at_any_step(seconds: float) -> None:
    dice = np.random.default_rng(1)
    before = dice.standard_normal(40_000)
    after = before
    for _ in range(3):
        after = wander(after, dice.standard_normal(40_000), seconds, 100.0)
    assert after.std() == pytest.approx(1, abs=0.02)
    assert np.corrcoef(before, after)[0, 1] == pytest.approx(np.exp(-3 * seconds / 100), abs=0.02)
