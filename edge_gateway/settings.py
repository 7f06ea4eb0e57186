"""Settings of a gateway: ``gateway.toml`` becomes a frozen model, and all of its mistakes are told at once."""

import difflib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from device_profiles.profile import load_profile, profile_names
from telemetry.errors import ConfigError, Problem
from telemetry.mqtt import BrokerSettings
from telemetry.settings import Settings, SettingsPath, fit
from telemetry.toml_file import TomlFile
from telemetry.topics import NAME_PATTERN

PROTOCOL_OF_CONNECTION = {"modbus_tcp": "modbus", "opcua": "opcua"}
"""Which profiles a connection can carry."""


def _name(text: str) -> str:
    if not re.match(NAME_PATTERN, text):
        raise ValueError(f"{text!r} is no name: up to 64 letters, digits, '_', '.' and '-', the first a letter or a digit")
    return text


def _profile_name(text: str) -> str:
    if text not in profile_names():
        near = difflib.get_close_matches(text, profile_names(), n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(map(repr, near))}?" if near else "see: shangyun profiles list"
        raise ValueError(f"{text!r} is not a device profile; {hint}")
    try:
        load_profile(text)
    except ConfigError as error:
        raise ValueError(f"the profile itself has mistakes:\n{error}") from None
    return text


def _opcua_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        is_sound = parts.scheme == "opc.tcp" and bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc
    except ValueError:  # a port that is no number or too large
        is_sound = False
    if not is_sound:
        raise ValueError(f"{text!r} is not of the form opc.tcp://host:port")
    return text


Name = Annotated[str, AfterValidator(_name)]


class SpoolSettings(Settings):
    """Where samples wait for the cloud's receipt, and how much may wait."""

    path: SettingsPath
    """The file; its folder must exist and be on a disk that survives a power cut."""
    max_bytes: int = Field(default=1_000_000_000, ge=1_000_000)
    """Most bytes of waiting bundles; above it the oldest are dropped, counted and recorded as a gap."""
    max_age_hours: float = Field(default=720.0, gt=0)
    """Bundles that waited longer are dropped, counted and recorded as a gap."""


class PublishSettings(Settings):
    """How bundles travel. There is no choice of QoS: a bundle goes with QoS 1 and comes again until it has a receipt."""

    flush_seconds: float = Field(default=1.0, ge=0.05, le=60)
    """Samples of so many seconds make one bundle and one commit to disk: what a power cut may cost."""
    window: int = Field(default=8, ge=1, le=256)
    """Most bundles on their way without a receipt, however often each of them is sent."""
    receipt_timeout_seconds: float = Field(default=10.0, ge=0.1, le=600)
    """A bundle without receipt is sent again after this time, then after twice this time, up to two minutes."""
    grace_seconds: float = Field(default=5.0, ge=0, le=60)
    """How long a stopping gateway waits for the receipts of its last bundles; what is left stays on disk."""


class HealthSettings(Settings):
    """The door for watchdogs and Prometheus, on loopback."""

    port: int = Field(default=9101, ge=0, le=65535)
    """0 takes any free port."""


class ModbusTcpSettings(Settings):
    """A Modbus TCP device, or a gateway with several units behind it."""

    protocol: Literal["modbus_tcp"]
    host: str = Field(min_length=1)
    port: int = Field(default=502, ge=1, le=65535)
    timeout_seconds: float = Field(default=1.0, ge=0.05, le=30)
    """A reply that takes longer is given up, and the connection is opened anew so that it can never be taken for another."""
    pause_seconds: float = Field(default=0.0, ge=0, le=5)
    """Rest between two requests, for devices that need it."""
    gap_registers: int = Field(default=16, ge=0, le=124)
    """Up to so many registers that nobody asked for are read along to save a request."""


class OpcUaSettings(Settings):
    """An OPC UA server."""

    protocol: Literal["opcua"]
    url: Annotated[str, AfterValidator(_opcua_url)]
    security: Literal["sign_and_encrypt", "none"] = "sign_and_encrypt"
    """``none`` must be said out loud: anybody on the network could then read and forge the values."""
    certificate_file: SettingsPath | None = None
    key_file: SettingsPath | None = None
    trusted_folder: SettingsPath | None = None
    """Folder with the certificates (``.der`` or ``.pem``) of the servers, or of their authorities, that we believe."""
    username: str | None = None
    password_file: SettingsPath | None = None
    timeout_seconds: float = Field(default=4.0, ge=0.1, le=60)

    @model_validator(mode="after")
    def _is_protected_or_says_so(self) -> Self:
        files = {"certificate_file": self.certificate_file, "key_file": self.key_file, "trusted_folder": self.trusted_folder}
        if self.security == "sign_and_encrypt":
            missing = [key for key, value in files.items() if value is None]
            if missing:
                raise ValueError(
                    f"security is sign_and_encrypt (the default), which needs {', '.join(missing)};"
                    ' a plant network without certificates says security = "none"'
                )
        elif any(files.values()):
            raise ValueError('has certificates but security = "none", so they would not be used')
        if (self.username is None) != (self.password_file is None):
            raise ValueError("username and password_file go together")
        return self


ConnectionSettings = Annotated[ModbusTcpSettings | OpcUaSettings, Field(discriminator="protocol")]


class EquipmentSettings(Settings):
    """One machine and how to reach it."""

    name: Name
    profile: Annotated[str, AfterValidator(_profile_name)]
    connection: str
    unit_id: int | None = Field(default=None, ge=0, le=255)
    """Modbus only; 1 where it is not given."""
    root: str | None = Field(default=None, min_length=1)
    """OPC UA only: browse path of the machine's node below Objects, ``Machines/cnc-1``; a part may have a profile's prefix."""
    period_seconds: float = Field(default=1.0, ge=0.05, le=86_400)


class GatewaySettings(Settings):
    """Everything that a gateway must be told."""

    gateway: Name
    broker: BrokerSettings
    spool: SpoolSettings
    publish: PublishSettings = PublishSettings()
    health: HealthSettings = HealthSettings()
    connections: dict[Name, ConnectionSettings] = Field(min_length=1)
    equipment: tuple[EquipmentSettings, ...] = Field(min_length=1)


def load_gateway(path: Path) -> GatewaySettings:
    """Read and check a gateway's settings without touching the network.

    Raises
    ------
    ConfigError
        With every mistake found, in the order of the file.
    """
    file = TomlFile(path)
    problems = list(_problems_between_tables(file))
    settings: GatewaySettings | None = None
    try:
        settings = fit(file, GatewaySettings)
    except ConfigError as error:
        problems += error.problems
    if problems or settings is None:
        raise ConfigError(*sorted(problems, key=lambda problem: (problem.line or 0, problem.key or "")))
    return settings


def _problems_between_tables(file: TomlFile) -> Iterator[Problem]:
    """Check what one table says of another on the raw file, so that a wrong port does not hide a missing connection."""
    tables = file.content.get("connections")
    connections = tables if isinstance(tables, dict) else {}
    listed = file.content.get("equipment")
    names: dict[str, int] = {}
    units: dict[tuple[str, int], str] = {}
    for index, item in enumerate(listed if isinstance(listed, list) else []):
        if not isinstance(item, dict):
            continue
        place = ("equipment", index)
        name, connection = str(item.get("name")), item.get("connection")
        if "name" in item and name in names:
            first = file.line_of(("equipment", names[name]))
            yield file.problem((*place, "name"), f"{name!r} names two pieces of equipment; the other is on line {first}")
        names.setdefault(name, index)
        if not isinstance(connection, str):
            continue
        if connection not in connections:
            near = difflib.get_close_matches(connection, connections, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(connections) or 'none'}"
            yield file.problem((*place, "connection"), f"there is no [connections.{connection}]; {hint}")
            continue
        table = connections[connection]
        protocol = table.get("protocol") if isinstance(table, dict) else None
        if protocol in PROTOCOL_OF_CONNECTION:
            yield from _protocol_problems(file, place, item, connection, str(protocol))
        unit_id = item.get("unit_id", 1)
        if protocol == "modbus_tcp" and isinstance(unit_id, int):
            other = units.setdefault((connection, unit_id), name)
            if other != name:
                key = "unit_id" if "unit_id" in item else "connection"
                yield file.problem((*place, key), f"unit {unit_id} on {connection!r} is {other!r} already")


def _protocol_problems(
    file: TomlFile, place: tuple[str, int], item: dict[str, Any], connection: str, protocol: str
) -> Iterator[Problem]:
    if protocol == "opcua" and "unit_id" in item:
        yield file.problem((*place, "unit_id"), f"belongs to Modbus, and {connection!r} is OPC UA; name the node with 'root'")
    if protocol == "opcua" and "root" not in item:
        yield file.problem((*place, "root"), "is missing: where the machine stands below Objects, such as 'Machines/cnc-1'")
    if protocol == "modbus_tcp" and "root" in item:
        yield file.problem((*place, "root"), f"belongs to OPC UA, and {connection!r} is Modbus; give 'unit_id'")
    if item.get("profile") not in profile_names():
        return
    try:
        profile = load_profile(item["profile"])
    except ConfigError:
        return  # told by the model
    wanted = PROTOCOL_OF_CONNECTION[protocol]
    if profile.protocol != wanted:
        yield file.problem(
            (*place, "connection"), f"{connection!r} speaks {wanted}, but profile {item['profile']!r} is for {profile.protocol}"
        )
    elif profile.protocol == "opcua" and isinstance(item.get("root"), str):
        for part in item["root"].split("/"):
            prefix, colon, name = part.rpartition(":")
            if not name or (colon and prefix not in profile.namespaces):
                known = ", ".join(profile.namespaces)
                yield file.problem((*place, "root"), f"{part!r} is not '<name>' or '<prefix>:<name>' with a prefix of {known}")
