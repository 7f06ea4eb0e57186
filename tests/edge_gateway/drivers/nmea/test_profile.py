"""The device model that is shipped for any ship's instruments, against its golden file and the simulated ship."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from device_profiles.profile import NmeaProfile, load_profile
from edge_gateway.driver import Target
from edge_gateway.drivers.nmea.binding import Moment, bind, poll
from edge_gateway.drivers.nmea.hearing import Hearing
from simulators.fleet import Equipment
from simulators.servers.nmea import NmeaTcpServer, NmeaUdpTalker, with_wrong_checksum
from simulators.settings import MachineSettings
from simulators.truth import Served
from telemetry.quality import Quality
from tests.edge_gateway.drivers.nmea.rig import free_udp_port, profile, tcp, told, udp

NAME = "ship/generic_nmea0183"
GOLDEN = json.loads((Path(__file__).parents[3] / "golden" / "device_profiles" / "ship.generic_nmea0183.json").read_text())
STATES = {"0": "at_sea|manoeuvring", "1": "at_anchor", "5": "in_port"}
OWN_SHIP: list[dict[str, Any]] = [
    {"signal": "state", "sentence": "VDO", "field": "navigational_status", "map": STATES},
    {"signal": "latitude", "sentence": "VDO", "field": "latitude_degrees"},
    {"signal": "longitude", "sentence": "VDO", "field": "longitude_degrees"},
    {"signal": "speed_over_ground", "sentence": "VDO", "field": "speed_knots"},
    {"signal": "course", "sentence": "VDO", "field": "course_degrees"},
    {"signal": "heading", "sentence": "VDO", "field": "heading_degrees"},
    {"signal": "rate_of_turn", "sentence": "VDO", "field": "rate_of_turn_degrees_per_minute"},
    {"signal": "draught_mid", "sentence": "VDO", "field": "draught_metres"},
    {"signal": "bound_for", "sentence": "VDO", "field": "destination"},
    {"signal": "wind_speed_relative", "sentence": "MWV", "field": "true_wind_speed_metres_per_second"},
    {"signal": "sea_temperature", "sentence": "XDR", "field": "temperature_celsius", "source": "SEA"},
    {"signal": "water_depth", "sentence": "DBT", "field": "depth_below_transducer_metres"},
    {"signal": "speed_through_water", "sentence": "VTG", "field": "speed_knots"},
]  # fmt: skip
BOUND_FOR = {"bound_for": {"type": "text", "role": "state", "label": {"zh": "目的港", "en": "Bound for"}}}


def shipped() -> NmeaProfile:
    found = load_profile(NAME)
    assert isinstance(found, NmeaProfile)
    return found


def heard(*lines: str) -> tuple[dict[str, float | str], dict[str, Quality]]:
    wanted, hearing = Target.from_profile(shipped(), name="ship-1"), Hearing("bridge")
    for text in lines:
        hearing.take(text.encode(), at=1.0)
    return told(wanted, poll(wanted, bind(wanted), hearing, Moment(2.0, 10.0)))


def test_the_golden_sentences_of_the_profile_mean_the_golden_values() -> None:
    values, bad = heard(*GOLDEN["sentences"])
    assert bad == {}
    assert values == pytest.approx(GOLDEN["values"], rel=1e-12)
    assert values.keys() == {point.signal for point in shipped().points}


def test_the_golden_void_sentences_take_every_value_back() -> None:
    values, bad = heard(*GOLDEN["sentences"], *GOLDEN["void"])
    assert values == {}
    assert bad == dict.fromkeys(GOLDEN["values"], Quality.BAD_NOT_AVAILABLE)


def ship(**settings: object) -> Equipment:
    given = {"name": "ship-1", "profile": NAME, "port": 0, "seed": 3, "start_time": "11:00"} | settings
    return Equipment(MachineSettings.model_validate(given))


def told_by(truth: list[Served]) -> dict[str, object]:
    return {signal: value for served in truth if served.fault is None for signal, value in served.values.items()}


async def test_what_a_simulated_ship_says_over_tcp_arrives_as_it_was_said() -> None:
    truth: list[Served] = []
    wanted = Target.from_profile(shipped(), name="ship-1")
    async with (
        NmeaTcpServer([(ship(), shipped())], truth.append, host="127.0.0.1", port=0) as server,
        tcp(server.port, stale_seconds=5) as bridge,
    ):
        values, bad = told(wanted, (await bridge.read([wanted])).polls[0])
    assert bad == {}
    assert len(values) == 18
    assert values == pytest.approx(told_by(truth[-1:]), rel=1e-12)


async def test_what_a_simulated_ship_says_over_udp_arrives_as_it_was_said() -> None:
    truth: list[Served] = []
    wanted, port = Target.from_profile(shipped(), name="ship-1"), free_udp_port()
    async with (
        udp(port, stale_seconds=5) as bridge,
        NmeaUdpTalker([(ship(), shipped())], truth.append, host="127.0.0.1", port=port),
    ):
        values, bad = told(wanted, (await bridge.read([wanted])).polls[0])
    assert bad == {}
    assert values == pytest.approx(told_by(truth[-1:]), rel=1e-12)


async def test_the_own_ship_of_a_transponder_and_a_plants_own_sentences_arrive_as_they_were_said() -> None:
    truth: list[Served] = []
    own = profile(OWN_SHIP, BOUND_FOR)
    machine = ship()
    machine.read = lambda: dict(Equipment.read(machine)) | {"bound_for": "QINGDAO"}  # type: ignore[method-assign]
    wanted = Target.from_profile(own, name="ship-1")
    async with (
        NmeaTcpServer([(machine, own)], truth.append, host="127.0.0.1", port=0) as server,
        tcp(server.port, stale_seconds=5) as bridge,
    ):
        await bridge.read([wanted])  # which does not wait for what is told every six minutes
        values, bad = told(wanted, (await bridge.read([wanted])).polls[0])
    assert bad == {}
    said = told_by(truth[-1:])
    assert values.pop("bound_for") == said.pop("bound_for") == "QINGDAO"
    assert values == pytest.approx(said, rel=1e-12)
    assert values["state"] in (0, 2, 3)


async def test_a_spoilt_sentence_is_counted_and_none_of_its_values_arrives() -> None:
    truth: list[Served] = []
    wanted = Target.from_profile(shipped(), name="ship-1")
    async with NmeaTcpServer([(ship(), shipped())], truth.append, host="127.0.0.1", port=0) as server:
        server.spoil = lambda sentence: with_wrong_checksum(sentence) if b"RMC" in sentence else sentence
        async with tcp(server.port, stale_seconds=4) as bridge:
            values, bad = told(wanted, (await bridge.read([wanted])).polls[0])
            lines = bridge.overheard()
    spoilt = {"latitude", "longitude", "speed_over_ground", "course"}
    assert bad == dict.fromkeys(spoilt, Quality.BAD_NO_COMMUNICATION)
    assert len(values) == 14
    assert [served.values.keys() for served in truth if served.fault] == [spoilt] * sum(bool(s.fault) for s in truth)
    assert len(lines) == 1
    assert lines[0].startswith("sentences thrown away: ")
    assert lines[0].endswith(" wrong_checksum")


async def test_a_dead_sensor_is_an_empty_field_and_no_value() -> None:
    truth: list[Served] = []
    machine = ship()
    machine.read = lambda: dict(Equipment.read(machine)) | {"heading": math.nan}  # type: ignore[method-assign]
    wanted = Target.from_profile(shipped(), name="ship-1")
    async with (
        NmeaTcpServer([(machine, shipped())], truth.append, host="127.0.0.1", port=0) as server,
        tcp(server.port, stale_seconds=5) as bridge,
    ):
        _, bad = told(wanted, (await bridge.read([wanted])).polls[0])
    assert bad == {"heading": Quality.BAD_NOT_AVAILABLE}
    assert math.isnan(float(str(truth[-1].values["heading"])))
