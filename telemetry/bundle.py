"""What travels from a gateway to the database: a bundle of batches, events and blocks.

Columns stay bytes here. The gateway has no numpy and builds them with ``array``; the cloud side joins the bytes of many
batches and views them once. Neither side makes an object per value.
"""

from functools import lru_cache
from typing import NamedTuple

MICROSECONDS = 1_000_000
MAX_BUNDLE_BYTES = 192 * 1024
"""Largest bundle on the wire: with topic and headers it passes a broker's packet limit of 256 KiB."""


class SignalList(NamedTuple):
    """The columns of a batch: an equipment kind and the names of its signals, in order.

    On the wire it is one text, ``boiler:steam_pressure,steam_flow``, sent once per bundle.
    """

    kind: str
    names: tuple[str, ...]
    text: str

    @classmethod
    def of(cls, kind: str, names: tuple[str, ...]) -> "SignalList":
        return cls(kind, names, f"{kind}:{','.join(names)}")

    @staticmethod
    @lru_cache(maxsize=4096)
    def parse(text: str) -> "SignalList":
        """Read the wire's text back; the same few texts come for ever, so this is a dictionary look-up."""
        kind, colon, names = text.partition(":")
        parts = tuple(names.split(","))
        if not colon or not kind or not all(parts) or len(set(parts)) != len(parts):
            raise ValueError(f"signal list {text[:80]!r} is not '<kind>:<signal>,<signal>...' with distinct names")
        return SignalList(kind, parts, text)


class Batch(NamedTuple):
    """Some rows of one equipment: ``rows`` acquisition times and a row-major matrix of ``rows`` x ``signals``.

    Parameters
    ----------
    times : bytes
        int64 little-endian, microseconds since 1970-01-01 UTC.
    values : bytes
        float64 little-endian (float32 where ``single``); NaN means "no value".
    qualities : bytes or None
        One `Quality` per value, None when all are good.
    """

    equipment: str
    signals: SignalList
    times: bytes
    values: bytes
    qualities: bytes | None = None
    single: bool = False

    @property
    def rows(self) -> int:
        return len(self.times) // 8


class Event(NamedTuple):
    """A text that came up at an instant: a program's name, an alarm's text."""

    equipment: str
    time_us: int
    signal: str
    text: str


class Block(NamedTuple):
    """An evenly sampled waveform: ``samples`` is float32 little-endian."""

    equipment: str
    signal: str
    start_us: int
    rate_hz: float
    samples: bytes


class Bundle(NamedTuple):
    """All that a gateway gathered in one flush interval; (gateway, epoch, seq) names these bytes for ever.

    ``epoch`` is the random id of the spool, so that a gateway that lost its disk cannot reuse numbers; ``floor`` is the
    lowest seq of this epoch that was not yet receipted when the bundle was sealed.
    """

    gateway: str
    epoch: int
    seq: int
    floor: int
    sent_at_us: int
    batches: tuple[Batch, ...] = ()
    events: tuple[Event, ...] = ()
    blocks: tuple[Block, ...] = ()
