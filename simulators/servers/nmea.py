"""NMEA 0183 from a simulated ship: a sentence for each instrument every second, to all who connect (TCP) or to a port (UDP).

Written from IEC 61162-1 and ITU-R M.1371 alone: how a sentence is laid out stands here once more, so that the gateway's reading
of it is judged and not repeated. Values are rounded as instruments round them, and the truth log has what went out.
"""

import asyncio
import contextlib
import math
import socket
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Self, cast

from device_profiles.nmea_fields import FIELDS
from device_profiles.profile import NmeaProfile, signals_of
from device_profiles.value import ValueCodec
from simulators.fleet import Equipment
from simulators.servers.nmea_ais import position_report, static_report, vdo
from simulators.truth import Served, Value
from telemetry.errors import ConfigError

PERIOD_SECONDS = 1.0
_MOST_BACKLOG_BYTES = 65_536
Record = Callable[[Served], None]


def with_checksum(body: str) -> bytes:
    """Give a sentence as it goes out: ``$`` or ``!``, text, ``*``, two hexadecimal digits, carriage return and line feed."""
    total = 0
    for byte in body[1:].encode("ascii"):
        total ^= byte
    return f"{body}*{total:02X}\r\n".encode("ascii")


def with_wrong_checksum(sentence: bytes) -> bytes:
    """Turn one bit of a sentence's checksum over: a `_Talker.spoil` hook."""
    *start, digits = sentence.rpartition(b"*")
    return b"".join(start) + f"{int(digits, 16) ^ 1:02X}\r\n".encode("ascii")


class _Pen:
    """Writes the fields of one sentence and keeps, as numbers, what was written; NaN where there was no value to write."""

    def __init__(self, values: Mapping[str, float]) -> None:
        self._values = values
        self.told: dict[str, float] = {}

    def number(self, field: str, decimals: int, *, scale: float = 1.0) -> str:
        """Write a field, empty where there is no value; ``scale`` is how many units of the sentence make one of the field."""
        value = self._value(field)
        if math.isnan(value):
            return ""
        text = f"{value * scale:.{decimals}f}"
        self.told[field] = float(text) / scale
        return text

    def coordinate(self, field: str, hemispheres: str, digits: int) -> str:
        """Write degrees and minutes with five decimals: 2 cm."""
        value = self._value(field)
        if math.isnan(value):
            return ","
        degrees, minutes = divmod(round(abs(value) * 60, 5), 60)
        west_or_south = value < 0
        self.told[field] = (degrees + round(minutes, 5) / 60) * (-1 if west_or_south else 1)
        return f"{int(degrees):0{digits}d}{minutes:08.5f},{hemispheres[west_or_south]}"

    def _value(self, field: str) -> float:
        if field not in self._values:
            return math.nan
        self.told[field] = math.nan
        return self._values[field]

    @property
    def position(self) -> str:
        return f"{self.coordinate('latitude_degrees', 'NS', 2)},{self.coordinate('longitude_degrees', 'EW', 3)}"


def _rmc(pen: _Pen, now: datetime) -> str:
    motion = f"{pen.number('speed_knots', 2)},{pen.number('course_degrees', 1)}"
    return f"GPRMC,{now:%H%M%S}.00,A,{pen.position},{motion},{now:%d%m%y},,,A"


def _gga(pen: _Pen, now: datetime) -> str:
    return f"GPGGA,{now:%H%M%S}.00,{pen.position},1,09,0.9,{pen.number('altitude_metres', 1)},M,,M,,"


def _vtg(pen: _Pen, _: datetime) -> str:
    return f"GPVTG,{pen.number('course_degrees', 1)},T,,M,{pen.number('speed_knots', 2)},N,,K,A"


def _vhw(pen: _Pen, _: datetime) -> str:
    return f"VDVHW,{pen.number('heading_degrees', 1)},T,,M,{pen.number('speed_knots', 2)},N,,K"


def _vlw(pen: _Pen, _: datetime) -> str:
    trip = pen.number("distance_trip_nautical_miles", 2)
    return f"VDVLW,{pen.number('distance_total_nautical_miles', 2)},N,{trip},N"


def _dpt(pen: _Pen, _: datetime) -> str:
    """Tell a depth below the surface as an echo sounder does: below the transducer, and how deep that hangs."""
    hangs_metres = 9.0
    surface = pen.number("depth_below_surface_metres", 1)
    below = f"{float(surface) - hangs_metres:.1f}" if surface else pen.number("depth_below_transducer_metres", 1)
    return f"SDDPT,{below},{hangs_metres:.1f}"


def _relative_wind(pen: _Pen, _: datetime) -> str:
    angle, speed = pen.number("relative_wind_angle_degrees", 0), pen.number("relative_wind_speed_metres_per_second", 1)
    return f"WIMWV,{angle},R,{speed},M,A"


def _true_wind(pen: _Pen, _: datetime) -> str:
    angle, speed = pen.number("true_wind_angle_degrees", 0), pen.number("true_wind_speed_metres_per_second", 2, scale=3600 / 1852)
    return f"WIMWV,{angle},T,{speed},N,A"


def _rsa(pen: _Pen, _: datetime) -> str:
    port = pen.number("port_rudder_degrees", 1)
    return f"AGRSA,{pen.number('starboard_rudder_degrees', 1)},A,{port},{'A' if port else 'V'}"


def _plain(head: str, field: str, decimals: int, tail: str) -> Callable[[_Pen, datetime], str]:
    return lambda pen, _: f"{head},{pen.number(field, decimals)},{tail}"


_LAYOUTS: Mapping[str, Sequence[Callable[[_Pen, datetime], str]]] = {
    "RMC": (_rmc,),
    "GGA": (_gga,),
    "VTG": (_vtg,),
    "VHW": (_vhw,),
    "VLW": (_vlw,),
    "HDT": (_plain("HEHDT", "heading_degrees", 1, "T"),),
    "THS": (_plain("HETHS", "heading_degrees", 1, "A"),),
    "ROT": (_plain("TIROT", "rate_of_turn_degrees_per_minute", 1, "A"),),
    "DPT": (_dpt,),
    "DBT": (_plain("SDDBT,,f", "depth_below_transducer_metres", 1, "M,,F"),),
    "MWV": (_relative_wind, _true_wind),
    "MTW": (_plain("WIMTW", "water_temperature_celsius", 1, "C"),),
    "RSA": (_rsa,),
}
"""Sentences with one source; one that has nothing of what the profile names is not sent."""
_TRANSDUCERS: Mapping[str, tuple[str, str, int, float]] = {
    "angle_degrees": ("A", "D", 2, 1.0),
    "temperature_celsius": ("C", "C", 2, 1.0),
    "pressure_pascals": ("P", "B", 5, 1e-5),
    "distance_metres": ("D", "M", 3, 1.0),
    "humidity_percent": ("H", "P", 1, 1.0),
    "speed_rpm": ("T", "R", 1, 1.0),
    "flow_litres_per_second": ("R", "L", 3, 1.0),
    "volume_cubic_metres": ("V", "M", 2, 1.0),
    "force_newtons": ("N", "N", 1, 1.0),
    "frequency_hertz": ("F", "H", 2, 1.0),
    "voltage_volts": ("U", "V", 2, 1.0),
    "current_amperes": ("I", "A", 2, 1.0),
    "value": ("G", "", 4, 1.0),
}
"""Of XDR: type, unit, decimals, and how many of the unit make one of the field's."""


class _Talker(ABC):
    """The instruments of one ship, which speak every `PERIOD_SECONDS`; each round is a line of truth.

    ``spoil`` is done to each sentence before it goes; what it changes is marked in the truth log. Sentences of ``silent`` are not
    sent.
    """

    def __init__(self, machines: Sequence[tuple[Equipment, NmeaProfile]], record: Record | None, *, host: str, port: int) -> None:
        [(self._equipment, profile)] = machines  # sentences name no ship, so that each has a port of its own
        self._record, self._host, self._port = record, host, port
        self.spoil: Callable[[bytes], bytes] = lambda sentence: sentence
        self.silent: set[str] = set()
        signals = signals_of(profile)
        self._points = list(profile.points)
        self._codecs = {
            point.signal: ValueCodec(
                point.model_copy(update={"unit": point.unit or FIELDS[point.sentence][point.field].unit}), signals[point.signal]
            )
            for point in profile.points
            if signals[point.signal].is_numeric
        }
        self._ticker: asyncio.Task[None] | None = None

    @property
    @abstractmethod
    def port(self) -> int:
        """Where it listens, or sends to."""

    @abstractmethod
    async def _open(self) -> None: ...

    @abstractmethod
    async def _close(self) -> None: ...

    @abstractmethod
    def send(self, data: bytes) -> None:
        """Send bytes as they are, to all who listen."""

    async def __aenter__(self) -> Self:
        await self._open()
        self._ticker = asyncio.create_task(self._tick())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._ticker is not None
        self._ticker.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._ticker
        await self._close()

    def speak(self) -> None:
        """Read the ship's sensors and send a round of sentences."""
        now = datetime.now(UTC)
        time_us = int(now.timestamp() * 1e6)
        right: dict[str, Value] = {}
        for sentence, told in self._round(self._equipment.read(), now):
            sent = self.spoil(sentence)
            if sent == sentence:
                right |= told
            elif self._record is not None and told:
                self._record(Served(time_us, self._equipment.name, told).spoiled_by("spoiled"))
            self.send(sent)
        if self._record is not None and right:
            self._record(Served(time_us, self._equipment.name, right))

    async def _tick(self) -> None:
        while True:
            self.speak()
            await asyncio.sleep(PERIOD_SECONDS)

    def _round(self, reading: Mapping[str, float | str], now: datetime) -> Iterator[tuple[bytes, dict[str, Value]]]:
        """Give each sentence with the signals that it carries, as a client must read them."""
        for formatter in dict.fromkeys(point.sentence for point in self._points):
            if formatter in self.silent:
                continue
            if formatter == "VDO":
                yield from self._own_ship(reading)
                continue
            for source in dict.fromkeys(point.source or "" for point in self._points if point.sentence == formatter):
                values = self._values(reading, formatter, source)
                for layout in self._layouts(formatter, source):
                    pen = _Pen(values)
                    body = f"${layout(pen, now)}"
                    if pen.told:
                        yield with_checksum(body), self._told(formatter, source, pen.told)

    def _layouts(self, formatter: str, source: str) -> Sequence[Callable[[_Pen, datetime], str]]:
        if formatter == "RPM":
            return (
                lambda pen, _: f"ERRPM,{source[0]},{source[1:]},{pen.number('speed_rpm', 1)},{pen.number('pitch_percent', 1)},A",
            )
        if formatter != "XDR":
            return _LAYOUTS[formatter]
        fields = [point.field for point in self._points if (point.sentence, point.source) == ("XDR", source)]
        return tuple(_transducer(field, source) for field in fields)

    def _own_ship(self, reading: Mapping[str, float | str]) -> Iterator[tuple[bytes, dict[str, Value]]]:
        values = self._values(reading, "VDO", "")
        texts = {
            p.field: str(reading.get(p.signal, "")) for p in self._points if p.sentence == "VDO" and p.signal not in self._codecs
        }
        reports = [position_report(values)]
        if texts or values.keys() & {"draught_metres", "ship_type", "imo_number"}:
            reports.append(static_report(values, texts))
        for report in reports:
            told = self._told("VDO", "", report.told) | {
                p.signal: texts[p.field] for p in self._points if p.field in report.texts
            }
            *first, last = vdo(report)
            yield from ((with_checksum(body), {}) for body in first)
            yield with_checksum(last), told

    def _values(self, reading: Mapping[str, float | str], formatter: str, source: str) -> dict[str, float]:
        """Give the fields of one sentence in their units; NaN where a sensor is dead, or the ship has no such thing."""
        values = {}
        for point in self._points:
            if (point.sentence, point.source or "") == (formatter, source) and point.signal in self._codecs:
                value = float(reading.get(point.signal, math.nan))
                values[point.field] = math.nan if math.isnan(value) else self._codecs[point.signal].encode(value)
        return values

    def _told(self, formatter: str, source: str, fields: Mapping[str, float]) -> dict[str, Value]:
        return {
            point.signal: self._codecs[point.signal].decode(fields[point.field])[0]
            for point in self._points
            if (point.sentence, point.source or "") == (formatter, source)
            and point.field in fields
            and point.signal in self._codecs
        }


def _transducer(field: str, source: str) -> Callable[[_Pen, datetime], str]:
    kind, unit, decimals, scale = _TRANSDUCERS[field]
    return lambda pen, _: f"YXXDR,{kind},{pen.number(field, decimals, scale=scale)},{unit},{source}"


class _Client(asyncio.Protocol):
    """One who listens; what it says is not heard."""

    def __init__(self, clients: set[asyncio.Transport]) -> None:
        self._clients = clients

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._clients.add(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the name is asyncio's
        self._clients.discard(self._transport)


class NmeaTcpServer(_Talker):
    """Sends to all who connect. Entered, it listens; left, it is gone."""

    def __init__(self, machines: Sequence[tuple[Equipment, NmeaProfile]], record: Record | None, *, host: str, port: int) -> None:
        super().__init__(machines, record, host=host, port=port)
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Transport] = set()

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    def send(self, data: bytes) -> None:
        for client in list(self._clients):
            if client.get_write_buffer_size() > _MOST_BACKLOG_BYTES:
                client.abort()  # it does not read
            else:
                client.write(data)

    def hang_up(self) -> None:
        """Break off all connections."""
        for client in list(self._clients):
            client.abort()

    async def _open(self) -> None:
        try:
            self._server = await asyncio.get_running_loop().create_server(lambda: _Client(self._clients), self._host, self._port)
        except (OSError, UnicodeError) as error:
            why = (isinstance(error, OSError) and error.strerror) or str(error)
            raise ConfigError(f"cannot listen on {self._host}:{self._port} for NMEA 0183: {why}") from None

    async def _close(self) -> None:
        assert self._server is not None
        self._server.close()
        self.hang_up()
        await self._server.wait_closed()


class NmeaUdpTalker(_Talker):
    """Sends a datagram for each sentence to a port, whoever listens there."""

    def __init__(self, machines: Sequence[tuple[Equipment, NmeaProfile]], record: Record | None, *, host: str, port: int) -> None:
        super().__init__(machines, record, host=host, port=port)
        self._transport: asyncio.DatagramTransport | None = None

    @property
    def port(self) -> int:
        return self._port

    def send(self, data: bytes) -> None:
        assert self._transport is not None
        self._transport.sendto(data)

    async def _open(self) -> None:
        try:
            made = await asyncio.get_running_loop().create_datagram_endpoint(
                asyncio.DatagramProtocol, remote_addr=(self._host, self._port), family=socket.AF_INET, allow_broadcast=True
            )
        except (OSError, UnicodeError) as error:
            why = (isinstance(error, OSError) and error.strerror) or str(error)
            raise ConfigError(f"cannot send to {self._host}:{self._port} by UDP: {why}") from None
        self._transport = made[0]

    async def _close(self) -> None:
        assert self._transport is not None
        self._transport.close()
