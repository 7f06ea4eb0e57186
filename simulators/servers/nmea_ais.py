"""What an AIS transponder tells of its own ship: messages 1 and 5 of ITU-R M.1371, in armour, as VDO sentences."""

import math
from collections.abc import Mapping
from typing import NamedTuple

MMSI = 413_000_001
"""Of China, and in use by nobody."""
_MOST_CHARACTERS = 56
"""Of armour in one sentence, so that it stays within 82 characters."""
_ALPHABET = "@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_ !\"#$%&'()*+,-./0123456789:;<=>?"


class Report(NamedTuple):
    """A message's bits, and what they say as numbers."""

    bits: str
    told: dict[str, float]
    texts: frozenset[str] = frozenset()


class _Writer:
    def __init__(self, values: Mapping[str, float]) -> None:
        self._values = values
        self.bits = ""
        self.told: dict[str, float] = {}

    def plain(self, number: int, count: int) -> None:
        self.bits += format(number & ((1 << count) - 1), f"0{count}b")

    def field(self, field: str, count: int, *, scale: float, unknown: int, turn: int = 2**32) -> None:
        """Write a value in whole steps of ``1 / scale``; ``turn`` is where a direction begins anew."""
        value = self._values.get(field, math.nan)
        raw = unknown if math.isnan(value) else round(value * scale)
        if not math.isnan(value) and raw >= turn:
            raw -= turn
        if field in self._values:
            self.told[field] = math.nan if raw == unknown else raw / scale
        self.plain(raw, count)

    def text(self, text: str, characters: int) -> None:
        for character in text.upper()[:characters].ljust(characters, "@"):
            self.plain(_ALPHABET.find(character) if character in _ALPHABET else 63, 6)


def position_report(values: Mapping[str, float]) -> Report:
    """Write a message 1, of 168 bits."""
    writer = _Writer(values)
    writer.plain(1, 6)
    writer.plain(0, 2)
    writer.plain(MMSI, 30)
    writer.field("navigational_status", 4, scale=1, unknown=15)
    _rate_of_turn(writer, values.get("rate_of_turn_degrees_per_minute", math.nan))
    writer.field("speed_knots", 10, scale=10, unknown=1023)
    writer.plain(1, 1)
    writer.field("longitude_degrees", 28, scale=600_000, unknown=181 * 600_000)
    writer.field("latitude_degrees", 27, scale=600_000, unknown=91 * 600_000)
    writer.field("course_degrees", 12, scale=10, unknown=3600, turn=3600)
    writer.field("heading_degrees", 9, scale=1, unknown=511, turn=360)
    writer.plain(60, 6)  # the second of the fix is not told
    writer.plain(0, 25)
    return Report(writer.bits, writer.told)


def _rate_of_turn(writer: _Writer, degrees_per_minute: float) -> None:
    if math.isnan(degrees_per_minute):
        writer.plain(-128, 8)
        return
    raw = min(round(4.733 * math.sqrt(abs(degrees_per_minute))), 126) * (-1 if degrees_per_minute < 0 else 1)
    writer.told["rate_of_turn_degrees_per_minute"] = math.copysign((raw / 4.733) ** 2, raw)
    writer.plain(raw, 8)


def static_report(values: Mapping[str, float], texts: Mapping[str, str]) -> Report:
    """Write a message 5, of 424 bits."""
    writer = _Writer(values)
    writer.plain(5, 6)
    writer.plain(0, 2)
    writer.plain(MMSI, 30)
    writer.plain(0, 2)
    writer.field("imo_number", 30, scale=1, unknown=0)
    writer.text(texts.get("callsign", ""), 7)
    writer.text(texts.get("name", ""), 20)
    writer.field("ship_type", 8, scale=1, unknown=0)
    writer.plain(0, 30)
    writer.plain(1, 4)
    writer.plain(0, 20)
    writer.field("draught_metres", 8, scale=10, unknown=0)
    writer.text(texts.get("destination", ""), 20)
    writer.plain(0, 2)
    return Report(writer.bits, writer.told, frozenset(field for field, text in texts.items() if text))


def vdo(report: Report) -> list[str]:
    """Put a message into sentences, as many as it needs, without their checksums."""
    fill_bits = -len(report.bits) % 6
    bits = report.bits + "0" * fill_bits
    codes = [int(bits[start : start + 6], 2) for start in range(0, len(bits), 6)]
    armour = "".join(chr(code + 48 if code < 40 else code + 56) for code in codes)
    parts = [armour[start : start + _MOST_CHARACTERS] for start in range(0, len(armour), _MOST_CHARACTERS)]
    group = "1" if len(parts) > 1 else ""
    return [
        f"!AIVDO,{len(parts)},{number},{group},A,{part},{fill_bits if number == len(parts) else 0}"
        for number, part in enumerate(parts, start=1)
    ]
