"""AIS messages (ITU-R M.1371): sentences grouped, armour taken off, and types 1, 2, 3, 5, 18 and 24 read."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from edge_gateway.drivers.nmea.sentences import Rejected, Sentence

_MOST_GROUPS = 16
"""Messages of several sentences that may stand open at a time; a channel and a number of one digit tell them apart."""
_MOST_FRAGMENTS = 9
Values = dict[str, float | str | None]


class Message(NamedTuple):
    """What one message says of the ship that sent it."""

    type: int
    mmsi: int
    values: Values
    """By the names of `device_profiles.nmea_fields`; None where the ship says that it does not know."""


class Groups:
    """Puts the sentences of a message together; their parts come in order, and those of another channel may come between."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, ...], list[str]] = {}

    def add(self, sentence: Sentence) -> Message | None:
        """Take a VDM or VDO; give the message when it is whole, and None before, and for a type that is not read.

        Raises
        ------
        Rejected
            Reasons: wrong_field, and incomplete_group for a part without those before it.
        """
        if len(sentence.fields) != 6:
            raise Rejected("wrong_field")
        total_text, number_text, group, channel, payload, fill_text = sentence.fields
        total, number, fill_bits = _digit(total_text), _digit(number_text), _digit(fill_text)
        if not 1 <= number <= total <= _MOST_FRAGMENTS or fill_bits > 5:
            raise Rejected("wrong_field")
        if total == 1:
            return decode(payload, fill_bits)
        key = (sentence.talker, sentence.formatter, total_text, group, channel)
        parts = [] if number == 1 else self._open.pop(key, [])
        if len(parts) != number - 1:
            raise Rejected("incomplete_group")
        parts.append(payload)
        if number == total:
            return decode("".join(parts), fill_bits)
        was_open = self._open.pop(key, None) is not None
        if len(self._open) >= _MOST_GROUPS:
            self._open.pop(next(iter(self._open)))
            was_open = True
        self._open[key] = parts
        if was_open:
            raise Rejected("incomplete_group")  # that of the message that was left; this part is kept
        return None


def decode(payload: str, fill_bits: int) -> Message | None:
    """Read a whole message; None for a type that is not read.

    Raises
    ------
    Rejected
        If a character is none of the armour, or the message is too short: wrong_field.
    """
    bits = Bits.of(payload, fill_bits)
    kind = bits.unsigned(0, 6)
    reader = _READERS.get(kind)
    return None if reader is None else Message(kind, bits.unsigned(8, 30), reader(bits))


class Bits:
    """The bits of a message, first bit first, as one number."""

    def __init__(self, value: int, length: int) -> None:
        self._value, self._length = value, length

    @classmethod
    def of(cls, payload: str, fill_bits: int) -> "Bits":
        """Take the armour off: each character is six bits, in two runs of ASCII (ITU-R M.1371, IEC 61162-1 table 8)."""
        value = 0
        for character in payload:
            code = ord(character)
            if not (48 <= code <= 87 or 96 <= code <= 119):
                raise Rejected("wrong_field")
            value = value << 6 | (code - 48 if code <= 87 else code - 56)
        length = 6 * len(payload) - fill_bits
        if length < 38:
            raise Rejected("wrong_field")
        return cls(value >> fill_bits, length)

    def needs(self, length: int) -> None:
        if self._length < length:
            raise Rejected("wrong_field")

    def unsigned(self, start: int, count: int) -> int:
        self.needs(start + count)
        return self._value >> self._length - start - count & (1 << count) - 1

    def signed(self, start: int, count: int) -> int:
        number = self.unsigned(start, count)
        return number - (1 << count) if number >> count - 1 else number

    def text(self, start: int, characters: int) -> str | None:
        """Give a text of six bits a character; ``@`` ends it, and one that is empty is none."""
        codes = (self.unsigned(start + 6 * index, 6) for index in range(characters))
        text = "".join(chr(code + 64 if code < 32 else code) for code in codes)
        return text.partition("@")[0].rstrip() or None


def _digit(text: str) -> int:
    if len(text) != 1 or not text.isdigit():
        raise Rejected("wrong_field")
    return int(text)


def _motion(bits: Bits, start: int) -> Values:
    """Read speed, position, course and heading, which stand in one order in all position reports; the accuracy is skipped."""
    speed, longitude, latitude = bits.unsigned(start, 10), bits.signed(start + 11, 28), bits.signed(start + 39, 27)
    course, heading = bits.unsigned(start + 66, 12), bits.unsigned(start + 78, 9)
    return {
        "speed_knots": speed / 10 if speed < 1022 else None,  # 1022 is "102.2 or more", 1023 not available
        "longitude_degrees": longitude / 600_000 if abs(longitude) <= 180 * 600_000 else None,
        "latitude_degrees": latitude / 600_000 if abs(latitude) <= 90 * 600_000 else None,
        "course_degrees": course / 10 if course < 3600 else None,
        "heading_degrees": float(heading) if heading < 360 else None,
    }


def _class_a_position(bits: Bits) -> Values:
    bits.needs(168)
    status, turn = bits.unsigned(38, 4), bits.signed(42, 8)
    rate = (turn / 4.733) ** 2 * (-1 if turn < 0 else 1)
    return _motion(bits, 50) | {
        "navigational_status": float(status) if status != 15 else None,
        # 127 only tells that it is more than 5 degrees in 30 s, -128 that there is no indicator.
        "rate_of_turn_degrees_per_minute": rate if abs(turn) <= 126 else None,
    }


def _class_b_position(bits: Bits) -> Values:
    bits.needs(168)
    return _motion(bits, 46)


def _class_a_static(bits: Bits) -> Values:
    bits.needs(422)  # 424 with its spare bits, which some transponders leave out
    return {
        "imo_number": float(bits.unsigned(40, 30)) or None,
        "callsign": bits.text(70, 7),
        "name": bits.text(112, 20),
        "ship_type": float(bits.unsigned(232, 8)) or None,
        "draught_metres": bits.unsigned(294, 8) / 10 or None,
        "destination": bits.text(302, 20),
    }


def _class_b_static(bits: Bits) -> Values:
    part = bits.unsigned(38, 2)
    if part == 0:
        return {"name": bits.text(40, 20)}
    if part == 1:
        bits.needs(162)
        return {"ship_type": float(bits.unsigned(40, 8)) or None, "callsign": bits.text(90, 7)}
    raise Rejected("wrong_field")


_READERS: Mapping[int, Callable[[Bits], Values]] = {
    1: _class_a_position,
    2: _class_a_position,
    3: _class_a_position,
    5: _class_a_static,
    18: _class_b_position,
    24: _class_b_static,
}
