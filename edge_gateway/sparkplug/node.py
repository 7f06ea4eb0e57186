"""The gateway as a Sparkplug edge node: births, what changes, deaths, and what a host may ask for.

Importing this module needs the extra ``shangyun[sparkplug]`` and raises `ConfigError` without it, so it is imported by a gateway
whose settings have the table ``[sparkplug]``, and by no other.
"""

import asyncio
import contextlib
import json
import logging
import random
from collections.abc import AsyncIterator, Callable, Sequence
from itertools import count
from typing import Any, NoReturn

from edge_gateway import metrics
from edge_gateway.driver import Poll, Target
from edge_gateway.sparkplug.device import Device
from edge_gateway.sparkplug.settings import SparkplugSettings
from telemetry.errors import BadPayload, NotConnected, Refused, RetryableError
from telemetry.mqtt import BrokerSettings, Link, Will, connect, keep_connected
from telemetry.sparkplug_payload import BD_SEQ, REBIRTH, Datatype, Payload, decode_payload, encode_payload
from telemetry.topics import SPARKPLUG_PREFIX, sparkplug_command_topic

_log = logging.getLogger(__name__)

_UNSEEN_SECONDS = 5.0
_GOODBYE_SECONDS = 1.0


class SparkplugNode:
    """Follows the rows of a gateway and tells a SCADA host what is new, as long as there is a link to it.

    Nothing is kept for later: a birth says what holds now, and what happened while the link was down is known to the native
    publisher alone. Births and data go with QoS 0, as the specification demands.
    """

    def __init__(
        self,
        settings: SparkplugSettings,
        *,
        gateway: str,
        broker: BrokerSettings,
        targets: Sequence[Target],
        now_us: Callable[[], int],
        rng: random.Random,
    ) -> None:
        self._settings = settings
        self._group, self._node = settings.group, settings.node or gateway
        # Stable, so that a broker ends what a killed gateway has left behind, its will included, before the next birth. Never the
        # native connection's: two connections of one name end each other for ever.
        client_id = (settings.broker and settings.broker.client_id) or f"{self._group}-{self._node}"
        self._broker = (settings.broker or broker).model_copy(update={"client_id": client_id})
        self._now_us = now_us
        self._rng = rng
        self._devices: dict[str, Device] = {}
        self._changed: dict[str, None] = {}
        self._gone: dict[str, None] = {}
        self._give_ups: dict[str, asyncio.TimerHandle] = {}
        self._wake = asyncio.Event()
        self._bd_seq, self._seq = -1, 0
        self._birth_at: float | None = None
        self._born_at = float("-inf")
        self._unseen: asyncio.TimerHandle | None = None
        self._host_is_online, self._host_ms = False, 0
        self._is_live = False
        self._arrange(targets)

    @property
    def is_live(self) -> bool:
        """Whether hosts have heard our births and hear of every change."""
        return self._is_live

    def observe(self, target: Target, time_us: int, poll: Poll) -> None:
        """Take one row of the plant; returns at once, from the event loop's thread only."""
        device = self._devices.get(target.name)
        if device is None or target not in device.targets:
            metrics.SPARKPLUG_DROPPED.labels("unknown").inc(len(poll.readings) + len(poll.texts))
            return
        unheard = device.put_by(device.take(target, time_us, poll))
        if unheard:
            metrics.SPARKPLUG_DROPPED.labels("overtaken" if self._is_live else "offline").inc(unheard)
        if not device.is_silent:
            device.is_reachable = True
            self._keep_hoping(device.name)
        elif device.is_reachable and device.name not in self._give_ups:
            later = asyncio.get_running_loop().call_later
            self._give_ups[device.name] = later(self._settings.death_seconds, self._give_up, device)
        if self._is_live and (device.has_news or device.is_reachable != device.is_born):
            self._changed[device.name] = None
            self._wake.set()

    def set_targets(self, targets: Sequence[Target]) -> None:
        """Speak for other targets from now on, and be born again as that; what stays the same keeps its values."""
        self._arrange(targets)
        self._birth_at = asyncio.get_running_loop().time()
        self._wake.set()

    async def run(self) -> NoReturn:
        """Stay connected and speak until cancelled; then the host is told (NDEATH) that the node has left.

        Raises
        ------
        ConfigError
            If a certificate or password file cannot be used.
        """
        await keep_connected(self._open, self._session, name=f"Sparkplug {self._group}/{self._node}", rng=self._rng)

    # --- what is spoken for -------------------------------------------------------------------------------------------

    def _arrange(self, targets: Sequence[Target]) -> None:
        by_name: dict[str, list[Target]] = {}
        for target in targets:
            by_name.setdefault(target.name, []).append(target)
        before, self._devices = self._devices, {}
        aliases = count(1) if self._settings.aliases else None
        for name, its_targets in by_name.items():
            known = before.get(name)
            if known is not None and known.targets == tuple(its_targets):
                known.renumber(aliases)
                self._devices[name] = before.pop(name)
            else:
                self._devices[name] = Device(its_targets, aliases)
        for name, device in before.items():
            self._keep_hoping(name)
            if device.is_born:
                self._gone[name] = None

    def _keep_hoping(self, name: str) -> None:
        timer = self._give_ups.pop(name, None)
        if timer is not None:
            timer.cancel()

    def _give_up(self, device: Device) -> None:
        del self._give_ups[device.name]
        device.is_reachable = False
        self._changed[device.name] = None
        self._wake.set()

    # --- one connection -----------------------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def _open(self) -> AsyncIterator[Link]:
        self._bd_seq = (self._bd_seq + 1) % 256
        try:
            async with connect(self._broker, will=Will(self._topic("NDEATH"), self._death(), retain=False)) as link:
                yield link
        except Refused as refusal:
            metrics.SPARKPLUG_REFUSED.labels(str(refusal.code)).inc()
            raise

    async def _session(self, link: Link) -> None:
        host = self._settings.host_application
        self._host_is_online, self._host_ms = host is None, 0
        self._birth_at = asyncio.get_running_loop().time()
        await link.subscribe(sparkplug_command_topic(self._group, self._node))
        if host is not None:
            await link.subscribe(self._state_topic)
        if self._settings.confirm_birth:
            try:
                await link.subscribe(self._topic("NBIRTH"))
            except Refused as refusal:
                metrics.SPARKPLUG_REFUSED.labels(str(refusal.code)).inc()
        lost: list[BaseException] = []
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._listen(link), name="Sparkplug commands")
                await self._speak(link)
        except* RetryableError as errors:
            lost.extend(errors.exceptions)
        finally:
            self._set_live(is_live=False)
        raise lost[0]

    async def _speak(self, link: Link) -> NoReturn:
        try:
            while True:
                self._wake.clear()
                if self._host_is_online:
                    if self._birth_is_due():
                        await self._tell_births(link)
                    if self._is_live:
                        await self._tell_changes(link)
                elif self._is_live:
                    await self._say_goodbye(link)
                    raise NotConnected(f"host application {self._settings.host_application!r} is offline")
                await self._wake.wait()
        except asyncio.CancelledError:
            if self._is_live:
                await self._say_goodbye(link)
            raise

    def _birth_is_due(self) -> bool:
        return self._birth_at is not None and self._birth_at <= asyncio.get_running_loop().time()

    async def _tell_births(self, link: Link) -> None:
        if self._is_live:
            for name in self._gone:
                await self._tell(link, "DDEATH", self._payload(), name)
        self._gone.clear()
        self._changed.clear()
        self._birth_at, self._born_at = None, asyncio.get_running_loop().time()
        for device in self._devices.values():
            device.is_born = False
        self._seq = 0
        birth = self._payload()
        birth.metrics.add(name=BD_SEQ, timestamp=birth.timestamp, datatype=Datatype.INT64, long_value=self._bd_seq)
        birth.metrics.add(name=REBIRTH, timestamp=birth.timestamp, datatype=Datatype.BOOLEAN, boolean_value=False)
        self._set_live(is_live=True)
        if self._settings.confirm_birth and self._unseen is None:
            self._unseen = asyncio.get_running_loop().call_later(_UNSEEN_SECONDS, self._birth_is_unseen)
        await self._tell(link, "NBIRTH", birth)
        for device in list(self._devices.values()):
            await self._tell_device(link, device)

    async def _tell_changes(self, link: Link) -> None:
        while self._changed and self._host_is_online and not self._birth_is_due():
            name = next(iter(self._changed))
            del self._changed[name]
            await self._tell_device(link, self._devices[name])

    async def _tell_device(self, link: Link, device: Device) -> None:
        """Send the one message that brings hosts up to date with a device, if any does."""
        if self._devices.get(device.name) is not device:
            return  # a reload has taken it away meanwhile
        payload = self._payload()
        if device.is_reachable and not device.is_born:
            device.tell_birth(payload)
            await self._tell(link, "DBIRTH", payload, device.name)
        elif device.is_born and not device.is_reachable:
            device.tell_death()
            await self._tell(link, "DDEATH", payload, device.name)
        elif device.is_born and device.has_news:
            device.tell_data(payload, with_datatype=self._settings.datatype_in_data)
            await self._tell(link, "DDATA", payload, device.name)

    async def _tell(self, link: Link, kind: str, payload: Any, device: str = "") -> None:
        payload.seq, self._seq = self._seq, (self._seq + 1) % 256
        await link.publish(self._topic(kind, device), encode_payload(payload), qos=0)
        metrics.SPARKPLUG_MESSAGES.labels(kind).inc()
        await asyncio.sleep(0)  # a publish with QoS 0 never waits, and the polls of the plant want their turn

    async def _say_goodbye(self, link: Link) -> None:
        self._set_live(is_live=False)
        try:
            async with asyncio.timeout(_GOODBYE_SECONDS):
                await link.publish(self._topic("NDEATH"), self._death())
            metrics.SPARKPLUG_MESSAGES.labels("NDEATH").inc()
        except Refused as refusal:
            metrics.SPARKPLUG_REFUSED.labels(str(refusal.code)).inc()
        except (NotConnected, TimeoutError) as error:
            _log.debug("NDEATH: %s", error)  # the broker's last will says the same

    # --- what hosts say -----------------------------------------------------------------------------------------------

    async def _listen(self, link: Link) -> None:
        commands, births = sparkplug_command_topic(self._group, self._node), self._topic("NBIRTH")
        async for message in link.messages():
            if message.topic == commands:
                self._obey(message.payload)
            elif message.topic == births:
                self._stop_looking()
            else:
                self._note_host(message.payload)

    def _obey(self, payload: bytes) -> None:
        """Be born again, where a host asks for it; any other command would write to the plant."""
        try:
            command = decode_payload(payload)
        except BadPayload:
            metrics.SPARKPLUG_COMMANDS.labels("unreadable").inc()
            return
        if not any(metric.name == REBIRTH and metric.boolean_value for metric in command.metrics):
            metrics.SPARKPLUG_COMMANDS.labels("ignored").inc()
            return
        metrics.SPARKPLUG_COMMANDS.labels("rebirth").inc()
        if self._birth_at is None:
            loop = asyncio.get_running_loop()
            self._birth_at = max(loop.time(), self._born_at + self._settings.rebirth_seconds)
            loop.call_at(self._birth_at, self._wake.set)

    def _note_host(self, payload: bytes) -> None:
        try:
            state = json.loads(payload)
            is_online, timestamp = bool(state["online"]), int(state["timestamp"])
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
            metrics.SPARKPLUG_COMMANDS.labels("unreadable").inc()
            return
        if timestamp < self._host_ms:
            return  # the will of an earlier connection of the host, which came late
        self._host_ms = timestamp
        if is_online and not self._host_is_online:
            _log.info("Sparkplug %s/%s: host %s is online", self._group, self._node, self._settings.host_application)
        self._host_is_online = is_online
        self._wake.set()

    def _birth_is_unseen(self) -> None:
        self._unseen = None
        metrics.SPARKPLUG_REFUSED.labels("silent").inc()
        _log.warning(
            "Sparkplug %s/%s: the broker did not give our birth back: it refuses the group, or does not let us read the topic",
            self._group,
            self._node,
        )

    def _stop_looking(self) -> None:
        if self._unseen is not None:
            self._unseen.cancel()
            self._unseen = None

    # --- forms --------------------------------------------------------------------------------------------------------

    def _set_live(self, *, is_live: bool) -> None:
        self._is_live = is_live
        metrics.SPARKPLUG_LIVE.set(is_live)
        if not is_live:
            self._stop_looking()

    def _payload(self) -> Any:
        return Payload(timestamp=self._now_us() // 1000)

    def _death(self) -> bytes:
        death = self._payload()
        death.metrics.add(name=BD_SEQ, datatype=Datatype.INT64, long_value=self._bd_seq)
        return encode_payload(death)

    def _topic(self, kind: str, device: str = "") -> str:
        return f"{SPARKPLUG_PREFIX}{self._group}/{kind}/{self._node}" + (f"/{device}" if device else "")

    @property
    def _state_topic(self) -> str:
        return f"{SPARKPLUG_PREFIX}STATE/{self._settings.host_application}"
