"""Messages to other programs, which can prove by a signature that they come from here and now."""

import hashlib
import hmac
import json
from collections.abc import Sequence

from analytics.notifications.entries import Entry
from analytics.notifications.messages import Writer
from analytics.notifications.sending import post, read_secret
from analytics.notifications.settings import WebhookChannel

TIMESTAMP_HEADER, SIGNATURE_HEADER = "X-Shangyun-Timestamp", "X-Shangyun-Signature"


class WebhookSender:
    """Posts a JSON object with one or more messages; an answer of 2xx takes them."""

    def __init__(self, channel: WebhookChannel, writer: Writer) -> None:
        self._channel, self._writer = channel, writer

    async def send(self, entries: Sequence[Entry], *, now: float) -> str:
        content = {
            "version": 1,
            "channel": self._channel.name,
            "text": self._writer.subject(entries),
            "messages": [self._writer.record(entry) for entry in entries],
        }
        body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        seconds = int(now)
        headers = {
            TIMESTAMP_HEADER: str(seconds),
            SIGNATURE_HEADER: webhook_signature(read_secret(self._channel.secret_file), seconds, body),
        }
        answer = await post(self._channel.address, body, headers=headers)
        return f"HTTP {answer.status_code}"


def webhook_signature(secret: str, seconds: int, body: bytes) -> str:
    """Sign the time and the body: ``sha256=`` and the hexadecimal HMAC of ``<seconds>.<body>``."""
    return "sha256=" + hmac.new(secret.encode(), f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()
