"""The simulated instruments, heard with plain sockets: what IEC 61162-1 says of a sentence, and the settings that place them."""

import asyncio
import re
import socket
from pathlib import Path

import pytest

from device_profiles.profile import NmeaProfile, load_profile
from simulators.daemon import serve
from simulators.fleet import Equipment
from simulators.servers.nmea import NmeaTcpServer, with_checksum, with_wrong_checksum
from simulators.servers.nmea_ais import position_report, static_report, vdo
from simulators.settings import MachineSettings, SimulatorSettings, read_settings
from simulators.truth import Served
from telemetry.errors import ConfigError

NAME = "ship/generic_nmea0183"
MACHINE = '[[machines]]\nname = "{name}"\nprofile = "ship/generic_nmea0183"\nport = {port}\n'


def server(truth: list[Served] | None = None) -> NmeaTcpServer:
    profile = load_profile(NAME)
    assert isinstance(profile, NmeaProfile)
    machine = Equipment(MachineSettings(name="ship-1", profile=NAME, port=0))
    return NmeaTcpServer([(machine, profile)], None if truth is None else truth.append, host="127.0.0.1", port=0)


async def heard(port: int, count: int) -> list[bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(10):
            return [await reader.readline() for _ in range(count)]
    finally:
        writer.close()


def test_a_published_sentence_gets_its_published_checksum() -> None:
    assert with_checksum("$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,") == (
        b"$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47\r\n"
    )
    assert with_wrong_checksum(b"$GPHDT,18.2,T*0E\r\n") == b"$GPHDT,18.2,T*0F\r\n"


def test_a_published_ais_message_is_written_bit_by_bit() -> None:
    """The static message of gpsd's AIVDM page but for its sender, its dimensions and its time of arrival."""
    report = static_report(
        {"imo_number": 6710932, "ship_type": 99, "draught_metres": 6.0},
        {"callsign": "WDA9674", "name": "MT.MITCHELL", "destination": "SEATTLE"},
    )
    published = "55P5TL01VIaAL@7WKO@mBplU@<PDhh000000001S;AJ::4A80?4i@E531@0000000000000"
    bits = "".join(format(code - 48 if code < 96 else code - 56, "06b") for code in published.encode())
    assert len(report.bits) == 424
    assert report.bits[38:240] == bits[38:240]
    assert report.bits[294:424] == bits[294:424]
    assert [len(body) <= 79 for body in vdo(report)] == [True, True]


def test_a_published_position_is_written_bit_by_bit() -> None:
    report = position_report(
        {
            "navigational_status": 5,
            "rate_of_turn_degrees_per_minute": 0,
            "speed_knots": 0,
            "longitude_degrees": -122.34583333333333,
            "latitude_degrees": 47.58283333333333,
            "course_degrees": 51,
            "heading_degrees": 181,
        }
    )
    bits = "".join(format(code - 48 if code < 96 else code - 56, "06b") for code in b"177KQJ5000G?tO`K>RA1wUbN0TKH")
    assert len(report.bits) == 168
    assert report.bits[38:60] == bits[38:60]
    assert report.bits[61:137] == bits[61:137]


def test_directions_that_round_to_a_full_turn_begin_anew() -> None:
    report = position_report({"course_degrees": 359.97, "heading_degrees": 359.6})
    assert report.told == {"course_degrees": 0.0, "heading_degrees": 0.0}


async def test_every_sentence_has_its_form_its_checksum_and_at_most_82_characters() -> None:
    async with server() as it:
        lines = await heard(it.port, 14)
    for line in lines:
        assert len(line) <= 82
        found = re.fullmatch(rb"\$([A-Z]{2}[A-Z]{3},[ -)+-~]*)\*([0-9A-F]{2})\r\n", line)
        assert found is not None, line
        total = 0
        for byte in found[1]:
            total ^= byte
        assert total == int(found[2], 16)
    assert [line[3:6].decode() for line in lines] == [
        "RMC", "VHW", "VLW", "HDT", "ROT", "RSA", "DPT", "MWV", "MTW", "RPM", "XDR", "XDR", "XDR", "XDR",
    ]  # fmt: skip


async def test_an_instrument_that_is_switched_off_says_nothing() -> None:
    async with server() as it:
        it.silent = {"RMC", "XDR"}
        lines = await heard(it.port, 9)
    assert {line[3:6] for line in lines} == {b"VHW", b"VLW", b"HDT", b"ROT", b"RSA", b"DPT", b"MWV", b"MTW", b"RPM"}


async def test_what_was_said_is_in_the_truth_and_what_was_spoilt_is_marked() -> None:
    truth: list[Served] = []
    async with server(truth) as it:
        it.spoil = lambda sentence: with_wrong_checksum(sentence) if sentence.startswith(b"$HEHDT") else sentence
        it.speak()
    spoilt = [line for line in truth if line.fault]
    assert [line.values.keys() for line in spoilt] == [{"heading"}] * len(spoilt)
    assert spoilt
    assert len(truth[-1].values) == 17


async def test_the_simulators_process_serves_ships_by_tcp_and_udp() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bridge:
        bridge.bind(("127.0.0.1", 0))
        bridge.setblocking(False)
        port = bridge.getsockname()[1]
        settings = SimulatorSettings.model_validate(
            {
                "machines": [
                    {"name": "one", "profile": NAME},
                    {"name": "two", "profile": NAME, "protocol": "nmea_udp", "port": port},
                ]
            }
        )
        async with serve(settings) as bench:
            by_tcp, by_udp = bench.lines()
            assert by_tcp == f"one: {NAME} at nmea_tcp 127.0.0.1:{bench.listening[0].port}"
            assert by_udp == f"two: {NAME} at nmea_udp 127.0.0.1:{port}"
            assert (await heard(bench.listening[0].port, 1))[0].startswith(b"$")
            async with asyncio.timeout(10):
                assert (await asyncio.get_running_loop().sock_recv(bridge, 2000)).startswith(b"$GPRMC,")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            MACHINE.format(name="a", port=7) + MACHINE.format(name="b", port=7),
            "machines[2].port: ship/generic_nmea0183 speaks NMEA 0183, which names no ship, so each has a port of its own",
        ),
        (
            MACHINE.format(name="a", port=7) + "count = 2\n",
            "machines[1].port: ship/generic_nmea0183 speaks NMEA 0183, which names no ship, so each has a port of its own",
        ),
        (MACHINE.format(name="a", port=0) + 'protocol = "nmea_udp"\n', "machines[1]: protocol nmea_udp sends to a 'port', which"),
        (
            MACHINE.format(name="a", port=7) + 'protocol = "modbus_tcp"\n',
            "machines[1].protocol: is modbus_tcp, but ship/generic_nmea0183 speaks nmea",
        ),
    ],
)
def test_a_ship_that_has_no_place_of_its_own_is_a_mistake_of_the_settings(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "sim.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_settings(path)
    assert message in str(caught.value)


async def test_a_port_that_is_taken_is_an_error_in_one_sentence() -> None:
    async with server() as it:
        other = server()
        other._port = it.port  # noqa: SLF001 - a port that is known to be taken
        with pytest.raises(ConfigError, match=f"cannot listen on 127.0.0.1:{it.port} for NMEA 0183"):
            async with other:
                pass
