"""A request together with the decoders of those who share its reply."""

from collections.abc import Mapping, Sequence

from device_profiles.modbus_codec import BlockCodec
from device_profiles.profile import ModbusPoint, ModbusProfile
from device_profiles.rollover import Rollover
from device_profiles.value import NO_VALUE, Reading
from edge_gateway.driver import Counters, Poll, Target
from edge_gateway.drivers.modbus.framing import Question
from edge_gateway.planner import Request, Share
from telemetry.quality import Quality


class _Part:
    """What one target takes from the reply."""

    def __init__(self, request: Request, share: Share, counters: Counters) -> None:
        target, profile = share.target, share.target.profile
        assert isinstance(profile, ModbusProfile)
        self.target = target
        self._codec = BlockCodec(
            profile, share.points, table=request.table, start=request.start - target.address_offset, count=request.count
        )
        self._columns = [target.signals.names.index(signal) for signal in self._codec.signals]
        self._counters = {
            signal: _counter(counters, target.name, signal, modulus) for signal, modulus in self._codec.moduli.items()
        }
        self._constants = [] if request.table.is_bits else _constants(request, share, profile)

    def contradiction(self, data: bytes) -> str | None:
        """Name a constant of the model that the reply does not hold: then this is another device, or its map has moved."""
        return next((name for name, at, expected in self._constants if data[at : at + len(expected)] != expected), None)

    def fill(self, poll: Poll, data: bytes) -> None:
        for column, reading in zip(self._columns, self._codec.decode(data, self._counters), strict=True):
            poll.readings[column] = reading
        poll.texts.update(zip(self._codec.text_signals, self._codec.decode_texts(data), strict=True))

    def spoil(self, poll: Poll, quality: Quality) -> None:
        reading: Reading = (NO_VALUE, quality)
        for column in self._columns:
            poll.readings[column] = reading


class Block:
    """One request of a plan."""

    def __init__(self, request: Request, counters: Counters, *, unit: int) -> None:
        self.request = request
        self.question = Question(unit, request.table, request.start, request.count)
        self._parts = [_Part(request, share, counters) for share in request.shares]

    @property
    def targets(self) -> list[Target]:
        return [part.target for part in self._parts]

    def fill(self, polls: Mapping[Target, Poll], data: bytes) -> dict[str, str]:
        """Decode a reply for all who share it; give the equipment that is another than its profile says, and what differs."""
        contradictions = {}
        for part in self._parts:
            poll, contradiction = polls[part.target], part.contradiction(data)
            if contradiction is None:
                part.fill(poll, data)
            else:
                part.spoil(poll, Quality.BAD_CONFIGURATION_ERROR)
                contradictions[part.target.name] = contradiction
        return contradictions

    def spoil(self, polls: Mapping[Target, Poll], quality: Quality) -> None:
        for part in self._parts:
            part.spoil(polls[part.target], quality)

    def note(self, raw: dict[str, str], data: bytes) -> None:
        """Write down what the device sent for each point, in hex words (bits: 0 or 1)."""
        for share in self.request.shares:
            for point in share.points:
                first = point.address + share.target.address_offset - self.request.start
                if self.request.table.is_bits:
                    raw[point.label] = str(data[first // 8] >> first % 8 & 1)
                else:
                    raw[point.label] = data[2 * first : 2 * (first + point.width)].hex(" ", 2)


def _counter(counters: Counters, equipment: str, signal: str, modulus: int) -> Rollover:
    known = counters.get((equipment, signal))
    if known is None or known.modulus != modulus:
        known = counters[equipment, signal] = Rollover(modulus)
    return known


def _constants(request: Request, share: Share, profile: ModbusProfile) -> Sequence[tuple[str, int, bytes]]:
    """Give name, place in the reply and bytes of the markers of the profile that lie inside a request anyway."""
    first = request.start - share.target.address_offset
    return [
        (point.name or "", 2 * (point.address - first), _bytes_of(point, profile))
        for point in profile.points
        if point.constant is not None
        and point.table is request.table
        and first <= point.address
        and point.address + point.width <= first + request.count
    ]


def _bytes_of(point: ModbusPoint, profile: ModbusProfile) -> bytes:
    codec = BlockCodec(profile, [point], table=point.table, start=point.address, count=point.width)
    return codec.encode({point.label: point.constant or 0})
