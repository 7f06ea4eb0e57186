"""Being told of changes: the subscriptions of one connection, the messages they send, and whether they still speak."""

import asyncio
import logging
import random
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from asyncua import ua
from asyncua.ua.uaerrors import UaError, UaStatusCodeError, UaStructParsingError

from edge_gateway import metrics
from edge_gateway.driver import Deliver, Target
from edge_gateway.drivers.opcua.nodes import LOOK_AGAIN_SECONDS
from edge_gateway.drivers.opcua.session import LEAVING_SECONDS, LOST, is_loss
from edge_gateway.drivers.opcua.subscription import Place, Subscription
from edge_gateway.drivers.opcua.values import microseconds, status_name
from telemetry.errors import NotConnected, Refused, RetryableError

_log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.5
_PAUSE_SECONDS = 0.05
"""After a refusal, lest a server that refuses everything is asked without end."""
_ASK_AFTER_SECONDS = 2.0
"""After so long without a message the server is asked for its time: a pulled cable tells nobody."""
_MOST_UNDER_WAY = 10
_MOST_ITEMS = 2**20
_NO_SUBSCRIPTION = frozenset(
    {"BadServiceUnsupported", "BadTooManySubscriptions", "BadNotImplemented", "BadNotSupported", "BadTooManyMonitoredItems"}
)
"""By these a server says that it has no subscription for us; polling is then the honest way."""
Poller = Callable[[Target, Deliver], Coroutine[Any, Any, None]]


class Watch:
    """What is watched over one session; kept when the connection breaks, for the session may be taken over with it."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._subscriptions: dict[int, Subscription] = {}
        self._polled: list[Target] = []
        """Targets for which the server gives no subscription, and those of waveforms."""
        # A handle that another client or an earlier run has chosen must never be taken for one of ours.
        self._next_handle = random.SystemRandom().randrange(2**31)
        self._acknowledgements: list[ua.SubscriptionAcknowledgement] = []
        self._generation = 0
        self._heard = 0.0
        self._is_over = False

    async def run(self, targets: Sequence[Target], deliver: Deliver, poll: Poller) -> None:
        """Watch until the connection is lost, and return then.

        Raises
        ------
        NotConnected, Refused
            When it did not even begin: that has a reason, and the next attempt will most likely end in the same way.
        """
        has_begun, self._is_over, self._heard = False, False, asyncio.get_running_loop().time()
        try:
            await self._begin(targets, deliver)
            has_begun = True
            polls = [poll(target, deliver) for target in self._polled]
            await self._until_one_ends([self._listen(), self._look_after(), *polls])
        except (UaError, RetryableError, *LOST) as error:
            if has_begun:
                _log.debug("%s: %r", self._place.name, error)
            elif isinstance(error, UaStatusCodeError):
                raise Refused(f"{self._place.name}: {status_name(error.code)}", code=error.code) from error
            elif isinstance(error, RetryableError):
                raise
            else:
                raise NotConnected(f"{self._place.name}: {str(error) or 'no answer in time'}") from error

    async def _begin(self, targets: Sequence[Target], deliver: Deliver) -> None:
        """Go on with the subscriptions that the server still has, make those that are missing, and end those nobody wants."""
        kept = await self._kept()
        self._subscriptions, self._polled = {subscription.id: subscription for subscription in kept}, []
        self._generation = self._place.session.generation
        for subscription in kept:
            if subscription.target not in targets:
                await self._place.session.services.delete_subscriptions([subscription.id])
                del self._subscriptions[subscription.id]
            elif not await subscription.resume(deliver):
                del self._subscriptions[subscription.id]
        done = [subscription.target for subscription in self._subscriptions.values()]
        for target in targets:
            if target not in done:
                await self._subscribe(target, deliver)

    async def _kept(self) -> list[Subscription]:
        """Give the subscriptions that may have outlived the connection; into another session they are transferred.

        Their numbers mean something only to a server that has not been restarted since: another client may have them now.
        """
        session, known = self._place.session, self._subscriptions
        if session.generation == self._generation:
            return list(known.values())
        if not known or not session.is_same_server:
            return []
        parameters = ua.TransferSubscriptionsParameters(
            SubscriptionIds=[ua.UInt32(number) for number in known], SendInitialValues=False
        )
        try:
            results = await session.understood(session.services.transfer_subscriptions(parameters))
        except UaStatusCodeError:
            return []
        return [one for one, result in zip(known.values(), results, strict=False) if result.StatusCode.is_good()]

    async def _subscribe(self, target: Target, deliver: Deliver) -> None:
        if target.waveforms:  # a record is no news of this second, and too large to travel between those that are
            self._polled.append(target)
            return
        subscription = Subscription(target, self._place, deliver, first_handle=self._next_handle)
        self._next_handle = (self._next_handle + _MOST_ITEMS) % 2**31
        try:
            # Known before its items are there: the first values may come while the last items are being made.
            await subscription.create()
            self._subscriptions[subscription.id] = subscription
            await subscription.add_items()
        except UaStatusCodeError as error:
            reason = status_name(error.code)
            if reason not in _NO_SUBSCRIPTION:
                raise
            self._place.say_once(f"{target.name}: the server gives no subscription ({reason}); polling instead")
            self._polled.append(target)
            if self._subscriptions.pop(subscription.id, None) is not None:
                await self._place.session.services.delete_subscriptions([subscription.id])

    async def _listen(self) -> None:
        """Keep some Publish requests at the server and take the messages in the order in which they come."""
        services = self._place.session.services
        under_way: deque[tuple[asyncio.Task[ua.PublishResponse], frozenset[int]]] = deque()
        most = _MOST_UNDER_WAY
        try:
            while not self._is_over:
                if not self._subscriptions:
                    await asyncio.sleep(_LOOK_SECONDS)
                    continue
                while len(under_way) < min(len(self._subscriptions) + 1, most):
                    acknowledged, self._acknowledgements = self._acknowledgements, []
                    under_way.append((asyncio.create_task(services.publish(acknowledged)), frozenset(self._subscriptions)))
                answer, meant = under_way.popleft()
                try:
                    response = await answer
                    response.ResponseHeader.ServiceResult.check()
                    await self._take(response)
                except UaStructParsingError:
                    continue  # the next message shows the gap
                except UaStatusCodeError as error:
                    most = self._publish_refused(error, meant, most)
                    await asyncio.sleep(_PAUSE_SECONDS)
        finally:
            for task, _ in under_way:
                task.cancel()
            await asyncio.gather(*(task for task, _ in under_way), return_exceptions=True)

    def _publish_refused(self, error: UaStatusCodeError, meant: frozenset[int], most: int) -> int:
        """Make of a refusal what it means; give how many requests the server may be left with."""
        name = status_name(error.code)
        if name == "BadNoSubscription":
            for number in meant & self._subscriptions.keys():
                self._subscriptions[number].has_ended = True
        elif name == "BadTooManyPublishRequests":
            return max(most - 1, 1)
        elif name != "BadTimeout":
            raise error
        return most

    async def _take(self, response: ua.PublishResponse) -> None:
        self._heard = asyncio.get_running_loop().time()
        self._says(microseconds(response.ResponseHeader.Timestamp))
        result = response.Parameters
        subscription = self._subscriptions.get(int(result.SubscriptionId))
        if result.NotificationMessage.NotificationData:
            self._acknowledgements.append(
                ua.SubscriptionAcknowledgement(
                    SubscriptionId=result.SubscriptionId, SequenceNumber=result.NotificationMessage.SequenceNumber
                )
            )
        if subscription is not None:
            await subscription.take(result.NotificationMessage)

    def _says(self, server_now_us: int) -> None:
        if server_now_us > 0:  # a server without a clock sends none
            self._place.clock.says(server_now_us)

    async def _look_after(self) -> None:
        """See to it that the server speaks, renew subscriptions that ended, and look for nodes that were missing."""
        loop = asyncio.get_running_loop()
        check_at = loop.time() + LOOK_AGAIN_SECONDS
        while not self._is_over:
            await asyncio.sleep(_LOOK_SECONDS)
            if loop.time() - self._heard > _ASK_AFTER_SECONDS:
                self._says(await self._place.session.server_time_us())
                self._heard = loop.time()
            patience = self._place.session.timeout_seconds
            for subscription in [s for s in self._subscriptions.values() if s.has_ended or s.silent_seconds > patience]:
                await self._renew(subscription)
            if loop.time() >= check_at:
                check_at = loop.time() + LOOK_AGAIN_SECONDS
                for subscription in list(self._subscriptions.values()):
                    await subscription.check_items()

    async def _renew(self, subscription: Subscription) -> None:
        name = subscription.target.name
        _log.warning("%s: %s: the server has ended the subscription, or it fell silent; making another", self._place.name, name)
        metrics.MISSED_CHANGES.labels(self._place.name, "subscription").inc()
        del self._subscriptions[subscription.id]
        try:
            await self._place.session.services.delete_subscriptions([subscription.id])
        except UaStatusCodeError as error:
            if is_loss(error):
                raise
        await self._subscribe(subscription.target, subscription.deliver)
        if subscription.target in self._polled:
            raise NotConnected(f"{self._place.name}: the server gives no subscription any more")

    async def _until_one_ends(self, parts: Sequence[Coroutine[Any, Any, None]]) -> None:
        tasks = [asyncio.create_task(part) for part in parts]
        try:
            ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()
        finally:
            self._is_over = True
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks, timeout=LEAVING_SECONDS)
