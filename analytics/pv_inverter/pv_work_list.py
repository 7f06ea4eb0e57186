"""What to mend first in a station: losses of the newest day, ranked by what mending them brings."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

import numpy as np
from pydantic import Field

from analytics import evidence
from analytics.pv_inverter.operation import GROUP_PLATE, STRINGS, WEAK_RATIO, string_groups
from analytics.pv_inverter.pv_performance import losses_of
from analytics.pv_inverter.strings import is_comparable, peer_currents, peer_ratio
from analytics.pv_inverter.work_list import SPARES, Job, Loss, ranked
from analytics.result import Figure, NotEvaluated, Result, Why
from analytics.spec import Input, Output, Spec, label
from analytics.window import FloatArray, Window
from telemetry.settings import Settings

_MOST_ROWS = 20
_DEAD_RATIO = 0.1


class WorkListParameters(Settings):
    """What mending brings back, and what is too little to list."""

    least_kwh_per_day: float = Field(default=0.5, ge=0)
    soiling_recovery_percent: float = Field(default=95.0, gt=0, le=100)
    """Of the dirt's loss, by a cleaning."""
    usual_array_percent: float = Field(default=88.0, gt=30, le=110)
    """As for `pv_performance`."""


SPEC = Spec(
    name="pv_work_list",
    label=label("运维工单排序", "Work list"),
    kinds=("pv_inverter",),
    inputs=(
        Input("poa_irradiance", "W/m²"),
        Input("active_power", "kW"),
        Input("dc_power", "kW"),
        Input("module_temperature", "°C", required=False),
        Input("ambient_temperature", "°C", required=False),
        Input("wind_speed", "m/s", required=False),
        Input("derate_mode", "1", required=False),
        Input("power_setpoint", "%", required=False),
        Input("soiling_ratio", "1", required=False),
        Input(STRINGS, "A", required=False),
    ),
    rated=(
        ("dc_power_stc", "kW"),
        ("rated_power", "kW"),
        ("temperature_coefficient", "%/K"),
        ("feed_in_price", "CNY/kWh"),
        ("cleaning_cost", "CNY"),
        *GROUP_PLATE,
    ),
    scope="station",
    cadence=timedelta(days=1),
    outputs=(
        Output("recoverable_energy", "kWh/d", label("可挽回电量", "Energy that mending brings back")),
        Output("recoverable_money", "CNY/d", label("可挽回收入", "Money that mending brings back")),
        Output("work_rank", "1", label("在全站工单中的最高排名", "Best rank in the station's work list")),
    ),
    parameters=WorkListParameters,
    source="Losses of pv_performance and peer ratios of pv_strings; ranked by energy times price",
    validity=label(
        "以最近一天的天气为准；停机、降额、积灰与低效组串；限电与削顶不算工单",
        "At the newest day's weather; outages, own limits, dirt and weak strings; orders and clipping are no work",
    ),
)


def evaluate(windows: Mapping[str, Window], parameters: WorkListParameters) -> dict[str, Result]:
    """List the station's losses that people can mend.

    Raises
    ------
    NotEvaluated
        If no machine can be judged.
    """
    losses: list[Loss] = []
    left_out: dict[str, NotEvaluated] = {}
    for name, window in windows.items():
        try:
            losses += _losses(name, window, parameters)
        except NotEvaluated as declined:
            left_out[name] = declined
    if len(left_out) == len(windows):
        raise next(iter(left_out.values()), NotEvaluated(Why.MISSING_INPUT, "no machines"))
    prices = [window.rated["feed_in_price"] for window in windows.values() if window.rated.get("feed_in_price", 0.0) > 0]
    price = float(np.median(prices)) if prices else float("nan")
    # Without a price all energy is alike, and its order is that of the money.
    jobs = ranked(
        (one for one in losses if one.kwh_per_day >= parameters.least_kwh_per_day), price_per_kwh=price if prices else 1.0
    )
    picture = [_table(jobs, has_price=bool(prices))] if jobs else []
    results = {name: _result(name, jobs, picture, has_price=bool(prices)) for name in windows if name not in left_out}
    for name, reason in left_out.items():
        results[name] = Result([Figure.declined(one.name, reason.why, reason.detail) for one in SPEC.outputs])
    return results


def _losses(name: str, window: Window, parameters: WorkListParameters) -> Iterator[Loss]:
    split = losses_of(window, usual_ratio=parameters.usual_array_percent / 100)
    days = max(window.days, 1e-9)
    yield Loss(name, "outage", "", split.outage / days)
    yield Loss(name, "derating", "", split.derating / days)
    if not np.isnan(split.dirt):
        recovery = parameters.soiling_recovery_percent / 100
        yield Loss(name, "soiling", "", split.dirt / days, recovery, window.rated.get("cleaning_cost", np.nan))
    yield from _of_strings(name, window, days)


def _of_strings(name: str, window: Window, days: float) -> Iterator[Loss]:
    currents = window.family(STRINGS)
    rows = is_comparable(light_w_m2=window["poa_irradiance"], currents_a=currents, step_seconds=window.step_seconds)
    rows &= ~np.isnan(window["dc_power"])
    if not rows.any():
        return
    own = currents[:, rows]
    peers = peer_currents(own, string_groups(window))
    ratio = peer_ratio(own, peers)
    total = np.nan_to_num(own).sum(axis=0)
    kwh_per_a: FloatArray = np.divide(window["dc_power"][rows], total, out=np.zeros(len(total)), where=total > 0)
    for string in np.flatnonzero(np.nan_to_num(ratio, nan=1.0) < WEAK_RATIO).tolist():
        lack = np.nan_to_num(np.maximum(peers[string] - own[string], 0.0))
        energy = float(lack @ kwh_per_a) * window.step_seconds / 3600
        code = "string_open" if ratio[string] < _DEAD_RATIO else "string_low"
        yield Loss(name, code, str(string + 1), energy / days)


_NAMES = {
    "outage": "停机 / outage",
    "derating": "降额 / own limit",
    "soiling": "积灰 / soiling",
    "string_open": "组串无电流 / dead string",
    "string_low": "组串偏低 / weak string",
}


def _table(jobs: list[Job], *, has_price: bool) -> dict[str, object]:
    header = ["#", "设备 / machine", "问题 / problem", "部件 / part", "kWh/d", "备件 / parts"]
    if has_price:
        header[5:5] = ["CNY/d", "回收期 / payback d"]
    rows = []
    for job in jobs[:_MOST_ROWS]:
        loss, spare = job.loss, SPARES[job.loss.code]
        money: list[object] = [job.money_per_day, job.payback_days] if has_price else []
        first: list[object] = [job.rank, loss.machine, _NAMES[loss.code], loss.part, job.regained_kwh_per_day]
        rows.append([*first, *money, f"{spare.zh} / {spare.en}"])
    return evidence.table(label("全站运维工单（按收益排序）", "Work list of the station, by what it brings"), header, rows)


def _result(name: str, jobs: list[Job], picture: list[dict[str, object]], *, has_price: bool) -> Result:
    own = [job for job in jobs if job.loss.machine == name]
    money = Figure(name="recoverable_money", value=float(sum(job.money_per_day for job in own)))
    return Result(
        [
            Figure(name="recoverable_energy", value=float(sum(job.regained_kwh_per_day for job in own))),
            money if has_price else Figure.declined("recoverable_money", Why.NO_NAMEPLATE, "feed_in_price"),
            Figure(name="work_rank", value=float(own[0].rank))
            if own
            else Figure.declined("work_rank", Why.NO_DEGRADATION, "nothing to mend"),
        ],
        pictures=picture,
    )
