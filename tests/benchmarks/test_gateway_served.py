"""The judge of the gateway's benches finds what is planted among rows, and nothing else."""

import numpy as np
import numpy.typing as npt
import pytest

from benchmarks import gateway_site
from benchmarks.gateway_responder import Polls
from benchmarks.gateway_served import Stored, Verdict, judge, missed_polls, out_of_order

DEVICES, POLLS, SECOND = 3, 10, 1_000_000
BEGIN_US = 1_795_132_800_000_000
COLUMNS = len(gateway_site.own_to_kind())
OWN = gateway_site.POINTS - COLUMNS


def polls() -> Polls:
    """Ten polls of three devices, a second apart."""
    numbers = np.repeat(np.arange(1, POLLS + 1), DEVICES)
    devices = np.tile(np.arange(DEVICES, dtype=np.int32), POLLS)
    return Polls(BEGIN_US + numbers * SECOND + devices, devices, numbers)


def stored(rows: list[int]) -> Stored:
    """Give rows of these polls, read 20 ms before they were served and committed half a second later."""
    served = polls()
    first = ((served.numbers * DEVICES + served.devices) * 32)[rows].astype(np.float64)
    machines, times_us = served.devices[rows], served.times_us[rows] - 20_000
    return Stored(
        machines,
        times_us,
        times_us + 500_000,
        first[:, None] + np.arange(COLUMNS, dtype=np.float64),
        np.repeat(machines, OWN),
        np.repeat(times_us, OWN),
        np.tile(np.arange(COLUMNS, gateway_site.POINTS, dtype=np.int32), len(rows)),
        (first[:, None] + np.arange(COLUMNS, gateway_site.POINTS, dtype=np.float64)).ravel(),
    )


def only(served: Polls, places: npt.NDArray[np.int64]) -> Polls:
    return Polls(served.times_us[places], served.devices[places], served.numbers[places])


def verdict_on(found: Stored, *, excused_from_us: int = BEGIN_US + 1000 * SECOND) -> Verdict:
    return judge(polls(), found, devices=DEVICES, excused_from_us=excused_from_us)


def faults(found: Stored) -> tuple[int, int, int, int, int]:
    verdict = verdict_on(found)
    assert verdict.agrees == (not any((verdict.missing, verdict.double, verdict.wrong, verdict.mistimed, verdict.other_faults)))
    return verdict.missing, verdict.double, verdict.wrong, verdict.mistimed, verdict.other_faults


EVERY = list(range(DEVICES * POLLS))


def test_what_was_served_and_stored_agrees() -> None:
    assert faults(stored(EVERY[::-1])) == (0, 0, 0, 0, 0)


def test_a_poll_without_a_row_is_missing_unless_its_gateway_was_gone() -> None:
    without = stored(EVERY[:-2])
    assert faults(without) == (2, 0, 0, 0, 0)
    late = verdict_on(without, excused_from_us=BEGIN_US + POLLS * SECOND)
    assert (late.missing, late.excused) == (0, 2)


def test_a_second_row_of_a_poll_is_double() -> None:
    assert verdict_on(stored([*EVERY, 4])).double == 1


def test_a_changed_value_is_wrong_and_its_poll_missing() -> None:
    found = stored(EVERY)
    found.values[7, 3] += 1
    verdict = verdict_on(found)
    assert (verdict.missing, verdict.wrong) == (1, 1)


def test_a_row_of_another_device_is_wrong() -> None:
    found = stored(EVERY)
    found.machines[7] = (found.machines[7] + 1) % DEVICES
    assert verdict_on(found).wrong == 1


def test_a_row_without_values_is_no_poll_and_not_wrong() -> None:
    found = stored(EVERY)
    found.values[7] = np.nan
    verdict = verdict_on(found)
    assert (verdict.bad_rows, verdict.missing, verdict.wrong) == (1, 1, 0)


def test_a_row_at_another_time_is_seen() -> None:
    found = stored(EVERY)
    found.times_us[7] += 3 * SECOND
    assert verdict_on(found).mistimed == 1


@pytest.mark.skipif(OWN == 0, reason="the kind holds all points")
def test_values_beside_the_table_of_the_kind_are_judged_too() -> None:
    found = stored(EVERY)
    found.other_values[5] += 1
    assert faults(found) == (0, 0, 0, 0, 1)
    two_less = found._replace(
        other_machines=found.other_machines[:-2],
        other_times_us=found.other_times_us[:-2],
        other_points=found.other_points[:-2],
        other_values=found.other_values[:-2],
    )
    assert faults(two_less) == (0, 0, 0, 0, 3)


def test_a_poll_per_period_misses_none_however_late_in_its_period() -> None:
    jitter = np.random.default_rng(1).uniform(0, 0.4 * SECOND, DEVICES * POLLS).astype(np.int64)
    served = polls()
    late = served._replace(times_us=served.times_us + jitter)
    assert missed_polls(late, begin_us=BEGIN_US, end_us=BEGIN_US + 11 * SECOND, devices=DEVICES, period_seconds=1.0) == 0


def test_polls_that_did_not_come_are_missed_at_the_start_within_and_at_the_end() -> None:
    served = polls()
    for gone in ([0], [1, 2], [7], [DEVICES * POLLS - 1]):
        left = [index for index in EVERY if index not in {3 * n for n in gone}]
        fewer = only(served, np.array(left))
        missed = missed_polls(fewer, begin_us=BEGIN_US, end_us=BEGIN_US + 11 * SECOND, devices=DEVICES, period_seconds=1.0)
        assert missed == len([n for n in gone if n < POLLS]), gone


def test_a_device_that_is_never_polled_misses_all() -> None:
    served = polls()
    some = only(served, np.flatnonzero(served.devices != 1))
    missed = missed_polls(some, begin_us=BEGIN_US, end_us=BEGIN_US + 10 * SECOND, devices=DEVICES, period_seconds=1.0)
    assert missed >= POLLS - 1


def order_of(*rows: tuple[int, int]) -> int:
    """Count what is out of order among rows of one machine, each with the times of its reading and of its commit."""
    times, commits = np.array(rows, np.int64).T
    return out_of_order(np.zeros(len(rows), np.int32), times, commits)


def test_live_rows_between_those_of_a_backlog_are_in_order() -> None:
    # Read at 1 to 4 while nothing could be committed, and at 10 to 12 while that was made up for.
    assert order_of((10, 20), (1, 21), (2, 21), (11, 22), (3, 23), (4, 24), (12, 25)) == 0


def test_a_row_that_overtakes_in_its_own_stream_is_seen() -> None:
    assert order_of((10, 20), (1, 21), (3, 22), (2, 23), (11, 24)) == 1


def test_machines_have_orders_of_their_own() -> None:
    machines = np.array([0, 1, 0, 1], np.int32)
    assert out_of_order(machines, np.array([5, 1, 6, 2]), np.array([1, 2, 3, 4])) == 0
