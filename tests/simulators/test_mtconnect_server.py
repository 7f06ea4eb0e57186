"""The simulated MTConnect agent, asked with plain HTTP: what Part 1 of the standard says of probe, current, sample and errors."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from xml.etree.ElementTree import Element, fromstring

import httpx
import pytest

from device_profiles.profile import MtConnectProfile, load_profile
from simulators.fleet import Equipment
from simulators.servers.mtconnect import MtConnectServer
from simulators.servers.mtconnect_agent import MtConnectAgent
from simulators.settings import MachineSettings
from simulators.truth import Served, TruthLog, read_truth
from telemetry.errors import ConfigError

PROFILE = "cnc_machine/mtconnect_agent"
NAMESPACE = "{urn:mtconnect.org:MTConnectStreams:2.0}"
DEVICES = """<Devices><Device id="d" name="m" uuid="u"><DataItems>
<DataItem id="a" name="first" category="SAMPLE" type="LOAD" units="PERCENT"/><DataItem id="b" category="EVENT" type="PROGRAM"/>
<DataItem id="c" category="CONDITION" type="SYSTEM"/></DataItems></Device></Devices>"""


@pytest.fixture
async def agent() -> AsyncIterator[MtConnectAgent]:
    async with MtConnectAgent(fromstring(DEVICES), buffer_size=8) as it:
        yield it


async def get(agent: MtConnectAgent, path: str) -> Element:
    async with httpx.AsyncClient() as client:
        response = await client.get(f"http://127.0.0.1:{agent.port}/{path}")
    return fromstring(response.text)


def numbers(document: Element) -> list[int]:
    return sorted(int(element.get("sequence", "0")) for element in document.iter() if element.get("sequence"))


def header(document: Element) -> dict[str, str]:
    return dict(document[0].attrib)


def error(document: Element) -> tuple[str | None, str | None]:
    told = document[1][0]
    return told.get("errorCode"), told.text


async def test_every_observation_has_the_next_number_and_its_own_time(agent: MtConnectAgent) -> None:
    agent.put(1_659_966_694_716_714, {"a": "1.5", "b": "<O1>"})
    document = await get(agent, "sample?from=4")
    (load,) = document.iter(f"{NAMESPACE}Load")
    (program,) = document.iter(f"{NAMESPACE}Program")
    assert load.attrib == {"dataItemId": "a", "timestamp": "2022-08-08T13:51:34.716714Z", "sequence": "4", "name": "first"}
    assert (load.text, program.text, program.get("sequence")) == ("1.5", "<O1>", "5")
    assert {key: header(document)[key] for key in ("firstSequence", "lastSequence", "nextSequence", "bufferSize")} == {
        "firstSequence": "1",
        "lastSequence": "5",
        "nextSequence": "6",
        "bufferSize": "8",
    }
    assert datetime.fromisoformat(header(document)["creationTime"]).utcoffset() is not None


async def test_the_buffer_keeps_the_newest_and_says_where_it_begins(agent: MtConnectAgent) -> None:
    for number in range(10):
        agent.put(number, {"a": str(number)})
    assert numbers(await get(agent, "sample?count=8")) == [6, 7, 8, 9, 10, 11, 12, 13]
    part = await get(agent, "sample?from=7&count=3")
    assert numbers(part) == [7, 8, 9]
    assert header(part)["nextSequence"] == "10"
    assert numbers(await get(agent, "current")) == [2, 3, 13], "what fell out of the buffer is still the current state"


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("sample?from=99", "OUT_OF_RANGE"),
        ("sample?count=9", "OUT_OF_RANGE"),
        ("sample?from=x", "INVALID_REQUEST"),
        ("nobody/current", "NO_DEVICE"),
        ("sample?path=[", "INVALID_XPATH"),
        ("write", "UNSUPPORTED"),
    ],
)
async def test_a_request_that_cannot_be_answered_gets_an_error_document(agent: MtConnectAgent, path: str, code: str) -> None:
    assert error(await get(agent, path))[0] == code


async def test_a_machine_can_only_be_read(agent: MtConnectAgent) -> None:
    async with httpx.AsyncClient() as client:
        response = await client.post(f"http://127.0.0.1:{agent.port}/current", content=b"a=1")
    assert error(fromstring(response.text))[0] == "UNSUPPORTED"


async def test_a_device_and_a_path_narrow_what_is_given(agent: MtConnectAgent) -> None:
    for request in ("m/current", "u/current"):
        assert numbers(await get(agent, request)) == [1, 2, 3]
    assert numbers(await get(agent, "current?path=//DataItem[@type='PROGRAM']")) == [2]
    assert numbers(await get(agent, "sample?path=//DataItem[@category='CONDITION']")) == [3]


async def test_faults_stand_side_by_side_until_each_is_over(agent: MtConnectAgent) -> None:
    async def standing() -> list[tuple[str, str | None]]:
        (condition,) = (await get(agent, "current")).iter(f"{NAMESPACE}Condition")
        return [(one.tag.removeprefix(NAMESPACE), one.get("nativeCode")) for one in condition]

    assert await standing() == [("Unavailable", None)]
    agent.put_condition(1, "c", "FAULT", code="1", text="door")
    agent.put_condition(2, "c", "WARNING", code="2", text="oil")
    assert await standing() == [("Fault", "1"), ("Warning", "2")]
    agent.put_condition(3, "c", "NORMAL", code="1")
    assert await standing() == [("Warning", "2")]
    agent.put_condition(4, "c", "NORMAL")
    assert await standing() == [("Normal", None)]


async def test_a_stream_sends_what_comes_and_a_heartbeat_when_nothing_does(agent: MtConnectAgent) -> None:
    async with (
        asyncio.timeout(10),
        httpx.AsyncClient() as client,
        client.stream("GET", f"http://127.0.0.1:{agent.port}/sample?from=4&interval=10&heartbeat=100") as response,
    ):
        assert response.headers["content-type"] == "multipart/x-mixed-replace;boundary=shangyun-simulator"
        text, beats = "", 0
        async for chunk in response.aiter_text():
            text += chunk
            beats = text.count('nextSequence="4"')
            if beats == 2 and "<Load" not in text:
                agent.put(1, {"a": "7"})
            if "<Load" in text:
                break
    assert beats == 2
    assert text.count("--shangyun-simulator\r\nContent-Type: text/xml\r\nContent-Length: ") == 3


async def test_a_restart_is_another_instance_that_counts_from_one_and_knows_nothing(agent: MtConnectAgent) -> None:
    agent.put(1, {"a": "7"})
    before = header(await get(agent, "current"))["instanceId"]
    agent.restart()
    document = await get(agent, "current")
    assert int(header(document)["instanceId"]) == int(before) + 1
    assert numbers(document) == [1, 2, 3]
    assert [element.text for element in document.iter(f"{NAMESPACE}Load")] == ["UNAVAILABLE"]


async def test_what_a_simulated_machine_serves_is_in_the_truth_log_with_its_time(tmp_path: Path) -> None:
    profile = load_profile(PROFILE)
    assert isinstance(profile, MtConnectProfile)
    log = TruthLog(tmp_path / "truth.jsonl")
    machine = Equipment(MachineSettings(name="cnc-1", profile=PROFILE, port=0))
    async with MtConnectServer([(machine, profile)], log.write, host="127.0.0.1", port=0) as server:
        server.refresh()
        document = await get(server, "cnc-1/current")
        whole = await get(server, "cnc-1/sample?count=1000")
    log.close()
    lines = {line.time_us: line for line in read_truth(tmp_path / "truth.jsonl")}
    (feed,) = document.iter(f"{NAMESPACE}PathFeedrate")
    at = datetime.fromisoformat(feed.get("timestamp", ""))
    line = lines[int(at.timestamp()) * 1_000_000 + at.microsecond]
    assert isinstance(line, Served)
    assert line.equipment == "cnc-1"
    assert line.values["path_feedrate"] == pytest.approx(float(feed.text or "") * 60), (
        "mm/s as the standard has it, mm/min in the house"
    )
    assert line.values["controller_condition"] == 0
    assert [one.get("type") for one in whole.iter(f"{NAMESPACE}Normal")] == ["SYSTEM"], "what did not change is not told again"
    units = {item.get("type"): item.get("units") for item in server._devices.iter("DataItem")}  # noqa: SLF001
    assert units["PATH_FEEDRATE"] == "MILLIMETER/SECOND"
    assert units["ELECTRICAL_ENERGY"] == "WATT_SECOND"


async def test_a_port_that_is_taken_is_an_error_in_one_sentence(agent: MtConnectAgent) -> None:
    with pytest.raises(ConfigError, match=f"cannot listen on 127.0.0.1:{agent.port} for MTConnect"):
        async with MtConnectAgent(fromstring(DEVICES), port=agent.port):
            pass
