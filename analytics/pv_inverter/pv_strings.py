"""A day of strings held against their peers."""

from datetime import timedelta

import numpy as np

from analytics import evidence
from analytics.pv_inverter.operation import GROUP_PLATE, STRING_COUNT, STRINGS, WEAK_RATIO, string_groups
from analytics.pv_inverter.performance import first_midnight
from analytics.pv_inverter.strings import dispersion_percent, is_comparable, lost_share, peer_currents, peer_ratio, robust_z
from analytics.result import Figure, NotEvaluated, Result, Why
from analytics.spec import Input, NoParameters, Output, Spec, label
from analytics.window import Flags, FloatArray, Window

_DAYS = 8
_LEAST_HOURS = 2
_DEAD_RATIO = 0.1

SPEC = Spec(
    name="pv_strings",
    label=label("组串监测", "Strings"),
    kinds=("pv_inverter",),
    inputs=(Input(STRINGS, "A"), Input("poa_irradiance", "W/m²", required=False), Input("dc_power", "kW", required=False)),
    rated=GROUP_PLATE,
    step_seconds=3600,
    window=timedelta(days=_DAYS),
    cadence=timedelta(days=1),
    outputs=(
        Output("string_dispersion", "%", label("组串电流离散率", "Dispersion of the string currents")),
        Output("worst_string", "1", label("最弱组串号", "Weakest string")),
        Output("worst_string_ratio", "%", label("最弱组串电流与同组之比", "Weakest string over its peers")),
        Output("weak_strings", "1", label("低效组串数（低于同组 95 %）", "Strings below 95 % of their peers")),
        Output("dead_strings", "1", label("无电流组串数", "Strings without current")),
        Output("string_loss", "%", label("低效组串损失占直流电量", "Energy that weak strings lack, of the direct current")),
        Output("string_loss_energy", "kWh", label("低效组串当日损失电量", "Energy that weak strings lacked on the day")),
        Output(
            "largest_string_fall",
            "1",
            label("组串较前一周的最大下降（稳健 z 值）", "Largest fall of a string within a week, robust z"),
        ),
    ),
    source="Peer ratio and dispersion (离散率), trade convention: 5, 10 and 20 %; IEC 62446-1 for string currents; IEC 61724-1",
    validity=label(
        "辐照大于 200 W/m² 或电流大于 1 A，去掉首末一小时；不同朝向、组件数的组串须在铭牌中分组",
        "Light above 200 W/m² or currents above 1 A, without the first and last hour; strings of other orientation or length are "
        "groups of their own on the nameplate",
    ),
)


def evaluate(window: Window, parameters: NoParameters) -> Result:
    """Judge the newest day, and each string against its own week before.

    Raises
    ------
    NotEvaluated
        If the strings cannot be compared in two hours of the newest day.
    """
    del parameters
    currents = window.family(STRINGS)
    comparable = is_comparable(light_w_m2=window["poa_irradiance"], currents_a=currents, step_seconds=window.step_seconds)
    per_day = round(86_400 / window.step_seconds)
    today = np.arange(len(window)) >= len(window) - per_day
    rows = comparable & today
    if np.count_nonzero(rows) * window.step_seconds < _LEAST_HOURS * 3600:
        raise NotEvaluated(Why.NOT_RUNNING, "strings can be compared for less than two hours of the day")
    peers = peer_currents(currents, string_groups(window))
    ratio = peer_ratio(currents[:, rows], peers[:, rows])
    if np.isnan(ratio).all():
        raise NotEvaluated(Why.MISSING_INPUT, "no group has three strings with values")
    known = np.nan_to_num(ratio, nan=np.inf)
    worst = int(known.argmin())
    dispersion = dispersion_percent(currents[:, rows])
    share = lost_share(currents[:, rows], peers[:, rows], below=WEAK_RATIO)
    total = currents[:, rows].sum(axis=0)
    weight = np.where(np.isnan(share) | np.isnan(total), 0.0, total)
    loss = float(np.nan_to_num(share) @ weight / weight.sum()) if weight.sum() > 0 else np.nan
    figures = [
        Figure(name="string_dispersion", value=float(np.median(dispersion[~np.isnan(dispersion)])))
        if (~np.isnan(dispersion)).any()
        else Figure.declined("string_dispersion", Why.MISSING_INPUT, STRINGS),
        Figure(name="worst_string", value=float(worst + 1)),
        Figure(name="worst_string_ratio", value=100 * float(ratio[worst])),
        Figure(name="weak_strings", value=float(np.count_nonzero(known < WEAK_RATIO))),
        Figure(name="dead_strings", value=float(np.count_nonzero(known < _DEAD_RATIO))),
        *_loss(window, rows, loss),
        _fall(currents, peers, comparable, per_day),
    ]
    return Result(figures, pictures=[_heat_map(window, currents, peers, today), _ranking(ratio)])


def _loss(window: Window, rows: Flags, share: float) -> list[Figure]:
    names = ("string_loss", "string_loss_energy")
    if np.isnan(share):
        return [Figure.declined(name, Why.MISSING_INPUT, STRINGS) for name in names]
    figure = Figure(name=names[0], value=100 * share)
    power = window["dc_power"][rows]
    power = power[~np.isnan(power)]
    if not len(power):
        return [figure, Figure.declined(names[1], Why.MISSING_INPUT, "dc_power")]
    return [figure, Figure(name=names[1], value=share * float(power.sum()) * window.step_seconds / 3600)]


def _fall(currents: FloatArray, peers: FloatArray, comparable: Flags, per_day: int) -> Figure:
    """Take whole days back from the window's end."""
    days = len(comparable) // per_day
    kept = np.where(comparable, currents, np.nan)[:, len(comparable) - days * per_day :].reshape(len(currents), days, per_day)
    against = peers[:, len(comparable) - days * per_day :].reshape(len(currents), days, per_day)
    ratios = np.column_stack([peer_ratio(kept[:, day], against[:, day]) for day in range(days)])
    z = robust_z(ratios)
    z = z[~np.isnan(z)]
    if not len(z):
        return Figure.declined("largest_string_fall", Why.MISSING_INPUT, "fewer than three days before")
    return Figure(name="largest_string_fall", value=max(-float(z.min()), 0.0))


def _heat_map(window: Window, currents: FloatArray, peers: FloatArray, today: Flags) -> dict[str, object]:
    """Each string's current over its peers', by hour; empty where there is no light."""
    own, of_peers = currents[:, today], peers[:, today]
    with np.errstate(invalid="ignore"):
        bright = of_peers > 0.5
    share = np.divide(own, of_peers, out=np.full(own.shape, np.nan), where=bright)
    lit = ~np.isnan(share).all(axis=0)
    per_day = int(np.count_nonzero(today))
    middle = np.nan_to_num(peers).mean(axis=0)
    # By the sun: whoever looks at it thinks of morning and evening, and the window does not know its time zone.
    hours = (np.arange(len(window)) - first_midnight(middle, per_day)) % per_day * window.step_seconds / 3600
    return evidence.heat_map(
        label("各组串各时电流与同组之比（真太阳时）", "String current over its peers, by solar hour"),
        "1",
        [str(string) for string in range(1, STRING_COUNT + 1)],
        [f"{hour:.0f}:00" for hour in hours[today][lit].tolist()],
        share[:, lit],
    )


def _ranking(ratio: FloatArray) -> dict[str, object]:
    order = np.argsort(np.nan_to_num(ratio, nan=np.inf), kind="stable")
    return evidence.bars(
        label("各组串当日电流与同组之比（升序）", "Strings over their peers on the day, weakest first"),
        "%",
        [str(string + 1) for string in order.tolist()],
        {"同组比 / ratio": 100 * ratio[order]},
        stacked=False,
    )
