"""What an agent's stream of observations means for the rows of the targets that stand behind it."""

import logging
from collections.abc import Callable, Iterable, Sequence

from edge_gateway import metrics
from edge_gateway.changes import Change, Changes
from edge_gateway.device_clock import DeviceClock
from edge_gateway.driver import Deliver, Poll, Target
from edge_gateway.drivers.mtconnect.agent import Cadence
from edge_gateway.drivers.mtconnect.binding import NOT_THERE, Binding, Bound, State
from edge_gateway.drivers.mtconnect.documents import BadDocument, Streams
from telemetry.quality import Quality

_log = logging.getLogger(__name__)

_MOST_OBSERVATIONS = 1000
"""In one document: a backlog comes in several, so that none grows too long."""
_LONGEST_BACKLOG = 10_000
"""Changes of a backlog are gathered before they become rows: observations come in the order in which the agent heard of them,
which is not quite that of their times, and one instant may be cut in two by the end of a document."""
_MICROSECONDS = 1_000_000
_EARLY = 0.75
"""A heartbeat that comes a little before its time still makes the row that is due."""
_SHORTEST_SECONDS = 0.01
_LONGEST_INTERVAL_SECONDS = 0.5
_LONGEST_HEARTBEAT_SECONDS = 10.0


class BegunAnew(Exception):  # noqa: N818 - what happened
    """The agent restarted, or dropped changes before we saw them; its text is the reason to count it under."""


class Watch:
    """Follows an agent from one sequence number to the next; a row is only told when the agent has just been heard."""

    def __init__(
        self,
        name: str,
        targets: Sequence[Target],
        *,
        now_us: Callable[[], int],
        heard: Callable[[Streams], None],
        clock: DeviceClock,
    ) -> None:
        self.targets = tuple(targets)
        self.deliver: Deliver = _nowhere
        self.instance: int | None = None
        """The run of the agent that is followed; None before `begin` and after `lose`."""
        self._name, self._now_us, self._heard, self._clock = name, now_us, heard, clock
        self._changes = {target: _changes(target) for target in targets}
        self._backlog: dict[Target, list[Change]] = {target: [] for target in targets}
        intervals = (
            target.period_seconds / 2 if target.sampling_seconds is None else target.sampling_seconds for target in targets
        )
        self.cadence = Cadence(
            interval_seconds=max(min(*intervals, _LONGEST_INTERVAL_SECONDS), _SHORTEST_SECONDS),
            heartbeat_seconds=max(min(*map(_silence_seconds, targets), _LONGEST_HEARTBEAT_SECONDS), _SHORTEST_SECONDS),
        )
        self.next = 0
        self.count = _MOST_OBSERVATIONS
        self.is_up_to_date = False
        self._wanted: dict[str, list[tuple[Target, Binding]]] = {}
        self._state = State(name, ())

    def begin(self, current: Streams, bounds: Sequence[Bound]) -> None:
        """Start from a current state, which becomes the first row of each target."""
        header = current.header
        if header.next is None:
            raise BadDocument('has no nextSequence, so that its agent can only be polled: mode = "poll"')
        self.next, self.instance = header.next, header.instance
        self.count = min(_MOST_OBSERVATIONS, header.buffer_size or _MOST_OBSERVATIONS)
        self._wanted = {}
        for bound in bounds:
            for binding in bound.bindings:
                self._wanted.setdefault(binding.item.id, []).append((bound.target, binding))
        self._state = State(self._name, self._wanted)
        for observation in current.observations:
            self._state.take(observation)
        at_us = self._at_us(current)
        for bound in bounds:
            first = [
                *(Change(at_us, binding.signal, self._state.value(binding)) for binding in bound.bindings),
                *(Change(at_us, signal, NOT_THERE) for signal in bound.missing),
            ]
            self._tell(bound.target, self._changes[bound.target].note(first, now_us=at_us))

    def take(self, streams: Streams) -> None:
        """Take a document of the stream.

        Raises
        ------
        BegunAnew
        """
        header = streams.header
        if header.instance != self.instance:
            raise BegunAnew("agent_restarted")
        if header.first is not None and header.first > self.next:
            raise BegunAnew("buffer")
        self._heard(streams)
        for observation in streams.observations:
            if observation.sequence < self.next or not self._state.take(observation):
                continue
            time_us = self._clock.time_us(observation.time_us)
            for target, binding in self._wanted[observation.item]:
                self._backlog[target].append(Change(time_us, binding.signal, self._state.value(binding)))
        before, numbers = self.next, [observation.sequence for observation in streams.observations]
        self.next = max(before, header.next or 0, *(number + 1 for number in numbers[-1:]))
        self.is_up_to_date = self.next == before or header.last is None or header.last < self.next
        at_us = self._at_us(streams)
        for target, changes in self._changes.items():
            if self.is_up_to_date or len(self._backlog[target]) >= _LONGEST_BACKLOG:
                self._tell_backlog(target, at_us)
            if self.is_up_to_date:  # what still waits in the agent's buffer is older than now
                self._tell(target, changes.beat(at_us))

    def lose(self, reason: str) -> None:
        """Say that changes were lost: nothing is known until the next current state."""
        if self.instance is None:
            return
        self.instance = None
        metrics.MISSED_CHANGES.labels(self._name, reason).inc()
        _log.warning("%s: changes were lost (%s) after number %d; taking the current state", self._name, reason, self.next - 1)
        now_us = self._now_us()
        for target, changes in self._changes.items():
            self._tell_backlog(target, now_us)
            self._tell(target, changes.all_become(Quality.BAD_NO_COMMUNICATION, now_us=now_us))

    def _at_us(self, streams: Streams) -> int:
        """Give the time for which a document speaks, by the clock that its observations have, so that rows are in one order."""
        created_us = streams.header.created_us
        return self._now_us() if created_us is None else self._clock.time_us(created_us)

    def _tell_backlog(self, target: Target, at_us: int) -> None:
        backlog, self._backlog[target] = self._backlog[target], []
        if backlog:
            self._tell(target, self._changes[target].note(backlog, now_us=at_us))

    def _tell(self, target: Target, rows: Iterable[tuple[int, Poll]]) -> None:
        for time_us, poll in rows:
            self.deliver(target, time_us, poll)


def _changes(target: Target) -> Changes:
    return Changes(
        target,
        apart_us=int((target.sampling_seconds or 0) * _MICROSECONDS),
        silence_us=int(_silence_seconds(target) * _EARLY * _MICROSECONDS),
    )


def _silence_seconds(target: Target) -> float:
    """How long a target may be without a row: its period, or what its report by exception allows."""
    return target.period_seconds if target.on_change is None else target.on_change.max_silence_seconds


def _nowhere(_target: Target, _time_us: int, _poll: Poll) -> None:
    """Take the place of where rows go until somebody watches."""
