"""Plain JSON for small makers: ``{"time": ..., "signal": value, ...}``, or an array of these, on a topic that names the machine.

No numbers of bundles, no receipts: what the broker has taken is out of the maker's hands. Copies of one message are stored once,
as long as it carries its times; a message without is a new one each time it comes.
"""

import json
import math
import re
import secrets
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from ingest.foreign.assembly import Assembly, Place, digest_key
from store.arrivals import DeadLetter, Item
from telemetry.bundle import MAX_BUNDLE_BYTES
from telemetry.errors import BadPayload
from telemetry.topics import JsonSource, Message, json_source

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS = ((10**11, 10**6), (10**14, 10**3), (10**17, 1))
"""A number below the first of each pair, times the second, is microseconds: seconds until the year 5138, then ms, then us."""


def read_json(message: Message, *, arrived_us: int) -> Item | DeadLetter:
    """Read a message on a JSON topic; it has no readable name when it is refused, so copies of it are only counted."""
    try:
        source = json_source(message.topic)
        if source is None:
            raise BadPayload("topic", f"{message.topic[:200]!r} is not sy/1/<gateway>/up/json/<kind>/<equipment>")  # noqa: TRY301
        samples = _samples(message.payload)
        assembly = Assembly()
        for sample in samples:
            _take(sample, source, assembly, arrived_us)
        key = digest_key(f"json/{source.gateway}", message)
        if not all("time" in sample for sample in samples):
            key = (key[0], secrets.randbits(63), 1 + secrets.randbits(62))
        bundle = assembly.bundle(key, source.gateway, arrived_us=arrived_us)
        if bundle is None:
            raise BadPayload("structure", "no signal")  # noqa: TRY301 - one way out for all
    except BadPayload as error:
        return DeadLetter(message, None, error.reason, error.detail)
    return Item(key, message, bundle)


def _samples(payload: bytes) -> list[dict[str, Any]]:
    if not payload.strip():
        raise BadPayload("empty", "no bytes")
    if len(payload) > MAX_BUNDLE_BYTES:
        raise BadPayload("oversized", f"{len(payload)} bytes; at most {MAX_BUNDLE_BYTES} are read")
    try:
        # Decoded here: the library would guess UTF-16 and UTF-32 too.
        content = json.loads(payload.decode(), object_pairs_hook=_object, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BadPayload("json", f"{type(error).__name__}: {str(error)[:300]}") from error
    samples = content if isinstance(content, list) else [content]
    if not all(isinstance(sample, dict) for sample in samples):
        raise BadPayload("structure", "neither an object nor an array of objects")
    return samples


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        ((name, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise ValueError(f"{name[:80]!r} comes twice in one object")
    return content


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON; null says that there is no value")


def _take(sample: dict[str, Any], source: JsonSource, assembly: Assembly, arrived_us: int) -> None:
    place = Place(source.equipment, source.kind, _time_us(sample["time"]) if "time" in sample else arrived_us)
    for signal, value in sample.items():
        if signal != "time":
            assembly.add(place, signal, _value(signal, value))


def _value(signal: str, value: Any) -> float | str | None:
    if value is None or isinstance(value, str):
        return value
    if not isinstance(value, int | float):
        raise BadPayload(
            "structure", f"{signal[:80]!r} is {'an array' if isinstance(value, list) else 'an object'}, not one value"
        )
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if math.isinf(number):
        raise BadPayload("number", f"{signal[:80]!r} is beyond every float64")
    return number


def _time_us(time: Any) -> int:
    """Read ISO 8601 with an offset, or a number whose size tells its unit."""
    if isinstance(time, str) and re.match(r"\d{4}-?\d\d-?\d\d[T ]", time):
        try:
            at = datetime.fromisoformat(time)
            if at.utcoffset() is None:
                raise BadPayload("time", f"{time[:40]!r} has no offset from UTC; write Z or +08:00 behind it")
            return (at - _EPOCH) // timedelta(microseconds=1)
        except (ValueError, OverflowError) as error:
            raise BadPayload("time", f"{time[:40]!r}: {str(error)[:200]}") from error
    if isinstance(time, int | float) and not isinstance(time, bool):
        for limit, factor in _UNITS:
            if abs(time) < limit:
                return round(time * factor)
    shown = str(time)[:40]
    raise BadPayload("time", f"{shown!r} is neither ISO 8601 like 2026-11-20T08:00:00+08:00 nor seconds, ms or us since 1970")
