"""The demo's plant: the settings files of every process, written into the demo's folder where a reader can study them."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from device_profiles.kind import load_kind
from device_profiles.profile import load_profile

GATEWAY = "demo-plant"


class Ports(NamedTuple):
    """Loopback ports of the demo's parts."""

    broker: int
    modbus: int
    opcua: int
    mtconnect: int
    gateway_health: int
    ingest_health: int
    alarms_health: int
    analytics_health: int
    web: int


class Machine(NamedTuple):
    """One machine of the plant; each kind has at least one."""

    name: str
    profile: str
    start_time: str = ""
    """Where its clock starts, so that there is something to see whenever one looks; the real time where it is not given."""
    seed: int = 1

    @property
    def protocol(self) -> str:
        return load_profile(self.profile).protocol


MACHINES = (
    Machine("furnace-1", "blast_furnace/level2_opcua"),
    Machine("boiler-1", "boiler/generic_plc", "09:00"),  # in the middle of the morning shift
    Machine("diesel-1", "diesel_engine/generic_plc", "09:00"),
    Machine("compressor-1", "air_compressor/generic_screw_plc", "09:00"),
    Machine("motor-1", "motor/generic_plc", "09:00"),
    Machine("motor-2", "motor/generic_condition_monitor", "09:00", seed=2),  # tells high-rate records, too
    Machine("wind-1", "wind_turbine/shangyun_demo"),
    Machine("pv-1", "pv_inverter/huawei_sun2000", "10:00"),  # there is sun whenever you look
    Machine("excavator-1", "construction_machine/j1939_gateway", "09:00", seed=7),  # at work on any day
    Machine("ship-1", "ship/generic_alarm_monitoring"),
    Machine("cnc-1", "cnc_machine/opc_40501", "09:00"),
    Machine("cnc-2", "cnc_machine/mtconnect_agent", "09:00", seed=2),
)
RECORD_SECONDS = 300
"""Often enough that a visitor sees a second spectrum."""
FAULTS = """\
# Two faults develop while you watch; `shangyun sim --faults` names all that there are.
[[faults]]
kind = "machine"
fault = "bearing_outer"
part = "drive"
machines = ["motor-1", "motor-2"]
from_seconds = 120
ramp_seconds = 1800

[[faults]]
kind = "machine"
fault = "gas_side_fouling"
machines = ["boiler-1"]
from_seconds = 60
ramp_seconds = 1800
"""


def write_settings(folder: Path, *, ports: Ports, database: str, mqtt_version: str, truth_log: Path | None) -> Mapping[str, Path]:
    """Write the settings of simulators, gateway, ingest, alarms, analytics and web, and name the files."""
    broker = f'[broker]\nhost = "127.0.0.1"\nport = {ports.broker}\nversion = "{mqtt_version}"\n'
    texts = {
        "simulators": "\n".join(_simulators(ports, truth_log)),
        "gateway": "\n".join(_gateway(ports, broker)),
        "ingest": f"""\
# From the broker to the database.
database = "{database}"
health_port = {ports.ingest_health}
shared_subscription = {"true" if mqtt_version == "auto" else "false"}

{broker}""",
        "alarms": f"""\
# Every value is judged as it comes: shangyun alarms rules list
database = "{database}"
health_port = {ports.alarms_health}

{broker}""",
        "analytics": f"""\
# Figures and findings: shangyun analytics list
database = "{database}"
health_port = {ports.analytics_health}
processes = 1
""",
        "web": f"""\
# The operators' pages.
host = "127.0.0.1"
port = {ports.web}
database = "{database}"

{broker}""",
    }
    files = {name: folder / f"{name}.toml" for name in texts}
    for name, text in texts.items():
        files[name].write_text(text, encoding="utf-8")
    return files


def _simulators(ports: Ports, truth_log: Path | None) -> Iterator[str]:
    yield "# Simulated machines on real sockets."
    if truth_log is not None:
        yield f'truth_log = "{truth_log.resolve()}"'
    for number, machine in enumerate(MACHINES, start=1):
        yield f'\n[[machines]]\nname = "{machine.name}"\nprofile = "{machine.profile}"\nseed = {machine.seed}'
        yield f"port = {getattr(ports, machine.protocol)}"
        if machine.protocol == "modbus":
            yield f"unit_id = {number}"
        if machine.start_time:
            yield f'start_time = "{machine.start_time}"'
        if load_kind(load_profile(machine.profile).kind).waveform_signals and machine.protocol == "opcua":
            yield f"record_seconds = {RECORD_SECONDS}"
    yield f"\n{FAULTS}"


def _gateway(ports: Ports, broker: str) -> Iterator[str]:
    yield f"""\
# The gateway of the plant: shangyun gateway check|plan|probe THIS-FILE
gateway = "{GATEWAY}"

{broker}
[spool]
path = "spool.sqlite3"

[publish]
flush_seconds = 0.5

[health]
port = {ports.gateway_health}

[connections.modbus]
protocol = "modbus_tcp"
host = "127.0.0.1"
port = {ports.modbus}

[connections.opcua]
protocol = "opcua"
url = "opc.tcp://127.0.0.1:{ports.opcua}/"
security = "none" # loopback only

[connections.mtconnect]
protocol = "mtconnect"
url = "http://127.0.0.1:{ports.mtconnect}/\""""
    for number, machine in enumerate(MACHINES, start=1):
        yield f'\n[[equipment]]\nname = "{machine.name}"\nprofile = "{machine.profile}"\nconnection = "{machine.protocol}"'
        match machine.protocol:
            case "modbus":
                yield f"unit_id = {number}"
            case "opcua":
                yield f'root = "Machines/{machine.name}"'
            case _:
                yield f'root = "{machine.name}"'
