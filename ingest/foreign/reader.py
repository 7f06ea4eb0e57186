"""Any message that ingest subscribes to, read by what its topic says it is."""

import time
from collections.abc import Callable
from datetime import datetime

from ingest.foreign.plain_json import read_json
from ingest.foreign.settings import SparkplugSettings
from ingest.foreign.sparkplug import Publish, Sparkplug
from store.arrivals import DeadLetter, Item, read_bundle
from telemetry.bundle import MICROSECONDS
from telemetry.topics import SPARKPLUG_PREFIX, Message, is_json_topic


def _to_nobody(_topic: str, _payload: bytes) -> None:
    pass


class Reader:
    """What `store.group.GroupBuilder` takes as ``read``. Each message once and in order: data of Sparkplug need their births.

    ``publish`` takes the requests to edge nodes; it is called on the thread that reads.
    """

    def __init__(
        self,
        sparkplug: SparkplugSettings | None = None,
        *,
        publish: Publish = _to_nobody,
        now_us: Callable[[], int] = lambda: time.time_ns() // 1000,
    ) -> None:
        self._sparkplug = None if sparkplug is None else Sparkplug(sparkplug, publish=publish)
        self._now_us = now_us

    def __call__(self, message: Message) -> Item | DeadLetter | None:
        return self._read(message, None)

    def read_again(self, message: Message, arrived_at: datetime) -> Item | DeadLetter | None:
        """Read a message that came in earlier, for one without a time has that of its arrival."""
        return self._read(message, round(arrived_at.timestamp() * MICROSECONDS))

    def missed_something(self) -> None:
        """Say that the connection is a new one; from any thread."""
        if self._sparkplug is not None:
            self._sparkplug.missed_something()

    def _read(self, message: Message, arrived_us: int | None) -> Item | DeadLetter | None:
        if self._sparkplug is not None and message.topic.startswith(SPARKPLUG_PREFIX):
            return self._sparkplug.read(message, arrived_us=arrived_us or self._now_us())
        if is_json_topic(message.topic):
            return read_json(message, arrived_us=arrived_us or self._now_us())
        return read_bundle(message)
