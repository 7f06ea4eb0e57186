"""What all channels have in common in sending: the contract, its one failure, secrets, and POST by HTTP."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import httpx

from analytics.notifications.entries import Entry
from telemetry.errors import ConfigError
from telemetry.settings import Settings

_TIMEOUT_SECONDS = 10.0
_LONGEST_ANSWER = 200


class NotSent(Exception):  # noqa: N818 - named by what happened, as in telemetry.errors
    """The other side is away or said no; ``answer`` is safe to be shown, and holds no secret."""

    def __init__(self, answer: str, *, pause_seconds: float = 0.0) -> None:
        self.answer = answer
        self.pause_seconds = pause_seconds
        """Asked for by the other side."""
        super().__init__(answer)


class Sender(Protocol):
    async def send(self, entries: Sequence[Entry], *, now: float) -> str:
        """Send some entries as one message, and give the other side's answer; ``now`` in seconds since 1970.

        Raises
        ------
        NotSent
        """


def read_secret(path: Path) -> str:
    """Read a secret from its file, each time anew, so that a changed one needs no restart.

    Raises
    ------
    ConfigError
        If the file is not there or empty.
    """
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"secret file: {error}") from error
    if not secret:
        raise ConfigError(f"secret file: {path} is empty")
    return secret


def check_secrets(settings: Settings) -> None:
    """Read every secret that a channel's settings name, or raise `ConfigError`."""
    for name in type(settings).model_fields:
        path = getattr(settings, name)
        if name.endswith(("key_file", "token_file", "secret_file", "password_file")) and path is not None:
            read_secret(path)


async def post(
    address: str, body: bytes, *, parameters: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
) -> httpx.Response:
    """POST JSON and give an answer of 2xx.

    Raises
    ------
    NotSent
        Told without the query of the address, in which robots have their keys.
    """
    try:
        async with httpx.AsyncClient(timeout=_TIMEOUT_SECONDS) as client:
            answer = await client.post(
                address, content=body, params=parameters, headers={"Content-Type": "application/json", **(headers or {})}
            )
    except httpx.HTTPError as error:
        raise NotSent(f"{type(error).__name__}: {address.partition('?')[0]}") from error
    if not answer.is_success:
        raise NotSent(f"HTTP {answer.status_code}: {answer.text[:_LONGEST_ANSWER]}")
    return answer


def json_of(answer: httpx.Response) -> dict[str, Any]:
    """Read a robot's answer.

    Raises
    ------
    NotSent
        If it is no JSON object: something else than the robot has answered.
    """
    try:
        content = answer.json()
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise NotSent(f"HTTP {answer.status_code} with something else than JSON: {answer.text[:_LONGEST_ANSWER]}")
    return content
