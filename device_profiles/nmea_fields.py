"""What NMEA 0183 sentences carry, by names of our own: the sentences and fields that a profile can name, each with its unit.

After IEC 61162-1 (NMEA 0183) and, for what an AIS transponder tells of its own ship (VDO), ITU-R M.1371. Only a sentence's own
unit is named here; where a sentence may choose among several, values are brought to this one when they are read.
"""

import difflib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from device_profiles.kind import Kind, Signal, SignalType
from telemetry.errors import Problem
from telemetry.toml_file import TomlFile
from telemetry.units import conversion

if TYPE_CHECKING:
    from device_profiles.profile import NmeaPoint, NmeaProfile


class Field(NamedTuple):
    """One value of a sentence."""

    unit: str = "1"
    is_text: bool = False
    stands_seconds: float = 0.0
    """How long it stands at least: what a ship is called and where it is bound is told every six minutes only."""


_DEGREES = Field("deg")
_POSITION = {"latitude_degrees": _DEGREES, "longitude_degrees": _DEGREES}
_STATIC_SECONDS = 1080.0
"""Three times the interval at which ITU-R M.1371 has static data sent."""
FIELDS: Mapping[str, Mapping[str, Field]] = {
    "RMC": _POSITION | {"speed_knots": Field("kn"), "course_degrees": _DEGREES},
    "GGA": _POSITION | {"altitude_metres": Field("m"), "satellites": Field(), "horizontal_dilution": Field()},
    "VTG": {"speed_knots": Field("kn"), "course_degrees": _DEGREES},
    "VHW": {"speed_knots": Field("kn"), "heading_degrees": _DEGREES, "heading_magnetic_degrees": _DEGREES},
    "VLW": {"distance_total_nautical_miles": Field("nmi"), "distance_trip_nautical_miles": Field("nmi")},
    "HDT": {"heading_degrees": _DEGREES},
    "THS": {"heading_degrees": _DEGREES},
    "ROT": {"rate_of_turn_degrees_per_minute": Field("deg/min")},
    "DPT": {
        "depth_below_transducer_metres": Field("m"),
        "depth_below_surface_metres": Field("m"),
        "depth_below_keel_metres": Field("m"),
    },
    "DBT": {"depth_below_transducer_metres": Field("m")},
    "MWV": {
        "relative_wind_angle_degrees": _DEGREES,
        "relative_wind_speed_metres_per_second": Field("m/s"),
        "true_wind_angle_degrees": _DEGREES,
        "true_wind_speed_metres_per_second": Field("m/s"),
    },
    "MTW": {"water_temperature_celsius": Field("°C")},
    "RPM": {"speed_rpm": Field("rpm"), "pitch_percent": Field("%")},
    "RSA": {"starboard_rudder_degrees": _DEGREES, "port_rudder_degrees": _DEGREES},
    "XDR": {
        "angle_degrees": _DEGREES,
        "temperature_celsius": Field("°C"),
        "pressure_pascals": Field("Pa"),
        "distance_metres": Field("m"),
        "humidity_percent": Field("%"),
        "speed_rpm": Field("rpm"),
        "flow_litres_per_second": Field("L/s"),
        "volume_cubic_metres": Field("m**3"),
        "force_newtons": Field("N"),
        "frequency_hertz": Field("Hz"),
        "voltage_volts": Field("V"),
        "current_amperes": Field("A"),
        "value": Field(),
    },
    "VDO": _POSITION
    | {
        "speed_knots": Field("kn"),
        "course_degrees": _DEGREES,
        "heading_degrees": _DEGREES,
        "rate_of_turn_degrees_per_minute": Field("deg/min"),
        "navigational_status": Field(),
        "draught_metres": Field("m", stands_seconds=_STATIC_SECONDS),
        "ship_type": Field(stands_seconds=_STATIC_SECONDS),
        "imo_number": Field(stands_seconds=_STATIC_SECONDS),
        "name": Field(is_text=True, stands_seconds=_STATIC_SECONDS),
        "callsign": Field(is_text=True, stands_seconds=_STATIC_SECONDS),
        "destination": Field(is_text=True, stands_seconds=_STATIC_SECONDS),
    },
}
"""By sentence, whoever the talker is. Of MWV the relative wind is that of reference R, the true wind that of T; the value of an
XDR is that of a generic transducer (G), whose unit only the installation knows."""
SOURCES: Mapping[str, str] = {
    "RPM": "S or E and the number of the shaft or engine, such as S0",
    "XDR": "the name of the transducer, such as ROLL",
}
"""Sentences that carry several values of one field, and what tells them apart."""


def nmea_problems(file: TomlFile, profile: "NmeaProfile", kind: Kind) -> Iterator[Problem]:
    """Tell which points name a sentence or field that is not read, or one that does not fit the signal."""
    signals = kind.signals | profile.signals
    for index, point in enumerate(profile.points):
        place = ("points", index)
        fields = FIELDS.get(point.sentence)
        if fields is None:
            yield file.problem((*place, "sentence"), f"{point.sentence!r} is not read; known: {', '.join(FIELDS)}")
            continue
        if (point.sentence in SOURCES) != (point.source is not None):
            message = (
                f"is missing: {point.sentence} carries several values, told apart by {SOURCES[point.sentence]}"
                if point.source is None
                else f"belongs to {' and '.join(SOURCES)}; a {point.sentence} has one source"
            )
            yield file.problem((*place, "source"), message)
        field = fields.get(point.field)
        if field is None:
            near = difflib.get_close_matches(point.field, fields, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(fields)}"
            yield file.problem((*place, "field"), f"{point.field!r} is no field of {point.sentence}; {hint}")
        elif point.signal in signals:
            yield from _fit_problems(file, place, point, field, signals[point.signal])


def _fit_problems(file: TomlFile, place: tuple[str, int], point: "NmeaPoint", field: Field, signal: Signal) -> Iterator[Problem]:
    where = f"{point.sentence} {point.field}"
    if field.is_text != (signal.type is SignalType.TEXT):
        what = "a text" if field.is_text else "a number"
        yield file.problem((*place, "field"), f"{where} is {what}, and {point.signal!r} is {signal.type}")
    elif point.unit is not None and field.unit != "1":
        yield file.problem((*place, "unit"), f"is told by the sentence: {where} is in {field.unit}")
    elif field.unit != "1":
        try:
            conversion(field.unit, signal.unit)
        except ValueError as error:
            yield file.problem((*place, "field"), f"{where}: {error}, the unit of {point.signal!r}")
