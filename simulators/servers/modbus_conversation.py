"""What passes between one client and the units behind one listener: requests in, replies out, faults in between."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from device_profiles.profile import ModbusProfile
from simulators.faults import Asked, DelayFault, ExceptionFault, Faults, HoleFault, LateFault, RequestFault, draw
from simulators.fleet import Equipment
from simulators.servers.modbus_frames import Framing, Mbap, Request, Rtu
from simulators.servers.modbus_spoil import SPOILING, on_the_wire
from simulators.servers.modbus_unit import Refusal, Unit, read_range, refusal
from simulators.truth import Served

Record = Callable[[Served], None]
MOST_WAITING = 1000
"""Replies that one connection holds back; what comes on top is dropped and counted as ``overflow``."""
_BEHIND_SECONDS = 1e-6  # the least by which a reply that waits stands behind the one before it


class Station:
    """The units of one listener. Without a ``record`` no value is decoded and nothing is told."""

    def __init__(
        self, units: Sequence[tuple[Equipment, ModbusProfile]], record: Record | None, *, protocol: str, faults: Faults
    ) -> None:
        self.protocol, self.record, self.faults = protocol, record, faults
        self.framing: type[Framing] = Mbap if protocol == "modbus_tcp" else Rtu
        self.units = {
            equipment.settings.unit_id: Unit(
                equipment,
                profile,
                keeps_truth=record is not None,
                device_time=partial(_device_time, equipment, faults),
            )
            for equipment, profile in units
        }

    def strike(self, request: Request, unit: Unit) -> list[RequestFault]:
        if not self.faults:
            return []
        asked = Asked(self.protocol, unit.name, request.unit)
        if found := read_range(request.pdu):
            table, start, count = found
            asked = asked._replace(table=table, first=start, last=start + max(count, 1) - 1)
        return self.faults.strike(asked)

    def tell(self, served: Served | None) -> None:
        if served is not None and self.record is not None:
            self.record(served)


def _device_time(equipment: Equipment, faults: Faults) -> datetime:
    return equipment.now() + timedelta(seconds=faults.clock_offset_seconds(equipment.name))


class _Piece(NamedTuple):
    """Bytes that leave at a time; the first piece of a reply carries its line of the truth log."""

    data: bytes
    served: Served | None
    is_in_order: bool


class Conversation:
    """One connection; ``write`` sends bytes at once, ``hang_up`` breaks the connection off."""

    def __init__(self, station: Station, *, write: Callable[[bytes], None], hang_up: Callable[[], None]) -> None:
        self._station, self._write, self._hang_up = station, write, hang_up
        self._frames = station.framing()
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[int, tuple[_Piece, asyncio.TimerHandle]] = {}
        self._number = 0
        self._in_order = 0
        self._free_at = 0.0
        self._is_deaf = self._is_over = False

    def received(self, data: bytes) -> None:
        """Take what arrived and answer each request in it.

        Raises
        ------
        OutOfStep
            If the connection is of no more use.
        """
        if self._is_deaf:
            return
        for request in self._frames.feed(data):
            self._take(request)
            if self._is_deaf or self._is_over:
                return

    def close(self) -> None:
        """Forget what has not left; its lines say so."""
        self._is_over = True
        for piece, timer in self._waiting.values():
            timer.cancel()
            self._lose(piece, "unsent")
        self._waiting.clear()

    def _take(self, request: Request) -> None:
        station = self._station
        unit = station.units.get(request.unit)
        if unit is None:
            if not station.framing.is_serial:
                answer = refusal(request.pdu[0], Refusal.GATEWAY_TARGET_FAILED_TO_RESPOND)
                self._leave(station.framing.frame(request.transaction, request.unit, answer.pdu), None)
            return
        struck = station.strike(request, unit)
        if struck:
            self._take_struck(request, unit, struck)
        else:
            answer = unit.answer(request.pdu)
            self._leave(station.framing.frame(request.transaction, request.unit, answer.pdu), answer.served)

    def _take_struck(self, request: Request, unit: Unit, struck: Sequence[RequestFault]) -> None:
        station, kinds = self._station, {fault.kind for fault in struck}
        if "dead" in kinds:
            return
        if "half_open" in kinds:
            self._is_deaf = True
            return
        answer = unit.answer(request.pdu, refused_with=_ordered_refusal(struck))
        mark = next((fault.kind for fault in struck if fault.kind in SPOILING), None)
        served = answer.served.spoiled_by(mark) if answer.served and mark else answer.served
        if kinds & {"drop", "reset"}:
            station.tell(served)
            if "reset" in kinds:
                self._is_over = True
                self._hang_up()
            return
        due, is_in_order = self._due(unit, struck)
        for wait, data in on_the_wire(request, answer.pdu, struck, station.framing, station.faults.random):
            due += wait
            self._leave(data, served, due=due, is_in_order=is_in_order)
            served = None

    def _due(self, unit: Unit, struck: Sequence[RequestFault]) -> tuple[float, bool]:
        """Tell when a reply leaves, and whether what comes after it waits for it."""
        due, is_in_order = max(self._loop.time(), self._free_at), True
        for fault in struck:
            if isinstance(fault, DelayFault):
                seconds = draw(fault.seconds, self._station.faults.random)
                if fault.kind == "slow":
                    due = unit.free_at = max(due, unit.free_at) + seconds
                else:
                    due += seconds
            elif isinstance(fault, LateFault):
                due += draw(fault.seconds, self._station.faults.random)
                is_in_order = fault.order == "in_order"
        return due, is_in_order

    def _leave(self, data: bytes, served: Served | None, *, due: float = 0.0, is_in_order: bool = True) -> None:
        if not self._in_order and due <= self._loop.time():
            self._station.tell(served)
            self._write(data)
            return
        piece = _Piece(data, served, is_in_order)
        if len(self._waiting) >= MOST_WAITING:
            self._lose(piece, "overflow")
            return
        if is_in_order:
            due = self._free_at = max(due, self._free_at + _BEHIND_SECONDS)
            self._in_order += 1
        self._number += 1
        self._waiting[self._number] = (piece, self._loop.call_at(due, self._depart, self._number))

    def _depart(self, number: int) -> None:
        piece, _ = self._waiting.pop(number)
        self._in_order -= piece.is_in_order
        self._station.tell(piece.served)
        self._write(piece.data)

    def _lose(self, piece: _Piece, why: str) -> None:
        self._station.faults.counts[why] += 1
        if piece.served is not None:
            self._station.tell(piece.served if piece.served.fault else piece.served.spoiled_by(why))


def _ordered_refusal(struck: Sequence[RequestFault]) -> int | None:
    for fault in struck:
        if isinstance(fault, ExceptionFault):
            return fault.code
        if isinstance(fault, HoleFault):
            return Refusal.ILLEGAL_DATA_ADDRESS
    return None
