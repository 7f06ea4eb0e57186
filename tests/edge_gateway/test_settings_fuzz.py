"""Hundreds of broken settings files: each is either taken or told to be wrong, in sentences."""

import copy
import datetime as dt
import math
import random
from pathlib import Path
from typing import Any

import pytest

from shangyun.cli import main

SEED, FILES = 20261126, 500
SOUND = {
    "gateway": "plant-7",
    "broker": {"host": "127.0.0.1", "port": 1883, "tls": {"ca_file": "ca.pem"}},
    "spool": {"path": "spool.sqlite3", "max_bytes": 1_000_000_000, "max_age_hours": 720.0},
    "publish": {"flush_seconds": 1.0, "window": 8},
    "sparkplug": {"group": "plant", "aliases": True},
    "connections": {
        "plc": {"protocol": "modbus_tcp", "host": "127.0.0.1", "port": 502, "max_requests_per_second": 50.0},
        "server": {"protocol": "modbus_rtu_over_tcp", "host": "127.0.0.1", "port": 503, "gap_registers": 8},
        "line": {"protocol": "modbus_rtu", "device": "/dev/ttyS1", "baud": 9600, "parity": "even"},
        "cnc": {"protocol": "opcua", "url": "opc.tcp://127.0.0.1:4840", "security": "none", "mode": "poll"},
        "lathe": {"protocol": "mtconnect", "url": "http://127.0.0.1:5000"},
        "bridge": {"protocol": "nmea_udp", "port": 10110, "sender": "192.168.1.20", "stale_seconds": 10.0},
        "mast": {"protocol": "nmea_tcp", "host": "192.168.1.21"},
    },
    "equipment": [
        {"name": "boiler-1", "profile": "boiler/generic_plc", "connection": "plc", "unit_id": 1, "period_seconds": 1.0},
        {
            "name": "boiler-2",
            "profile": "boiler/generic_plc",
            "connection": "server",
            "address_offset": 100,
            "on_change": {"max_silence_seconds": 60.0, "deadband": {"steam_pressure": "1 %", "steam_flow": 0.5}},
            "groups": [{"signals": ["steam_*"], "period_seconds": 5.0, "queue_size": 20}],
        },
        {"name": "pv-1", "profile": "pv_inverter/sunspec_103", "connection": "line", "unit_id": 3, "period_seconds": 10.0},
        {"name": "cnc-1", "profile": "cnc_machine/opc_40501", "connection": "cnc", "root": "Machines/cnc-1"},
    ],
}
STRANGE: list[Any] = [
    "", "\0", "程序", "../../etc/passwd", "a" * 5000, "%s{}\\", "plc", "boiler/generic_plc", "x.toml", "1 %", "-1 %", "*", "[", "opc.tcp://",
    0, 1, -1, 255, 256, 65_536, 2**63, 2**64, -(2**70), 0.0, -0.5, 1e308, math.inf, -math.inf, math.nan, True, False,
    [], [[]], [1], ["*"], {}, {"a": 1}, [{}], dt.date(2026, 11, 26), dt.time(1, 2),
]  # fmt: skip


def toml(value: Any) -> str:
    """Write any value as inline TOML, by the standard (v1.0.0)."""
    match value:
        case bool():
            return str(value).lower()
        case float():
            return "nan" if math.isnan(value) else f"{'-' if value < 0 else ''}inf" if math.isinf(value) else repr(value)
        case int() | dt.date() | dt.time():
            return str(value)
        case str():
            escaped = "".join(f"\\u{ord(c):04x}" if c in '"\\' or ord(c) < 32 else c for c in value)
            return f'"{escaped}"'
        case list():
            return f"[{', '.join(map(toml, value))}]"
        case dict():
            return f"{{{', '.join(f'{toml(str(k))} = {toml(v)}' for k, v in value.items())}}}"
    raise AssertionError(value)


def places(node: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) of a document."""
    items = list(node.items()) if isinstance(node, dict) else list(enumerate(node)) if isinstance(node, list) else []
    return [(node, key) for key, _ in items] + [place for _, child in items for place in places(child)]


def broken(dice: random.Random) -> bytes:
    content = copy.deepcopy(SOUND)
    for _ in range(dice.choice((1, 1, 1, 2, 3, 8))):
        node, key = dice.choice(places(content))
        match dice.randrange(5):
            case 0:
                del node[key]
            case 1 | 2:
                node[key] = copy.deepcopy(dice.choice(STRANGE))
            case 3:
                other, at = dice.choice(places(SOUND))
                node[key] = copy.deepcopy(other[at])
            case 4 if isinstance(node, dict):
                node[str(dice.choice(("extra", "Protocol", "unit-id", "名", key)))] = node.pop(key)
            case _:
                node.append(copy.deepcopy(node[key])) if isinstance(node, list) else None
    text = "\n".join(f"{toml(key)} = {toml(value)}" for key, value in content.items()).encode()
    if dice.random() < 0.25:  # and slips of the keyboard
        at = dice.randrange(len(text))
        text = (
            text[:at] + dice.choice((b"", b'"', b"\n", b"=", b"]", b"\xff", b"#", bytes([dice.randrange(256)]))) + text[at + 1 :]
        )
    return text


def test_no_settings_file_brings_the_command_down(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dice, taken, refused = random.Random(SEED), 0, 0
    file = tmp_path / "gateway.toml"
    for number in range(FILES):
        content = broken(dice)
        file.write_bytes(content)
        try:
            statuses = {main(["gateway", command, str(file)]) for command in ("check", "plan")}
        except Exception as error:  # noqa: BLE001 - any at all is what this test is about
            pytest.fail(f"file {number} raised {error!r}:\n{content.decode(errors='replace')}")
        told = capsys.readouterr()
        assert "Traceback" not in told.err + told.out
        assert statuses <= {0, 2}, content
        if 2 in statuses:
            refused += 1
            assert told.err.startswith(f"{file}"), "the file is named first"
        else:
            taken += 1
    assert taken > FILES / 50, "the fuzz breaks nearly everything, but not everything"
    assert refused > FILES / 2
