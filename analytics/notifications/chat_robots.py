"""Robots in groups of WeCom (企业微信) and DingTalk (钉钉)."""

import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any

from analytics.notifications.entries import Entry
from analytics.notifications.messages import Writer
from analytics.notifications.sending import NotSent, json_of, post, read_secret
from analytics.notifications.settings import DingTalkChannel, WeComChannel

WECOM_BYTES, DINGTALK_BYTES = 4096, 20_000
"""Longest markdown that they take."""
_TOO_OFTEN = frozenset({45009, 130101})
"""WeCom's and DingTalk's numbers for more than twenty messages a minute;"""
_PAUSE_SECONDS = 60.0
"""and so long they answer nothing else then."""


class WeComSender:
    """Posts markdown to the robot's webhook; its key is in the query."""

    def __init__(self, channel: WeComChannel, writer: Writer) -> None:
        self._channel, self._writer = channel, writer

    async def send(self, entries: Sequence[Entry], *, now: float) -> str:  # noqa: ARG002 - the time is signed elsewhere
        content = {"msgtype": "markdown", "markdown": {"content": self._writer.markdown(entries, most_bytes=WECOM_BYTES)}}
        return await _ask(self._channel.address, content, {"key": read_secret(self._channel.key_file)})


class DingTalkSender:
    """Posts markdown to the robot's webhook, signed with the time."""

    def __init__(self, channel: DingTalkChannel, writer: Writer) -> None:
        self._channel, self._writer = channel, writer

    async def send(self, entries: Sequence[Entry], *, now: float) -> str:
        text = self._writer.markdown(entries, most_bytes=DINGTALK_BYTES)
        content = {"msgtype": "markdown", "markdown": {"title": self._writer.subject(entries), "text": text}}
        milliseconds = round(now * 1000)
        parameters = {
            "access_token": read_secret(self._channel.token_file),
            "timestamp": str(milliseconds),
            "sign": dingtalk_signature(read_secret(self._channel.secret_file), milliseconds),
        }
        return await _ask(self._channel.address, content, parameters)


def dingtalk_signature(secret: str, milliseconds: int) -> str:
    """Sign as DingTalk's security setting 加签 wants it; the query's own encoding comes on top."""
    code = hmac.new(secret.encode(), f"{milliseconds}\n{secret}".encode(), hashlib.sha256).digest()
    return base64.b64encode(code).decode()


async def _ask(address: str, content: dict[str, Any], parameters: dict[str, str]) -> str:
    answer = json_of(await post(address, json.dumps(content, ensure_ascii=False).encode(), parameters=parameters))
    code = answer.get("errcode")
    told = f"errcode {code}: {str(answer.get('errmsg', ''))[:200]}"
    if code != 0:
        raise NotSent(told, pause_seconds=_PAUSE_SECONDS if code in _TOO_OFTEN else 0)
    return told
