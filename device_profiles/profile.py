"""A device model: where the signals of its kind live in one real device, read from ``<kind>/<maker>_<model>.toml``."""

import hashlib
import struct
from collections.abc import Iterator
from enum import StrEnum
from functools import cache, cached_property
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from device_profiles import profile_checks
from device_profiles.datatype import Datatype
from device_profiles.kind import FOLDER, Label, Signal, load_kind
from device_profiles.modbus_field import Half, Order
from device_profiles.nmea_fields import nmea_problems
from telemetry.errors import ConfigError
from telemetry.settings import Settings, fit
from telemetry.toml_file import TomlFile

__all__ = [
    "Datatype",
    "ModbusPoint",
    "ModbusProfile",
    "MtConnectPoint",
    "MtConnectProfile",
    "NmeaPoint",
    "NmeaProfile",
    "OpcUaPoint",
    "OpcUaProfile",
    "Order",
    "Point",
    "Profile",
    "Table",
    "forget_profiles",
    "load_profile",
    "profile_names",
    "read_profile",
    "signals_of",
]


class Table(StrEnum):
    """The four tables of Modbus; the gateway reads them and has no function to write them."""

    COIL = "coil"
    DISCRETE_INPUT = "discrete_input"
    INPUT = "input"
    HOLDING = "holding"

    @property
    def is_bits(self) -> bool:
        return self in (Table.COIL, Table.DISCRETE_INPUT)


class Point(Settings):
    """What the points of all protocols have in common."""

    signal: str | None = None
    """The signal of the kind, or of the profile itself, that this point carries."""
    unit: str | None = None
    """The device's unit, where it is not the signal's; converted when the profile is loaded."""
    scale: float = Field(default=1.0, allow_inf_nan=False)
    """``value = raw * scale + offset``, in the device's unit."""
    offset: float = Field(default=0.0, allow_inf_nan=False)
    map: dict[str, str] | None = None
    """The device's code, as text (``5``, ``0x5500``; in MTConnect a word), to the name of the signal's state, which for a boolean
    signal is ``false`` or ``true``. Where a device has one code for several states, all are named, ``standby|off``: the first is
    what the code means, and a simulated machine shows it in each of them."""

    @model_validator(mode="after")
    def _has_a_scale(self) -> Self:
        if self.scale == 0:
            raise ValueError("a scale of 0 would make every value 0")
        return self


class ModbusPoint(Point):
    """One value in the registers of a device."""

    name: str | None = None
    """Names a point that carries no signal, such as a scale factor."""
    table: Table = Table.HOLDING
    address: int = Field(ge=0, le=65535)
    """PDU address, counted from 0."""
    type: Datatype
    words: int | None = Field(default=None, ge=1, le=125)
    """Length of a string in registers."""
    half: Half | None = None
    """The byte of its register that an int8 or uint8 is, or that holds the character of a string with one per register."""
    bit: int | None = Field(default=None, ge=0, le=31)
    """The one bit of the word that counts; 0 is the least significant."""
    bits: tuple[int, int] | None = None
    """First and last of the bits of the word that count; 0 is the least significant."""
    scale_factor: str | None = None
    """Name of the point that holds the power of ten of this one (SunSpec); both are read in one request."""
    sentinels: tuple[int | float, ...] = ()
    """Raw values by which the device says "not available", of a signed integer also as its bits, such as 0x8000; NaN says so in
    any float."""
    failures: tuple[int | float, ...] = ()
    """Raw values by which it says "measurement failed": a broken transducer, over or under its range."""
    rollover: bool | int = False
    """A counter that starts again from 0 after its datatype's largest value, or after so many values."""
    constant: int | None = None
    """For a helper: what it holds in every device of this model, such as a marker; by it a check can tell a wrong map."""
    simulated: int | str | None = None
    """For a helper: what our simulator serves in it where the device is free to choose, such as a scale factor."""
    word_order: Order | None = None
    byte_order: Order | None = None

    @property
    def width(self) -> int:
        """How many registers (or bits, in a table of bits) the point covers."""
        return self.words or self.type.layout.registers

    @property
    def label(self) -> str:
        return self.signal or self.name or f"{self.table}:{self.address}"

    @property
    def bit_range(self) -> tuple[int, int] | None:
        """First and last bit of the word, where not all of them count."""
        return self.bits if self.bit is None else (self.bit, self.bit)

    @property
    def modulus(self) -> int | None:
        """How many values a counter has before it starts again from 0."""
        return self.type.layout.highest + 1 if self.rollover is True else self.rollover or None

    @model_validator(mode="after")
    def _is_readable(self) -> Self:
        for mistake in self._mistakes():
            raise ValueError(mistake)
        return self

    def _mistakes(self) -> Iterator[str]:
        if (self.signal is None) == (self.name is None):
            yield "a point has either a signal or, as a helper of others, a name"
        if self.name is None and (self.constant is not None or self.simulated is not None):
            yield "'constant' and 'simulated' belong to a point with a name; a signal's value comes from the machine"
        if (self.type is Datatype.STRING) != (self.words is not None):
            yield "a string says its length in 'words', and no other type does"
        if self.table.is_bits and self.type is not Datatype.BOOLEAN:
            yield f"table {self.table} holds booleans only"
        if self.address + self.width > 65536:
            yield "reaches past address 65535"
        if self.type.is_text and (self.scale, self.offset, self.scale_factor, self.map) != (1, 0, None, None):
            yield f"type {self.type} is text and has no scale, offset or map"
        yield from self._mistakes_in_bits()
        yield from self._mistakes_in_sentinels()
        if self.rollover is not False and not (self.type.is_unsigned and self.bit_range is None):
            yield f"'rollover' belongs to an unsigned integer, which {self.type} is not"
        elif self.rollover is not False and not 2 <= (self.modulus or 0) <= self.type.layout.highest + 1:
            yield f"'rollover' is true or a number of values from 2 to {self.type.layout.highest + 1}"

    def _mistakes_in_bits(self) -> Iterator[str]:
        is_word = self.type in (Datatype.UINT16, Datatype.UINT32)
        if self.bit is not None and not is_word and (self.type is not Datatype.BOOLEAN or self.table.is_bits):
            yield "'bit' belongs to a boolean in a register, a uint16 or a uint32"
        if self.type is Datatype.BOOLEAN and not self.table.is_bits and self.bit is None:
            yield "a boolean in a register names its 'bit'"
        if self.bits is not None and (not is_word or self.bit is not None):
            yield "'bits' belongs to a uint16 or a uint32 without 'bit'"
        if self.bit_range is not None and not 0 <= self.bit_range[0] <= self.bit_range[1] < 16 * self.width:
            yield f"the bits of a {self.type} go from 0 to {16 * self.width - 1}, the first before the last"
        is_byte = self.type in (Datatype.INT8, Datatype.UINT8)
        if (is_byte and self.half is None) or (self.half is not None and not is_byte and self.type is not Datatype.STRING):
            yield "an int8 or uint8 says its 'half' of the register, and beside them only a string may"

    def _mistakes_in_sentinels(self) -> Iterator[str]:
        if (self.sentinels or self.failures) and (self.type.is_text or self.type is Datatype.BOOLEAN):
            yield f"a {self.type} has no {'sentinels' if self.sentinels else 'failures'!r}"
        for number in (*self.sentinels, *self.failures):
            if not self._can_hold(number, as_bits=True):
                yield f"sentinel {number!r} cannot occur in a {self.type}"
        for value in (self.constant, self.simulated):
            if value is not None and not self._can_hold(value):
                yield f"{value!r} cannot occur in a {self.type}"

    def _can_hold(self, raw: float | str, *, as_bits: bool = False) -> bool:
        if isinstance(raw, str) or self.type.is_text:
            return isinstance(raw, str) and self.type.is_text
        layout = self.type.layout
        if self.type.is_float:
            try:
                struct.pack(f">{layout.format}", raw)
            except (OverflowError, struct.error):
                return False
            return True
        lowest, highest = layout.lowest, layout.highest
        if self.bit_range is not None:
            highest = (2 << self.bit_range[1] - self.bit_range[0]) - 1
        elif as_bits and lowest == -highest - 1:
            highest -= lowest
        return isinstance(raw, int) and lowest <= raw <= highest


class OpcUaPoint(Point):
    """One variable of an OPC UA server."""

    signal: str
    path: str | None = Field(default=None, min_length=1)
    """Browse path below the equipment's root, ``ns:Name/ns:Name``; the prefixes are the profile's namespaces."""
    node: str | None = Field(default=None, min_length=1)
    """Instead of a path the node's id, ``ns=2;s=Temp``, or ``sy:s=Temp`` with a prefix of the profile's namespaces."""
    index: int | None = Field(default=None, ge=0)
    """The element of an array, counted from 0."""
    field: str | None = Field(default=None, pattern=r"^[^.]+(\.[^.]+)*$")
    """The field of a structure, ``Outer.Inner``."""
    rate: str | None = Field(default=None, min_length=1)
    """Of a waveform: the variable that holds its sampling rate in Hz, by path or node id as the point itself. Where neither this
    nor ``rate_hz`` is given, the server tells it in the waveform's property ``XAxisDefinition`` (OPC UA Part 8, 5.3.4.2)."""
    rate_hz: float | None = Field(default=None, gt=0, le=1e7)
    """Of a waveform: its sampling rate, where the device has only one."""

    @model_validator(mode="after")
    def _is_somewhere(self) -> Self:
        if (self.path is None) == (self.node is None):
            raise ValueError("a point has either a 'path' or a 'node'")
        if self.rate is not None and self.rate_hz is not None:
            raise ValueError("a waveform's sampling rate is either read from 'rate' or fixed by 'rate_hz'")
        return self


class MtConnectPoint(Point):
    """One data item of an MTConnect agent."""

    signal: str
    data_item: str | None = Field(default=None, min_length=1)
    """The item's id or name."""
    type: str | None = Field(default=None, min_length=1)
    """Instead of an id or name the item's type, ``ROTARY_VELOCITY``."""
    sub_type: str | None = Field(default=None, min_length=1)
    component: str | None = Field(default=None, min_length=1)
    """Which one of several, by a pattern for its name (``X*``), its type (``Rotary``) or its path (``Axes/Linear:X``)."""

    @model_validator(mode="after")
    def _is_somewhere(self) -> Self:
        if (self.data_item is None) == (self.type is None):
            raise ValueError("a point has either a 'data_item' or a 'type'")
        if self.type is None and (self.sub_type is not None or self.component is not None):
            raise ValueError("'sub_type' and 'component' belong to a 'type'")
        return self


class NmeaPoint(Point):
    """One field of an NMEA 0183 sentence; `device_profiles.nmea_fields` names those that are read, with their units."""

    signal: str
    sentence: str
    """The sentence's three letters, ``VHW``; ``VDO`` is what the AIS transponder tells of its own ship."""
    field: str
    """Which of its values, ``speed_knots``."""
    source: str | None = Field(default=None, min_length=1)
    """Of RPM the shaft or engine (``S0``, ``E1``), of XDR the name of the transducer (``ROLL``)."""
    talker: str | None = Field(default=None, pattern=r"^[A-Z][A-Z0-9]$")
    """Two letters of the one instrument that is believed (``GP``, ``HE``); any, and then always the same one, if left out."""


class ProfileHead(Settings):
    """What every device model says of itself."""

    kind: str
    maker: str
    model: str
    label: Label
    source: str = Field(min_length=1)
    """Manual and page, or public standard."""
    verified: Literal["standard", "datasheet", "simulator", "field"]
    """The evidence behind the map; a profile tried on our own simulator alone says so."""
    signals: dict[str, Signal] = Field(default={})
    """Signals of this device that its kind does not know."""

    @cached_property
    def digest(self) -> str:
        """Tell versions of a model apart, so that the cloud side can see what a value was decoded with."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]


class ModbusProfile(ProfileHead):
    """A register map."""

    protocol: Literal["modbus"]
    word_order: Order = "big"
    byte_order: Order = "big"
    max_registers: int = Field(default=125, ge=1, le=125)
    """Most registers that the device answers in one request."""
    max_bits: int = Field(default=2000, ge=1, le=2000)
    points: tuple[ModbusPoint, ...] = Field(min_length=1)


class OpcUaProfile(ProfileHead):
    """Nodes of an OPC UA information model."""

    protocol: Literal["opcua"]
    namespaces: dict[str, str] = Field(default={})
    """Prefix to namespace URI; indexes differ between servers, URIs do not."""
    points: tuple[OpcUaPoint, ...] = Field(min_length=1)


class MtConnectProfile(ProfileHead):
    """Data items of an MTConnect device."""

    protocol: Literal["mtconnect"]
    points: tuple[MtConnectPoint, ...] = Field(min_length=1)


class NmeaProfile(ProfileHead):
    """Sentences of a ship's instruments."""

    protocol: Literal["nmea"]
    points: tuple[NmeaPoint, ...] = Field(min_length=1)


Profile = ModbusProfile | OpcUaProfile | MtConnectProfile | NmeaProfile
_PROTOCOLS: dict[str, type[Profile]] = {
    "modbus": ModbusProfile,
    "opcua": OpcUaProfile,
    "mtconnect": MtConnectProfile,
    "nmea": NmeaProfile,
}


@cache
def profile_names() -> tuple[str, ...]:
    """Name every device model, as ``<kind>/<maker>_<model>``."""
    files = (path for path in FOLDER.glob("*/*.toml") if path.name != "kind.toml")
    return tuple(sorted(f"{path.parent.name}/{path.stem}" for path in files))


@cache
def load_profile(name: str) -> Profile:
    """Load a device model by its name, or from a plant's own file where the name ends in ``.toml``.

    Raises
    ------
    ConfigError
        If there is no such model (the message lists the legal names) or its file has mistakes.
    """
    if name.endswith(".toml"):
        return read_profile(Path(name))
    if name not in profile_names():
        raise ConfigError(f"{name!r} is not a device profile; known: {', '.join(profile_names())}")
    return read_profile(FOLDER / f"{name}.toml")


def forget_profiles() -> None:
    """Have every profile read anew when it is next asked for."""
    profile_names.cache_clear()
    load_profile.cache_clear()


def read_profile(path: Path) -> Profile:
    """Read one device model and hold it against its kind.

    Raises
    ------
    ConfigError
        With every mistake found.
    """
    file = TomlFile(path)
    protocol = file.content.get("protocol")
    if not isinstance(protocol, str) or protocol not in _PROTOCOLS:
        raise ConfigError(file.problem(("protocol",), f"is {protocol!r}; known: {', '.join(_PROTOCOLS)}"))
    profile: Profile = fit(file, _PROTOCOLS[protocol])
    try:
        kind = load_kind(profile.kind)
    except ConfigError as error:
        raise ConfigError(file.problem(("kind",), str(error))) from None
    problems = [*profile_checks.signal_problems(file, profile, kind)]
    if isinstance(profile, ModbusProfile):
        problems += profile_checks.modbus_problems(file, profile, kind)
    elif isinstance(profile, OpcUaProfile):
        problems += profile_checks.opcua_problems(file, profile, kind)
    elif isinstance(profile, NmeaProfile):
        problems += nmea_problems(file, profile, kind)
    if problems:
        raise ConfigError(*problems)
    return profile


def signals_of(profile: Profile) -> dict[str, Signal]:
    """Give the signals that a profile may carry: those of its kind, in the kind's order, then its own."""
    return load_kind(profile.kind).signals | profile.signals
