"""Waveforms: arrays that are read when their device has taken a new record."""

import asyncio
import struct
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from asyncua import ua
from asyncua.common.utils import ServiceError
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.status_codes import StatusCodes

from device_profiles.profile import OpcUaProfile, load_profile
from edge_gateway.driver import LOOK_SECONDS, Poll, Target
from edge_gateway.drivers.opcua.driver import OpcUa
from edge_gateway.settings import EquipmentSettings
from simulators.fleet import Equipment
from simulators.servers.opcua import OpcUaServer
from simulators.settings import MachineSettings
from telemetry.bundle import Block
from telemetry.errors import NotConnected
from tests.edge_gateway.drivers.opcua.conftest import Elsewhere
from tests.edge_gateway.drivers.opcua.plant import POINTS, Watcher, driver, now_us, profile, settings

WAVES = ("Axis", "Beside", "Fixed")
LABEL = {"zh": "波形", "en": "Waveform"}
PROFILE = profile(
    [
        *POINTS,
        {"signal": "axis", "path": "m:Monitoring/m:Axis", "unit": "mm/s²"},
        {"signal": "beside", "path": "m:Monitoring/m:Beside", "rate": "m:Monitoring/m:Rate"},
        {"signal": "fixed", "path": "m:Monitoring/m:Fixed", "rate_hz": 50.0},
    ],
    signals={name.lower(): {"type": "waveform", "unit": "m/s²", "label": LABEL} for name in WAVES},
)
ROWS = Target.from_profile(PROFILE, name="cnc-1", root="Machines/cnc-1", period_seconds=0.1)
RECORDS = Target.from_profile(
    PROFILE, name="cnc-1", root="Machines/cnc-1", period_seconds=0.2, only=[name.lower() for name in WAVES]
)
AT = ua.DateTime.utcnow() - timedelta(hours=1)


def axis(count: int, length: float, *, unit_id: int = 0, sign: str = "") -> ua.Variant:
    unit = ua.EUInformation(UnitId=ua.Int32(unit_id), DisplayName=ua.LocalizedText(sign))
    return ua.Variant(
        ua.AxisInformation(EngineeringUnits=unit, EURange=ua.Range(ua.Double(0), ua.Double(length * (count - 1)))),
        ua.VariantType.ExtensionObject,
    )


async def put(elsewhere: Elsewhere, name: str, value: Any, variant: ua.VariantType = ua.VariantType.Float, **more: Any) -> None:
    """Let a node hold a value, past the type check that a server makes on a write."""
    value = value if isinstance(value, ua.Variant) else ua.Variant(value, variant)

    async def write() -> None:
        attributes = elsewhere.machine.server.iserver.aspace[elsewhere.machine.nodes[name].nodeid].attributes
        attributes[AttributeIds.Value].value = ua.DataValue(value, **more)

    await elsewhere.do(write())


@pytest.fixture
async def waves(elsewhere: Elsewhere) -> AsyncIterator[Elsewhere]:
    """Three arrays of which nothing is recorded yet."""
    machine = elsewhere.machine
    for name in WAVES:
        await elsewhere.do(machine.add(name, [0.0], ua.VariantType.Float))
        await put(elsewhere, name, ua.Variant(), StatusCode=ua.StatusCode(ua.UInt32(StatusCodes.BadWaitingForInitialData)))
    await elsewhere.do(machine.add("Rate", 400, ua.VariantType.UInt32))
    x_axis = ua.QualifiedName("XAxisDefinition", 0)
    machine.nodes["x"] = await elsewhere.do(machine.nodes["Axis"].add_property(machine.index, "x", ua.AxisInformation()))
    bare = ua.DataValue(ua.Variant(x_axis, ua.VariantType.QualifiedName))
    await elsewhere.do(
        machine.server.iserver.aspace.write_attribute_value(machine.nodes["x"].nodeid, AttributeIds.BrowseName, bare)
    )
    yield elsewhere
    for name in (*WAVES, "Rate", "x"):
        await elsewhere.do(machine.nodes.pop(name).delete())


async def look(it: OpcUa, **more: Any) -> list[Block]:
    [poll] = (await it.read([RECORDS], **more)).polls
    assert poll.readings == []
    return poll.blocks


def start_us(at: datetime) -> int:
    return round((at - datetime(1970, 1, 1)) / timedelta(microseconds=1))  # noqa: DTZ001 - asyncua's times are UTC


async def test_each_record_is_taken_once_with_its_start_its_rate_and_its_unit(waves: Elsewhere) -> None:
    async with driver(waves.port) as it:
        assert await look(it) == []
        await put(waves, "Fixed", [1.0, -2.5, 4.0], SourceTimestamp=AT)
        await put(waves, "Beside", [3, -4], ua.VariantType.Int16, SourceTimestamp=AT)
        await put(waves, "Axis", [1000.0, 2000.0, 500.0], ua.VariantType.Double, SourceTimestamp=AT)
        await put(waves, "x", axis(3, 0.01, unit_id=5_457_219))
        first = {block.signal: block for block in await look(it)}
        assert first == {
            "axis": Block("cnc-1", "axis", start_us(AT), 100.0, struct.pack("<3f", 1.0, 2.0, 0.5)),
            "beside": Block("cnc-1", "beside", start_us(AT), 400.0, struct.pack("<2f", 3, -4)),
            "fixed": Block("cnc-1", "fixed", start_us(AT), 50.0, struct.pack("<3f", 1.0, -2.5, 4.0)),
        }
        assert await look(it) == []
        later = AT + timedelta(minutes=10)
        await put(waves, "Fixed", [7.0], SourceTimestamp=later)
        assert await look(it) == [Block("cnc-1", "fixed", start_us(later), 50.0, struct.pack("<f", 7))]
    async with it:
        assert await look(it) == [], "another session changes nothing"
        it.forget(RECORDS)
        assert len(await look(it)) == 3


async def test_a_server_that_gives_each_answer_its_own_time_repeats_no_record(waves: Elsewhere) -> None:
    async with driver(waves.port) as it:
        for minute in range(3):
            await put(waves, "Fixed", [1.0, 2.0], SourceTimestamp=AT + timedelta(minutes=minute))
            assert len(await look(it)) == (minute == 0)


@pytest.mark.parametrize("source", [None, ua.DateTime(1601, 1, 1), ua.DateTime(2000, 1, 1), ua.DateTime(2100, 1, 1)])
async def test_a_record_without_a_time_that_can_be_true_ended_when_it_was_read(
    waves: Elsewhere, source: ua.DateTime | None
) -> None:
    async with driver(waves.port) as it:
        await put(waves, "Fixed", [1.0] * 100, SourceTimestamp=source)
        [block] = await look(it)
    length_us = 0 if source is not None and source.year == 2100 else 2_000_000
    assert abs(now_us() - length_us - block.start_us) < 1_000_000


@pytest.mark.parametrize(
    ("unit", "step", "rate_hz"),
    [
        ((5_457_219, ""), 1 / 25_600, 25_600.0),
        ((4_403_766, ""), 0.25, 4000.0),
        ((4_340_024, ""), 20, 50_000.0),
        ((0, "ms"), 0.5, 2000.0),
        ((0, "µs"), 10, 100_000.0),
        ((4_740_186, "Hz"), 1.0, None),
        ((5_457_219, ""), 0.0, None),
    ],
)
async def test_an_axis_tells_the_rate_where_it_is_one_of_time(
    waves: Elsewhere, caplog: pytest.LogCaptureFixture, unit: tuple[int, str], step: float, rate_hz: float | None
) -> None:
    await put(waves, "Axis", [1.0] * 51_200, SourceTimestamp=AT)
    await put(waves, "x", axis(51_200, step, unit_id=unit[0], sign=unit[1]))
    async with driver(waves.port) as it:
        found = [await look(it) for _ in range(2)]
    assert [block.rate_hz for block in found[0]] == ([] if rate_hz is None else [rate_hz])
    assert caplog.text.count("its sampling rate is neither a number in Hz nor an axis in seconds") == (rate_hz is None)


@pytest.mark.parametrize(
    ("value", "variant"),
    [
        ([1.0, float("nan")], ua.VariantType.Float),
        ([1e300, 1.0], ua.VariantType.Double),
        (["1", "2"], ua.VariantType.String),
        ([True, False], ua.VariantType.Boolean),
        (5.0, ua.VariantType.Float),
    ],
)
async def test_what_is_no_array_of_finite_numbers_is_no_record_and_that_is_told_once(
    waves: Elsewhere, caplog: pytest.LogCaptureFixture, value: Any, variant: ua.VariantType
) -> None:
    await put(waves, "Fixed", value, variant, SourceTimestamp=AT)
    await put(waves, "Beside", [1.0], SourceTimestamp=AT)
    async with driver(waves.port) as it:
        assert [block.signal for block in await look(it)] == ["beside"]
        assert await look(it) == []
    assert caplog.text.count("fixed: what the server has there is no array of finite numbers") == 1


async def test_what_is_missing_is_told_and_looked_for_again(
    waves: Elsewhere, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge_gateway.drivers.opcua.nodes.LOOK_AGAIN_SECONDS", 0.1)
    await put(waves, "Fixed", [1.0], SourceTimestamp=AT)
    await put(waves, "Beside", [2.0], SourceTimestamp=AT)
    for name in ("Fixed", "Rate"):
        await waves.do(waves.machine.nodes.pop(name).delete())
    raw: dict[str, str] = {}
    async with driver(waves.port) as it:
        assert await look(it, raw=raw) == []
        assert raw == {"axis": "None (BadWaitingForInitialData)", "beside": "1 values", "fixed": "no such node"}
        assert "the server has no node for fixed" in caplog.text
        assert "the server does not tell the sampling rate of beside" in caplog.text
        await waves.do(waves.machine.add("Fixed", [5.0], ua.VariantType.Float))
        await waves.do(waves.machine.add("Rate", 10.0, ua.VariantType.Double))
        await asyncio.sleep(0.15)
        assert [(block.signal, block.rate_hz) for block in await look(it)] == [("beside", 10.0), ("fixed", 50.0)]


async def test_a_record_that_the_server_cannot_send_stops_neither_the_others_nor_the_connection(
    waves: Elsewhere, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    service = waves.machine.server.iserver.isession.__class__
    read, too_large = service.read, waves.machine.nodes["Fixed"].nodeid

    async def limited(session: Any, parameters: ua.ReadParameters) -> Any:
        if any(item.NodeId == too_large for item in parameters.NodesToRead):
            raise ServiceError(StatusCodes.BadResponseTooLarge)
        return await read(session, parameters)

    await put(waves, "Fixed", [1.0], SourceTimestamp=AT)
    await put(waves, "Beside", [2.0], SourceTimestamp=AT)
    monkeypatch.setattr(service, "read", limited)
    async with driver(waves.port) as it:
        answer = await it.read([ROWS, RECORDS])
        again = await it.read([ROWS, RECORDS])
    assert [[block.signal for block in poll.blocks] for poll in answer.polls] == [[], ["beside"]]
    assert not answer.is_connection_lost
    assert {quality for _, quality in (*answer.polls[0].readings, *again.polls[0].readings)} == {0}
    assert caplog.text.count("fixed: BadResponseTooLarge") == 1


async def test_records_that_were_read_when_the_connection_broke_are_read_again(
    waves: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("Beside", "Fixed"):
        await put(waves, name, [1.0], SourceTimestamp=AT)
    async with driver(waves.port) as it:
        read, last = it.session.read, waves.machine.nodes["Fixed"].nodeid

        async def breaking(nodes: Any, *more: Any) -> Any:
            if last in nodes:
                raise NotConnected("cut")
            return await read(nodes, *more)

        monkeypatch.setattr(it.session, "read", breaking)
        answer = await it.read([RECORDS])
        assert (answer.is_connection_lost, answer.polls[0].blocks) == (True, [])
    monkeypatch.undo()
    async with it:
        assert [block.signal for block in await look(it)] == ["beside", "fixed"]


async def test_while_rows_are_told_as_they_change_records_are_looked_for_by_the_clock(waves: Elsewhere) -> None:
    blocks: list[Block] = []

    class Keeping(Watcher):
        def _deliver(self, of: Target, time_us: int, poll: Poll) -> None:
            blocks.extend(poll.blocks)
            if of is ROWS:
                super()._deliver(of, time_us, poll)

    async with Keeping(driver(waves.port), ROWS, RECORDS) as watcher:
        await watcher.until(lambda: len(watcher.rows) > 1)
        await put(waves, "Fixed", [1.0, 2.0], SourceTimestamp=AT)
        await watcher.until(lambda: len(watcher.rows) > 5 and bool(blocks))
        assert watcher.attempts == 1
        space, told = waves.machine.server.iserver.aspace, {}
        for name in ("Fixed", "Speed"):
            told[name] = space[waves.machine.nodes[name].nodeid].attributes[AttributeIds.Value].datachange_callbacks
        assert (bool(told["Fixed"]), bool(told["Speed"])) == (False, True)
    assert [block.signal for block in blocks] == ["fixed"]


def test_waveforms_stand_apart_and_are_looked_for_every_minute_unless_their_own_group_says_otherwise() -> None:
    model = load_profile("motor/generic_condition_monitor")

    def periods(**more: Any) -> list[tuple[float, int, tuple[str, ...]]]:
        equipment = EquipmentSettings(name="m", profile="motor/generic_condition_monitor", connection="c", root="r", **more)
        targets = Target.all_of(equipment, model)
        assert all(target.on_change is None for target in targets if target.waveforms)
        return [(target.period_seconds, len(target.signals.names), target.waveforms) for target in targets]

    both, current = ("acceleration_waveform_drive", "acceleration_waveform_non_drive"), ("current_waveform_a",)
    assert periods() == [(1.0, 34, ()), (LOOK_SECONDS, 0, (*both, *current))]
    assert periods(period_seconds=300) == [(300.0, 34, ()), (300.0, 0, (*both, *current))]
    own: dict[str, Any] = {"signals": ("acceleration_waveform_*",), "period_seconds": 10}
    assert periods(groups=(own,), on_change={}) == [(1.0, 34, ()), (LOOK_SECONDS, 0, current), (10.0, 0, both)]
    mixed: dict[str, Any] = {"signals": ("*acceleration*",), "period_seconds": 10}
    assert periods(groups=(mixed,))[2:] == [(10.0, 2, ()), (LOOK_SECONDS, 0, both)]


async def test_what_a_simulated_motor_records_arrives_sample_by_sample() -> None:
    name = "motor/generic_condition_monitor"
    model = load_profile(name)
    assert isinstance(model, OpcUaProfile)

    class Kept(Equipment):
        records: dict[str, tuple[float, Any]]

        def record(self, signal: str) -> tuple[float, Any]:
            self.records = {**getattr(self, "records", {}), signal: super().record(signal)}
            return self.records[signal]

    motor = Kept(MachineSettings(name="motor-1", profile=name, port=0, seed=3, start_time="10:00"))
    equipment = EquipmentSettings(name="motor-1", profile=name, connection="c", root="Machines/motor-1")
    rows, records = Target.all_of(equipment, model)
    async with (
        OpcUaServer([(motor, model)], lambda _: None, host="127.0.0.1", port=0) as server,
        OpcUa("motor", settings(server.port), now_us=now_us) as it,
    ):
        [_, poll] = (await it.read([rows, records])).polls
        assert (await it.read([records])).polls[0].blocks == []
    assert [block.signal for block in poll.blocks] == list(records.waveforms)
    for block in poll.blocks:
        rate_hz, samples = motor.records[block.signal]
        assert block.rate_hz == rate_hz
        assert np.array_equal(np.frombuffer(block.samples, "<f4"), samples.astype("<f4"))
        assert 0 < now_us() - block.start_us - len(samples) / rate_hz * 1e6 < 10_000_000, "it ended when it was taken"
