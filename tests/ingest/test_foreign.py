"""Foreign messages through a real broker, real workers and the commands of a person."""

import asyncio
import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shangyun.cli import main
from telemetry.sparkplug_payload import Payload, decode_payload
from telemetry.topics import sparkplug_topic

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "foreign-producer.md"
DOUBLE = 10


async def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


def run_example(script: str, broker: Any) -> None:
    environment = {**os.environ, "BROKER": broker.host, "PORT": str(broker.port)}
    subprocess.run(["bash", "-eu"], input=script, text=True, env=environment, check=True, timeout=20)


async def test_the_examples_of_the_page_are_stored(site: Any) -> None:
    if shutil.which("mosquitto_pub") is None:
        pytest.skip("mosquitto_pub is not installed")
    site.running_worker()
    before = datetime.now(UTC) - timedelta(seconds=2)
    for script in re.findall(r"```bash\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
        run_example(script, site.broker)

    await until(lambda: bool(site.ask("SELECT FROM reading.event")))
    boiler = "SELECT steam_flow, steam_pressure, low_water_interlock FROM reading.boiler WHERE time > %s"
    assert site.ask(boiler.replace("%s", f"'{before.isoformat()}'")) == [(8.25, 1.05, False)]
    other = "SELECT name, value FROM reading.other JOIN reading.other_signal ON id = signal_id ORDER BY value"
    assert site.ask(other) == [("Temperature.Top", 812.0), ("Temperature.Top", 813.5)]
    assert site.ask("SELECT spindle_speed FROM reading.cnc_machine") == [(8000.0,)]
    assert site.ask("SELECT signal, text FROM reading.event") == [("program", "O1234")]
    assert site.ask("SELECT gateway, name, kind FROM reading.equipment ORDER BY name") == [
        ("my-gateway", "boiler-9", "boiler"),
        ("my-gateway", "mill-1", "cnc_machine"),
        ("my-gateway", "oven-3", "other"),
    ]
    assert site.ask("SELECT reason, detail FROM ingest.dead_letter") == []


async def test_copies_of_a_json_message_are_stored_once_and_nobody_gets_a_receipt(site: Any) -> None:
    site.running_worker()
    topic = f"sy/1/{site.name}/up/json/boiler/boiler-1"
    async with site.link() as link:
        await link.subscribe(f"sy/1/{site.name}/down/#")
        for number in (1, 2, 2, 1, 3):
            at = datetime.fromtimestamp(time.time() // 3600 * 3600 - number, UTC)
            sample = {"time": at.isoformat(), "steam_flow": number}
            await link.publish(topic, json.dumps(sample).encode())
        await until(lambda: site.ask("SELECT count(*) FROM reading.boiler") == [(3,)])
        await asyncio.sleep(0.3)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await anext(link.messages())
    assert site.ask("SELECT count(*), count(DISTINCT steam_flow) FROM reading.boiler") == [(3, 3)]
    assert (
        site.ask("SELECT gateway, entered_at > now() - INTERVAL '1 minute' FROM ingest.ledger")
        == [(f"json/{site.name}", True)] * 3
    )


def say(group: str, level: str, seq: int, *metrics: dict[str, Any]) -> tuple[str, bytes]:
    payload = Payload(timestamp=time.time_ns() // 1_000_000, seq=seq)
    for metric in metrics:
        payload.metrics.add(**metric)
    return f"spBv1.0/{group}/{level}", payload.SerializeToString()


async def test_two_workers_hear_sparkplug_ask_for_births_and_store_it_once(site: Any) -> None:
    mapping = f"""
[sparkplug]
rebirth_seconds = 1
[[sparkplug.equipment]]
group = "{site.name}"
node = "Edge"
device = "B1"
kind = "boiler"
signals = {{ "Boiler/Steam Pressure" = "steam_pressure" }}
"""
    for _ in range(2):
        site.running_worker(mapping)
    pressure = {"name": "Boiler/Steam Pressure", "alias": 7, "datatype": DOUBLE, "double_value": 0.0}
    async with site.link() as link:
        await link.subscribe(f"spBv1.0/{site.name}/NCMD/Edge")
        await link.publish(*say(site.name, "DDATA/Edge/B1", 5, {"alias": 7, "double_value": 1.0}))
        request = await anext(link.messages())
        assert sparkplug_topic(request.topic)
        assert decode_payload(request.payload).metrics[0].name == "Node Control/Rebirth"
        assert site.ask("SELECT count(*) FROM reading.boiler") == [(0,)]

        await link.publish(*say(site.name, "NBIRTH/Edge", 0, {"name": "bdSeq", "datatype": 8, "long_value": 0}))
        await link.publish(*say(site.name, "DBIRTH/Edge/B1", 1, pressure))
        for seq in range(2, 300):
            await asyncio.sleep(0.002)
            await link.publish(*say(site.name, "DDATA/Edge/B1", seq % 256, {"alias": 7, "double_value": float(seq)}))
        await until(lambda: site.ask("SELECT count(*) FROM reading.boiler") == [(299,)])
        will = Payload()
        will.metrics.add(name="bdSeq", datatype=8, long_value=0)
        await link.publish(f"spBv1.0/{site.name}/NDEATH/Edge", will.SerializeToString())
        await until(lambda: bool(site.ask("SELECT FROM reading.quality_interval")))
        await asyncio.sleep(0.5)

    assert site.ask("SELECT count(*), count(DISTINCT steam_pressure) FROM reading.boiler") == [(300, 299)]
    assert site.ask("SELECT quality, signals FROM reading.quality_interval") == [(133, ["steam_pressure"])]
    assert site.ask("SELECT gateway, name, kind FROM reading.equipment") == [(f"{site.name}.Edge", "B1", "boiler")]
    assert site.ask("SELECT count(*) FROM ingest.dead_letter") == [(0,)]


async def test_a_person_lists_looks_at_replays_and_discards(
    site: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    site.running_worker("retention = { raw_days = 0.02 }")
    old = {"time": (datetime.now(UTC) - timedelta(hours=1)).isoformat(), "steam_flow": 1}
    async with site.link() as link:
        for payload in (json.dumps(old).encode(), b'{"steam_flow": "high"}', b"hello"):
            await link.publish(f"sy/1/{site.name}/up/json/boiler/boiler-1", payload)
    await until(lambda: site.ask("SELECT count(*) FROM ingest.dead_letter") == [(3,)])
    monkeypatch.setenv("SHANGYUN_DATABASE", site.database)

    def shangyun(*arguments: str, status: int = 0) -> str:
        assert main(["ingest", *arguments]) == status
        return capfd.readouterr().out

    letters = {letter["reason"]: letter for letter in json.loads(shangyun("dead-letters", "--json"))}
    assert letters.keys() == {"time_range", "signal_type", "json"}
    assert "boiler.steam_flow is a number, not 'high'" in shangyun("dead-letters", "--reason", "signal_type")
    assert shangyun("dead-letters", "--payload", str(letters["json"]["id"])) == "hello"
    assert "5 bytes" in shangyun("dead-letters", "--payload", str(letters["json"]["id"]), "--to", str(tmp_path / "letter"))
    assert (tmp_path / "letter").read_bytes() == b"hello"
    shangyun("dead-letters", "--payload", "999", status=1)
    assert main(["ingest", "dead-letters", "--to", "x"]) == 2
    assert "1 of 3 stored" in shangyun("replay", status=1)  # by the longer retention of the default
    assert site.ask("SELECT steam_flow FROM reading.boiler") == [(1.0,)]

    monkeypatch.setattr("builtins.input", lambda _: "no")
    assert "nothing is discarded" in shangyun("discard", "--reason", "json", status=1)
    assert "1 dead letters (1 json) discarded" in shangyun("discard", "--id", str(letters["json"]["id"]), "--yes")
    assert "no such dead letters" in shangyun("discard", "--reason", "json", status=1)
    assert site.ask("SELECT reason FROM ingest.dead_letter") == [("signal_type",)]


def test_every_reason_is_in_the_table_of_the_page_and_no_other() -> None:
    sources = [ROOT / "telemetry" / "wire.py", *(ROOT / "store").glob("*.py"), *(ROOT / "ingest" / "foreign").glob("*.py")]
    told = re.compile(r'(?:BadPayload\(|item\.key, |culprits.*\()f?"([a-z_]+)')
    given = {reason for source in sources for reason in told.findall(source.read_text(encoding="utf-8"))}
    table = PAGE.read_text(encoding="utf-8").split("| reason |")[1]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    documented = {reason.removesuffix("<SQLSTATE>") for row in rows for reason in re.findall(r"`([^`]+)`", row)}
    assert given == documented
