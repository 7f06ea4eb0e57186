"""Reading, for which the settings may ask, as ``probe`` does: every node in one request, each with its own status."""

import asyncio
import math

import pytest
from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.status_codes import StatusCodes

from shangyun.local_servers import free_port
from telemetry.errors import RetryableError
from telemetry.quality import Quality
from tests.edge_gateway.drivers.opcua.conftest import Elsewhere
from tests.edge_gateway.drivers.opcua.plant import EXPECTED, MISSING, POINTS, Machine, driver, profile, target, told

ALL = target([*POINTS, *MISSING])


async def test_every_node_of_a_machine_comes_with_its_own_status(elsewhere: Elsewhere) -> None:
    raw: dict[str, str] = {}
    async with driver(elsewhere.port) as it:
        answer = await it.read([ALL], raw=raw)
    values = told(ALL, answer.polls[0])
    assert {name: value for name, (value, quality) in values.items() if quality is Quality.GOOD} == EXPECTED
    assert values["machine_power"][1] is Quality.BAD_CONFIGURATION_ERROR
    assert values["energy_total"][1] is Quality.BAD_CONFIGURATION_ERROR
    assert answer.polls[0].texts == {"program": "O1001"}
    assert raw["spindle_load"] == "423"
    assert raw["machine_power"] == "no such node"


async def test_targets_that_are_read_together_are_told_apart(elsewhere: Elsewhere) -> None:
    one, two = target(POINTS[:2]), target(POINTS[2:])
    async with driver(elsewhere.port) as it:
        answer = await it.read([one, two])
    assert told(one, answer.polls[0]) == {name: (EXPECTED[name], Quality.GOOD) for name in ("execution", "spindle_speed")}
    assert told(two, answer.polls[1])["spindle_load"] == (42.3, Quality.GOOD)
    assert [poll.texts for poll in answer.polls] == [{}, {"program": "O1001"}]


@pytest.mark.parametrize(
    ("status", "quality"),
    [
        ("BadSensorFailure", Quality.BAD_SENSOR_FAILURE),
        ("BadNoCommunication", Quality.BAD_NO_COMMUNICATION),
        ("BadWaitingForInitialData", Quality.BAD_NOT_AVAILABLE),
        ("BadUnexpectedError", Quality.BAD),
    ],
)
async def test_a_bad_node_has_no_value_and_keeps_its_reason_and_stops_no_other(
    elsewhere: Elsewhere, status: str, quality: Quality
) -> None:
    code = ua.StatusCode(getattr(StatusCodes, status))
    speed = ua.DataValue(ua.Variant(1.0, ua.VariantType.Double), code)
    program = ua.DataValue(ua.Variant("stale", ua.VariantType.String), code)
    with elsewhere.machine.giving("Speed", speed), elsewhere.machine.giving("Program", program):
        async with driver(elsewhere.port) as it:
            [poll] = (await it.read([ALL])).polls
    value, told_quality = told(ALL, poll)["spindle_speed"]
    assert math.isnan(value)
    assert told_quality == quality
    assert told(ALL, poll)["spindle_load"] == (42.3, Quality.GOOD)
    assert "program" not in poll.texts


async def test_an_uncertain_value_travels_as_uncertain(elsewhere: Elsewhere) -> None:
    code = ua.StatusCode(ua.UInt32(StatusCodes.UncertainLastUsableValue))
    with elsewhere.machine.giving("Speed", ua.DataValue(ua.Variant(77.0, ua.VariantType.Double), code)):
        async with driver(elsewhere.port) as it:
            [poll] = (await it.read([ALL])).polls
    assert told(ALL, poll)["spindle_speed"] == (77.0, Quality.UNCERTAIN_LAST_USABLE_VALUE)


@pytest.mark.parametrize(
    ("variant", "quality"),
    [
        (ua.Variant(None, ua.VariantType.Null), Quality.BAD_NOT_AVAILABLE),
        (ua.Variant("fast", ua.VariantType.String), Quality.BAD_CONFIGURATION_ERROR),
        (ua.Variant([1.0, 2.0], ua.VariantType.Double), Quality.BAD_CONFIGURATION_ERROR),
        (ua.Variant(math.nan, ua.VariantType.Double), Quality.BAD_NOT_AVAILABLE),
        (ua.Variant(math.inf, ua.VariantType.Double), Quality.BAD_SENSOR_FAILURE),
    ],
)
async def test_what_is_no_number_is_never_made_one(elsewhere: Elsewhere, variant: ua.Variant, quality: Quality) -> None:
    with elsewhere.machine.giving("Speed", ua.DataValue(variant)):
        async with driver(elsewhere.port) as it:
            [poll] = (await it.read([ALL])).polls
    value, told_quality = told(ALL, poll)["spindle_speed"]
    assert math.isnan(value)
    assert told_quality == quality


async def test_an_element_of_an_array_is_a_value_and_one_beyond_its_end_is_none(elsewhere: Elsewhere) -> None:
    machine = target(
        [
            {"signal": "spindle_speed", "path": "m:Monitoring/m:Speed", "index": 1},
            {"signal": "spindle_load", "path": "m:Monitoring/m:Speed", "index": 2},
        ]
    )
    with elsewhere.machine.giving("Speed", ua.DataValue(ua.Variant([1.5, 2.5], ua.VariantType.Double))):
        async with driver(elsewhere.port) as it:
            [poll] = (await it.read([machine])).polls
    assert told(machine, poll)["spindle_speed"] == (2.5, Quality.GOOD)
    assert told(machine, poll)["spindle_load"][1] is Quality.BAD_CONFIGURATION_ERROR


async def test_a_node_is_found_by_its_id_in_the_namespace_of_a_prefix(elsewhere: Elsewhere) -> None:
    number = int(elsewhere.machine.nodes["Speed"].nodeid.Identifier)
    machine = target(
        [
            {"signal": "spindle_speed", "node": f"m:i={number}"},
            {"signal": "spindle_load", "node": f"other:i={number}"},
            {"signal": "part_count_total", "node": f"ns={elsewhere.machine.index};i=99999999"},
        ]
    )
    async with driver(elsewhere.port) as it:
        [poll] = (await it.read([machine])).polls
    assert told(machine, poll)["spindle_speed"] == (8000.5, Quality.GOOD)
    assert told(machine, poll)["spindle_load"][1] is Quality.BAD_CONFIGURATION_ERROR, "the server has no such namespace"
    assert told(machine, poll)["part_count_total"][1] is Quality.BAD_CONFIGURATION_ERROR, "the server has no such node"


async def test_a_machine_that_the_server_does_not_have_is_told_as_misconfigured(elsewhere: Elsewhere) -> None:
    lost = target([*POINTS, *MISSING], root="Machines/cnc-9")
    async with driver(elsewhere.port) as it:
        answer = await it.read([lost, ALL])
    assert not answer.is_connection_lost
    assert {quality for _, quality in answer.polls[0].readings} == {Quality.BAD_CONFIGURATION_ERROR}
    assert told(ALL, answer.polls[1])["spindle_speed"][1] is Quality.GOOD


async def test_no_request_is_larger_than_the_server_says(elsewhere: Elsewhere) -> None:
    limit = elsewhere.machine.server.get_node(
        ua.NodeId(ua.Int32(ObjectIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerRead))
    )
    before = await elsewhere.do(limit.read_value())
    sizes: list[int] = []
    session = elsewhere.machine.server.iserver.attribute_service
    read = session.read

    def counted(parameters: ua.ReadParameters) -> list[ua.DataValue]:
        sizes.append(sum(one.AttributeId == AttributeIds.Value for one in parameters.NodesToRead))
        return read(parameters)

    await elsewhere.do(limit.write_value(ua.Variant(2, ua.VariantType.UInt32)))
    session.read = counted  # type: ignore[method-assign,assignment]
    try:
        async with driver(elsewhere.port) as it:
            sizes.clear()
            [poll] = (await it.read([ALL])).polls
    finally:
        session.read = read  # type: ignore[method-assign]
        await elsewhere.do(limit.write_value(ua.Variant(before, ua.VariantType.UInt32)))
    assert told(ALL, poll)["spindle_speed"] == (8000.5, Quality.GOOD)
    assert sizes == [2, 2, 2], "six of the eight nodes exist"


async def test_a_server_that_stops_is_a_lost_connection_and_one_that_returns_is_read_again() -> None:
    port = free_port()
    it = driver(port)
    machine = target()
    async with Machine(port) as plant, it:
        assert (await it.read([machine])).answered
        await plant.server.stop()
        answer = await it.read([machine])
        assert answer.is_connection_lost
        assert {quality for _, quality in answer.polls[0].readings} == {Quality.BAD_NOT_CONNECTED}
    with pytest.raises(RetryableError, match=r"cnc \(opc.tcp://127.0.0.1"):
        await it.__aenter__()
    async with Machine(port), it:
        assert (await it.read([machine])).answered


@pytest.mark.parametrize("junk", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"ACKF\x08\x00\x00\x00", b"MSGF\x00\x00\x00\x00", b""])
async def test_what_is_no_opc_ua_server_is_a_failed_attempt_and_nothing_worse(junk: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(junk)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(RetryableError):
            await driver(port, timeout_seconds=0.5).__aenter__()


def test_no_security_is_said_out_loud_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    driver(4840)
    assert "security is none" in caplog.text


def test_a_profile_says_path_or_node() -> None:
    with pytest.raises(ValueError, match="either a 'path' or a 'node'"):
        profile([{"signal": "spindle_speed", "path": "m:A", "node": "m:i=1"}])
