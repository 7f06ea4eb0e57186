"""A receiver for a whole city's messages: MQTT straight from the socket, many messages at a time.

aiomqtt hands over about 3,000 messages a second and core, with a task and several objects for each. So this side of the door
reads packets where the kernel has put them, acknowledges everything of one read with one write, and gives away all that has come.
It subscribes, receives, and publishes with QoS 0; all else is the link's (`telemetry.mqtt`).

Acknowledging on arrival is right here, because a PUBACK promises nothing in this house: a receipt does.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from telemetry import mqtt_packets as packets
from telemetry.errors import NotConnected, Refused
from telemetry.mqtt import KNOWN_TO_SPEAK_5, BrokerSettings, password_of, tls_context
from telemetry.topics import Message

_CONNECT_TIMEOUT_SECONDS = 5.0
_FIRST_BUFFER_BYTES, _LONGEST_PACKET_BYTES = 1 << 19, 1 << 22
_MOST_TOPICS = 100_000
_REST_SECONDS, _FEW_BYTES = 0.01, 1 << 16
"""After a read of few bytes the socket rests, so that the next brings many messages: a wake-up costs what ten messages do."""


class _WrongVersion(Exception):  # noqa: N818 - an answer, not a fault
    pass


class Receiver(asyncio.BufferedProtocol):
    """One MQTT session, connected. Made by `receive_from` only."""

    def __init__(self, *, level: int, inbox: int) -> None:
        self.protocol = level
        self._most = inbox
        self._buffer = bytearray(_FIRST_BUFFER_BYTES)
        self._start = self._end = 0
        self._inbox: list[Message] = []
        self._topics: dict[bytes, str] = {}
        self._transport: asyncio.Transport | None = None
        self._arrived = asyncio.Event()
        self._answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._lost: str | None = None
        self._is_paused = self._is_resting = False
        self._heard_since_ping = True

    async def take(self) -> list[Message]:
        """Give all messages that have come since the last call, at least one.

        Raises
        ------
        NotConnected
            When the connection is lost and all that had arrived is taken.
        """
        while not self._inbox:
            if self._lost is not None:
                raise NotConnected(f"receive: connection lost ({self._lost})")
            self._arrived.clear()
            await self._arrived.wait()
        messages, self._inbox = self._inbox, []
        if self._is_paused:
            self._is_paused = False
            self._read_on()
        return messages

    async def subscribe(self, topic_filter: str, *, qos: int = 1) -> None:
        """Subscribe, and return when the broker has granted it.

        Raises
        ------
        Refused, NotConnected
        """
        packet_id = 1 + secrets.randbelow(0xFFFF)
        body = await self._ask(packets.subscribe(packet_id, topic_filter, qos=qos, level=self.protocol), "subscribe")
        _, codes = packets.suback_codes(body, level=self.protocol)
        if not codes or codes[0] >= packets.FAILURE:
            raise Refused(f"subscribe to {topic_filter}", code=codes[0] if codes else packets.FAILURE)

    async def unsubscribe(self, topic_filter: str) -> None:
        """Ask for no more, and return when the broker agrees; what it had queued for us until then still comes.

        Raises
        ------
        NotConnected
        """
        packet_id = 1 + secrets.randbelow(0xFFFF)
        await self._ask(packets.unsubscribe(packet_id, topic_filter, level=self.protocol), "unsubscribe")

    def publish(self, publications: list[tuple[str, bytes]]) -> None:
        """Publish with QoS 0, all in one write.

        Raises
        ------
        NotConnected
        """
        if self._transport is None or self._lost is not None:
            raise NotConnected(f"publish: connection lost ({self._lost})")
        self._transport.write(b"".join([packets.publish(topic, data, level=self.protocol) for topic, data in publications]))

    async def enter(self, settings: BrokerSettings, password: str | None) -> None:
        request = packets.connect(
            level=self.protocol,
            client_id=settings.client_id or f"shangyun-{secrets.token_hex(8)}",
            keepalive_seconds=settings.keepalive_seconds,
            username=settings.username,
            password=password,
            receive_maximum=min(self._most, 65_535),
        )
        body = await self._ask(request, "connect")
        if len(body) < 2 or body[1]:
            code = body[1] if len(body) > 1 else packets.FAILURE
            if code in packets.UNSUPPORTED_VERSION:
                raise _WrongVersion
            raise Refused(f"broker {settings.host}:{settings.port}", code=code)

    async def keep_alive(self, seconds: float) -> None:
        """Ask for a sign of life, and give up a broker that has none."""
        while self._lost is None:
            await asyncio.sleep(seconds / 2)
            if not self._heard_since_ping and not self._is_paused:
                self._fail("no sign of life")
            self._heard_since_ping = False
            if self._transport is not None:
                self._transport.write(packets.PINGREQ)

    def leave(self) -> None:
        if self._transport is not None:
            if self._lost is None:
                self._transport.write(packets.LEAVE)
            self._transport.close()

    # --- what asyncio calls -------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def get_buffer(self, _sizehint: int) -> memoryview:
        if self._end == len(self._buffer):
            self._make_room()
        return memoryview(self._buffer)[self._end :]

    def buffer_updated(self, count: int) -> None:
        self._end += count
        self._heard_since_ping = True
        try:
            self._read_packets()
        except packets.Malformed as error:
            self._fail(f"broken packet: {error}")
        if count < _FEW_BYTES and not self._is_resting and self._transport is not None:
            self._is_resting = True
            self._transport.pause_reading()
            asyncio.get_running_loop().call_later(_REST_SECONDS, self._wake)

    def _wake(self) -> None:
        self._is_resting = False
        self._read_on()

    def _read_on(self) -> None:
        if not self._is_paused and not self._is_resting and self._transport is not None and self._lost is None:
            self._transport.resume_reading()

    def eof_received(self) -> None:
        self._fail("closed by the broker")

    def connection_lost(self, error: Exception | None) -> None:
        self._fail(str(error) if error else "closed")

    # --- packets ------------------------------------------------------------------------------------------------------

    def _read_packets(self) -> None:
        """Take all whole packets out of the buffer."""
        buffer, at, end = self._buffer, self._start, self._end
        acknowledgements: list[bytes] = []
        while end - at >= 2:
            try:
                body, after = packets.frame(buffer, at, end)
            except packets.Incomplete:
                break
            if after - at > _LONGEST_PACKET_BYTES:
                raise packets.Malformed(f"a packet of {after - at} bytes")
            if after > end:
                break
            if buffer[at] >> 4 == packets.PUBLISH:
                self._take_message(at, body, after, acknowledgements)
            else:
                self._take_answer(buffer[at] >> 4, bytes(buffer[body:after]))
            at = after
        self._start, self._end = (0, 0) if at == end else (at, end)
        if acknowledgements and self._transport is not None:
            self._transport.write(b"".join(acknowledgements))
        if self._inbox:
            self._arrived.set()
            if len(self._inbox) >= self._most and not self._is_paused and self._transport is not None:
                self._is_paused = True  # what the socket cannot hold waits in the broker, and then in the gateways' windows
                self._transport.pause_reading()

    def _take_message(self, at: int, body: int, after: int, acknowledgements: list[bytes]) -> None:
        buffer = self._buffer
        topic_start, topic_end, payload_start, packet_id = packets.publication(
            buffer, buffer[at], body, after, level=self.protocol
        )
        name = bytes(buffer[topic_start:topic_end])
        topic = self._topics.get(name)
        if topic is None:
            topic = self._new_topic(name)
        self._inbox.append(Message(topic, bytes(buffer[payload_start:after])))
        if packet_id:
            acknowledgements.append(packets.puback(packet_id))

    def _take_answer(self, kind: int, body: bytes) -> None:
        if kind in (packets.CONNACK, packets.SUBACK, packets.UNSUBACK):
            if not self._answer.done():
                self._answer.set_result(body)
        elif kind == packets.DISCONNECT:
            self._fail(f"the broker left with reason {body[0] if body else 0}")

    def _new_topic(self, name: bytes) -> str:
        if len(self._topics) >= _MOST_TOPICS:
            self._topics.clear()
        try:
            topic = self._topics[name] = name.decode()
        except UnicodeDecodeError as error:
            raise packets.Malformed("a topic that is not UTF-8") from error
        return topic

    def _make_room(self) -> None:
        """Move the unfinished packet to the front; a buffer that it fills alone is doubled."""
        rest = self._end - self._start
        if rest > len(self._buffer) // 2:
            self._buffer = self._buffer[self._start : self._end] + bytearray(2 * len(self._buffer) - rest)
        else:
            self._buffer[:rest] = self._buffer[self._start : self._end]
        self._start, self._end = 0, rest

    async def _ask(self, request: bytes, what: str) -> bytes:
        """Send a request and wait for its one answer; requests never overlap."""
        if self._transport is None or self._lost is not None:
            raise NotConnected(f"{what}: connection lost ({self._lost})")
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        try:
            async with asyncio.timeout(_CONNECT_TIMEOUT_SECONDS):
                return await self._answer
        except TimeoutError:
            raise NotConnected(f"{what}: no answer") from None

    def _fail(self, reason: str) -> None:
        if self._lost is None:
            self._lost = reason
            if not self._answer.done():
                self._answer.set_exception(NotConnected(f"connection lost ({reason})"))
                self._answer.exception()  # looked at, in case that nobody waits for it
            self._arrived.set()
            if self._transport is not None:
                self._transport.close()


@asynccontextmanager
async def receive_from(settings: BrokerSettings, *, inbox: int) -> AsyncIterator[Receiver]:
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
    for level in packets.LEVELS[settings.version]:
        try:
            async with asyncio.timeout(_CONNECT_TIMEOUT_SECONDS):
                _, receiver = await asyncio.get_running_loop().create_connection(
                    lambda level=level: Receiver(level=level, inbox=inbox),
                    settings.host,
                    settings.port,
                    ssl=tls,
                )
        except (OSError, TimeoutError) as error:
            raise NotConnected(f"{where}: {error or 'no answer'}") from error
        try:
            await receiver.enter(settings, password)
        except _WrongVersion:
            receiver.leave()
            continue
        except NotConnected:  # some brokers of 3.1.1 hang up on version 5, some wait for more bytes
            receiver.leave()
            if level == packets.LEVELS[settings.version][-1] or where in KNOWN_TO_SPEAK_5:
                raise
            continue
        except BaseException:
            receiver.leave()
            raise
        if level == 5:
            KNOWN_TO_SPEAK_5.add(where)
        break
    else:
        raise NotConnected(f"{where}: speaks no MQTT that we know")
    pings = asyncio.create_task(receiver.keep_alive(settings.keepalive_seconds))
    try:
        yield receiver
    finally:
        pings.cancel()
        receiver.leave()
