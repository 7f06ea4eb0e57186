"""What came in, by name: messages that became bundles, and messages that never will."""

from typing import NamedTuple

from telemetry.bundle import Bundle
from telemetry.errors import BadPayload
from telemetry.topics import Message, gateway_of
from telemetry.wire import decode_bundle, identity_of

Key = tuple[str, int, int]
"""Source, epoch and seq: the name of a bundle's bytes for ever. The source of our own gateways is the gateway's name."""


class Item(NamedTuple):
    """A bundle under its name, with the message it came in, in case that it cannot be stored."""

    key: Key
    arrival: Message
    bundle: Bundle


class DeadLetter(NamedTuple):
    """A message that cannot be stored; ``key`` is None where its header is unreadable, and then no receipt can be given."""

    arrival: Message
    key: Key | None
    reason: str
    detail: str


def read_bundle(arrival: Message) -> Item | DeadLetter:
    """Read what a gateway published under its own topic."""
    key: Key | None = None
    try:
        gateway = gateway_of(arrival.topic)
        if gateway is None:
            raise BadPayload("topic", f"{arrival.topic!r} belongs to no gateway")  # noqa: TRY301 - one way out for all
        try:
            bundle = decode_bundle(arrival.payload)
        except BadPayload:
            identity = identity_of(arrival.payload)
            key = None if identity is None else (gateway, *identity)
            raise
        key = (gateway, bundle.epoch, bundle.seq)
        if bundle.gateway != gateway:
            raise BadPayload("wrong_gateway", f"{bundle.gateway!r} published under the topic of {gateway!r}")  # noqa: TRY301
        if bundle.floor > bundle.seq:
            detail = f"floor {bundle.floor} of bundle {bundle.seq} says that it is receipted already"
            raise BadPayload("floor_above_seq", detail)  # noqa: TRY301 - the same
    except BadPayload as error:
        return DeadLetter(arrival, key, error.reason, error.detail)
    return Item(key, arrival, bundle)
