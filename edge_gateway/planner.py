"""Points of a register map become as few requests as pay off."""

from collections.abc import Sequence
from dataclasses import dataclass

from device_profiles.profile import ModbusPoint, ModbusProfile, Table

BITS_PER_REGISTER = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One read of one table. ``points`` are those whose values are taken from it, with the helpers that they need."""

    table: Table
    start: int
    count: int
    points: tuple[ModbusPoint, ...]

    @property
    def unused(self) -> int:
        """How many of the registers (or bits) nobody asked for."""
        asked = {address for p in self.points for address in range(p.address, p.address + p.width)}
        return self.count - len(asked)


@dataclass(frozen=True, slots=True)
class _Span:
    """A point with its scale factor: what must come in one reply, or a value could be scaled by another moment's factor."""

    start: int
    end: int
    points: tuple[ModbusPoint, ...]


def plan(profile: ModbusProfile, *, gap_registers: int = 16) -> tuple[Request, ...]:
    """Coalesce the points of a map into requests.

    A hole is read along where that is cheaper than another request. A register costs 2 bytes, 0.2 ms at most on a serial line
    of 115,200 baud and nothing on Ethernet; a request costs two headers and a turn-around of 1 to 20 ms. So 16 registers is
    where the worst line breaks even, and larger gaps only ever gain on fast ones.
    """
    return tuple(
        request
        for table in Table
        for request in _coalesce(table, _spans(profile.points, table), profile=profile, gap_registers=gap_registers)
    )


def split(request: Request, profile: ModbusProfile) -> tuple[Request, ...]:
    """Give smaller requests for one that the device refuses as an illegal address.

    First every hole is cut out; where there was none, a point itself is absent, and halving finds it in a few polls. Empty
    when nothing is left to split.
    """
    spans = _spans(request.points, request.table)
    parts = _coalesce(request.table, spans, profile=profile, gap_registers=0)
    if len(parts) > 1:
        return parts
    if len(spans) < 2:
        return ()
    middle = len(spans) // 2
    return tuple(
        part
        for half in (spans[:middle], spans[middle:])
        for part in _coalesce(request.table, half, profile=profile, gap_registers=0)
    )


def _spans(points: Sequence[ModbusPoint], table: Table) -> list[_Span]:
    helpers = {point.name: point for point in points if point.name}
    spans = []
    for point in points:
        if point.signal is None or point.table is not table:
            continue  # a helper alone carries nothing that is worth a request
        together = (point,) if point.scale_factor is None else (point, helpers[point.scale_factor])
        spans.append(_Span(min(p.address for p in together), max(p.address + p.width for p in together), together))
    return sorted(spans, key=lambda span: (span.start, span.end))


def _coalesce(table: Table, spans: Sequence[_Span], *, profile: ModbusProfile, gap_registers: int) -> tuple[Request, ...]:
    cap = profile.max_bits if table.is_bits else profile.max_registers
    gap = gap_registers * (BITS_PER_REGISTER if table.is_bits else 1)
    groups: list[list[_Span]] = []
    end = 0
    for span in spans:
        if groups and span.start <= end + gap and max(end, span.end) - groups[-1][0].start <= cap:
            groups[-1].append(span)
            end = max(end, span.end)
        else:
            groups.append([span])
            end = span.end
    return tuple(
        Request(
            table=table,
            start=group[0].start,
            count=max(span.end for span in group) - group[0].start,
            points=tuple({id(point): point for span in group for point in span.points}.values()),
        )
        for group in groups
    )
