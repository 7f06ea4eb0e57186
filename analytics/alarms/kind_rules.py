"""The alarm rules that every machine of a kind has from the start: the limits of ``kind.toml``, silence and bad quality."""

from collections.abc import Iterator

from analytics.alarms.rule_forms import BadQuality, Limit, Stale, Suppressor
from analytics.alarms.rules import Priority, Rule
from device_profiles.kind import Alarm, Kind, Label, Signal, SignalType

STALE_AFTER_SECONDS = 60.0
BAD_QUALITY_DELAY_SECONDS = 30.0
CRITICAL_DELAY_SECONDS = 5.0
_OUTERMOST = {"low": "low_low", "high": "high_high"}
_SIDES = {
    "low_low": Label(zh="低低", en="low low"),
    "low": Label(zh="过低", en="low"),
    "high": Label(zh="过高", en="high"),
    "high_high": Label(zh="高高", en="high high"),
}
_DELAY_SECONDS = {
    **dict.fromkeys(("°C", "K"), 60.0),
    **dict.fromkeys(("MPa", "kPa", "Pa", "bar"), 15.0),
    **dict.fromkeys(("m³/h", "m³/min", "L/h", "L/min", "t/h", "kg/h"), 15.0),
}
"""Delays to start from by what is measured, after ISA-18.2 and EEMUA 191."""
_LEVEL_DELAY_SECONDS = 60.0
_OTHER_DELAY_SECONDS = 5.0


def rules_of(kind: Kind) -> list[Rule]:
    """Give the rules of a kind: one for each limit, one for silence, one for bad quality of its key signals."""
    limits = [_limit(kind, name, signal, alarm) for name, signal in kind.signals.items() for alarm in signal.alarms]
    return [*limits, *_rules_of_data(kind)]


def default_delay_seconds(name: str, unit: str) -> float:
    """Give the delay that a limit of this signal starts from; a level has no unit of its own and is known by its name."""
    if unit not in _DELAY_SECONDS and "level" in name.split("_"):
        return _LEVEL_DELAY_SECONDS
    return _DELAY_SECONDS.get(unit, _OTHER_DELAY_SECONDS)


def _limit(kind: Kind, name: str, signal: Signal, alarm: Alarm) -> Rule:
    side, limits = _SIDES[alarm.limit], {other.limit for other in signal.alarms}
    priority = Priority(alarm.priority or ("high" if alarm.limit in _OUTERMOST.values() else "medium"))
    usual = default_delay_seconds(name, signal.unit)
    soon = min(usual, CRITICAL_DELAY_SECONDS) if priority == Priority.CRITICAL else usual
    outer = _OUTERMOST.get(alarm.limit)
    title = Label(zh=f"{signal.label.zh} {side.zh}", en=f"{signal.label.en} {side.en}")
    if signal.type is SignalType.BOOLEAN:
        title = signal.label
    return Rule(
        name=f"{kind.name}.{name}.{alarm.limit}",
        kind=kind.name,
        when=Limit(form="limit", signal=name, side=alarm.limit, value=alarm.value, deadband=_deadband(signal, alarm)),
        on_delay_seconds=soon if alarm.on_delay_seconds is None else alarm.on_delay_seconds,
        off_delay_seconds=usual if alarm.off_delay_seconds is None else alarm.off_delay_seconds,
        applies_in=signal.applies_in,
        suppressed_by=(Suppressor(rule=f"{kind.name}.{name}.{outer}"),) if outer in limits else (),
        title=title,
        consequence=alarm.consequence,
        action=alarm.action,
        priority=priority,
    )


def _deadband(signal: Signal, alarm: Alarm) -> float:
    if alarm.deadband is not None:
        return alarm.deadband
    numbers = [*(signal.normal or ()), *(other.value for other in signal.alarms)]
    return float(f"{(max(numbers) - min(numbers)) / 100:.6g}")


def _rules_of_data(kind: Kind) -> Iterator[Rule]:
    stale = f"{kind.name}.stale"
    yield Rule(
        name=stale,
        kind=kind.name,
        when=Stale(form="stale", after_seconds=STALE_AFTER_SECONDS),
        on_delay_seconds=0,
        title=Label(zh="数据中断", en="No data"),
        consequence=Label(
            zh="设备状态未知，其他报警不再更新", en="The machine's state is unknown and its other alarms stand still"
        ),
        action=Label(zh="检查设备供电、网关和网络", en="Check the machine's power, the gateway and the network"),
        priority=Priority.LOW,
    )
    key = tuple(name for name, signal in kind.signals.items() if signal.key and signal.is_numeric)
    yield Rule(
        name=f"{kind.name}.bad_quality",
        kind=kind.name,
        when=BadQuality(form="bad_quality", signals=key),
        on_delay_seconds=BAD_QUALITY_DELAY_SECONDS,
        suppressed_by=(Suppressor(rule=stale),),
        title=Label(zh="关键信号质量差", en="Key signals bad"),
        consequence=Label(zh="看不到这些信号，其报警停在原状", en="These signals cannot be seen and their alarms stand still"),
        action=Label(zh="检查传感器、接线和设备通信", en="Check the sensor, its wiring and the device's connection"),
        priority=Priority.LOW,
    )
