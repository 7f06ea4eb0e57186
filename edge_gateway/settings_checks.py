"""What one table of ``gateway.toml`` says of another.

Checked on the raw file, so that a wrong port does not hide a missing connection.
"""

import difflib
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from device_profiles.profile import ModbusProfile, OpcUaProfile, Profile, load_profile, profile_names, signals_of
from telemetry.errors import ConfigError, Problem
from telemetry.toml_file import TomlFile

_PROTOCOL_OF_CONNECTION = {
    "modbus_tcp": "modbus",
    "modbus_rtu_over_tcp": "modbus",
    "modbus_rtu": "modbus",
    "opcua": "opcua",
    "mtconnect": "mtconnect",
    "nmea_udp": "nmea",
    "nmea_tcp": "nmea",
}
"""Which profiles a connection can carry."""
_SPOKEN = {"modbus": "Modbus", "opcua": "OPC UA", "mtconnect": "MTConnect", "nmea": "NMEA 0183"}
_OF_PROTOCOLS = {"unit_id": ("modbus",), "address_offset": ("modbus",), "root": ("opcua", "mtconnect")}
_Place = tuple[str, int]
_Taken = tuple[str, int, int, str]


def problems_between_tables(file: TomlFile) -> Iterator[Problem]:
    """Give every mistake that a single table does not show."""
    tables = file.content.get("connections")
    connections = tables if isinstance(tables, dict) else {}
    yield from _shared_devices(file, connections)
    listed = file.content.get("equipment")
    names: dict[str, int] = {}
    places: dict[_Taken, str] = {}
    for index, item in enumerate(listed if isinstance(listed, list) else []):
        if not isinstance(item, dict):
            continue
        place = ("equipment", index)
        name, connection = str(item.get("name")), item.get("connection")
        if "name" in item and name in names:
            first = file.line_of(("equipment", names[name]))
            yield file.problem((*place, "name"), f"{name!r} names two pieces of equipment; the other is on line {first}")
        names.setdefault(name, index)
        profile = _profile(file, item)
        if profile is not None:
            yield from _signal_problems(file, place, item, profile)
        if not isinstance(connection, str):
            continue
        if connection not in connections:
            near = difflib.get_close_matches(connection, connections, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(connections) or 'none'}"
            yield file.problem((*place, "connection"), f"there is no [connections.{connection}]; {hint}")
            continue
        table = connections[connection]
        protocol = _PROTOCOL_OF_CONNECTION.get(str(table.get("protocol"))) if isinstance(table, dict) else None
        if protocol is not None:
            yield from _protocol_problems(file, place, item, protocol=protocol, profile=profile)
        if protocol == "modbus":
            yield from _taken_places(file, place, item, connection, places)
        elif protocol == "nmea":
            yield from _taken_sentences(file, place, item, connection, places)


def _shared_devices(file: TomlFile, connections: Mapping[str, Any]) -> Iterator[Problem]:
    """Two connections to one device would speak at once to it, and many devices can hold one only."""
    known: dict[tuple[object, ...], str] = {}
    for name, table in connections.items():
        if not isinstance(table, dict):
            continue
        protocol = table.get("protocol")
        key = "device" if protocol == "modbus_rtu" else "url" if "url" in table else "port" if protocol == "nmea_udp" else "host"
        port = table.get("port", 10110 if str(protocol).startswith("nmea") else 502)
        # Two that listen share no port, whatever their addresses: one may be all of this machine's.
        address = ("UDP", port) if key == "port" else (table.get(key), None if key in ("device", "url") else port)
        if not all(isinstance(part, str | int | None) for part in address) or address[0] is None:
            continue  # told by the model
        other = known.setdefault(address, name)
        if other != name:
            yield file.problem(
                ("connections", name, key), f"is the device of [connections.{other}] already; its equipment can share that one"
            )


def _taken_places(
    file: TomlFile, place: _Place, item: Mapping[str, Any], connection: str, places: dict[_Taken, str]
) -> Iterator[Problem]:
    unit_id, offset = item.get("unit_id", 1), item.get("address_offset", 0)
    if not isinstance(unit_id, int) or not isinstance(offset, int):
        return
    name = str(item.get("name"))
    other = places.setdefault((connection, unit_id, offset, str(item.get("profile"))), name)
    if other != name:
        key = "address_offset" if "address_offset" in item else "unit_id" if "unit_id" in item else "connection"
        yield file.problem((*place, key), f"unit {unit_id} on {connection!r} is {other!r} already")


def _taken_sentences(
    file: TomlFile, place: _Place, item: Mapping[str, Any], connection: str, places: dict[_Taken, str]
) -> Iterator[Problem]:
    """Sentences name no ship: two of one profile on a connection would be one ship under two names."""
    name = str(item.get("name"))
    other = places.setdefault((connection, 0, 0, str(item.get("profile"))), name)
    if other != name:
        yield file.problem(
            (*place, "connection"), f"{connection!r} carries the sentences of one ship, which is {other!r} already"
        )


def _profile(file: TomlFile, item: Mapping[str, Any]) -> Profile | None:
    """Give the profile that an equipment names; None where that is wrong, which the model tells."""
    name = item.get("profile")
    if not isinstance(name, str):
        return None
    try:
        if name.endswith(".toml"):
            return load_profile(str(Path(file.path.resolve().parent, Path(name).expanduser())))
        return load_profile(name) if name in profile_names() else None
    except ConfigError:
        return None


def _protocol_problems(
    file: TomlFile, place: _Place, item: Mapping[str, Any], *, protocol: str, profile: Profile | None
) -> Iterator[Problem]:
    connection = item["connection"]
    for key, owners in _OF_PROTOCOLS.items():
        if key in item and protocol not in owners:
            hint = {"modbus": "give 'unit_id'", "opcua": "name the node with 'root'"}.get(protocol, "it has no such thing")
            yield file.problem(
                (*place, key), f"belongs to {_SPOKEN[owners[0]]}, and {connection!r} is {_SPOKEN[protocol]}; {hint}"
            )
    if profile is not None and profile.protocol != protocol:
        yield file.problem(
            (*place, "connection"), f"{connection!r} speaks {protocol}, but profile {item['profile']!r} is for {profile.protocol}"
        )
        return
    if isinstance(profile, ModbusProfile) and isinstance(item.get("address_offset"), int):
        addresses = [point.address + item["address_offset"] for point in profile.points]
        if min(addresses) < 0 or max(addresses) > 65535:
            yield file.problem(
                (*place, "address_offset"), f"moves the profile to {min(addresses)} … {max(addresses)}; addresses are 0 … 65535"
            )
    if protocol == "opcua" and "root" not in item:
        yield file.problem((*place, "root"), "is missing: where the machine stands below Objects, such as 'Machines/cnc-1'")
    if isinstance(profile, OpcUaProfile) and isinstance(item.get("root"), str):
        for part in item["root"].split("/"):
            prefix, colon, name = part.rpartition(":")
            if not name or (colon and prefix not in profile.namespaces):
                known = ", ".join(profile.namespaces)
                yield file.problem((*place, "root"), f"{part!r} is not '<name>' or '<prefix>:<name>' with a prefix of {known}")


def _signal_problems(file: TomlFile, place: _Place, item: Mapping[str, Any], profile: Profile) -> Iterator[Problem]:
    """Check the names and patterns of scan groups and deadbands: one that nothing matches is a slip of the pen."""
    carried = [point.signal for point in profile.points if point.signal]
    groups = item.get("groups")
    for index, group in enumerate(groups if isinstance(groups, list) else []):
        if not isinstance(group, dict):
            continue
        at = (*place, "groups", index)
        patterns = group.get("signals")
        for pattern in patterns if isinstance(patterns, list) else []:
            yield from _unmatched(file, (*at, "signals"), pattern, carried)
        yield from _deadband_problems(file, (*at, "on_change"), group.get("on_change"), carried, profile)
    yield from _deadband_problems(file, (*place, "on_change"), item.get("on_change"), carried, profile)


def _deadband_problems(
    file: TomlFile, place: tuple[str | int, ...], table: Any, carried: list[str], profile: Profile
) -> Iterator[Problem]:
    deadbands = table.get("deadband") if isinstance(table, dict) else None
    for pattern, value in deadbands.items() if isinstance(deadbands, dict) else []:
        at = (*place, "deadband", pattern)
        yield from _unmatched(file, at, pattern, carried)
        if isinstance(value, str):
            signals = signals_of(profile)
            bare = [name for name in carried if fnmatchcase(name, pattern) and signals[name].normal is None]
            if bare:
                yield file.problem(at, f"{value!r} is a part of the normal range, and {', '.join(bare)} has none; give a number")


def _unmatched(file: TomlFile, place: tuple[str | int, ...], pattern: Any, carried: list[str]) -> Iterator[Problem]:
    if isinstance(pattern, str) and not any(fnmatchcase(name, pattern) for name in carried):
        near = difflib.get_close_matches(pattern, carried, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(carried)}"
        yield file.problem(place, f"{pattern!r} is no signal of this profile; {hint}")
