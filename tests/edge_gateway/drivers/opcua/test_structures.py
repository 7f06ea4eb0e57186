"""Fields of structures that only the server knows, decoded by the server's own definition of them."""

import pytest

from edge_gateway.driver import Target
from telemetry.quality import Quality
from tests.edge_gateway.drivers.opcua.conftest import Elsewhere, NodeServer
from tests.edge_gateway.drivers.opcua.plant import Watcher, driver, profile, target, told

FIELDS = {
    "spindle_speed": ("Full", "Actual.X", 1.5),
    "spindle_load": ("Full", "Actual.Y", -2.5),
    "feed_override": ("Without", "Speed", 250.0),
    "spindle_temperature": ("Full", "Torque", 12.5),
}


def axes(**fields: tuple[str, str]) -> Target:
    points = [{"signal": signal, "path": f"m:{node}", "field": field} for signal, (node, field) in fields.items()]
    return target(points, name="axes", root="Machines/axes")


@pytest.mark.parametrize("by", ["reading", "watching"])
async def test_fields_of_nested_structures_are_values(node_server: NodeServer, by: str) -> None:
    machine = axes(**{signal: (node, field) for signal, (node, field, _) in FIELDS.items()}, program=("Full", "Label"))
    if by == "reading":
        async with driver(node_server.port) as it:
            [poll] = (await it.read([machine])).polls
        values, texts = told(machine, poll), poll.texts
    else:
        async with Watcher(driver(node_server.port), machine) as watcher:
            await watcher.until(lambda: bool(watcher.rows))
        values, texts = watcher.rows[0].values, watcher.rows[0].texts
    assert values == {signal: (value, Quality.GOOD) for signal, (_, _, value) in FIELDS.items()}
    assert texts == {"program": "X1"}


async def test_a_field_that_is_not_there_is_bad_for_its_point_only(node_server: NodeServer) -> None:
    machine = axes(spindle_speed=("Full", "Actual.Z"), spindle_load=("Without", "Torque"), feed_override=("Full", "Speed"))
    async with driver(node_server.port) as it:
        [poll] = (await it.read([machine])).polls
    values = told(machine, poll)
    assert values["spindle_speed"][1] is Quality.BAD_CONFIGURATION_ERROR
    assert values["spindle_load"][1] is Quality.BAD_CONFIGURATION_ERROR, "optional, and left out by the server"
    assert values["feed_override"] == (250.0, Quality.GOOD)


async def test_structures_of_the_standard_have_fields_too(elsewhere: Elsewhere) -> None:
    machine = Target.from_profile(
        profile(
            [
                {"signal": "feed_override", "node": "i=2256", "field": "BuildInfo.ProductName"},
                {"signal": "spindle_speed", "node": "i=2256", "field": "SecondsTillShutdown"},
            ]
        ),
        name="server",
    )
    async with driver(elsewhere.port) as it:
        [poll] = (await it.read([machine])).polls
    assert told(machine, poll)["spindle_speed"] == (0.0, Quality.GOOD)
    assert told(machine, poll)["feed_override"][1] is Quality.BAD_CONFIGURATION_ERROR, "a text is no number"
