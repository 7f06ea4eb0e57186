"""What is known at an issue, by the clock of the plant, and that nothing else is read."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from analytics.power_forecast import driver_curve
from analytics.power_forecast.features import LOOKS_AHEAD, known_until, matrix
from analytics.power_forecast.frame import STEPS_A_DAY, Frame, Indices, local_days
from analytics.result import NotEvaluated

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")


def empty(start: datetime, rows: int) -> Frame:
    nothing = np.full(rows, np.nan)
    return Frame(
        start_us=int(start.timestamp()) * 1_000_000,
        power_kw=nothing,
        measured=nothing,
        weather={"wind_speed": nothing},
        capacity_kw=1.0,
    )


def issued(frame: Frame, known: Indices, row: int, zone: ZoneInfo) -> datetime:
    """When the last row that is known for a target ends."""
    return datetime.fromtimestamp(frame.start_us / 1e6 + 900 * int(known[row]), zone)


def test_the_next_day_is_issued_at_nine_for_all_of_its_quarters_and_not_before_midnight_for_the_day_after() -> None:
    frame = empty(datetime(2026, 3, 1, tzinfo=SHANGHAI), 4 * STEPS_A_DAY)
    known = known_until(frame, SHANGHAI, issue_hour=9)
    assert (known[:STEPS_A_DAY] == 0).all()
    assert (known[STEPS_A_DAY : 2 * STEPS_A_DAY] == 36).all()
    assert (known[2 * STEPS_A_DAY : 3 * STEPS_A_DAY] == STEPS_A_DAY + 36).all()


def test_a_frame_that_begins_within_a_day_and_is_in_another_zone_counts_by_local_days() -> None:
    """14:30 in Shanghai is 06:30 UTC: the plant's midnight is at row 38, that of Greenwich at row 70."""
    frame = empty(datetime(2026, 3, 1, 14, 30, tzinfo=SHANGHAI), 3 * STEPS_A_DAY)
    assert known_until(frame, SHANGHAI, issue_hour=9)[37:39].tolist() == [0, 0]
    assert known_until(frame, SHANGHAI, issue_hour=15)[37:39].tolist() == [0, 2]
    greenwich = known_until(frame, ZoneInfo("UTC"), issue_hour=9)
    assert greenwich[69:71].tolist() == [0, 10]


def test_an_issue_within_a_quarter_does_not_know_that_quarter() -> None:
    frame = empty(datetime(2026, 3, 1, tzinfo=SHANGHAI), 2 * STEPS_A_DAY)
    assert known_until(frame, SHANGHAI, issue_hour=9.2)[-1] == 36


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_where_clocks_change_every_issue_is_still_at_nine_by_the_clock(day: str) -> None:
    """Berlin's days of 92 and 100 quarters; counting 96 each would know an hour too much, or too little, from then on."""
    change = datetime.fromisoformat(day).replace(tzinfo=BERLIN)
    frame = empty(change - timedelta(days=2), 6 * STEPS_A_DAY)
    known = known_until(frame, BERLIN, issue_hour=9)
    days, hours = frame.local(BERLIN)
    for row in np.flatnonzero(known > 0).tolist():
        at = issued(frame, known, row, BERLIN)
        target = datetime.fromtimestamp(frame.times_us[row] / 1e6, BERLIN)
        assert (at.hour, at.minute) == (9, 0)
        assert target.date() - at.date() == timedelta(days=1)
        assert hours[row] == target.hour + target.minute / 60
    assert sorted({int((days == one).sum()) for one in np.unique(days)[1:-1]}) == sorted({96, 92 if day < "2026-06" else 100})


def test_local_days_hold_for_zones_that_are_off_by_quarters_of_an_hour() -> None:
    days, hours = local_days(np.array([0, 18 * 3600 + 900], np.int64) * 1_000_000, ZoneInfo("Asia/Kathmandu"))
    assert hours.tolist() == [5.5, 23.75]  # +05:30 in 1970
    assert days.tolist() == [0, 0]


@pytest.mark.parametrize("horizon", ["day_ahead", "ultra_short"])
def test_no_feature_of_a_target_reads_power_or_wind_measured_after_its_issue(wind: Frame, horizon: str) -> None:
    frame = wind.until(12 * STEPS_A_DAY)
    curve = driver_curve.learn(frame)
    issue = 8 * STEPS_A_DAY + 36
    rows = np.arange(9 * STEPS_A_DAY, 10 * STEPS_A_DAY) if horizon == "day_ahead" else np.arange(issue, issue + 16)
    known = known_until(frame, SHANGHAI, issue_hour=9)[rows] if horizon == "day_ahead" else np.full(16, issue)
    assert (known == issue).all()
    before = matrix(frame, curve, rows, known, horizon=horizon, zone=SHANGHAI)
    late = np.arange(len(frame)) >= issue
    changed = replace(frame, power_kw=np.where(late, 1e6, frame.power_kw), measured=np.where(late, np.nan, frame.measured))
    np.testing.assert_array_equal(matrix(changed, curve, rows, known, horizon=horizon, zone=SHANGHAI), before)
    touched = replace(frame, power_kw=np.where(np.arange(len(frame)) == issue - 1, 1e6, frame.power_kw))
    assert not np.array_equal(matrix(touched, curve, rows, known, horizon=horizon, zone=SHANGHAI), before, equal_nan=True)


def test_weather_is_read_no_further_ahead_than_is_said(wind: Frame) -> None:
    frame = wind.until(12 * STEPS_A_DAY)
    curve = driver_curve.learn(frame)
    rows, known = np.array([500]), np.array([400])

    def after_change_at(row: int) -> bool:
        weather = {name: np.where(np.arange(len(frame)) >= row, 5.0, column) for name, column in frame.weather.items()}
        changed = matrix(replace(frame, weather=weather), curve, rows, known, horizon="day_ahead", zone=SHANGHAI)
        return not np.array_equal(changed, matrix(frame, curve, rows, known, horizon="day_ahead", zone=SHANGHAI), equal_nan=True)

    assert after_change_at(500 + LOOKS_AHEAD)
    assert not after_change_at(500 + LOOKS_AHEAD + 1)


def test_the_floor_is_the_mean_of_each_bin_and_the_nearest_one_beyond_them(wind_of: Callable[..., Frame]) -> None:
    """Bins of 1 m/s centred on whole numbers: 10 rows each of 100 and 300 kW at 5 m/s, 400 at 6 m/s; 7 m/s has too few rows."""
    speed = np.r_[np.full(20, 5.2), np.full(10, 6.4), np.full(4, 7.0), [np.nan]]
    frame = Frame(
        start_us=0,
        power_kw=np.r_[np.full(10, 100.0), np.full(10, 300.0), np.full(10, 400.0), np.full(4, 900.0), [1.0]],
        measured=speed,
        weather={"wind_speed": speed},
        capacity_kw=1000.0,
    )
    curve = driver_curve.learn(frame)
    found = driver_curve.power(curve, np.array([4.6, 0.0, 5.7, 30.0, np.nan]))
    np.testing.assert_allclose(found, [200, 200, 400, 400, np.nan])
    with pytest.raises(NotEvaluated, match="20 rows"):
        driver_curve.learn(frame.until(20))
    assert len(wind_of(2, days=1)) == STEPS_A_DAY


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"capacity_kw": 0.0}, "capacity"),
        ({"driver": "waves"}, "no weather fields: waves; known: wind_speed"),
        ({"measured": np.zeros(3)}, r"columns of \[3, 96\] rows"),
        ({"weather": {"pressure_pa": np.zeros(96)}}, "pressure_pa"),
    ],
)
def test_a_frame_that_cannot_be_is_refused(wrong: dict[str, object], message: str) -> None:
    frame = empty(datetime(2026, 3, 1, tzinfo=SHANGHAI), STEPS_A_DAY)
    with pytest.raises(ValueError, match=message):
        replace(frame, **wrong)  # type: ignore[arg-type]
