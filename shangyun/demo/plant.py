"""The demo's plant: the settings files of every process, written into the demo's folder where a reader can study them."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple


class Ports(NamedTuple):
    """Loopback ports of the demo's parts."""

    broker: int
    modbus: int
    opcua: int
    gateway_health: int
    ingest_health: int
    web: int


GATEWAY = "demo-plant"


def write_settings(folder: Path, *, ports: Ports, database: str, mqtt_version: str, truth_log: Path | None) -> Mapping[str, Path]:
    """Write the settings of simulators, gateway, ingest and web, and name the files."""
    broker = f'[broker]\nhost = "127.0.0.1"\nport = {ports.broker}\nversion = "{mqtt_version}"\n'
    texts = {
        "simulators": f"""\
# Simulated machines on real sockets.
{f'truth_log = "{truth_log.resolve()}"' if truth_log else ""}
[[machines]]
name = "boiler-1"
profile = "boiler/generic_plc"
port = {ports.modbus}
unit_id = 1
seed = 1
start_time = "09:00" # in the middle of the morning shift

[[machines]]
name = "pv-1"
profile = "pv_inverter/sunspec_103"
port = {ports.modbus}
unit_id = 2
seed = 2
start_time = "10:00" # there is sun whenever you look

[[machines]]
name = "cnc-1"
profile = "cnc_machine/opc_40501"
port = {ports.opcua}
seed = 3
""",
        "gateway": f"""\
# The gateway of the plant: shangyun gateway check|plan|probe THIS-FILE
gateway = "{GATEWAY}"

{broker}
[spool]
path = "spool.sqlite3"

[publish]
flush_seconds = 0.5

[health]
port = {ports.gateway_health}

[connections.plc]
protocol = "modbus_tcp"
host = "127.0.0.1"
port = {ports.modbus}

[connections.machine-tool]
protocol = "opcua"
url = "opc.tcp://127.0.0.1:{ports.opcua}/"
security = "none" # loopback only

[[equipment]]
name = "boiler-1"
profile = "boiler/generic_plc"
connection = "plc"
unit_id = 1

[[equipment]]
name = "pv-1"
profile = "pv_inverter/sunspec_103"
connection = "plc"
unit_id = 2

[[equipment]]
name = "cnc-1"
profile = "cnc_machine/opc_40501"
connection = "machine-tool"
root = "Machines/cnc-1"
""",
        "ingest": f"""\
# From the broker to the database.
database = "{database}"
health_port = {ports.ingest_health}
shared_subscription = {"true" if mqtt_version == "auto" else "false"}

{broker}""",
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
