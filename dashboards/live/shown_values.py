"""Values as words for tables that the server draws; cards and machine pages do the same in ``static/machine.js``."""

from collections.abc import Callable
from dataclasses import dataclass
from operator import gt, lt

from dashboards.live.listing import Condition
from dashboards.live.state import Machine
from dashboards.presentation import decimals
from dashboards.texts import Language, translator
from device_profiles.kind import Signal, SignalType
from telemetry.quality import Quality

_BEYOND: dict[str, Callable[[float, float], bool]] = {"high_high": gt, "high": gt, "low_low": lt, "low": lt}
"""The outermost limit first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownValue:
    """One value; what is abnormal has a level for its colour, and a symbol and a word beside it."""

    label: str
    text: str
    unit: str = ""
    level: str = ""
    symbol: str = ""
    word: str = ""


def shown_value(machine: Machine, name: str, language: Language) -> ShownValue:
    signal, cell = machine.kind.signals[name], machine.cells.get(name)
    label: str = getattr(signal.label, language)
    if cell is None:
        return ShownValue(label=label, text="—")
    level, symbol, word = _judged(machine, name, language)
    return ShownValue(
        label=label,
        text=_text(signal, machine.shown(name), language),
        unit="" if signal.unit == "1" else signal.unit,
        level=level,
        symbol=symbol,
        word=word,
    )


def condition_text(condition: Condition, language: Language) -> str:
    """Give the word for a condition, with the shape that stands before what is not live."""
    _ = translator(language)
    words = {"live": _("实时"), "stale": _("数据过期"), "offline": _("网关离线"), "no_data": _("尚无数据")}
    shapes = {"live": "", "stale": "◷ ", "offline": "✕ ", "no_data": "○ "}
    return f"{shapes[condition]}{words[condition]}"


def age_text(seconds: float, language: Language) -> str:
    _ = translator(language)
    if seconds < 2:
        return _("刚刚")
    if seconds < 120:
        return _("{n} 秒前", n=int(seconds))
    if seconds < 7200:
        return _("{n} 分钟前", n=int(seconds / 60))
    if seconds < 172_800:
        return _("{n} 小时前", n=int(seconds / 3600))
    return _("{n} 天前", n=int(seconds / 86_400))


def _text(signal: Signal, value: float | str | None, language: Language) -> str:
    _ = translator(language)
    if value is None:
        return "—"
    if isinstance(value, str):
        return value
    if signal.type is SignalType.ENUM:
        labels = {state.code: getattr(state.label, language) for state in signal.states}
        return str(labels.get(round(value), _("代码 {n}", n=f"{value:g}")))
    if signal.type is SignalType.BOOLEAN:
        return _("是") if value else _("否")
    shown = f"{value:,.{decimals(signal)}f}"
    return shown.replace("-", "−") if shown.strip("-0.,") else shown.lstrip("-")  # no "-0.00"


def _judged(machine: Machine, name: str, language: Language) -> tuple[str, str, str]:
    """Give level, symbol and word; nothing for what is as it should be."""
    _ = translator(language)
    signal, cell = machine.kind.signals[name], machine.cells[name]
    if cell.quality >= Quality.UNCERTAIN:
        return ("is-bad", "✕", _("坏值")) if cell.quality >= Quality.BAD else ("is-uncertain", "?", _("存疑"))
    if not isinstance(cell.value, float) or not _is_meant(machine, signal):
        return "", "", ""
    words = {"high_high": _("过高"), "high": _("高报"), "low_low": _("过低"), "low": _("低报")}
    limits = {alarm.limit: alarm.value for alarm in signal.alarms}
    for limit, is_beyond in _BEYOND.items():
        if limit in limits and is_beyond(cell.value, limits[limit]):
            shape = "▲" if limit.startswith("high") else "▼"
            return "is-alarm", shape * (2 if "_" in limit else 1), words[limit]
    low, high = signal.normal or (cell.value, cell.value)
    if low <= cell.value <= high:
        return "", "", ""
    return ("is-off-normal", "△", _("偏高")) if cell.value > high else ("is-off-normal", "▽", _("偏低"))


def _is_meant(machine: Machine, signal: Signal) -> bool:
    """Say whether the limits mean something in the machine's state: a cold boiler has no pressure to be low."""
    state_signal = machine.kind.state_signal
    if not signal.applies_in or state_signal is None:
        return True
    state = machine.cells.get(state_signal)
    codes = {known.name: known.code for known in machine.kind.signals[state_signal].states}
    return state is not None and state.value in {codes[name] for name in signal.applies_in if name in codes}
