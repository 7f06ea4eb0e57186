"""Modbus TCP: one port, one machine per unit id, served by pymodbus; values are made at the moment of a request.

All registers of a reply come from one reading of the machine. Addresses that no point of the profile covers answer "illegal data
address", requests longer than the profile's limit "illegal data value", and every write "illegal function". pymodbus' own memory
(``SimDevice`` with an ``action``) is passed by: it cannot tell a hole between two bits from a bit, and keeps no table empty.
Limit of pymodbus' server: of several requests that arrive in one TCP segment it answers the first only.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import SimData, SimDevice

from device_profiles.modbus_codec import BlockCodec
from device_profiles.profile import ModbusPoint, ModbusProfile, Table
from simulators.fleet import Equipment
from simulators.truth import Served
from telemetry.errors import ConfigError

_TABLES = {1: Table.COIL, 2: Table.DISCRETE_INPUT, 3: Table.HOLDING, 4: Table.INPUT}
Record = Callable[[Served], None]


@dataclass(frozen=True, slots=True)
class _Area:
    """A run of addresses without a hole."""

    codec: BlockCodec
    first: int
    end: int


class Registers:
    """What one unit answers: words for a range, or an exception code."""

    def __init__(self, equipment: Equipment, profile: ModbusProfile, record: Record) -> None:
        self._equipment, self._profile, self._record = equipment, profile, record
        self._helpers = {
            point.name: point.simulated if point.constant is None else point.constant
            for point in profile.points
            if point.name is not None
        }
        self.areas = {table: self._areas(table) for table in Table}
        self._replies: dict[tuple[Table, int, int], BlockCodec] = {}

    def _areas(self, table: Table) -> list[_Area]:
        used = sorted({a for p in self._profile.points if p.table is table for a in range(p.address, p.address + p.width)})
        areas = []
        for index, address in enumerate(used):
            if index == 0 or used[index - 1] != address - 1:
                first = address
            if index == len(used) - 1 or used[index + 1] != address + 1:
                codec = BlockCodec(self._profile, self._profile.points, table=table, start=first, count=address + 1 - first)
                areas.append(_Area(codec, first, address + 1))
        return areas

    def read(self, table: Table, start: int, count: int) -> Sequence[int] | ExcCodes:
        area = next((a for a in self.areas[table] if a.first <= start and start + count <= a.end), None)
        if area is None:
            return ExcCodes.ILLEGAL_ADDRESS
        if count > (self._profile.max_bits if table.is_bits else self._profile.max_registers):
            return ExcCodes.ILLEGAL_VALUE
        time_us = time.time_ns() // 1000
        values = self._equipment.read() | {name: value for name, value in self._helpers.items() if value is not None}
        words = area.codec.encode(values)[start - area.first : start - area.first + count]
        reply = self._reply(table, start, count)
        served = dict(zip(reply.signals, (value for value, _ in reply.decode(words)), strict=True))
        texts = dict(zip(reply.text_signals, reply.decode_texts(words), strict=True))
        if served or texts:
            self._record(Served(time_us, self._equipment.name, {**served, **texts}))
        return words

    def _reply(self, table: Table, start: int, count: int) -> BlockCodec:
        """Give the codec of one range: a value whose scale factor was not asked for cannot be told from the reply."""
        key = (table, start, count)
        if key not in self._replies:
            if len(self._replies) > 1000:  # a client that scans every range must not fill the memory
                self._replies.clear()
            inside = [p for p in self._profile.points if start <= p.address and p.address + p.width <= start + count]
            names = {p.name for p in inside if p.table is table}
            points: list[ModbusPoint] = [p for p in inside if p.scale_factor is None or p.scale_factor in names]
            self._replies[key] = BlockCodec(self._profile, points, table=table, start=start, count=count)
        return self._replies[key]


class _Units:
    """Stands where pymodbus keeps a device's memory, and makes the values of each request instead."""

    def __init__(self, units: dict[int, Registers]) -> None:
        self._units = units

    async def async_getValues(  # noqa: N802 - pymodbus calls it so
        self, device_id: int, func_code: int, address: int, count: int = 1
    ) -> Sequence[int] | ExcCodes:
        unit = self._units.get(device_id)
        if unit is None:
            return ExcCodes.GATEWAY_NO_RESPONSE
        if func_code not in _TABLES:
            return ExcCodes.ILLEGAL_FUNCTION
        return unit.read(_TABLES[func_code], address, count)

    async def async_setValues(self, *_: object) -> ExcCodes:  # noqa: N802 - the same
        return ExcCodes.ILLEGAL_FUNCTION


class ModbusServer:
    """Entered, it listens; left, it is gone."""

    def __init__(self, units: Sequence[tuple[Equipment, ModbusProfile]], record: Record, *, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._units = _Units({e.settings.unit_id: Registers(e, profile, record) for e, profile in units})
        self._server: ModbusTcpServer | None = None

    @property
    def port(self) -> int:
        assert self._server is not None
        assert isinstance(self._server.transport, asyncio.Server)
        return int(self._server.transport.sockets[0].getsockname()[1])

    async def __aenter__(self) -> Self:
        unused = SimDevice(1, simdata=SimData(0))
        self._server = ModbusTcpServer(unused, address=(self._host, self._port))
        self._server.context = self._units  # type: ignore[assignment]  # requests ask no more of it
        try:
            await self._server.serve_forever(background=True)
        except RuntimeError:  # all that pymodbus says of an address that cannot be had
            raise ConfigError(f"cannot listen on {self._host}:{self._port} for Modbus: is the port in use?") from None
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        await self._server.shutdown()  # type: ignore[no-untyped-call]
