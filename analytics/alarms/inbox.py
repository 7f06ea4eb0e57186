"""Messages that wait to be judged: bounded, and nothing more is taken from the broker while it is full."""

import asyncio

from telemetry.mqtt_receiver import Receiver
from telemetry.topics import DATA_FILTER, STATE_FILTER, Message

_MOST_MESSAGES = 100_000
_MOST_BYTES = 64 << 20


class Inbox:
    """What the newest link has brought; a list of messages is taken whole."""

    def __init__(self) -> None:
        self._messages: list[Message] = []
        self._bytes = 0
        self._room = asyncio.Event()
        self._room.set()
        self.is_connected = False
        self.sessions = 0
        """Grows with each session: what was published between two is only in the database."""

    def __len__(self) -> int:
        return len(self._messages)

    def take(self) -> list[Message]:
        messages, self._messages, self._bytes = self._messages, [], 0
        self._room.set()
        return messages

    async def fill(self, link: Receiver) -> None:
        """Receive on a link until it is lost."""
        for topic_filter in (STATE_FILTER, DATA_FILTER):
            await link.subscribe(topic_filter, qos=0)
        self.sessions += 1
        self.is_connected = True
        try:
            while True:
                brought = await link.take()  # apart: before the wait the list may still be one that is taken meanwhile
                self._messages += brought
                self._bytes += sum(len(message.payload) for message in brought)
                if len(self._messages) >= _MOST_MESSAGES or self._bytes >= _MOST_BYTES:
                    self._room.clear()
                await self._room.wait()
        finally:
            self.is_connected = False
