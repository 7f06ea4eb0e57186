"""Settings, the daemon and ``shangyun sim``."""

import argparse
import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from simulators.commands import add_commands
from simulators.daemon import Listening, run
from simulators.settings import MachineSettings, SimulatorSettings, read_settings
from telemetry.errors import ConfigError

ROOT = Path(__file__).parents[2]
MACHINE = '[[machines]]\nname = "{name}"\nprofile = "{profile}"\nport = {port}\n'


def test_the_sample_file_is_loaded() -> None:
    settings = read_settings(ROOT / "examples" / "simulators.toml")
    assert [machine.kind for machine in settings.machines] == ["boiler", "pv_inverter", "cnc_machine"]


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
        (MACHINE.format(name="b", profile="cnc_machine/opc_40501", port=1), "8: machines[2].port: 1 already serves modbus"),
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
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, second: str, message: str) -> None:
    path = tmp_path / "sim.toml"
    path.write_text(MACHINE.format(name="a", profile="boiler/generic_plc", port=1) + second)
    with pytest.raises(ConfigError) as caught:
        read_settings(path)
    assert f"{path}:{message}" in str(caught.value)


async def test_machines_are_served_until_they_are_told_to_stop() -> None:
    stop, ready = asyncio.Event(), asyncio.Event()
    places: list[Listening] = []

    def note(listening: object) -> None:
        assert isinstance(listening, list)
        places.extend(listening)
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
from simulators.commands import simulate
sys.exit(simulate(argparse.Namespace(file=pathlib.Path(sys.argv[1]))))
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
