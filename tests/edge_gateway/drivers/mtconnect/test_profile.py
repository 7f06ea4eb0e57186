"""The device model that is shipped for any MTConnect machine, against its golden file and the simulated machine."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, SubElement

import pytest

from device_profiles.profile import MtConnectProfile, load_profile
from edge_gateway.driver import Target
from simulators.fleet import Equipment
from simulators.servers.mtconnect import MtConnectServer
from simulators.servers.mtconnect_agent import MtConnectAgent
from simulators.settings import MachineSettings
from telemetry.quality import Quality
from tests.edge_gateway.drivers.mtconnect.rig import driver, now_us, told, watching

if TYPE_CHECKING:
    from simulators.truth import Served

NAME = "cnc_machine/mtconnect_agent"
GOLDEN = Path(__file__).parents[3] / "golden" / "device_profiles" / "cnc_machine.mtconnect_agent.json"


def machine_of(points: list[list[Any]]) -> Element:
    """Build the device model that the golden file's rows describe."""
    devices = Element("Devices")
    device = SubElement(devices, "Device", id="d", name="m", uuid="u")
    components: dict[str, Element] = {"": device}
    for index, (path, category, kind, sub_type, units, *_) in enumerate(points):
        above = ""
        for part in path.split("/"):
            place = f"{above}/{part}"
            if place not in components:
                tag, _, name = part.partition(":")
                below = components[above].find("Components")
                below = SubElement(components[above], "Components") if below is None else below
                components[place] = SubElement(below, tag, {"id": place, **({"name": name} if name else {})})
            above = place
        holder = components[above].find("DataItems")
        holder = SubElement(components[above], "DataItems") if holder is None else holder
        optional = {"subType": sub_type, "units": units}
        given = {key: value for key, value in optional.items() if value}
        SubElement(holder, "DataItem", {"id": f"i{index}", "category": category, "type": kind} | given)
    return devices


async def test_the_golden_texts_of_the_profile_mean_the_golden_values() -> None:
    points = json.loads(GOLDEN.read_text())["points"]
    profile = load_profile(NAME)
    assert isinstance(profile, MtConnectProfile)
    wanted = Target.from_profile(profile, name="m")
    async with MtConnectAgent(machine_of(points)) as agent, driver(agent.port) as connection:
        for index, (_, category, *_, text, _, _) in enumerate(points):
            if category == "CONDITION":
                agent.put_condition(now_us(), f"i{index}", text)
            else:
                agent.put(now_us(), {f"i{index}": text})
        answer = await connection.read([wanted])
    values, bad = told(wanted, answer.polls[0])
    assert bad == {}
    expected = {signal: value if isinstance(value, str) else pytest.approx(value, rel=1e-12) for *_, signal, value in points}
    assert values == expected
    assert values.keys() == {point.signal for point in profile.points}


async def test_rows_of_a_simulated_machine_are_those_of_its_truth_log_each_at_its_time() -> None:
    profile = load_profile(NAME)
    assert isinstance(profile, MtConnectProfile)
    wanted = Target.from_profile(profile, name="cnc-1", root="cnc-1")
    truth: list[Served] = []
    machine = Equipment(MachineSettings(name="cnc-1", profile=NAME, port=0, speed=60))
    async with (
        MtConnectServer([(machine, profile)], truth.append, host="127.0.0.1", port=0) as agent,
        watching(driver(agent.port), wanted) as rows,
    ):
        await rows.until(lambda rows: len(rows) >= 8)
        served = {line.time_us: line.values for line in truth}
    for row in rows.all[1:8]:  # the first one stands at the time of the look
        assert row.values == served[row.time_us]
        assert row.bad == {}
    times = sorted(served)
    first = times.index(rows.all[1].time_us)
    assert [row.time_us for row in rows.all[1:8]] == times[first : first + 7], "none is missing"


async def test_a_machine_without_what_a_profile_names_has_bad_columns_and_good_ones() -> None:
    profile = load_profile(NAME)
    points = json.loads(GOLDEN.read_text())["points"][:3]
    wanted = Target.from_profile(profile, name="m")
    async with MtConnectAgent(machine_of(points)) as agent, watching(driver(agent.port), wanted) as rows:
        agent.put(now_us(), {"i0": "ACTIVE", "i1": "AUTOMATIC", "i2": "O1"})
        row = await rows.having(execution=0, operation_mode=1, program="O1")
    assert set(row.bad.values()) == {Quality.BAD_CONFIGURATION_ERROR}
    assert len(row.bad) == len(wanted.signals.names) - 2
