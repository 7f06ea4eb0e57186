"""The contract between the scan and the protocols."""

from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from types import TracebackType
from typing import Any, Protocol, Self, runtime_checkable

from device_profiles.kind import Signal, SignalType
from device_profiles.profile import Point, Profile, signals_of
from device_profiles.rollover import Rollover
from device_profiles.value import NO_VALUE, Reading
from edge_gateway.settings import EquipmentSettings, OnChangeSettings, ScanGroupSettings
from telemetry.bundle import Block, SignalList
from telemetry.quality import Quality

_WIDE = (SignalType.DOUBLE, SignalType.INTEGER)
LOOK_SECONDS = 60.0
"""How often a machine is asked for a new record of a waveform, unless a scan group says otherwise: records are rare and large."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Target:
    """What is read of one piece of equipment at one rate: the whole of it, or one of its scan groups.

    Two targets are the same only if they are one object: after a reload, what is known of the old one says nothing of the new.
    """

    name: str
    profile: Profile
    points: tuple[Point, ...]
    """The points of this group, with the helpers (scale factors, markers) that they need."""
    signals: SignalList
    """The columns of its rows, in the order of the kind, whatever order the device keeps them in."""
    text_signals: tuple[str, ...]
    waveforms: tuple[str, ...]
    """Signals that come as records. A target has either these or columns and texts: a large record must not hold up a row."""
    single: bool
    """Whether float32 holds every column exactly enough; counters and bit fields need float64."""
    period_seconds: float
    unit_id: int = 1
    address_offset: int = 0
    """What is added to every address of the profile: several logical devices may stand in one register map."""
    root: str = ""
    sampling_seconds: float | None = None
    """OPC UA: how often the server looks at the value; the period where it is not given."""
    queue_size: int = 10
    on_change: OnChangeSettings | None = None
    """Report by exception; None reports every poll."""

    @classmethod
    def all_of(cls, equipment: EquipmentSettings, profile: Profile) -> list[Self]:
        """Give one target per scan group that has signals, and one for the signals that no group names; waveforms stand apart."""
        left = [point.signal for point in profile.points if point.signal]
        targets = []
        for group in equipment.groups:
            taken = [signal for signal in left if any(fnmatchcase(signal, pattern) for pattern in group.signals)]
            left = [signal for signal in left if signal not in taken]
            targets += cls._of(equipment, profile, taken, group)
        return [*cls._of(equipment, profile, left, ScanGroupSettings(signals=("*",))), *targets]

    @classmethod
    def _of(cls, equipment: EquipmentSettings, profile: Profile, taken: Sequence[str], group: ScanGroupSettings) -> list[Self]:
        signals = signals_of(profile)
        waveforms = [signal for signal in taken if signals[signal].type is SignalType.WAVEFORM]
        rest = [signal for signal in taken if signal not in waveforms]
        period_seconds = group.period_seconds or equipment.period_seconds
        # A group of waveforms alone means its period for them; one that names other signals too means it for those.
        looks_seconds = period_seconds if group.period_seconds and not rest else max(period_seconds, LOOK_SECONDS)
        return [
            cls.from_profile(
                profile,
                name=equipment.name,
                only=some,
                period_seconds=seconds,
                unit_id=1 if equipment.unit_id is None else equipment.unit_id,
                address_offset=equipment.address_offset,
                root=equipment.root or "",
                sampling_seconds=group.sampling_seconds,
                queue_size=group.queue_size,
                on_change=(group.on_change or equipment.on_change) if some is rest else None,
            )
            for some, seconds in ((rest, period_seconds), (waveforms, looks_seconds))
            if some
        ]

    @classmethod
    def from_profile(
        cls,
        profile: Profile,
        *,
        name: str,
        only: Sequence[str] | None = None,
        period_seconds: float = 1.0,
        **more: Any,
    ) -> Self:
        """Make a target of a profile's signals without its waveforms, or of ``only`` some; ``more`` are fields of the target."""
        signals = signals_of(profile)
        if only is None:
            only = [name for name, signal in signals.items() if signal.type is not SignalType.WAVEFORM]
        carried = {point.signal for point in profile.points if point.signal and point.signal in only}
        columns = tuple(name for name, signal in signals.items() if name in carried and signal.is_numeric)
        return cls(
            name=name,
            profile=profile,
            points=tuple(point for point in profile.points if point.signal is None or point.signal in carried),
            signals=SignalList.of(profile.kind, columns),
            text_signals=tuple(name for name, of in signals.items() if name in carried and of.type is SignalType.TEXT),
            waveforms=tuple(name for name, of in signals.items() if name in carried and of.type is SignalType.WAVEFORM),
            single=not any(signals[column].type in _WIDE for column in columns),
            period_seconds=period_seconds,
            **more,
        )

    @property
    def kind_signals(self) -> dict[str, Signal]:
        return signals_of(self.profile)

    def nothing(self, quality: Quality) -> "Poll":
        """Give the row that says why there are no values."""
        reading: Reading = (NO_VALUE, quality)
        return Poll(readings=[reading] * len(self.signals.names))


@dataclass(slots=True, kw_only=True)
class Poll:
    """One row of one target."""

    readings: list[Reading]
    """One value and quality per column of the target, in order; where there is no value, NaN and the reason."""
    texts: dict[str, str] = field(default_factory=dict)
    """The text signals that could be read."""
    blocks: list[Block] = field(default_factory=list)
    """Records of waveforms that the device has taken since the poll before, whole."""


@dataclass(slots=True, kw_only=True)
class Answer:
    """What one reading of some targets at one place gave."""

    time_us: int
    """When the first request left, by the gateway's clock."""
    polls: list[Poll]
    """One per target, in the order in which they were asked for."""
    answered: bool = True
    """False when the place was silent: the scan then asks it less often, so that its neighbours stay on time."""
    spent_seconds: float = 0.0
    """How long the connection was busy waiting for a place that was silent."""
    is_connection_lost: bool = False
    """The connection as a whole went away meanwhile; the scan leaves the driver and enters it again later."""


Counters = MutableMapping[tuple[str, str], Rollover]
"""What is known of counters that turn over, by equipment and signal; it outlives connections and restarts."""

Deliver = Callable[[Target, int, Poll], None]
"""Takes one row: the target, the time in microseconds UTC and the values."""


class Driver(Protocol):
    """One connection to the plant, shared by the equipment on it.

    Entering connects, once and without trying again, and raises `NotConnected` or `Refused`; leaving closes and never raises.
    A driver can be entered again after it was left. The scan owns the waiting between attempts.

    Whatever the plant does is an answer, told by qualities, and never an exception: a block or node that fails leaves its
    neighbours alone, and what was read before the connection broke is kept. Nothing is ever written to a device.
    """

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def place(self, target: Target) -> str:
        """Name what answers or is silent as a whole: a Modbus unit, an OPC UA machine. Targets of one place are read together."""

    def forget(self, target: Target) -> None:
        """Drop what was worked out for a target that will not be read again."""

    async def read(self, targets: Sequence[Target], *, due: float = 0.0, raw: dict[str, str] | None = None) -> Answer:
        """Poll some targets of one place once.

        The scan may call it for several places at a time; where the connection carries one request at a time, those with the
        earliest ``due`` (by the event loop's clock) go first. Nothing is ever repeated from an earlier poll. Where ``raw`` is
        given, the driver notes in it what the device sent, by signal, before any decoding.
        """


@runtime_checkable
class Overhearer(Driver, Protocol):
    """A driver that hears more than it was asked for."""

    def overheard(self) -> Sequence[str]:
        """Say in lines, for ``probe``, what else came and what was thrown away."""


@runtime_checkable
class Watcher(Driver, Protocol):
    """A driver that can be told of changes; `read` works all the same, for ``probe`` and for servers that tell nothing."""

    watches: bool
    """Whether the settings want it so."""

    async def watch(self, targets: Sequence[Target], deliver: Deliver) -> None:
        """Deliver rows as the device reports changes, until the connection is lost; see `edge_gateway.changes.Changes`.

        Raises
        ------
        NotConnected, Refused
            Or returns, when the connection is lost.
        """
