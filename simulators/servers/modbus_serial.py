"""Modbus RTU on a serial line: a pseudo terminal that stands where a link says, or a real device.

A link into ``/dev/pts`` is what an earlier run left and is replaced; to use one end of somebody else's pair of pseudo terminals,
name ``/dev/pts/<number>`` itself. A pseudo terminal knows no speed and no silence.
"""

import asyncio
import contextlib
import logging
import os
import tty
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from device_profiles.profile import ModbusProfile
from simulators.faults import Faults
from simulators.fleet import Equipment
from simulators.servers.modbus_conversation import Conversation, Record, Station
from telemetry.errors import ConfigError

Parity = Literal["none", "even", "odd"]
_log = logging.getLogger(__name__)


class ModbusSerialServer:
    """Entered, its units hang on the line; left, they are gone."""

    def __init__(
        self,
        units: Sequence[tuple[Equipment, ModbusProfile]],
        record: Record | None,
        *,
        path: Path,
        baudrate: int = 19200,
        parity: Parity = "even",
        faults: Faults | None = None,
    ) -> None:
        self._path, self._baudrate, self._parity = path, baudrate, parity
        self.faults = Faults() if faults is None else faults
        self._station = Station(units, record, protocol="modbus_rtu", faults=self.faults)
        self._line: _Device | _PseudoTerminal | None = None

    @property
    def requests(self) -> dict[str, int]:
        """How many requests each machine was asked."""
        return {unit.name: unit.requests for unit in self._station.units.values()}

    async def __aenter__(self) -> Self:
        self._plug_in()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._pull_out()

    def _plug_in(self) -> None:
        is_device = self._path.is_char_device() and not _is_our_link(self._path)
        self._line = _Device(self._path, self._baudrate, self._parity) if is_device else _PseudoTerminal(self._path)
        self._conversation = Conversation(self._station, write=self._write, hang_up=self._hang_up)
        asyncio.get_running_loop().add_reader(self._line.descriptor, self._read)

    def _pull_out(self) -> None:
        if self._line is not None:
            asyncio.get_running_loop().remove_reader(self._line.descriptor)
            self._line.close()
            self._line = None
            self._conversation.close()

    def _hang_up(self) -> None:
        self._pull_out()
        self._plug_in()

    def _read(self) -> None:
        assert self._line is not None
        try:
            data = os.read(self._line.descriptor, 4096)
        except BlockingIOError:
            return
        except OSError as error:
            _log.error("%s: %s; its machines are gone", self._path, error.strerror)
            self._pull_out()
            return
        self._conversation.received(data)

    def _write(self, data: bytes) -> None:
        assert self._line is not None
        written = 0
        with contextlib.suppress(OSError):  # nobody takes what is sent, and the line holds no more
            written = os.write(self._line.descriptor, data)
        if written < len(data):
            self.faults.counts["overflow"] += 1


class _PseudoTerminal:
    """Its far end is held open here, too, so that clients may come and go."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.descriptor, self._far = os.openpty()
        try:
            tty.setraw(self._far)
            os.set_blocking(self.descriptor, False)
            self._name = os.ttyname(self._far)
            if _is_our_link(path):
                path.unlink()
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(self._name)
        except OSError as error:
            self._close()
            raise ConfigError(f"cannot make the serial line {path}: {error.strerror}") from None

    def close(self) -> None:
        with contextlib.suppress(OSError):
            if self._path.readlink() == Path(self._name):
                self._path.unlink()
        self._close()

    def _close(self) -> None:
        os.close(self.descriptor)
        os.close(self._far)


class _Device:
    def __init__(self, path: Path, baudrate: int, parity: Parity) -> None:
        import serial  # noqa: PLC0415 - for real devices only

        try:
            self._port: Any = serial.Serial(str(path), baudrate, parity=parity[0].upper(), timeout=0, exclusive=True)
        except (OSError, ValueError) as error:  # pyserial's own error is an OSError
            raise ConfigError(f"cannot open the serial line {path}: {error}") from None
        self.descriptor: int = self._port.fileno()
        os.set_blocking(self.descriptor, False)

    def close(self) -> None:
        self._port.close()


def _is_our_link(path: Path) -> bool:
    """Tell whether a path is a link that this module made, now or in a run that was killed."""
    return path.is_symlink() and path.readlink().parent == Path("/dev/pts")
