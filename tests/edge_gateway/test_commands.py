import argparse
import asyncio
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

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


def test_check_counts_equipment_points_and_requests(capsys: pytest.CaptureFixture[str]) -> None:
    example = ROOT / "examples" / "gateway.toml"
    assert command("check", example) == 0
    assert lines_of(capsys) == [f"{example}: fine, 2 equipment, 44 points, 3 requests per second"]


def test_plan_shows_each_request_and_what_it_reads_in_vain(capsys: pytest.CaptureFixture[str]) -> None:
    assert command("plan", ROOT / "examples" / "gateway.toml") == 0
    assert [" ".join(line.split()) for line in lines_of(capsys)] == [
        "boiler-1 on boiler-plc, every 1 s:",
        "table start count points read in vain",
        "input 0 1 1 0 (0 %)",
        "holding 0 38 25 11 (29 %)",
        "cnc-1 on cnc, every 1 s:",
        "one OPC UA read of 18 nodes below Machines/cnc-1",
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
    assert lines_of(capsys) == ["boiler-1: plc (127.0.0.1:1): no connection within 0.3 s"]


def test_init_writes_a_sample_that_check_finds_fine_and_never_overwrites(tmp_path: Path) -> None:
    path = tmp_path / "gateway.toml"
    assert command("init", path) == 0
    assert command("check", path) == 0
    path.write_text("mine")
    with pytest.raises(ConfigError, match="exists already"):
        command("init", path)
    assert path.read_text() == "mine"
