"""A kind of equipment: its canonical signals, read from ``<kind>/kind.toml``."""

import itertools
import re
import string
from collections import Counter
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache, cached_property
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from telemetry.errors import ConfigError, Problem
from telemetry.settings import Settings, fit
from telemetry.toml_file import TomlFile
from telemetry.units import is_unit

FOLDER = Path(__file__).parent
SIGNAL_PATTERN = r"^[a-z][a-z0-9_]{0,62}$"
"""A signal's name is also a column of the database, so it must be an identifier of PostgreSQL."""
_RESERVED = frozenset({"time", "equipment_id"})
MOST_SIGNALS = 390
"""A rollup has four columns a signal and PostgreSQL 1,600 columns a table."""


class SignalType(StrEnum):
    """What a value is; it decides the column in the database and the width on the wire."""

    REAL = "real"
    """A measurement; float32 is finer than any sensor."""
    DOUBLE = "double"
    """A counter or an energy that float32 would round away."""
    INTEGER = "integer"
    """A count or a bit field."""
    BOOLEAN = "boolean"
    ENUM = "enum"
    """One of the states that the signal lists."""
    TEXT = "text"
    """A name or a message; it travels as an event and has no column."""
    WAVEFORM = "waveform"
    """Records of many samples a second, in the signal's unit; they travel as blocks and have no column."""


class Role(StrEnum):
    """What analytics use a signal for."""

    OUTPUT = "output"
    """What the machine is there for: steam, power, compressed air."""
    INPUT = "input"
    """What it is fed with, and what its operators adjust."""
    LOAD = "load"
    """How hard it works."""
    STATE = "state"
    """What it is doing."""
    SETPOINT = "setpoint"
    """What it is told to do."""
    COUNTER = "counter"
    """Grows and never falls but by a reset."""
    CONDITION = "condition"
    """What shows its health."""
    QUALITY = "quality"
    """What shows the quality of the product."""
    AMBIENT = "ambient"
    """What surrounds it: weather, grid, sea."""
    POSITION = "position"
    """Where it is."""
    NAMEPLATE = "nameplate"
    """What stands on it."""


class Label(Settings):
    """A text for people, in both languages of the house."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def of(self, **numbers: str) -> Self:
        """Give the label of one of several: ``String {string} current`` for string 7."""
        return type(self)(zh=_filled(self.zh, numbers), en=_filled(self.en, numbers))


class Part(Settings):
    """Equipment of which a machine has several: strings, cylinders, axes."""

    label: Label
    names: tuple[str, ...] = ()
    """What tells them apart: ``["x", "y", "z"]``."""
    count: int = Field(default=0, ge=0, le=99)
    """Instead of names: they are numbered from 1 to ``count``."""

    @property
    def all_names(self) -> tuple[str, ...]:
        return self.names or tuple(str(number) for number in range(1, self.count + 1))

    @model_validator(mode="after")
    def _has_members(self) -> Self:
        if bool(self.names) == bool(self.count):
            raise ValueError("has either 'names' or a 'count'")
        return self


class State(Settings):
    """One value of an enum signal."""

    code: int = Field(ge=0, le=32767)
    name: str = Field(pattern=SIGNAL_PATTERN)
    label: Label


class Alarm(Settings):
    """A limit with what happens beyond it and what the operator does; without an action it would be no alarm (ISA-18.2)."""

    limit: Literal["low_low", "low", "high", "high_high"]
    value: float
    consequence: Label
    action: Label
    priority: Literal["critical", "high", "medium", "low"] | None = None
    """Where it is left out: high for the outermost limits, medium for the others."""
    deadband: float | None = Field(default=None, ge=0)
    """How far the value must come back; where it is left out, 1 % of the distance between the signal's outermost numbers."""
    on_delay_seconds: float | None = Field(default=None, ge=0, le=86400)
    """Where it is left out: temperature and level 60, pressure and flow 15, others 5; at most 5 for a critical alarm."""
    off_delay_seconds: float | None = Field(default=None, ge=0, le=86400)
    """Where it is left out, the same as ``on_delay_seconds`` of an alarm that is not critical."""


class Signal(Settings):
    """One canonical signal of a kind."""

    type: SignalType
    label: Label
    unit: str = "1"
    """The house's unit for this signal, as people write it: ``MPa``, ``°C``, ``m³/h``; ``1`` for a pure number."""
    normal: tuple[float, float] | None = None
    """Range of a healthy machine at work."""
    applies_in: tuple[str, ...] = ()
    """States of the machine in which ``normal`` and ``alarms`` mean something; in all of them where it is left out."""
    role: Role | None = None
    """Every signal of a kind has one; a device's own signal may do without."""
    key: bool = False
    """Shown first: on the overview, in the list and on the telephone."""
    alarms: tuple[Alarm, ...] = ()
    states: tuple[State, ...] = ()

    @property
    def is_numeric(self) -> bool:
        """Whether it is one number at a time, and so a column."""
        return self.type not in (SignalType.TEXT, SignalType.WAVEFORM)

    @model_validator(mode="after")
    def _fits_its_type(self) -> Self:
        if (self.type is SignalType.ENUM) != bool(self.states):
            raise ValueError("an enum signal lists its states, and no other signal does")
        if not is_unit(self.unit):
            raise ValueError(f"{self.unit!r} is not a unit")
        if self.normal and self.normal[0] >= self.normal[1]:
            raise ValueError(f"normal range {self.normal[0]:g} to {self.normal[1]:g} is empty")
        if len({state.code for state in self.states}) + len({state.name for state in self.states}) != 2 * len(self.states):
            raise ValueError("two states share a code or a name")
        if self.type is SignalType.WAVEFORM and (self.normal or self.alarms or self.key):
            raise ValueError("a waveform has neither a normal range nor alarms, and is not shown first")
        return self


class Picture(Settings):
    """A picture of the machine that people look at before they read, drawn of its signals."""

    form: Literal["scatter", "map", "heat_map", "spectrum"]
    """Points with the median of each bin (power curve), a map of bins in two signals (efficiency map), the mean by hour and day,
    or the spectrum of a high-rate record."""
    label: Label
    x: str = ""
    """Signal on the abscissa; a spectrum and a heat map have none."""
    y: str
    """Signal on the ordinate; of a heat map and a spectrum, the signal itself."""
    z: str = ""
    """Signal that colours a map."""
    states: tuple[str, ...] = ()
    """States of the machine whose points count; all where it is left out."""


class EnergyFlow(Settings):
    """One energy or material that a machine takes in or gives out, for its energy balance."""

    label: Label
    counter: str = ""
    """Signal of role counter that it is read from; or else"""
    rate: str = ""
    """signal of a rate, whose mean is multiplied with time."""
    unit: str
    """Of the amount: ``kWh``, ``m³``, ``t``."""
    carrier: Literal[
        "electricity", "natural_gas", "coal", "coke", "diesel", "steam", "heat", "compressed_air", "wind", "sun", "product"
    ]

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        if bool(self.counter) == bool(self.rate):
            raise ValueError("has either a 'counter' or a 'rate'")
        return self


class Energy(Settings):
    """What a kind takes in and gives out."""

    inputs: tuple[EnergyFlow, ...]
    outputs: tuple[EnergyFlow, ...] = ()


class Kind(Settings):
    """All signals of an equipment kind, in the order in which people look at them."""

    name: str = Field(pattern=SIGNAL_PATTERN)
    label: Label
    source: str = Field(min_length=1)
    """Where the signal list and its ranges come from."""
    parts: dict[str, Part] = Field(default={})
    """What the machine has several of; a signal whose name holds ``{string}`` stands for that signal of every string."""
    families: dict[str, Signal] = Field(min_length=1, alias="signals")
    """The signals as the file has them, those of parts once."""
    pictures: tuple[Picture, ...] = ()
    energy: Energy | None = None

    @cached_property
    def members(self) -> dict[str, dict[str, Mapping[str, str]]]:
        """Of each family the names of its signals, each with the parts that it belongs to: ``{"string": "7"}``."""
        return {family: dict(_members(family, self.parts)) for family in self.families}

    @cached_property
    def signals(self) -> dict[str, Signal]:
        """Every signal by its name."""
        return {
            name: signal.model_copy(update={"label": signal.label.of(**part)}) if part else signal
            for family, signal in self.families.items()
            for name, part in self.members[family].items()
        }

    @property
    def numeric_signals(self) -> tuple[str, ...]:
        """Names of the signals that are columns, in order."""
        return tuple(name for name, signal in self.signals.items() if signal.is_numeric)

    @property
    def state_signal(self) -> str | None:
        """Name of the signal that says what the machine is doing."""
        return next((name for name, signal in self.signals.items() if signal.type is SignalType.ENUM and signal.key), None)

    @property
    def text_signals(self) -> tuple[str, ...]:
        return tuple(name for name, signal in self.signals.items() if signal.type is SignalType.TEXT)

    @property
    def waveform_signals(self) -> tuple[str, ...]:
        return tuple(name for name, signal in self.signals.items() if signal.type is SignalType.WAVEFORM)


@cache
def kind_names() -> tuple[str, ...]:
    """Name every kind that this installation knows."""
    return tuple(sorted(path.parent.name for path in FOLDER.glob("*/kind.toml")))


@cache
def load_kind(name: str) -> Kind:
    """Load an equipment kind by its name.

    Raises
    ------
    ConfigError
        If there is no such kind (the message lists the legal names) or its file has mistakes.
    """
    if name not in kind_names():
        raise ConfigError(f"{name!r} is not an equipment kind; known: {', '.join(kind_names())}")
    return read_kind(FOLDER / name / "kind.toml")


def read_kind(path: Path) -> Kind:
    """Read one ``kind.toml`` and check what a model alone cannot."""
    file = TomlFile(path)
    kind = fit(file, Kind)
    problems = []
    if kind.name != path.parent.name:
        problems.append(file.problem(("name",), f"is {kind.name!r} in the folder {path.parent.name!r}"))
    problems += [
        file.problem(("signals", family), f"has no 'role'; known: {', '.join(Role)}")
        for family, signal in kind.families.items()
        if signal.role is None
    ]
    unknown = list(_part_problems(file, kind))
    problems += unknown
    if not unknown:
        problems += signal_problems(file, kind.signals, kind)
        twice = [name for name, count in Counter(n for members in kind.members.values() for n in members).items() if count > 1]
        problems += [file.problem(("signals",), f"{name!r} is named by two entries") for name in twice]
        problems += _unfit_signals(file, kind)
        if len(kind.signals) > MOST_SIGNALS:
            problems.append(file.problem(("signals",), f"are {len(kind.signals)}; a kind has at most {MOST_SIGNALS}"))
    if problems:
        raise ConfigError(*problems)
    return kind


def _unfit_signals(file: TomlFile, kind: Kind) -> Iterator[Problem]:
    """Find what pictures and the energy balance name and the kind does not have, or has as a waveform."""
    named: list[tuple[tuple[str | int, ...], str, bool]] = []
    for number, picture in enumerate(kind.pictures):
        names = [(axis, name) for axis in ("x", "y", "z") if (name := getattr(picture, axis))]
        named += [(("pictures", number, axis), name, picture.form == "spectrum") for axis, name in names]
    for side in ("inputs", "outputs") if kind.energy else ():
        for number, flow in enumerate(getattr(kind.energy, side)):
            named.append((("energy", side, number), flow.counter or flow.rate, False))
    for place, name, is_spectrum in named:
        if name not in kind.signals:
            yield file.problem(place, f"{name!r} is not a signal of the kind")
        elif kind.signals[name].type is SignalType.WAVEFORM and not is_spectrum:
            yield file.problem(place, f"{name!r} is a waveform, of which only a spectrum can be drawn")


def _part_problems(file: TomlFile, kind: Kind) -> Iterator[Problem]:
    for family in kind.families:
        for name in _places(family):
            if name not in kind.parts:
                known = ", ".join(kind.parts) or "none"
                yield file.problem(("signals", family), f"{{{name}}} is not one of the machine's parts; known: {known}")


def _places(text: str) -> list[str]:
    """Name what stands in braces."""
    try:
        return [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
    except ValueError:
        return []


def _filled(text: str, numbers: Mapping[str, str]) -> str:
    for name, number in numbers.items():
        text = text.replace(f"{{{name}}}", number)
    return text


def _members(family: str, parts: Mapping[str, Part]) -> Iterator[tuple[str, Mapping[str, str]]]:
    places = _places(family)
    for names in itertools.product(*(parts[place].all_names for place in places)):
        part = dict(zip(places, names, strict=True))
        yield _filled(family, part), part


def signal_problems(file: TomlFile, signals: Mapping[str, Signal], kind: Kind) -> Iterator[Problem]:
    """Hold the signals of a file, a kind's or a profile's own, against the machine's states and the database's columns."""
    states = {state.name for state in kind.signals[kind.state_signal].states} if kind.state_signal else set()
    for name, signal in signals.items():
        for state in signal.applies_in:
            if state not in states:
                known = ", ".join(sorted(states))
                yield file.problem(("signals", name, "applies_in"), f"{state!r} is not a state of the machine; known: {known}")
        if not re.match(SIGNAL_PATTERN, name):
            yield file.problem(("signals", name), "a signal is named in lower case letters, digits and underscores")
        elif name in _RESERVED:
            yield file.problem(("signals", name), "is a column of every table and cannot name a signal")


def device_code(text: str) -> int | None:
    """Read a device's code for a state as a profile's ``map`` writes it, ``-1``, ``16`` or ``0x10``; None if it is a word."""
    try:
        return int(text, 16 if text.lower().startswith("0x") else 10)
    except ValueError:
        return None
