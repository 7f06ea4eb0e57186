"""The contract between the scan and the protocols."""

from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol, Self

from device_profiles.kind import SignalType, load_kind
from device_profiles.profile import Profile, load_profile
from device_profiles.value import Reading
from edge_gateway.settings import EquipmentSettings
from telemetry.bundle import SignalList


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One piece of equipment as the gateway reads it."""

    name: str
    profile: Profile
    signals: SignalList
    """The columns of its rows, in the order of the kind, whatever order the device keeps them in."""
    text_signals: tuple[str, ...]
    single: bool
    """Whether float32 holds every column exactly enough; counters and bit fields need float64."""
    period_seconds: float
    unit_id: int = 1
    root: str = ""

    @classmethod
    def of(cls, equipment: EquipmentSettings) -> Self:
        return cls.from_profile(
            load_profile(equipment.profile),
            name=equipment.name,
            period_seconds=equipment.period_seconds,
            unit_id=1 if equipment.unit_id is None else equipment.unit_id,
            root=equipment.root or "",
        )

    @classmethod
    def from_profile(cls, profile: Profile, *, name: str, period_seconds: float = 1.0, unit_id: int = 1, root: str = "") -> Self:
        kind = load_kind(profile.kind)
        carried = {point.signal for point in profile.points if point.signal}
        columns = tuple(signal for signal in kind.numeric_signals if signal in carried)
        wide = (SignalType.DOUBLE, SignalType.INTEGER)
        return cls(
            name=name,
            profile=profile,
            signals=SignalList.of(kind.name, columns),
            text_signals=tuple(signal for signal in kind.text_signals if signal in carried),
            single=not any(kind.signals[signal].type in wide for signal in columns),
            period_seconds=period_seconds,
            unit_id=unit_id,
            root=root,
        )


@dataclass(slots=True, kw_only=True)
class Poll:
    """What one reading of one piece of equipment gave."""

    readings: list[Reading]
    """One value and quality per column of the target, in order; where there is no value, NaN and the reason."""
    texts: dict[str, str] = field(default_factory=dict)
    """The text signals that could be read."""
    answered: bool = True
    """False when the equipment was silent: the scan then asks it less often, so that its neighbours stay on time."""
    is_connection_lost: bool = False
    """The connection as a whole went away meanwhile; the scan leaves the driver and enters it again later."""


class Driver(Protocol):
    """One connection to the plant, shared by the equipment on it.

    Entering connects, once and without trying again, and raises `NotConnected` or `Refused`; leaving closes and never raises.
    A driver can be entered again after it was left. The scan owns the waiting between attempts.

    `read` polls one piece of equipment once. The scan calls it for one target at a time. Whatever the plant does is an answer,
    told by qualities, and never an exception: a block or node that fails leaves its neighbours alone, and what was read before
    the connection broke is kept. Nothing is ever repeated from an earlier poll, and nothing is ever written to the device.

    Where ``raw`` is given, the driver notes in it what the device sent, by signal, before any decoding.
    """

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    async def read(self, target: Target, *, raw: dict[str, str] | None = None) -> Poll: ...
