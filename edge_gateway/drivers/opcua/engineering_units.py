"""Units as a server tells them: the property EngineeringUnits of a variable (OPC UA Part 8, 5.3.2.3)."""

from collections.abc import Sequence

from asyncua import ua
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.uaerrors import UaStatusCodeError

from edge_gateway.drivers.opcua.session import LOST, Session
from edge_gateway.drivers.opcua.values import status_name
from telemetry.errors import NotConnected, Refused

_UNIT = ua.RelativePath(
    Elements=[
        ua.RelativePathElement(
            ReferenceTypeId=ua.NodeId(ua.Int32(ObjectIds.HasProperty)),
            IsInverse=False,  # type: ignore[arg-type]  # the library's own default is a plain bool too
            IncludeSubtypes=True,  # type: ignore[arg-type]
            TargetName=ua.QualifiedName("EngineeringUnits", 0),
        )
    ]
)


async def engineering_units(session: Session, nodes: Sequence[str]) -> dict[str, str]:
    """Give the units of those variables that have one, by node id, in the server's own spelling.

    Raises
    ------
    NotConnected, Refused
        When the connection is lost, or the server does not answer such questions.
    """
    paths = [ua.BrowsePath(StartingNode=ua.NodeId.from_string(node), RelativePath=_UNIT) for node in nodes]
    try:
        results = await session.in_batches(
            "MaxNodesPerTranslate",
            paths,
            lambda some: session.understood(session.services.translate_browsepaths_to_nodeids(some)),
        )
        properties = {
            node: result.Targets[0].TargetId
            for node, result in zip(nodes, results, strict=True)
            if result.StatusCode.is_good() and result.Targets
        }
        values = await session.read(list(properties.values()))
    except UaStatusCodeError as error:
        raise Refused(f"reading units: {status_name(error.code)}", code=error.code) from error
    except LOST as error:
        raise NotConnected(f"reading units: {str(error) or 'no answer in time'}") from error
    told = {node: _text(value) for node, value in zip(properties, values, strict=True)}
    return {node: unit for node, unit in told.items() if unit}


def _text(value: ua.DataValue) -> str:
    unit = value.Value.Value if value.Value is not None else None
    return (unit.DisplayName.Text or "").strip() if isinstance(unit, ua.EUInformation) else ""
