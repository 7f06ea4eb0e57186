"""A real machine's recording, fed into an agent of its own device model: every recorded value comes out, in order, at its time.

The agent does what an agent must: it matches the adapter's names, converts native units, and turns SHDR lines into observations.
Each of the four recordings of the file begins anew, as the machine's adapter did.
"""

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element, fromstring

import pytest

from edge_gateway.driver import Target
from edge_gateway.drivers.mtconnect.driver import MtConnect
from edge_gateway.settings import MtConnectSettings
from simulators.servers.mtconnect_agent import MtConnectAgent
from tests.edge_gateway.drivers.mtconnect.rig import Rows, profile, watching

OKUMA = Path(__file__).parents[4] / ".." / "shared" / "data" / "cnc_mtconnect_okuma"
pytestmark = pytest.mark.skipif(not OKUMA.exists(), reason="the recording is not on this machine")

STATES = ("ACTIVE", "READY", "STOPPED", "INTERRUPTED", "PROGRAM_COMPLETED", "FEED_HOLD", "OPTIONAL_STOP", "PROGRAM_STOPPED")
CONDITION = {
    "type": "enum",
    "label": {"zh": "状况", "en": "Condition"},
    "states": [{"code": code, "name": name, "label": {"zh": name, "en": name}} for code, name in enumerate(("normal", "fault"))],
}
POINTS: list[dict[str, Any]] = [
    {
        "signal": "execution",
        "type": "EXECUTION",
        "map": dict.fromkeys(STATES, "interrupted") | {"ACTIVE": "active", "READY": "reset"},
    },
    {"signal": "program", "type": "PROGRAM"},
    {"signal": "part_count_total", "type": "PART_COUNT"},
    {"signal": "spindle_speed", "data_item": "S1speed"},
    {"signal": "spindle_load", "type": "LOAD", "component": "C1"},
    {"signal": "path_feedrate", "type": "PATH_FEEDRATE", "sub_type": "ACTUAL"},
    {"signal": "feed_override", "type": "PATH_FEEDRATE_OVERRIDE"},
    {"signal": "axis_load_x", "type": "LOAD", "component": "X"},
    {"signal": "axis_load_y", "data_item": "YS1load"},
    {"signal": "axis_load_z", "type": "LOAD", "component": "Axes/Linear:Z1"},
    {"signal": "coolant", "data_item": "CoolantSystem1_cond"},
]
ADAPTER_NAMES = {
    "execution": "pexecution",
    "program": "pprogram",
    "part_count_total": "ppartcount",
    "spindle_speed": "S1speed",
    "spindle_load": "S1load",
    "path_feedrate": "p1Fact",
    "feed_override": "pFovr",
    "axis_load_x": "X1load",
    "axis_load_y": "YS1load",
    "axis_load_z": "Z1load",
}


class Line(NamedTuple):
    """One SHDR line: ``time|name|value|name|value``, or ``time|name|level|code|severity|qualifier|text`` of a condition."""

    time_us: int
    values: dict[str, str]
    condition: tuple[str, str, str] | None


def recordings(conditions: set[str]) -> list[list[Line]]:
    found: list[list[Line]] = []
    for line in gzip.decompress((OKUMA / "okuma_shdr.txt.gz").read_bytes()).decode().splitlines():
        time, _, rest = line.partition("|")
        if not time[:4].isdecimal() or rest.startswith("@"):
            continue  # tools, and the lines between their brackets
        names = rest.split("|")
        if names[0] == "avail":
            found.append([])
        at = datetime.fromisoformat(time)
        time_us = int(at.replace(tzinfo=UTC).timestamp()) * 1_000_000 + at.microsecond
        if names[0] in conditions:
            found[-1].append(Line(time_us, {}, (names[0], names[1], names[2])))
        else:
            found[-1].append(Line(time_us, dict(zip(names[::2], names[1::2], strict=False)), None))
    return found


def model() -> Element:
    """Read the machine's device model; the agent of the simulators wants it without namespaces."""
    root = fromstring((OKUMA / "Devices.xml").read_bytes())
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    devices = root.find("Devices")
    assert devices is not None
    return devices


def items(devices: Element) -> dict[str, Element]:
    okuma = next(device for device in devices if device.get("name") == "OKUMA")
    return {item.get("name") or item.attrib["id"]: item for item in okuma.iter("DataItem")}


def in_units(text: str, item: Element) -> str:
    is_per_minute = (item.get("nativeUnits"), item.get("units")) == ("MILLIMETER/MINUTE", "MILLIMETER/SECOND")
    return f"{float(text) / 60!r}" if is_per_minute and text not in ("", "UNAVAILABLE") else text


def feed(agent: MtConnectAgent, lines: list[Line], known: dict[str, Element]) -> None:
    for line in lines:
        if line.condition is not None:
            name, level, code = line.condition
            agent.put_condition(line.time_us, known[name].get("id", ""), level, code=code)
        else:
            ours = {known[name].get("id", ""): in_units(text, known[name]) for name, text in line.values.items() if name in known}
            agent.put(line.time_us, ours)


def changes_of(lines: list[Line], name: str) -> Iterator[tuple[int, str]]:
    """Give the recorded values that differ from the one before, as the adapter wrote them."""
    last = ""
    for line in lines:
        text = line.values.get(name, last)
        if text != last:
            yield line.time_us, text
            last = text


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("streams", [True, False])
async def test_a_real_machines_recording_comes_out_whole_in_order_and_at_its_times(number: int, streams: bool) -> None:  # noqa: FBT001
    devices = model()
    known = items(devices)
    conditions = {name for name, item in known.items() if item.get("category") == "CONDITION"}
    lines = recordings(conditions)[number]
    now_us = lines[0].time_us - 1_000_000  # the look before the first value
    wanted = Target.from_profile(profile(POINTS, {"coolant": CONDITION}), name="okuma", root="OKUMA")
    async with MtConnectAgent(devices, version="2.7", buffer_size=131_072) as agent:
        agent.streams = streams
        agent.clock_us = lambda: now_us
        settings = MtConnectSettings(protocol="mtconnect", url=f"http://127.0.0.1:{agent.port}")
        async with watching(MtConnect("okuma", settings, now_us=lambda: now_us), wanted) as rows:
            await rows.until(lambda rows: len(rows) == 1)
            now_us = max(line.time_us for line in lines) + 1_000_000
            feed(agent, lines, known)
            agent.put(now_us, {known["pprogram"].get("id", ""): "the end"})
            await rows.having(program="the end")
    assert_is_the_recording(rows, lines)


def assert_is_the_recording(rows: Rows, lines: list[Line]) -> None:
    for signal, name in ADAPTER_NAMES.items():
        recorded = [(at, value_of(signal, text)) for at, text in changes_of(lines, name)]
        recorded = recorded[:1] + [b for a, b in pairwise(recorded) if a[1] != b[1]]
        ours = [(row.time_us, row.values.get(signal)) for row in rows.all if row.values.get(signal) != "the end"]
        told = [b for a, b in pairwise(ours) if a[1] != b[1]]
        assert [value for _, value in told] == [pytest.approx(value) for _, value in recorded], signal
        assert [at for at, _ in told] == [at for at, _ in recorded], signal


def value_of(signal: str, text: str) -> float | str | None:
    if signal == "program":
        return text
    if signal == "execution":
        return {"ACTIVE": 0.0, "READY": 2.0}.get(text, 1.0)
    return None if text in ("", "UNAVAILABLE") else float(text)


def test_the_recording_is_what_its_description_says() -> None:
    found = recordings({"system"})
    assert len(found) == 4
    # README: part count 0 to 1, 0 to 1, 2 to 3, 0 to 1.
    assert [[text for _, text in changes_of(lines, "ppartcount")] for lines in found] == [
        ["0", "1"],
        ["0", "1"],
        ["2", "3"],
        ["0", "1"],
    ]
