import sys

import numpy as np
import pytest

from analytics.pv_inverter import pv_clear_sky, pv_degradation, pv_soiling, pv_work_list
from analytics.pv_inverter.clear_sky import Site, clear_sky, is_clear
from analytics.result import NotEvaluated, Result
from analytics.spec import NoParameters
from analytics.window import FloatArray, Window
from tests.analytics.pv_inverter.plant import RATED, START_US, Plant, plant_values, plant_window

HOUR = 3600.0
JINAN = Site(36.65, 117.0, 30.0, 26.0, 180.0)
PLACE = dict(zip(("latitude", "longitude", "altitude", "tilt", "azimuth"), JINAN, strict=True))


def figures(result: Result) -> dict[str, float]:
    return {one.name: one.value for one in result.figures if one.value is not None}


def long_window(days: int, factor: FloatArray, **more: FloatArray) -> Window:
    """Give days by the hour whose array gives so much more or less on each; hours are noisy by 2 %."""
    values = plant_values(Plant(), days=days, step_seconds=HOUR)
    noise = 1 + 0.02 * np.random.default_rng(5).standard_normal(24 * days)
    values = {name: of for name, of in values.items() if not name.startswith("string")}
    values["dc_power"] = values["dc_power"] * np.repeat(factor, 24) * noise
    return plant_window(values | more, step_seconds=HOUR)


def test_soiling_rate_ratio_and_advice_of_half_a_year() -> None:
    """0.2 % a day and a rain of 12 mm every thirty days: ratio 0.971, best interval sqrt(2 C / (E p s))."""
    days = np.arange(180)
    dirt: FloatArray = np.asarray(1 - 0.002 * (days % 30), np.float64)
    rain = np.repeat(np.where((days % 30 == 0) & (days > 0), 12.0, 0.0), 24)
    window = long_window(180, dirt, rain=rain, soiling_ratio=np.repeat(dirt, 24))
    result = pv_soiling.evaluate(window, NoParameters())
    found = figures(result)
    assert found["estimated_soiling"] == pytest.approx(100 * dirt.mean(), abs=0.5)
    assert found["measured_soiling"] == pytest.approx(100 * dirt.mean(), abs=0.05)
    assert found["soiling_rate"] == pytest.approx(0.2, abs=0.02)
    assert found["soiling_now"] == pytest.approx(5.8, abs=1.0)
    assert found["cleanings"] == 5
    assert found["days_to_rain"] == pytest.approx(36, abs=1)
    clean_kwh = window["dc_power"].sum() / 180 / dirt.mean()
    assert found["best_cleaning_interval"] == pytest.approx(np.sqrt(2 * 200 / (clean_kwh * 0.4 * 0.002)), rel=0.06)
    assert found["cleaning_gain"] == pytest.approx(0.058 * clean_kwh * 0.4 * 36 - 200, rel=0.25)
    assert [picture["form"] for picture in result.pictures] == ["series"]


def test_soiling_without_price_rain_and_sensor_says_so() -> None:
    window = long_window(60, np.ones(60))
    poor = Window(
        kind=window.kind,
        start_us=window.start_us,
        step_seconds=HOUR,
        values=window.values,
        rated={"temperature_coefficient": -0.4},
    )
    result = pv_soiling.evaluate(poor, NoParameters())
    declined = {one.name: one.reason for one in result.figures if one.value is None}
    assert "no_nameplate" in declined["best_cleaning_interval"]
    assert "rain" in declined["days_to_rain"]
    assert "soiling_ratio" in declined["measured_soiling"]
    assert figures(result)["estimated_soiling"] > 98


def test_soiling_of_three_weeks_is_declined() -> None:
    with pytest.raises(NotEvaluated, match="30"):
        pv_soiling.evaluate(long_window(21, np.ones(21)), NoParameters())


def test_hours_under_an_order_do_not_pass_for_dirt() -> None:
    window = long_window(60, np.ones(60))
    held = np.arange(1440) % 72 >= 40
    values = dict(window.values)
    values["dc_power"] = np.where(held, 0.4 * window["dc_power"], window["dc_power"])
    values["derate_mode"] = np.where(held, 7.0, 0.0)
    result = pv_soiling.evaluate(plant_window(values, step_seconds=HOUR), NoParameters())  # type: ignore[arg-type]
    assert figures(result)["estimated_soiling"] > 98


@pytest.mark.parametrize("percent", [-0.5, -2.0])
def test_degradation_of_three_years_is_found_with_its_interval(percent: float) -> None:
    days = np.arange(3 * 365 + 1)
    dirt = 1 - 0.001 * (days % 37)
    ageing: FloatArray = (1 + percent / 100) ** (days / 365)
    window = long_window(len(days), ageing * dirt, soiling_ratio=np.repeat(dirt, 24))
    result = pv_degradation.evaluate(window, pv_degradation.DegradationParameters())
    rate = next(one for one in result.figures if one.name == "degradation_rate")
    assert rate.value == pytest.approx(percent, abs=0.1)
    assert rate.uncertainty is not None
    assert rate.uncertainty < 0.3
    assert figures(result)["array_performance"] == pytest.approx(92 * (1 + percent / 100) ** 2.5, abs=0.5)


def test_degradation_of_a_year_and_a_half_is_declined() -> None:
    with pytest.raises(NotEvaluated, match="two"):
        pv_degradation.evaluate(long_window(540, np.ones(540)), pv_degradation.DegradationParameters())


def sunny_day(factor: float = 1.0) -> dict[str, FloatArray]:
    pytest.importorskip("pvlib")
    times = START_US + np.arange(1440, dtype=np.int64) * 60_000_000
    sky = clear_sky(JINAN, times)
    return {"poa_irradiance": factor * sky.plane_w_m2, "ghi": factor * sky.horizontal_w_m2}


def test_a_clear_day_is_clear_and_a_dirty_meter_reads_low() -> None:
    window = plant_window(sunny_day(0.96), rated=PLACE)
    found = figures(pv_clear_sky.evaluate(window, NoParameters()))
    assert found["clear_time"] > 90
    assert found["clearness"] == pytest.approx(96)
    assert found["light_meter_over_clear_sky"] == pytest.approx(96)


def test_the_sun_stands_at_its_height_at_noon_in_june() -> None:
    """90 - 36.65 + 22.0 degrees on 1 June; true noon in Jinan is at 04:10 UTC."""
    pytest.importorskip("pvlib")
    times = START_US + np.arange(1440, dtype=np.int64) * 60_000_000
    sky = clear_sky(JINAN, times)
    assert sky.elevation_deg.max() == pytest.approx(75.4, abs=0.2)
    assert sky.elevation_deg.argmax() == pytest.approx(12 * 60 + 10, abs=2)
    assert sky.azimuth_deg[sky.elevation_deg.argmax()] == pytest.approx(180, abs=1.5)


def test_clouds_are_not_clear() -> None:
    values = sunny_day()
    clouds = np.where(np.arange(1440) // 7 % 2 == 0, 0.3, 1.0)
    window = plant_window({name: of * clouds for name, of in values.items()}, rated=PLACE)
    result = pv_clear_sky.evaluate(window, NoParameters())
    assert figures(result)["clear_time"] < 2
    assert any("an hour of clear sky" in one.reason for one in result.figures)


def test_without_pvlib_the_clear_sky_is_declined_with_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pvlib", None)
    window = plant_window({"poa_irradiance": np.ones(1440)}, rated=PLACE)
    with pytest.raises(NotEvaluated, match=r"no_library.*shangyun\[pv\]"):
        pv_clear_sky.evaluate(window, NoParameters())


def test_clear_sky_needs_place_light_and_a_step_that_suits() -> None:
    pytest.importorskip("pvlib")
    with pytest.raises(NotEvaluated, match="latitude"):
        pv_clear_sky.evaluate(plant_window({"poa_irradiance": np.ones(1440)}), NoParameters())
    with pytest.raises(NotEvaluated, match="poa_irradiance"):
        pv_clear_sky.evaluate(plant_window({"poa_irradiance": np.full(1440, np.nan)}, rated=PLACE), NoParameters())
    with pytest.raises(NotEvaluated, match="step"):
        is_clear(np.ones(10), np.ones(10), np.arange(10) * 3_600_000_000, step_seconds=3600)


def test_a_station_lists_its_work_by_what_it_brings() -> None:
    healthy, dead, out = (plant_values(Plant()) for _ in range(3))
    dead["string_current_9"] = np.zeros(1440)
    for name in ("dc_power", "active_power"):
        out[name] = np.zeros(1440)
    windows = {name: plant_window(values) for name, values in (("a", healthy), ("b", dead), ("c", out))}
    results = pv_work_list.evaluate(windows, pv_work_list.WorkListParameters())
    ranks = {name: figures(result).get("work_rank") for name, result in results.items()}
    assert ranks == {"a": None, "b": 2.0, "c": 1.0}
    lost = dead["dc_power"].sum() / 60 / 23
    assert figures(results["b"])["recoverable_energy"] == pytest.approx(lost, rel=0.06)  # without first and last hour
    assert figures(results["b"])["recoverable_money"] == pytest.approx(0.4 * figures(results["b"])["recoverable_energy"])
    (picture,) = results["a"].pictures
    assert [row[1] for row in picture["rows"]] == ["c", "b"]


def test_a_station_without_a_price_ranks_by_energy_and_one_without_plates_declines() -> None:
    values = plant_values(Plant()) | {"string_current_9": np.zeros(1440)}
    plate = {name: value for name, value in RATED.items() if name not in {"feed_in_price", "cleaning_cost"}}
    results = pv_work_list.evaluate(
        {"a": plant_window(values, rated=plate), "b": plant_window(values, rated={})}, pv_work_list.WorkListParameters()
    )
    declined = {one.name: one.reason for one in results["a"].figures if one.value is None}
    assert set(declined) == {"recoverable_money"}
    assert all(one.value is None for one in results["b"].figures)
    with pytest.raises(NotEvaluated, match="dc_power_stc"):
        pv_work_list.evaluate({"b": plant_window(values, rated={})}, pv_work_list.WorkListParameters())
