"""The MQTT topics of the house. A gateway publishes and reads below its own name only, so that an ACL can say so."""

import re
from functools import lru_cache
from typing import NamedTuple

NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
"""What may name a gateway, an equipment or a signal: it must pass a topic level, a file name and an SQL report unchanged."""

DATA_FILTER = "sy/1/+/up/data"
JSON_FILTER = "sy/1/+/up/json/+/+"
STATE_FILTER = "sy/1/+/up/state"
SPARKPLUG_PREFIX = "spBv1.0/"
SPARKPLUG_FILTER = f"{SPARKPLUG_PREFIX}#"


class Message(NamedTuple):
    """What a broker hands over."""

    topic: str
    payload: bytes


class JsonSource(NamedTuple):
    """Whose values a JSON topic carries."""

    gateway: str
    kind: str
    equipment: str


class SparkplugTopic(NamedTuple):
    """A topic of Sparkplug B; ``device`` is empty where the edge node speaks for itself."""

    group: str
    type: str
    node: str
    device: str = ""


_NAME = NAME_PATTERN.strip("^$")
_UP = re.compile(rf"sy/1/({_NAME})/up/(?:data|state)")
_JSON = re.compile(rf"sy/1/({_NAME})/up/json/({_NAME})/({_NAME})")
_JSON_LEVEL = "/up/json/"
_SPARKPLUG = re.compile(
    r"spBv1\.0/(LEVEL)/(?:(N(?:BIRTH|DEATH|DATA|CMD))/(LEVEL)|(D(?:BIRTH|DEATH|DATA|CMD))/(LEVEL)/(LEVEL))".replace(
        "LEVEL", r"[^/\x00-\x1f]{1,256}"
    )
)
_SPARKPLUG_STATE = f"{SPARKPLUG_PREFIX}STATE/"


def shared(topic_filter: str) -> str:
    """Let all ingest workers together hear each message once; a broker without shared subscriptions needs the plain filter."""
    return f"$share/ingest/{topic_filter}"


def data_topic(gateway: str) -> str:
    return f"sy/1/{gateway}/up/data"


def state_topic(gateway: str) -> str:
    return f"sy/1/{gateway}/up/state"


def receipt_topic(gateway: str) -> str:
    return f"sy/1/{gateway}/down/receipt"


@lru_cache(maxsize=100_000)
def gateway_of(topic: str) -> str | None:
    """Name the gateway that an ``up`` topic belongs to; None for any other topic."""
    match = _UP.fullmatch(topic)
    return match[1] if match else None


def json_source(topic: str) -> JsonSource | None:
    """Read a topic of `JSON_FILTER`; None where a name in it is none."""
    match = _JSON.fullmatch(topic)
    return JsonSource(*match.groups()) if match else None


def is_json_topic(topic: str) -> bool:
    return _JSON_LEVEL in topic


def sparkplug_topic(topic: str) -> SparkplugTopic | None:
    """Read a topic of `SPARKPLUG_FILTER`; None where it is no such topic."""
    match = _SPARKPLUG.fullmatch(topic)
    if match is None:
        return SparkplugTopic("", "STATE", "") if topic.startswith(_SPARKPLUG_STATE) else None
    group, of_node, node, of_device, its_node, device = match.groups()
    return SparkplugTopic(group, of_node or of_device, node or its_node, device or "")


def sparkplug_command_topic(group: str, node: str) -> str:
    return f"{SPARKPLUG_PREFIX}{group}/NCMD/{node}"


def has_receipts(source: str) -> bool:
    """Tell whether a source in the ledger is one of our own gateways, which waits for receipts.

    A foreign source holds a slash (``json/plant-7``), which no gateway's name can.
    """
    return "/" not in source
