"""Hourly means of the flue gas's pollutants at the reference oxygen, against the limits of the region."""

import math
from collections.abc import Mapping

import numpy as np
from pydantic import Field

from analytics.boiler.emissions import Hours, Limits, Region, at_reference_oxygen, hourly_means, limits_of, milligrams
from analytics.boiler.losses import MOST_OXYGEN_PERCENT
from analytics.evidence import inputs, series
from analytics.result import Figure, Found, NotEvaluated, Result, Why
from analytics.spec import Fault, Input, Output, Spec, label
from analytics.window import FloatArray, Window
from telemetry.settings import Settings

_POLLUTANTS = {
    "nox": label("氮氧化物", "Nitrogen oxides"),
    "so2": label("二氧化硫", "Sulphur dioxide"),
    "particulate": label("颗粒物", "Particulates"),
}


class Parameters(Settings):
    """Which limits hold, and how well the analyser measures."""

    region: Region = "national"
    """Row of ``emission_limits.toml``."""
    analyser_accuracy_percent: float = Field(default=5.0, gt=0, le=50)
    """Half width of the 95 % interval of a mean hour, share of the value."""


SPEC = Spec(
    name="boiler_emissions",
    label=label("锅炉排放", "Boiler emissions"),
    kinds=("boiler",),
    inputs=(
        Input("state", "1"),
        Input("flue_gas_oxygen_stack", "%"),
        Input("emission_nox", "mg/m³"),
        Input("emission_so2", "mg/m³", required=False),
        Input("emission_particulate", "mg/m³", required=False),
        Input("flue_gas_carbon_monoxide", "ppm", required=False),
    ),
    outputs=(
        *(
            Output(f"emission_{name}_hour", "mg/m³", label(f"{text.zh}最近有效小时均值", f"{text.en}, newest valid hour"))
            for name, text in _POLLUTANTS.items()
        ),
        Output("emission_carbon_monoxide_hour", "mg/m³", label("一氧化碳最近有效小时均值", "Carbon monoxide, newest valid hour")),
        Output("emission_valid_hours", "1", label("有效小时数", "Valid hours")),
        Output(
            "emission_load_of_limit", "%", label("最接近限值的污染物占限值比例", "Share of its limit, pollutant closest to it")
        ),
    ),
    faults=(
        Fault(
            code="emission_limit_exceeded",
            label=label("排放小时均值超标", "Hourly emission above its limit"),
            advice=label("检查燃烧器、过量空气和治理设施", "Check burner, excess air and flue gas treatment"),
            severity="high",
            formula="mean of a valid hour (≥ 75 %, O2 ≤ 19 %) > limit",
        ),
    ),
    parameters=Parameters,
    source="GB 13271-2014; HJ 75-2017 (hour valid with 45 minutes); limits as remembered, not verified",
    validity=label(
        "信号 emission_* 已折算到基准氧含量，不再折算；一氧化碳由 ppm 折算。只计运行且氧含量不超过 19 % 的样本，每小时至少 75 %",
        "The signals emission_* come at the reference oxygen and are not converted again; carbon monoxide is, from ppm. "
        "Only samples at work with at most 19 % oxygen count, at least 75 % of an hour",
    ),
)


def evaluate(window: Window, parameters: Parameters) -> Result:
    limits = limits_of(parameters.region, "gas")
    if limits is None:
        raise NotEvaluated(Why.OUTSIDE_VALIDITY, f"no limits for gas in {parameters.region}")
    oxygen = window["flue_gas_oxygen_stack"]
    counts = window.state_is("running") & (oxygen >= 0) & (oxygen <= MOST_OXYGEN_PERCENT)

    def hours_of(values: FloatArray) -> Hours:
        return hourly_means(np.where(counts, values, np.nan), start_us=window.start_us, step_seconds=window.step_seconds)

    hours = {name: hours_of(window[f"emission_{name}"]) for name in _POLLUTANTS}
    monoxide = hours_of(
        at_reference_oxygen(
            milligrams(window["flue_gas_carbon_monoxide"], pollutant="carbon_monoxide"),
            oxygen_percent=oxygen,
            reference_percent=limits.reference_oxygen_percent,
        )
    )
    if not any((~np.isnan(of.means)).any() for of in hours.values()):
        raise NotEvaluated(Why.NOT_RUNNING, "no valid hour")
    share = parameters.analyser_accuracy_percent / 100
    newest = {name: _newest(of) for name, of in (*hours.items(), ("carbon_monoxide", monoxide))}
    figures = [_figure(f"emission_{name}_hour", value, share * value) for name, value in newest.items()]
    figures.append(Figure(name="emission_valid_hours", value=float(np.count_nonzero(~np.isnan(hours["nox"].means)))))
    loads = [100 * newest[name] / limits.of(name) for name in _POLLUTANTS if not math.isnan(newest[name])]
    figures.append(_figure("emission_load_of_limit", max(loads), share * max(loads)))
    return Result(figures, _exceeded(hours, limits, share))


def _exceeded(hours: Mapping[str, Hours], limits: Limits, share: float) -> list[Found]:
    """Tell of the pollutant that is furthest above its limit in the newest valid hour."""
    ratios = {name: _newest(of) / limits.of(name) for name, of in hours.items() if not math.isnan(_newest(of))}
    name = max(ratios, key=lambda one: ratios[one])
    if ratios[name] <= 1:
        return []
    of, limit = hours[name], limits.of(name)
    known = ~np.isnan(of.means)
    beyond = of.means[known] > limit
    since = int(np.flatnonzero(~beyond)[-1]) + 1 if not beyond.all() else 0
    # How likely the true mean is above the limit, the analyser's error taken for normal.
    sure = 0.5 * (1 + math.erf((ratios[name] - 1) * 1.96 / share / math.sqrt(2)))
    return [
        Found(
            code="emission_limit_exceeded",
            since_us=int(of.starts_us[known][since]),
            confidence=min(sure, 0.95),
            evidence=[
                inputs(
                    [
                        (f"{_POLLUTANTS[name].zh} {_POLLUTANTS[name].en}", float(of.means[known][-1]), "mg/m³"),
                        (f"{limits.source} {limits.region}", limit, "mg/m³"),
                        ("O2 ref", limits.reference_oxygen_percent, "%"),
                    ]
                ),
                series(_POLLUTANTS[name], "mg/m³", of.starts_us, {f"emission_{name}": of.means}, band=(0.0, limit)),
            ],
        )
    ]


def _newest(hours: Hours) -> float:
    known = hours.means[~np.isnan(hours.means)]
    return float(known[-1]) if len(known) else math.nan


def _figure(name: str, value: float, uncertainty: float) -> Figure:
    if math.isnan(value):
        return Figure.declined(name, Why.MISSING_INPUT, name.removesuffix("_hour"))
    return Figure(name=name, value=value, uncertainty=uncertainty)
