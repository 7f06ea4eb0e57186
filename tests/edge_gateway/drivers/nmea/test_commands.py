"""``shangyun gateway check``, ``plan`` and ``probe`` on a ship's instruments."""

import argparse
import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from device_profiles.profile import NmeaProfile, load_profile
from edge_gateway.commands import add_commands
from simulators.fleet import Equipment
from simulators.servers.nmea import NmeaTcpServer
from simulators.settings import MachineSettings
from telemetry.errors import ConfigError
from tests.edge_gateway.drivers.nmea.rig import free_udp_port

NAME = "ship/generic_nmea0183"


def command(*arguments: str | Path) -> int:
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers(required=True))
    chosen = parser.parse_args(["gateway", *map(str, arguments)])
    return int(chosen.run(chosen))


def settings(folder: Path, connection: str) -> Path:
    file = folder / "gateway.toml"
    file.write_text(
        f'gateway = "ship-7"\n[broker]\nhost = "127.0.0.1"\n[spool]\npath = "s"\n[connections.bridge]\n{connection}\n'
        f'[[equipment]]\nname = "ship"\nprofile = "{NAME}"\nconnection = "bridge"\n',
        encoding="utf-8",
    )
    return file


@contextmanager
def simulated(server: NmeaTcpServer) -> Iterator[int]:
    """Serve on an event loop of its own: the commands bring theirs."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result()
    try:
        yield server.port
    finally:
        asyncio.run_coroutine_threadsafe(server.__aexit__(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def test_check_and_plan_tell_that_nothing_is_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = settings(tmp_path, 'protocol = "nmea_udp"')
    assert command("check", file) == 0
    assert command("plan", file) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{file}: fine, 1 equipment, 18 points, 0 requests per second",
        "ship on bridge, every 1 s:",
        "  18 values, heard from RMC, VHW, VLW, HDT, ROT, RSA, DPT, MWV, MTW, RPM, XDR; nothing is asked",
    ]


def test_probe_shows_each_sentence_with_its_value_and_what_else_was_heard(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    profile = load_profile(NAME)
    assert isinstance(profile, NmeaProfile)
    machine = Equipment(MachineSettings(name="ship-1", profile=NAME, port=0, seed=3))
    server = NmeaTcpServer([(machine, profile)], None, host="127.0.0.1", port=0)
    other = b"!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5C\r\n"
    server.spoil = lambda sentence: sentence + other if sentence.startswith(b"$GPRMC") else sentence
    with simulated(server) as port:
        file = settings(tmp_path, f'protocol = "nmea_tcp"\nhost = "127.0.0.1"\nport = {port}')
        assert command("probe", file) == 0
    head, _, *rows, ship = capsys.readouterr().out.splitlines()
    assert head == "ship (generic nmea0183): 18 of 18 points good"
    by_signal = {row.split()[0]: row.split() for row in rows}
    heading = by_signal["heading"]
    assert heading[1] == f"$HEHDT,{float(heading[2]):.1f},T*{heading[1][-2:]}"
    assert heading[3:] == ["deg", "good"]
    assert ship == "bridge: other ship 477553000: 47.58283, -122.34583, 0 kn, course 51"


def test_probe_of_a_silent_port_names_what_was_not_heard(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = settings(tmp_path, f'protocol = "nmea_udp"\nport = {free_udp_port()}\nstale_seconds = 0.2')
    assert command("probe", file) == 1
    head, _, *rows = capsys.readouterr().out.splitlines()
    assert head == "ship (generic nmea0183): 0 of 18 points good"
    assert {" ".join(row.split()[1:3]) for row in rows} == {"not heard"}
    assert {row.split()[-1] for row in rows} == {"bad_no_communication"}


def test_browsing_belongs_to_other_protocols(tmp_path: Path) -> None:
    file = settings(tmp_path, 'protocol = "nmea_udp"')
    with pytest.raises(ConfigError, match="is no OPC UA or MTConnect connection"):
        command("browse", file, "bridge")
