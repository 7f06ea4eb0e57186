"""The files of a deployment are read by the programs that will read them."""

import re
from pathlib import Path

import yaml

from analytics.alarms.settings import AlarmSettings
from analytics.engine.settings import AnalyticsSettings
from dashboards.settings import WebSettings
from edge_gateway.settings import ModbusTcpSettings, OpcUaSettings, load_gateway
from ingest.settings import IngestSettings
from simulators.settings import read_settings
from telemetry.settings import load

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "deploy" / "compose"


def test_the_settings_in_the_containers_are_without_mistakes() -> None:
    assert load(COMPOSE / "ingest.toml", IngestSettings).broker.username == "ingest"
    assert load(COMPOSE / "web.toml", WebSettings).host == "0.0.0.0"
    assert load(COMPOSE / "alarms.toml", AlarmSettings).broker.username == "alarms"
    assert load(COMPOSE / "analytics.toml", AnalyticsSettings).processes == 2
    assert load_gateway(COMPOSE / "gateway.toml").broker.tls is not None


def test_every_file_that_compose_mounts_is_there_or_is_made_by_the_script() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    script = (ROOT / "deploy" / "make-certificates").read_text(encoding="utf-8")
    for service in services["services"].values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert not source.startswith("./") or (ROOT / source).exists() or source == "./deploy/certificates", source
    for secret in services["secrets"].values():
        assert re.search(rf"secrets/({Path(secret['file']).name}|\$service)\b", script), secret


def test_the_systemd_unit_runs_a_command_that_exists() -> None:
    unit = (ROOT / "deploy" / "systemd" / "shangyun-gateway.service").read_text(encoding="utf-8")
    assert "ExecStart=/opt/shangyun/bin/shangyun gateway run /etc/shangyun/gateway.toml" in unit


def test_the_example_gateway_reads_the_example_simulators() -> None:
    simulated = {machine.name: machine for machine in read_settings(ROOT / "examples" / "simulators.toml").machines}
    gateway = load_gateway(ROOT / "examples" / "gateway.toml")
    for equipment in gateway.equipment:
        machine, connection = simulated[equipment.name], gateway.connections[equipment.connection]
        assert machine.profile == equipment.profile
        assert isinstance(connection, ModbusTcpSettings | OpcUaSettings)
        assert str(machine.port) in (str(connection.port) if isinstance(connection, ModbusTcpSettings) else connection.url)
