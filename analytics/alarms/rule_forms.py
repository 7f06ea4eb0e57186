"""What a rule can watch: its forms, what makes it expected, and what a kind must have for that."""

import difflib
from collections.abc import Iterable, Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from device_profiles.kind import SIGNAL_PATTERN, Kind, SignalType
from telemetry.settings import Settings

MOST_SECONDS = 86_400
_MEASURED = (SignalType.REAL, SignalType.DOUBLE, SignalType.INTEGER)
_STATED = (SignalType.ENUM, SignalType.BOOLEAN)

Number = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Width = Annotated[float, Field(ge=0, allow_inf_nan=False)]
SignalName = Annotated[str, Field(pattern=SIGNAL_PATTERN)]
StateNames = Annotated[tuple[SignalName, ...], Field(max_length=100)]
RuleName = Annotated[str, Field(pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)*$", max_length=200)]


class Limit(Settings):
    """Active while the value lies beyond the limit; back when it has come back by the deadband."""

    form: Literal["limit"]
    signal: SignalName
    side: Literal["low_low", "low", "high", "high_high"]
    value: Number
    deadband: Width = 0

    @property
    def is_low(self) -> bool:
        return self.side in ("low_low", "low")


class _Span(Settings):
    value: Positive
    deadband: Width = 0

    @model_validator(mode="after")
    def _can_return(self) -> Self:
        if self.deadband > self.value:
            raise ValueError("'deadband' is wider than 'value': it would never return")
        return self


class RateOfChange(_Span):
    """Active while the signal changes by more than ``value`` in ``per_seconds``."""

    form: Literal["rate_of_change"]
    signal: SignalName
    side: Literal["rising", "falling", "either"] = "either"
    per_seconds: float = Field(gt=0, le=MOST_SECONDS)


class Deviation(_Span):
    """Active while the signal is further than ``value`` from another signal, its setpoint or its twin, or from a number."""

    form: Literal["deviation"]
    signal: SignalName
    against: SignalName | Number


class BadQuality(Settings):
    """Active while one of the signals is reported bad; any signal of the machine where none is named."""

    form: Literal["bad_quality"]
    signals: Annotated[tuple[SignalName, ...], Field(max_length=400)] = ()


class Stale(Settings):
    """Active when nothing came from the machine for so long."""

    form: Literal["stale"]
    after_seconds: float = Field(ge=1, le=31 * MOST_SECONDS)


class InState(Settings):
    """Active while an enum signal is in one of the states; the states of a boolean are ``false`` and ``true``."""

    form: Literal["state"]
    signal: SignalName
    states: StateNames = Field(min_length=1)


When = Limit | RateOfChange | Deviation | BadQuality | Stale | InState


class Suppressor(Settings):
    """What makes an alarm expected: another rule active on the same machine, or a signal in one of the states."""

    rule: RuleName | None = None
    signal: SignalName | None = None
    states: StateNames = ()

    @model_validator(mode="after")
    def _names_one_thing(self) -> Self:
        if bool(self.rule) == bool(self.signal) or bool(self.signal) != bool(self.states):
            raise ValueError("names either a 'rule', or a 'signal' and its 'states'")
        return self


def state_codes(kind: Kind, signal: str, states: Iterable[str]) -> tuple[int, ...]:
    """Give the codes of a signal's states.

    Raises
    ------
    ValueError
        If the signal has no such state.
    """
    described = kind.signals[signal]
    codes = {"false": 0, "true": 1} if described.type is SignalType.BOOLEAN else {s.name: s.code for s in described.states}
    for state in states:
        if state not in codes:
            raise ValueError(f"{state!r} is not a state of {signal}; known: {', '.join(codes) or 'none'}")
    return tuple(codes[state] for state in states)


def form_problems(when: When, kind: Kind) -> Iterator[str]:
    """Hold what a form names against the signals and states of a kind."""
    match when:
        case Limit():
            yield from _type_problems(kind, (when.signal,), (*_MEASURED, SignalType.BOOLEAN), "a measurement")
        case RateOfChange():
            yield from _type_problems(kind, (when.signal,), _MEASURED, "a measurement")
        case Deviation():
            other = (when.against,) if isinstance(when.against, str) else ()
            yield from _type_problems(kind, (when.signal, *other), _MEASURED, "a measurement")
        case BadQuality():
            yield from _type_problems(kind, when.signals, (*_MEASURED, *_STATED), "a signal with values")
        case InState():
            yield from state_problems(kind, when.signal, when.states)
        case Stale():
            pass


def state_problems(kind: Kind, signal: str, states: Iterable[str]) -> Iterator[str]:
    wrong = list(_type_problems(kind, (signal,), _STATED, "a signal of states"))
    yield from wrong
    if not wrong:
        try:
            state_codes(kind, signal, states)
        except ValueError as error:
            yield str(error)


def _type_problems(kind: Kind, names: Iterable[str], types: tuple[SignalType, ...], what: str) -> Iterator[str]:
    for name in names:
        if name not in kind.signals:
            yield f"{kind.name} has no signal {name!r}{hint(name, kind.signals)}"
        elif kind.signals[name].type not in types:
            yield f"{name} is not {what} but {kind.signals[name].type.value}"


def hint(name: str, known: Iterable[str]) -> str:
    """Add the name that was perhaps meant."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""
