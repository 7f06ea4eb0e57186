"""What is wrong with a profile as a whole: points against the kind's signals, and against each other."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from device_profiles import kind as kinds
from device_profiles.datatype import Datatype
from device_profiles.kind import Kind, Signal, SignalType, device_code
from telemetry.errors import Problem
from telemetry.toml_file import TomlFile
from telemetry.units import conversion

if TYPE_CHECKING:
    from device_profiles.profile import ModbusPoint, ModbusProfile, OpcUaProfile, Point, Profile

_SCALE_FACTORS = (Datatype.INT8, Datatype.UINT8, Datatype.INT16, Datatype.UINT16, Datatype.INT32, Datatype.UINT32)
_NODE_ID = re.compile(r"^(ns=\d+;|(?P<prefix>[^:=;]+):)?(i=\d+|[sgb]=.+)$")
_TRUTH = ("false", "true")


def signal_problems(file: TomlFile, profile: "Profile", kind: Kind) -> Iterator[Problem]:
    """Tell what does not fit between points, the kind's signals and the profile's own."""
    yield from kinds.signal_problems(file, profile.signals, kind)
    carried = Counter(point.signal for point in profile.points if point.signal)
    for name in profile.signals:
        if name in kind.signals:
            yield file.problem(("signals", name), f"is a signal of {kind.name} already")
        elif name not in carried:
            yield file.problem(("signals", name), "is carried by no point")
    signals = kind.signals | profile.signals
    for index, point in enumerate(profile.points):
        place = ("points", index)
        if point.signal is None:
            continue
        if carried[point.signal] > 1:
            yield file.problem(place, f"signal {point.signal!r} stands {carried[point.signal]} times")
        if point.signal not in signals:
            yield file.problem(place, f"{point.signal!r} is not a signal of {kind.name}; known: {', '.join(signals)}")
        else:
            yield from _map_problems(file, place, point, signals[point.signal], has_words=profile.protocol == "mtconnect")
            yield from _unit_problems(file, place, point, signals[point.signal])
            if signals[point.signal].type is SignalType.WAVEFORM and profile.protocol != "opcua":
                yield file.problem(place, f"{point.signal!r} is a waveform, which only OPC UA carries, not {profile.protocol}")


def _map_problems(
    file: TomlFile, place: tuple[str, int], point: "Point", signal: Signal, *, has_words: bool
) -> Iterator[Problem]:
    if point.map is None:
        return
    if signal.type not in (SignalType.ENUM, SignalType.BOOLEAN):
        yield file.problem(place, f"has a 'map', but {point.signal!r} is {signal.type}, not enum or boolean")
        return
    names = sorted(state.name for state in signal.states) or _TRUTH
    for code, meant in point.map.items():
        if not set(meant.split("|")) <= set(names) or not (has_words or device_code(code) is not None):
            yield file.problem(place, f"map {code} = {meant!r}: a device code, then one of {', '.join(names)}")


def _unit_problems(file: TomlFile, place: tuple[str, int], point: "Point", signal: Signal) -> Iterator[Problem]:
    if point.unit is not None:
        try:
            conversion(point.unit, signal.unit)
        except ValueError as error:
            yield file.problem((*place, "unit"), str(error))


def modbus_problems(file: TomlFile, profile: "ModbusProfile", kind: Kind) -> Iterator[Problem]:
    """Tell what does not fit between the points of a register map, and between datatypes and signals."""
    signals: Mapping[str, Signal] = kind.signals | profile.signals
    helpers = {point.name: point for point in profile.points if point.name}
    labels = Counter(point.label for point in profile.points)
    for index, point in enumerate(profile.points):
        place = ("points", index)
        if point.name is not None and labels[point.name] > 1:
            yield file.problem((*place, "name"), f"{point.name!r} names {labels[point.name]} points")
        if point.scale_factor is not None:
            why = _why_not_scaled_by(helpers.get(point.scale_factor), point, profile)
            if why:
                yield file.problem((*place, "scale_factor"), f"{point.scale_factor!r} {why}")
        signal = signals.get(point.signal or "")
        if signal is None:
            continue
        if signal.type is not SignalType.WAVEFORM and signal.is_numeric == point.type.is_text:
            yield file.problem(place, f"type {point.type} cannot carry {point.signal!r}, which is {signal.type}")
        if point.modulus is not None and signal.type is not SignalType.DOUBLE:
            yield file.problem((*place, "rollover"), f"belongs to a counter of type double; {point.signal!r} is {signal.type}")


def _why_not_scaled_by(helper: "ModbusPoint | None", point: "ModbusPoint", profile: "ModbusProfile") -> str | None:
    if helper is None:
        return "is not a named point of this profile"
    if helper.type not in _SCALE_FACTORS or helper.bit_range is not None:
        return f"is {helper.type}, and a power of ten is a whole number of 8 to 32 bits"
    if helper.table is not point.table or _span([point, helper]) > profile.max_registers:
        return "cannot be read in the same request"
    return None


def _span(points: "Sequence[ModbusPoint]") -> int:
    return max(p.address + p.width for p in points) - min(p.address for p in points)


def opcua_problems(file: TomlFile, profile: "OpcUaProfile", kind: Kind) -> Iterator[Problem]:
    """Tell what is no browse path or node id, or has a prefix that the profile does not explain, and what no waveform has."""
    signals = kind.signals | profile.signals
    for index, point in enumerate(profile.points):
        place = ("points", index)
        if point.path is not None:
            yield from _path_problems(file, (*place, "path"), point.path, profile)
        if point.node is not None:
            yield from _node_problems(file, (*place, "node"), point.node, profile)
        if point.rate is not None:
            problems = _node_problems if point.path is None else _path_problems
            yield from problems(file, (*place, "rate"), point.rate, profile)
        signal = signals.get(point.signal)
        if signal is None:
            continue
        is_waveform = signal.type is SignalType.WAVEFORM
        if is_waveform and point.index is not None:
            yield file.problem((*place, "index"), f"takes one number, and {point.signal!r} is a waveform")
        elif not is_waveform and (point.rate is not None or point.rate_hz is not None):
            key = "rate" if point.rate_hz is None else "rate_hz"
            yield file.problem((*place, key), f"belongs to a waveform; {point.signal!r} is {signal.type}")


def _path_problems(file: TomlFile, place: tuple[str | int, ...], path: str, profile: "OpcUaProfile") -> Iterator[Problem]:
    for part in path.split("/"):
        prefix, colon, name = part.partition(":")
        if not colon or not name or prefix not in profile.namespaces:
            prefixes = ", ".join(profile.namespaces)
            yield file.problem(place, f"{part!r} is not '<prefix>:<name>' with one of the prefixes {prefixes}")


def _node_problems(file: TomlFile, place: tuple[str | int, ...], text: str, profile: "OpcUaProfile") -> Iterator[Problem]:
    node = _NODE_ID.match(text)
    if node is None or (node["prefix"] is not None and node["prefix"] not in profile.namespaces):
        prefixes = ", ".join(profile.namespaces)
        message = f"{text!r} is not a node id such as 'ns=2;s=Temp', or 's=Temp' behind one of the prefixes {prefixes}"
        yield file.problem(place, message)
