"""A device model: where the signals of its kind live in one real device, read from ``<kind>/<maker>_<model>.toml``."""

from collections import Counter
from collections.abc import Iterator, Sequence
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from device_profiles.kind import FOLDER, Kind, Label, Signal, SignalType, load_kind
from telemetry.errors import ConfigError, Problem
from telemetry.settings import Settings, fit
from telemetry.toml_file import TomlFile
from telemetry.units import conversion


class Table(StrEnum):
    """The four tables of Modbus; the gateway reads them and has no function to write them."""

    COIL = "coil"
    DISCRETE_INPUT = "discrete_input"
    INPUT = "input"
    HOLDING = "holding"

    @property
    def is_bits(self) -> bool:
        return self in (Table.COIL, Table.DISCRETE_INPUT)


class Datatype(StrEnum):
    """How a value lies in registers."""

    BOOLEAN = "boolean"
    INT16 = "int16"
    UINT16 = "uint16"
    INT32 = "int32"
    UINT32 = "uint32"
    INT64 = "int64"
    UINT64 = "uint64"
    FLOAT32 = "float32"
    FLOAT64 = "float64"
    STRING = "string"


WORDS = {
    Datatype.BOOLEAN: 1,
    Datatype.INT16: 1,
    Datatype.UINT16: 1,
    Datatype.INT32: 2,
    Datatype.UINT32: 2,
    Datatype.FLOAT32: 2,
    Datatype.INT64: 4,
    Datatype.UINT64: 4,
    Datatype.FLOAT64: 4,
}
Order = Literal["big", "little"]


class Point(Settings):
    """What the points of all protocols have in common."""

    signal: str | None = None
    """The signal of the kind that this point carries."""
    unit: str | None = None
    """The device's unit, where it is not the kind's; converted when the profile is loaded."""
    scale: float = Field(default=1.0)
    """``value = raw * scale + offset``, in the device's unit."""
    offset: float = 0.0
    map: dict[str, str] | None = None
    """For enum signals: the device's code, as text, to the name of the kind's state."""


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
    bit: int | None = Field(default=None, ge=0, le=15)
    """The bit of a register that a boolean reads; 0 is the least significant."""
    scale_factor: str | None = None
    """Name of the point that holds the power of ten of this one (SunSpec); both are read in one request."""
    sentinels: tuple[int, ...] = ()
    """Raw values by which the device says "not available"."""
    constant: int | None = None
    """For a helper: what it holds in every device of this model, such as a marker; by it a check can tell a wrong map."""
    simulated: int | str | None = None
    """For a helper: what our simulator serves in it where the device is free to choose, such as a scale factor."""
    word_order: Order | None = None
    byte_order: Order | None = None

    @property
    def width(self) -> int:
        """How many registers (or bits, in a table of bits) the point covers."""
        return self.words or WORDS[self.type]

    @property
    def label(self) -> str:
        return self.signal or self.name or f"{self.table}:{self.address}"

    @model_validator(mode="after")
    def _is_readable(self) -> Self:
        if (self.signal is None) == (self.name is None):
            raise ValueError("a point has either a signal or, as a helper of others, a name")
        if (self.type is Datatype.STRING) != (self.words is not None):
            raise ValueError("a string says its length in 'words', and no other type does")
        if (self.bit is not None) and (self.type is not Datatype.BOOLEAN or self.table.is_bits):
            raise ValueError("'bit' belongs to a boolean in a register")
        if self.type is Datatype.BOOLEAN and not self.table.is_bits and self.bit is None:
            raise ValueError("a boolean in a register names its 'bit'")
        if self.table.is_bits and self.type is not Datatype.BOOLEAN:
            raise ValueError(f"table {self.table} holds booleans only")
        if self.name is None and (self.constant is not None or self.simulated is not None):
            raise ValueError("'constant' and 'simulated' belong to a point with a name; a signal's value comes from the machine")
        if self.address + self.width > 65536:
            raise ValueError("reaches past address 65535")
        if self.scale == 0:
            raise ValueError("a scale of 0 would make every value 0")
        return self


class OpcUaPoint(Point):
    """One variable of an OPC UA server."""

    signal: str
    path: str = Field(min_length=1)
    """Browse path below the equipment's root, ``ns:Name/ns:Name``; the prefixes are the profile's namespaces."""


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
    namespaces: dict[str, str]
    """Prefix to namespace URI; indexes differ between servers, URIs do not."""
    points: tuple[OpcUaPoint, ...] = Field(min_length=1)


Profile = ModbusProfile | OpcUaProfile


@cache
def profile_names() -> tuple[str, ...]:
    """Name every device model, as ``<kind>/<maker>_<model>``."""
    files = (path for path in FOLDER.glob("*/*.toml") if path.name != "kind.toml")
    return tuple(sorted(f"{path.parent.name}/{path.stem}" for path in files))


@cache
def load_profile(name: str) -> Profile:
    """Load a device model by its name.

    Raises
    ------
    ConfigError
        If there is no such model (the message lists the legal names) or its file has mistakes.
    """
    if name not in profile_names():
        raise ConfigError(f"{name!r} is not a device profile; known: {', '.join(profile_names())}")
    return read_profile(FOLDER / f"{name}.toml")


def read_profile(path: Path) -> Profile:
    """Read one device model and hold it against its kind.

    Raises
    ------
    ConfigError
        With every mistake found.
    """
    file = TomlFile(path)
    protocols: dict[str, type[ModbusProfile | OpcUaProfile]] = {"modbus": ModbusProfile, "opcua": OpcUaProfile}
    protocol = file.content.get("protocol")
    if protocol not in protocols:
        raise ConfigError(file.problem(("protocol",), f"is {protocol!r}; known: {', '.join(protocols)}"))
    profile: Profile = fit(file, protocols[protocol])
    try:
        kind = load_kind(profile.kind)
    except ConfigError as error:
        raise ConfigError(file.problem(("kind",), str(error))) from None
    problems = [*_signal_problems(file, profile.points, kind)]
    if isinstance(profile, ModbusProfile):
        problems += _modbus_problems(file, profile)
    else:
        problems += _opcua_problems(file, profile)
    if problems:
        raise ConfigError(*problems)
    return profile


def _signal_problems(file: TomlFile, points: Sequence[Point], kind: Kind) -> Iterator[Problem]:
    seen = Counter(point.signal for point in points if point.signal)
    for index, point in enumerate(points):
        place = ("points", index)
        if point.signal is None:
            continue
        if seen[point.signal] > 1:
            yield file.problem(place, f"signal {point.signal!r} stands {seen[point.signal]} times")
        signal = kind.signals.get(point.signal)
        if signal is None:
            yield file.problem(place, f"{point.signal!r} is not a signal of {kind.name}; known: {', '.join(kind.signals)}")
        else:
            yield from _value_problems(file, place, point, signal)


def _value_problems(file: TomlFile, place: tuple[str, int], point: Point, signal: Signal) -> Iterator[Problem]:
    if signal.type is SignalType.ENUM:
        names = {state.name for state in signal.states}
        for code, name in (point.map or {}).items():
            if name not in names or not code.removeprefix("-").isdecimal():
                yield file.problem(place, f"map {code} = {name!r}: a device code, then one of {', '.join(sorted(names))}")
    elif point.map is not None:
        yield file.problem(place, f"has a 'map', but {point.signal!r} is {signal.type}, not enum")
    if point.unit is not None:
        try:
            conversion(point.unit, signal.unit)
        except ValueError as error:
            yield file.problem((*place, "unit"), str(error))


def _modbus_problems(file: TomlFile, profile: ModbusProfile) -> Iterator[Problem]:
    helpers = {point.name: point for point in profile.points if point.name}
    kind = load_kind(profile.kind)
    labels = Counter(point.label for point in profile.points)
    for index, point in enumerate(profile.points):
        if point.name is not None and labels[point.name] > 1:
            yield file.problem(("points", index, "name"), f"{point.name!r} names {labels[point.name]} points")
        if point.scale_factor is not None:
            helper = helpers.get(point.scale_factor)
            if helper is None:
                yield file.problem(("points", index), f"scale factor {point.scale_factor!r} is not a named point of this profile")
            elif helper.table is not point.table or _span([point, helper]) > profile.max_registers:
                yield file.problem(("points", index), f"scale factor {point.scale_factor!r} cannot be read in the same request")
        signal = kind.signals.get(point.signal or "")
        if signal is not None and signal.is_numeric == (point.type is Datatype.STRING):
            yield file.problem(("points", index), f"type {point.type} cannot carry {point.signal!r}, which is {signal.type}")


def _span(points: Sequence[ModbusPoint]) -> int:
    return max(p.address + p.width for p in points) - min(p.address for p in points)


def _opcua_problems(file: TomlFile, profile: OpcUaProfile) -> Iterator[Problem]:
    for index, point in enumerate(profile.points):
        for part in point.path.split("/"):
            prefix, colon, name = part.partition(":")
            if not colon or not name or prefix not in profile.namespaces:
                yield file.problem(
                    ("points", index, "path"),
                    f"{part!r} is not '<prefix>:<name>' with one of the prefixes {', '.join(profile.namespaces)}",
                )
