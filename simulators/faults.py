"""Faults that a bench orders: what goes wrong, where, when and how often.

Those of the network and of answers are done by links and servers, which look here; those of machines and sensors are done by the
machines themselves (`simulators.machine_faults`, `simulators.sensors`).

Each fault is a table ``[[faults]]`` of the settings, an object in Python, or a line of JSON on the control input; all three
are these models. Chance comes from one seeded source, so that a run can be repeated, and every stroke is counted.
"""

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import BeforeValidator, Field, PlainValidator, model_validator

from device_profiles.profile import Table
from telemetry.settings import Settings

LONGEST_SECONDS = 3600.0


def _span(value: object) -> tuple[float, float]:
    """Take a number, or the shortest and the longest."""
    pair = (value, value) if isinstance(value, int | float) else value
    if not isinstance(pair, list | tuple) or len(pair) != 2 or not all(isinstance(x, int | float) for x in pair):
        raise ValueError("is a number of seconds, or the shortest and the longest of a range: [0.1, 0.5]")
    shortest, longest = map(float, pair)
    if not 0 <= shortest <= longest <= LONGEST_SECONDS:
        raise ValueError(f"{shortest:g} to {longest:g} s is no range between 0 and {LONGEST_SECONDS:g} s")
    return shortest, longest


Span = Annotated[float | tuple[float, float], PlainValidator(_span)]
"""A number of seconds, or the shortest and the longest, between which each stroke draws its own."""


def draw(span: float | tuple[float, float], source: random.Random) -> float:
    return source.uniform(*span) if isinstance(span, tuple) else span


class _Timed(Settings):
    """When a fault is there: from its start, or from ``from_seconds`` on, for ever or for a while."""

    from_seconds: float = Field(default=0.0, ge=0)
    """How long after the start (in the control: after the order) it begins."""
    for_seconds: float | None = Field(default=None, gt=0)
    """How long it lasts; for ever when left out."""


class _RequestFault(_Timed):
    """A fault that strikes single requests."""

    machines: tuple[str, ...] = ()
    """Names of the machines that it befalls; all that it can befall when left out."""
    units: tuple[int, ...] = ()
    """Modbus unit ids that it befalls; all when left out."""
    probability: float = Field(default=1.0, gt=0, le=1)
    """The chance of each request to be struck while the fault is there."""
    times: int | None = Field(default=None, ge=1)
    """How many requests it strikes at most."""


PlainKind = Literal[
    "drop",
    "foreign_transaction",
    "wrong_unit",
    "wrong_function",
    "bad_crc",
    "truncated",
    "noise",
    "duplicate",
    "dead",
    "half_open",
    "reset",
]


class PlainFault(_RequestFault):
    """A fault without more to say about it."""

    kind: PlainKind
    """``drop`` loses the reply. ``foreign_transaction``, ``wrong_unit`` and ``wrong_function`` answer somebody else, with data of
    which every bit is turned over, so that whoever takes it shows it. ``bad_crc`` turns one bit over on the way. ``truncated``
    cuts the frame short. ``noise`` puts stray bytes before it. ``duplicate`` sends it twice. A ``dead`` unit was never asked.
    ``half_open`` keeps the connection and swallows all that comes, for ever. ``reset`` breaks the connection off (RST; a pseudo
    terminal is hung up, like an adapter that is pulled out)."""


class DelayFault(_RequestFault):
    """A right reply that takes its time; what comes after it on the connection waits for it."""

    kind: Literal["delay", "slow"]
    """``slow`` also serves one request of the unit after the other, whoever asks."""
    seconds: Span


class LateFault(_RequestFault):
    """A right reply that comes when its client has given up: choose ``seconds`` longer than the client's timeout."""

    kind: Literal["late"] = "late"
    seconds: Span
    order: Literal["in_order", "at_once"] = "in_order"
    """Whether later requests wait for the late reply, as on a busy device, or are answered at once and overtake it."""


class WrongLengthFault(_RequestFault):
    """A reply whose length is not what was asked for, or not what it says itself."""

    kind: Literal["wrong_length"] = "wrong_length"
    how: Literal["short", "long", "byte_count", "header"] | None = None
    """One register (or byte of bits) too few or too many; a byte count, or a length in the TCP header, that is not true. By
    chance when left out."""


class SplitFault(_RequestFault):
    """A right reply that arrives in pieces."""

    kind: Literal["split"] = "split"
    pieces: int = Field(default=2, ge=2, le=16)
    seconds: Span = (0.01, 0.03)
    """Between two pieces."""


class ExceptionFault(_RequestFault):
    """The device answers, and says no."""

    kind: Literal["exception"] = "exception"
    code: int = Field(ge=1, le=11)


class HoleFault(_RequestFault):
    """Addresses that answer "illegal data address" although the map has them."""

    kind: Literal["hole"] = "hole"
    addresses: tuple[Annotated[int, Field(ge=0, le=65535)], Annotated[int, Field(ge=0, le=65535)]]
    """First and last."""
    table: Table = Table.HOLDING

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if self.addresses[0] > self.addresses[1]:
            raise ValueError(f"addresses {self.addresses[0]} to {self.addresses[1]} hold nothing")
        return self


class ClockJumpFault(_Timed):
    """The device's own clock is wrong by some seconds, where the machine serves a time; the truth log keeps the real one."""

    kind: Literal["clock_jump"] = "clock_jump"
    machines: tuple[str, ...] = ()
    seconds: float


class MachineFaultOrder(Settings):
    """A fault of the machine itself; `shangyun sim --faults` names those of each kind, and what each does.

    All its times are seconds of the machine's own clock, which its ``speed`` may make faster than the real one.
    """

    kind: Literal["machine"] = "machine"
    fault: str
    """Its name, such as ``gas_side_fouling``."""
    machines: tuple[str, ...] = ()
    """Names of the machines that it befalls; all that can have it when left out."""
    part: Annotated[str, BeforeValidator(str)] = ""
    """Which part is struck, such as the number of the cylinder, where the fault is one of a part."""
    severity: float = Field(default=1.0, gt=0, le=1)
    """How far it goes: 1 is what the fault's description says."""
    from_seconds: float = Field(default=0.0, ge=0)
    """How long after the start (in the control: after the order) it begins."""
    ramp_seconds: float = Field(default=0.0, ge=0)
    """How long it grows until its severity is reached; 0 is a sudden fault."""
    shape: Literal["linear", "exponential"] = "linear"
    """How it grows; ``exponential`` starts slowly and doubles six times, as wear does."""
    for_seconds: float | None = Field(default=None, gt=0)
    """When it is mended, counted from its coming; never when left out."""


class SensorFault(Settings):
    """A fault of one sensor of a machine; its times are seconds of the machine's own clock."""

    kind: Literal["sensor"] = "sensor"
    how: Literal["stuck", "dead", "bias", "drift", "noise", "spike", "swapped", "wrong_unit"]
    """``stuck`` repeats its last value, a ``dead`` one has none (a device without a code for that refuses to answer), ``bias``
    adds ``amount`` and ``drift`` so much per hour, ``noise`` has it as standard deviation, one reading in fifty is a ``spike`` of
    it; ``swapped`` gives the reading of another signal, ``wrong_unit`` the right one in another unit."""
    signal: str
    """Name of the signal."""
    amount: float = 0.0
    """In the signal's unit; for bias, drift, noise and spike."""
    other: str = ""
    """For ``swapped`` the other signal, for ``wrong_unit`` the unit in which it answers."""
    machines: tuple[str, ...] = ()
    """Names of the machines that it befalls; all that have the signal when left out."""
    from_seconds: float = Field(default=0.0, ge=0)
    """How long after the start (in the control: after the order) it begins."""
    for_seconds: float | None = Field(default=None, gt=0)
    """How long it lasts; for ever when left out."""

    @model_validator(mode="after")
    def _says_what_it_needs(self) -> Self:
        if (self.how in ("bias", "drift", "noise", "spike")) != bool(self.amount):
            raise ValueError("'amount' belongs to bias, drift, noise and spike, which need it")
        if (self.how in ("swapped", "wrong_unit")) != bool(self.other):
            raise ValueError("'other' belongs to swapped and wrong_unit, which need it")
        return self


class LinkFault(_Timed):
    """A fault of the network in a `simulators.link.Link`."""

    kind: Literal["link_delay", "link_black_hole", "link_refuse", "link_reset", "link_half_close"]
    """``link_reset`` and ``link_half_close`` befall the connections that are open when they begin; the others last."""
    links: tuple[str, ...] = ()
    """Names of the links that it befalls; all when left out."""
    direction: Literal["both", "to_server", "to_client"] = "both"
    """Which way nothing passes, passes late, or is closed."""
    seconds: Span | None = None
    """For ``link_delay``."""

    @model_validator(mode="after")
    def _says_what_it_needs(self) -> Self:
        if (self.kind == "link_delay") != (self.seconds is not None):
            raise ValueError("'seconds' belongs to link_delay, which needs it")
        if self.kind in ("link_reset", "link_half_close") and self.for_seconds is not None:
            raise ValueError(f"{self.kind} is over at once and has no 'for_seconds'")
        if self.kind in ("link_refuse", "link_reset") and self.direction != "both":
            raise ValueError(f"{self.kind} has no 'direction'")
        return self


RequestFault = PlainFault | DelayFault | LateFault | WrongLengthFault | SplitFault | ExceptionFault | HoleFault
EquipmentFault = MachineFaultOrder | SensorFault
Fault = Annotated[RequestFault | ClockJumpFault | LinkFault | EquipmentFault, Field(discriminator="kind")]


def reaches(fault: RequestFault | ClockJumpFault, protocol: str) -> bool:
    """Tell whether a protocol has what a fault spoils: transactions and a length in the header are TCP's, a checksum is RTU's."""
    if fault.kind == "foreign_transaction" or (isinstance(fault, WrongLengthFault) and fault.how == "header"):
        return protocol == "modbus_tcp"
    if fault.kind == "bad_crc":
        return protocol in ("modbus_rtu", "modbus_rtu_over_tcp")
    return protocol.startswith("modbus")


class Asked(NamedTuple):
    """One request, as far as faults look at it; no table where it reads none."""

    protocol: str
    machine: str
    unit: int
    table: Table | None = None
    first: int = 0
    last: int = 0


class Faults:
    """The faults of some servers, each with the time of its coming."""

    def __init__(
        self,
        faults: Sequence[RequestFault | ClockJumpFault] = (),
        *,
        seed: int = 1,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.random = random.Random(seed)
        self.counts: Counter[str] = Counter()
        """Strokes by kind of fault."""
        self._monotonic = monotonic
        self._number = 0
        self._present: dict[int, tuple[RequestFault | ClockJumpFault, float]] = {}
        self._strokes: Counter[int] = Counter()
        for fault in faults:
            self.add(fault)

    def __bool__(self) -> bool:
        return bool(self._present)

    def add(self, fault: RequestFault | ClockJumpFault) -> int:
        """Let a fault come, and give the number by which it can be taken away."""
        self._number += 1
        self._present[self._number] = (fault, self._monotonic())
        return self._number

    def clear(self, number: int | None = None) -> int:
        """Take one fault away, or all of them; give how many there were."""
        gone = [n for n in self._present if number in (None, n)]
        for n in gone:
            del self._present[n]
            self._strokes.pop(n, None)
        return len(gone)

    def strike(self, asked: Asked) -> list[RequestFault]:
        """Tell which faults befall a request, in the order of their coming, and count them."""
        struck: list[RequestFault] = []
        for number, (fault, came) in self._present.items():
            if isinstance(fault, ClockJumpFault) or not self._is_there(fault, came) or not _concerns(fault, asked):
                continue
            if fault.times is not None and self._strokes[number] >= fault.times:
                continue
            if fault.probability < 1 and self.random.random() >= fault.probability:
                continue
            self._strokes[number] += 1
            self.counts[fault.kind] += 1
            struck.append(fault)
        return struck

    def clock_offset_seconds(self, machine: str) -> float:
        """Tell how wrong a machine's own clock is."""
        return sum(
            fault.seconds
            for fault, came in self._present.values()
            if isinstance(fault, ClockJumpFault) and self._is_there(fault, came) and machine in (fault.machines or (machine,))
        )

    def _is_there(self, fault: _Timed, came: float) -> bool:
        age = self._monotonic() - came - fault.from_seconds
        return age >= 0 and (fault.for_seconds is None or age < fault.for_seconds)


def _concerns(fault: RequestFault, asked: Asked) -> bool:
    if not reaches(fault, asked.protocol):
        return False
    if asked.machine not in (fault.machines or (asked.machine,)) or asked.unit not in (fault.units or (asked.unit,)):
        return False
    if isinstance(fault, HoleFault):
        return fault.table is asked.table and asked.first <= fault.addresses[1] and fault.addresses[0] <= asked.last
    return True
