"""Signals of a machine in the order of a table: those of the whole machine, then those of its parts, which open on demand."""

from typing import NamedTuple

from dashboards.presentation import ShownSignal, shown_signal
from dashboards.texts import Language
from device_profiles.kind import Kind


class SignalGroup(NamedTuple):
    label: str
    """What the parts are: strings, cylinders; empty for the whole machine."""
    signals: list[ShownSignal]


def signal_groups(kind: Kind, language: Language) -> list[SignalGroup]:
    """Give the groups; the first is that of the whole machine, even where it is empty."""
    found: dict[tuple[str, ...], list[ShownSignal]] = {(): []}
    for members in kind.members.values():
        for name, part in members.items():
            if name in kind.waveform_signals:  # records have a page of their own
                continue
            found.setdefault(tuple(part), []).append(shown_signal(kind, name, language))
    return [
        SignalGroup(" · ".join(getattr(kind.parts[place].label, language) for place in places), signals)
        for places, signals in found.items()
    ]
