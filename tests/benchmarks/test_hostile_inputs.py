"""The fuzzer begins with inputs that are whole, and its mutations reach what lies behind the packing."""

import zlib
from collections.abc import Callable

import cbor2
import pytest

from benchmarks.hostile_inputs import mutated, seeds
from ingest.foreign.reader import Reader
from ingest.foreign.settings import SparkplugSettings
from store.arrivals import Item
from telemetry.bundle import Bundle
from telemetry.errors import BadPayload
from telemetry.receipt import decode_receipt
from telemetry.topics import Message
from telemetry.wire import CBOR_MAGIC, encode_bundle

BUNDLE = encode_bundle(Bundle(gateway="plant", epoch=1, seq=2, floor=1, sent_at_us=3))


def readable(data: bytes) -> bool:
    read = Reader(SparkplugSettings())
    topics = ("sy/1/plant/up/data", "sy/1/plant/up/json/boiler/b", "spBv1.0/g/NBIRTH/n")
    try:
        decode_receipt(data)
    except BadPayload:
        found = [read(Message(topic, data)) for topic in topics]
        # A bundle whose floor is above its number is refused for that alone, when all of it has been read.
        return any(isinstance(item, Item) or (item is not None and item.reason == "floor_above_seq") for item in found)
    return True


def test_nearly_every_seed_is_well_formed() -> None:
    found = list(seeds(100))
    assert sum(map(readable, found)) > 0.8 * len(found)


@pytest.mark.parametrize("pack", [bytes, zlib.compress])
def test_half_of_the_mutants_are_still_cbor_behind_their_packing(pack: Callable[[bytes], bytes]) -> None:
    whole = 0
    for seed in range(400):
        changed = mutated(pack(BUNDLE), 16_384, seed, lambda data, _: data[:-1] + b"\xff")
        plain = zlib.decompress(changed) if changed.startswith(b"\x78") else changed
        try:
            whole += isinstance(cbor2.loads(plain.removeprefix(CBOR_MAGIC)), dict)
        except cbor2.CBORDecodeError:
            continue
    assert 120 < whole < 320


def test_a_mutant_is_never_larger_than_allowed() -> None:
    for seed in range(400):
        assert len(mutated(BUNDLE, 200, seed, lambda data, largest: data[:largest])) <= 200


def test_a_seed_repeats_its_mutant() -> None:
    assert mutated(BUNDLE, 16_384, 7, lambda data, _: data) == mutated(BUNDLE, 16_384, 7, lambda data, _: data)
