"""The web server as we run it: it takes its port first, and ends its streams before it waits for open connections."""

import errno
import socket
from typing import Any

import uvicorn
from fastapi import FastAPI

from telemetry.errors import ConfigError

_LONGEST_GOODBYE_SECONDS = 5


class Server(uvicorn.Server):
    def __init__(self, application: FastAPI) -> None:
        super().__init__(
            uvicorn.Config(
                application,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,  # we believe the proxies of the settings alone
                timeout_graceful_shutdown=_LONGEST_GOODBYE_SECONDS,
            )
        )
        self._application = application

    def handle_exit(self, sig: int, frame: Any) -> None:  # noqa: ARG002 - as uvicorn calls it
        """Leave in good order, at the second signal at once; uvicorn would raise the signal once more at the end."""
        self.force_exit = self.should_exit
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the streams first: an open tab would hold the server for ever."""
        self._application.state.feed.close()
        await super().shutdown(sockets)


def listen(host: str, port: int) -> socket.socket:
    """Take a port before anything else starts.

    Raises
    ------
    ConfigError
        If it cannot be had.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    except OSError as error:
        raise ConfigError(f"cannot listen on {host}: {error.strerror}", key="host") from None
    # With the protocol named, or asyncio leaves Nagle's algorithm on, which costs small answers 40 ms each.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        reason = "already in use by another program" if error.errno == errno.EADDRINUSE else error.strerror
        raise ConfigError(f"cannot listen on port {port} of {host}: {reason}", key="port") from None
    return listener
