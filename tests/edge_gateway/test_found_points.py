"""From a scan or a browse to a device model that a gateway reads: tables of what was found."""

import argparse
import asyncio
import csv
import re
import threading
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any, Self, TypeVar

import pytest
from asyncua import ua
from asyncua.server.server import Server

from device_profiles import commands as profiles
from device_profiles.kind import FOLDER, load_kind
from device_profiles.profile import ModbusProfile, MtConnectProfile, OpcUaProfile, Profile, forget_profiles, read_profile
from edge_gateway import commands as gateway
from edge_gateway.drivers.modbus.discovery import SunSpecModel
from edge_gateway.found_points import Found, sunspec_points, with_signals
from shangyun.local_servers import free_port
from simulators.fleet import Equipment
from simulators.servers.modbus import ModbusServer
from simulators.servers.mtconnect import MtConnectServer
from simulators.servers.opcua import OpcUaServer
from simulators.settings import MachineSettings
from telemetry.errors import ConfigError

T = TypeVar("T")
CONNECTIONS = {
    "modbus": 'protocol = "modbus_tcp"\nhost = "127.0.0.1"\nport = {port}\ntimeout_seconds = 0.5',
    "opcua": 'protocol = "opcua"\nurl = "opc.tcp://127.0.0.1:{port}"\nsecurity = "none"',
    "mtconnect": 'protocol = "mtconnect"\nurl = "http://127.0.0.1:{port}"',
}
ROOTS = {"modbus": "unit_id = 1", "opcua": 'root = "Machines/machine"', "mtconnect": 'root = "machine"'}
HEAD = """
kind = "{kind}"
maker = "acme"
model = "x"
label = {{ zh = "试", en = "test" }}
protocol = "{protocol}"
source = "test"
verified = "simulator"
"""


class Elsewhere:
    """An event loop of its own for servers, because the commands bring theirs."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()
        self._servers: list[Any] = []

    def run(self, what: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(what, self.loop).result(timeout=60)

    def serve(self, make: Callable[[], Any]) -> Any:
        async def enter() -> Any:
            return await make().__aenter__()

        self._servers.append(self.run(enter()))
        return self._servers[-1]

    def stop(self) -> None:
        for server in self._servers:
            self.run(server.__aexit__(None, None, None))
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    it = Elsewhere()
    yield it
    it.stop()


def run(*arguments: str | Path) -> int:
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(required=True)
    gateway.add_commands(commands)
    profiles.add_commands(commands)
    chosen = parser.parse_args([str(argument) for argument in arguments])
    return int(chosen.run(chosen))


def serve(elsewhere: Elsewhere, profile: Profile, names: tuple[str, ...] = ("machine",)) -> int:
    """Put machines of the profile's kind behind a socket; gives its port."""
    simulated = {"pv_inverter": "pv_inverter/sunspec_103", "boiler": "boiler/siemens_s7_1500"}.get(
        profile.kind, "cnc_machine/mtconnect_agent"
    )
    machines = [Equipment(MachineSettings(name=name, profile=simulated, port=0, seed=3, start_time="11:00")) for name in names]

    def make() -> Any:
        match profile:
            case ModbusProfile():
                return ModbusServer([(machine, profile) for machine in machines], None, host="127.0.0.1", port=0)
            case OpcUaProfile():
                return OpcUaServer([(machine, profile) for machine in machines], lambda _: None, host="127.0.0.1", port=0)
            case MtConnectProfile():
                return MtConnectServer([(machine, profile) for machine in machines], lambda _: None, host="127.0.0.1", port=0)

    return int(elsewhere.serve(make).port)


def settings(folder: Path, protocol: str, port: int, *, profile: str) -> Path:
    path = folder / "gateway.toml"
    path.write_text(
        f'gateway = "g"\n[broker]\nhost = "127.0.0.1"\n[spool]\npath = "s"\n[connections.line]\n'
        f"{CONNECTIONS[protocol].format(port=port)}\n"
        f'[[equipment]]\nname = "machine"\nprofile = "{profile}"\nconnection = "line"\n{ROOTS[protocol]}\n',
        encoding="utf-8",
    )
    return path


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def sunspec_with_another_model_between(folder: Path) -> Profile:
    """Give inverter 103 with a vendor's model of 28 registers in front of it, which moves it by 30 registers."""
    text = (FOLDER / "pv_inverter" / "sunspec_103.toml").read_text(encoding="utf-8")
    moved = re.sub(r"address = (\d+)", lambda it: f"address = {int(it[1]) + 30 * (int(it[1]) >= 40070)}", text)
    between = """  { name = "vendor_id", address = 40070, type = "uint16", constant = 64001 },
  { name = "vendor_length", address = 40071, type = "uint16", constant = 28 },
  { name = "vendor", address = 40072, type = "string", words = 28, simulated = "" },
"""
    path = folder / "moved.toml"
    path.write_text(moved.replace('  { name = "model_103_id"', between + '  { name = "model_103_id"'), encoding="utf-8")
    return read_profile(path)


def test_a_sunspec_device_with_other_models_between_needs_no_typing(
    elsewhere: Elsewhere, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    port = serve(elsewhere, sunspec_with_another_model_between(tmp_path))
    file, table, found = settings(tmp_path, "modbus", port, profile="pv_inverter/sunspec_103"), tmp_path / "p.csv", "found.toml"
    assert run("gateway", "scan", file, "line", "--units", "1-1", "--kind", "pv_inverter", "--points", table) == 0
    assert "SunSpec model 103 (50 registers) at 40100" in capsys.readouterr().out
    unknown = [row for row in rows_of(table) if not row["signal"] and not row["name"]]
    assert [(row["pdu_address"], row["label"][:19]) for row in unknown] == [("40070", "SunSpec model 64001")]

    new = ("profiles", "new", table, "--profile", tmp_path / found, "--kind", "pv_inverter", "--maker", "acme", "--model", "x")
    assert run(*new, "--write") == 0
    assert "skipped, for they have no signal: 1 row" in capsys.readouterr().err
    assert run("gateway", "probe", settings(tmp_path, "modbus", port, profile=found)) == 0
    # 25 signals of model 103 and the common model, all of them good at 11 o'clock
    assert "25 of 25 points good" in capsys.readouterr().out


def test_variables_named_as_the_kinds_signals_become_a_device_model(
    elsewhere: Elsewhere, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = {"steam_flow": "SteamFlow", "steam_pressure": "Steam Pressure", "drum_level": "LT-101", "state": "State"}
    points = [f'{{ signal = "{signal}", path = "m:Data/m:{name}" }}' for signal, name in names.items()]
    own = tmp_path / "plc.toml"
    head = HEAD.format(kind="boiler", protocol="opcua")
    own.write_text(f'{head}namespaces = {{ m = "urn:m" }}\npoints = [{", ".join(points)}]\n', encoding="utf-8")
    port = serve(elsewhere, read_profile(own))
    file, table, found = settings(tmp_path, "opcua", port, profile="plc.toml"), tmp_path / "p.csv", "found.toml"
    pattern = "Machines/machine/**"
    assert run("gateway", "browse", file, "line", pattern, "--kind", "boiler", "--points", table) == 0
    assert "no unit is told for steam_pressure, steam_flow" in capsys.readouterr().out
    rows = {row["label"].rpartition("/")[2]: row for row in rows_of(table)}
    # a state's codes cannot be guessed, nor what LT-101 is
    assert {name: row["signal"] for name, row in rows.items()} == {
        "SteamFlow": "steam_flow",
        "Steam Pressure": "steam_pressure",
        "LT-101": "",
        "State": "",
    }
    assert rows["SteamFlow"]["signal_type"] == "double"
    with pytest.raises(ConfigError, match="exists already"):
        run("gateway", "browse", file, "line", pattern, "--points", table)

    new = ("profiles", "new", table, "--profile", tmp_path / found, "--kind", "boiler", "--maker", "acme", "--model", "x")
    assert run(*new, "--protocol", "opcua", "--write") == 0
    assert "skipped, for they have no signal: 2 rows" in capsys.readouterr().err
    assert run("gateway", "probe", settings(tmp_path, "opcua", port, profile=found)) == 0
    assert "2 of 2 points good" in capsys.readouterr().out


def test_data_items_of_one_of_an_agents_machines_become_a_device_model(
    elsewhere: Elsewhere, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = {"spindle_speed": "Spindle-Speed", "spindle_load": "Sload"}
    points = [f'{{ signal = "{signal}", data_item = "{name}" }}' for signal, name in names.items()]
    own = tmp_path / "agent.toml"
    own.write_text(f"{HEAD.format(kind='cnc_machine', protocol='mtconnect')}points = [{', '.join(points)}]\n", encoding="utf-8")
    port = serve(elsewhere, read_profile(own), ("machine", "other"))
    file, table = settings(tmp_path, "mtconnect", port, profile="agent.toml"), tmp_path / "p.csv"
    with pytest.raises(ConfigError, match=r"choose one by a pattern: machine/\*\*, other/\*\*"):
        run("gateway", "browse", file, "line", "--points", table)
    assert run("gateway", "browse", file, "line", "nowhere/**") == 1
    capsys.readouterr()
    assert run("gateway", "browse", file, "line", "machine/**", "--kind", "cnc_machine", "--points", table) == 0
    assert "machine/" in capsys.readouterr().out.splitlines()[1]
    assert {row["data_item"]: (row["signal"], row["unit"]) for row in rows_of(table)} == {
        "machine.Spindle-Speed": ("spindle_speed", "rpm"),
        "machine.Sload": ("", "%"),
    }
    new = ("profiles", "new", table, "--profile", tmp_path / "found.toml", "--kind", "cnc_machine", "--maker", "acme")
    assert run(*new, "--model", "x", "--protocol", "mtconnect", "--write") == 0
    capsys.readouterr()
    assert run("gateway", "probe", settings(tmp_path, "mtconnect", port, profile="found.toml")) == 0
    assert "1 of 1 points good" in capsys.readouterr().out


class ServerWithUnits:
    """Two variables in the manner of OPC UA Part 8: one with a unit, one without."""

    def __init__(self) -> None:
        self.port = free_port()

    async def __aenter__(self) -> Self:
        self._server = Server()
        await self._server.init()
        self._server.set_endpoint(f"opc.tcp://127.0.0.1:{self.port}")
        self._server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        folder = await self._server.nodes.objects.add_object(2, "Boiler")
        pressure = await folder.add_variable("ns=2;s=p", "2:steam_pressure", 12.5, ua.VariantType.Float)
        unit = ua.EUInformation(UnitId=ua.Int32(4342098), DisplayName=ua.LocalizedText("bar"))
        await pressure.add_property(0, "EngineeringUnits", unit)
        await folder.add_variable("ns=2;s=t", "2:tag", "B-7")
        await self._server.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.stop()


def test_a_unit_that_the_server_tells_stands_in_the_table(elsewhere: Elsewhere, tmp_path: Path) -> None:
    server, table = elsewhere.serve(ServerWithUnits), tmp_path / "p.csv"
    file = settings(tmp_path, "opcua", server.port, profile="boiler/siemens_s7_1500")
    assert run("gateway", "browse", file, "line", "Boiler/**", "--kind", "boiler", "--points", table) == 0
    columns = ("signal", "node", "unit", "signal_type", "label")
    assert [tuple(row[head] for head in columns) for row in rows_of(table)] == [
        ("steam_pressure", "ns=2;s=p", "bar", "real", "Boiler/steam_pressure"),
        ("", "ns=2;s=t", "", "text", "Boiler/tag"),
    ]


def test_a_signal_that_two_variables_could_be_is_neither() -> None:
    found = [Found("SteamFlow", {}), Found("STEAM.FLOW", {}), Found("drumLevel", {})]
    rows, unclear = with_signals(found, load_kind("boiler"))
    assert [row["signal"] for row in rows] == ["", "", "drum_level"]
    assert unclear == ["steam_flow"]


def test_without_a_kind_nothing_is_guessed() -> None:
    assert with_signals([Found("SteamFlow", {"signal": ""})], None) == ([{"signal": ""}], [])


def test_the_rows_of_a_model_end_where_this_devices_model_ends() -> None:
    """Model 160 has 8 registers and 20 for each module (SunSpec model 160); the common model may lack its pad."""
    rows = sunspec_points([SunSpecModel(1, 50002, 65), SunSpecModel(160, 50069, 8 + 2 * 20)], "pv_inverter")
    assert rows[0]["pdu_address"] == "50000"
    signals = {row["signal"]: int(row["pdu_address"]) for row in rows if row.get("signal", "").startswith("mppt_")}
    assert {name.rpartition("_")[2] for name in signals} == {"1", "2"}
    assert max(signals.values()) < 50069 + 2 + 48
    assert not any(row.get("name") == "Pad" for row in rows)
    lengths = {row["name"]: row["constant"] for row in rows if row.get("name", "").endswith("_length")}
    assert lengths == {"model_1_length": "65", "model_160_length": "48"}


def test_a_model_that_comes_twice_carries_its_signals_once() -> None:
    rows = sunspec_points([SunSpecModel(103, 40002, 50), SunSpecModel(103, 40054, 50)], None)
    signals = [row["signal"] for row in rows if row.get("signal")]
    assert len(signals) == len(set(signals)) == 24
    names = [row["name"] for row in rows if row.get("name")]
    assert len(names) == len(set(names))
    second = next(row for row in rows if row["pdu_address"] == "40056")
    assert (second["scale_factor"], second["label"]) == ("A_SF_40060", "current_total, as in an earlier model")


def test_a_scan_that_finds_no_sunspec_device_writes_no_table(elsewhere: Elsewhere, tmp_path: Path) -> None:
    own = tmp_path / "plc.toml"
    points = '[{ signal = "steam_flow", address = 0, type = "float32" }]'
    own.write_text(f"{HEAD.format(kind='boiler', protocol='modbus')}points = {points}\n", encoding="utf-8")
    forget_profiles()
    file = settings(tmp_path, "modbus", serve(elsewhere, read_profile(own)), profile="plc.toml")
    with pytest.raises(ConfigError, match="no unit has SunSpec models"):
        run("gateway", "scan", file, "line", "--units", "1-1", "--points", tmp_path / "p.csv")
    assert not (tmp_path / "p.csv").exists()
