"""Fetches a weather forecast from a web address, bounded in time and size."""

import time
from urllib.parse import urlsplit

import httpx

from telemetry.errors import ConfigError, NotConnected, Refused, ShangyunError

MOST_BYTES = 64 * 1024 * 1024
_PIECE_SECONDS, _WHOLE_SECONDS = 20.0, 300.0
_MOST_REDIRECTS = 3


def fetch(address: str, *, most_bytes: int = MOST_BYTES, whole_seconds: float = _WHOLE_SECONDS) -> bytes:
    """Give what is at a web address.

    Raises
    ------
    ConfigError
        If it is none.
    RetryableError
        If it does not answer in time, or refuses.
    ShangyunError
        If there is more than ``most_bytes``.
    """
    try:
        parts = urlsplit(address)
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_web = False
    if not is_web:
        raise ConfigError(f"--url {address!r}: one looks like https://weather.example.com/plant-1.csv")
    where = f"{parts.scheme}://{parts.hostname}"  # an address may hold a key; messages do not
    deadline = time.monotonic() + whole_seconds
    body = bytearray()
    try:
        with (
            httpx.Client(timeout=_PIECE_SECONDS, follow_redirects=True, max_redirects=_MOST_REDIRECTS) as client,
            client.stream("GET", address, headers={"Accept": "text/csv"}) as answer,
        ):
            if answer.status_code != httpx.codes.OK:
                raise Refused(where, code=answer.status_code)
            for piece in answer.iter_bytes():
                body += piece
                if len(body) > most_bytes:
                    raise ShangyunError(f"{where}: more than {most_bytes:,} bytes")
                if time.monotonic() > deadline:
                    raise NotConnected(f"{where}: not whole within {whole_seconds:g} s")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise NotConnected(f"{where}: {error or type(error).__name__}") from error
    return bytes(body)
