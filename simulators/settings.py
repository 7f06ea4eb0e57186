"""Settings of the simulators: which machines stand where, which links lead to them, and what goes wrong."""

import difflib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, ValidationInfo, model_validator

from device_profiles.kind import load_kind
from device_profiles.profile import ModbusProfile, NmeaProfile, OpcUaProfile, Profile, load_profile
from simulators.faults import ClockJumpFault, Fault, LinkFault, MachineFaultOrder, RequestFault, SensorFault, reaches
from telemetry.errors import ConfigError, Problem
from telemetry.settings import Settings, SettingsPath, beside_the_file, fit
from telemetry.toml_file import TomlFile
from telemetry.units import conversion

_NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$"
MODBUS_PROTOCOLS = ("modbus_tcp", "modbus_rtu_over_tcp", "modbus_rtu")
DEVICE_TIME = "device_time"
"""A helper point of this name is served the device's own clock: as a date where its type is one, else in seconds since 1970."""


def _own_file(name: str, info: ValidationInfo) -> str:
    return str(beside_the_file(Path(name), info)) if name.endswith(".toml") else name


class MachineSettings(Settings):
    """One simulated machine behind one device model."""

    name: str = Field(pattern=_NAME)
    """Name of the equipment, in the truth log and as the last part of an OPC UA server's path ``Machines/<name>``."""
    profile: Annotated[str, AfterValidator(_own_file)]
    """The device model that it speaks as, ``<kind>/<maker>_<model>`` or a file of your own that ends in ``.toml``; it decides the
    machine, and the family of protocols."""
    protocol: Literal["modbus_tcp", "modbus_rtu_over_tcp", "modbus_rtu", "nmea_tcp", "nmea_udp"] | None = None
    """How a Modbus machine is reached, ``modbus_tcp`` when left out; or a ship's instruments, which listen (``nmea_tcp``, the
    default) or send to ``host`` and ``port``."""
    host: str = "127.0.0.1"
    """Address to listen on; servers have no protection, so keep them on the loopback or in a closed network."""
    port: int = Field(default=0, ge=0, le=65535)
    """TCP port; several machines of one protocol may share it, but no ships. 0 takes any free one and prints it."""
    serial: SettingsPath | None = None
    """For ``modbus_rtu``: the serial line, which machines may share. Where no device is, a pseudo terminal is made and linked."""
    baudrate: int = Field(default=19200, ge=1200, le=921600)
    """Of a real serial device; the machines on it agree."""
    parity: Literal["none", "even", "odd"] = "even"
    """Of a real serial device; the machines on it agree."""
    unit_id: int = Field(default=1, ge=1, le=247)
    """Modbus unit identifier."""
    certificate_file: SettingsPath | None = None
    """For OPC UA: certificate of the server (DER), with its application URI; all is signed or encrypted then. ``shangyun gateway
    certificates make`` writes one."""
    key_file: SettingsPath | None = None
    """Its private key (PEM)."""
    users: dict[str, str] = Field(default={})
    """For OPC UA: names and passwords; anybody may come in where there are none."""
    count: int = Field(default=1, ge=1, le=247)
    """So many machines instead of one: ``<name>-1`` and on, with unit ids from ``unit_id`` up and seeds from ``seed`` up."""
    seed: int = Field(default=1, ge=0)
    """Seed of all its randomness: its hidden parameters, its day and its sensors' noise."""
    speed: float = Field(default=1.0, gt=0, le=3600)
    """Simulated seconds per second."""
    refresh_seconds: float = Field(default=0.0, ge=0, le=60)
    """How long a Modbus machine answers from one reading of its sensors; 0 reads them for each request."""
    record_seconds: float = Field(default=3600.0, ge=30, le=86400)
    """How often an OPC UA machine takes a record of each of its waveforms, the first when it is asked for one."""
    start_time: str | None = Field(default=None, pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    """Local time of day (UTC+8) at which the machine's clock starts, ``HH:MM``; the real time when left out."""

    @property
    def kind(self) -> str:
        return load_profile(self.profile).kind if self.profile.endswith(".toml") else self.profile.partition("/")[0]

    @property
    def protection(self) -> tuple[object, ...]:
        """What machines of one OPC UA server have in common."""
        return self.certificate_file, self.key_file, *self.users.items()

    @property
    def place(self) -> tuple[str, int]:
        """Where it is reached; machines of one place share a server."""
        return (str(self.serial), 0) if self.serial is not None else (self.host, self.port)

    def members(self) -> Iterator[Self]:
        """Give the single machines that it stands for."""
        if self.count == 1:
            yield self
            return
        for number in range(self.count):
            own = {"name": f"{self.name}-{number + 1}", "seed": self.seed + number, "unit_id": self.unit_id + number, "count": 1}
            yield self.model_copy(update=own)

    @model_validator(mode="after")
    def _has_one_place(self) -> Self:
        if self.unit_id + self.count - 1 > 247:
            raise ValueError(f"{self.count} machines from unit {self.unit_id} on go past unit 247")
        if (self.protocol == "modbus_rtu") != (self.serial is not None):
            raise ValueError("'serial' belongs to protocol modbus_rtu, which needs it")
        if (self.certificate_file is None) != (self.key_file is None):
            raise ValueError("'certificate_file' and 'key_file' belong together")
        if self.protocol == "nmea_udp" and self.port == 0:
            raise ValueError("protocol nmea_udp sends to a 'port', which it needs")
        if self.serial is not None and self.model_fields_set & {"host", "port"}:
            raise ValueError("a machine on a serial line has neither 'host' nor 'port'")
        return self


class LinkSettings(Settings):
    """A link of the network that can fail: what connects to it is carried to a server, whatever the protocol."""

    name: str = Field(pattern=_NAME)
    """Name of the link, for faults and counts."""
    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = Field(default=0, ge=0, le=65535)
    """TCP port to listen on; 0 takes any free one and prints it."""
    server_host: str = "127.0.0.1"
    """Where it leads."""
    server_port: int = Field(ge=1, le=65535)


class SimulatorSettings(Settings):
    """One process of simulators."""

    truth_log: SettingsPath | None = None
    """File to which every served value is appended."""
    machines: tuple[MachineSettings, ...] = ()
    links: tuple[LinkSettings, ...] = ()
    faults: tuple[Fault, ...] = ()
    fault_seed: int = 1
    """Seed of all chance in the faults."""

    @property
    def members(self) -> tuple[MachineSettings, ...]:
        """Every single machine."""
        return tuple(member for machine in self.machines for member in machine.members())

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if not self.machines and not self.links:
            raise ValueError("needs at least one machine or link")
        return self


def protocol_of(machine: MachineSettings, profile: Profile) -> str:
    """Name the protocol that a machine is served by."""
    if isinstance(profile, ModbusProfile):
        return machine.protocol or "modbus_tcp"
    if isinstance(profile, NmeaProfile):
        return machine.protocol or "nmea_tcp"
    return profile.protocol


def read_settings(path: Path) -> SimulatorSettings:
    """Read a settings file and check what one machine alone cannot show.

    Raises
    ------
    ConfigError
        With every mistake found, each with line and key.
    """
    file = TomlFile(path)
    settings = fit(file, SimulatorSettings)
    problems = list(_machine_problems(file, settings.machines))
    names = Counter(link.name for link in settings.links)
    for index, link in enumerate(settings.links):
        if names[link.name] > 1:
            problems.append(file.problem(("links", index, "name"), f"{link.name!r} names {names[link.name]} links"))
    if not problems:
        problems += _fault_problems(file, settings)
    if problems:
        raise ConfigError(*problems)
    return settings


def _machine_problems(file: TomlFile, machines: Sequence[MachineSettings]) -> Iterator[Problem]:
    names = Counter(member.name for machine in machines for member in machine.members())
    first_at: dict[tuple[str, int], MachineSettings] = {}
    units: set[tuple[tuple[str, int], int]] = set()
    for index, machine in enumerate(machines):
        place = ("machines", index)
        for member in machine.members():
            if names[member.name] > 1:
                yield file.problem((*place, "name"), f"{member.name!r} names {names[member.name]} machines")
        try:
            profile = load_profile(machine.profile)
        except ConfigError as error:
            yield file.problem((*place, "profile"), re.sub(r"\s+", " ", str(error)))
            continue
        if machine.protocol is not None and machine.protocol.partition("_")[0] != profile.protocol:
            yield file.problem((*place, "protocol"), f"is {machine.protocol}, but {machine.profile} speaks {profile.protocol}")
            continue
        if profile.protocol != "opcua" and any(machine.protection):
            yield file.problem(place, f"certificates and users belong to OPC UA, and {machine.profile} speaks {profile.protocol}")
        if machine.serial is None and machine.port == 0:
            continue
        taken = {(member.place, member.unit_id) for member in machine.members()} if isinstance(profile, ModbusProfile) else set()
        for key, message in _quarrels(machine, first_at.setdefault(machine.place, machine), sorted(u for _, u in taken & units)):
            yield file.problem((*place, key), message)
        units |= taken


def _quarrels(machine: MachineSettings, first: MachineSettings, units: Sequence[int]) -> Iterator[tuple[str, str]]:
    """Tell in what a machine and the first one of its port or line do not agree; ``units`` are those that both would have."""
    where, place = ("port", f"port {machine.port}") if machine.serial is None else ("serial", f"{machine.serial}")
    served = protocol_of(first, load_profile(first.profile))
    if protocol_of(machine, load_profile(machine.profile)) != served:
        yield where, f"{machine.port} already serves {served}"
    elif (machine.baudrate, machine.parity) != (first.baudrate, first.parity):
        yield where, f"{machine.serial} already has {first.baudrate} baud and parity {first.parity}"
    elif machine.protection != first.protection:
        yield where, f"{machine.port} already has other certificates or users"
    elif (machine is not first or machine.count > 1) and _has_fixed_nodes(machine):
        yield where, f"{machine.profile} has fixed node ids, so each such machine has a port of its own"
    elif (machine is not first or machine.count > 1) and served.startswith("nmea"):
        yield where, f"{machine.profile} speaks NMEA 0183, which names no ship, so each has a port of its own"
    elif units:
        yield "unit_id", f"{', '.join(map(str, units))} is taken on {place}"


def _fault_problems(file: TomlFile, settings: SimulatorSettings) -> Iterator[Problem]:
    for index, fault in enumerate(settings.faults):
        for key, message in fault_mistakes(fault, settings):
            yield file.problem(("faults", index, key), message)


def fault_mistakes(fault: Fault, settings: SimulatorSettings) -> Iterator[tuple[str, str]]:
    """Tell the keys of a fault that fit no machine or link of the settings, and what is wrong with them."""
    if isinstance(fault, MachineFaultOrder | SensorFault):
        yield from _equipment_mistakes(fault, settings.members)
    elif isinstance(fault, LinkFault):
        known = [link.name for link in settings.links]
        if not known:
            yield "kind", "there is no link here"
        for name in fault.links:
            if name not in known:
                yield "links", f"{name!r} is no link here; known: {', '.join(known)}"
    else:
        yield from _machine_mistakes(fault, settings.members)


def _machine_mistakes(fault: RequestFault | ClockJumpFault, machines: Sequence[MachineSettings]) -> Iterator[tuple[str, str]]:
    protocols = {machine.name: protocol_of(machine, load_profile(machine.profile)) for machine in machines}
    clocks = [machine.name for machine in machines if _has_clock(load_profile(machine.profile))]
    for name in fault.machines:
        if name not in protocols:
            yield "machines", f"{name!r} is no machine here; known: {', '.join(protocols)}"
        elif not reaches(fault, protocols[name]):
            yield "machines", f"{name!r} speaks {protocols[name]}, which has no such fault as {fault.kind}"
        elif isinstance(fault, ClockJumpFault) and name not in clocks:
            yield "machines", f"{name!r} serves no time: its profile has no point named {DEVICE_TIME!r}"
    reached = clocks if isinstance(fault, ClockJumpFault) else [name for name in protocols if reaches(fault, protocols[name])]
    if not fault.machines and not reached:
        yield "kind", f"no machine here can have the fault {fault.kind}"
    if not isinstance(fault, ClockJumpFault):
        units = sorted({machine.unit_id for machine in machines if machine.name in (fault.machines or protocols)})
        for unit in fault.units:
            if unit not in units:
                yield "units", f"{unit} is the unit of no such machine; known: {', '.join(map(str, units))}"


def _equipment_mistakes(fault: MachineFaultOrder | SensorFault, machines: Sequence[MachineSettings]) -> Iterator[tuple[str, str]]:
    names = [machine.name for machine in machines]
    for name in fault.machines:
        if name not in names:
            yield "machines", f"{name!r} is no machine here; known: {', '.join(names)}"
    befallen = [machine for machine in machines if machine.name in (fault.machines or names)]
    if isinstance(fault, MachineFaultOrder):
        yield from _machine_fault_mistakes(fault, befallen)
    else:
        yield from _sensor_mistakes(fault, befallen)


def _machine_fault_mistakes(fault: MachineFaultOrder, befallen: Sequence[MachineSettings]) -> Iterator[tuple[str, str]]:
    from simulators.fleet import machine_class  # noqa: PLC0415 - the machines need numpy, these settings do not

    kinds = sorted({machine.kind for machine in befallen})
    known = {kind: machine_class(kind).FAULTS for kind in kinds}
    able = [kind for kind in kinds if fault.fault in known[kind]]
    if not able or (fault.machines and able != kinds):
        names = sorted({name for faults in known.values() for name in faults})
        near = difflib.get_close_matches(fault.fault, names, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(names)}"
        yield "fault", f"{fault.fault!r} is no fault of {' or '.join(k for k in kinds if k not in able)}{hint}"
    for kind in able:
        part = known[kind][fault.fault].part
        members = load_kind(kind).parts[part].all_names if part else ()
        if fault.part not in (members or ("",)):
            yield (
                "part",
                f"says which {part} is struck: {', '.join(members)}" if part else f"{fault.fault} strikes the whole machine",
            )


def _sensor_mistakes(fault: SensorFault, befallen: Sequence[MachineSettings]) -> Iterator[tuple[str, str]]:
    kinds = {machine.kind: load_kind(machine.kind).signals for machine in befallen}
    able = {kind: signals for kind, signals in kinds.items() if fault.signal in signals}
    if not able or (fault.machines and len(able) < len(kinds)):
        yield "signal", f"{fault.signal!r} is no signal of {' or '.join(kind for kind in kinds if kind not in able)}"
    for kind, signals in able.items():
        if not signals[fault.signal].is_numeric:
            yield "signal", f"{fault.signal!r} is a {signals[fault.signal].type}, of which no sensor can be spoilt"
        elif fault.how == "swapped" and (fault.other not in signals or not signals[fault.other].is_numeric):
            yield "other", f"{fault.other!r} is no measured signal of {kind}"
        elif fault.how == "wrong_unit":
            try:
                conversion(signals[fault.signal].unit, fault.other)
            except ValueError as error:
                yield "other", str(error)


def _has_fixed_nodes(machine: MachineSettings) -> bool:
    profile = load_profile(machine.profile)
    return isinstance(profile, OpcUaProfile) and any(point.node is not None for point in profile.points)


def _has_clock(profile: Profile) -> bool:
    return isinstance(profile, ModbusProfile) and any(point.name == DEVICE_TIME for point in profile.points)
