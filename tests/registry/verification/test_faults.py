"""Each way in which a migration goes wrong is recognised by its name."""

import numpy as np
import pytest

from registry.verification.faults import Rows, differences, recognise, swapped

HOUR_US = 3_600_000_000
START_US = 1_764_000_000_000_000 // HOUR_US * HOUR_US
DAY_US = 24 * HOUR_US
RANDOM = np.random.default_rng(9)
STEP_US = 60_000_000


def day(shift_us: int = 0) -> Rows:
    times = START_US + np.arange(DAY_US // STEP_US) * STEP_US
    return Rows(times + shift_us, np.float32(50 + RANDOM.normal(size=len(times)).cumsum()).astype(float))


SOURCE = day()


def name(target: Rows, *, tolerance: float = 0.0, source: Rows = SOURCE) -> tuple[str, dict[str, float | str]]:
    fault = recognise(source, target, start_us=START_US, end_us=START_US + DAY_US, tolerance=tolerance)
    return fault.name, dict(fault.figures)


@pytest.mark.parametrize("hours", [8, -8, 1, -5, 5.75])
def test_jinan_3_7_a_time_zone_shift_is_recognised_with_its_hours(hours: float) -> None:
    target = Rows(SOURCE.times_us + round(hours * HOUR_US), SOURCE.values)
    assert name(target) == ("time_zone_shift", {"hours": hours})


def test_jinan_3_7_duplicates_are_recognised_with_their_number() -> None:
    order = np.sort(np.concatenate([np.arange(len(SOURCE.times_us)), [3, 100, 100]]))
    assert name(Rows(SOURCE.times_us[order], SOURCE.values[order])) == ("duplicates", {"rows": 3})


@pytest.mark.parametrize(("factor", "offset"), [(0.1, 0), (1000, 0), (1, 273.15), (1.8, 32), (-1, 0)])
def test_jinan_3_7_another_unit_or_register_scale_is_recognised_with_its_factor(factor: float, offset: float) -> None:
    told = name(Rows(SOURCE.times_us, SOURCE.values * factor + offset))
    assert told[0] == "unit_scaling"
    assert told[1]["factor"] == pytest.approx(factor, rel=1e-5)
    assert told[1]["offset"] == pytest.approx(offset, rel=1e-4)


def test_jinan_3_7_a_missing_hour_is_recognised_as_one() -> None:
    kept = (SOURCE.times_us < START_US + 5 * HOUR_US) | (SOURCE.times_us >= START_US + 6 * HOUR_US)
    fault, figures = name(Rows(SOURCE.times_us[kept], SOURCE.values[kept]))
    assert (fault, figures["hours"], figures["rows"]) == ("missing_hour", 1, 60)
    assert figures["first_us"] == str(START_US + 5 * HOUR_US)


def test_jinan_3_7_late_rows_that_were_not_copied_are_recognised() -> None:
    kept = np.ones(len(SOURCE.times_us), bool)
    kept[[5, 6, 7, 300]] = False
    assert name(Rows(SOURCE.times_us[kept], SOURCE.values[kept])) == ("late_rows", {"rows": 4})


def test_jinan_3_7_swapped_columns_are_recognised_by_their_digests() -> None:
    assert swapped({"a": "1", "b": "2", "c": "3"}, {"a": "2", "b": "1", "c": "3"}) == [("a", "b")]
    assert swapped({"a": "1", "b": "2"}, {"a": "2", "b": "3"}) == []


def test_values_that_were_changed_lost_or_added_are_told_apart() -> None:
    changed = SOURCE.values.copy()
    changed[7] += 1
    assert name(Rows(SOURCE.times_us, changed)) == ("different_values", {"rows": 1, "of": 1440})
    lost = SOURCE.values.copy()
    lost[:4] = np.nan
    assert name(Rows(SOURCE.times_us, lost)) == ("values_missing", {"rows": 4, "surplus": 0})
    more = Rows(np.append(SOURCE.times_us, SOURCE.times_us[-1] + 7), np.append(SOURCE.values, 1.0))
    assert name(more) == ("extra_rows", {"rows": 1, "missing": 0})
    both = changed[1:]
    assert name(Rows(SOURCE.times_us[1:], both))[0] == "different_rows"


def test_a_tolerance_forgives_what_is_within_it_and_nothing_else() -> None:
    near = Rows(SOURCE.times_us, SOURCE.values * (1 + 1e-9 * RANDOM.normal(size=len(SOURCE.values))))
    assert name(near, tolerance=1e-6)[0] == "within_tolerance"
    far = near.values.copy()
    far[10] *= 1.01
    assert name(Rows(SOURCE.times_us, far), tolerance=1e-6) == ("different_values", {"rows": 1, "of": 1440})


def test_a_state_that_never_changes_is_not_taken_for_a_shift() -> None:
    constant = Rows(SOURCE.times_us, np.full(len(SOURCE.values), 3.0))
    gone = Rows(constant.times_us[100:], constant.values[100:])
    assert name(gone, source=constant)[0] == "late_rows"


def test_the_first_differing_rows_are_given_side_by_side() -> None:
    target = Rows(np.array([0, 1, 1, 3]), np.array([1.0, 2.0, 2.0, 9.0]))
    source = Rows(np.array([0, 1, 2, 3]), np.array([1.0, 2.0, 3.0, 4.0]))
    found = differences(source, target, tolerance=0, most=10)
    assert [tuple(one) for one in found] == [(1, None, 2.0), (2, 3.0, None), (3, 4.0, 9.0)]
    assert len(differences(source, target, tolerance=0, most=2)) == 2
