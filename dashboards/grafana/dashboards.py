"""The dashboards for engineers in Grafana: one for each kind of equipment, and one of the whole fleet."""

from dashboards.grafana import queries
from dashboards.grafana.panels import (
    MAXIMUM,
    MINIMUM,
    Json,
    chosen_by_query,
    chosen_from,
    dashboard,
    lines,
    quiet,
    state_timeline,
    table,
    tiles,
    trend,
)
from dashboards.grafana.queries import both
from dashboards.grafana.units import grafana_unit
from dashboards.presentation import key_signals
from device_profiles.kind import Kind, Signal, kind_names, load_kind

FLEET = "shangyun-fleet"
_LIMITS = {"low_low": "过低 very low", "low": "低报 low", "high": "高报 high", "high_high": "过高 very high"}
_BAND = "线为各设备的均值，色带为所选设备的最小至最大。\nLines: mean of each machine; band: minimum to maximum of those chosen."
_ALARMS = "未恢复或未确认、且未搁置的报警。\nAlarms that stand or wait to be acknowledged, without shelved ones."
_NO_DATA = "五分钟内有数据的算在报。\nA machine with data in the last five minutes is reporting."


def all_dashboards() -> dict[str, Json]:
    """Make every dashboard under the name of its file."""
    kinds = [load_kind(name) for name in kind_names()]
    return {FLEET: fleet_dashboard(kinds)} | {f"shangyun-{kind.name}": kind_dashboard(kind) for kind in kinds}


def kind_dashboard(kind: Kind) -> Json:
    """Show the machines of a kind: their newest key values, states, trends, alarms, and any other signal on demand."""
    shown = {name: kind.signals[name] for name in key_signals(kind) if kind.signals[name].is_numeric}
    rows = [
        [(_tile(name, signal), 4) for name, signal in shown.items()],
        *([[(_states(kind, kind.state_signal), 6)]] if kind.state_signal else []),
        *([(_trend(kind, *one), 9) for one in pair] for pair in _pairs(list(shown.items()))),
        [(_any_signal(kind), 9)],
        [(_machines(shown), 9)],
        [(_standing(queries.OF_MACHINES), 8)],
    ]
    return dashboard(
        uid=f"shangyun-{kind.name}"[:40],
        title=both(kind.label),
        description=f"{kind.label.zh}：主要参数、状态、趋势、报警。\n{kind.label.en}: key values, states, trends, alarms.",
        variables=[
            chosen_by_query("gateway", "网关 Gateway", queries.gateways_of([kind])),
            chosen_by_query("machine", "设备 Machine", queries.machines_of(kind)),
            chosen_from("signal", "信号 Signal", {name: both(kind.signals[name].label) for name in kind.numeric_signals}),
        ],
        rows=rows,
    )


def fleet_dashboard(kinds: list[Kind]) -> Json:
    """Show what there is, what is silent, and what alarms."""
    counted = "按优先级统计的当前报警。\nStanding alarms by priority."
    totals = tiles(title="设备 Machines", description=_NO_DATA, sql=queries.of_gateways("machine_totals"), unit="none")
    alarms = tiles(
        title="当前报警 Standing alarms",
        description=counted,
        sql=queries.of_gateways("alarm_counts"),
        unit="none",
        name_field="label",
        thresholds={"mode": "absolute", "steps": [{"color": "text", "value": None}, {"color": "red", "value": 1}]},
    )
    age = {"数据龄 Age": "s"}
    by_kind = table(title="按类型 By kind", description=_NO_DATA, sql=queries.machines_by_kind(kinds))
    gateways = table(
        title="网关 Gateways",
        description="最久没有数据的在前。\nThose without data for longest come first.",
        sql=queries.of_gateways("gateway_table"),
        units=age,
    )
    annunciated = lines(
        title="每小时报警 Alarms per hour",
        description="新出现的报警次数，按优先级。每人每小时 6 次可处理，30 次为报警泛滥（ISA-18.2）。\n"
        "New alarms by priority. One operator handles 6 an hour; 30 are a flood (ISA-18.2).",
        sql=queries.of_gateways("alarms_per_hour"),
        unit="none",
        interval="1h",
    )
    received = lines(
        title="收到的数据行 Rows received",
        description="每小时入库的行数，按设备类型。\nRows stored per hour by kind of equipment.",
        sql=queries.rows_received(kinds),
        unit="none",
        interval="1h",
    )
    return dashboard(
        uid=FLEET,
        title="设备总览 Fleet overview",
        description="所有设备：数量、数据、报警。\nAll machines: how many, their data, their alarms.",
        variables=[chosen_by_query("gateway", "网关 Gateway", queries.gateways_of(kinds))],
        rows=[
            [(totals, 5), (alarms, 5)],
            [(by_kind, 10), (gateways, 10)],
            [(received, 9), (annunciated, 9)],
            [(_standing(queries.OF_GATEWAYS), 10)],
        ],
    )


def _tile(name: str, signal: Signal) -> Json:
    return tiles(
        title=both(signal.label),
        description=_described(signal),
        sql=queries.newest_values(name),
        unit=grafana_unit(signal.unit),
        name_field="machine",
        thresholds=_thresholds(signal),
    )


def _trend(kind: Kind, name: str, signal: Signal) -> Json:
    return trend(
        title=both(signal.label),
        description=f"{_described(signal)}\n{_BAND}",
        mean=queries.mean_by_machine(kind, name),
        band=queries.band(kind, name, minimum=MINIMUM, maximum=MAXIMUM),
        unit=grafana_unit(signal.unit),
        thresholds=_thresholds(signal),
    )


def _any_signal(kind: Kind) -> Json:
    return trend(
        title="所选信号 Chosen signal: ${signal:text}",
        description=f"在上方选择信号。\nChoose the signal above.\n{_BAND}",
        mean=queries.mean_by_machine(kind, "${signal}"),
        band=queries.band(kind, "${signal}", minimum=MINIMUM, maximum=MAXIMUM),
        unit="none",
        thresholds=quiet(),
    )


def _states(kind: Kind, name: str) -> Json:
    signal = kind.signals[name]
    return state_timeline(
        title=both(signal.label),
        description="每格为该时段内出现过的最大代码。\nEach cell: the highest code that occurred in it.",
        sql=queries.highest_state(kind, name),
        words={state.code: f"{state.label.zh} {state.label.en}" for state in signal.states},
    )


def _machines(shown: dict[str, Signal]) -> Json:
    units = {both(signal.label): grafana_unit(signal.unit) for signal in shown.values()}
    return table(
        title="设备 Machines",
        description="每台设备的最新值。\nNewest values of each machine.",
        sql=queries.machine_table(shown),
        units={"数据龄 Age": "s", **units},
    )


def _standing(where: str) -> Json:
    return table(title="当前报警 Standing alarms", description=_ALARMS, sql=queries.standing_alarms(where))


def _thresholds(signal: Signal) -> Json:
    """Colour what lies beyond a limit, and nothing else: orange beyond the inner ones, red beyond the outermost."""
    limits = {alarm.limit: alarm.value for alarm in signal.alarms}
    steps: list[Json] = [{"color": "red" if "low_low" in limits else "orange" if "low" in limits else "text", "value": None}]
    if "low_low" in limits:
        steps.append({"color": "orange" if "low" in limits else "text", "value": limits["low_low"]})
    if "low" in limits:
        steps.append({"color": "text", "value": limits["low"]})
    if "high" in limits:
        steps.append({"color": "orange", "value": limits["high"]})
    if "high_high" in limits:
        steps.append({"color": "red", "value": limits["high_high"]})
    return {"mode": "absolute", "steps": steps}


def _described(signal: Signal) -> str:
    unit = "" if signal.unit == "1" else f" {signal.unit}"
    normal = "" if signal.normal is None else f" {signal.normal[0]:g} – {signal.normal[1]:g}{unit}"
    lines_zh = [f"正常范围{normal or '未给出'}。"]
    lines_en = [f"Normal range{normal or ' not given'}."]
    for alarm in signal.alarms:
        zh, _space, en = _LIMITS[alarm.limit].partition(" ")
        lines_zh.append(f"{zh} {alarm.value:g}{unit}：{alarm.consequence.zh}；{alarm.action.zh}。")
        lines_en.append(f"{en.capitalize()} {alarm.value:g}{unit}: {alarm.consequence.en}; {alarm.action.en}.")
    return "\n".join(lines_zh + lines_en)


def _pairs(items: list[tuple[str, Signal]]) -> list[list[tuple[str, Signal]]]:
    return [items[start : start + 2] for start in range(0, len(items), 2)]
