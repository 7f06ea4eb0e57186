"""Settings of a gateway: ``gateway.toml`` becomes a frozen model, and all of its mistakes are told at once."""

import difflib
import math
import re
from contextlib import suppress
from fnmatch import fnmatchcase
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, model_validator

from device_profiles.kind import Signal
from device_profiles.profile import load_profile, profile_names
from edge_gateway.settings_checks import problems_between_tables
from edge_gateway.sparkplug.settings import SparkplugSettings
from telemetry.errors import ConfigError
from telemetry.mqtt import BrokerSettings
from telemetry.settings import Settings, SettingsPath, beside_the_file, fit
from telemetry.toml_file import TomlFile
from telemetry.topics import NAME_PATTERN


def _name(text: str) -> str:
    if not re.match(NAME_PATTERN, text):
        raise ValueError(f"{text!r} is no name: up to 64 letters, digits, '_', '.' and '-', the first a letter or a digit")
    return text


def _profile_name(text: str, info: ValidationInfo) -> str:
    if text.endswith(".toml"):
        text = str(beside_the_file(Path(text), info))
    elif text not in profile_names():
        kind, _, model = text.partition("/")
        of_kind = {name.partition("/")[2]: name for name in profile_names() if name.startswith(f"{kind}/")}
        near = [of_kind[name] for name in difflib.get_close_matches(model, of_kind, n=3)]
        near = near or difflib.get_close_matches(text, profile_names(), n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(map(repr, near))}?" if near else "see: shangyun profiles list"
        raise ValueError(f"{text!r} is not a device profile; {hint}")
    try:
        load_profile(text)
    except ConfigError as error:
        raise ValueError(f"the profile itself has mistakes:\n{error}") from None
    return text


def _deadband(given: object) -> float | str:
    """Accept a number in the signal's unit, or a text such as ``1 %``, which comes out as ``1%``."""
    number = given.strip().removesuffix("%").strip() if isinstance(given, str) else given
    is_sound = isinstance(given, int | float) and not isinstance(given, bool) and 0 <= given < math.inf
    if isinstance(given, str):
        with suppress(ValueError):
            is_sound = given.strip().endswith("%") and 0 <= float(str(number)) <= 100
    if not is_sound:
        raise ValueError(f"{given!r} is neither a number in the signal's unit nor a percentage such as '1 %'")
    return f"{number}%" if isinstance(given, str) else float(str(given))


def _http_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        is_sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc
    except ValueError:
        is_sound = False
    if not is_sound:
        raise ValueError(f"{text!r} is not of the form http://host:port")
    return text.rstrip("/")


def _ip_address(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        raise ValueError(f"{text!r} is no IP address, such as 192.168.1.20") from None


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


class ModbusSettings(Settings):
    """What every Modbus connection has, whatever carries it."""

    timeout_seconds: float = Field(default=1.0, ge=0.02, le=30)
    """A reply that takes longer is given up; if it comes all the same, it can never be taken for another one."""
    max_requests_per_second: float | None = Field(default=None, gt=0, le=10_000)
    """The request budget, so that a small controller is not overloaded; ``check`` holds the plan against it."""
    gap_registers: int | None = Field(default=None, ge=0, le=124)
    """Up to so many registers that nobody asked for are read along to save a request; left out, what is cheaper on this line."""

    @property
    def registers_per_request_saved(self) -> int:
        """How many registers cost as much as another request on this line; see `edge_gateway.planner`."""
        return 100  # 200 bytes more on Ethernet are cheaper than a round trip and a PLC's scan cycle


class ModbusTcpSettings(ModbusSettings):
    """A Modbus TCP device, or a gateway with several units behind it."""

    protocol: Literal["modbus_tcp"]
    host: str = Field(min_length=1)
    port: int = Field(default=502, ge=1, le=65535)
    pause_seconds: float = Field(default=0.0, ge=0, le=5)
    """Rest between a reply and the next request, for devices that need it."""


class ModbusRtuOverTcpSettings(ModbusSettings):
    """A serial server that passes RTU frames through a TCP connection as they are, without Modbus TCP's header."""

    protocol: Literal["modbus_rtu_over_tcp"]
    host: str = Field(min_length=1)
    port: int = Field(default=502, ge=1, le=65535)
    pause_seconds: float = Field(default=0.01, ge=0, le=5)
    """Rest between a reply and the next request: the serial line behind it needs 3.5 characters, some devices more."""

    @property
    def registers_per_request_saved(self) -> int:
        return 16


class ModbusRtuSettings(ModbusSettings):
    """An RS-485 or RS-232 line of this machine, with one unit or several."""

    protocol: Literal["modbus_rtu"]
    device: str = Field(min_length=1)
    """The serial port, ``/dev/ttyS1``; better a name that stays, from ``/dev/serial/by-id/``."""
    baud: int = Field(default=9600, ge=300, le=1_000_000)
    parity: Literal["even", "odd", "none"] = "even"
    """Even is the standard's default (Modbus over Serial Line, 2.5.1), though many devices are delivered with none."""
    stop_bits: Literal[1, 2] = 1
    pause_seconds: float | None = Field(default=None, ge=0, le=5)
    """Rest between a reply and the next request; left out, the standard's 3.5 characters, at least 1.75 ms."""

    @property
    def character_seconds(self) -> float:
        return 11 / self.baud

    @property
    def registers_per_request_saved(self) -> int:
        """A request costs 8 + 5 bytes, two silences of 3.5 characters and some 5 ms of turn-around; a register costs 2 bytes."""
        return max(int((13 + 7 + 0.005 / self.character_seconds) / 2), 1)


class OpcUaSettings(Settings):
    """An OPC UA server."""

    protocol: Literal["opcua"]
    url: Annotated[str, AfterValidator(_opcua_url)]
    mode: Literal["subscribe", "poll"] = "subscribe"
    """``subscribe``: the server tells every change; ``poll``: the gateway reads every period, for servers that cannot tell."""
    security: Literal["sign_and_encrypt", "sign", "none"] = "sign_and_encrypt"
    """``none`` must be said out loud: anybody on the network could then read and forge the values."""
    policy: Literal["Basic256Sha256", "Aes128_Sha256_RsaOaep", "Aes256_Sha256_RsaPss"] = "Basic256Sha256"
    """The security policy; the older ones are broken and not offered."""
    certificate_file: SettingsPath | None = None
    """Our own certificate; ``shangyun gateway certificates make`` writes a pair."""
    key_file: SettingsPath | None = None
    trusted_folder: SettingsPath | None = None
    """Folder with the certificates (``.der`` or ``.pem``) of the servers, or of their authorities, that we believe. A server's
    certificate that is not among them is put into ``rejected/`` inside it, for somebody to look at and to move."""
    username: str | None = None
    password_file: SettingsPath | None = None
    timeout_seconds: float = Field(default=4.0, ge=0.1, le=60)

    @model_validator(mode="after")
    def _is_protected_or_says_so(self) -> Self:
        files = {"certificate_file": self.certificate_file, "key_file": self.key_file, "trusted_folder": self.trusted_folder}
        if self.security != "none":
            missing = [key for key, value in files.items() if value is None]
            if missing:
                default = " (the default)" if self.security == "sign_and_encrypt" else ""
                raise ValueError(
                    f"security is {self.security}{default}, which needs {', '.join(missing)};"
                    ' a plant network without certificates says security = "none"'
                )
        elif any(files.values()):
            raise ValueError('has certificates but security = "none", so they would not be used')
        if (self.username is None) != (self.password_file is None):
            raise ValueError("username and password_file go together")
        return self


class MtConnectSettings(Settings):
    """An MTConnect agent, which many machine tools have or can be given."""

    protocol: Literal["mtconnect"]
    url: Annotated[str, AfterValidator(_http_url)]
    """Address of the agent, ``http://192.168.1.30:5000``."""
    mode: Literal["stream", "poll"] = "stream"
    """``stream``: the agent tells every change; ``poll``: the gateway asks for the current state every period."""
    ca_file: SettingsPath | None = None
    """For ``https``: the authority that we believe; the system's where it is left out."""
    timeout_seconds: float = Field(default=4.0, ge=0.1, le=60)


class NmeaUdpSettings(Settings):
    """A ship's instruments, heard by the datagrams that they or a multiplexer send to a port of this machine."""

    protocol: Literal["nmea_udp"]
    host: str = Field(default="0.0.0.0", min_length=1)  # noqa: S104 - broadcasts do not come to a single address
    """The address of this machine to listen on; all of them where it is left out."""
    port: int = Field(default=10110, ge=1, le=65535)
    sender: Annotated[str, AfterValidator(_ip_address)] | None = None
    """The one address that is believed; datagrams have no protection, so give it where others can reach the port."""
    stale_seconds: float = Field(default=10.0, ge=0.1, le=600)
    """A value whose sentence has not come for so long is bad; the first reading waits half so long for all of them."""


class NmeaTcpSettings(Settings):
    """A ship's instruments behind a server that sends their sentences to whoever connects."""

    protocol: Literal["nmea_tcp"]
    host: str = Field(min_length=1)
    port: int = Field(default=10110, ge=1, le=65535)
    timeout_seconds: float = Field(default=4.0, ge=0.1, le=60)
    """How long connecting may take."""
    stale_seconds: float = Field(default=10.0, ge=0.1, le=600)
    """A value whose sentence has not come for so long is bad, and a stream without any sentence for so long is opened anew; the
    first reading waits half so long for all of them."""


ConnectionSettings = Annotated[
    ModbusTcpSettings
    | ModbusRtuOverTcpSettings
    | ModbusRtuSettings
    | OpcUaSettings
    | MtConnectSettings
    | NmeaUdpSettings
    | NmeaTcpSettings,
    Field(discriminator="protocol"),
]


class OnChangeSettings(Settings):
    """Report by exception: rows that say nothing new stay in the plant."""

    max_silence_seconds: float = Field(default=60.0, gt=0, le=86_400)
    """A row goes out at least so often, changed or not: silence must never be taken for a steady machine."""
    deadband: dict[str, Annotated[float | str, BeforeValidator(_deadband)]] = Field(default_factory=dict)
    """By signal, or pattern such as ``"temperature_*"``: what is no change, in its unit, or as ``"1 %"`` of its normal range."""

    def deadband_of(self, name: str, signal: Signal) -> float:
        """Give a signal's deadband in its unit; every change counts where none was given."""
        given = next((value for pattern, value in self.deadband.items() if fnmatchcase(name, pattern)), 0.0)
        if isinstance(given, float):
            return given
        low, high = signal.normal or (0.0, 0.0)
        return float(given.removesuffix("%")) / 100 * (high - low)


class ScanGroupSettings(Settings):
    """Signals of a machine that have a rate of their own; what is left out is as for the machine."""

    signals: tuple[str, ...] = Field(min_length=1)
    """Names, or patterns such as ``"temperature_*"``; a signal belongs to the first group that names it."""
    period_seconds: float | None = Field(default=None, ge=0.02, le=86_400)
    sampling_seconds: float | None = Field(default=None, ge=0, le=86_400)
    """OPC UA: how often the server looks at the values; the period where it is left out."""
    queue_size: int = Field(default=10, ge=1, le=10_000)
    """OPC UA: how many changes of one value the server keeps between two messages."""
    on_change: OnChangeSettings | None = None


class EquipmentSettings(Settings):
    """One machine and how to reach it."""

    name: Name
    profile: Annotated[str, AfterValidator(_profile_name)]
    """A device model (``shangyun profiles list``), or the path of a file of your own that ends in ``.toml``."""
    connection: str
    unit_id: int | None = Field(default=None, ge=0, le=255)
    """Modbus only; 1 where it is not given."""
    address_offset: int = Field(default=0, ge=-65535, le=65535)
    """Modbus only: added to every address of the profile, for several logical devices in one register map."""
    root: str | None = Field(default=None, min_length=1)
    """OPC UA: browse path of the machine's node below Objects, ``Machines/cnc-1``; a part may have a profile's prefix.
    MTConnect: name or uuid of the device, where the agent has several."""
    period_seconds: float = Field(default=1.0, ge=0.02, le=86_400)
    on_change: OnChangeSettings | None = None
    """Left out, every poll is reported."""
    groups: tuple[ScanGroupSettings, ...] = ()


class GatewaySettings(Settings):
    """Everything that a gateway must be told."""

    gateway: Name
    broker: BrokerSettings
    spool: SpoolSettings
    publish: PublishSettings = PublishSettings()
    health: HealthSettings = HealthSettings()
    sparkplug: SparkplugSettings | None = None
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
    problems = list(problems_between_tables(file))
    settings: GatewaySettings | None = None
    try:
        settings = fit(file, GatewaySettings)
    except ConfigError as error:
        problems += error.problems
    if problems or settings is None:
        raise ConfigError(*sorted(problems, key=lambda problem: (problem.line or 0, problem.key or "")))
    return settings
