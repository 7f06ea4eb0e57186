"""The one door to MQTT: a link that tells the truth about every publish.

aiomqtt 2.5.1 is used below its surface in three places, each for a silent fault that was measured:

* its ``publish`` returns normally when the broker refuses (MQTT 5, PUBACK 135); here a refusal raises `Refused`;
* a lost connection leaves its ``publish`` waiting for its time-out; here everything pending fails at once;
* its inbox is unbounded, or drops with a log line; here it is bounded and a drop is counted.

The client is made anew for every connection, so that paho never resends by itself what we send again by our own rules.
"""

import asyncio
import logging
import random
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Literal, NamedTuple, NoReturn, Protocol, TypeVar

import aiomqtt
from paho.mqtt.client import MQTT_CLEAN_START_FIRST_ONLY
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from pydantic import Field

from telemetry.errors import ConfigError, NotConnected, Refused, RetryableError
from telemetry.mqtt_packets import FAILURE, LEVELS, UNSUPPORTED_VERSION
from telemetry.settings import Settings, SettingsPath
from telemetry.topics import Message

_log = logging.getLogger(__name__)

_CONNECT_TIMEOUT_SECONDS = 5.0
_NO_SUBSCRIBER = 0x10
_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 0.25, 10.0

KNOWN_TO_SPEAK_5: set[str] = set()
"""Brokers that have answered MQTT 5 to this process: one of them that is silent is frozen and not old, so nothing falls back."""


class TlsSettings(Settings):
    """Certificates of a link; a gateway's own certificate names it to the broker."""

    ca_file: SettingsPath
    certificate_file: SettingsPath | None = None
    key_file: SettingsPath | None = None


class BrokerSettings(Settings):
    """Where the MQTT broker is and how to enter it."""

    host: str
    port: int = Field(default=1883, ge=1, le=65535)
    username: str | None = None
    password_file: SettingsPath | None = None
    """A file that holds the password, so that the settings can be shown to anybody."""
    tls: TlsSettings | None = None
    keepalive_seconds: int = Field(default=10, ge=1, le=3600)
    """A silent broker is given up after one and a half of these."""
    client_id: str | None = None
    version: Literal["auto", "5", "3.1.1"] = "auto"
    """MQTT version; ``auto`` tries 5 and falls back. Only 5 can tell that a publish was refused."""


class Will(NamedTuple):
    """What the broker publishes for us if we vanish."""

    topic: str
    payload: bytes
    retain: bool = True


class Speaks(Protocol):
    """What `keep_connected` must know of a link."""

    protocol: int


AnyLink = TypeVar("AnyLink", bound=Speaks)


class Link:
    """One MQTT session, connected. Made by `connect` only."""

    def __init__(self, client: aiomqtt.Client, *, protocol: int, inbox: int) -> None:
        self.protocol = protocol
        """5, or 4 for a broker that speaks MQTT 3.1.1 only (and cannot tell a refused publish)."""
        self.dropped = 0
        """Messages that arrived while the inbox was full."""
        self._client = client
        self._paho = client._client  # noqa: SLF001 - see the module's docstring
        self._lost: asyncio.Future[None] = client._disconnected  # noqa: SLF001
        self._pending: dict[int, asyncio.Future[int]] = {}
        self._early: dict[int, int] = {}
        self._inbox: asyncio.Queue[Message] = asyncio.Queue(maxsize=inbox)
        self._paho.on_publish = self._acknowledged
        self._paho.on_message = self._arrived

    async def publish(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> bool:
        """Publish, and for QoS 1 return when the broker has acknowledged.

        False says that nobody is subscribed to it: the broker has taken the message and dropped it. Only MQTT 5 can tell.

        Raises
        ------
        Refused
            If the broker says no; the message is not delivered.
        NotConnected
            At once when the connection is lost; whether the broker has the message is then unknown.
        """
        info = self._paho.publish(topic, payload, qos, retain)
        if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise NotConnected(f"publish to {topic}: {info.rc.name}")
        if qos == 0:
            return True
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._pending[info.mid] = future
        if info.mid in self._early:
            self._settle(info.mid, self._early.pop(info.mid))
        try:
            await self._until(future, f"publish to {topic}")
            return future.result() != _NO_SUBSCRIBER
        except Refused as refusal:
            raise Refused(f"publish to {topic}", code=refusal.code) from None
        finally:
            self._pending.pop(info.mid, None)

    async def subscribe(self, topic_filter: str, *, qos: int = 1) -> None:
        """Subscribe, and return when the broker has granted it.

        Raises
        ------
        Refused, NotConnected
        """
        try:
            granted = await self._client.subscribe(topic_filter, qos)
        except aiomqtt.MqttError as error:
            raise NotConnected(f"subscribe to {topic_filter}: {error}") from error
        for code in granted:
            value = code if isinstance(code, int) else code.value
            if value >= FAILURE:
                raise Refused(f"subscribe to {topic_filter}", code=value)

    async def messages(self) -> AsyncIterator[Message]:
        """Yield what arrives, in order.

        Raises
        ------
        NotConnected
            When the connection is lost and all that had arrived is delivered.
        """
        while True:
            if self._inbox.empty():
                getter = asyncio.ensure_future(self._inbox.get())
                try:
                    await self._until(getter, "receive")
                except BaseException:
                    getter.cancel()
                    raise
                yield getter.result()
            else:
                yield self._inbox.get_nowait()

    async def _until(self, future: "asyncio.Future[Any]", what: str) -> None:
        """Wait for a future or for the loss of the connection, whichever is first."""
        if not future.done():
            await asyncio.wait((future, self._lost), return_when=asyncio.FIRST_COMPLETED)
        if future.done():
            future.result()
        else:
            raise NotConnected(f"{what}: connection lost ({self._lost.exception() or 'closed'})")

    def _acknowledged(self, _client: object, _userdata: object, mid: int, reason: Any, _properties: object) -> None:
        code = getattr(reason, "value", 0)
        if mid in self._pending:
            self._settle(mid, code)
        else:  # paho may call back before publish() has given us the message id
            self._early[mid] = code
            if len(self._early) > 1000:
                self._early.pop(next(iter(self._early)))

    def _settle(self, mid: int, code: int) -> None:
        future = self._pending[mid]
        if not future.done():
            if code >= FAILURE:
                future.set_exception(Refused("publish", code=code))
            else:
                future.set_result(code)

    def _arrived(self, _client: object, _userdata: object, message: Any) -> None:
        try:
            self._inbox.put_nowait(Message(message.topic, message.payload))
        except asyncio.QueueFull:
            self.dropped += 1


@asynccontextmanager
async def connect(settings: BrokerSettings, *, will: Will | None = None, inbox: int = 1000) -> AsyncIterator[Link]:
    """Open a clean session: MQTT 5, or 3.1.1 where the broker knows no better.

    Raises
    ------
    NotConnected, Refused
        If there is no broker, or it does not let us in.
    ConfigError
        If a certificate or password file cannot be used.
    """
    tls, password = tls_context(settings.tls), password_of(settings)
    where = f"broker {settings.host}:{settings.port}"
    for level in LEVELS[settings.version]:
        protocol = aiomqtt.ProtocolVersion(level)
        client = _client(settings, protocol, tls=tls, password=password, will=will, inbox=inbox)
        link = Link(client, protocol=level, inbox=inbox)
        try:
            await client.__aenter__()
        except aiomqtt.MqttError as error:
            code = getattr(getattr(error, "rc", None), "value", getattr(error, "rc", None))
            is_older = code in UNSUPPORTED_VERSION or (_is_mute(error) and where not in KNOWN_TO_SPEAK_5)
            if is_older and level != LEVELS[settings.version][-1]:
                continue
            if isinstance(code, int) and isinstance(error, aiomqtt.exceptions.MqttConnectError):
                raise Refused(where, code=code) from error
            raise NotConnected(f"{where}: {error}") from error
        if level == 5:
            KNOWN_TO_SPEAK_5.add(where)
        break
    try:
        yield link
    finally:
        try:
            await client.__aexit__(None, None, None)
        except aiomqtt.MqttError as error:
            _log.debug("leaving the broker: %s", error)


def _client(
    settings: BrokerSettings,
    protocol: aiomqtt.ProtocolVersion,
    *,
    tls: ssl.SSLContext | None,
    password: str | None,
    will: Will | None,
    inbox: int,
) -> aiomqtt.Client:
    properties = None
    is_new = protocol is aiomqtt.ProtocolVersion.V5
    if is_new:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.ReceiveMaximum = min(inbox, 65535)
    client = aiomqtt.Client(
        settings.host,
        settings.port,
        username=settings.username,
        password=password,
        identifier=settings.client_id,
        protocol=protocol,
        clean_session=None if is_new else True,
        clean_start=True if is_new else MQTT_CLEAN_START_FIRST_ONLY,  # paho refuses anything else for 3.1.1
        keepalive=settings.keepalive_seconds,
        will=None if will is None else aiomqtt.Will(will.topic, will.payload, qos=1, retain=will.retain),
        properties=properties,
        tls_context=tls,
        timeout=_CONNECT_TIMEOUT_SECONDS,
        max_inflight_messages=1000,
        # Without it a publish right after an acknowledgement waits up to 40 ms for the other side's delayed TCP ACK.
        socket_options=((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),),
    )
    connected, lost = client._connected, client._disconnected  # noqa: SLF001 - see the module's docstring

    def give_up() -> None:
        if not connected.done():  # aiomqtt would wait for its time-out
            connected.set_exception(_HungUp("closed the connection instead of answering"))

    def on_disconnect(*arguments: Any) -> None:
        client._on_disconnect(*arguments)  # noqa: SLF001
        give_up()

    def on_lost(_: "asyncio.Future[None]") -> None:
        if not lost.cancelled():
            lost.exception()  # looked at, so that asyncio does not complain of it later
        give_up()

    client._client.on_disconnect = on_disconnect  # noqa: SLF001
    lost.add_done_callback(on_lost)
    return client


class _HungUp(aiomqtt.MqttError):
    """The broker closed the connection on our CONNECT."""


def _is_mute(error: aiomqtt.MqttError) -> bool:
    """Tell whether our CONNECT got no answer at all: some 3.1.1 brokers hang up on version 5, some wait for more bytes."""
    return isinstance(error, _HungUp) or isinstance(error.__context__, TimeoutError)


def tls_context(settings: TlsSettings | None) -> ssl.SSLContext | None:
    """Make what a TLS connection needs of its files, or raise `ConfigError`."""
    if settings is None:
        return None
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
        if settings.certificate_file is not None:
            context.load_cert_chain(settings.certificate_file, settings.key_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"TLS files of the broker: {error}", key="broker.tls") from error
    return context


def password_of(settings: BrokerSettings) -> str | None:
    """Read the password from its file, or raise `ConfigError`."""
    if settings.password_file is None:
        return None
    try:
        return settings.password_file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"password file: {error}", key="broker.password_file") from error


async def keep_connected(
    open_link: Callable[[], AbstractAsyncContextManager[AnyLink]],
    session: Callable[[AnyLink], Awaitable[None]],
    *,
    name: str,
    rng: random.Random | None = None,
) -> NoReturn:
    """Run ``session`` on a link again and again; each loss and each return is logged once, waits grow and are jittered.

    Anything but a `RetryableError` that leaves ``session`` passes through: it is a bug or a wrong setting.
    """
    dice = rng or random.Random()  # noqa: S311 - spreads reconnects, guards no secret
    clock = asyncio.get_running_loop().time
    wait_seconds, is_lost = _FIRST_WAIT_SECONDS, False
    while True:
        entered = clock()
        try:
            async with open_link() as link:
                _log.info("%s: connected to the broker (MQTT protocol %d)", name, link.protocol)
                entered, is_lost = clock(), False
                await session(link)
        except RetryableError as error:
            if not is_lost:
                _log.warning("%s: %s; trying again until it works", name, error)
            is_lost = True
        if clock() - entered > _LONGEST_WAIT_SECONDS:  # it did work: a session that is refused at once keeps backing off
            wait_seconds = _FIRST_WAIT_SECONDS
        await asyncio.sleep(wait_seconds * dice.uniform(0.5, 1.5))
        wait_seconds = min(wait_seconds * 2, _LONGEST_WAIT_SECONDS)
