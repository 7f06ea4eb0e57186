"""The points of a target as fields of sentences, and the talker that each is taken from."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from device_profiles.kind import Signal
from device_profiles.nmea_fields import FIELDS, Field
from device_profiles.profile import NmeaPoint
from device_profiles.value import NO_VALUE, Reading, ValueCodec
from edge_gateway.driver import Poll, Target
from edge_gateway.drivers.nmea.hearing import Heard, Hearing
from edge_gateway.drivers.nmea.sentences import Key
from telemetry.quality import Quality

_SILENT: Reading = (NO_VALUE, Quality.BAD_NO_COMMUNICATION)


class Moment(NamedTuple):
    """Now, and how long a value stands."""

    at: float
    stale_seconds: float

    def is_fresh(self, heard: Heard, field: Field) -> bool:
        return self.at - heard.at <= max(self.stale_seconds, field.stands_seconds)


class Binding:
    """One signal and the field that carries it.

    Several talkers may tell the same, two compasses say. A signal stays with the one that it was taken from first, until that is
    silent or has no value while another has: values that jump between instruments would look like a ship that turns.
    """

    def __init__(self, point: NmeaPoint, signal: Signal) -> None:
        self.signal = point.signal
        self.field = FIELDS[point.sentence][point.field]
        self._key = Key(point.sentence, point.field, point.source or "")
        self._only, self._talker = point.talker, ""
        unit = point.unit if self.field.unit == "1" else self.field.unit
        self._codec = ValueCodec(point.model_copy(update={"unit": unit}), signal) if signal.is_numeric else None

    def find(self, hearing: Hearing, moment: Moment) -> Heard | None:
        """Give what is heard of it now; None where every talker is silent."""
        fresh = {talker: heard for talker, heard in hearing.of(self._key).items() if self._counts(talker, heard, moment)}
        if not fresh:
            return None
        if self._talker not in fresh or fresh[self._talker].quality:
            self._talker = min(fresh, key=lambda talker: (fresh[talker].quality, talker != self._talker, talker))
        return fresh[self._talker]

    def value(self, heard: Heard) -> Reading | str:
        if heard.quality:
            return NO_VALUE, heard.quality
        if self._codec is None or isinstance(heard.value, str):
            return str(heard.value)
        return self._codec.decode(heard.value)

    def _counts(self, talker: str, heard: Heard, moment: Moment) -> bool:
        return self._only in (None, talker) and moment.is_fresh(heard, self.field)


def bind(target: Target) -> tuple[Binding, ...]:
    """Give the bindings of a target's points."""
    return tuple(Binding(point, target.kind_signals[point.signal]) for point in target.points if isinstance(point, NmeaPoint))


def poll(
    target: Target, bindings: Sequence[Binding], hearing: Hearing, moment: Moment, raw: dict[str, str] | None = None
) -> Poll:
    """Give the row of a target at a moment."""
    heard = {binding.signal: binding.find(hearing, moment) for binding in bindings}
    values: Mapping[str, Reading | str] = {
        binding.signal: _SILENT if (found := heard[binding.signal]) is None else binding.value(found) for binding in bindings
    }
    row = Poll(readings=[])
    for signal in target.signals.names:
        value = values[signal]
        row.readings.append(_SILENT if isinstance(value, str) else value)
    row.texts = {signal: value for signal in target.text_signals if isinstance(value := values[signal], str)}
    if raw is not None:
        raw.update({signal: "not heard" if found is None else found.line for signal, found in heard.items()})
    return row
