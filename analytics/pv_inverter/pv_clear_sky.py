"""Measured light against a cloudless sky: how clear the day was, and whether the irradiance meter can be believed."""

from datetime import timedelta

import numpy as np

from analytics import evidence
from analytics.pv_inverter.clear_sky import Site, clear_sky, is_clear
from analytics.result import Figure, NotEvaluated, Result, Why
from analytics.spec import Input, NoParameters, Output, Spec, label
from analytics.window import Flags, FloatArray, Window

_LEAST_CLEAR_SECONDS = 3600.0
_HIGH_SUN_DEG = 20.0

SPEC = Spec(
    name="pv_clear_sky",
    label=label("晴空对比与辐照表核对", "Clear sky and the irradiance meter"),
    kinds=("pv_inverter",),
    inputs=(Input("poa_irradiance", "W/m²"), Input("ghi", "W/m²", required=False)),
    rated=(("latitude", "deg"), ("longitude", "deg"), ("altitude", "m"), ("tilt", "deg"), ("azimuth", "deg")),
    cadence=timedelta(days=1),
    outputs=(
        Output("clearness", "%", label("当日辐照占晴空辐照", "Light of the day over that of a cloudless one")),
        Output("clear_time", "%", label("晴空时间占白天", "Share of daylight under a clear sky")),
        Output(
            "light_meter_over_clear_sky",
            "%",
            label("晴空时辐照表读数与晴空模型之比", "Meter over the model while the sky was clear"),
        ),
        Output("clear_sky_yield", "h", label("晴空等效小时", "Reference yield of a cloudless day")),
    ),
    source="Reda and Andreas, NREL/TP-560-34302; Ineichen and Perez 2002; Hay-Davies; Reno and Hansen 2016 (pvlib)",
    validity=label(
        "固定支架；晴空模型受气溶胶影响，与辐照表差 5 % 以内属正常，长期同向偏离才说明仪表或积灰",
        "Fixed tilt; haze moves the model, so that 5 % are nothing: only a lasting difference tells of the meter or dirt on it",
    ),
)


def evaluate(window: Window, parameters: NoParameters) -> Result:
    """Hold a day against a cloudless one.

    Raises
    ------
    NotEvaluated
        If pvlib is not installed, the place is not filled in, or light is known for less than half of the day.
    """
    del parameters
    site = Site(*(window.rating(name) for name in ("latitude", "longitude", "altitude", "tilt", "azimuth")))
    cloudless = clear_sky(site, window.times_us)
    measured = window["poa_irradiance"]
    is_day = cloudless.elevation_deg > 0
    known = is_day & ~np.isnan(measured)
    if np.count_nonzero(known) < 0.5 * np.count_nonzero(is_day) or not known.any():
        raise NotEvaluated(Why.MISSING_INPUT, "poa_irradiance")
    hours = window.step_seconds / 3600
    has_level = not np.isnan(window["ghi"]).all()
    judged, model = (window["ghi"], cloudless.horizontal_w_m2) if has_level else (measured, cloudless.plane_w_m2)
    clear = is_clear(judged, model, window.times_us, step_seconds=window.step_seconds) & known
    return Result(
        [
            Figure(name="clearness", value=100 * float(measured[known].sum() / cloudless.plane_w_m2[known].sum())),
            Figure(name="clear_time", value=100 * float(np.count_nonzero(clear) / np.count_nonzero(known))),
            _meter(window, clear & (cloudless.elevation_deg > _HIGH_SUN_DEG), measured, cloudless.plane_w_m2),
            Figure(name="clear_sky_yield", value=float(cloudless.plane_w_m2.sum()) / 1000 * hours),
        ],
        pictures=[
            evidence.series(
                label("辐照度与晴空", "Irradiance and a cloudless sky"),
                "W/m²",
                window.times_us,
                {"实测 / measured": measured, "晴空 / cloudless": cloudless.plane_w_m2},
            )
        ],
    )


def _meter(window: Window, clear: Flags, measured: FloatArray, cloudless: FloatArray) -> Figure:
    name = "light_meter_over_clear_sky"
    if np.count_nonzero(clear) * window.step_seconds < _LEAST_CLEAR_SECONDS:
        return Figure.declined(name, Why.OUTSIDE_VALIDITY, "less than an hour of clear sky")
    ratio = measured[clear] / cloudless[clear]
    return Figure(name=name, value=100 * float(np.median(ratio)), uncertainty=5.0, validity="doubtful")
