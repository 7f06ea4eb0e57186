"""One target's subscription on a server: every change becomes a row, and what the server could not keep is counted.

Messages are taken out of the connection one after the other and become rows at once, so there is no queue of ours that could
overflow: while the gateway is busy, the changes wait at the server, which says so when its own queue was too short.
"""

import asyncio
import logging
import math
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.uaerrors import UaStatusCodeError

from device_profiles.profile import OpcUaPoint
from device_profiles.value import NO_VALUE
from edge_gateway import metrics
from edge_gateway.changes import Change, Changes
from edge_gateway.device_clock import TOLERANCE_US, DeviceClock
from edge_gateway.driver import Deliver, Poll, Target
from edge_gateway.drivers.opcua.nodes import Nodes, Signal
from edge_gateway.drivers.opcua.session import LOST, SESSION_SECONDS, Session, is_loss
from edge_gateway.drivers.opcua.structures import Structures
from edge_gateway.drivers.opcua.values import microseconds, quality_of, status_name, tells_overflow
from telemetry.quality import Quality

_log = logging.getLogger(__name__)

_SPEAKS_EVERY_SECONDS = 1.0
"""A subscription without news says so at least about this often, which is also when rows for unchanged values go out."""
_MOST_PER_MESSAGE = 1000
_MOST_REPUBLISHED = 1000
_NO_DEADBAND = (
    "BadFilterNotAllowed",
    "BadMonitoredItemFilterInvalid",
    "BadMonitoredItemFilterUnsupported",
    "BadDeadbandFilterInvalid",
    "BadFilterOperatorUnsupported",
)
_GONE = ("BadNodeIdUnknown", "BadNodeIdInvalid")
_LAST_SEQUENCE = 0xFFFF_FFFF


class _Item(NamedTuple):
    """What a message's handle stands for."""

    signal: Signal
    node: ua.NodeId


class Place(NamedTuple):
    """What the subscriptions of one session share."""

    name: str
    session: Session
    nodes: Nodes
    structures: Structures
    clock: DeviceClock
    now_us: Callable[[], int]
    say_once: Callable[[str], None]


class Subscription:
    """Lives as long as the server keeps it; what comes after it begins anew."""

    def __init__(self, target: Target, place: Place, deliver: Deliver, *, first_handle: int) -> None:
        self.target = target
        self.id = 0
        self.has_ended = False
        """Whether the server said that it is over."""
        self.deliver = deliver
        self._place = place
        self._handle = first_handle
        self._items: dict[int, _Item] = {}
        self._signals = {point.signal: Signal(point, target) for point in target.points if isinstance(point, OpcUaPoint)}
        self._refused: dict[str, Quality] = {}
        self._numbers: dict[int, ua.UInt32] = {}
        self._gone: set[int] = set()
        self._has_spoken: set[int] = set()
        self._next_sequence = 1
        self._silence_seconds = math.inf
        self._heard = asyncio.get_running_loop().time()
        self._heard_us = place.now_us()
        sampling = target.period_seconds if target.sampling_seconds is None else target.sampling_seconds
        speaks = max(target.period_seconds, _SPEAKS_EVERY_SECONDS)
        # Half of the time in which the server speaks again is grace: the message after the next may be too late.
        silence = max((speaks if target.on_change is None else target.on_change.max_silence_seconds) - speaks / 2, 0.0)
        self._sampling_ms = sampling * 1000
        self._changes = Changes(target, apart_us=int(max(sampling, 0.01) * 500_000), silence_us=int(silence * 1e6))

    @property
    def silent_seconds(self) -> float:
        """How much longer than it may the server has not said anything of this subscription; negative while all is well."""
        return asyncio.get_running_loop().time() - self._heard - self._silence_seconds

    async def create(self) -> None:
        """Make it on the server, as yet without items.

        Raises
        ------
        UaStatusCodeError
            If the server makes no subscription.
        """
        period = self.target.period_seconds
        request = ua.CreateSubscriptionRequest()
        request.Parameters = ua.CreateSubscriptionParameters(
            RequestedPublishingInterval=ua.Double(period * 1000),
            RequestedMaxKeepAliveCount=_keep_alive(period),
            RequestedLifetimeCount=_lifetime(period),
            MaxNotificationsPerPublish=ua.UInt32(_MOST_PER_MESSAGE),
            PublishingEnabled=True,
        )
        session = self._place.session
        made = (await session.ask(request, ua.CreateSubscriptionResponse)).Parameters
        self.id = int(made.SubscriptionId)
        interval, keep_alive = made.RevisedPublishingInterval / 1000, int(made.RevisedMaxKeepAliveCount)
        if keep_alive > _keep_alive(interval):  # counted in another interval than ours, it would be silent for too long
            other = ua.ModifySubscriptionParameters(
                SubscriptionId=made.SubscriptionId,
                RequestedPublishingInterval=made.RevisedPublishingInterval,
                RequestedMaxKeepAliveCount=_keep_alive(interval),
                RequestedLifetimeCount=_lifetime(interval),
                MaxNotificationsPerPublish=ua.UInt32(_MOST_PER_MESSAGE),
            )
            revised = await session.understood(session.services.update_subscription(other))
            interval, keep_alive = revised.RevisedPublishingInterval / 1000, int(revised.RevisedMaxKeepAliveCount)
        self._silence_seconds = interval * (keep_alive + 1)

    async def add_items(self) -> None:
        """Watch the nodes that are not watched yet; one that the server refuses stops no other."""
        place = self._place
        nodes = await place.nodes.of(self.target)
        watched = {item.signal.name for item in self._items.values()}
        missing = [signal for signal in self._signals if signal not in watched]
        refused: dict[str, Quality] = {signal: Quality.BAD_CONFIGURATION_ERROR for signal in missing if signal not in nodes}
        wanted = [_Item(self._signals[signal], nodes[signal]) for signal in missing if signal in nodes]
        for with_deadband in (True, False):
            handles = range(self._handle, self._handle + len(wanted))
            self._handle += len(wanted)
            self._items.update(zip(handles, wanted, strict=True))  # before the answer: values may overtake it
            requests = [
                self._request(handle, item, with_deadband=with_deadband) for handle, item in zip(handles, wanted, strict=True)
            ]
            results = await place.session.in_batches("MaxMonitoredItemsPerCall", requests, self._create_items)
            again = []
            for handle, item, result in zip(handles, wanted, results, strict=True):
                if result.StatusCode.is_good():
                    self._numbers[handle] = result.MonitoredItemId
                    continue
                if status_name(result.StatusCode.value) == "BadTooManyMonitoredItems":
                    result.StatusCode.check()
                del self._items[handle]
                if with_deadband and status_name(result.StatusCode.value) in _NO_DEADBAND:
                    again.append(item)
                else:
                    refused[item.signal.name] = _refusal(result.StatusCode)
            if not again:
                break
            wanted = again
            place.say_once(f"{self.target.name}: the server has no deadband for {', '.join(item.signal.name for item in again)}")
        self._tell_refused(refused)

    async def check_items(self) -> None:
        """Look again for what was refused, and for nodes that have gone: a machine may (re)join its server later."""
        gone, self._gone = self._gone & self._items.keys(), set()
        if gone:
            numbers = [self._numbers.pop(handle) for handle in gone if handle in self._numbers]
            for handle in gone:
                del self._items[handle]
            self._place.nodes.forget(self.target)
            await self._place.session.services.delete_monitored_items(
                ua.DeleteMonitoredItemsParameters(SubscriptionId=ua.UInt32(self.id), MonitoredItemIds=numbers)
            )
        if len(self._items) < len(self._signals):
            await self.add_items()

    async def take(self, message: ua.NotificationMessage) -> None:
        """Turn one message into rows, after whatever is found missing before it."""
        sequence, data = int(message.SequenceNumber), message.NotificationData or []
        ahead = (sequence - self._next_sequence) % _LAST_SEQUENCE
        if 0 < ahead < _LAST_SEQUENCE // 2:
            await self._fill_gap(until=sequence)
        if data and sequence == self._next_sequence:  # else it came before, by republishing
            await self._note(data)
            self._next_sequence = _after(sequence)
        now_us = self._place.now_us()
        self._heard, self._heard_us = asyncio.get_running_loop().time(), now_us
        self._rows(self._changes.beat(now_us))

    async def resume(self, deliver: Deliver) -> bool:
        """Ask for what was sent while the connection was away; tell whether the server still knows the subscription."""
        self.deliver = deliver
        self._heard = asyncio.get_running_loop().time()
        for _ in range(_MOST_REPUBLISHED):
            try:
                message = await self._republish(self._next_sequence)
            except UaStatusCodeError as error:
                return status_name(error.code) in ("BadMessageNotAvailable", "BadServiceUnsupported")
            if message is None:
                return True
            await self._note(message.NotificationData or [])
            self._next_sequence = _after(self._next_sequence)
        return True

    async def read_anew(self) -> None:
        """Read every value, because changes are missing."""
        items = dict(self._items)
        answers = await self._place.session.read([item.node for item in items.values()])
        now_us = self._place.now_us()
        changes = [
            change
            for item, data in zip(items.values(), answers, strict=True)
            if (change := await self._change(item, data, now_us)) is not None
        ]
        self._rows(self._changes.note(changes, now_us=now_us))

    async def _fill_gap(self, until: int) -> None:
        """Have the messages sent again that should have come before this one; what is gone is counted, and all is read anew."""
        sequence = self._next_sequence
        for _ in range(_MOST_REPUBLISHED):
            if sequence == until:
                break
            try:
                message = await self._republish(sequence)
            except UaStatusCodeError as error:
                if is_loss(error):
                    raise
                message = None
            if message is None:
                break
            await self._note(message.NotificationData or [])
            sequence = _after(sequence)
        is_whole, self._next_sequence = sequence == until, until
        if not is_whole:
            metrics.MISSED_CHANGES.labels(self._place.name, "message").inc()
            _log.warning("%s: %s: a message of the server is lost; reading everything anew", self._place.name, self.target.name)
            await self.read_anew()

    async def _republish(self, sequence: int) -> ua.NotificationMessage | None:
        """Give a message again; None where it cannot be had or cannot be decoded."""
        try:
            message: ua.NotificationMessage = await self._place.session.services.session.republish(self.id, sequence)
        except (UaStatusCodeError, *LOST):
            raise
        except Exception:  # noqa: BLE001 - whatever a decoder makes of bytes that are not as they should be
            return None
        return message if int(message.SequenceNumber) == sequence else None

    async def _note(self, data: Sequence[object]) -> None:
        now_us = self._place.now_us()
        changes = []
        for part in data:
            if isinstance(part, ua.StatusChangeNotification):
                self.has_ended = True
            elif isinstance(part, ua.DataChangeNotification):
                for notification in part.MonitoredItems:
                    handle = int(notification.ClientHandle)
                    item = self._items.get(handle)
                    if item is None:  # of an item that was taken back, or not ours at all
                        metrics.DOUBTFUL.labels(self._place.name).inc()
                        continue
                    if notification.Value.StatusCode is not None and status_name(notification.Value.StatusCode.value) in _GONE:
                        self._gone.add(handle)
                    if tells_overflow(notification.Value):
                        self._count_overflow()
                    time_us = self._time_us(handle, notification.Value, now_us)
                    change = await self._change(item, notification.Value, time_us)
                    if change is not None:
                        changes.append(change)
        self._rows(self._changes.note(changes, now_us=now_us))

    async def _change(self, item: _Item, data: ua.DataValue, time_us: int) -> Change | None:
        value = await item.signal.value(data, self._place.structures)
        return Change(time_us, item.signal.name, (NO_VALUE, quality_of(data.StatusCode)) if value is None else value)

    def _time_us(self, handle: int, data: ua.DataValue, now_us: int) -> int:
        """Take the source's time, else the server's, if it can be true: a change cannot be older than the message before it."""
        if handle not in self._has_spoken:
            self._has_spoken.add(handle)
            return now_us  # how long the first value had been so before is not ours to say
        for at in (data.SourceTimestamp, data.ServerTimestamp):
            if isinstance(at, datetime):
                time_us = self._place.clock.time_us(microseconds(at))
                if time_us >= self._heard_us - TOLERANCE_US:
                    return time_us
        return now_us

    def _request(self, handle: int, item: _Item, *, with_deadband: bool) -> ua.MonitoredItemCreateRequest:
        deadband = self._deadband(item.signal) if with_deadband else 0.0
        condition = ua.DataChangeFilter(Trigger=ua.DataChangeTrigger.StatusValue)
        if deadband > 0:
            condition.DeadbandType = ua.UInt32(ua.DeadbandType.Absolute)
            condition.DeadbandValue = ua.Double(deadband)
        return ua.MonitoredItemCreateRequest(
            ItemToMonitor=ua.ReadValueId(NodeId=item.node, AttributeId=ua.UInt32(AttributeIds.Value)),
            MonitoringMode=ua.MonitoringMode.Reporting,
            RequestedParameters=ua.MonitoringParameters(
                ClientHandle=ua.UInt32(handle),
                SamplingInterval=ua.Double(self._sampling_ms),
                QueueSize=ua.UInt32(self.target.queue_size),
                DiscardOldest=True,
                Filter=condition if deadband > 0 else None,
            ),
        )

    def _deadband(self, signal: Signal) -> float:
        """Give the deadband in the device's unit, for the server compares what it has."""
        point, on_change = signal.point, self.target.on_change
        if (
            on_change is None
            or signal.codec is None
            or point.map is not None
            or point.index is not None
            or point.field is not None
        ):
            return 0.0
        kind = self.target.kind_signals[signal.name]
        if kind.states:
            return 0.0
        return abs(signal.codec.encode(on_change.deadband_of(signal.name, kind)) - signal.codec.encode(0.0))

    async def _create_items(self, requests: list[ua.MonitoredItemCreateRequest]) -> list[ua.MonitoredItemCreateResult]:
        parameters = ua.CreateMonitoredItemsParameters(
            SubscriptionId=ua.UInt32(self.id), TimestampsToReturn=ua.TimestampsToReturn.Both, ItemsToCreate=requests
        )
        session = self._place.session
        return await session.understood(session.services.create_monitored_items(parameters))

    def _tell_refused(self, refused: dict[str, Quality]) -> None:
        now_us = self._place.now_us()
        news = {signal: quality for signal, quality in refused.items() if self._refused.get(signal) != quality}
        self._refused = refused
        if news:
            changes = [Change(now_us, signal, (NO_VALUE, quality)) for signal, quality in news.items()]
            self._rows(self._changes.note(changes, now_us=now_us))

    def _count_overflow(self) -> None:
        metrics.MISSED_CHANGES.labels(self._place.name, "server queue").inc()
        self._place.say_once(
            f"{self.target.name}: the server dropped changes: its queue of {self.target.queue_size} for each value was full;"
            " queue_size can be raised"
        )

    def _rows(self, rows: Iterable[tuple[int, Poll]]) -> None:
        for time_us, poll in rows:
            self.deliver(self.target, time_us, poll)


def _keep_alive(interval_seconds: float) -> ua.UInt32:
    return ua.UInt32(max(round(_SPEAKS_EVERY_SECONDS / max(interval_seconds, 0.001)), 1))


def _lifetime(interval_seconds: float) -> ua.UInt32:
    count = math.ceil(SESSION_SECONDS / max(interval_seconds, 0.001))
    return ua.UInt32(max(count, 3 * _keep_alive(interval_seconds)))  # as OPC UA Part 4, 5.14.2 wants it


def _refusal(status: ua.StatusCode) -> Quality:
    quality = quality_of(status)
    return Quality.BAD_CONFIGURATION_ERROR if quality is Quality.BAD else quality


def _after(sequence: int) -> int:
    """Sequence numbers go round past 2^32 - 1 to 1 (OPC UA Part 4, 7.8)."""
    return 1 if sequence >= _LAST_SEQUENCE else sequence + 1
