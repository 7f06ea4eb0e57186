import argparse
import asyncio
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from device_profiles.profile import load_profile
from edge_gateway.commands import add_commands
from telemetry.errors import ConfigError
from tests.edge_gateway.responder import Ask, Responder, Send, refusal, reply
from tests.edge_gateway.test_daemon import write_settings

ROOT = Path(__file__).parents[2]


def command(*arguments: str | Path) -> int:
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers(required=True))
    chosen = parser.parse_args(["gateway", *map(str, arguments)])
    return int(chosen.run(chosen))


@pytest.fixture
def plc() -> Iterator[Responder]:
    """A PLC on an event loop of its own: the commands bring theirs."""

    def answer(ask: Ask, send: Send) -> None:
        if ask.function == 4:
            send(refusal(ask, 4))
        elif ask.start <= 20 < ask.start + ask.count:
            send(refusal(ask, 2))
        else:
            send(reply(ask, [(ask.start + n) * 10 for n in range(ask.count)]))

    it, loop = Responder(answer), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    asyncio.run_coroutine_threadsafe(it.__aenter__(), loop).result()
    yield it
    asyncio.run_coroutine_threadsafe(it.__aexit__(None, None, None), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def lines_of(capsys: pytest.CaptureFixture[str]) -> Sequence[str]:
    return capsys.readouterr().out.splitlines()


def points_of(name: str) -> int:
    return sum(point.signal is not None for point in load_profile(name).points)


def test_check_counts_equipment_points_and_requests(capsys: pytest.CaptureFixture[str]) -> None:
    example = ROOT / "examples" / "gateway.toml"
    assert command("check", example) == 0
    points = points_of("boiler/generic_plc") + points_of("cnc_machine/opc_40501")
    assert lines_of(capsys) == [f"{example}: fine, 2 equipment, {points} points, 3 requests per second"]


def test_plan_shows_each_request_and_what_it_reads_in_vain(capsys: pytest.CaptureFixture[str]) -> None:
    assert command("plan", ROOT / "examples" / "gateway.toml") == 0
    assert [" ".join(line.split()) for line in lines_of(capsys)] == [
        "boiler-1 on boiler-plc, every 1 s:",
        "table start count points read in vain bytes about ms",
        "input 0 1 1 0 (0 %) 23 5",
        "holding 0 38 25 11 (29 %) 97 5",
        "boiler-plc: 2 requests per second keep the line busy for about 1 % of the time",
        "cnc-1 on cnc, every 1 s:",
        f"{points_of('cnc_machine/opc_40501')} values below Machines/cnc-1, told by the server as they change",
    ]


def test_probe_shows_words_values_units_and_reasons(plc: Responder, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("probe", write_settings(tmp_path, "c1", broker_port=1, plc_port=plc.port)) == 1
    lines = [" ".join(line.split()) for line in lines_of(capsys)]
    # Register 4 holds 40 tenths of a degree; register 0 holds 0, which the profile maps to "off".
    assert "steam_temperature 0028 4 °C good" in lines
    assert "state 0000 off good" in lines
    assert "ambient_temperature exception 4 - °C bad_refused_by_device" in lines
    assert lines[0].startswith("boiler-1 (generic plc): 25 of 26 points good")


def test_probe_says_who_cannot_be_reached(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("probe", write_settings(tmp_path, "c2", broker_port=1, plc_port=1)) == 1
    assert lines_of(capsys) == ["boiler-1: plc (127.0.0.1:1: Connection refused)"]


def test_init_writes_a_sample_that_check_finds_fine_and_never_overwrites(tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    assert command("init", path) == 0
    assert command("check", path) == 0
    path.write_text("mine")
    with pytest.raises(ConfigError, match="exists already"):
        command("init", path)
    assert path.read_text() == "mine"


def test_scan_names_the_units_that_answer(plc: Responder, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plc.answer = lambda ask, send: send(reply(ask, [0] * ask.count)) if ask.unit == 2 and ask.function == 3 else None
    path = write_settings(tmp_path, "c3", broker_port=1, plc_port=plc.port)
    path.write_text(path.read_text().replace("timeout_seconds = 0.3", "timeout_seconds = 0.05"))
    assert command("scan", path, "plc", "--units", "1-3") == 0
    assert lines_of(capsys) == ["unit 2: holding register 0", "plc: 1 of 3 units answer"]


def test_decode_help_finds_the_order_by_the_machines_display(
    plc: Responder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """230.5 is 43 66 80 00 as a float32; the device sends the low word first."""
    plc.answer = lambda ask, send: send(reply(ask, [0x8000, 0x4366]))
    path = write_settings(tmp_path, "c4", broker_port=1, plc_port=plc.port)
    assert command("decode-help", path, "plc", "0x0C", "--count", "2", "--expect", "230.5") == 0
    head, _, first, *_ = lines_of(capsys)
    assert head == "holding 12, 2 registers: 8000 4366"
    assert " ".join(first.split()) == 'float32 CDAB 2 230.5 type = "float32", word_order = "little"'
    assert command("decode-help", path, "plc", "12", "--count", "2", "--expect", "77.125") == 1
    assert "nothing here comes near 77.125" in "".join(lines_of(capsys))
    for wrong in (("--expect", "nan"), ("--count", "126")):
        with pytest.raises(ConfigError):
            command("decode-help", path, "plc", "12", *wrong)


def test_tools_name_connections_that_do_not_exist_or_speak_something_else(tmp_path: Path) -> None:
    path = write_settings(tmp_path, "c5", broker_port=1, plc_port=1)
    with pytest.raises(ConfigError, match=r"there is no \[connections.plk\]; known: plc"):
        command("scan", path, "plk")
    with pytest.raises(ConfigError, match="is no OPC UA or MTConnect connection"):
        command("browse", path, "plc")
    with pytest.raises(ConfigError, match="there is no equipment boiler-9"):
        command("probe", path, "boiler-9")


def test_a_plan_that_does_not_fit_into_the_budget_or_on_the_line_is_a_mistake_of_the_settings(tmp_path: Path) -> None:
    path = write_settings(tmp_path, "c6", broker_port=1, plc_port=1)
    sound = path.read_text()
    path.write_text(sound.replace("timeout_seconds = 0.3", "max_requests_per_second = 5"))
    with pytest.raises(ConfigError, match=r"max_requests_per_second: is 5, but the equipment needs 20; lengthen periods"):
        command("check", path)
    serial = 'protocol = "modbus_rtu"\ndevice = "/dev/ttyS1"\nbaud = 1200\n'
    path.write_text(sound.replace('protocol = "modbus_tcp"\nhost = "127.0.0.1"\nport = 1\ntimeout_seconds = 0.3\n', serial))
    with pytest.raises(ConfigError, match=r"would be busy for about [0-9]+ % of the time"):
        command("check", path)


def test_a_profile_file_that_is_missing_is_named(tmp_path: Path) -> None:
    path = write_settings(tmp_path, "c8", broker_port=1, plc_port=1)
    path.write_text(path.read_text().replace("boiler/generic_plc", "our-boiler.toml"))
    with pytest.raises(ConfigError, match=r"our-boiler\.toml: No such file"):
        command("check", path)


def test_certificates_are_made_listed_and_trusted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own, trusted = tmp_path / "own", tmp_path / "trusted"
    assert command("certificates", "make", own, "--name", "plant-7") == 0
    (trusted / "rejected").mkdir(parents=True)
    (trusted / "rejected" / "cnc.der").write_bytes((own / "plant-7.der").read_bytes())
    capsys.readouterr()
    assert command("certificates", "list", trusted) == 0
    assert "refused" in lines_of(capsys)[1]
    assert command("certificates", "trust", trusted, "cnc.der") == 0
    capsys.readouterr()
    assert command("certificates", "list", trusted) == 0
    assert lines_of(capsys)[1].split()[0] == "trusted"
