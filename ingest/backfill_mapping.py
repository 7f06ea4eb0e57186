"""What the columns of a file of history mean: settings of a backfill, and their application to a file's header."""

import codecs
import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, ValidationError

from device_profiles.kind import Signal, SignalType, load_kind
from store.copy_binary import CopyEncoder
from store.kind_tables import OTHER, SQL_TYPES
from telemetry.errors import ConfigError, Problem
from telemetry.settings import Settings, fit
from telemetry.toml_file import TomlFile
from telemetry.topics import NAME_PATTERN
from telemetry.units import Conversion, conversion

_AS_IT_IS = Conversion(1.0, 0.0)
_BOOLEAN_WORDS = {"true": 1.0, "false": 0.0, "on": 1.0, "off": 0.0, "yes": 1.0, "no": 0.0}


def _name(text: str) -> str:
    if text and not re.match(NAME_PATTERN, text):
        raise ValueError(f"{text[:80]!r} cannot be a name: letters, digits, '_', '.' and '-', at most 64")
    return text


def _zone(text: str) -> str:
    if text:
        try:
            ZoneInfo(text)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"{text!r} is not a time zone, such as Asia/Shanghai") from None
    return text


def _encoding(text: str) -> str:
    try:
        codecs.lookup(text)
    except LookupError:
        raise ValueError(f"{text!r} is not an encoding, such as utf-8 or gb18030") from None
    if "\n".encode(text) != b"\n":
        raise ValueError(f"{text!r} cannot be cut into lines: convert the file to utf-8")
    return text


Name = Annotated[str, AfterValidator(_name)]


class Mapping(Settings):
    """What ``--mapping FILE`` reads; each key is also an option of the command line, which wins."""

    gateway: Name = ""
    """The machines belong to this gateway."""
    equipment: Name = ""
    """All rows are of this machine."""
    equipment_column: str = ""
    """The column that names the machine of each row, as NAME or GATEWAY/NAME."""
    kind: str = ""
    """Kind of the machines, such as boiler."""
    time: str = Field(default="time", min_length=1)
    """The column of times."""
    time_format: str = Field(default="auto", min_length=1)
    """auto, iso, s, ms, us, ns (since 1970 UTC), or a pattern such as %d.%m.%Y %H:%M:%S."""
    zone: Annotated[str, AfterValidator(_zone)] = ""
    """Time zone of times that do not tell theirs, such as Asia/Shanghai."""
    dst: Literal["stop", "earliest", "latest"] = "stop"
    """What a local time means that a change of clocks skips or repeats."""
    map: dict[str, str] = Field(default={})
    """Signal by column, for columns that are not named like their signal."""
    unit: dict[str, str] = Field(default={})
    """Unit by column, where it is not the signal's own."""
    ignore_unknown: bool = False
    """Pass over columns that are no signals."""
    null: tuple[str, ...] = ()
    """Texts that mean "no value", beside the empty cell, NA, N/A, NULL and NaN."""
    bad_cells: Literal["stop", "null"] = "stop"
    """What to do about a cell that is no value of its signal."""
    duplicates: Literal["stop", "last"] = "stop"
    """What to do about a second row of one machine and time within a file."""
    overlap: Literal["refuse", "skip"] = "refuse"
    """What to do where the database already has rows between the first and the last time of the file."""
    not_before: date = date(2000, 1, 1)
    """Earlier times are mistakes."""
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    encoding: Annotated[str, AfterValidator(_encoding)] = "utf-8"


def read_mapping(file: Path | None, given: dict[str, Any]) -> Mapping:
    """Lay what the command line gives over what a mapping file holds, and check that nothing needed is missing.

    Raises
    ------
    ConfigError
        With file and line, or with the option.
    """
    content: dict[str, Any] = {}
    if file is not None:
        toml = TomlFile(file)
        fit(toml, Mapping)
        content = dict(toml.content)
    for key, value in given.items():
        content[key] = {**content.get(key, {}), **value} if isinstance(value, dict) else value
    try:
        mapping = Mapping.model_validate(content)
    except ValidationError as error:
        raise ConfigError(
            *(f"{_option(str(found['loc'][0]))}: {found['msg'].removeprefix('Value error, ')}" for found in error.errors())
        ) from None
    missing = [_option(name) for name in ("gateway", "kind") if not getattr(mapping, name)]
    if bool(mapping.equipment) == bool(mapping.equipment_column):
        missing.append("either --equipment or --equipment-column")
    if missing:
        raise ConfigError(f"needs {', '.join(missing)}")
    return mapping


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a file that becomes a signal."""

    name: str
    signal: str
    sql_type: str
    conversion: Conversion = _AS_IT_IS
    words: dict[str, float] | None = None
    """Numbers of the texts that may stand for a value; None for a measurement."""

    @property
    def encoder(self) -> CopyEncoder:
        return CopyEncoder({self.signal: self.sql_type})


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The columns of a file that are read."""

    time: str
    equipment: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> list[str]:
        return [self.time, *([self.equipment] if self.equipment else []), *(column.name for column in self.columns)]


def lay_out(mapping: Mapping, names: Sequence[str], path: Path) -> Layout:
    """Find the meaning of each column of a file.

    Raises
    ------
    ConfigError
        With every column that has none, and the signals that there are.
    """
    signals = {} if mapping.kind == OTHER else load_kind(mapping.kind).signals
    named = (mapping.time, mapping.equipment_column, *mapping.map, *mapping.unit)
    problems = [
        f"has no column {name!r}; it has: {', '.join(names)}" for name in dict.fromkeys(named) if name and name not in names
    ]
    problems += [f"has two columns {name!r}" for name in dict.fromkeys(names) if names.count(name) > 1]
    columns: list[Column] = []
    for name in names:
        if name in (mapping.time, mapping.equipment_column):
            continue
        signal = mapping.map.get(name, name)
        try:
            columns.append(_column(name, signal, mapping, signals))
        except ValueError as error:
            if name in mapping.map or name in mapping.unit or not mapping.ignore_unknown:
                problems.append(f"column {name!r}: {error}")
    by_signal: dict[str, str] = {}
    for column in columns:
        if column.signal in by_signal:
            problems.append(f"columns {by_signal[column.signal]!r} and {column.name!r} both are {column.signal}")
        by_signal[column.signal] = column.name
    if not columns and not problems:
        problems.append(f"no column is a signal of {mapping.kind}; known: {', '.join(_numeric(signals))}")
    if problems:
        raise ConfigError(*(Problem(message=problem, file=path) for problem in problems))
    return Layout(time=mapping.time, equipment=mapping.equipment_column, columns=tuple(columns))


def _column(name: str, signal: str, mapping: Mapping, signals: dict[str, Signal]) -> Column:
    if mapping.kind == OTHER:
        if not re.match(NAME_PATTERN, signal):
            raise ValueError(f"{signal!r} cannot name a signal: map it, --map {name!r}=NAME")
        if name in mapping.unit:
            raise ValueError("signals outside any profile have no unit to convert to")
        return Column(name=name, signal=signal, sql_type="double precision")
    found = signals.get(signal)
    if found is None or not found.is_numeric:
        known = _numeric(signals)
        near = difflib.get_close_matches(signal, known, n=1)
        raise ValueError(
            f"{mapping.kind} has no numeric signal {signal!r}"
            + (f", did you mean {near[0]!r}?" if near else "")
            + f" (map it with --map, or --ignore-unknown; known: {', '.join(known)})"
        )
    words = None
    if found.type is SignalType.BOOLEAN:
        words = _BOOLEAN_WORDS
    elif found.type is SignalType.ENUM:
        words = {state.name: float(state.code) for state in found.states}
    return Column(
        name=name,
        signal=signal,
        sql_type=SQL_TYPES[found.type],
        conversion=conversion(mapping.unit.get(name, found.unit), found.unit),
        words=words,
    )


def _numeric(signals: dict[str, Signal]) -> list[str]:
    return [name for name, signal in signals.items() if signal.is_numeric]


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")
