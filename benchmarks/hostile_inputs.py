"""Inputs for the fuzzer: what to begin with, and how one becomes the next.

Half of the inputs are mutated as bytes by libFuzzer itself, half as what they are: unpacked, decoded, a value changed for another
kind of value or for one at a limit, encoded and packed again.
"""

import json
import random
import struct
import zlib
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import cbor2
import zstandard

from ingest.foreign.sparkplug_payload import SCALARS, TEXTS
from telemetry.bundle import Batch, Block, Bundle, Event, SignalList
from telemetry.receipt import Receipt, encode_receipt
from telemetry.sparkplug_payload import Payload
from telemetry.wire import encode_bundle

LARGEST_BYTES = 16_384
_GOLDEN = Path(__file__).parents[1] / "tests" / "golden" / "wire"
_CBOR_MARK, _ZLIB_MARK, _ZSTD_MARK = b"\xd9\xd9\xf7", b"\x78", b"\x28\xb5\x2f\xfd"
_OUR_TAGS = (40, 64, 78, 79, 82, 85, 86, 1040)
_MEANINGFUL_TAGS = (0, 1, 2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 100, 256, 258, 260, 261, 1004, 43000)
"""Tags that the library turns into other things, of which some are references to what was there before."""

Mutate = Callable[[bytes, int], bytes]


# --- what to begin with -----------------------------------------------------------------------------------------------


def seeds(count: int) -> Iterator[bytes]:
    """Give well-formed inputs of every kind: the golden bundles, so many made ones, and what foreign producers send."""
    rng = random.Random(1)
    golden = [
        bytes.fromhex("".join(line.split("#")[0] for line in (case / "bundle.txt").read_text(encoding="utf-8").splitlines()))
        for case in sorted(_GOLDEN.iterdir())
    ]
    yield from golden
    yield from map(zlib.compress, golden)
    yield from map(zstandard.compress, golden)
    for _ in range(count):
        yield encode_bundle(_bundle(rng))
    yield encode_receipt(Receipt.of(2**62, [1, 2, 3, 7, 9]))
    yield b'{"time": "2026-11-20T08:00:00+08:00", "steam_flow": 7.5, "state": 3, "note": "\\u4e0a\\u4e91", "x": null, "on": true}'
    yield b'[{"time": 1795132800, "steam_flow": 1e3}, {"time": 1795132800123, "steam_flow": -0.5}, {"steam_flow": 2}]'
    for _ in range(count // 4):
        yield _sparkplug(rng)


def _bundle(rng: random.Random) -> Bundle:
    def batch() -> Batch:
        rows, names, single = (
            rng.randint(1, 4),
            rng.sample(("a", "b_1", "steam_flow", "state", "x.y"), rng.randint(1, 4)),
            rng.random() < 0.5,
        )
        cells = rows * len(names)
        return Batch(
            equipment=rng.choice(("boiler-1", "m")),
            signals=SignalList.of(rng.choice(("boiler", "other", "k")), tuple(names)),
            times=struct.pack(f"<{rows}q", *(rng.choice((0, 1_795_132_800_000_000, 2**63 - 1, -(2**63))) for _ in range(rows))),
            values=rng.randbytes(cells * (4 if single else 8)),
            qualities=rng.randbytes(cells) if rng.random() < 0.3 else None,
            single=single,
        )

    return Bundle(
        gateway="plant",
        epoch=rng.choice((0, 1, 2**63 - 1)),
        seq=rng.choice((1, 7, 2**63 - 1)),
        floor=rng.choice((1, 7, 2**63 - 1)),
        sent_at_us=rng.choice((0, -1, 1_795_132_800_000_000)),
        batches=tuple(batch() for _ in range(rng.randint(0, 3))),
        events=tuple(Event("cnc", 5, "program", rng.choice(("", "O1", "\u4e0a"))) for _ in range(rng.randint(0, 2))),
        blocks=tuple(Block("cnc", "vibration", 5, rng.choice((0.5, 25_600.0)), bytes(8)) for _ in range(rng.randint(0, 2))),
    )


def _sparkplug(rng: random.Random) -> bytes:
    payload = Payload(timestamp=1_795_132_800_000, seq=rng.randint(0, 255))
    for alias in range(rng.randint(1, 5)):
        datatype = rng.choice(sorted(SCALARS))
        metric = payload.metrics.add(
            name=rng.choice(("bdSeq", "Flow", "a/b", "\u4e0a")), alias=alias, datatype=datatype, timestamp=5
        )
        if rng.random() < 0.1:
            metric.is_null = True
        elif datatype in TEXTS and datatype != 13:
            metric.string_value = "x"
        else:
            field = {9: "float_value", 10: "double_value", 11: "boolean_value"}.get(datatype, "long_value")
            setattr(metric, field, 1)
    encoded: bytes = payload.SerializeToString()
    return encoded


# --- how one becomes the next -----------------------------------------------------------------------------------------


def mutated(data: bytes, largest_bytes: int, seed: int, mutate_bytes: Mutate) -> bytes:
    """Give the next input; ``mutate_bytes`` changes bytes as such."""
    rng = random.Random(seed)
    plain, pack = _unpacked(data)
    changed = _structure_changed(plain, rng) if rng.random() < 0.5 else None
    if changed is None:
        changed = bytes(mutate_bytes(plain, largest_bytes))
    if rng.random() < 0.1:
        pack = zlib.compress if pack is None else None
    packed = changed if pack is None else pack(changed)
    return packed if len(packed) <= largest_bytes else bytes(mutate_bytes(data, largest_bytes))


def _unpacked(data: bytes) -> tuple[bytes, Callable[[bytes], bytes] | None]:
    """Unpack what is packed, and tell how it was."""
    try:
        if data.startswith(_ZLIB_MARK):
            return zlib.decompressobj().decompress(data, 4 * LARGEST_BYTES), zlib.compress
        if data.startswith(_ZSTD_MARK):
            return zstandard.ZstdDecompressor().stream_reader(data).read(4 * LARGEST_BYTES), zstandard.compress
    except (zlib.error, zstandard.ZstdError):
        pass
    return data, None


def _structure_changed(plain: bytes, rng: random.Random) -> bytes | None:
    """Change one or two values of a CBOR or JSON text; None where it is neither."""
    try:
        if plain[:1] in (b"{", b"["):
            return json.dumps(_changed(json.loads(plain), rng)).encode()
        mark = _CBOR_MARK if plain.startswith(_CBOR_MARK) else b""
        content = cbor2.loads(plain[len(mark) :])
        for _ in range(rng.randint(1, 2)):
            content = _changed(content, rng)
        return mark + cbor2.dumps(content, value_sharing=rng.random() < 0.1)
    except Exception:  # noqa: BLE001 - whatever cannot be decoded or encoded is mutated as bytes
        return None


def _changed(value: Any, rng: random.Random) -> Any:
    """Go down at random and change what is there."""
    fate = rng.random()
    if fate < 0.15 or not isinstance(value, dict | list | cbor2.CBORTag) or not value:
        return _odd_value(value, rng)
    if isinstance(value, cbor2.CBORTag):
        if fate < 0.3:
            return cbor2.CBORTag(rng.choice((*_OUR_TAGS, *_MEANINGFUL_TAGS)), value.value)
        return cbor2.CBORTag(value.tag, _changed(value.value, rng))
    return _dict_changed(value, fate, rng) if isinstance(value, dict) else _list_changed(value, fate, rng)


def _dict_changed(value: dict[Any, Any], fate: float, rng: random.Random) -> dict[Any, Any]:
    key = rng.choice(list(value))
    if fate < 0.2:
        return {name: kept for name, kept in value.items() if name != key}
    new_key = rng.choice(("events", "blocks", "time", "x", 1)) if fate < 0.25 else key
    return {**value, new_key: _changed(value[key], rng)}


def _list_changed(value: list[Any], fate: float, rng: random.Random) -> list[Any]:
    index = rng.randrange(len(value))
    if fate < 0.25:
        return value[:index] + value[index + 1 :]
    if fate < 0.3:
        return [*value, value[index]]
    return [*value[:index], _changed(value[index], rng), *value[index + 1 :]]


def _odd_value(value: Any, rng: random.Random) -> Any:
    """Give a value of another kind, or one at a limit."""
    near = value + rng.choice((-1, 1, 2**32)) if isinstance(value, int | float) else value
    numbers = (near, 0, 1, -1, 2**31, 2**63 - 1, 2**63, -(2**63), 2**64, 10**400, 10**5000, True, False, None)
    floats = (0.0, -0.0, 1e308, -1e308, 5e-324, float("nan"), float("inf"), Decimal("9e999999"), Fraction(10**400, 3))
    texts = (
        "",
        "a",
        "a:b",
        "a:a,a",
        "boiler:steam_flow",
        "\0",
        "\u4e0a\u4e91",
        "x" * 70_000,
        "1e5",
        "2026-11-20",
        "0001-01-01T00:00Z",
    )
    others: tuple[Any, ...] = (
        b"",
        b"\0",
        bytes(7),
        bytes(8),
        b"\xff" * 16,
        [],
        {},
        [[]],
        [value, value],
        {"a": value},
        cbor2.undefined,
    )
    tags = tuple(cbor2.CBORTag(tag, value) for tag in rng.sample((*_OUR_TAGS, *_MEANINGFUL_TAGS), 3))
    return rng.choice(rng.choice((numbers, floats, texts, others, tags)))
