"""Settings, the daemon and ``shangyun sim``."""

import argparse
import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from simulators.commands import add_commands
from simulators.daemon import Bench, Listening, run, serve
from simulators.settings import MachineSettings, SimulatorSettings, read_settings
from simulators.truth import read_truth, read_wrongs
from telemetry.errors import ConfigError
from tests.simulators.modbus_wire import MAP, crc, framed, serial_line

ROOT = Path(__file__).parents[2]
SERIAL = (
    '[[machines]]\nname = "{name}"\nprofile = "boiler/generic_plc"\nprotocol = "modbus_rtu"\nserial = "tty"\nunit_id = {unit}\n'
)
FAULT = '[[faults]]\nkind = "{kind}"\n'
LINK = '[[links]]\nname = "wan"\nserver_port = 1883\n'
MACHINE = '[[machines]]\nname = "{name}"\nprofile = "{profile}"\nport = {port}\n'


def test_the_sample_file_is_loaded() -> None:
    settings = read_settings(ROOT / "examples" / "simulators.toml")
    assert [machine.kind for machine in settings.machines] == ["boiler", "pv_inverter", "cnc_machine"]


def test_what_the_sample_file_has_as_a_comment_is_right_too(tmp_path: Path) -> None:
    text = (ROOT / "examples" / "simulators.toml").read_text(encoding="utf-8")
    path = tmp_path / "sim.toml"
    path.write_text(re.sub(r"(?m)^# (?=\[\[|[a-z_]+ = )", "", text), encoding="utf-8")
    settings = read_settings(path)
    assert settings.machines[3].serial == tmp_path.resolve() / "ttySimulated", "a relative path starts at the file's folder"
    assert [link.name for link in settings.links] == ["wan"]
    assert [fault.kind for fault in settings.faults] == ["late", "link_black_hole"]


def test_the_truth_log_lies_beside_the_settings_file(tmp_path: Path) -> None:
    path = tmp_path / "sim.toml"
    path.write_text('truth_log = "truth.jsonl"\n' + MACHINE.format(name="a", profile="boiler/generic_plc", port=0))
    assert read_settings(path).truth_log == tmp_path / "truth.jsonl"


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (MACHINE.format(name="a", profile="boiler/generic_plc", port=2), "6: machines[2].name: 'a' names 2 machines"),
        (
            MACHINE.format(name="b", profile="boiler/none", port=2),
            "7: machines[2].profile: 'boiler/none' is not a device profile",
        ),
        (MACHINE.format(name="b", profile="boiler/generic_plc", port=1), "5: machines[2].unit_id: 1 is taken on port 1"),
        (MACHINE.format(name="b", profile="cnc_machine/opc_40501", port=1), "8: machines[2].port: 1 already serves modbus_tcp"),
        (MACHINE.format(name="b", profile="boiler/generic_plc", port=70000), "8: machines[2].port: input should be less than"),
        (
            MACHINE.format(name="b", profile="boiler/generic_plc", port=2) + "sped = 2\n",
            "9: machines[2].sped: is not a known key",
        ),
        (MACHINE.format(name="b/c", profile="boiler/generic_plc", port=2), "6: machines[2].name: string should match pattern"),
        (
            MACHINE.format(name="b", profile="boiler/generic_plc", port=2) + 'start_time = "24:00"\n',
            "9: machines[2].start_time: string should match pattern",
        ),
        (
            MACHINE.format(name="b", profile="boiler/generic_plc", port=1) + 'unit_id = 2\nprotocol = "modbus_rtu_over_tcp"\n',
            "8: machines[2].port: 1 already serves modbus_tcp",
        ),
        (
            MACHINE.format(name="b", profile="cnc_machine/opc_40501", port=2) + 'protocol = "modbus_tcp"\n',
            "9: machines[2].protocol: is modbus_tcp, but cnc_machine/opc_40501 speaks opcua",
        ),
        (
            MACHINE.format(name="b", profile="boiler/generic_plc", port=2) + 'protocol = "modbus_rtu"\n',
            "5: machines[2]: 'serial' belongs to protocol modbus_rtu, which needs it",
        ),
        (
            MACHINE.format(name="b", profile="boiler/generic_plc", port=2) + 'protocol = "modbus_rtu"\nserial = "tty"\n',
            "5: machines[2]: a machine on a serial line has neither 'host' nor 'port'",
        ),
        (
            SERIAL.format(name="b", unit=1) + SERIAL.format(name="c", unit=2) + "baudrate = 9600\n",
            "15: machines[3].serial: {folder}/tty already has 19200 baud and parity even",
        ),
        (SERIAL.format(name="b", unit=1) * 2, "6: machines[2].name: 'b' names 2 machines"),
        (
            SERIAL.format(name="b", unit=1) + SERIAL.format(name="c", unit=1),
            "16: machines[3].unit_id: 1 is taken on {folder}/tty",
        ),
        (FAULT.format(kind="burp"), "6: faults[1].kind: is 'burp'; known: "),
        (FAULT.format(kind="late"), "5: faults[1].seconds: is missing"),
        (
            FAULT.format(kind="late") + "seconds = [2, 1]\n",
            "7: faults[1].seconds: 2 to 1 s is no range between 0 and 3600 s",
        ),
        (FAULT.format(kind="drop") + "seconds = 1\n", "7: faults[1].seconds: is not a known key"),
        (FAULT.format(kind="drop") + "probability = 1.5\n", "7: faults[1].probability: input should be less than"),
        (FAULT.format(kind="exception") + "code = 12\n", "7: faults[1].code: input should be less than or equal to 11"),
        (FAULT.format(kind="hole") + "addresses = [3, 2]\n", "5: faults[1]: addresses 3 to 2 hold nothing"),
        (FAULT.format(kind="drop") + 'machines = ["z"]\n', "7: faults[1].machines: 'z' is no machine here; known: a"),
        (FAULT.format(kind="drop") + "units = [9]\n", "7: faults[1].units: 9 is the unit of no such machine; known: 1"),
        (FAULT.format(kind="bad_crc"), "6: faults[1].kind: no machine here can have the fault bad_crc"),
        (
            FAULT.format(kind="bad_crc") + 'machines = ["a"]\n',
            "7: faults[1].machines: 'a' speaks modbus_tcp, which has no such fault as bad_crc",
        ),
        (
            FAULT.format(kind="clock_jump") + 'seconds = 5\nmachines = ["a"]\n',
            "8: faults[1].machines: 'a' serves no time: its profile has no point named 'device_time'",
        ),
        (FAULT.format(kind="link_reset"), "6: faults[1].kind: there is no link here"),
        (
            LINK + FAULT.format(kind="link_reset") + 'links = ["lan"]\n',
            "10: faults[1].links: 'lan' is no link here; known: wan",
        ),
        (LINK + FAULT.format(kind="link_delay"), "8: faults[1]: 'seconds' belongs to link_delay, which needs it"),
        (LINK + LINK, "6: links[1].name: 'wan' names 2 links"),
        (
            FAULT.format(kind="machine") + 'fault = "gas_side_foulin"\n',
            "7: faults[1].fault: 'gas_side_foulin' is no fault of boiler; did you mean 'gas_side_fouling'?",
        ),
        (
            FAULT.format(kind="machine") + 'fault = "tube_leak"\npart = 3\n',
            "8: faults[1].part: tube_leak strikes the whole machine",
        ),
        (
            FAULT.format(kind="machine") + 'fault = "tube_leak"\nmachines = ["b"]\n',
            "8: faults[1].machines: 'b' is no machine here; known: a",
        ),
        (
            MACHINE.format(name="e", profile="diesel_engine/deepsea_gencomm", port=2)
            + FAULT.format(kind="machine")
            + 'fault = "injector_dead"\npart = 9\n',
            "12: faults[1].part: says which cylinder is struck: 1, 2, 3, 4, 5, 6",
        ),
        (
            FAULT.format(kind="sensor") + 'how = "drift"\nsignal = "steam_pressure"\n',
            "5: faults[1]: 'amount' belongs to bias, drift, noise and spike, which need it",
        ),
        (
            FAULT.format(kind="sensor") + 'how = "stuck"\nsignal = "spindle_speed"\n',
            "8: faults[1].signal: 'spindle_speed' is no signal of boiler",
        ),
        (
            FAULT.format(kind="sensor") + 'how = "wrong_unit"\nsignal = "steam_pressure"\nother = "kg"\n',
            "9: faults[1].other: 'MPa' cannot be converted to 'kg'",
        ),
        (
            FAULT.format(kind="sensor") + 'how = "swapped"\nsignal = "steam_pressure"\nother = "pressure"\n',
            "9: faults[1].other: 'pressure' is no measured signal of boiler",
        ),
        (
            MACHINE.format(name="c", profile="boiler/siemens_s7_1500", port=3) + "count = 2\n",
            "8: machines[2].port: boiler/siemens_s7_1500 has fixed node ids, so each such machine has a port of its own",
        ),
        (
            MACHINE.format(name="c", profile="cnc_machine/opc_40501", port=3) + 'certificate_file = "server.der"\n',
            "5: machines[2]: 'certificate_file' and 'key_file' belong together",
        ),
        (
            MACHINE.format(name="b", profile="boiler/generic_plc", port=3) + 'users = { operator = "secret" }\n',
            "5: machines[2]: certificates and users belong to OPC UA, and boiler/generic_plc speaks modbus",
        ),
        (
            MACHINE.format(name="many", profile="boiler/generic_plc", port=1) + "count = 3\n",
            "5: machines[2].unit_id: 1 is taken on port 1",
        ),
        (
            MACHINE.format(name="many", profile="boiler/generic_plc", port=2) + "count = 3\nunit_id = 246\n",
            "5: machines[2]: 3 machines from unit 246 on go past unit 247",
        ),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, second: str, message: str) -> None:
    path = tmp_path / "sim.toml"
    path.write_text(MACHINE.format(name="a", profile="boiler/generic_plc", port=1) + second)
    with pytest.raises(ConfigError) as caught:
        read_settings(path)
    assert f"{path}:{message.replace('{folder}', str(tmp_path))}" in str(caught.value)


async def test_machines_are_served_until_they_are_told_to_stop() -> None:
    stop, ready = asyncio.Event(), asyncio.Event()
    places: list[Listening] = []

    def note(bench: Bench) -> None:
        places.extend(bench.listening)
        ready.set()

    settings = SimulatorSettings(
        machines=(
            MachineSettings(name="a", profile="boiler/generic_plc", port=0),
            MachineSettings(name="b", profile="pv_inverter/sunspec_103", port=0, unit_id=7),
        )
    )
    task = asyncio.create_task(run(settings, stop=stop, ready=note))
    await ready.wait()
    ports = [place.port for place in places]
    assert len(set(ports)) == 2
    assert str(places[1]) == f"b: pv_inverter/sunspec_103 at Modbus TCP 127.0.0.1:{ports[1]} unit 7"
    for port in ports:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    stop.set()
    await asyncio.wait_for(task, 5)
    for port in ports:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)


@pytest.mark.parametrize("profile", ["boiler/generic_plc", "cnc_machine/opc_40501"])
async def test_a_port_in_use_is_a_mistake_of_the_settings(profile: str) -> None:
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        settings = SimulatorSettings(machines=(MachineSettings(name="a", profile=profile, port=port),))
        with pytest.raises(ConfigError, match=rf"cannot listen on 127\.0\.0\.1:{port} for .*in use"):
            await run(settings, stop=asyncio.Event())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_prints_where_it_listens_and_leaves_cleanly_on_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    path = tmp_path / "sim.toml"
    path.write_text(
        MACHINE.format(name="a", profile="boiler/generic_plc", port=0)
        + MACHINE.format(name="c", profile="cnc_machine/opc_40501", port=0)
    )
    program = """
import argparse, pathlib, sys
from simulators.commands import serve
sys.exit(serve(argparse.Namespace(file=pathlib.Path(sys.argv[1]), control=False)))
"""
    command = [sys.executable, "-W", "error", "-c", program, str(path)]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    ) as process:
        assert process.stdout
        lines = [process.stdout.readline() for _ in range(2)]
        process.send_signal(number)
        rest, errors = process.communicate(timeout=20)
    assert lines[0].startswith("a: boiler/generic_plc at Modbus TCP 127.0.0.1:")
    assert lines[1].startswith("c: cnc_machine/opc_40501 at OPC UA opc.tcp://127.0.0.1:")
    assert lines[1].endswith("/ root Machines/c\n")
    assert (process.returncode, rest, errors) == (0, "stopped\n", "")


def test_the_command_takes_a_settings_file() -> None:
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers(required=True))
    args = parser.parse_args(["sim", "none.toml"])
    with pytest.raises(ConfigError, match=r"none\.toml: No such file"):
        args.run(args)


def test_a_file_needs_a_machine_or_a_link(tmp_path: Path) -> None:
    path = tmp_path / "sim.toml"
    path.write_text("fault_seed = 3\n")
    with pytest.raises(ConfigError, match="needs at least one machine or link"):
        read_settings(path)
    path.write_text(LINK)
    assert [link.name for link in read_settings(path).links] == ["wan"]


async def test_a_profile_of_the_plants_own_lies_beside_the_settings(tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text(MAP, encoding="utf-8")
    path = tmp_path / "sim.toml"
    path.write_text(MACHINE.format(name="a", profile="map.toml", port=0) + FAULT.format(kind="clock_jump") + "seconds = 5\n")
    settings = read_settings(path)
    assert settings.machines[0].kind == "boiler"
    async with serve(settings) as bench:
        assert [one.protocol for one in bench.listening] == ["modbus_tcp"]


async def test_machines_share_a_serial_line_and_settings_bring_faults_and_links(tmp_path: Path) -> None:
    path = tmp_path / "sim.toml"
    path.write_text(
        'truth_log = "truth.jsonl"\n'
        + SERIAL.format(name="a", unit=7)
        + SERIAL.format(name="b", unit=8)
        + MACHINE.format(name="c", profile="boiler/generic_plc", port=0)
        + 'protocol = "modbus_rtu_over_tcp"\n'
        + LINK
        + FAULT.format(kind="dead")
        + 'machines = ["a"]\n'
        + FAULT.format(kind="link_black_hole")
    )
    async with serve(read_settings(path)) as bench:
        assert len(bench.servers) == 2
        assert bench.lines() == [
            f"a: boiler/generic_plc at Modbus RTU {tmp_path}/tty unit 7",
            f"b: boiler/generic_plc at Modbus RTU {tmp_path}/tty unit 8",
            f"c: boiler/generic_plc at Modbus RTU over TCP 127.0.0.1:{bench.listening[2].port} unit 1",
            f"wan: link 127.0.0.1:{bench.links['wan'].port} to 127.0.0.1:1883",
        ]
        assert bench.links["wan"].counts == {"link_black_hole": 1}
        descriptor = os.open(tmp_path / "tty", os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        with serial_line(descriptor) as line:
            line.send(framed("modbus_rtu", bytes.fromhex("03 0000 0001")))
            reply = await line.ask("modbus_rtu", bytes.fromhex("03 0000 0001"), unit=8, length=7)
            assert reply[:3] == b"\x08\x03\x02"
            assert crc(reply[:-2]) == reply[-2:]
        assert bench.faults.counts == {"dead": 1}
    assert [(served.equipment, list(served.values)) for served in read_truth(tmp_path / "truth.jsonl")] == [("b", ["state"])]


@contextlib.asynccontextmanager
async def controlled(folder: Path, text: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    path = folder / "sim.toml"
    path.write_text(text)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "shangyun", "sim", str(path), "--control", cwd=ROOT, stdin=PIPE, stdout=PIPE, stderr=PIPE
    )
    assert process.stdout
    try:
        first = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()
        found = re.search(r"127\.0\.0\.1:(\d+)", first)
        assert found, first
        yield process, int(found[1])
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def test_a_bench_in_another_process_is_told_its_faults_line_by_line(tmp_path: Path) -> None:
    async with controlled(tmp_path, MACHINE.format(name="a", profile="boiler/generic_plc", port=0)) as (process, port):
        assert process.stdin
        assert process.stdout

        async def order(text: str) -> Any:
            assert process.stdin
            assert process.stdout
            process.stdin.write(text.encode() + b"\n")
            return json.loads(await asyncio.wait_for(process.stdout.readline(), 10))

        assert await order('{"set": {"kind": "exception", "code": 6, "times": 1}}') == {"set": 1}
        assert await order('{"set": {"kind": "dead", "units": [1], "from_seconds": 3600}}') == {"set": 2}
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        request = framed("modbus_tcp", bytes.fromhex("03 0003 0002"), unit=1)
        writer.write(request + request)
        assert await reader.readexactly(9) == framed("modbus_tcp", b"\x83\x06", unit=1)
        assert (await reader.readexactly(13))[7:9] == b"\x03\x04"
        writer.transport.abort()
        assert await order('{"counts": true}') == {"counts": {"exception": 1}, "requests": {"a": 2}, "links": {}}
        assert await order('{"clear": 2}') == {"clear": 1}
        assert await order('{"clear": 2}') == {"clear": 0}
        assert await order('{"clear": "all"}') == {"clear": 1}
        for nonsense, told in (
            ("nonsense", "Invalid JSON"),
            ("[]", "object"),
            ("{}", "an order is one of set, clear and counts"),
            ('{"set": {"kind": "burp"}}', "burp"),
            ('{"set": {"kind": "late"}}', "set.late.seconds: Field required"),
            ('{"set": {"kind": "bad_crc"}}', "kind: no machine here can have the fault bad_crc"),
            ('{"clear": 1.5}', "clear"),
            ('{"stop": 1}', "stop"),
            ("x" * 100_000, "the line is too long"),
        ):
            answer = await order(nonsense)
            assert list(answer) == ["error"]
            assert told in answer["error"]
            assert "\n" not in answer["error"]
        process.stdin.close()
        rest, errors = await asyncio.wait_for(asyncio.gather(process.stdout.read(), process.stderr.read()), 10)  # type: ignore[union-attr]
        assert (await process.wait(), rest, errors) == (0, b"stopped\n", b"")


async def test_machines_and_sensors_break_while_they_run_and_the_truth_log_says_when(tmp_path: Path) -> None:
    text = (
        'truth_log = "truth.jsonl"\n' + MACHINE.format(name="a", profile="boiler/generic_plc", port=0) + "speed = 60\ncount = 2\n"
    )
    text += FAULT.format(kind="machine") + 'fault = "water_side_scale"\nmachines = ["a-2"]\nseverity = 0.5\n'
    async with controlled(tmp_path, text) as (process, _):
        assert process.stdin
        assert process.stdout

        async def order(text: str) -> Any:
            assert process.stdin
            assert process.stdout
            process.stdin.write(text.encode() + b"\n")
            return json.loads(await asyncio.wait_for(process.stdout.readline(), 10))

        assert "a-2" in (await asyncio.wait_for(process.stdout.readline(), 10)).decode()
        machine = '{"set": {"kind": "machine", "fault": "tube_leak", "ramp_seconds": 60}}'
        assert await order(machine) == {"set": 1}
        sensor = '{"set": {"kind": "sensor", "how": "bias", "signal": "drum_level", "amount": 40, "machines": ["a-1"]}}'
        assert await order(sensor) == {"set": 2}
        assert "no fault of boiler" in (await order('{"set": {"kind": "machine", "fault": "rust"}}'))["error"]
        await asyncio.sleep(2.5)
        assert await order('{"clear": 1}') == {"clear": 2}
        assert await order('{"clear": "all"}') == {"clear": 2}
        await asyncio.sleep(1)
    told = [(wrong.equipment, wrong.wrong, wrong.where, wrong.severity) for wrong in read_wrongs(tmp_path / "truth.jsonl")]
    assert set(told) >= {
        ("a-2", "water_side_scale", "", 0.5),
        ("a-2", "water_side_scale", "", 0.0),
        ("a-1", "tube_leak", "", 1.0),
        ("a-2", "tube_leak", "", 0.0),
        ("a-1", "sensor_bias", "drum_level", 1.0),
        ("a-1", "sensor_bias", "drum_level", 0.0),
    }


async def test_an_opc_ua_machine_of_a_settings_file_lets_in_who_signs_and_knows_the_password(tmp_path: Path) -> None:
    from asyncua.client.client import Client
    from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256
    from asyncua.ua.object_ids import ObjectIds
    from asyncua.ua.uaerrors import UaError

    from edge_gateway.drivers.opcua.certificates import make_certificate

    for name in ("server", "client"):
        make_certificate(tmp_path, name=name, application_uri=f"urn:test:{name}", hosts=["localhost"])
    path = tmp_path / "sim.toml"
    more = 'certificate_file = "server.der"\nkey_file = "server.pem"\nusers = { gateway = "secret" }\n'
    path.write_text(MACHINE.format(name="c", profile="cnc_machine/opc_40501", port=0) + more)
    async with serve(read_settings(path)) as bench:
        client = Client(f"opc.tcp://127.0.0.1:{bench.listening[0].port}/")
        client.application_uri = "urn:test:client"
        client.set_user("gateway")
        client.set_password("secret")
        certificate, key, server = (str(tmp_path / name) for name in ("client.der", "client.pem", "server.der"))
        await client.set_security(SecurityPolicyBasic256Sha256, certificate, key, server_certificate=server)
        async with client:
            assert await client.get_node(f"i={ObjectIds.Server_ServerStatus_State}").read_value() == 0
        with pytest.raises(UaError):
            async with Client(f"opc.tcp://127.0.0.1:{bench.listening[0].port}/"):
                pass


def test_a_file_that_is_no_certificate_is_told(tmp_path: Path) -> None:
    from simulators.servers.opcua import Certificate

    (tmp_path / "key.pem").touch()
    with pytest.raises(ConfigError, match=r"none\.der: No such file"):
        Certificate.read(tmp_path / "none.der", tmp_path / "key.pem")
    with pytest.raises(ConfigError, match="is no certificate"):
        Certificate.read(tmp_path / "key.pem", tmp_path / "key.pem")


async def test_a_link_is_controlled_from_another_process(tmp_path: Path) -> None:
    async with controlled(tmp_path, LINK) as (process, port):
        assert process.stdin
        assert process.stdout
        process.stdin.write(b'{"set": {"kind": "link_refuse", "links": ["wan"]}}\n{"counts": true}\n')
        assert json.loads(await process.stdout.readline()) == {"set": 1}
        answer = json.loads(await process.stdout.readline())
        assert answer["links"] == {"wan": {"link_refuse": 1, "open": 0}}
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)


def test_orders_do_not_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "sim.toml"
    path.write_text(MACHINE.format(name="a", profile="boiler/generic_plc", port=0))
    with path.open() as orders:
        command = [sys.executable, "-m", "shangyun", "sim", str(path), "--control"]
        ended = subprocess.run(command, cwd=ROOT, stdin=orders, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 2
    assert "--control needs a pipe or a terminal as its standard input" in ended.stderr
    assert "Traceback" not in ended.stderr
