"""At which trim the ship would need less power at her present draught."""

from datetime import timedelta

import numpy as np
from pydantic import Field

from analytics import evidence
from analytics.result import Figure, NotEvaluated, Result, Why
from analytics.ship.reference_conditions import INPUTS, NAMEPLATE, Observed, PropulsionParameters, observe
from analytics.ship.trim_advice import TrimAdvice, advise
from analytics.spec import Input, Output, Spec, label
from analytics.window import Flags, FloatArray, Window

_LOADING_SHARE = 0.05
_NEWEST_DAYS = 1.0


class Parameters(PropulsionParameters):
    """Where the trim may be."""

    lowest_trim_m: float = Field(default=-0.5, ge=-5, le=5)
    """By the stern; of the loading manual, propeller and bow under water."""
    highest_trim_m: float = Field(default=3.0, ge=-5, le=8)


SPEC = Spec(
    name="ship_trim_advice",
    label=label("纵倾优化建议", "Advice on trim"),
    kinds=("ship",),
    inputs=(*INPUTS, Input("trim", "m")),
    rated=NAMEPLATE,
    step_seconds=3600,
    window=timedelta(days=90),
    cadence=timedelta(days=1),
    outputs=(
        Output("present_trim", "m", label("当前纵倾（尾倾为正）", "Present trim, by the stern")),
        Output("advised_trim", "m", label("建议纵倾", "Advised trim")),
        Output("trim_saving", "%", label("调整纵倾可省功率", "Power that the advised trim saves")),
    ),
    parameters=Parameters,
    source="Least squares of power over trim at one draught in the reference conditions of ISO 19030-2; 95 % interval after "
    "Scheffé 1953 for a chosen optimum",
    validity=label(
        "同吃水（±5 %）下纵倾变化过 0.2 m 以上；仅在安全范围和实际航行过的范围内；收益区间含零则不建议",
        "Where the trim was varied by 0.2 m and more at one draught (±5 %), within the safe band and what was sailed; no advice "
        "where the interval of the gain holds zero",
    ),
)


def evaluate(window: Window, parameters: Parameters) -> Result:
    """Look for the trim of least power.

    Raises
    ------
    NotEvaluated
        If there are too few blocks, or the trim was hardly varied.
    """
    seen = observe(window, parameters)
    known = ~np.isnan(seen.trim_m)
    if not known.any():
        raise NotEvaluated(Why.NOT_STEADY, "no block in reference conditions")
    last = seen.days[known][-1]
    newest = known & (seen.days > last - _NEWEST_DAYS)
    present, draught = float(np.median(seen.trim_m[newest])), float(np.median(seen.draught_m[newest]))
    alike = np.abs(seen.draught_m / draught - 1) <= _LOADING_SHARE
    log_power = np.log(seen.power_kw[alike]) - 3 * np.log(seen.speed_kn[alike])
    others = np.column_stack([np.log(seen.draught_m[alike]), seen.days[alike]])
    found = advise(
        log_power,
        trim_m=seen.trim_m[alike],
        others=others,
        present_m=present,
        lowest_m=parameters.lowest_trim_m,
        highest_m=parameters.highest_trim_m,
    )
    figures = [Figure(name="present_trim", value=present)]
    if found.is_certain:
        figures += [
            Figure(name="advised_trim", value=found.best_m),
            Figure(name="trim_saving", value=found.gain_percent, uncertainty=found.half_width),
        ]
    else:
        within = f"{found.gain_percent:.1f} ± {found.half_width:.1f} %"
        figures += [Figure.declined(name, Why.OUTSIDE_VALIDITY, within) for name in ("advised_trim", "trim_saving")]
    return Result(figures, pictures=[_picture(seen, alike, found, log_power)])


def _picture(seen: Observed, alike: Flags, found: TrimAdvice, log_power: FloatArray) -> dict[str, object]:
    trim: FloatArray = np.linspace(seen.trim_m[alike].min(), seen.trim_m[alike].max(), 40)
    mean = float(np.nanmean(found.log_power(seen.trim_m[alike])))
    return evidence.curve(
        label("功率随纵倾（同航速、同吃水，均值为 100 %）", "Power over trim at equal speed and draught, 100 % is the mean"),
        x=(label("纵倾", "Trim"), "m"),
        y=(label("功率", "Power"), "%"),
        lines={"拟合 / fit": (trim, 100 * np.exp(found.log_power(trim) - mean))},
        points=(seen.trim_m[alike], 100 * np.exp(log_power - mean)),
    )
