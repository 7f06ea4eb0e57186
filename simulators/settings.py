"""Settings of the simulators: which machines stand where."""

import re
from collections import Counter
from pathlib import Path

from pydantic import Field

from device_profiles.profile import ModbusProfile, load_profile
from telemetry.errors import ConfigError
from telemetry.settings import Settings, SettingsPath, fit
from telemetry.toml_file import TomlFile


class MachineSettings(Settings):
    """One simulated machine behind one device model."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$")
    """Name of the equipment, in the truth log and as the last part of an OPC UA server's path ``Machines/<name>``."""
    profile: str
    """The device model that it speaks as, ``<kind>/<maker>_<model>``; it decides machine and protocol."""
    host: str = "127.0.0.1"
    """Address to listen on; servers have no protection, so keep them on the loopback or in a closed network."""
    port: int = Field(ge=0, le=65535)
    """TCP port; several machines of one protocol may share it. 0 takes any free one and prints it."""
    unit_id: int = Field(default=1, ge=1, le=247)
    """Modbus unit identifier."""
    seed: int = 1
    """Seed of all its randomness: its hidden parameters, its day and its sensors' noise."""
    speed: float = Field(default=1.0, gt=0, le=3600)
    """Simulated seconds per second."""
    start_time: str | None = Field(default=None, pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    """Local time of day (UTC+8) at which the machine's clock starts, ``HH:MM``; the real time when left out."""

    @property
    def kind(self) -> str:
        return self.profile.partition("/")[0]


class SimulatorSettings(Settings):
    """One process of simulators."""

    truth_log: SettingsPath | None = None
    """File to which every served value is appended."""
    machines: tuple[MachineSettings, ...] = Field(min_length=1)


def read_settings(path: Path) -> SimulatorSettings:
    """Read a settings file and check what one machine alone cannot show.

    Raises
    ------
    ConfigError
        With every mistake found, each with line and key.
    """
    file = TomlFile(path)
    settings = fit(file, SimulatorSettings)
    problems = []
    names = Counter(machine.name for machine in settings.machines)
    places: dict[tuple[str, int], tuple[str, set[int]]] = {}
    for index, machine in enumerate(settings.machines):
        place = ("machines", index)
        if names[machine.name] > 1:
            problems.append(file.problem((*place, "name"), f"{machine.name!r} names {names[machine.name]} machines"))
        try:
            profile = load_profile(machine.profile)
        except ConfigError as error:
            problems.append(file.problem((*place, "profile"), re.sub(r"\s+", " ", str(error))))
            continue
        if machine.port == 0:
            continue
        protocol, units = places.setdefault((machine.host, machine.port), (profile.protocol, set()))
        if protocol != profile.protocol:
            problems.append(file.problem((*place, "port"), f"{machine.port} already serves {protocol}"))
        elif isinstance(profile, ModbusProfile) and machine.unit_id in units:
            problems.append(file.problem((*place, "unit_id"), f"{machine.unit_id} is taken on port {machine.port}"))
        units.add(machine.unit_id)
    if problems:
        raise ConfigError(*problems)
    return settings
