"""Whether a turbine stands straight in the wind: its vane's static offset, from a quarter's records."""

from datetime import timedelta
from typing import Any

import numpy as np
from pydantic import Field

from analytics import evidence
from analytics.result import Figure, NotEvaluated, Result, Why
from analytics.spec import Input, Output, Spec, label
from analytics.wind_turbine.operating_curve import Records, ten_minute_records
from analytics.wind_turbine.yaw import BIN_MPS, BINS, FROM_MPS, Offset, Shares, offset_loss_percent, power_shares, static_offset
from analytics.window import FloatArray, Window
from telemetry.settings import Settings

_LEAST_HOURS = 100.0
_LEAST_OF_ANGLE = 10
_SEED = 1


class Parameters(Settings):
    """What the site is like."""

    humidity_percent: float | None = Field(default=None, ge=0, le=100)
    """Relative humidity where the turbine measures none."""


SPEC = Spec(
    name="wind_yaw_alignment",
    label=label("偏航对风", "Yaw alignment"),
    kinds=("wind_turbine",),
    inputs=(
        Input("state", "1"),
        Input("wind_speed", "m/s"),
        Input("active_power", "kW"),
        Input("yaw_error", "deg"),
        Input("ambient_temperature", "°C"),
        Input("ambient_pressure", "kPa"),
        Input("ambient_humidity", "%", required=False),
        Input("availability_category", "1", required=False),
        Input("curtailment_active", "1", required=False),
        Input("ice_detected", "1", required=False),
    ),
    window=timedelta(days=90),
    cadence=timedelta(days=7),
    outputs=(
        Output("static_yaw_offset", "deg", label("静态对风偏差", "Static yaw offset")),
        Output("yaw_offset_loss", "%", label("静态偏差的功率损失（额定以下）", "Power lost by the static offset, below rated")),
        Output("yaw_offset_energy", "kWh", label("静态偏差的电量损失", "Energy lost by the static offset")),
        Output("yaw_error_mean", "deg", label("风向标偏差均值", "Mean of the vane")),
        Output("yaw_error_deviation", "deg", label("风向标偏差标准差", "Standard deviation of the vane")),
        Output("yaw_exponent", "1", label("功率随偏差的余弦指数", "Exponent of the cosine")),
    ),
    parameters=Parameters,
    source="P = A cosⁿ(θ - θ0) in bins of 1 m/s from 5 to 10 m/s, median and bootstrap over days, as in OpenOA; loss 1 - cos³θ",
    validity=label(
        "全性能、额定以下的记录，约 90 天；风向标因尾流偏转的系统误差不能与零位误差区分",
        "Records of full performance below rated power, about 90 days; what the rotor's wake does to the vane looks like a "
        "turned zero",
    ),
)


def evaluate(window: Window, parameters: Parameters) -> Result:
    """Find the offset of a window.

    Raises
    ------
    NotEvaluated
        If there are less than 100 h of full performance from 5 to 10 m/s, or the power does not depend on the angle.
    """
    records = ten_minute_records(window, humidity_percent=parameters.humidity_percent)
    full = records.is_full & ~np.isnan(records.yaw_error_degrees)
    angle, speed, power = (of[full] for of in (records.yaw_error_degrees, records.speed_mps, records.power_kw))
    day = (records.times_us[full] - window.start_us) // 86_400_000_000
    shares = power_shares(
        yaw_error_degrees=angle, speed_mps=speed, power_kw=power, day=day, vane_error_degrees=records.vane_error_degrees
    )
    hours = len(shares.day) / 6
    if hours < _LEAST_HOURS:
        raise NotEvaluated(Why.NOT_RUNNING, f"{hours:.0f} h of full performance from 5 to 10 m/s")
    offset = static_offset(shares, dice=np.random.default_rng(_SEED))
    # Half of the interval's square stays as loss where the offset itself is nought.
    slope_percent = 300 * np.radians(1.0) * abs(np.sin(np.radians(offset.degrees)))
    half_width = offset.half_width_degrees
    loss = Figure(
        name="yaw_offset_loss",
        value=offset_loss_percent(offset.degrees),
        uncertainty=slope_percent * half_width + offset_loss_percent(half_width),
    )
    figures = [
        Figure(name="static_yaw_offset", value=offset.degrees, uncertainty=half_width),
        loss,
        _energy(records, offset, loss),
        Figure(name="yaw_error_mean", value=float(angle.mean())),
        Figure(name="yaw_error_deviation", value=float(angle.std())),
        Figure(name="yaw_exponent", value=offset.exponent),
    ]
    return Result(figures, pictures=[_by_angle(shares, offset), _by_speed(offset)])


def _energy(records: Records, offset: Offset, loss: Figure) -> Figure:
    """What the records below rated power would have given more."""
    below = records.is_full & (records.power_kw > 0) & (records.power_kw < 0.9 * np.max(records.power_kw[records.is_full]))
    energy = float(records.power_kw[below].sum()) / 6
    left = 1 - offset_loss_percent(offset.degrees) / 100
    error = None if loss.uncertainty is None else energy * loss.uncertainty / 100
    return Figure(name="yaw_offset_energy", value=energy * (1 / left - 1), uncertainty=error)


def _by_angle(shares: Shares, offset: Offset) -> dict[str, Any]:
    """Power by angle in steps of a degree, beside the cosine that was fitted."""
    number = np.floor(shares.angle_degrees + 0.5)
    angles = np.unique(number)
    rows = [shares.logarithm[number == angle] for angle in angles]
    kept = np.array([len(row) >= _LEAST_OF_ANGLE for row in rows])
    measured: FloatArray = np.array([100 * np.exp(row.mean()) for row in rows])[kept]
    angles = angles[kept]
    fitted = np.cos(np.radians(angles - offset.degrees)) ** offset.exponent
    fitted = fitted * (measured.mean() / fitted.mean()) if len(angles) else fitted
    return evidence.curve(
        label("功率随风向标角度", "Power by the vane's angle"),
        x=(label("风向标偏差", "Vane"), "deg"),
        y=(label("相对功率", "Relative power"), "%"),
        lines={"实测 measured": (angles, measured), "拟合 fitted": (angles, fitted)},
    )


def _by_speed(offset: Offset) -> dict[str, Any]:
    edges = FROM_MPS + BIN_MPS * np.arange(BINS)
    return evidence.bars(
        label("各风速段的对风偏差", "Offset by wind speed"),
        "deg",
        [f"{low:.0f}-{low + BIN_MPS:.0f} m/s" for low in edges],
        {"偏差 offset": offset.by_bin_degrees},
    )
