"""How the boilers of a station should share their steam at the least fuel, by each one's own history."""

import math
from collections.abc import Hashable, Mapping
from datetime import timedelta
from typing import NamedTuple, TypeVar

import numpy as np
from pydantic import Field

from analytics.boiler.dispatch import FuelCurve, fit_fuel_curve, share_demand
from analytics.boiler.firing import firing_means
from analytics.result import Figure, NotEvaluated, Result, Why
from analytics.spec import Input, Output, Spec, label
from analytics.window import Window
from telemetry.settings import Settings

Machine = TypeVar("Machine", bound=Hashable)

_STRETCH_SECONDS, _SETTLE_SECONDS = 1800.0, 1800.0
"""Half an hour: what the drum stores while the pressure moves is then small beside the steam."""
_NOW_SECONDS = 3600.0


class Parameters(Settings):
    """How far the boilers' meters may disagree."""

    specific_fuel_accuracy_percent: float = Field(default=2.0, ge=0)
    """Fuel over steam of one boiler, half width of its 95 % interval: what its meters of fuel and steam together are worth."""


SPEC = Spec(
    name="boiler_dispatch",
    label=label("多台锅炉负荷分配", "Sharing the load among boilers"),
    kinds=("boiler",),
    inputs=(Input("state", "1"), Input("steam_flow", "t/h"), Input("fuel_flow", "m³/h")),
    scope="station",
    window=timedelta(days=7),
    outputs=(
        Output("dispatch_steam_flow", "t/h", label("建议蒸汽流量，0 为停", "Steam flow advised, 0 is off")),
        Output("dispatch_saving", "m³/h", label("全站比等负荷率省燃气", "Fuel saved by the station against equal loading")),
        Output("dispatch_saving_share", "%", label("全站比等负荷率节能", "Saving of the station against equal loading")),
    ),
    parameters=Parameters,
    source="F = a + bD + cD² from the boilers' own history; mixed integer programme for on and off, equal incremental fuel for "
    "the split (Wood, Wollenberg, Power Generation, Operation and Control, chapter 3)",
    validity=label(
        "至少两台运行或停炉的锅炉，同一种燃料，只用各炉近 7 天到过的负荷；按小时调度，不计启停损失和升降负荷速度；只作建议",
        "Within the loads each boiler had in 7 days, of boilers that run or are off; one fuel; losses of starts and rates of "
        "change are not counted, for a sharing by the hour; advice only; at least two boilers",
    ),
)


class _Boiler(NamedTuple):
    curve: FuelCurve
    now_t_per_h: float


def evaluate(windows: Mapping[Machine, Window], parameters: Parameters) -> dict[Machine, Result]:
    """Share what the station gave in the last hour; machines that cannot take part have their figures declined."""
    taking: dict[Machine, _Boiler] = {}
    results: dict[Machine, Result] = {}
    for machine, window in windows.items():
        try:
            taking[machine] = _boiler(window)
        except NotEvaluated as declined:
            if _gives_now(window):
                # What it gives is part of the demand, and nobody can say at which fuel.
                raise NotEvaluated(declined.why, f"{machine}: {declined.detail}") from None
            results[machine] = _declined(declined)
    if len(taking) < 2:
        raise NotEvaluated(Why.OUTSIDE_VALIDITY, f"{len(taking)} boilers with a fuel curve")
    demand = sum(boiler.now_t_per_h for boiler in taking.values())
    if demand <= 0:
        raise NotEvaluated(Why.NOT_RUNNING, "no steam in the last hour")
    shared = share_demand(
        [boiler.curve for boiler in taking.values()], demand, at_work=[boiler.now_t_per_h > 0 for boiler in taking.values()]
    )
    share = 100 / shared.equal.fuel
    moved = [
        boiler.curve.fuel(best) - boiler.curve.fuel(equal)
        for boiler, best, equal in zip(taking.values(), shared.best.steam, shared.equal.steam, strict=True)
    ]
    error = math.hypot(shared.uncertainty, *(parameters.specific_fuel_accuracy_percent / 100 * fuel for fuel in moved))
    for machine, steam in zip(taking, shared.best.steam, strict=True):
        results[machine] = Result([
            Figure(name="dispatch_steam_flow", value=steam),
            Figure(name="dispatch_saving", value=shared.saving, uncertainty=error),
            Figure(name="dispatch_saving_share", value=share * shared.saving, uncertainty=share * error),
        ])  # fmt: skip
    return results


def _boiler(window: Window) -> _Boiler:
    """Fit a boiler's curve and tell what it gives now.

    Raises
    ------
    NotEvaluated
        If it is neither at work nor merely off, or its history makes no curve.
    """
    newest = window.between(window.end_us - round(_NOW_SECONDS * 1e6), window.end_us)
    if not newest.state_is("running", "off").any():
        raise NotEvaluated(Why.NOT_RUNNING, "neither running nor off")
    _, means = firing_means(window, ("steam_flow", "fuel_flow"), stretch_seconds=_STRETCH_SECONDS, settle_seconds=_SETTLE_SECONDS)
    return _Boiler(fit_fuel_curve(means["steam_flow"], means["fuel_flow"]), _now_t_per_h(newest))


def _now_t_per_h(newest: Window) -> float:
    """Mean steam flow of the last hour, 0 where it mostly did not run."""
    flow = np.where(newest.state_is("running"), newest["steam_flow"], np.nan)
    known = flow[~np.isnan(flow)]
    return float(known.mean()) if len(known) > len(flow) / 2 else 0.0


def _gives_now(window: Window) -> bool:
    return _now_t_per_h(window.between(window.end_us - round(_NOW_SECONDS * 1e6), window.end_us)) > 0


def _declined(declined: NotEvaluated) -> Result:
    return Result([Figure.declined(output.name, declined.why, declined.detail) for output in SPEC.outputs])
