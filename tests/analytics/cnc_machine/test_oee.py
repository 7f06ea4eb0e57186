"""OEE, reliability and override loss against worked examples."""

import numpy as np
import pytest

from analytics.cnc_machine.oee import oee, override_loss_seconds, reliability, setup_ratio
from analytics.cnc_machine.states import ItemState, spans


def test_oee_of_the_worked_example() -> None:
    # Reference 0.1: 480 min planned, 420 run, ideal 1 min, 400 parts, 380 good: .8750 x .9524 x .9500 = .7917.
    found = oee(planned_seconds=28_800, run_seconds=25_200, ideal_seconds_a_part=60, parts=400, good_parts=380)
    assert found.availability == 0.875
    assert found.effectiveness == pytest.approx(400 / 420, abs=1e-12)
    assert found.quality == 0.95
    assert found.product == pytest.approx(380 / 480, abs=1e-12)
    assert round(found.product, 4) == 0.7917


def test_time_that_does_not_pass_has_no_oee() -> None:
    with pytest.raises(ValueError, match="positive"):
        oee(planned_seconds=0, run_seconds=1, ideal_seconds_a_part=1, parts=1, good_parts=1)
    with pytest.raises(ValueError, match="good"):
        oee(planned_seconds=1, run_seconds=1, ideal_seconds_a_part=1, parts=1, good_parts=2)


def test_two_failures_in_ten_hours_of_execution() -> None:
    hour = 3600.0
    states = np.array([ItemState.EXECUTING, ItemState.OUT_OF_SERVICE] * 2 + [ItemState.EXECUTING])
    found = reliability(spans(np.array([0, 4, 4.5, 8, 9.5]) * hour, states, end_seconds=12 * hour))
    assert found.failures == 2
    assert found.hours_between_failures == pytest.approx((4 + 3.5 + 2.5) / 2)
    assert found.hours_to_restore == pytest.approx((0.5 + 1.5) / 2)


def test_no_failure_gives_no_number() -> None:
    found = reliability(spans(np.array([0.0]), np.array([ItemState.EXECUTING]), end_seconds=10.0))
    assert found.failures == 0
    assert np.isnan(found.hours_between_failures)


def test_an_hour_at_eighty_percent_loses_twelve_minutes() -> None:
    # 48 min at 100 % take 60 min at 80 %.
    assert override_loss_seconds(executing_seconds=np.array([3600.0]), override_percent=np.array([80.0])) == pytest.approx(720)
    one = np.array([10.0, 10.0, np.nan])
    assert override_loss_seconds(executing_seconds=one, override_percent=np.array([100.0, 110.0, 50.0])) == pytest.approx(-1.0)


def test_setup_ratio() -> None:
    assert setup_ratio(setup_seconds=30, busy_seconds=300) == 0.1
    with pytest.raises(ValueError, match="busy"):
        setup_ratio(setup_seconds=0, busy_seconds=0)
