"""Free hours against sums by hand, and promised against delivered hours."""

import numpy as np
import pytest

from analytics.cnc_machine.capacity import free_hours, remaining_hours
from analytics.cnc_machine.free_capacity import Parameters, evaluate
from analytics.result import Figure, NotEvaluated, Why
from analytics.window import FloatArray, Window

WEEK = np.arange(7.0)


def test_a_machine_that_always_runs_three_quarters_has_no_band() -> None:
    # 7 d x 24 h x 0.75 - 26 h = 100 h, whatever is drawn.
    found = free_hours(np.full(28, 0.75), np.tile(WEEK, 4), coming_weekdays=WEEK, committed_hours=26.0)
    assert found.median[-1] == pytest.approx(100.0)
    assert found.lowest[-1] == pytest.approx(found.highest[-1])


def test_maintenance_takes_its_share_of_the_calendar() -> None:
    found = free_hours(np.full(28, 0.5), np.tile(WEEK, 4), coming_weekdays=WEEK, committed_hours=0.0, maintenance_hours=16.8)
    assert found.median[-1] == pytest.approx(0.9 * 84.0)


def test_sundays_are_drawn_from_sundays() -> None:
    shares = np.where(np.tile(WEEK, 4) == 6, 0.0, 0.5)
    found = free_hours(shares, np.tile(WEEK, 4), coming_weekdays=np.array([5.0, 6.0, 0.0]), committed_hours=0.0)
    assert found.median == pytest.approx([12.0, 12.0, 24.0])


def test_more_is_promised_than_can_be_given_leaves_nothing() -> None:
    found = free_hours(np.full(14, 0.5), np.tile(WEEK, 2), coming_weekdays=WEEK, committed_hours=500.0)
    assert found.highest[-1] == 0.0


def test_shares_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        free_hours(np.array([1.2]), np.array([0.0]), coming_weekdays=WEEK, committed_hours=0.0)


def test_a_job_that_is_done_takes_nothing() -> None:
    assert remaining_hours(planned_parts=20, made_parts=5, hours_a_part=0.1) == pytest.approx(1.5)
    assert remaining_hours(planned_parts=20, made_parts=25, hours_a_part=0.1) == 0.0


def test_four_promises_of_five_are_kept() -> None:
    # Backtest on machines whose days are independent: the band P10 to P90 holds 80 % of the weeks; 400 weeks, 3 deviations = 6 %.
    dice = np.random.default_rng(5)
    held = 0
    for _ in range(400):
        days = np.clip(dice.normal(0.7, 0.08, 35), 0, 1)
        found = free_hours(days[:28], np.tile(WEEK, 4), coming_weekdays=WEEK, committed_hours=0.0)
        held += bool(found.lowest[-1] <= 24 * days[28:].sum() <= found.highest[-1])
    assert held / 400 == pytest.approx(0.8, abs=0.06)


def hourly(days: int, *, share: float = 0.75, **others: FloatArray) -> Window:
    hours = days * 24 + 1
    values = {
        "operating_time": 1e6 + np.arange(hours) * 3600.0 * share,
        "part_count_total": 1000.0 + np.floor(np.arange(hours) * share * 10),
        "part_count_job": np.full(hours, 8.0),
        "part_count_target": np.full(hours, 28.0),
        **others,
    }
    return Window(kind="cnc_machine", start_us=0, step_seconds=3600.0, values=values)


def figures(window: Window) -> dict[str, Figure]:
    return {figure.name: figure for figure in evaluate(window, Parameters()).figures}


def test_the_coming_week_of_a_steady_machine() -> None:
    # 0.75 x 168 h = 126 h; the job still asks 20 parts at 10 an hour of execution: 2 h.
    found = figures(hourly(28))
    assert found["deliverable_hours"].value == pytest.approx(126.0)
    assert found["committed_hours"].value == pytest.approx(2.0, rel=0.01)
    assert found["free_hours"].value == pytest.approx(124.0, rel=0.001)


def test_a_counter_that_begins_anew_costs_no_day() -> None:
    window = hourly(28)
    counter = window["operating_time"].copy()
    counter[300:] -= counter[299]
    found = figures(hourly(28, operating_time=counter))
    assert found["free_hours"].value == pytest.approx(124.0, rel=0.01)


def test_without_a_job_there_are_no_free_hours_but_those_that_can_be_delivered() -> None:
    found = figures(hourly(28, part_count_job=np.full(28 * 24 + 1, np.nan)))
    assert found["free_hours"].value is None
    assert found["free_hours"].reason.startswith(Why.MISSING_INPUT)
    assert found["deliverable_hours"].value == pytest.approx(126.0)


def test_a_week_is_too_little_to_promise_by() -> None:
    with pytest.raises(NotEvaluated, match="7 d"):
        evaluate(hourly(7), Parameters())


def test_the_fan_covers_the_coming_week() -> None:
    picture = evaluate(hourly(28), Parameters()).pictures[0]
    assert picture["form"] == "fan"
    assert len(picture["median"]) == 7
