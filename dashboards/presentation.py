"""How a signal is shown: its decimals, its limits, and where its normal band lies on the small gauge beside the number."""

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

from dashboards.texts import Language
from device_profiles.kind import Kind, Signal, SignalType, kind_names, load_kind

MOST_KEY_VALUES = 6
_ROOM = 0.15  # of the gauge beyond its outermost limit, so that a value past it can be seen there
_DECIMALS_WITHOUT_RANGE = 1
_MOST_DECIMALS = 3
_FINEST_SHARE = 2  # a range of 110 is still shown with one decimal, one of 250 without


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """The ends of the scale, and the normal band in percent of it."""

    low: float
    high: float
    band_start: float
    band_width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSignal:
    """One signal in one language, ready for a template."""

    name: str
    type: str
    label: str
    unit: str
    decimals: int
    normal: tuple[float, float] | None
    alarms: dict[str, float]
    states: dict[int, str]
    applies_in: list[int]
    """Codes of the machine's states in which the limits mean something; empty for all."""
    gauge: Gauge | None

    @property
    def normal_text(self) -> str:
        return "" if self.normal is None else f"{_plain(self.normal[0])} – {_plain(self.normal[1])}"


def shown_signal(kind: Kind, name: str, language: Language) -> ShownSignal:
    signal = kind.signals[name]
    alarms: dict[str, float] = {alarm.limit: alarm.value for alarm in signal.alarms}
    return ShownSignal(
        name=name,
        type=str(signal.type),
        label=getattr(signal.label, language),
        unit="" if signal.unit == "1" else signal.unit,
        decimals=decimals(signal),
        normal=signal.normal,
        alarms=alarms,
        states={state.code: getattr(state.label, language) for state in signal.states},
        applies_in=[]
        if kind.state_signal is None
        else [state.code for state in kind.signals[kind.state_signal].states if state.name in signal.applies_in],
        gauge=None if signal.normal is None else _gauge(signal.normal, alarms.values()),
    )


def shown_signals(kind: Kind, language: Language) -> list[ShownSignal]:
    return [shown_signal(kind, name, language) for name in kind.signals]


def key_signals(kind: Kind) -> list[str]:
    """Name the signals of an overview card, without the one that stands in its head."""
    head = kind.state_signal
    return [name for name in all_key_signals(kind) if name != head][:MOST_KEY_VALUES]


def all_key_signals(kind: Kind) -> tuple[str, ...]:
    """Name the key signals; a list of machines asks for them again and again."""
    return _key_signals_of(kind.name) if kind.name in kind_names() else _key_names(kind)


@cache
def _key_signals_of(kind_name: str) -> tuple[str, ...]:
    return _key_names(load_kind(kind_name))


def _key_names(kind: Kind) -> tuple[str, ...]:
    return tuple(name for name, signal in kind.signals.items() if signal.key)


def decimals(signal: Signal) -> int:
    """Give about three digits over the normal range: a drum pressure of 0.953 MPa, a steam temperature of 184.2 °C."""
    if signal.type in (SignalType.INTEGER, SignalType.BOOLEAN, SignalType.ENUM):
        return 0
    if signal.normal is None:
        return _DECIMALS_WITHOUT_RANGE
    span = signal.normal[1] - signal.normal[0]
    return min(max(3 - math.ceil(math.log10(span / _FINEST_SHARE)), 0), _MOST_DECIMALS)


def signal_json(signal: Signal) -> dict[str, Any]:
    """Describe a signal for the API, in both languages."""
    described: dict[str, Any] = {
        "label": signal.label.model_dump(),
        "type": str(signal.type),
        "unit": signal.unit,
        "key": signal.key,
        "role": signal.role,
        "normal": signal.normal,
        "applies_in": signal.applies_in,
        "alarms": {alarm.limit: alarm.value for alarm in signal.alarms},
    }
    if signal.states:
        described["states"] = [state.model_dump() for state in signal.states]
    return described


def _gauge(normal: tuple[float, float], limits: Any) -> Gauge:
    outer = (min(*normal, *limits), max(*normal, *limits)) if limits else normal
    room = (outer[1] - outer[0]) * _ROOM
    low, high = outer[0] - room, outer[1] + room
    percent = 100 / (high - low)
    return Gauge(
        low=low,
        high=high,
        band_start=round((normal[0] - low) * percent, 2),
        band_width=round((normal[1] - normal[0]) * percent, 2),
    )


def _plain(number: float) -> str:
    return f"{number:,.10g}".replace("-", "\N{MINUS SIGN}")
