"""Service by hours: whose turn it is, the days until then against a simulation, and shortening of at most 30 %."""

import numpy as np
import pytest

from analytics.construction_machine import construction_service
from analytics.construction_machine.service import hard_share, next_service, pace, shortening
from analytics.result import Figure, NotEvaluated
from analytics.spec import NoParameters
from analytics.window import FloatArray, Window
from tests.analytics.construction_machine.machine import HOURS_A_DAY, START_US

NONE = NoParameters()


def hourly(hours_by_day: FloatArray, *, first_hours: float = 1_234.0, rated: dict[str, float] | None = None) -> Window:
    """Give hourly readings of a machine that works from 8 on each day."""
    n = 24 * len(hours_by_day)
    day, clock = np.divmod(np.arange(n), 24)
    run = np.clip(hours_by_day[day] - (clock - 8), 0, 1) * (clock >= 8)
    values = {
        "engine_hours": first_hours + np.concatenate([[0.0], np.cumsum(run)[:-1]]),
        "engine_speed": np.where(run > 0, 1600.0, 0.0),
        "load_percent": np.where(run > 0, 60.0, 0.0),
    }
    return Window(kind="construction_machine", start_us=START_US, step_seconds=3600.0, values=values, rated=rated or {})


def figures(window: Window) -> dict[str, Figure]:
    return {figure.name: figure for figure in construction_service.evaluate(window, NONE).figures}


def value(figure: Figure) -> float:
    assert figure.value is not None, figure.reason
    return figure.value


@pytest.mark.parametrize(
    ("meter", "last", "interval", "at"),
    [
        (1_234.0, 1_010.0, 250, 1_260.0),
        (1_234.0, None, 250, 1_250.0),
        (1_260.0, None, 500, 1_500.0),
        (1_990.0, 1_750.0, 2000, 2_000.0),
        (900.0, 745.0, 1000, 995.0),
        (700.0, 240.0, 500, 490.0),
        (0.0, None, 250, 250.0),
    ],
)
def test_the_service_whose_turn_it_is_and_its_hours(meter: float, last: float | None, interval: int, at: float) -> None:
    due = next_service(meter, last_service_hours=last)
    assert (due.interval_hours, due.at_hours) == (interval, at)


def test_hard_use_shortens_an_interval_by_at_most_thirty_percent() -> None:
    assert shortening(0.0) == 0.0
    assert shortening(0.5) == pytest.approx(0.15)
    assert shortening(3.0) == pytest.approx(0.3)
    assert next_service(1_100.0, last_service_hours=1_000.0, shortened=0.3).at_hours == pytest.approx(1_175)
    load, oil = np.array([90.0, 50.0, np.nan, np.nan]), np.array([60.0, 90.0, 60.0, np.nan])
    assert hard_share(load_percent=load, hydraulic_celsius=oil, at_work=np.ones(4, bool)) == pytest.approx(2 / 3)
    assert np.isnan(hard_share(load_percent=load, hydraulic_celsius=oil, at_work=np.zeros(4, bool)))


def test_a_service_in_the_future_is_refused() -> None:
    with pytest.raises(ValueError, match="last service"):
        next_service(100.0, last_service_hours=200.0)
    with pytest.raises(NotEvaluated, match="bad_input"):
        figures(hourly(np.full(20, 8.0), rated={"last_service": 9_999.0}))


def test_a_steady_machine_is_due_when_its_hours_are_used_up() -> None:
    # 20 days of 9 h from 1,234 h on are 1,414; the last service at 1,250 leaves 86 h, which are 9.6 days.
    found = figures(hourly(np.full(20, HOURS_A_DAY), rated={"last_service": 1_250.0}))
    assert value(found["service_due_at"]) == 1_500
    assert value(found["service_hours_left"]) == pytest.approx(86, abs=0.01)
    assert value(found["hours_a_day"]) == pytest.approx(HOURS_A_DAY, abs=0.01)
    for name in ("service_days_early", "service_days", "service_days_late"):
        assert value(found[name]) == pytest.approx(86 / 9, abs=0.1)
    assert found["service_days"].validity == "valid"
    assert value(found["interval_shortened"]) == 0


def test_eighty_percent_of_machines_are_due_within_the_band() -> None:
    # Days of rest and of work are drawn alike before and after now; tolerance: 3 standard errors of 400 cases are 6 points.
    dice = np.random.default_rng(7)
    within = early = 0
    for _ in range(400):
        hours = np.where(dice.uniform(size=150) < 0.2, 0.0, dice.normal(8, 1.5, 150).clip(0, 14))
        run = pace(hours[:42])
        assert run is not None
        until = run.until(120.0)
        assert until is not None
        truth = float(np.interp(120.0, np.concatenate([[0.0], np.cumsum(hours[42:])]), np.arange(109)))
        within += until.p10 <= truth <= until.p90
        early += truth < until.p50
    assert within / 400 == pytest.approx(0.8, abs=0.07)
    assert early / 400 == pytest.approx(0.5, abs=0.08)


def test_newer_days_count_more() -> None:
    slower = pace(np.concatenate([np.full(30, 10.0), np.full(10, 4.0)]))
    assert slower is not None
    # With a half-life of ten days the last ten count half of an endless past, here 0.5 / (1 - 2^-4).
    assert slower.hours_a_day == pytest.approx(10 - 6 * 0.5 / (1 - 2**-4), abs=0.01)


def test_an_overdue_service_has_no_days_left() -> None:
    found = figures(hourly(np.full(20, 9.0), rated={"last_service": 1_000.0}))
    assert value(found["service_hours_left"]) < 0
    assert value(found["service_days_late"]) == 0


def test_without_the_last_service_it_is_doubtful_and_without_days_or_work_there_are_none() -> None:
    assert figures(hourly(np.full(20, 9.0)))["service_hours_left"].validity == "doubtful"
    assert figures(hourly(np.full(5, 9.0)))["service_days"].reason.startswith("missing_input")
    standing = figures(hourly(np.zeros(20), rated={"last_service": 1_000.0}))
    assert standing["service_days"].reason.startswith("not_running")
    unknown = hourly(np.full(20, 9.0))
    with pytest.raises(NotEvaluated, match="engine_hours"):
        figures(Window(kind=unknown.kind, start_us=START_US, step_seconds=3600.0, values={"load_percent": np.zeros(480)}))


def test_pictures_show_the_days_and_the_hours_ahead() -> None:
    result = construction_service.evaluate(hourly(np.full(20, 9.0) + np.arange(20) % 3, rated={"last_service": 1_250.0}), NONE)
    assert [piece["form"] for piece in result.pictures] == ["bars", "fan"]
    assert {figure.name for figure in result.figures} == {output.name for output in construction_service.SPEC.outputs}
