"""Equipment of which this installation has no ``kind.toml``: its kind is put together from what it sends."""

from collections.abc import Mapping

from device_profiles.kind import MOST_SIGNALS, Kind, Label, Signal, SignalType
from store.kind_tables import OTHER

MOST_KEY_SIGNALS = 6
_LABEL = Label(zh="其他设备", en="Other equipment")


def unknown_kind(name: str, signals: Mapping[str, Signal] | None = None) -> Kind:
    """Make a kind; ``name`` is what the equipment calls its kind, empty where it has said nothing yet."""
    return Kind.model_construct(
        name=name or OTHER,
        label=Label(zh=name, en=name) if name not in ("", OTHER) else _LABEL,
        source="",
        parts={},
        families=dict(signals or {}),
        pictures=(),
        energy=None,
    )


def with_signal(kind: Kind, name: str, *, is_text: bool) -> Kind:
    """Add a signal that has come for the first time; beyond the most that a kind may have, nothing is added."""
    if len(kind.families) >= MOST_SIGNALS:
        return kind
    signal = Signal(
        type=SignalType.TEXT if is_text else SignalType.DOUBLE,
        label=Label(zh=name, en=name),
        key=len(kind.families) < MOST_KEY_SIGNALS,
    )
    return unknown_kind(kind.name, {**kind.families, name: signal})
