"""What dirt has taken over half a year, how fast it settles, and whether to clean."""

from datetime import timedelta
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics import evidence
from analytics.pv_inverter.cleaning import best_interval_days, clean_now, days_between_rains
from analytics.pv_inverter.operation import is_undisturbed, module_celsius, temperature_coefficient
from analytics.pv_inverter.performance import Days, daily_performance
from analytics.pv_inverter.soiling import Soiling, stochastic_rate_and_recovery
from analytics.result import Figure, Result, Why
from analytics.spec import Input, NoParameters, Output, Spec, label
from analytics.window import FloatArray, Window

SPEC = Spec(
    name="pv_soiling",
    label=label("积灰与清洗", "Soiling and cleaning"),
    kinds=("pv_inverter",),
    inputs=(
        Input("state", "1"),
        Input("poa_irradiance", "W/m²"),
        Input("dc_power", "kW"),
        Input("module_temperature", "°C", required=False),
        Input("ambient_temperature", "°C", required=False),
        Input("wind_speed", "m/s", required=False),
        Input("derate_mode", "1", required=False),
        Input("power_setpoint", "%", required=False),
        Input("rain", "mm", required=False),
        Input("soiling_ratio", "1", required=False),
    ),
    rated=(("temperature_coefficient", "%/K"), ("feed_in_price", "CNY/kWh"), ("cleaning_cost", "CNY")),
    step_seconds=3600,
    window=timedelta(days=180),
    cadence=timedelta(days=1),
    outputs=(
        Output("estimated_soiling", "%", label("清洁度（由发电表现推算）", "Soiling ratio, from the plant's own performance")),
        Output("measured_soiling", "%", label("清洁度（传感器，辐照加权）", "Soiling ratio, by its sensor, weighted by light")),
        Output("soiling_rate", "%/d", label("积灰速率", "Loss more with each dry day")),
        Output("soiling_now", "%", label("当前积灰损失", "Lost by dirt now")),
        Output("soiling_energy", "kWh/d", label("积灰日均损失电量", "Energy lost by dirt, mean of a day")),
        Output("cleanings", "1", label("识别到的清洗或降雨恢复次数", "Cleanings and rains that were seen to help")),
        Output("days_to_rain", "d", label("两次有效降雨的平均间隔", "Mean time between rains that clean")),
        Output("best_cleaning_interval", "d", label("最优清洗周期", "Best interval between cleanings")),
        Output(
            "cleaning_gain",
            "CNY",
            label("现在清洗的净收益（到下次降雨）", "What a cleaning now brings until the next rain, less its cost"),
        ),
    ),
    source="Deceglie, Micheli and Muller 2018 (stochastic rate and recovery); Kimber 2006 (5 mm of rain cleans)",
    validity=label(
        "一个月以上的日数据；无限电、停机的时段；季节性偏差会算入清洁度，速率较可靠",
        "A month of days and more, hours without limits and stops; a seasonal error of the index counts as dirt, "
        "the rate is surer",
    ),
)


def evaluate(window: Window, parameters: NoParameters) -> Result:
    """Estimate ratio, rate and advice.

    Raises
    ------
    NotEvaluated
        If fewer than 30 days can be judged.
    """
    del parameters
    days = daily_performance(
        light_w_m2=window["poa_irradiance"],
        dc_kw=window["dc_power"],
        module_celsius=module_celsius(window),
        undisturbed=is_undisturbed(window),
        array_kwp=1.0,  # the level does not matter
        percent_per_k=temperature_coefficient(window),
        step_seconds=window.step_seconds,
    )
    by_day = _ByDay(window, days)
    rain = by_day.highest(window["rain"])
    found = stochastic_rate_and_recovery(days.performance, days.insolation, rain_mm=rain)
    lost_now = 1 - found.now
    clean_kwh = float(np.sum(days.energy_kwh / np.maximum(found.daily, 0.3)) / len(found.daily))
    lost_kwh = clean_kwh - float(days.energy_kwh.mean())
    sensor = by_day.weighted(window["soiling_ratio"], window["poa_irradiance"])
    figures = [
        Figure(name="estimated_soiling", value=100 * found.ratio, uncertainty=50 * (found.highest - found.lowest)),
        _sensor(sensor, days),
        _rate(found),
        Figure(name="soiling_now", value=100 * lost_now, uncertainty=50 * (found.now_highest - found.now_lowest)),
        Figure(name="soiling_energy", value=lost_kwh),
        Figure(name="cleanings", value=float(len(found.cleanings))),
        *_economy(window, found, rain, lost_now, clean_kwh),
    ]
    return Result(figures, pictures=[_trend(by_day, days, found, sensor)])


class _ByDay(NamedTuple):
    """A window's hours by its solar days."""

    window: Window
    days: Days

    def _table(self, values: FloatArray) -> FloatArray:
        per_day = round(86_400 / self.window.step_seconds)
        count, first = len(self.days.performance), self.days.first_row
        return values[first : first + count * per_day].reshape(count, per_day)

    def times_us(self) -> npt.NDArray[np.int64]:
        first = self.window.start_us + round(self.days.first_row * self.window.step_seconds * 1e6)
        return first + np.arange(len(self.days.performance), dtype=np.int64) * 86_400_000_000

    def highest(self, values: FloatArray) -> FloatArray | None:
        """None where nothing is known at all."""
        table = self._table(values)
        some = ~np.isnan(table).all(axis=1)
        if not some.any():
            return None
        found = np.full(len(table), np.nan)
        found[some] = np.nanmax(table[some], axis=1)
        return found

    def weighted(self, values: FloatArray, weights: FloatArray) -> FloatArray:
        known = ~(np.isnan(values) | np.isnan(weights))
        total = self._table(np.where(known, values * weights, 0.0)).sum(axis=1)
        weight = self._table(np.where(known, weights, 0.0)).sum(axis=1)
        mean: FloatArray = np.divide(total, weight, out=np.full(len(total), np.nan), where=weight > 0)
        return mean


def _sensor(sensor: FloatArray, days: Days) -> Figure:
    known = ~np.isnan(sensor)
    if not known.any() or not days.insolation[known].sum() > 0:
        return Figure.declined("measured_soiling", Why.MISSING_INPUT, "soiling_ratio")
    return Figure(name="measured_soiling", value=100 * float(np.average(sensor[known], weights=days.insolation[known])))


def _rate(found: Soiling) -> Figure:
    if np.isnan(found.rate_per_day):
        return Figure.declined("soiling_rate", Why.NO_DEGRADATION, "no dry interval shows a loss")
    half = max(found.rate_highest - found.rate_per_day, found.rate_per_day - found.rate_lowest)
    return Figure(name="soiling_rate", value=100 * found.rate_per_day, uncertainty=100 * half)


def _economy(window: Window, found: Soiling, rain: FloatArray | None, lost_now: float, clean_kwh: float) -> list[Figure]:
    names = ("best_cleaning_interval", "cleaning_gain")
    spell = float("nan") if rain is None else days_between_rains(rain)
    days_to_rain = (
        Figure.declined("days_to_rain", Why.MISSING_INPUT, "rain")
        if np.isnan(spell)
        else Figure(name="days_to_rain", value=spell)
    )
    lacking = [name for name in ("feed_in_price", "cleaning_cost") if not window.rated.get(name, 0.0) > 0]
    if lacking:
        return [days_to_rain, *(Figure.declined(name, Why.NO_NAMEPLATE, ", ".join(lacking)) for name in names)]
    money = {
        "cost": window.rating("cleaning_cost"),
        "price_per_kwh": window.rating("feed_in_price"),
        "energy_kwh_per_day": clean_kwh,
    }
    if np.isnan(found.rate_per_day) or found.rate_per_day <= 0 or clean_kwh <= 0:
        interval = Figure.declined(names[0], Why.NO_DEGRADATION, "no dry interval shows a loss")
    else:
        interval = Figure(name=names[0], value=best_interval_days(rate_per_day=found.rate_per_day, **money))
    if np.isnan(spell):
        return [days_to_rain, interval, Figure.declined(names[1], Why.MISSING_INPUT, "rain")]
    advice = clean_now(loss=lost_now, days_to_rain=spell, **money)
    return [days_to_rain, interval, Figure(name=names[1], value=advice.regained - advice.cost)]


def _trend(by_day: _ByDay, days: Days, found: Soiling, sensor: FloatArray) -> dict[str, object]:
    known = days.performance[~np.isnan(days.performance)]
    columns = {
        "日表现指数 / daily index": days.performance / float(np.quantile(known, 0.95)),
        "清洁度估计 / estimated": found.daily,
    }
    if not np.isnan(sensor).all():
        columns["清洁度传感器 / sensor"] = sensor
    return evidence.series(label("积灰趋势", "Soiling trend"), "1", by_day.times_us(), columns)
