"""The door to pymodbus: a Modbus TCP connection that reads, never writes, and never mistakes one reply for another.

What is done here because the library does not (3.16.1, measured):

* after a time-out the connection is closed before the next request, so that the late reply meets a closed door;
* a frame is checked against the request (protocol id, function, lengths) before the library sees it, because the library
  skips foreign transaction ids but accepts a reply of another function or of another length;
* no retries and no reconnecting in the background: the scan owns the waiting.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ConnectionException, ModbusException

from device_profiles.modbus_codec import BlockCodec
from device_profiles.profile import ModbusPoint, ModbusProfile, Table
from device_profiles.value import NO_VALUE, Reading
from edge_gateway import metrics
from edge_gateway.driver import Poll, Target
from edge_gateway.planner import Request, plan, split
from edge_gateway.settings import ModbusTcpSettings
from telemetry.errors import NotConnected
from telemetry.quality import Quality

_log = logging.getLogger(__name__)

_FUNCTIONS = {Table.COIL: 1, Table.DISCRETE_INPUT: 2, Table.HOLDING: 3, Table.INPUT: 4}
_ILLEGAL_ADDRESS = 2
_SILENT_BEHIND_GATEWAY = (10, 11)
"""Exceptions of a gateway that could not reach the unit: the unit itself has said nothing."""
_SHORTEST_FRAME_BYTES, _LONGEST_FRAME_BYTES = 9, 260


class _NoAnswer(Exception):  # noqa: N818 - the same kind of name as NotConnected
    """Nothing that fits came in time."""


class _DeviceSaysNo(Exception):  # noqa: N818
    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(code)


class _Block:
    """A request with its decoder and the columns that its values go to."""

    def __init__(self, request: Request, target: Target, profile: ModbusProfile) -> None:
        self.request = request
        self.codec = BlockCodec(profile, request.points, table=request.table, start=request.start, count=request.count)
        self.columns = [target.signals.names.index(signal) for signal in self.codec.signals]
        self._constants = [
            (point.name, point.address - request.start, _words_of(point, profile))
            for point in profile.points
            if point.constant is not None
            and point.table is request.table
            and request.start <= point.address
            and point.address + point.width <= request.start + request.count
        ]

    def contradiction(self, words: Sequence[int]) -> str | None:
        """Name a constant of the model that the reply does not hold: then this is another device, or its map has moved."""
        for name, offset, expected in self._constants:
            if list(words[offset : offset + len(expected)]) != expected:
                return name
        return None


class ModbusTcp:
    """See `edge_gateway.driver.Driver` for what callers may rely on."""

    def __init__(self, name: str, settings: ModbusTcpSettings) -> None:
        self._name = name
        self._settings = settings
        self._client: AsyncModbusTcpClient | None = None
        self._blocks: dict[str, list[_Block]] = {}
        self._doubted: set[str] = set()
        self._expected = (0, 0)
        self._transaction, self._unit = b"", 0
        self._is_doubtful = False

    async def __aenter__(self) -> Self:
        await self._open()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._close()

    async def read(self, target: Target, *, raw: dict[str, str] | None = None) -> Poll:
        unread: Reading = (NO_VALUE, Quality.BAD_NO_COMMUNICATION)
        poll = Poll(readings=[unread] * len(target.signals.names), answered=False)
        blocks = self._blocks_of(target)
        to_ask = deque(blocks)
        while to_ask:
            block = to_ask.popleft()
            try:
                words = await self._ask(block.request, target)
            except _NoAnswer:
                # One time-out per poll is all that a silent device may cost its neighbours. The block goes last, so that one
                # that is never answered cannot hide the others.
                blocks.remove(block)
                blocks.append(block)
                break
            except NotConnected:
                poll.is_connection_lost = True
                lost: Reading = (NO_VALUE, Quality.BAD_NOT_CONNECTED)
                poll.readings = [lost if reading is unread else reading for reading in poll.readings]
                break
            except _DeviceSaysNo as refusal:
                if refusal.code in _SILENT_BEHIND_GATEWAY:
                    break
                poll.answered = True
                to_ask.extendleft(reversed(self._refused(block, refusal.code, target, poll.readings, raw)))
                continue
            poll.answered = True
            contradiction = block.contradiction(words)
            if contradiction is not None:
                self._not_this_model(block, contradiction, target, poll.readings)
                if raw is not None:
                    _note_words(raw, block.request, words)
                continue
            for column, reading in zip(block.columns, block.codec.decode(words), strict=True):
                poll.readings[column] = reading
            poll.texts.update(zip(block.codec.text_signals, block.codec.decode_texts(words), strict=True))
            if raw is not None:
                _note_words(raw, block.request, words)
        return poll

    def _blocks_of(self, target: Target) -> list[_Block]:
        if target.name not in self._blocks:
            profile = target.profile
            assert isinstance(profile, ModbusProfile)
            requests = plan(profile, gap_registers=self._settings.gap_registers)
            self._blocks[target.name] = [_Block(request, target, profile) for request in requests]
        return self._blocks[target.name]

    def _refused(
        self, block: _Block, code: int, target: Target, readings: list[Reading], raw: dict[str, str] | None
    ) -> list[_Block]:
        """Note a refusal; give smaller blocks to ask instead, from now on, where the address may be the reason."""
        for column in block.columns:
            readings[column] = (NO_VALUE, Quality.BAD_REFUSED_BY_DEVICE)
        if raw is not None:
            raw.update({point.label: f"exception {code}" for point in block.request.points})
        profile = target.profile
        if code != _ILLEGAL_ADDRESS or not isinstance(profile, ModbusProfile):
            return []
        parts = [_Block(part, target, profile) for part in split(block.request, profile)]
        if parts:
            blocks = self._blocks[target.name]
            place = blocks.index(block)
            blocks[place : place + 1] = parts
        return parts

    def _not_this_model(self, block: _Block, constant: str, target: Target, readings: list[Reading]) -> None:
        for column in block.columns:
            readings[column] = (NO_VALUE, Quality.BAD_CONFIGURATION_ERROR)
        if target.name not in self._doubted:
            self._doubted.add(target.name)
            _log.error("%s: %s is not what its profile says: %s differs", self._name, target.name, constant)

    async def _ask(self, request: Request, target: Target) -> Sequence[int]:
        """Send one request and give exactly the words asked for.

        Raises
        ------
        NotConnected, _NoAnswer, _DeviceSaysNo
        """
        client = self._client
        if client is None or not client.connected:  # after a time-out, or when the device closed an idle connection
            self._close()
            client = await self._open()
        if self._settings.pause_seconds:
            await asyncio.sleep(self._settings.pause_seconds)
        function = _FUNCTIONS[request.table]
        self._expected = (function, (request.count + 7) // 8 if request.table.is_bits else 2 * request.count)
        self._is_doubtful = False
        call = {
            Table.COIL: client.read_coils,
            Table.DISCRETE_INPUT: client.read_discrete_inputs,
            Table.HOLDING: client.read_holding_registers,
            Table.INPUT: client.read_input_registers,
        }[request.table]
        started = time.perf_counter()
        try:
            reply = await call(request.start, count=request.count, device_id=target.unit_id)
        except ConnectionException as error:
            self._close()
            raise NotConnected(f"{self._where}: {error.string}") from error
        except ModbusException as error:
            was_connected = client.connected
            self._close()
            if not was_connected:
                raise NotConnected(f"{self._where}: closed by the device") from error
            metrics.TIMEOUTS.labels(self._name, target.name).inc()
            raise _NoAnswer from error
        except asyncio.CancelledError:
            self._close()  # the reply to a request that nobody waits for any more must not meet the next one
            raise
        metrics.ROUND_TRIP.labels(self._name).observe(time.perf_counter() - started)
        if reply.isError():
            metrics.EXCEPTIONS.labels(self._name, target.name, str(reply.exception_code)).inc()
            raise _DeviceSaysNo(reply.exception_code)
        words = [int(bit) for bit in reply.bits[: request.count]] if request.table.is_bits else reply.registers
        if reply.function_code != function or len(words) != request.count:
            self._close()
            raise _NoAnswer
        return words

    async def _open(self) -> AsyncModbusTcpClient:
        client = AsyncModbusTcpClient(
            self._settings.host,
            port=self._settings.port,
            name=self._name,
            timeout=self._settings.timeout_seconds,
            retries=0,
            reconnect_delay=0,
            trace_packet=self._inspect,
        )
        metrics.CONNECTS.labels(self._name).inc()
        if not await client.connect():
            client.close()
            raise NotConnected(f"{self._where}: no connection within {self._settings.timeout_seconds:g} s")
        self._client = client
        return client

    def _close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def _inspect(self, sending: bool, data: bytes) -> bytes:  # noqa: FBT001 - the library's signature
        """Hand on to the library the one frame that can be the reply; without it the request runs into its time-out."""
        if sending:
            self._transaction, self._unit = data[:2], data[6]
            return data
        function, size = self._expected
        at = 0
        while len(data) - at >= _SHORTEST_FRAME_BYTES:
            length = int.from_bytes(data[at + 4 : at + 6], "big")
            end = at + 6 + length
            is_frame = data[at + 2 : at + 4] == b"\0\0" and _SHORTEST_FRAME_BYTES - 6 <= length <= _LONGEST_FRAME_BYTES - 6
            if is_frame and end > len(data):
                return b""  # the rest is still to come
            is_exception = data[at + 7] == function | 0x80 and length == 3
            is_reply = data[at + 7] == function and length == size + 3 and data[at + 8] == size
            is_ours = data[at : at + 2] == self._transaction and data[at + 6] == self._unit
            if is_frame and is_ours and (is_exception or is_reply):
                return data[at:end]
            if not self._is_doubtful:
                metrics.DOUBTFUL.labels(self._name).inc()
                self._is_doubtful = True
            if not is_frame:
                return b""  # out of step: nothing behind it can be trusted
            at = end
        return b""

    @property
    def _where(self) -> str:
        return f"{self._name} ({self._settings.host}:{self._settings.port})"


def _words_of(point: ModbusPoint, profile: ModbusProfile) -> list[int]:
    codec = BlockCodec(profile, [point], table=point.table, start=point.address, count=point.width)
    return codec.encode({point.label: point.constant or 0})


def _note_words(raw: dict[str, str], request: Request, words: Sequence[int]) -> None:
    width = 1 if request.table.is_bits else 4
    for point in request.points:
        first = point.address - request.start
        raw[point.label] = " ".join(f"{word:0{width}x}" for word in words[first : first + point.width])
