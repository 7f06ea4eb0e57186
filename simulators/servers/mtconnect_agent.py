"""An MTConnect agent on raw asyncio: a device model, observations numbered in a buffer, HTTP, and faults on demand.

Written from the standard (Part 1, the REST protocol of 1.4 and 2.x; Part 2, device model; Part 3, streams) with no library, so
that judge and judged share no code. Of XPath it knows what ElementTree knows. Where the standard leaves it open it does as the
reference agent: errors have an HTTP status of their own since version 2; a stream that cannot go on ends with an error document.
"""

import asyncio
import contextlib
import itertools
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Self
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.etree.ElementTree import Element, SubElement, tostring
from xml.sax.saxutils import escape, quoteattr

from telemetry.errors import ConfigError

UNAVAILABLE = "UNAVAILABLE"
_BOUNDARY = "shangyun-simulator"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LIMITS = {"from": 2**64, "count": 2**31, "interval": 2**31, "heartbeat": 2**31}
_HOLDERS = {"SAMPLE": "Samples", "EVENT": "Events", "CONDITION": "Condition"}
_STATUS = {200: "OK", 400: "Bad Request", 404: "Not Found", 500: "Internal Server Error"}


class _Item(NamedTuple):
    """A data item, and where it stands."""

    id: str
    name: str | None
    category: str
    type: str
    sub_type: str | None
    device: tuple[str, str]
    component: tuple[str, str, str]


class _Observation(NamedTuple):
    """What an item was since an instant; ``level`` and ``code`` belong to conditions."""

    sequence: int
    time_us: int
    item: _Item
    text: str
    level: str = ""
    code: str = ""


class _Refusal(Exception):  # noqa: N818 - what it is
    """An error document; ``status`` is HTTP's since version 2."""

    def __init__(self, code: str, text: str, *, status: int = 404) -> None:
        self.code, self.status = code, status
        super().__init__(text)


class MtConnectAgent:
    """Serves the devices it is given and what is put into it. Entered, it listens; left, it is gone.

    ``devices`` is the device model without namespaces: a ``Devices`` element.
    """

    def __init__(
        self, devices: Element, *, host: str = "127.0.0.1", port: int = 0, version: str = "2.0", buffer_size: int = 16_384
    ) -> None:
        self.version = version
        self.instance = int(time.time())
        self.delay_seconds = 0.0
        """How long every answer takes."""
        self.streams = True
        """False: an agent that takes no notice of ``interval`` and gives one document."""
        self.clock_us: Callable[[], int] = lambda: time.time_ns() // 1000
        """What the agent calls now."""
        self.requests: list[str] = []
        self._devices, self._host, self._port = devices, host, port
        self._items = {item.id: item for item in _items(devices)}
        self._buffer: deque[_Observation] = deque(maxlen=buffer_size)
        self._next = 1
        self._current: dict[str, list[_Observation]] = {}
        self._news = asyncio.Event()
        self._speaking = asyncio.Event()
        self._speaking.set()
        self._failures: list[int] = []
        self._is_cutting = False
        self._server: asyncio.Server | None = None
        self._connections: dict[asyncio.StreamWriter, asyncio.Task[None]] = {}
        self._began_us = self.clock_us()
        self._forget()

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def __aenter__(self) -> Self:
        try:
            self._server = await asyncio.start_server(self._connected, self._host, self._port)
        except OSError as error:
            why = error.strerror or str(error)
            raise ConfigError(f"cannot listen on {self._host}:{self._port} for MTConnect: {why}") from None
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.disconnect()
        await asyncio.gather(*self._connections.values(), return_exceptions=True)
        await self._server.wait_closed()

    # --- what it is told ----------------------------------------------------------------------------------------------

    def put(self, time_us: int, values: Mapping[str, str]) -> None:
        """Add observations of one instant, by the items' ids."""
        for item, text in values.items():
            observation = self._add(time_us, self._items[item], text)
            self._current[item] = [observation]
        self._tell()

    def put_condition(self, time_us: int, item: str, level: str, *, code: str = "", text: str = "") -> None:
        """Add a condition: one fault or warning beside those that stand, or ``NORMAL``, which ends one (by its code) or all."""
        observation = self._add(time_us, self._items[item], text, level.title(), code)
        standing = [] if level == UNAVAILABLE or not code else self._current[item]
        left = [one for one in standing if one.level in ("Warning", "Fault") and one.code != code]
        self._current[item] = left if observation.level == "Normal" and left else [*left, observation]
        self._tell()

    def text_of(self, item: str) -> str:
        """Give an item's newest text; of a condition, its level."""
        newest = self._current[item][-1]
        return newest.level.upper() or newest.text

    # --- faults -------------------------------------------------------------------------------------------------------

    def restart(self) -> None:
        """Come back as another instance that knows nothing yet."""
        self.instance += 1
        self._buffer.clear()
        self._next = 1
        self._forget()
        self.disconnect()

    def disconnect(self) -> None:
        """Reset every connection; what comes meanwhile stays in the buffer."""
        for writer, task in self._connections.items():
            writer.transport.abort()
            task.cancel()

    def overflow(self) -> None:
        """Put so much that the buffer holds nothing else, faster than anybody can read."""
        item = next(item for item in self._items.values() if item.category != "CONDITION")
        for _ in range((self._buffer.maxlen or 0) + 1):
            self._add(self.clock_us(), item, self._current[item.id][0].text)
        self._tell()

    def silence(self) -> None:
        """Have streams say nothing any more, not even heartbeats, on connections that stay open."""
        self._speaking.clear()

    def speak(self) -> None:
        self._speaking.set()

    def fail_next(self, *statuses: int) -> None:
        """Answer the next requests with these HTTP statuses."""
        self._failures += statuses

    def cut_next(self) -> None:
        """Break the connection in the middle of the next document."""
        self._is_cutting = True

    # --- its memory ---------------------------------------------------------------------------------------------------

    def _forget(self) -> None:
        at = self.clock_us()
        for item in self._items.values():
            level = "Unavailable" if item.category == "CONDITION" else ""
            self._current[item.id] = [self._add(at, item, "" if level else UNAVAILABLE, level)]

    def _add(self, time_us: int, item: _Item, text: str, level: str = "", code: str = "") -> _Observation:
        observation = _Observation(self._next, time_us, item, text, level, code)
        self._buffer.append(observation)
        self._next += 1
        return observation

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    @property
    def _first(self) -> int:
        return self._buffer[0].sequence if self._buffer else self._next

    # --- HTTP ---------------------------------------------------------------------------------------------------------

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections[writer] = task
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
                while await self._answer((await reader.readuntil(b"\r\n\r\n")).decode("latin-1"), writer):
                    await writer.drain()
        finally:
            del self._connections[writer]
            writer.close()

    async def _answer(self, head: str, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; False ends the connection."""
        method, _, rest = head.partition(" ")
        target = rest.partition(" ")[0]
        self.requests.append(target)
        await asyncio.sleep(self.delay_seconds)
        if self._failures:
            return self._send(writer, "failed on purpose", status=self._failures.pop(0), content_type="text/plain")
        try:
            return await self._serve(method, target, writer)
        except _Refusal as refusal:
            status = refusal.status if _is_since(self.version, 2, 0) else 200
            return self._send(writer, self._error(refusal), status=status)

    async def _serve(self, method: str, target: str, writer: asyncio.StreamWriter) -> bool:
        if method != "GET":
            raise _Refusal("UNSUPPORTED", f"{method} is not supported", status=400)
        parts = urlsplit(target)
        *device, request = [unquote(part) for part in parts.path.strip("/").split("/")]
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        numbers = {key: _number(key, query[key], limit) for key, limit in _LIMITS.items() if key in query}
        wanted = self._wanted(device, query.get("path"))
        if request == "probe":
            return self._send(writer, self._probe(device))
        if request == "current":
            return self._send(writer, self._document((one for item in wanted for one in self._current[item]), self._next))
        if request != "sample":
            raise _Refusal("UNSUPPORTED", f"no request {request!r}", status=400)
        start, count = numbers.get("from", self._first), numbers.get("count", min(100, self._buffer.maxlen or 0))
        self._check(start, count)
        if "interval" not in numbers or not self.streams:
            return self._send(writer, self._sample(wanted, start, count)[0])
        interval_seconds, heartbeat_seconds = numbers["interval"] / 1000, numbers.get("heartbeat", 10_000) / 1000
        await self._stream(
            writer, wanted, start, count=count, interval_seconds=interval_seconds, heartbeat_seconds=heartbeat_seconds
        )
        return False

    def _send(self, writer: asyncio.StreamWriter, body: str, *, status: int = 200, content_type: str = "text/xml") -> bool:
        data = body.encode()
        head = f"HTTP/1.1 {status} {_STATUS.get(status, 'Status')}\r\nContent-Type: {content_type}\r\n"
        return self._write(writer, f"{head}Content-Length: {len(data)}\r\n\r\n".encode() + data)

    def _write(self, writer: asyncio.StreamWriter, data: bytes) -> bool:
        if self._is_cutting:
            self._is_cutting = False
            writer.write(data[: len(data) // 2])
            return False
        writer.write(data)
        return True

    async def _stream(
        self,
        writer: asyncio.StreamWriter,
        wanted: Mapping[str, _Item],
        start: int,
        *,
        count: int,
        interval_seconds: float,
        heartbeat_seconds: float,
    ) -> None:
        writer.write(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n"
            f"Content-Type: multipart/x-mixed-replace;boundary={_BOUNDARY}\r\n\r\n".encode()
        )
        quiet_until = asyncio.get_running_loop().time() + heartbeat_seconds
        is_whole = True
        while is_whole:
            await self._speaking.wait()
            try:
                self._check(start, count)
                document, following, is_empty = self._sample(wanted, start, count)
            except _Refusal as refusal:
                self._write_part(writer, self._error(refusal))
                break
            now = asyncio.get_running_loop().time()
            if is_empty and now < quiet_until:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(quiet_until - now):
                        await self._news.wait()
                start = following
                continue
            is_whole = self._write_part(writer, document)
            await writer.drain()
            start, quiet_until = following, now + max(heartbeat_seconds, interval_seconds)
            if start == self._next:  # a backlog goes without waiting
                await asyncio.sleep(interval_seconds)
        if is_whole:
            writer.write(b"0\r\n\r\n")

    def _write_part(self, writer: asyncio.StreamWriter, document: str) -> bool:
        body = document.encode()
        part = f"--{_BOUNDARY}\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body + b"\r\n"
        return self._write(writer, f"{len(part):x}\r\n".encode() + part + b"\r\n")

    # --- documents ----------------------------------------------------------------------------------------------------

    def _check(self, start: int, count: int) -> None:
        if not self._first <= start <= self._next:
            raise _Refusal("OUT_OF_RANGE", f"'from' must be from {self._first} to {self._next}")
        if not 1 <= count <= (self._buffer.maxlen or 0):
            raise _Refusal("OUT_OF_RANGE", f"'count' must be from 1 to {self._buffer.maxlen}")

    def _wanted(self, device: Sequence[str], path: str | None) -> dict[str, _Item]:
        found = {key: item for key, item in self._items.items() if not device or device[0] in item.device}
        if len(device) > 1 or (device and not found):
            raise _Refusal("NO_DEVICE", f"no device {'/'.join(device)!r}")
        if path is None:
            return found
        try:
            elements = self._devices.findall("." + path)
        except (SyntaxError, KeyError, TypeError) as error:  # the last for a path that breaks off
            raise _Refusal("INVALID_XPATH", f"{path!r}: {error}", status=400) from None
        inside = {item.get("id") for element in elements for item in element.iter("DataItem")}
        return {key: item for key, item in found.items() if key in inside}

    def _sample(self, wanted: Mapping[str, _Item], start: int, count: int) -> tuple[str, int, bool]:
        """Give a document, the number that comes after it, and whether it says nothing."""
        rest = itertools.islice(self._buffer, start - self._first, None)
        found = list(itertools.islice((one for one in rest if one.item.id in wanted), count))
        following = found[-1].sequence + 1 if len(found) == count else self._next
        return self._document(found, following), following, not found

    def _document(self, observations: Iterable[_Observation], following: int) -> str:
        streams = Element("Streams")
        devices: dict[tuple[str, str], Element] = {}
        components: dict[tuple[object, ...], Element] = {}
        for one in observations:
            name, uuid = one.item.device
            device = devices.get(one.item.device)
            if device is None:
                device = devices[one.item.device] = SubElement(streams, "DeviceStream", name=name, uuid=uuid)
            place = (*one.item.device, one.item.component)
            component = components.get(place)
            if component is None:
                kind, identifier, own = one.item.component
                component = components[place] = SubElement(device, "ComponentStream", component=kind, componentId=identifier)
                if own:
                    component.set("name", own)
                for holder in _HOLDERS.values():
                    SubElement(component, holder)
            _write_observation(component.find(_HOLDERS[one.item.category]), one, has_ids=_is_since(self.version, 2, 3))
        for component in components.values():
            for empty in [holder for holder in component if not len(holder)]:
                component.remove(empty)
        header = {"nextSequence": following, "firstSequence": self._first, "lastSequence": self._next - 1}
        return self._whole("MTConnectStreams", header, tostring(streams, encoding="unicode"))

    def _probe(self, device: Sequence[str]) -> str:
        wanted = Element("Devices")
        wanted.extend(one for one in self._devices if not device or device[0] in (one.get("name"), one.get("uuid")))
        return self._whole("MTConnectDevices", {}, tostring(wanted, encoding="unicode"))

    def _error(self, refusal: _Refusal) -> str:
        text = escape(str(refusal))
        if _is_since(self.version, 2, 6):  # the code became the element's name
            body = f"<{_pascal(refusal.code)}><ErrorMessage>{text}</ErrorMessage></{_pascal(refusal.code)}>"
        else:
            body = f"<Error errorCode={quoteattr(refusal.code)}>{text}</Error>"
        return self._whole("MTConnectError", {}, f"<Errors>{body}</Errors>")

    def _whole(self, root: str, header: Mapping[str, int], body: str) -> str:
        has_change_time = _is_since(self.version, *((2, 6) if root == "MTConnectError" else (1, 7)))
        attributes = {
            "creationTime": _timestamp(self.clock_us()),
            "sender": "simulator",
            "instanceId": self.instance,
            "version": f"{self.version}.0.0",
            "bufferSize": self._buffer.maxlen,
            **({"assetBufferSize": 1024, "assetCount": 0} if root == "MTConnectDevices" else {}),
            **({"deviceModelChangeTime": _timestamp(self._began_us)} if has_change_time else {}),
            **header,
        }
        written = " ".join(f"{key}={quoteattr(str(value))}" for key, value in attributes.items())
        namespace = f"urn:mtconnect.org:{root}:{self.version}"
        return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{namespace}"><Header {written}/>{body}</{root}>\n'


def _items(devices: Element) -> Iterator[_Item]:
    def walk(element: Element, device: tuple[str, str], component: tuple[str, str, str]) -> Iterator[_Item]:
        for holder in element:
            for child in holder if holder.tag in ("DataItems", "Components") else ():
                if child.tag == "DataItem":
                    yield _Item(
                        child.get("id", ""),
                        child.get("name"),
                        child.get("category", ""),
                        child.get("type", ""),
                        child.get("subType"),
                        device,
                        component,
                    )
                else:
                    yield from walk(child, device, (child.tag, child.get("id", ""), child.get("name", "")))

    for device in devices:
        names = (device.get("name", ""), device.get("uuid", ""))
        yield from walk(device, names, ("Device", device.get("id", ""), names[0]))


def _write_observation(holder: Element | None, one: _Observation, *, has_ids: bool) -> None:
    assert holder is not None
    item = one.item
    attributes = {"dataItemId": item.id, "timestamp": _timestamp(one.time_us), "sequence": str(one.sequence)}
    optional = {"name": item.name, "subType": item.sub_type, "nativeCode": one.code}
    attributes |= {key: value for key, value in optional.items() if value}
    if one.level:
        attributes["type"] = item.type
        if has_ids and (one.code or one.level in ("Fault", "Warning")):
            attributes["conditionId"] = one.code or item.id
    element = SubElement(holder, one.level or _pascal(item.type.rpartition(":")[2]), attributes)
    element.text = one.text


def _pascal(words: str) -> str:
    return "".join(word.title() for word in words.split("_"))


def _is_since(version: str, *first: int) -> bool:
    return tuple(map(int, version.split("."))) >= first


def _number(key: str, text: str, limit: int) -> int:
    if not text.isdecimal() or int(text) > limit:
        raise _Refusal("INVALID_REQUEST", f"{key!r} is {text!r}, not a number", status=400)
    return int(text)


def _timestamp(time_us: int) -> str:
    return (_EPOCH + timedelta(microseconds=time_us)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
