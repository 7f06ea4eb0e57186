"""Statements and flags of days that are made up: what the counters said is what stands there."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from analytics.catalogue import get_analytic
from analytics.construction_machine.geofence import Fence
from analytics.leasing.chain import canonical
from analytics.leasing.flags import Seen, last_seen, marks_of
from analytics.leasing.statement import grown, is_place, location_hash, make_statement
from analytics.result import Figure, NotEvaluated
from analytics.spec import NoParameters
from analytics.window import FloatArray, Window
from telemetry.bundle import MICROSECONDS

KEY = bytes(range(32))
MIDNIGHT = datetime(2026, 3, 4, tzinfo=UTC) - timedelta(hours=8)
SITE = Fence.circle(36.6, 117.2, radius_metres=400.0)
NAN = float("nan")


def day(*, days: int = 1, step: float = 60.0, meter: float = 5000.0, **changed: FloatArray) -> Window:
    """Make days of work from 8 to 18 o'clock local time, of which the engine idles the first quarter of each hour."""
    times = np.arange(round(days * 86_400 / step)) * step
    hour = times / 3600 % 24
    on = ((hour >= 8) & (hour < 18)).astype(float)
    idle = on * (hour % 1 < 0.25)
    worked = np.cumsum(on) * step / 3600
    values = {
        "engine_hours": meter + worked,
        "idle_hours": 2000 + np.cumsum(idle) * step / 3600,
        "fuel_total": 70_000 + 12 * worked,
        "engine_speed": 1700 * on,
        "load_percent": on * (60 - 50 * idle),
        "travel_speed": np.zeros(len(times)),
        "gps_speed": np.zeros(len(times)),
        "latitude": np.full(len(times), 36.6),
        "longitude": np.full(len(times), 117.2),
        "main_power_ok": np.ones(len(times)),
        "diagnostic_spn": np.zeros(len(times)),
        "diagnostic_fmi": np.zeros(len(times)),
    }
    return Window(
        kind="construction_machine",
        start_us=int(MIDNIGHT.timestamp()) * MICROSECONDS,
        step_seconds=step,
        values=values | changed,
    )


def changed(name: str, change: Callable[[FloatArray], FloatArray], *, days: int = 1) -> Window:
    window = day(days=days)
    return Window(
        kind=window.kind,
        start_us=window.start_us,
        step_seconds=window.step_seconds,
        values={**window.values, name: change(window[name].copy())},
    )


def silent(window: Window, first: int, last: int) -> Window:
    """Let nothing be heard from one step to another."""
    gone = np.zeros(len(window), bool)
    gone[first:last] = True
    return Window(
        kind=window.kind,
        start_us=window.start_us,
        step_seconds=window.step_seconds,
        values={name: np.where(gone, np.nan, window[name]) for name in window.values},
        rated=window.rated,
    )


def before(*, hours_ago: float = 1 / 60, **counters: float) -> Seen:
    return Seen(
        int((MIDNIGHT - timedelta(hours=hours_ago)).timestamp()) * MICROSECONDS,
        {"engine_hours": 5000.0, "idle_hours": 2000.0, "fuel_total": 70_000.0} | counters,
    )


@pytest.mark.parametrize("step", [10.0, 60.0])
def test_a_day_reads_as_it_was_worked(step: float) -> None:
    found = make_statement(day(step=step), machine="SYX22", location_key=KEY, before=before(), fence=SITE)
    assert found == {
        "version": 1,
        "machine": "SYX22",
        "day": "2026-03-04",
        "utc_offset_minutes": 480,
        "hours": "10.00",
        "idle_hours": "2.50",
        "fuel_litres": "120.0",
        "doubtful": [],
        "counted_since": "2026-03-03T15:59:00Z",
        "engine_hours_at_end": "5010.00",
        "idle_hours_at_end": "2002.50",
        "fuel_total_at_end": "70120.0",
        "location_hash": location_hash(36.6, 117.2, key=KEY),
        "region": "inside",
        "codes": [],
        "flags": [],
        "completeness": "1.000",
    }
    assert canonical(found) == canonical(
        make_statement(day(step=step), machine="SYX22", location_key=KEY, before=before(), fence=SITE)
    )


def test_hours_counted_in_silence_belong_to_the_day_that_tells_them() -> None:
    found = make_statement(day(), machine="M", location_key=KEY, before=before(hours_ago=20, engine_hours=4993.5))
    assert found["hours"] == "16.50"
    # More than have passed cannot have been run: they are left out and the day is in doubt.
    found = make_statement(day(), machine="M", location_key=KEY, before=before(hours_ago=2, engine_hours=4900.0))
    assert (found["hours"], found["doubtful"]) == ("10.00", ["engine_hours"])


def test_statements_of_days_in_a_row_add_up_to_the_meter() -> None:
    days = day(days=3)
    hours, known = 0.0, before()
    for number in range(3):
        one = days.between(days.start_us + number * 86_400_000_000, days.start_us + (number + 1) * 86_400_000_000)
        one = silent(one, 500, 900 + 100 * number)  # a gap by day
        hours += float(make_statement(one, machine="M", location_key=KEY, before=known)["hours"])
        known = last_seen(one) or known
    assert hours == pytest.approx(30.0, abs=0.02)


def test_what_nobody_knows_is_null_and_not_nothing() -> None:
    empty = silent(day(), 0, 1440)
    found = make_statement(empty, machine="M", location_key=KEY, fence=SITE)
    for name in ("hours", "idle_hours", "fuel_litres", "engine_hours_at_end", "location_hash", "counted_since"):
        assert found[name] is None
    assert (found["region"], found["completeness"], found["flags"]) == ("unknown", "0.000", [])
    assert make_statement(day(), machine="M", location_key=KEY)["region"] == "not_agreed"


def test_a_statement_is_of_one_calendar_day() -> None:
    with pytest.raises(ValueError, match="one day"):
        make_statement(day(days=2), machine="M", location_key=KEY)
    with pytest.raises(ValueError, match="midnight"):
        make_statement(day(), machine="M", location_key=KEY, utc_offset_hours=0.0)


def test_a_place_is_known_to_who_has_the_key() -> None:
    told = location_hash(36.60004, 117.2, key=KEY)
    assert is_place(told, 36.60006, 117.2, key=KEY)
    assert not is_place(told, 36.6003, 117.2, key=KEY)
    assert not is_place(told, 36.60004, 117.2, key=bytes(32))
    assert location_hash(-0.00001, 0.0, key=KEY) == location_hash(0.0, 0.0, key=KEY)
    with pytest.raises(ValueError, match="16 bytes"):
        location_hash(36.6, 117.2, key=b"short")


def test_codes_stand_once_each_and_in_order() -> None:
    spn, fmi = np.zeros(1440), np.zeros(1440)
    spn[600:700], fmi[600:700], spn[800:], fmi[800:] = 110, 3, 100, 1
    found = make_statement(day(diagnostic_spn=spn, diagnostic_fmi=fmi), machine="M", location_key=KEY)
    assert found["codes"] == ["100-1", "110-3"]


def test_a_healthy_day_has_no_flag() -> None:
    found = marks_of(day(), before=before(), fence=SITE)
    assert found.names == ()
    assert None not in found[:5]
    assert found.for_nothing_hours == 0
    assert found.offline_hours == pytest.approx(0.0, abs=0.02)


def test_a_counter_that_fell_is_flagged_by_day_and_over_night() -> None:
    reset = changed("engine_hours", lambda of: np.where(np.arange(1440) > 700, of - 5000, of))
    assert marks_of(reset).names == ("counter_decrease",)
    assert grown(reset, "engine_hours", before=before(), most_per_hour=1.0).is_doubtful
    assert marks_of(day(meter=12.0), before=before()).names == ("counter_decrease",)
    # It was set to 12 h in one night: at most 1 h of them can have been run.
    assert grown(day(meter=12.0), "engine_hours", before=before(), most_per_hour=1.0).amount == pytest.approx(10.0, abs=0.02)
    # A tracker that restarts may lose what it had not yet stored.
    assert marks_of(day(meter=4999.5), before=before()).names == ()


def test_an_engine_that_runs_without_load_or_movement_for_an_hour_is_flagged() -> None:
    lazy = changed("load_percent", lambda of: np.where((np.arange(1440) >= 600) & (np.arange(1440) < 690), 10.0, of))
    found = marks_of(lazy)
    assert found.names == ("engine_on_for_nothing",)
    assert found.for_nothing_hours == pytest.approx(1.5)
    moving = changed("load_percent", lambda of: np.minimum(of, 10.0))
    assert marks_of(moving).for_nothing_hours == pytest.approx(10.0)
    travelling = Window(
        kind=moving.kind,
        start_us=moving.start_us,
        step_seconds=60.0,
        values={**moving.values, "travel_speed": np.full(1440, 3.0)},
    )
    assert marks_of(travelling).names == ()


def test_silence_is_flagged_beyond_72_hours() -> None:
    late = silent(day(), 0, 600)
    assert marks_of(late, before=before(hours_ago=61)).names == ()
    found = marks_of(late, before=before(hours_ago=63))
    assert found.names == ("offline",)
    assert found.offline_hours == pytest.approx(73.0, abs=0.02)
    assert marks_of(silent(day(), 0, 1440)).offline is None
    assert marks_of(silent(day(), 0, 1440), before=before(hours_ago=60)).offline


def test_a_machine_that_left_its_region_and_a_power_cut_are_flagged() -> None:
    away = changed("latitude", lambda of: np.where((np.arange(1440) > 300) & (np.arange(1440) < 400), of + 0.02, of))
    assert marks_of(away, fence=SITE).names == ("left_region",)
    assert make_statement(away, machine="M", location_key=KEY, fence=SITE)["region"] == "returned"
    gone = changed("latitude", lambda of: np.where(np.arange(1440) > 300, of + 0.02, of))
    assert make_statement(gone, machine="M", location_key=KEY, fence=SITE)["region"] == "outside"
    cut = changed("main_power_ok", lambda of: np.where(np.arange(1440) > 1000, 0.0, of))
    assert marks_of(cut).names == ("power_cut",)
    glitch = changed("main_power_ok", lambda of: np.where(np.arange(1440) % 100 < 5, 0.0, of))
    assert marks_of(glitch).names == ()


def test_what_is_not_measured_is_not_judged() -> None:
    window = day()
    bare = Window(
        kind=window.kind,
        start_us=window.start_us,
        step_seconds=60.0,
        values={"engine_hours": window["engine_hours"]},
    )
    found = marks_of(bare, fence=SITE)
    assert (found.engine_on_for_nothing, found.left_region, found.power_cut) == (None, None, None)
    assert found.counter_decrease is False


def figures(window: Window) -> dict[str, Figure]:
    found = get_analytic("construction_usage").evaluate(window, NoParameters())
    assert found.findings == ()
    assert found.pictures[0]["form"] == "series"
    return {figure.name: figure for figure in found.figures}


def test_the_analytic_gives_the_last_days_figures() -> None:
    window = day(days=4)
    site = {"site_latitude": 36.6, "site_longitude": 117.2, "site_radius": 400.0}
    found = figures(Window(kind=window.kind, start_us=window.start_us, step_seconds=60.0, values=window.values, rated=site))
    assert found["hours_of_the_day"].value == pytest.approx(10.0)
    assert found["idle_hours_of_the_day"].value == pytest.approx(2.5)
    assert found["fuel_of_the_day"].value == pytest.approx(120.0)
    assert found["counters_completeness"].value == 100.0
    assert [figure.value for name, figure in found.items() if name.startswith("flag_")] == [0.0] * 5
    spec = get_analytic("construction_usage").spec
    assert set(found) == {output.name for output in spec.outputs}


def test_the_analytic_declines_what_it_is_not_told() -> None:
    window = day(days=4)
    found = figures(
        Window(kind=window.kind, start_us=window.start_us, step_seconds=60.0, values={"engine_hours": window["engine_hours"]})
    )
    assert found["hours_of_the_day"].value == pytest.approx(10.0)
    assert found["fuel_of_the_day"].reason == "missing_input: fuel_total"
    assert found["flag_left_region"].reason == "no_nameplate: site_latitude, site_longitude, site_radius"
    assert found["flag_power_cut"].reason == "missing_input: main_power_ok"


def test_the_analytic_flags_a_machine_that_has_been_silent_for_three_days_and_more() -> None:
    found = figures(silent(day(days=4), 900, 4 * 1440))
    assert found["flag_offline"].value == 1.0
    assert found["offline_hours"].value == pytest.approx(81.0, abs=0.1)
    assert found["hours_of_the_day"].reason == "missing_input: engine_hours"
    with pytest.raises(NotEvaluated, match="engine_hours"):
        figures(silent(day(days=4), 0, 4 * 1440))
