"""Looking around on a server: the variables whose browse path fits a pattern, each once, with type, value and node id."""

import logging
import re
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, NamedTuple

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIdNames, ObjectIds
from asyncua.ua.uaerrors import UaStatusCodeError

from edge_gateway.drivers.opcua.driver import OpcUa
from edge_gateway.drivers.opcua.session import LOST, Session
from edge_gateway.drivers.opcua.values import shown, status_name
from edge_gateway.settings import OpcUaSettings
from edge_gateway.tables import print_table
from telemetry.errors import NotConnected, Refused
from telemetry.progress import Progress

_log = logging.getLogger(__name__)

MOST_NODES = 100_000
MOST_LEVELS = 32
_AT_A_TIME = 100
"""Nodes whose children are asked for in one request, where the server allows so many."""
_FROM_SERVER = 1000
"""References of one node in one answer; more come by continuation points."""

Told = Callable[[int, int], None]
"""Takes how many nodes were visited, and how many variables were found."""


class Variable(NamedTuple):
    """A variable that was found."""

    path: str
    """Browse path below Objects, names only; what `Target.root` and a profile's paths are made of."""
    node: str
    """Its id, ``ns=2;s=Temp``."""
    type: str
    value: str


class _Node(NamedTuple):
    id: ua.NodeId
    path: str
    is_variable: bool


async def browse(
    session: Session, pattern: str = "**", *, most_nodes: int = MOST_NODES, progress: Told | None = None
) -> AsyncIterator[Variable]:
    """Go through the nodes below Objects and give the variables whose path fits ``pattern``, level by level.

    ``*`` and ``?`` stand for parts of a name, ``**`` for any number of levels: ``Machines/*/Monitoring/**``. Branches in which
    nothing can fit are not entered, and neither is the server's description of itself unless the pattern names it.

    Raises
    ------
    NotConnected, Refused
        When the connection is lost, or the server does not let itself be browsed.
    """
    walk = _Walk(session, pattern.strip("/").split("/"), most_nodes)
    try:
        async for variable in walk.variables(progress or _say_nothing):
            yield variable
    except UaStatusCodeError as error:
        raise Refused(f"browsing: {status_name(error.code)}", code=error.code) from error
    except LOST as error:
        raise NotConnected(f"browsing: {str(error) or 'no answer in time'}") from error
    if walk.is_cut:
        _log.warning("browsing stopped after %d nodes; a narrower pattern shows the rest", most_nodes)


async def show_nodes(name: str, settings: OpcUaSettings, pattern: str) -> int:
    """Print a table of what `browse` finds over a connection of its own; give the exit status, 1 where nothing was found.

    Raises
    ------
    NotConnected, Refused, ConfigError
    """
    visited = 0

    def advance(now: int, _: int) -> None:
        nonlocal visited
        progress.advance(now - visited)
        visited = now

    with Progress("browse", total=0, unit="nodes") as progress:
        async with OpcUa(name, settings, now_us=lambda: time.time_ns() // 1000) as driver:
            found = [variable async for variable in browse(driver.session, pattern, progress=advance)]
    print_table(("path", "node", "type", "value"), sorted(found))
    return 0 if found else 1


class _Walk:
    """The way through a server's nodes, each of which is visited once, however many references lead to it."""

    def __init__(self, session: Session, parts: Sequence[str], most_nodes: int) -> None:
        self.is_cut = False
        self._session, self._parts, self._most_nodes = session, parts, most_nodes
        root = ua.NodeId(ua.Int32(ObjectIds.ObjectsFolder))
        self._level = [_Node(root, "", is_variable=False)]
        self._seen = {root}

    async def variables(self, progress: Told) -> AsyncIterator[Variable]:
        visited = found = depth = 0
        while self._level and depth < MOST_LEVELS:
            level, self._level, depth = self._level, [], depth + 1
            for start in range(0, len(level), _AT_A_TIME):
                some = level[start : start + _AT_A_TIME]
                fitting = [node for node in some if node.is_variable and _fits(node.path.split("/"), self._parts)]
                for variable in await _described(self._session, fitting):
                    yield variable
                for node, references in zip(some, await _references(self._session, [n.id for n in some]), strict=True):
                    self._enter(node, references)
                visited, found = visited + len(some), found + len(fitting)
                progress(visited, found)
            self.is_cut = self.is_cut or (depth >= MOST_LEVELS and bool(self._level))

    def _enter(self, above: _Node, references: Sequence[ua.ReferenceDescription]) -> None:
        for reference in references:
            child = _child(above, reference)
            if child is None or child.id in self._seen or not _may_lead(child.path.split("/"), self._parts):
                continue
            if len(self._seen) >= self._most_nodes:
                self.is_cut = True
                return
            self._seen.add(child.id)
            self._level.append(child)


def _say_nothing(visited: int, found: int) -> None:
    """Take the place of a progress display that nobody asked for."""


async def _references(session: Session, nodes: Sequence[ua.NodeId]) -> list[list[ua.ReferenceDescription]]:
    questions = [
        ua.BrowseDescription(
            NodeId=node,
            BrowseDirection=ua.BrowseDirection.Forward,
            ReferenceTypeId=ua.NodeId(ua.Int32(ObjectIds.HierarchicalReferences)),
            IncludeSubtypes=True,
            NodeClassMask=ua.UInt32(ua.NodeClass.Object | ua.NodeClass.Variable),
            ResultMask=ua.UInt32(ua.BrowseResultMask.All),
        )
        for node in nodes
    ]

    async def ask(some: list[ua.BrowseDescription]) -> list[ua.BrowseResult]:
        results = await _browse(session, some)
        for number, question in enumerate(some):
            if status_name(results[number].StatusCode.value) == "BadNoContinuationPoints":  # the others took them all
                [results[number]] = await _browse(session, [question])
        return results

    return [result.References or [] for result in await session.in_batches("MaxNodesPerBrowse", questions, ask)]


async def _browse(session: Session, questions: list[ua.BrowseDescription]) -> list[ua.BrowseResult]:
    """Ask once, and go on to the end of each list at once: servers keep few continuation points."""
    parameters = ua.BrowseParameters(RequestedMaxReferencesPerNode=ua.UInt32(_FROM_SERVER), NodesToBrowse=questions)
    results: list[ua.BrowseResult] = await session.understood(session.services.browse(parameters))
    for result in results:
        while result.ContinuationPoint:
            following = ua.BrowseNextParameters(ReleaseContinuationPoints=False, ContinuationPoints=[result.ContinuationPoint])
            [more] = await session.understood(session.services.browse_next(following))
            more.StatusCode.check()
            result.References += more.References
            result.ContinuationPoint = more.ContinuationPoint
    return results


def _child(above: _Node, reference: ua.ReferenceDescription) -> _Node | None:
    if getattr(reference.NodeId, "ServerIndex", 0):
        return None  # it stands on another server
    name = str(reference.BrowseName.Name)
    plain = ua.NodeId(reference.NodeId.Identifier, reference.NodeId.NamespaceIndex)
    return _Node(plain, f"{above.path}/{name}".lstrip("/"), reference.NodeClass == ua.NodeClass.Variable)


async def _described(session: Session, nodes: Sequence[_Node]) -> list[Variable]:
    if not nodes:
        return []
    ids = [node.id for node in nodes]
    values = await session.read(ids)
    types = await session.read(ids, AttributeIds.DataType)
    return [
        Variable(node.path, node.id.to_string(), _type_name(data_type, value), _short(shown(value)))
        for node, value, data_type in zip(nodes, values, types, strict=True)
    ]


def _type_name(data_type: ua.DataValue, value: ua.DataValue) -> str:
    node: Any = data_type.Value.Value if data_type.Value is not None else None
    if isinstance(node, ua.NodeId) and node.NamespaceIndex == 0 and isinstance(node.Identifier, int):
        name = ObjectIdNames.get(node.Identifier, node.to_string())
    else:
        name = node.to_string() if isinstance(node, ua.NodeId) else "?"
    is_array = value.Value is not None and isinstance(value.Value.Value, list)
    return f"{name}[{len(value.Value.Value)}]" if is_array and value.Value is not None else str(name)


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:79] + "…"


def _fits(names: Sequence[str], parts: Sequence[str]) -> bool:
    if not parts:
        return not names
    if parts[0] == "**":
        return any(_fits(names[skip:], parts[1:]) for skip in range(len(names) + 1))
    return bool(names) and _matches(names[0], parts[0]) and _fits(names[1:], parts[1:])


def _may_lead(names: Sequence[str], parts: Sequence[str]) -> bool:
    """Tell whether something at or below a path may fit; ``Server`` must be named, for every server is full of itself."""
    if names[0] == "Server" and parts[0] in ("**", "*"):
        return False
    for name, part in zip(names, parts, strict=False):
        if part == "**":
            return True
        if not _matches(name, part):
            return False
    return len(names) <= len(parts)


def _matches(name: str, part: str) -> bool:
    """Compare as `fnmatch` does, except for brackets, of which browse names are full: ``Axis[1]``."""
    expression = "".join({"*": ".*", "?": "."}.get(letter, re.escape(letter)) for letter in part)
    return re.fullmatch(expression, name, re.DOTALL) is not None
