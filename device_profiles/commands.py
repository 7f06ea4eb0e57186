"""The commands ``shangyun profiles list|show|check``."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from device_profiles.kind import Signal
    from device_profiles.profile import (
        ModbusPoint,
        ModbusProfile,
        MtConnectPoint,
        MtConnectProfile,
        OpcUaPoint,
        OpcUaProfile,
        Point,
        Profile,
    )


def add_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser("profiles", help="list, show and check device models", description="Device models.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    list_parser = commands.add_parser("list", help="list every device model", description="List every device model, by kind.")
    list_parser.set_defaults(run=list_profiles)
    show_parser = commands.add_parser("show", help="show one device model", description="Show a device model as a table.")
    show_parser.add_argument("name", metavar="NAME", help="device model, such as pv_inverter/sunspec_103")
    show_parser.set_defaults(run=show_profile)
    check_parser = commands.add_parser(
        "check",
        help="check device models and kinds",
        description="Name every mistake of the files with file, line and key; exit status 2 if there is one.",
    )
    check_parser.add_argument(
        "files", nargs="*", type=Path, metavar="FILE", help="device model or kind.toml; all that are installed if left out"
    )
    check_parser.set_defaults(run=check_profiles)


def list_profiles(_: argparse.Namespace) -> int:
    from device_profiles.profile import load_profile, profile_names

    rows = [("NAME", "MAKER", "MODEL", "PROTOCOL", "VERIFIED", "POINTS")]
    for name in profile_names():
        profile = load_profile(name)
        points = sum(point.signal is not None for point in profile.points)
        rows.append((name, profile.maker, profile.model, profile.protocol, profile.verified, str(points)))
    print(_table(rows))
    return 0


def show_profile(args: argparse.Namespace) -> int:
    from device_profiles.kind import load_kind
    from device_profiles.profile import load_profile, signals_of

    profile = load_profile(args.name)
    kind = load_kind(profile.kind)
    print(f"{args.name}: {profile.label.en} / {profile.label.zh}")
    print(f"kind      {profile.kind} ({kind.label.en} / {kind.label.zh})")
    print(f"protocol  {profile.protocol}")
    print(f"verified  {profile.verified}")
    print(f"source    {profile.source}")
    if profile.protocol == "modbus":
        limit = f"at most {profile.max_registers} registers a request"
        print(f"orders    words {profile.word_order}, bytes {profile.byte_order}; {limit}")
    print()
    print(_table(list(_rows(profile, signals_of(profile)))))
    missing = [name for name in kind.signals if name not in {point.signal for point in profile.points}]
    if profile.signals:
        own = ", ".join(
            f"{name} ({signal.type}; {signal.label.en} / {signal.label.zh})" for name, signal in profile.signals.items()
        )
        print(f"\nsignals of its own: {own}")
    if missing:
        print(f"\nnot in this device: {', '.join(missing)}")
    return 0


def check_profiles(args: argparse.Namespace) -> int:
    from device_profiles.kind import FOLDER, read_kind
    from device_profiles.profile import read_profile
    from telemetry.errors import ConfigError, Problem

    files = args.files or sorted(FOLDER.glob("*/*.toml"))
    problems: list[Problem] = []
    for file in files:
        try:
            read_kind(file) if file.name == "kind.toml" else read_profile(file)
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(*problems)
    print(f"{len(files)} files: fine")
    return 0


def _rows(profile: "Profile", signals: dict[str, "Signal"]) -> Iterator[Sequence[str]]:
    match profile.protocol:
        case "modbus":
            return _modbus_rows(profile, signals)
        case "opcua":
            return _opcua_rows(profile, signals)
        case "mtconnect":
            return _mtconnect_rows(profile, signals)


def _modbus_rows(profile: "ModbusProfile", signals: dict[str, "Signal"]) -> Iterator[Sequence[str]]:
    yield "TABLE", "ADDRESS", "TYPE", "SIGNAL", "RAW x", "DEVICE UNIT", "UNIT", "NOTES"
    for point in sorted(profile.points, key=lambda p: (p.table, p.address, p.bit_range or (0, 0))):
        address = f"{point.address}-{point.address + point.width - 1}" if point.width > 1 else f"{point.address}"
        if point.bit_range is not None:
            first, last = point.bit_range
            address += f".{first}" if first == last else f".{first}-{last}"
        signal = point.signal or f"({point.name})"
        scale = f"10^{point.scale_factor}" if point.scale_factor else f"{point.scale:g}" if point.signal else ""
        yield point.table, address, point.type, signal, scale, *_units(point, signals), _modbus_notes(point)


def _modbus_notes(point: "ModbusPoint") -> str:
    notes = [f"+ {point.offset:g}"] if point.offset else []
    notes += [f"{point.half} byte"] if point.half else []
    notes += [f"words {point.word_order}"] if point.word_order else []
    notes += [f"bytes {point.byte_order}"] if point.byte_order else []
    notes += [f"not available: {', '.join(map(str, point.sentinels))}"] if point.sentinels else []
    notes += [f"starts again after {point.modulus - 1}"] if point.modulus is not None else []
    notes += [f"always {point.constant}"] if point.constant is not None else []
    return "; ".join([*notes, *_states(point)])


def _opcua_rows(profile: "OpcUaProfile", signals: dict[str, "Signal"]) -> Iterator[Sequence[str]]:
    yield "SIGNAL", "BROWSE PATH OR NODE", "DEVICE UNIT", "UNIT", "NOTES"
    for point in profile.points:
        yield point.signal, _node(point), *_units(point, signals), "; ".join(_states(point))


def _node(point: "OpcUaPoint") -> str:
    index = "" if point.index is None else f"[{point.index}]"
    field = "" if point.field is None else f" field {point.field}"
    return f"{point.path or point.node}{index}{field}"


def _mtconnect_rows(profile: "MtConnectProfile", signals: dict[str, "Signal"]) -> Iterator[Sequence[str]]:
    yield "SIGNAL", "DATA ITEM", "DEVICE UNIT", "UNIT", "NOTES"
    for point in profile.points:
        yield point.signal, _data_item(point), *_units(point, signals), "; ".join(_states(point))


def _data_item(point: "MtConnectPoint") -> str:
    kind = point.type if point.sub_type is None else f"{point.type}/{point.sub_type}"
    place = "" if point.component is None else f" of {point.component}"
    return point.data_item or f"type {kind}{place}"


def _units(point: "Point", signals: dict[str, "Signal"]) -> tuple[str, str]:
    if point.signal is None:
        return "", ""
    unit = signals[point.signal].unit
    return point.unit or unit, unit


def _states(point: "Point") -> list[str]:
    return [", ".join(f"{code} {name}" for code, name in point.map.items())] if point.map else []


def _table(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
