"""NMEA 0183 lines (IEC 61162-1): checked, taken apart, and read into values by the names of `device_profiles.nmea_fields`.

Every value of a sentence is read or none: a sentence with one field that cannot be is thrown away whole, for what has one wrong
field is not believed in the others. A field that is empty, or that the instrument marks as void, is no value (None).
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

MAX_CHARACTERS = 80
"""Of a sentence without its line end; 82 with it (IEC 61162-1, 7.3.2)."""
_SENTENCE = re.compile(r"^[$!]([A-Z][A-Z0-9])([A-Z]{3}),([^*$!\\]*)$")
_TAG_BLOCK = re.compile(r"^\\([^\\*]*)\*([0-9A-Fa-f]{2})\\")
_NUMBER = re.compile(r"^[+-]?([0-9]{1,12}(\.[0-9]{0,12})?|\.[0-9]{1,12})$")
_LATITUDE, _LONGITUDE = re.compile(r"^([0-9]{2})([0-9]{2}(\.[0-9]{0,9})?)$"), re.compile(r"^([0-9]{3})([0-9]{2}(\.[0-9]{0,9})?)$")
_MEASURED_MODES = ("", "A", "D", "F", "P", "R")
"""Of a position: autonomous, differential and kinematic fixes; what is estimated, typed in or simulated is no measurement."""
_FIXED_QUALITIES = ("1", "2", "3", "4", "5")
_KNOT, _FOOT, _FATHOM, _STATUTE_MILE = 1852 / 3600, 0.3048, 1.8288, 1609.344


class Key(NamedTuple):
    """What a value is called, whoever told it."""

    sentence: str
    field: str
    source: str = ""
    """Which transducer, shaft or engine, where a sentence carries several."""


Values = Mapping[Key, float | str | None]


class Sentence(NamedTuple):
    """A line whose checksum is right."""

    talker: str
    formatter: str
    fields: tuple[str, ...]


class Rejected(Exception):  # noqa: N818 - what happened
    """A line that is thrown away; its text is the reason to count it under."""


def parse(line: bytes) -> Sentence | None:
    """Take a line apart; None for a proprietary sentence or a query, which are sound but carry nothing that is read.

    Raises
    ------
    Rejected
        Reasons: overlong, no_sentence, no_checksum, wrong_checksum.
    """
    if not line.isascii() or not line.decode("ascii").isprintable():
        raise Rejected("no_sentence")
    text = _without_tag_block(line.decode("ascii"))
    if not text.startswith(("$", "!")):
        raise Rejected("no_sentence")
    if len(text) > MAX_CHARACTERS:
        raise Rejected("overlong")
    body, star, told = text.partition("*")
    if not star:
        raise Rejected("no_checksum")
    if not re.fullmatch("[0-9A-Fa-f]{2}", told) or int(told, 16) != checksum(body[1:]):
        raise Rejected("wrong_checksum")
    if body[1] == "P" or re.match(r"^\$[A-Z0-9]{4}Q,", body):
        return None
    found = _SENTENCE.match(body)
    if found is None:
        raise Rejected("no_sentence")
    return Sentence(found[1], found[2], tuple(found[3].split(",")))


def checksum(text: str) -> int:
    """Give the exclusive or of all characters between ``$`` or ``!`` and ``*``."""
    total = 0
    for character in text:
        total ^= ord(character)
    return total


def _without_tag_block(text: str) -> str:
    r"""Leave out the block ``\s:...*hh\`` that networks put before a sentence (IEC 61162-450)."""
    while text.startswith("\\"):
        block = _TAG_BLOCK.match(text)
        if block is None:
            raise Rejected("no_sentence")
        if int(block[2], 16) != checksum(block[1]):
            raise Rejected("wrong_checksum")
        text = text[block.end() :]
    return text


def read(sentence: Sentence) -> Values:
    """Give the values of a sentence; none of one that is not known.

    Raises
    ------
    Rejected
        If a field is not what the sentence's table says: wrong_field.
    """
    reader = READERS.get(sentence.formatter)
    if reader is None:
        return {}
    return {Key(sentence.formatter, field, source): value for field, source, value in reader(_Fields(sentence.fields))}


class _Fields:
    """The fields of one sentence; those that an older edition of the standard does not have are empty."""

    def __init__(self, fields: tuple[str, ...]) -> None:
        self._fields = fields

    def __len__(self) -> int:
        return len(self._fields)

    def text(self, index: int) -> str:
        return self._fields[index] if index < len(self._fields) else ""

    def needs(self, count: int) -> None:
        if len(self._fields) < count:
            raise Rejected("wrong_field")

    def letter(self, index: int, allowed: tuple[str, ...]) -> str:
        text = self.text(index)
        if text not in allowed:
            raise Rejected("wrong_field")
        return text

    def number(self, index: int, low: float = -math.inf, high: float = math.inf, *, unit: str = "") -> float | None:
        """Give a number within its bounds, followed by its unit's letter where it has one; None where it is empty."""
        text = self.text(index)
        if not text:
            return None
        if not _NUMBER.match(text) or (unit and self.text(index + 1) != unit):
            raise Rejected("wrong_field")
        number = float(text)
        if not low <= number <= high:
            raise Rejected("wrong_field")
        return number

    def direction(self, index: int, *, unit: str = "") -> float | None:
        return self.number(index, 0, 360, unit=unit)

    def is_valid(self, index: int) -> bool:
        """Tell whether a status says that its values are: A, not V."""
        return self.letter(index, ("A", "V")) == "A"

    def coordinate(self, index: int, form: re.Pattern[str], hemispheres: str, most_degrees: int) -> float | None:
        text, hemisphere = self.text(index), self.text(index + 1)
        if not text:
            return None
        found = form.match(text)
        if found is None or hemisphere not in tuple(hemispheres):
            raise Rejected("wrong_field")
        degrees, minutes = float(found[1]), float(found[2])
        value = degrees + minutes / 60
        if minutes >= 60 or value > most_degrees:
            raise Rejected("wrong_field")
        return -value if hemisphere == hemispheres[1] else value

    def position(self, index: int) -> tuple[float | None, float | None]:
        return self.coordinate(index, _LATITUDE, "NS", 90), self.coordinate(index + 2, _LONGITUDE, "EW", 180)


_Read = Iterator[tuple[str, str, float | None]]


def _only_if(is_valid: bool, value: float | None) -> float | None:  # noqa: FBT001 - a value and whether it counts
    return value if is_valid else None


def _rmc(fields: _Fields) -> _Read:
    fields.needs(8)
    measured = fields.is_valid(1) and fields.letter(11, (*_MEASURED_MODES, "E", "M", "N", "S")) in _MEASURED_MODES
    latitude, longitude = fields.position(2)
    yield "latitude_degrees", "", _only_if(measured, latitude)
    yield "longitude_degrees", "", _only_if(measured, longitude)
    yield "speed_knots", "", _only_if(measured, fields.number(6, 0, 1000))
    yield "course_degrees", "", _only_if(measured, fields.direction(7))


def _gga(fields: _Fields) -> _Read:
    fields.needs(9)
    fixed = fields.letter(5, (*_FIXED_QUALITIES, "0", "6", "7", "8", "")) in _FIXED_QUALITIES
    latitude, longitude = fields.position(1)
    yield "latitude_degrees", "", _only_if(fixed, latitude)
    yield "longitude_degrees", "", _only_if(fixed, longitude)
    yield "satellites", "", fields.number(6, 0, 99)
    yield "horizontal_dilution", "", _only_if(fixed, fields.number(7, 0))
    yield "altitude_metres", "", _only_if(fixed, fields.number(8, unit="M"))


def _vtg(fields: _Fields) -> _Read:
    fields.needs(8)
    measured = fields.letter(8, (*_MEASURED_MODES, "E", "M", "N", "S")) in _MEASURED_MODES
    yield "course_degrees", "", _only_if(measured, fields.direction(0, unit="T"))
    yield "speed_knots", "", _only_if(measured, fields.number(4, 0, 1000, unit="N"))


def _vhw(fields: _Fields) -> _Read:
    fields.needs(6)
    yield "heading_degrees", "", fields.direction(0, unit="T")
    yield "heading_magnetic_degrees", "", fields.direction(2, unit="M")
    yield "speed_knots", "", fields.number(4, -1000, 1000, unit="N")


def _vlw(fields: _Fields) -> _Read:
    fields.needs(4)
    yield "distance_total_nautical_miles", "", fields.number(0, 0, unit="N")
    yield "distance_trip_nautical_miles", "", fields.number(2, 0, unit="N")


def _hdt(fields: _Fields) -> _Read:
    yield "heading_degrees", "", fields.direction(0, unit="T")


def _ths(fields: _Fields) -> _Read:
    fields.needs(2)
    measured = fields.letter(1, ("A", "E", "M", "S", "V")) == "A"
    yield "heading_degrees", "", _only_if(measured, fields.direction(0))


def _rot(fields: _Fields) -> _Read:
    fields.needs(2)
    yield "rate_of_turn_degrees_per_minute", "", _only_if(fields.is_valid(1), fields.number(0, -10_000, 10_000))


def _dpt(fields: _Fields) -> _Read:
    fields.needs(2)
    depth, offset = fields.number(0, 0, 12_000), fields.number(1, -100, 100)
    # A positive offset reaches from the transducer up to the water line, a negative one down to the keel; 0 tells neither.
    below = None if depth is None or not offset else depth + offset
    yield "depth_below_transducer_metres", "", depth
    yield "depth_below_surface_metres", "", below if offset and offset > 0 else None
    yield "depth_below_keel_metres", "", below if offset and offset < 0 else None


def _dbt(fields: _Fields) -> _Read:
    fields.needs(6)
    feet, metres, fathoms = (fields.number(index, 0, unit=unit) for index, unit in ((0, "f"), (2, "M"), (4, "F")))
    if metres is None:
        metres = feet * _FOOT if feet is not None else fathoms * _FATHOM if fathoms is not None else None
    yield "depth_below_transducer_metres", "", metres


_METRES_PER_SECOND = {"M": 1.0, "K": 1 / 3.6, "N": _KNOT, "S": _STATUTE_MILE / 3600}


def _mwv(fields: _Fields) -> _Read:
    fields.needs(5)
    reference, is_valid = fields.letter(1, ("R", "T")), fields.is_valid(4)
    speed, which = fields.number(2, 0, 1000), "relative" if reference == "R" else "true"
    if speed is not None:
        speed *= _METRES_PER_SECOND[fields.letter(3, tuple(_METRES_PER_SECOND))]
    yield f"{which}_wind_angle_degrees", "", _only_if(is_valid, fields.direction(0))
    yield f"{which}_wind_speed_metres_per_second", "", _only_if(is_valid, speed)


def _mtw(fields: _Fields) -> _Read:
    yield "water_temperature_celsius", "", fields.number(0, -100, 100, unit="C")


def _rpm(fields: _Fields) -> _Read:
    fields.needs(5)
    kind, number, is_valid = fields.letter(0, ("S", "E")), fields.text(1), fields.is_valid(4)
    if not re.fullmatch("[0-9]{1,2}", number):
        raise Rejected("wrong_field")
    source = f"{kind}{int(number)}"
    yield "speed_rpm", source, _only_if(is_valid, fields.number(2, -100_000, 100_000))
    yield "pitch_percent", source, _only_if(is_valid, fields.number(3, -100, 100))


def _rsa(fields: _Fields) -> _Read:
    fields.needs(2)
    for index, side in ((0, "starboard"), (2, "port")):
        angle = fields.number(index, -180, 180)
        # A ship with one rudder has nothing in the fields of the other, not even a status.
        is_valid = angle is not None and fields.is_valid(index + 1)
        yield f"{side}_rudder_degrees", "", _only_if(is_valid, angle)


_KELVIN = 273.15
_TRANSDUCERS: Mapping[tuple[str, str], tuple[str, Callable[[float], float]]] = {
    ("A", "D"): ("angle_degrees", float),
    ("C", "C"): ("temperature_celsius", float),
    ("C", "K"): ("temperature_celsius", lambda kelvin: kelvin - _KELVIN),
    ("P", "P"): ("pressure_pascals", float),
    ("P", "B"): ("pressure_pascals", lambda bar: bar * 100_000),
    ("D", "M"): ("distance_metres", float),
    ("H", "P"): ("humidity_percent", float),
    ("T", "R"): ("speed_rpm", float),
    ("R", "L"): ("flow_litres_per_second", float),
    ("V", "M"): ("volume_cubic_metres", float),
    ("N", "N"): ("force_newtons", float),
    ("F", "H"): ("frequency_hertz", float),
    ("U", "V"): ("voltage_volts", float),
    ("I", "A"): ("current_amperes", float),
    ("G", ""): ("value", float),
}
"""By type of transducer and letter of the unit."""


def _xdr(fields: _Fields) -> _Read:
    if len(fields) % 4:
        raise Rejected("wrong_field")
    for index in range(0, len(fields), 4):
        number, transducer = fields.number(index + 1), _TRANSDUCERS.get((fields.text(index), fields.text(index + 2)))
        name = fields.text(index + 3)
        if transducer is not None and name:  # one of another type, or without a name, can be meant by no point
            field, convert = transducer
            yield field, name, None if number is None else convert(number)


READERS: Mapping[str, Callable[[_Fields], _Read]] = {
    "RMC": _rmc,
    "GGA": _gga,
    "VTG": _vtg,
    "VHW": _vhw,
    "VLW": _vlw,
    "HDT": _hdt,
    "THS": _ths,
    "ROT": _rot,
    "DPT": _dpt,
    "DBT": _dbt,
    "MWV": _mwv,
    "MTW": _mtw,
    "RPM": _rpm,
    "RSA": _rsa,
    "XDR": _xdr,
}
