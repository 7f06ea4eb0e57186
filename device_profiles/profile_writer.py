"""Device models as files: written from a table of points, checked before anything is touched, and exported as a table."""

import csv
import difflib
import io
import json
import os
import re
import shutil
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError

from device_profiles.datatype import Datatype
from device_profiles.kind import Kind, Signal, SignalType, load_kind
from device_profiles.point_diff import Diff, diff_of
from device_profiles.point_table import PointTable, TablePoint, read_point_table
from device_profiles.point_words import SIGNAL_COLUMNS
from device_profiles.profile import Point, Profile, read_profile
from telemetry.errors import ConfigError, Problem
from telemetry.toml_file import TomlFile

_MAX_PROBLEMS = 200
_MAX_NAMES = 20
_ORDERS = ("word_order", "byte_order")
_PROFILES: dict[str, Any] = {get_args(model.model_fields["protocol"].annotation)[0]: model for model in get_args(Profile)}
_TYPES_WITH_UNIT = (SignalType.REAL, SignalType.DOUBLE, SignalType.INTEGER, SignalType.WAVEFORM)
_ROUNDED_BY_REAL = frozenset(
    datatype
    for datatype in Datatype
    if datatype.layout.format == "d" or max(datatype.layout.highest, -datatype.layout.lowest) > 1 << 24
)
"""Float32, as which a real travels, tells whole numbers apart up to 2 to the 24th."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """A table that fits: what it would change, and the profile's file as it would then be."""

    path: Path
    diff: Diff
    notices: tuple[str, ...]
    """What was ignored, spelled otherwise or taken for granted, for the engineer to see."""
    text: str

    def write(self) -> None:
        """Put the new file in the place of the old one, whole or not at all; without a difference the old one stays as it is.

        Raises
        ------
        ConfigError
            If the file cannot be written.
        """
        path = self.path.resolve()
        if not self.diff and path.exists():
            return
        part = path.with_name(path.name + ".part")
        try:
            with part.open("w", encoding="utf-8", newline="\n") as stream:
                stream.write(self.text)
                stream.flush()
                os.fsync(stream.fileno())
            if path.exists():
                shutil.copymode(path, part)
            part.replace(path)
            folder = os.open(path.parent, os.O_RDONLY)  # the new name, too, is to survive a power cut
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except BaseException as error:  # Ctrl-C too
            with suppress(OSError):
                part.unlink()
            if isinstance(error, OSError):
                raise ConfigError(error.strerror or str(error), file=self.path) from error
            raise


def import_points(
    table: Path,
    profile: Path,
    *,
    kind: str | None = None,
    maker: str | None = None,
    model: str | None = None,
    protocol: str | None = None,
    sheet: str | None = None,
) -> Import:
    """Read a table of points and make it the points of a profile, which need not exist yet; nothing is written.

    What the table has no column for stays as it is in an existing profile.

    Raises
    ------
    ConfigError
        With every mistake found, told by row and column of the table.
    """
    asked = {"kind": kind, "maker": maker, "model": model, "protocol": protocol}
    base = _base_of_file(profile, asked) if profile.exists() else _new_base(table, profile, asked)
    known = load_kind(base.content["kind"])
    point_model: type[Point] = get_args(base.model.model_fields["points"].annotation)[0]
    own = base.old.signals if base.old else {}
    found = _without_nameless(read_point_table(table, point_model, signals={**known.signals, **own}, sheet=sheet))
    problems, notices = [*found.problems], [*found.notices, *_keep_unspoken(found, base.content.get("points", []))]
    signals = _own_signals(found, known, base.content.get("signals", {}), problems, notices)
    units = {name: signal.unit for name, signal in known.signals.items()} | {
        name: signal.get("unit", "1") for name, signal in signals.items()
    }
    text = _profile_text(base, [_without_the_obvious(point, point_model, units) for point in found.points], signals)
    new = _load(text, profile, found, problems)
    if problems or new is None:
        hidden = len(problems) - _MAX_PROBLEMS
        more = [Problem(message=f"and {hidden:,} more mistakes", file=table)] if hidden > 0 else []
        raise ConfigError(*sorted(problems, key=lambda problem: problem.line or 0)[:_MAX_PROBLEMS], *more)
    diff = diff_of(base.old, new)
    if diff and base.lost_comments:
        notices.append(f"comments among the points are not kept: {base.lost_comments} lines of {profile}")
    return Import(path=profile, diff=diff, notices=tuple(notices), text=text)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Base:
    """What the points are put into: the head of a file as its author wrote it, or a new one."""

    model: Any
    content: dict[str, Any]
    head: str | None = None
    """Text of the file up to the points and its own signals; None for a new file."""
    old: Profile | None = None
    """None if there are no points yet."""
    lost_comments: int = 0


def _base_of_file(path: Path, asked: Mapping[str, str | None]) -> _Base:
    file = TomlFile(path)
    problems = [
        file.problem((key,), f"is {file.content.get(key)!r}, and the command says {value!r}")
        for key, value in asked.items()
        if value is not None and value != file.content.get(key)
    ]
    if problems:
        raise ConfigError(*problems)
    old = read_profile(path) if "points" in file.content else None
    protocol = file.content.get("protocol")
    if protocol not in _PROFILES:
        raise ConfigError(file.problem(("protocol",), f"is {protocol!r}; known: {', '.join(_PROFILES)}"))
    if not isinstance(file.content.get("kind"), str):
        raise ConfigError(file.problem(("kind",), "is missing"))
    if old is None:
        _check_signals(file)
    lines = path.read_text(encoding="utf-8").split("\n")
    cuts = [file.line_of((key,)) for key in ("points", "signals") if key in file.content]
    cut = min((line for line in cuts if line is not None), default=len(lines) + 1) - 1
    return _Base(
        model=_PROFILES[protocol],
        content=file.content,
        head="\n".join(lines[:cut]).rstrip() + "\n",
        old=old,
        lost_comments=sum(re.search(r"(^|\s)#", line) is not None for line in lines[cut:]),
    )


def _check_signals(file: TomlFile) -> None:
    """Check the signals of a head to which no points belong yet, and which therefore is no profile yet."""
    try:
        TypeAdapter(dict[str, Signal]).validate_python(file.content.get("signals", {}))
    except ValidationError as error:
        raise ConfigError(*(file.problem(("signals", *detail["loc"]), detail["msg"]) for detail in error.errors())) from None


def _new_base(table: Path, path: Path, asked: Mapping[str, str | None]) -> _Base:
    unprintable = [f"--{key}" for key, value in asked.items() if value and not value.isprintable()]
    if unprintable:
        raise ConfigError(f"{', '.join(unprintable)}: holds signs that cannot be printed")
    missing = [f"--{key}" for key in ("kind", "maker", "model") if not asked[key]]
    if missing:
        raise ConfigError(f"does not exist yet; a new one needs {', '.join(missing)}", file=path)
    protocol = asked["protocol"] or "modbus"
    if protocol not in _PROFILES:
        raise ConfigError(f"{protocol!r} is not a protocol of device profiles; known: {', '.join(_PROFILES)}")
    name = f"{asked['maker']} {asked['model']}"
    content = {key: asked[key] for key in ("kind", "maker", "model")} | {
        "label": {"zh": name, "en": name},
        "protocol": protocol,
        "source": f"Table of points {table.name}",
        "verified": "datasheet",
    }
    return _Base(model=_PROFILES[protocol], content=content)


def _without_nameless(found: PointTable) -> PointTable:
    """Leave out the rows whose signal nobody has filled in yet, as in the table of a scan, and say how many they are."""
    if "signal" not in found.heads:
        return found
    named = tuple(point for point in found.points if {"signal", "name"} & point.fields.keys() or {"signal", "name"} & point.wrong)
    skipped = len(found.points) - len(named)
    if not skipped:
        return found
    if not named:
        problem = Problem(message="no row has a signal yet", file=found.path, key=found.heads["signal"])
        return replace(found, points=(), problems=(*found.problems, problem))
    notice = f"skipped, for they have no signal: {skipped:,} {'row' if skipped == 1 else 'rows'}"
    return replace(found, points=named, notices=(*found.notices, notice))


def _keep_unspoken(found: PointTable, old_points: Sequence[Mapping[str, Any]]) -> list[str]:
    """Let points keep what the file says of them and the table has no column for."""
    old_of = {old.get("signal") or old.get("name"): old for old in old_points}
    kept: Counter[str] = Counter()
    for point in found.points:
        old = old_of.get(point.fields.get("signal") or point.fields.get("name"), {})
        for key, value in old.items():
            if key not in ("signal", "name") and key not in found.heads and key not in point.fields:
                point.fields[key] = value
                kept[key] += 1
    return [f"not in the table, kept as the profile has it: {key} ({times} points)" for key, times in kept.items()]


def _own_signals(
    found: PointTable, kind: Kind, old: Mapping[str, dict[str, Any]], problems: list[Problem], notices: list[str]
) -> dict[str, dict[str, Any]]:
    """Give the signals that the kind lacks, as their rows, or else the profile so far, define them."""
    signals: dict[str, dict[str, Any]] = {}
    fresh = []
    for point in found.points:
        name: str = point.fields.get("signal", "")
        if not name or name in kind.signals:
            continue
        signal = dict(old.get(name, {})) | {key: value for key, value in point.signal.items() if not key.startswith("label")}
        if name not in old:
            near = difflib.get_close_matches(name, kind.signals, n=1, cutoff=0.8)
            fresh.append(f"{name} (is {near[0]} meant?)" if near else name)
            signal.setdefault("type", _signal_type(point))
            if "unit" not in signal and "unit" in point.fields:
                signal["unit"] = point.fields["unit"]
            if "unit" not in signal and signal["type"] in _TYPES_WITH_UNIT and not point.wrong:
                hint = f"; or is {near[0]!r} meant?" if near else ""
                message = (
                    f"{name!r} is not a signal of {kind.name}, and one of the profile's own needs a unit ('1' for a number){hint}"
                )
                problems.append(Problem(message=message, file=found.path, line=point.row, key=found.heads.get("unit", "unit")))
        signal["label"] = _label(name, point.signal, signal.get("label"))
        signals[name] = signal
    if fresh:
        shown = ", ".join(fresh[:_MAX_NAMES]) + (f" and {len(fresh) - _MAX_NAMES:,} more" if len(fresh) > _MAX_NAMES else "")
        notices.append(f"not signals of {kind.name}, so they become the profile's own: {shown}")
    return signals


def _signal_type(point: TablePoint) -> str:
    """Choose the type of a signal of which nothing is said: real, unless that would lose what the datatype can tell apart."""
    datatype = point.fields.get("type")
    if datatype not in set(Datatype):
        return SignalType.REAL.value
    if Datatype(datatype).is_text:
        return SignalType.TEXT.value
    if datatype == Datatype.BOOLEAN:
        return SignalType.BOOLEAN.value
    return (SignalType.DOUBLE if datatype in _ROUNDED_BY_REAL else SignalType.REAL).value


def _label(name: str, said: Mapping[str, str], old: Mapping[str, str] | None) -> dict[str, str]:
    text = said.get("label", "")
    zh, en = (text, "") if re.search("[\u4e00-\u9fff]", text) else ("", text)
    zh, en = said.get("label_zh", zh), said.get("label_en", en)
    if old is not None:
        return {"zh": zh or old["zh"], "en": en or old["en"]}
    en = en or name.replace("_", " ").capitalize()
    return {"zh": zh or en, "en": en}


def _without_the_obvious(point: TablePoint, model: type[Point], units: Mapping[str, str]) -> dict[str, Any]:
    """Leave out defaults and repeated units, and put the fields into the order in which profiles have them."""
    fields = {key: value for key, value in point.fields.items() if value != model.model_fields[key].default}
    if fields.get("unit") == units.get(fields.get("signal", "")):
        fields.pop("unit", None)
    return {key: fields[key] for key in _in_order(model) if key in fields}


def _in_order(model: type[Point]) -> list[str]:
    common = ["scale", "offset", "unit", "map"]
    return ["signal", *(name for name in model.model_fields if name not in ("signal", *common)), *common]


def _load(text: str, profile: Path, found: PointTable, problems: list[Problem]) -> Profile | None:
    """Load the new file where it harms nobody; what is wrong with it is told in terms of the table."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "profile.toml")
        path.write_text(text, encoding="utf-8")
        try:
            return read_profile(path)
        except ConfigError as error:
            for problem in error.problems:
                problems += _in_the_table(problem, profile, found)
    return None


def _in_the_table(problem: Problem, profile: Path, found: PointTable) -> Iterator[Problem]:
    place = re.fullmatch(r"(?:points\[(?P<number>\d+)\]|signals\.(?P<name>\w+))(?:\.(?P<field>\w+).*)?", problem.key or "")
    if place is None:
        if problem.key != "points":  # that there are none is told already
            yield Problem(message=problem.message, file=profile, line=problem.line, key=problem.key)
        return
    key, head = place["field"], None
    if place["number"]:
        point = found.points[int(place["number"]) - 1]
    else:
        point = next(point for point in found.points if point.fields.get("signal") == place["name"])
        head = found.heads.get(f"signal_{key}")
    if point.wrong and (key is None or key in point.wrong):
        return
    if key is None or key in found.heads or problem.message != "is missing":
        yield Problem(message=problem.message, file=found.path, line=point.row, key=head or (key and found.heads.get(key, key)))


def _profile_text(base: _Base, points: Sequence[dict[str, Any]], signals: Mapping[str, Mapping[str, Any]]) -> str:
    content = dict(base.content)
    for order in _ORDERS:
        if order not in base.model.model_fields:
            continue
        all_have = {point.get(order) for point in points}
        if base.head is None and len(all_have) == 1 and None not in all_have:
            content[order] = all_have.pop()
        usual = content.get(order, base.model.model_fields[order].default)
        points = [{key: value for key, value in point.items() if key != order or value != usual} for point in points]
    head = base.head
    if head is None:
        head = _lines({key: value for key, value in content.items() if value != base.model.model_fields[key].default}) + "\n"
    said = tomllib.loads(head)
    rest = {key: value for key, value in content.items() if key not in (*said, "points", "signals")}
    is_open = "points" in tomllib.loads(f"{head}\npoints = 0")  # no table has begun
    if base.head is not None:
        head += "".join(f"{_key(key)} = {_toml(value)}\n" for key, value in rest.items() if not isinstance(value, dict))
    head += "" if head.splitlines()[-1].startswith("#") and is_open else "\n"
    text = head + (_inline_points(points) if is_open else "\n\n".join(f"[[points]]\n{_lines(point)}" for point in points) + "\n")
    for key, table in {**{key: value for key, value in rest.items() if isinstance(value, dict)}, "signals": signals}.items():
        text += f"\n[{_key(key)}]\n{_lines(table)}\n" if table else ""
    return text


def _inline_points(points: Sequence[Mapping[str, Any]]) -> str:
    """Write one point a line; what all of them have stands in columns."""
    rows = [
        {"" if key in ("signal", "name") else key: f"{key} = {_toml(value)}" for key, value in point.items()} for point in points
    ]
    common = {key for key in rows[0] if all(key in cells for cells in rows)} if rows else set()
    widths = {key: max(len(cells[key]) for cells in rows) + 1 for key in common}
    lines = []
    for cells in rows:
        parts = [f"{cell},".ljust(widths.get(key, 0)) for key, cell in cells.items()]
        lines.append(f"  {{ {' '.join(parts).rstrip().removesuffix(',')} }},\n")
    return f"points = [\n{''.join(lines)}]\n"


def _lines(table: Mapping[str, Any]) -> str:
    return "\n".join(f"{_key(key)} = {_toml(value)}" for key, value in table.items())


def _key(key: str) -> str:
    return key if re.fullmatch("[A-Za-z0-9_-]+", key) else _toml(key)


def _toml(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case float():
            return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
        case dict():
            return f"{{ {', '.join(f'{_key(key)} = {_toml(item)}' for key, item in value.items())} }}"
        case list() | tuple():
            return f"[{', '.join(map(_toml, value))}]"
        case _:
            return str(value)


def export_points(profile: Profile) -> str:
    """Write a profile's points as a table in CSV that `import_points` takes back, but for own signals' alarms and states."""
    model = type(profile.points[0])
    rows = []
    for point in profile.points:
        fields = point.model_dump(mode="python", exclude_unset=True, exclude_none=True)
        for order in ("word_order", "byte_order"):  # a table has no head in which the whole device's order could stand
            if getattr(profile, order, "big") != "big":
                fields.setdefault(order, getattr(profile, order))
        row = {key: _cell(value, model.model_fields[key].annotation) for key, value in fields.items()}
        own = profile.signals.get(point.signal or "")
        if own is not None:
            said = own.model_dump(mode="json", exclude_defaults=True)
            row |= {column: _cell(said[name], str) for column, name in SIGNAL_COLUMNS.items() if name in said}
            row |= {"label_zh": own.label.zh, "label_en": own.label.en}
        rows.append(row)
    used = {"signal", *(column for row in rows for column in row)}
    columns = [name for name in (*_in_order(model), *SIGNAL_COLUMNS, "label_zh", "label_en") if name in used]
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    # of an address as such nobody knows whether it is one of Modicon's
    writer.writerow("pdu_address" if column == "address" else column for column in columns)
    writer.writerows([row.get(column, "") for column in columns] for row in rows)
    return stream.getvalue()


def _cell(value: Any, annotation: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str() if int in get_args(annotation):
            return f'"{value}"'  # so that "1" stays a text
        case dict():
            return "; ".join(f"{key} = {item}" for key, item in value.items())
        case list() | tuple():
            return "; ".join(_cell(item, str) for item in value)
        case _:
            return str(value)
