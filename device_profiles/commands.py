"""``shangyun profiles list|show|check``; what makes profiles is in `profile_commands`."""

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from device_profiles import profile_commands

if TYPE_CHECKING:
    from device_profiles.kind import Kind, Signal
    from device_profiles.profile import (
        ModbusPoint,
        ModbusProfile,
        MtConnectPoint,
        MtConnectProfile,
        NmeaProfile,
        OpcUaPoint,
        OpcUaProfile,
        Point,
        Profile,
    )
    from telemetry.errors import Problem


def add_commands(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    text = "list, show, check and make device models"
    parser = subparsers.add_parser("profiles", help=text, description=f"{text[:1].upper()}{text[1:]}.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    list_parser = commands.add_parser("list", help="list every device model", description="List every device model, by kind.")
    list_parser.add_argument("--kind", help="only those of this equipment kind")
    list_parser.add_argument("--maker", help="only those of this maker")
    list_parser.add_argument("--protocol", help="only those that speak it: modbus, opcua, mtconnect, nmea")
    list_parser.add_argument(
        "--verified", metavar="GRADE", help="only those of this grade: standard, datasheet, simulator, field"
    )
    list_parser.add_argument("--json", action="store_true", help="for programs: a list of objects")
    list_parser.set_defaults(run=list_profiles)
    show_parser = commands.add_parser(
        "show",
        help="show a device model or an equipment kind",
        description="Show a device model as its datasheet would, or the signals of an equipment kind.",
    )
    show_parser.add_argument(
        "name", metavar="NAME", help="device model (pv_inverter/sunspec_103), file of your own, or kind (boiler)"
    )
    show_parser.add_argument("--kind", action="store_true", help="show the signals of the device model's kind instead")
    show_parser.set_defaults(run=show)
    check_parser = commands.add_parser(
        "check",
        help="check device models and kinds",
        description="Name every mistake of the files with file, line and key; exit status 2 if there is one.",
    )
    check_parser.add_argument(
        "files", nargs="*", type=Path, metavar="FILE", help="device model or kind.toml; all that are installed if left out"
    )
    check_parser.set_defaults(run=check_profiles)
    profile_commands.add_commands(commands)


def list_profiles(args: argparse.Namespace) -> int:
    from device_profiles.kind import load_kind
    from device_profiles.profile import load_profile, profile_names

    asked = {key: value for key in ("kind", "maker", "protocol", "verified") if (value := getattr(args, key)) is not None}
    if "kind" in asked:
        load_kind(asked["kind"])  # which tells the legal names if there is no such kind
    found = {name: load_profile(name) for name in profile_names()}
    found = {name: p for name, p in found.items() if all(getattr(p, key) == value for key, value in asked.items())}
    rows = [
        {
            "name": name,
            "kind": profile.kind,
            "maker": profile.maker,
            "model": profile.model,
            "protocol": profile.protocol,
            "verified": profile.verified,
            "points": sum(point.signal is not None for point in profile.points),
        }
        for name, profile in found.items()
    ]
    if args.json:
        labels = {name: profile.label.model_dump() for name, profile in found.items()}
        print(json.dumps([row | {"label": labels[str(row["name"])]} for row in rows], ensure_ascii=False, indent=2))
        return 0
    heads = ("name", "kind", "maker", "model", "protocol", "verified", "points")
    print(_table([[head.upper() for head in heads], *([str(row[head]) for head in heads] for row in rows)]))
    kinds = len({profile.kind for profile in found.values()})
    print(f"\n{len(found)} device models of {kinds} {'kind' if kinds == 1 else 'kinds'}")
    return 0


def show(args: argparse.Namespace) -> int:
    from device_profiles.kind import kind_names, load_kind
    from device_profiles.profile import load_profile, profile_names
    from telemetry.errors import ConfigError

    if args.name in kind_names():
        _show_kind(load_kind(args.name))
    elif not args.name.endswith(".toml") and args.name not in profile_names():
        known = f"kinds: {', '.join(kind_names())}; device models: see shangyun profiles list"
        raise ConfigError(f"{args.name!r} is neither a device model nor an equipment kind; {known}")
    elif args.kind:
        _show_kind(load_kind(load_profile(args.name).kind))
    else:
        _show_profile(args.name, load_profile(args.name))
    return 0


def _show_profile(name: str, profile: "Profile") -> None:
    from device_profiles.kind import load_kind
    from device_profiles.profile import signals_of

    kind = load_kind(profile.kind)
    print(f"{name}: {profile.label.en} / {profile.label.zh}")
    print(f"kind      {profile.kind} ({kind.label.en} / {kind.label.zh})")
    print(f"protocol  {profile.protocol}")
    print(f"verified  {profile.verified}")
    print(f"source    {profile.source}")
    if profile.protocol == "modbus":
        limit = f"at most {profile.max_registers} registers a request"
        print(f"orders    words {profile.word_order}, bytes {profile.byte_order}; {limit}")
    print()
    print(_table(list(_rows(profile, signals_of(profile)))))
    missing = [signal for signal in kind.signals if signal not in {point.signal for point in profile.points}]
    if profile.signals:
        own = ", ".join(f"{signal} ({its.type}; {its.label.en} / {its.label.zh})" for signal, its in profile.signals.items())
        print(f"\nsignals of its own: {own}")
    if missing:
        print(f"\nnot in this device: {', '.join(missing)}")


def _show_kind(kind: "Kind") -> None:
    """Print a kind as its file has it: the signals of parts once, what happens beyond a limit and the states below the table."""
    print(f"{kind.name}: {kind.label.en} / {kind.label.zh}")
    print(f"source    {kind.source}")
    for name, part in kind.parts.items():
        print(f"parts     {{{name}}} is one of {', '.join(part.all_names)} ({part.label.en} / {part.label.zh})")
    print()
    # Chinese characters take two places of a terminal, so they stand in the last column, where nothing is beside them.
    rows = [("SIGNAL", "TYPE", "UNIT", "ROLE", "NORMAL", "LIMITS", "LABEL")]
    for name, signal in kind.families.items():
        normal = f"{signal.normal[0]:g} to {signal.normal[1]:g}" if signal.normal else ""
        limits = ", ".join(f"{alarm.limit} {alarm.value:g}" for alarm in signal.alarms)
        unit = "" if signal.unit == "1" else signal.unit
        label = f"{signal.label.en} / {signal.label.zh}"
        rows.append((f"{name} *" if signal.key else name, signal.type, unit, signal.role or "", normal, limits, label))
    print(_table(rows))
    print(f"\n{len(kind.signals)} signals; * shown first")
    for name, signal in kind.families.items():
        if signal.states:
            print(f"\n{name}")
            print(_table([(f"  {state.code}", state.name, f"{state.label.en} / {state.label.zh}") for state in signal.states]))
        if signal.alarms:
            where = f" while {', '.join(signal.applies_in)}" if signal.applies_in else ""
            print(f"\n{name}{where}")
        for alarm in signal.alarms:
            print(f"  {alarm.limit} {alarm.value:g}{'' if signal.unit == '1' else f' {signal.unit}'}")
            print(f"    {alarm.consequence.en}; {alarm.action.en}\n    {alarm.consequence.zh}；{alarm.action.zh}")


def check_profiles(args: argparse.Namespace) -> int:
    from device_profiles.kind import FOLDER
    from telemetry.errors import ConfigError

    files = args.files or sorted(FOLDER.glob("*/*.toml"))
    problems = [problem for file in files for problem in _problems_of(file)]
    if problems:
        raise ConfigError(*problems)
    print(f"{len(files)} files: fine")
    return 0


def _problems_of(path: Path) -> "list[Problem]":
    from device_profiles.kind import read_kind
    from device_profiles.profile import read_profile
    from telemetry.errors import ConfigError

    try:
        read_kind(path) if path.name == "kind.toml" else read_profile(path)
    except ConfigError as error:
        found = list(error.problems)
        if path.name != "kind.toml":
            found += [problem for problem in _problems_of_sound_points(path) if problem not in found]
        return sorted(found, key=lambda problem: problem.line or 0)
    return []


def _problems_of_sound_points(path: Path) -> "Iterator[Problem]":
    """Hold the points that are sound in themselves against their kind, where something else keeps the file from being loaded.

    What needs all points, such as a helper that another one names, is told when they are sound.
    """
    from pydantic import TypeAdapter, ValidationError

    from device_profiles.kind import Signal, load_kind
    from device_profiles.profile import Point, Profile
    from device_profiles.profile_checks import signal_problems
    from telemetry.errors import ConfigError
    from telemetry.toml_file import TomlFile

    models = {get_args(model.model_fields["protocol"].annotation)[0]: model for model in get_args(Profile)}
    try:
        file = TomlFile(path)
        kind, model = load_kind(file.content["kind"]), models[file.content["protocol"]]
        own = TypeAdapter(dict[str, Signal]).validate_python(file.content.get("signals", {}))
        listed = TypeAdapter(list[Any]).validate_python(file.content["points"])
    except (ConfigError, ValidationError, KeyError, TypeError):
        return  # which is told already
    [point_model, *_] = get_args(model.model_fields["points"].annotation)
    points: list[Point] = []
    for point in listed:
        try:
            points.append(point_model.model_validate(point))
        except ValidationError:
            points.append(Point())  # it keeps the place
    sound = model.model_construct(kind=kind.name, protocol=file.content["protocol"], signals=own, points=tuple(points))
    for problem in signal_problems(file, sound, kind):
        if problem.key is not None and problem.key.startswith("points["):
            yield problem


def _rows(profile: "Profile", signals: dict[str, "Signal"]) -> Iterator[Sequence[str]]:
    match profile.protocol:
        case "modbus":
            return _modbus_rows(profile, signals)
        case "opcua":
            return _opcua_rows(profile, signals)
        case "mtconnect":
            return _mtconnect_rows(profile, signals)
        case "nmea":
            return _nmea_rows(profile, signals)


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
    notes += [f"failed: {', '.join(map(str, point.failures))}"] if point.failures else []
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


def _nmea_rows(profile: "NmeaProfile", signals: dict[str, "Signal"]) -> Iterator[Sequence[str]]:
    from device_profiles.nmea_fields import FIELDS

    yield "SIGNAL", "SENTENCE", "FIELD", "SOURCE", "TALKER", "DEVICE UNIT", "UNIT", "NOTES"
    for point in profile.points:
        told = point.unit or FIELDS[point.sentence][point.field].unit
        where = point.sentence, point.field, point.source or "", point.talker or "any"
        yield point.signal, *where, told, signals[point.signal].unit, "; ".join(_states(point))


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
