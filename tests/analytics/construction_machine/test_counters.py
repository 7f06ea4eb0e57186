"""Growth of ISO/TS 15143-3 counters: what is counted, shared over gaps, reset, rolled over and impossible."""

import numpy as np
import pytest

from analytics.construction_machine.counters import Mark, growth

NAN = float("nan")


def test_a_counter_grows_by_its_first_differences() -> None:
    grown = growth(np.array([100.0, 100.0, 100.5, 101.5]), step_seconds=3600, most_per_hour=1.0)
    np.testing.assert_allclose(grown.amount[1:], [0.0, 0.5, 1.0], atol=1e-12)
    assert grown.marks.tolist() == [Mark.UNKNOWN, Mark.COUNTED, Mark.COUNTED, Mark.COUNTED]
    assert grown.total() == pytest.approx(1.5)


def test_growth_over_a_gap_is_shared_evenly_and_marked() -> None:
    grown = growth(np.array([NAN, 10.0, NAN, NAN, 16.0, NAN]), step_seconds=3600)
    np.testing.assert_allclose(grown.amount, [NAN, NAN, 2.0, 2.0, 2.0, NAN])
    assert grown.marks.tolist() == [Mark.UNKNOWN, Mark.UNKNOWN, Mark.GAP, Mark.GAP, Mark.GAP, Mark.UNKNOWN]
    assert grown.known_share() == 0.5


def test_after_a_reset_it_has_grown_by_what_it_shows() -> None:
    grown = growth(np.array([5000.0, 5000.4, 0.3, 0.8]), step_seconds=3600, most_per_hour=1.0)
    assert grown.total() == pytest.approx(0.4 + 0.3 + 0.5)
    assert grown.has(Mark.RESET)
    assert not grown.has(Mark.JUMP)


def test_a_counter_of_known_length_rolls_over() -> None:
    grown = growth(np.array([9_999.0, 9_999.6, 0.2]), step_seconds=3600, most_per_hour=1.0, largest=10_000.0)
    assert grown.total() == pytest.approx(1.2)
    assert grown.marks.tolist() == [Mark.UNKNOWN, Mark.COUNTED, Mark.ROLLED_OVER]
    # The same fall from the middle of its range is none.
    assert growth(np.array([5_000.0, 0.2]), step_seconds=3600, largest=10_000.0).has(Mark.RESET)


def test_more_hours_than_have_passed_are_not_counted() -> None:
    grown = growth(np.array([10.0, 11.0, 4_000.0, 4_001.0]), step_seconds=3600, most_per_hour=1.0)
    assert grown.has(Mark.JUMP)
    assert grown.total() == pytest.approx(2.0)


def test_a_meter_that_is_set_to_another_value_loses_that_step_alone() -> None:
    grown = growth(np.array([4_000.0, 4_001.0, 700.0, 701.0]), step_seconds=3600, most_per_hour=1.0)
    assert grown.marks[2] == Mark.RESET
    assert np.isnan(grown.amount[2])
    assert grown.total() == pytest.approx(2.0)


def test_of_fewer_than_two_values_nothing_is_known() -> None:
    for values in ([], [NAN], [3.0], [NAN, 3.0, NAN]):
        grown = growth(np.array(values, float), step_seconds=60)
        assert np.isnan(grown.amount).all()
        assert np.isnan(grown.total())


@pytest.mark.parametrize("bad", [{"step_seconds": 0.0}, {"most_per_hour": -1.0}, {"largest": 0.0}])
def test_bounds_that_are_not_positive_are_refused(bad: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="positive"):
        growth(np.array([1.0, 2.0]), **({"step_seconds": 60.0} | bad))
