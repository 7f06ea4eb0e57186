"""A machine's energy beside what its baseline expects of it: savings, the energy of a product, and use that stays too high."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import numpy as np
from pydantic import Field

from analytics import evidence
from analytics.energy_baselines.baseline import LEAST_JUDGED_SHARE, EnergyBaseline, Judged
from analytics.energy_baselines.drivers import drivers_of
from analytics.energy_baselines.metering import metered
from analytics.energy_baselines.per_product import energy_per_product
from analytics.energy_baselines.savings import NonRoutine, Savings
from analytics.result import Figure, Found, NotEvaluated, Result, Why
from analytics.spec import Fault, Output, Spec, Training, label
from analytics.window import FloatArray, Window
from device_profiles.kind import load_kind
from telemetry.settings import Settings

_DAYS = 7
_MONTH_DAYS = 30
_YEAR_DAYS = 365
_DAY_US = 86_400_000_000
_MOST_CONFIDENCE = 0.6
"""It tells that something costs energy, and not what: findings that name a cause go first."""


class Parameters(Settings):
    """When use is called high."""

    least_excess_percent: float = Field(default=5.0, ge=0)
    """Over what was expected, besides exceeding the interval: less is not worth a visit."""
    days_in_a_row: int = Field(default=3, ge=1, le=_DAYS)
    most_cv_rmse_percent: float = Field(default=30.0, gt=0)
    """A baseline that scatters more says nothing of single days (ASHRAE Guideline 14: 30 % of hourly values)."""
    least_r_squared: float = Field(default=0.75, ge=0, lt=1)
    """One that explains less does not tell what drives the energy (IPMVP: 0.75, as a first look)."""


SPEC = Spec(
    name="energy_baseline",
    label=label("能耗基准与节能量", "Energy baseline and savings"),
    kinds=(),
    inputs=(),
    rated=(("non_routine_energy", "kWh/d"), ("non_routine_uncertainty", "kWh/d")),
    step_seconds=3600,
    # A counter's growth in the first hour needs the hour before.
    window=timedelta(days=_DAYS, hours=1),
    cadence=timedelta(days=1),
    outputs=(
        Output("energy_actual", "kWh", label("当日能耗（当量值）", "Energy of the day")),
        Output("energy_expected", "kWh", label("当日基准能耗", "Energy expected of the day")),
        Output("energy_saved", "kWh", label("当日节能量", "Energy saved on the day")),
        Output("energy_saved_share", "%", label("当日节能率", "Share saved on the day")),
        Output(
            "energy_performance",
            "1",
            label("能源绩效参数（实际与基准之比）", "Energy performance indicator, actual over expected"),
        ),
        Output("week_energy_saved", "kWh", label("近一周节能量", "Energy saved in the week")),
        Output(
            "product_energy", "kWh", label("近一周单位产品能耗（每产品计量单位）", "Energy for a unit of product, in the week")
        ),
        Output("product_energy_expected", "kWh", label("近一周单位产品基准能耗", "The same, expected")),
        Output("smallest_saving", "%", label("一个月内可辨别的最小节能率", "Smallest saving of a month that stands out")),
        Output("baseline_scatter", "%", label("基准离散系数 CV(RMSE)", "CV(RMSE) of the baseline")),
        Output("baseline_fit", "1", label("基准判定系数 R²", "R² of the baseline")),
    ),
    faults=(
        Fault(
            "energy_use_high",
            label("能耗持续偏高", "Energy use stays high"),
            label(
                "对照诊断结论和近期改动查找原因；若产品或工艺已改变，重新学习基准或登记非常规调整",
                "Look for the cause among the diagnoses and what was changed of late; where product or process changed, learn "
                "the baseline anew or enter a non-routine adjustment",
            ),
            "medium",
            "E − Ê > max(U₉₅, 5 %) on each of the last 3 days; Ê: baseline at the day's drivers",
        ),
    ),
    parameters=Parameters,
    training=Training(days=7, at_least_share=0.6),
    source="ISO 50006:2014 (baseline, routine adjustment, EnPI); IPMVP option C (avoided energy); ASHRAE Guideline 14-2014 "
    "(CV(RMSE), change points, uncertainty of savings)",
    validity=label(
        "驱动变量见 energy_drivers.toml；只在基准期见过的产量、负荷和天气范围内判断。自动学习用一周；正式核算节能量应以整年"
        "重新学习。燃料按 GB/T 2589 折算为千瓦时当量。",
        "Drivers as in energy_drivers.toml; only within output, load and weather that the base period has seen. It learns from a "
        "week by itself; for savings that are paid for, train it on a whole year. Fuels count by their coal equivalent "
        "(GB/T 2589), in kilowatt-hours.",
    ),
)


def train(history: Window, parameters: Parameters) -> dict[str, Any]:  # noqa: ARG001 - the contract
    """Learn the baseline of a base period."""
    return EnergyBaseline.fit(history, drivers_of(history.kind)).to_model()


def evaluate(window: Window, parameters: Parameters, model: Mapping[str, Any]) -> Result:
    """Judge the newest day and the week up to it.

    Raises
    ------
    NotEvaluated
        If the newest day cannot be judged: meters fell out, the machine stood still, or conditions have not been seen.
    """
    baseline = EnergyBaseline.from_model(model)
    judged = baseline.judge(window, drivers_of(window.kind))
    if judged.days < 1:
        raise NotEvaluated(Why.MISSING_INPUT, "less than a day")
    days = [_of_day(judged, back, window) for back in range(judged.days)]
    today = days[0]
    if isinstance(today, NotEvaluated):
        raise today
    trusts = _trusts(baseline, window.kind, parameters)
    percent = 100 / today.adjusted_kwh
    own = [
        _figure("energy_actual", today.actual_kwh, None, trusts=True),
        _figure("energy_expected", today.adjusted_kwh, today.uncertainty_kwh, trusts=trusts),
        _figure("energy_saved", today.saved_kwh, today.uncertainty_kwh, trusts=trusts),
        _figure("energy_saved_share", today.saved_kwh * percent, today.uncertainty_kwh * percent, trusts=trusts),
        _figure("energy_performance", today.performance, today.uncertainty_kwh * percent / 100, trusts=trusts),
    ]
    per_day = judged.per_day
    figures = [
        *own,
        _week(judged, window, trusts=trusts),
        *_of_product(judged, window, trusts=trusts),
        Figure(name="smallest_saving", value=baseline.smallest_saving_percent(_MONTH_DAYS, per_day=per_day)),
        Figure(name="baseline_scatter", value=baseline.regression.cv_rmse_percent),
        Figure(name="baseline_fit", value=baseline.regression.r_squared),
    ]
    findings = _found(judged, days, window, parameters) if trusts else []
    return Result(figures, findings, [_course(judged), *_over_driver(judged, window.kind)])


def _trusts(baseline: EnergyBaseline, kind: str, parameters: Parameters) -> bool:
    """Tell whether the baseline goes by what the machine is there for, and closely."""
    regression = baseline.regression
    return (
        drivers_of(kind).drivers[0].name in regression.drivers
        and regression.cv_rmse_percent <= parameters.most_cv_rmse_percent
        and regression.r_squared >= parameters.least_r_squared
    )


def _figure(name: str, value: float, uncertainty: float | None, *, trusts: bool) -> Figure:
    return Figure(name=name, value=value, uncertainty=uncertainty, validity="valid" if trusts else "doubtful")


def _of_day(judged: Judged, back: int, window: Window) -> Savings | NotEvaluated:
    try:
        return judged.savings(judged.day(back), non_routine=_non_routine(window, 1))
    except NotEvaluated as declined:
        return declined


def _non_routine(window: Window, days: float) -> list[NonRoutine]:
    """Take what the machine's plate says of changes since the base period."""
    energy = window.rated.get("non_routine_energy")
    if energy is None:
        return []
    uncertainty = window.rated.get("non_routine_uncertainty", 0.0)
    return [NonRoutine("nameplate", energy * days, uncertainty * days)]


def _week(judged: Judged, window: Window, *, trusts: bool) -> Figure:
    span = slice(len(judged.energy_kwh) - judged.days * judged.per_day, None)
    try:
        found = judged.savings(span, non_routine=_non_routine(window, judged.days))
    except NotEvaluated as declined:
        return Figure.declined("week_energy_saved", declined.why, declined.detail)
    return _figure("week_energy_saved", found.saved_kwh, found.uncertainty_kwh, trusts=trusts)


def _of_product(judged: Judged, window: Window, *, trusts: bool) -> list[Figure]:
    names = ("product_energy", "product_energy_expected")
    energy = load_kind(window.kind).energy
    if energy is None or not energy.outputs:
        return [Figure.declined(name, Why.MISSING_INPUT, "the kind has no meter of its product") for name in names]
    product = metered(window, energy.outputs[0], judged.grid).complete
    try:
        found = energy_per_product(judged.energy_kwh, product)
    except NotEvaluated as declined:
        return [Figure.declined(name, declined.why, declined.detail) for name in names]
    own = Figure(name=names[0], value=found.value, uncertainty=found.uncertainty)
    if np.count_nonzero(judged.is_judged) < LEAST_JUDGED_SHARE * np.count_nonzero(~np.isnan(judged.energy_kwh)):
        return [own, Figure.declined(names[1], Why.OUTSIDE_VALIDITY, "conditions of the week have not been seen")]
    expected = energy_per_product(np.where(judged.is_judged, judged.expected_kwh, np.nan), product)
    return [own, _figure(names[1], expected.value, None, trusts=trusts)]


def _found(judged: Judged, days: Sequence[Savings | NotEvaluated], window: Window, parameters: Parameters) -> list[Found]:
    """Find use that exceeded the interval and the least share on each of the newest days."""
    newest = [day for day in days[: parameters.days_in_a_row] if isinstance(day, Savings)]
    limits = [max(day.uncertainty_kwh, parameters.least_excess_percent / 100 * day.adjusted_kwh) for day in newest]
    if len(newest) < parameters.days_in_a_row or any(-day.saved_kwh <= of for day, of in zip(newest, limits, strict=True)):
        return []
    excess = -sum(day.saved_kwh for day in newest)
    ratio = min(-day.saved_kwh / of for day, of in zip(newest, limits, strict=True))
    rows = [
        (back, day.actual_kwh, day.adjusted_kwh, -day.saved_kwh, of)
        for back, (day, of) in enumerate(zip(newest, limits, strict=True))
    ]
    head = ("days ago / 天前", "actual / 实际 kWh", "expected / 基准 kWh", "excess / 超出 kWh", "limit / 限值 kWh")
    return [
        Found(
            code="energy_use_high",
            since_us=window.end_us - len(newest) * _DAY_US,
            confidence=float(min(_MOST_CONFIDENCE, 0.5 + 0.05 * np.log2(ratio) + 0.01)),
            evidence=[
                evidence.inputs([
                    ("excess", excess, "kWh"),
                    ("excess_share", 100 * excess / sum(day.adjusted_kwh for day in newest), "%"),
                    ("least_excess", parameters.least_excess_percent, "%"),
                    ("baseline_scatter", judged.baseline.regression.cv_rmse_percent, "%"),
                ]),
                evidence.table(label("逐日对照", "Day by day"), head, rows),
                _course(judged),
            ],
            effect={"energy": (excess / len(newest) * _YEAR_DAYS, "kWh")},
        )
    ]  # fmt: skip


def _course(judged: Judged) -> dict[str, Any]:
    expected = np.where(judged.is_judged, judged.expected_kwh, np.nan)
    columns = {"实际 actual": judged.energy_kwh, "基准 expected": expected}
    return evidence.series(label("实际能耗与基准", "Energy and what was expected"), "kWh", judged.times_us, columns)


def _over_driver(judged: Judged, kind: str) -> list[dict[str, Any]]:
    """Show energy over the driver that matters most, with the baseline at the other drivers' means."""
    regression = judged.baseline.regression
    rows = judged.is_judged
    if not regression.drivers or not rows.any():
        return []
    main = regression.drivers[int(np.abs(regression.t_values[1:]).argmax())]
    driver = next(one for one in drivers_of(kind).drivers if one.name == main)
    order = np.argsort(judged.raw[main][rows])
    across: FloatArray = judged.raw[main][rows][order]
    middle = {name: np.full(len(across), column[rows].mean()) for name, column in judged.drivers.items()}
    line = regression.expected({**middle, main: judged.drivers[main][rows][order]})
    return [
        evidence.curve(
            label("能耗与主要驱动变量", "Energy over what drives it most"),
            x=(driver.label(kind), driver.unit),
            y=(label("能耗", "Energy"), "kWh"),
            lines={"基准 expected": (across, line)},
            points=(judged.raw[main], judged.energy_kwh),
        )
    ]
