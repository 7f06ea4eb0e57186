"""What was heard: the newest value of every field of every talker, other ships, and how much was thrown away."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from device_profiles.value import NO_VALUE
from edge_gateway import metrics
from edge_gateway.drivers.nmea import ais, sentences
from edge_gateway.drivers.nmea.sentences import Key, Rejected, Sentence
from telemetry.quality import Quality

_log = logging.getLogger(__name__)

_MOST_VALUES = 4000
_MOST_SHIPS = 2000
_MOST_SHOWN = 50


class Heard(NamedTuple):
    """One field as one talker last told it."""

    value: float | str
    quality: int
    at: float
    """By the event loop's clock."""
    line: str
    """The sentence that told it."""


class Hearing:
    """Takes lines, whatever brought them, and remembers what they say; a line that is wrong is counted with its reason."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._values: dict[Key, dict[str, Heard]] = {}
        self._count = 0
        self._groups = ais.Groups()
        self._ships: dict[int, ais.Values] = {}
        self._rejected: Counter[str] = Counter()
        self.heard_at: float | None = None
        """When the last sound sentence came."""

    def take(self, line: bytes, *, at: float) -> None:
        """Take one line without its end; an empty one is nothing."""
        if not line:
            return
        sentence: Sentence | None = None
        try:
            sentence = sentences.parse(line)
            self.heard_at = at
            if sentence is not None:
                self._remember(sentence, self._read(sentence), at=at, line=line.decode("ascii"))
        except Rejected as rejected:
            self.reject(str(rejected), line)
            if sentence is not None and str(rejected) == "wrong_field":
                self._spoil(sentence, at=at, line=line.decode("ascii"))

    def reject(self, reason: str, line: bytes) -> None:
        """Count what is thrown away; the first of each reason is told in the log."""
        metrics.REJECTED_SENTENCES.labels(self._name, reason).inc()
        if reason not in self._rejected:
            _log.warning("%s: thrown away (%s), further ones are only counted: %r", self._name, reason, line[:100])
        self._rejected[reason] += 1

    def of(self, key: Key) -> Mapping[str, Heard]:
        """Give what each talker last told of this."""
        return self._values.get(key, {})

    def overheard(self) -> list[str]:
        """Say which other ships were heard, and what was thrown away."""
        lines = [f"other ship {mmsi}: {_shown(values)}" for mmsi, values in list(self._ships.items())[:_MOST_SHOWN]]
        if len(self._ships) > _MOST_SHOWN:
            lines.append(f"and {len(self._ships) - _MOST_SHOWN} other ships more")
        if self._rejected:
            reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(self._rejected.items()))
            lines.append(f"sentences thrown away: {reasons}")
        return lines

    def _read(self, sentence: Sentence) -> sentences.Values:
        if sentence.formatter not in ("VDM", "VDO"):
            return sentences.read(sentence)
        message = self._groups.add(sentence)
        if message is None:
            return {}
        if sentence.formatter == "VDO":
            return {Key("VDO", field): value for field, value in message.values.items()}
        if message.mmsi in self._ships or len(self._ships) < _MOST_SHIPS:
            self._ships.setdefault(message.mmsi, {}).update(message.values)
        return {}

    def _remember(self, sentence: Sentence, values: sentences.Values, *, at: float, line: str) -> None:
        for key, value in values.items():
            of_talkers = self._values.setdefault(key, {})
            if sentence.talker not in of_talkers:
                if self._count >= _MOST_VALUES:  # somebody invents names of transducers
                    self.reject("too_many_values", line.encode())
                    return
                self._count += 1
            quality = Quality.BAD_NOT_AVAILABLE if value is None else Quality.GOOD
            of_talkers[sentence.talker] = Heard(NO_VALUE if value is None else value, quality, at, line)

    def _spoil(self, sentence: Sentence, *, at: float, line: str) -> None:
        """Let nothing that this talker told before stand: its newest sentence has it otherwise, and cannot be read."""
        formatter = "" if sentence.formatter == "VDM" else sentence.formatter
        for key, of_talkers in self._values.items():
            if key.sentence == formatter and sentence.talker in of_talkers:
                of_talkers[sentence.talker] = Heard(NO_VALUE, Quality.BAD_SENSOR_FAILURE, at, line)


_SHOWN: Sequence[tuple[str, str]] = (
    ("name", "{}"),
    ("latitude_degrees", "{:.5f}"),
    ("longitude_degrees", "{:.5f}"),
    ("speed_knots", "{:g} kn"),
    ("course_degrees", "course {:g}"),
    ("destination", "to {}"),
)


def _shown(values: ais.Values) -> str:
    parts = [form.format(value) for field, form in _SHOWN if (value := values.get(field)) is not None]
    return ", ".join(parts) or "nothing known"
