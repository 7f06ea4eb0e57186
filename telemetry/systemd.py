"""What a service tells systemd: ready, reloading, stopping, and, so often as the unit's ``WatchdogSec`` asks, alive.

The protocol is one datagram of text to a socket (sd_notify(3)). Without systemd nothing is told.
"""

import asyncio
import logging
import os
import socket
import time

_log = logging.getLogger(__name__)


def notify(*states: str) -> bool:
    """Tell systemd, as ``READY=1`` or ``STATUS=...``; false where nobody listens."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
        try:
            channel.connect(f"\0{address[1:]}" if address.startswith("@") else address)
            channel.sendall("\n".join(states).encode())
        except OSError as error:
            _log.debug("telling systemd: %s", error)
            return False
    return True


def reloading() -> None:
    """Say that the settings are being read again; ``READY=1`` ends it."""
    notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")


async def feed_watchdog() -> None:
    """Say "alive" at a third of the unit's ``WatchdogSec``, for ever; without a watchdog, return.

    The event loop says it, so a loop that hangs is restarted. A full disk or a broker that is away is no reason: a restart would
    mend neither, and cost what is in memory.
    """
    microseconds = int(os.environ.get("WATCHDOG_USEC", "0") or 0)
    if os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()) or not microseconds:
        return
    while True:
        notify("WATCHDOG=1")
        await asyncio.sleep(microseconds / 3e6)
