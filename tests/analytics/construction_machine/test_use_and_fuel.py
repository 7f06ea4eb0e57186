"""Utilisation and fuel of a plain excavator whose hours, litres and tonnes are known."""

import numpy as np
import pytest

from analytics.construction_machine import construction_fuel, construction_utilisation
from analytics.construction_machine.utilisation import by_day, day_numbers, fuel_per_hour, fuel_per_tonne, load_hours, use_of
from analytics.result import Figure, NotEvaluated, Result
from analytics.spec import NoParameters
from analytics.window import Flags, Window
from tests.analytics.construction_machine.machine import HOURS_A_DAY, START_US, Values, machine_window

WEEK = construction_utilisation.Parameters(available_hours_a_week=70, utc_offset_hours=0)
NONE = NoParameters()


def by_name(result: Result) -> dict[str, Figure]:
    return {figure.name: figure for figure in result.figures}


def value(figure: Figure) -> float:
    assert figure.value is not None, figure.reason
    return figure.value


def test_ratios_of_a_week_by_hand() -> None:
    # 42 of 60 h operating, 14.7 of them idle
    use = use_of(operating_hours=42.0, idle_hours=14.7, available_hours=60.0)
    assert use.utilisation == pytest.approx(0.70)
    assert use.productive_hours == pytest.approx(27.3)
    assert use.idle_ratio == pytest.approx(0.35)
    assert np.isnan(use_of(operating_hours=0.0, idle_hours=0.0, available_hours=60.0).idle_ratio)
    assert fuel_per_hour(fuel_litres=588.0, operating_hours=42.0) == pytest.approx(14.0)
    assert fuel_per_tonne(fuel_litres=588.0, payload_tonnes=4_200.0) == pytest.approx(0.14)
    assert np.isnan(fuel_per_tonne(fuel_litres=588.0, payload_tonnes=0.0))
    with pytest.raises(ValueError, match="cannot be"):
        use_of(operating_hours=-1.0, idle_hours=0.0, available_hours=60.0)


def test_days_are_told_by_local_time_and_unknown_steps_lower_their_share() -> None:
    times = START_US + np.arange(48, dtype=np.int64) * 3_600_000_000
    numbers = day_numbers(times, utc_offset_hours=8)
    assert np.unique(numbers, return_counts=True)[1].tolist() == [16, 24, 8]
    _, sums, share = by_day(np.where(np.arange(48) < 8, np.nan, 1.0), numbers)
    assert sums.tolist() == [8.0, 24.0, 8.0]
    assert share.tolist() == [0.5, 1.0, 1.0]


def test_hours_by_load_add_up_to_those_at_work() -> None:
    load = np.array([0.0, 19.9, 20.0, 55.0, 100.0, 104.0, np.nan, 50.0])
    hours = load_hours(load, np.arange(8) < 7, step_seconds=1800.0)
    assert hours.tolist() == [1.0, 0.5, 0.5, 0.0, 1.0]


@pytest.mark.parametrize("step_seconds", [10.0, 60.0])
def test_a_weeks_hours_are_found(step_seconds: float) -> None:
    window = machine_window(7, step_seconds=step_seconds)
    result = construction_utilisation.evaluate(window, WEEK)
    found = by_name(result)
    assert set(found) == {output.name for output in construction_utilisation.SPEC.outputs}
    assert value(found["weekly_operating_hours"]) == pytest.approx(7 * HOURS_A_DAY, abs=0.05)
    assert value(found["utilisation"]) == pytest.approx(90.0, abs=0.1)
    idle = 100 * float((window["state"] == 2).sum()) / float((window["state"] > 0).sum())
    assert value(found["idle_ratio"]) == pytest.approx(idle, abs=0.2)
    assert value(found["idle_share"]) == pytest.approx(idle, abs=0.2)
    assert value(found["locked_idle_ratio"]) == pytest.approx(50.0, abs=0.1)
    assert value(found["days_at_work"]) == 7
    loads = [value(found[name]) for name in found if name.startswith("hours_at_load")]
    assert sum(loads) == pytest.approx(7 * HOURS_A_DAY, abs=0.05)
    assert not result.findings
    day = result.pictures[0]
    assert day["form"] == "bars"
    assert [sum(of) for of in zip(*day["columns"].values(), strict=True)] == pytest.approx([24.0] * 7, abs=0.05)


def test_lost_messages_lose_no_hours_and_a_reset_makes_doubtful() -> None:
    def lose(values: Values, _running: Flags) -> None:
        values["engine_hours"][2000:4000] = np.nan

    lost = by_name(construction_utilisation.evaluate(machine_window(7, change=lose), WEEK))["weekly_operating_hours"]
    assert value(lost) == pytest.approx(7 * HOURS_A_DAY, abs=0.05)
    assert lost.validity == "valid"

    def reset(values: Values, _running: Flags) -> None:
        values["engine_hours"][5000:] -= values["engine_hours"][5000]

    fallen = by_name(construction_utilisation.evaluate(machine_window(7, change=reset), WEEK))["weekly_operating_hours"]
    assert value(fallen) == pytest.approx(7 * HOURS_A_DAY, abs=0.05)
    assert fallen.validity == "doubtful"


def test_what_is_not_measured_is_declined_and_an_unknown_meter_not_evaluated() -> None:
    window = machine_window(7)
    only = Window(kind=window.kind, start_us=START_US, step_seconds=60.0, values={"engine_hours": window["engine_hours"]})
    found = by_name(construction_utilisation.evaluate(only, WEEK))
    assert value(found["utilisation"]) == pytest.approx(90.0, abs=0.1)
    for name in ("idle_ratio", "productive_utilisation", "dig_share", "hours_at_load_0_to_20"):
        assert found[name].reason.startswith("missing_input")

    def unknown(values: Values, _running: Flags) -> None:
        values["engine_hours"][1000:] = np.nan

    with pytest.raises(NotEvaluated, match="engine_hours"):
        construction_utilisation.evaluate(machine_window(7, change=unknown), WEEK)


@pytest.mark.parametrize("step_seconds", [10.0, 60.0])
def test_a_days_fuel_by_hour_and_tonne(step_seconds: float) -> None:
    window = machine_window(1, step_seconds=step_seconds)
    result = construction_fuel.evaluate(window, NONE)
    found = by_name(result)
    assert set(found) == {output.name for output in construction_fuel.SPEC.outputs}
    litres = float(window["fuel_total"][-1] - window["fuel_total"][0])
    tonnes = float(window["payload_total"][-1] - window["payload_total"][0])
    assert value(found["fuel_burned"]) == pytest.approx(litres, rel=1e-9)
    assert value(found["fuel_by_hour"]) == pytest.approx(litres / HOURS_A_DAY, rel=0.01)
    assert value(found["fuel_by_tonne"]) == pytest.approx(litres / tonnes, rel=1e-6)
    assert value(found["carbon_dioxide"]) == pytest.approx(2.601 * litres, rel=1e-6)  # analytics/energy/factors.toml
    assert value(found["idle_fuel_rate"]) == pytest.approx(1.5 + 0.95 + 0.2 * 12, abs=0.05)
    assert value(found["fuel_rate_to_counter"]) == pytest.approx(1.0, abs=0.01)
    assert [piece["form"] for piece in result.pictures] == ["bars", "curve"]


def test_a_day_of_rest_has_no_fuel_by_hour() -> None:
    def rest(values: Values, _running: Flags) -> None:
        for name in ("state", "engine_speed", "engine_running", "fuel_rate", "load_percent"):
            values[name][:] = 0.0
        for name in ("fuel_total", "engine_hours", "payload_total", "idle_hours"):
            values[name][:] = values[name][0]

    result = construction_fuel.evaluate(machine_window(1, change=rest), NONE)
    found = by_name(result)
    assert value(found["fuel_burned"]) == 0
    for name in ("fuel_by_hour", "fuel_by_tonne", "idle_fuel_share", "fuel_rate_to_counter"):
        assert found[name].reason.startswith("not_running")
    assert not result.pictures


def test_without_a_counter_nothing_is_said_of_fuel() -> None:
    def unknown(values: Values, _running: Flags) -> None:
        values["fuel_total"][200:] = np.nan

    with pytest.raises(NotEvaluated, match="fuel_total"):
        construction_fuel.evaluate(machine_window(1, change=unknown), NONE)
