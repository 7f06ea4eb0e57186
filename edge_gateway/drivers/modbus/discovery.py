"""Who stands on a line: units that answer, what they call themselves, and the SunSpec models in them."""

from collections.abc import AsyncIterator, Callable, Iterable
from typing import NamedTuple

from device_profiles.profile import Table
from edge_gateway.clock import Clock
from edge_gateway.drivers.modbus.framing import Question
from edge_gateway.drivers.modbus.line import DeviceSaysNo, Line, NoAnswer
from edge_gateway.drivers.modbus.transport import AnyModbusSettings
from telemetry.errors import NotConnected

_SILENT_BEHIND_GATEWAY = (10, 11)
_SUNSPEC_BASES = (40000, 0, 50000)
"""Where a SunSpec device may begin (SunSpec Device Information Model Specification, 6.1)."""
_SUNSPEC_MARK = b"SunS"
_SUNSPEC_END = 0xFFFF
_MOST_MODELS = 100


class SunSpecModel(NamedTuple):
    """One model of a device; ``address`` is that of its identifier, ``length`` counts the registers behind its two of head."""

    number: int
    address: int
    length: int


class FoundUnit(NamedTuple):
    """A unit that answers."""

    unit: int
    answered_with: str
    identification: str
    sunspec: tuple[SunSpecModel, ...]


async def discover(
    name: str, settings: AnyModbusSettings, units: Iterable[int], *, progress: Callable[[int], None] = lambda _: None
) -> AsyncIterator[FoundUnit]:
    """Ask each unit for one register; an exception is an answer too, for only a unit that is there can refuse.

    Raises
    ------
    NotConnected
        If the line cannot be opened. A connection that closes meanwhile is opened again.
    """
    line = Line(name, settings, now_us=Clock().now_us)
    await line.open()
    try:
        for unit in units:
            answered_with = await _greeting(line, unit)
            if answered_with:
                yield FoundUnit(unit, answered_with, await _identification(line, unit), tuple(await _sunspec(line, unit)))
            progress(1)
    finally:
        line.close()


async def read_registers(name: str, settings: AnyModbusSettings, *, unit: int, table: Table, start: int, count: int) -> bytes:
    """Read registers once, as they are on the wire.

    Raises
    ------
    NotConnected
        Also when the unit does not answer or refuses, in words that say so.
    """
    line = Line(name, settings, now_us=Clock().now_us)
    await line.open()
    try:
        data, _ = await line.ask(Question(unit, table, start, count), due=0.0)
    except NoAnswer:
        raise NotConnected(f"{name}: unit {unit} does not answer within {settings.timeout_seconds:g} s") from None
    except DeviceSaysNo as refusal:
        raise NotConnected(
            f"{name}: unit {unit} refuses {table} {start}, {count} registers, with exception {refusal.code}"
        ) from None
    finally:
        line.close()
    return data


async def _greeting(line: Line, unit: int) -> str:
    try:
        await line.ask(Question(unit, Table.HOLDING, 0, 1), due=0.0)
    except NoAnswer:
        return ""
    except NotConnected:  # a device that hangs up on units it does not have
        return ""
    except DeviceSaysNo as refusal:
        return "" if refusal.code in _SILENT_BEHIND_GATEWAY else f"exception {refusal.code} for holding register 0"
    return "holding register 0"


async def _identification(line: Line, unit: int) -> str:
    try:
        return " ".join(await line.identify(unit))
    except (NoAnswer, NotConnected):
        return ""


async def _sunspec(line: Line, unit: int) -> list[SunSpecModel]:
    for base in _SUNSPEC_BASES:
        if await _words(line, unit, base) == _SUNSPEC_MARK:
            return [model async for model in _models(line, unit, base + 2)]
    return []


async def _models(line: Line, unit: int, address: int) -> AsyncIterator[SunSpecModel]:
    for _ in range(_MOST_MODELS):
        head = await _words(line, unit, address)
        number, length = int.from_bytes(head[:2], "big"), int.from_bytes(head[2:], "big")
        if not head or number == _SUNSPEC_END or address + 2 + length > 65534:
            return
        yield SunSpecModel(number, address, length)
        address += 2 + length


async def _words(line: Line, unit: int, address: int) -> bytes:
    try:
        data, _ = await line.ask(Question(unit, Table.HOLDING, address, 2), due=0.0)
    except (NoAnswer, NotConnected, DeviceSaysNo):
        return b""
    return data
