"""The MQTT topics of the house. A gateway publishes and reads below its own name only, so that an ACL can say so."""

import re
from typing import NamedTuple

NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
"""What may name a gateway, an equipment or a signal: it must pass a topic level, a file name and an SQL report unchanged."""

DATA_FILTER = "sy/1/+/up/data"
STATE_FILTER = "sy/1/+/up/state"
SHARED_DATA_FILTER = f"$share/ingest/{DATA_FILTER}"


class Message(NamedTuple):
    """What a broker hands over."""

    topic: str
    payload: bytes


_UP = re.compile(r"^sy/1/([A-Za-z0-9][A-Za-z0-9_.-]{0,63})/up/(?:data|state)$")


def data_topic(gateway: str) -> str:
    return f"sy/1/{gateway}/up/data"


def state_topic(gateway: str) -> str:
    return f"sy/1/{gateway}/up/state"


def receipt_topic(gateway: str) -> str:
    return f"sy/1/{gateway}/down/receipt"


def gateway_of(topic: str) -> str | None:
    """Name the gateway that an ``up`` topic belongs to; None for any other topic."""
    match = _UP.match(topic)
    return match[1] if match else None
