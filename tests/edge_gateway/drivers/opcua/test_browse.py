"""Looking around on servers of two makings."""

from typing import Any

import pytest
from asyncua import ua
from asyncua.ua.object_ids import ObjectIds

from edge_gateway.drivers.opcua import browse as browsing
from edge_gateway.drivers.opcua.browse import Variable, browse, show_nodes
from tests.edge_gateway.drivers.opcua.conftest import Elsewhere, NodeServer
from tests.edge_gateway.drivers.opcua.plant import VALUES, driver, settings


async def found(port: int, pattern: str, **more: Any) -> list[Variable]:
    async with driver(port) as it:
        return [variable async for variable in browse(it.session, pattern, **more)]


async def test_a_pattern_finds_variables_with_type_value_and_node(elsewhere: Elsewhere) -> None:
    variables = await found(elsewhere.port, "Machines/*/Monitoring/**")
    assert {variable.path for variable in variables} == {f"Machines/cnc-1/Monitoring/{name}" for name in VALUES}
    speed = next(variable for variable in variables if variable.path.endswith("/Speed"))
    assert speed == Variable(
        "Machines/cnc-1/Monitoring/Speed", elsewhere.machine.nodes["Speed"].nodeid.to_string(), "Double", "8000.5"
    )


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("Machines/cnc-1/Monitoring/S*", ["Speed", "State"]),
        ("**/Spee?", ["Speed"]),
        ("Machines/*/Speed", []),
        ("Machines/**/Monitoring/Program", ["Program"]),
        ("Machines/[c]nc-1/**", []),
        ("Machines/**", sorted(VALUES)),
        ("M*/**", sorted(VALUES)),
    ],
)
async def test_patterns(elsewhere: Elsewhere, pattern: str, names: list[str]) -> None:
    variables = await found(elsewhere.port, pattern)
    assert sorted(variable.path.rpartition("/")[2] for variable in variables) == names


async def test_what_the_server_says_of_itself_is_found_by_name(elsewhere: Elsewhere) -> None:
    [state] = await found(elsewhere.port, "Server/ServerStatus/State")
    assert state.node == "i=2259"


async def test_a_node_to_which_several_ways_lead_is_given_once_and_a_circle_ends(elsewhere: Elsewhere) -> None:
    monitoring = elsewhere.machine.monitoring
    machines = await elsewhere.do(monitoring.get_parent())
    assert machines is not None
    await elsewhere.do(monitoring.add_reference(machines, ua.NodeId(ua.Int32(ObjectIds.Organizes)), bidirectional=False))
    variables = await found(elsewhere.port, "Machines/**")
    assert len(variables) == len({variable.node for variable in variables}) == len(VALUES)


async def test_1500_variables_come_within_the_servers_limits_and_by_continuation_points(
    node_server: NodeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browsing, "_FROM_SERVER", 70)
    told: list[tuple[int, int]] = []
    async with driver(node_server.port) as it:
        variables = [v async for v in browse(it.session, "Machines/many/**", progress=lambda *now: told.append(now))]
    assert {variable.path: variable.value for variable in variables} == {
        f"Machines/many/Monitoring/Value{n}": f"{float(n)}" for n in range(1500)
    }
    assert told[-1][1] == 1500
    assert len(told) > 15


async def test_a_walk_that_is_cut_short_says_so(elsewhere: Elsewhere, caplog: pytest.LogCaptureFixture) -> None:
    assert len(await found(elsewhere.port, "**", most_nodes=6)) < len(VALUES)
    assert "stopped after 6 nodes" in caplog.text


async def test_the_command_prints_a_table(elsewhere: Elsewhere, capsys: pytest.CaptureFixture[str]) -> None:
    assert await show_nodes("cnc", settings(elsewhere.port), "Machines/*/Monitoring/S*") == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == ["path", "node", "type", "value"]
    assert [row.split()[0] for row in rows if "Monitoring" in row] == [
        f"Machines/cnc-1/Monitoring/{n}" for n in ("Speed", "State")
    ]
    assert await show_nodes("cnc", settings(elsewhere.port), "Nowhere/**") == 1
