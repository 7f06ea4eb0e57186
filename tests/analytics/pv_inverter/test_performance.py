import numpy as np
import pytest

from analytics.pv_inverter.clipping import is_clipped
from analytics.pv_inverter.curtailment import is_held_by_order, is_plateau
from analytics.pv_inverter.outage import is_out
from analytics.pv_inverter.performance import daily_performance, yields
from analytics.pv_inverter.pv_performance import PerformanceParameters, evaluate
from analytics.result import NotEvaluated, Result
from analytics.window import FloatArray
from tests.analytics.pv_inverter.plant import FAULT, RATED, THROTTLED, WARMTH, Plant, light, plant_values, plant_window

PLANT = Plant()
SUN_HOURS = 0.9 * 24 / np.pi
"""Integral of the half sine of 900 W/m² over twelve hours, in hours of 1 kW/m²."""


def figures(result: Result) -> dict[str, float]:
    return {one.name: one.value for one in result.figures if one.value is not None}


def judged(values: dict[str, FloatArray], **kind: float) -> dict[str, float]:
    step_seconds = kind.get("step_seconds", 60.0)
    return figures(evaluate(plant_window(values, step_seconds=step_seconds), PerformanceParameters()))


@pytest.mark.parametrize("step_seconds", [10.0, 60.0, 600.0])
def test_ratios_and_yields_are_those_of_the_plant_at_any_step(step_seconds: float) -> None:
    """IEC 61724-1: PR = eta x array x C_k, PR' without C_k; what is below 20 W/m² is a fraction of a thousandth."""
    found = judged(plant_values(PLANT, step_seconds=step_seconds), step_seconds=step_seconds)
    assert found["performance_ratio"] == pytest.approx(100 * 0.92 * 0.98 * WARMTH, abs=0.01)
    assert found["performance_ratio_at_25"] == pytest.approx(100 * 0.92 * 0.98, abs=0.01)
    assert found["reference_yield"] == pytest.approx(SUN_HOURS, rel=1e-3)
    assert found["final_yield"] == pytest.approx(SUN_HOURS * 0.92 * 0.98 * WARMTH, rel=1e-3)
    assert found["capture_loss"] == pytest.approx(SUN_HOURS * (1 - 0.92 * WARMTH), rel=1e-3)
    assert found["system_loss"] == pytest.approx(SUN_HOURS * 0.92 * WARMTH * 0.02, rel=1e-3)
    assert found["conversion_efficiency"] == pytest.approx(98.0)


def test_losses_and_delivered_energy_add_up_to_the_possible() -> None:
    values = plant_values(PLANT)
    values["soiling_ratio"] = np.full(1440, 0.97)
    values["string_current_5"] = np.zeros(1440)
    result = evaluate(plant_window(values), PerformanceParameters())
    (picture,) = result.pictures
    delivered = picture["total"][1] + sum(value for _, value in picture["steps"])
    assert delivered == pytest.approx(values["active_power"].sum() / 60, rel=2e-3)  # pictures have four digits
    found = figures(result)
    assert found["lost_warmth"] == pytest.approx(112 * SUN_HOURS * (1 - WARMTH), rel=1e-3)
    assert found["lost_dirt"] == pytest.approx(values["dc_power"].sum() / 60 * (1 / 0.97 - 1), rel=1e-3)
    assert found["lost_strings"] == pytest.approx(values["dc_power"].sum() / 60 / 23, rel=1e-3)


def test_an_order_costs_what_the_free_hours_say() -> None:
    values = plant_values(PLANT)
    free = values["active_power"].copy()
    ordered = np.arange(1440) >= 720
    values["power_setpoint"] = np.where(ordered, 30.0, 100.0)
    held = ordered & (free > 30)
    values["active_power"] = np.where(held, 30.0, free)
    values["dc_power"] = values["active_power"] / 0.98
    values["derate_mode"] = np.where(held, 7.0, 0.0)
    values["state"] = np.where(held, THROTTLED, values["state"])
    lost = (free - values["active_power"]).sum() / 60 / 0.98
    assert judged(values)["lost_curtailment"] == pytest.approx(lost, rel=1e-3)
    for unsaid in ("derate_mode", "power_setpoint"):
        assert judged({name: of for name, of in values.items() if name != unsaid})["lost_curtailment"] == pytest.approx(
            lost, rel=1e-3
        )


def test_an_order_that_nobody_tells_shows_as_a_plateau() -> None:
    values = {name: of for name, of in plant_values(PLANT).items() if name not in {"derate_mode", "power_setpoint"}}
    free = values["active_power"].copy()
    values["active_power"] = np.minimum(free, 50.0)
    values["dc_power"] = values["active_power"] / 0.98
    lost = (free - values["active_power"]).sum() / 60 / 0.98
    assert judged(values)["lost_curtailment"] == pytest.approx(lost, rel=0.05)  # the first half hour is not yet a plateau


def test_clipping_costs_what_the_modules_could_have_given() -> None:
    plant = Plant(array_kwp=140.0, peak_w_m2=1000.0)
    values = plant_values(plant)
    free = values["active_power"].copy()
    values["active_power"] = np.minimum(free, 100.0)
    values["dc_power"] = values["active_power"] / 0.98
    window = plant_window(values, rated=RATED | {"dc_power_stc": 140.0})
    found = figures(evaluate(window, PerformanceParameters()))
    assert found["lost_clipping"] == pytest.approx((free - values["active_power"]).sum() / 60 / 0.98, rel=0.01)
    assert found["lost_curtailment"] == 0


def test_an_outage_counts_from_first_light_and_is_doubtful_only_when_the_whole_day_is_lost() -> None:
    values = plant_values(PLANT)
    out = np.arange(1440) < 720
    lost = values["dc_power"][out].sum() / 60
    for name in ("dc_power", "active_power"):
        values[name] = np.where(out, 0.0, values[name])
    values["state"] = np.where(out, FAULT, values["state"])
    assert judged(values)["lost_outage"] == pytest.approx(lost, rel=2e-3)
    values["active_power"] = values["dc_power"] = np.zeros(1440)
    all_day = evaluate(plant_window(values), PerformanceParameters())
    assert next(one for one in all_day.figures if one.name == "lost_outage").validity == "doubtful"
    reasons = {one.name: one.reason for one in all_day.figures if one.value is None}
    assert reasons["conversion_efficiency"].startswith("not_running")


def test_more_than_a_tenth_missing_gives_no_ratio() -> None:
    values = plant_values(PLANT)
    gap = np.arange(1440) < 150
    values["poa_irradiance"] = np.where(gap, np.nan, values["poa_irradiance"])
    with pytest.raises(NotEvaluated, match="10 %"):
        judged(values)


def test_no_sun_no_rating_and_no_temperature_are_said() -> None:
    dark = plant_values(PLANT) | {"poa_irradiance": np.zeros(1440)}
    with pytest.raises(NotEvaluated, match="no sun"):
        judged(dark)
    with pytest.raises(NotEvaluated, match="dc_power_stc"):
        evaluate(plant_window(plant_values(PLANT), rated={}), PerformanceParameters())
    cold = {name: of for name, of in plant_values(PLANT).items() if name != "module_temperature"}
    found = judged(cold)
    assert "performance_ratio" in found
    assert "performance_ratio_at_25" not in found
    assert "lost_warmth" not in found


def test_without_a_module_sensor_faiman_gives_the_temperature() -> None:
    """20 K above 25 °C at 900 W/m² in 2.9 m/s: the mean is the constant plant's within two kelvin of light."""
    values = {name: of for name, of in plant_values(PLANT).items() if name != "module_temperature"}
    values |= {"ambient_temperature": np.full(1440, 25.0), "wind_speed": np.full(1440, 2.9)}
    assert judged(values)["performance_ratio_at_25"] == pytest.approx(100 * 0.92 * 0.98 * WARMTH / 0.945, abs=1.0)


def test_yields_decline_a_rating_of_zero() -> None:
    sun = light(1, 60, 900)
    with pytest.raises(NotEvaluated, match="dc_power_stc"):
        yields(light_w_m2=sun, dc_kw=sun, ac_kw=sun, module_celsius=sun, array_kwp=0.0, percent_per_k=-0.4, step_seconds=60)


def test_the_daily_index_is_the_array_factor_whenever_the_window_begins() -> None:
    for shift in (0, 5, 13):
        values = {name: np.roll(of, -shift) for name, of in plant_values(PLANT, days=6, step_seconds=3600).items()}
        days = daily_performance(
            light_w_m2=values["poa_irradiance"],
            dc_kw=values["dc_power"],
            module_celsius=values["module_temperature"],
            undisturbed=np.ones(144, bool),
            array_kwp=112.0,
            percent_per_k=-0.4,
            step_seconds=3600,
        )
        assert days.first_row == (24 - shift) % 24
        assert days.performance == pytest.approx([0.92] * len(days.performance))
        assert days.insolation == pytest.approx([SUN_HOURS] * len(days.performance), rel=5e-3)


def test_three_full_steps_make_clipping_and_two_do_not() -> None:
    power = np.array([90, 99.5, 100, 98, 99.2, 99.1, 99.9, 50, np.nan])
    assert np.flatnonzero(is_clipped(power, rated_kw=100.0)).tolist() == [4, 5, 6]


def test_a_limit_above_the_power_holds_nothing_back() -> None:
    held = is_held_by_order(
        power_kw=np.array([20.0, 39.5, 40.0, 40.0, np.nan]), setpoint_percent=np.array([40.0, 40, 40, 100, 40]), rated_kw=100.0
    )
    assert held.tolist() == [False, True, True, False, False]


def test_a_healthy_curve_has_no_plateau_and_unknown_power_none_either() -> None:
    sun = light(1, 60, 900)
    power = 0.1 * sun
    for of in (power, np.full(1440, np.nan)):
        assert not is_plateau(power_kw=of, possible_kw=power, rated_kw=100, step_seconds=60).any()


def test_nights_and_missing_power_are_no_outage() -> None:
    sun = np.array([0.0, 10, 150, 400, 400, 150, 0])
    assert is_out(light_w_m2=sun, power_kw=np.zeros(7), rated_kw=100).tolist() == [False, False, True, True, True, True, False]
    assert not is_out(light_w_m2=sun, power_kw=np.full(7, np.nan), rated_kw=100).any()
    assert not is_out(light_w_m2=np.full(7, 150.0), power_kw=np.zeros(7), rated_kw=100).any()
