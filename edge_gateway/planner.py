"""Points of a register map become the requests that cost the least.

A request costs headers, a turn-around of the device and, on a serial line, silence; a register read along in vain costs two
bytes. Both are counted in registers (``request_cost``), and the cheapest division is found exactly, within the device's limits,
so that a limit in the middle of a map does not leave a small rest behind as a greedy rule does. A value of several registers is
never divided, nor parted from its scale factor, which another moment could have changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from device_profiles.profile import ModbusPoint, ModbusProfile, Table
from edge_gateway.driver import Target
from edge_gateway.settings import ModbusSettings

BITS_PER_REGISTER = 16


class Share(NamedTuple):
    """What one target takes from a request."""

    target: Target
    points: tuple[ModbusPoint, ...]
    """With the helpers that they need; their addresses are the profile's, without the target's offset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One read of one table of one unit."""

    table: Table
    start: int
    count: int
    shares: tuple[Share, ...]

    @property
    def unused(self) -> int:
        """How many of the registers (or bits) nobody asked for."""
        asked = {
            address + share.target.address_offset
            for share in self.shares
            for p in share.points
            for address in range(p.address, p.address + p.width)
        }
        return self.count - len(asked)

    @property
    def labels(self) -> list[str]:
        return [point.label for share in self.shares for point in share.points]


@dataclass(frozen=True, slots=True)
class _Span:
    """A point with its scale factor: what must come in one reply."""

    start: int
    end: int
    target: Target
    points: tuple[ModbusPoint, ...]


def request_cost_of(settings: ModbusSettings) -> int:
    """Give what a request costs on a connection: what its settings say, else what suits the line."""
    return settings.registers_per_request_saved if settings.gap_registers is None else settings.gap_registers


def plan(targets: Sequence[Target], *, request_cost: int) -> tuple[Request, ...]:
    """Divide the points of some targets, all on one unit, into requests.

    Parameters
    ----------
    request_cost
        What a request costs more than its registers, in registers.
    """
    return tuple(request for table in Table for request in _cheapest(table, _spans(targets, table), request_cost=request_cost))


def split(request: Request) -> tuple[Request, ...]:
    """Give smaller requests for one that the device refuses as an illegal address.

    First every hole is cut out; where there was none, a point itself is absent, and halving finds it in a few polls. Empty
    when nothing is left to split.
    """
    spans = sorted(
        (span for share in request.shares for span in _spans_of(share.target, share.points, request.table)), key=_place
    )
    parts = tuple(_cheapest(request.table, spans, request_cost=0))
    if len(parts) > 1:
        return parts
    return halve(request)


def halve(request: Request) -> tuple[Request, ...]:
    """Give two requests for one that the device refuses as too long; empty when there is one value only."""
    spans = sorted(
        (span for share in request.shares for span in _spans_of(share.target, share.points, request.table)), key=_place
    )
    middle = len(spans) // 2
    return tuple(_request(request.table, half) for half in (spans[:middle], spans[middle:])) if middle else ()


def _spans(targets: Sequence[Target], table: Table) -> list[_Span]:
    return sorted((span for target in targets for span in _spans_of(target, target.points, table)), key=_place)


def _spans_of(target: Target, points: Sequence[object], table: Table) -> list[_Span]:
    registers = [point for point in points if isinstance(point, ModbusPoint)]
    helpers = {point.name: point for point in registers if point.name}
    spans, offset = [], target.address_offset
    for point in registers:
        if point.signal is None or point.table is not table:
            continue  # a helper alone carries nothing that is worth a request
        together = (point,) if point.scale_factor is None else (point, helpers[point.scale_factor])
        start = min(p.address for p in together) + offset
        spans.append(_Span(start, max(p.address + p.width for p in together) + offset, target, together))
    return spans


def _place(span: _Span) -> tuple[int, int]:
    return span.start, span.end


def _cheapest(table: Table, spans: Sequence[_Span], *, request_cost: int) -> list[Request]:
    """Divide spans, sorted by start, into runs of least total cost: the shortest path over the places between them."""
    if not spans:
        return []
    profiles = [span.target.profile for span in spans]
    limits = [p.max_bits if table.is_bits else p.max_registers for p in profiles if isinstance(p, ModbusProfile)]
    cost_of_request = max(request_cost, 0) * (BITS_PER_REGISTER if table.is_bits else 1)
    best: list[tuple[int, int, int]] = [(0, 0, 0)]  # cost and requests so far, and where the last run begins
    for last in range(len(spans)):
        options, end, limit = [], 0, limits[last]
        for first in range(last, -1, -1):
            end, limit = max(end, spans[first].end), min(limit, limits[first])
            length = end - spans[first].start
            if length > limit and first < last:
                if spans[last].start - spans[first].start >= limit:
                    break  # and no earlier one can reach any more
                continue
            cost, requests, _ = best[first]
            options.append((cost + cost_of_request + length, requests + 1, first))
        best.append(min(options))
    runs: list[Sequence[_Span]] = []
    end = len(spans)
    while end:
        first = best[end][2]
        runs.append(spans[first:end])
        end = first
    return [_request(table, run) for run in reversed(runs)]


def _request(table: Table, spans: Sequence[_Span]) -> Request:
    start = min(span.start for span in spans)
    shares: dict[Target, dict[int, ModbusPoint]] = {}
    for span in spans:
        shares.setdefault(span.target, {}).update({id(point): point for point in span.points})
    return Request(
        table=table,
        start=start,
        count=max(span.end for span in spans) - start,
        shares=tuple(Share(target, tuple(points.values())) for target, points in shares.items()),
    )
