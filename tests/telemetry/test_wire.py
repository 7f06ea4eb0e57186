"""The wire format against bytes assembled by hand, and against everything that may arrive instead of it."""

import json
import math
import struct
import zlib
from decimal import Decimal
from pathlib import Path
from typing import Any

import cbor2
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from telemetry.bundle import Batch, Block, Bundle, Event, SignalList
from telemetry.errors import BadPayload
from telemetry.wire import CBOR_MAGIC, MAX_DECODED_BYTES, decode_bundle, encode_bundle, identity_of

GOLDEN = Path(__file__).parents[1] / "golden" / "wire"
CASES = sorted(path.name for path in GOLDEN.iterdir())


def golden_bytes(case: str) -> bytes:
    lines = (GOLDEN / case / "bundle.txt").read_text(encoding="utf-8").splitlines()
    return bytes.fromhex("".join(line.split("#")[0] for line in lines))


def as_json(bundle: Bundle) -> dict[str, Any]:
    """Spell a bundle with the standard library alone, so that the test does not lean on what it tests."""

    def numbers(data: bytes, code: str) -> list[Any]:
        return [None if isinstance(x, float) and math.isnan(x) else x for (x,) in struct.iter_unpack(f"<{code}", data)]

    def rows(flat: list[Any], width: int) -> list[list[Any]]:
        return [flat[i : i + width] for i in range(0, len(flat), width)]

    return {
        "gateway": bundle.gateway,
        "epoch": bundle.epoch,
        "seq": bundle.seq,
        "floor": bundle.floor,
        "sent_at_us": bundle.sent_at_us,
        "batches": [
            {
                "equipment": b.equipment,
                "kind": b.signals.kind,
                "signals": list(b.signals.names),
                "single": b.single,
                "times_us": numbers(b.times, "q"),
                "values": rows(numbers(b.values, "f" if b.single else "d"), len(b.signals.names)),
                "qualities": None if b.qualities is None else rows(list(b.qualities), len(b.signals.names)),
            }
            for b in bundle.batches
        ],
        "events": [list(e) for e in bundle.events],
        "blocks": [[*b[:4], numbers(b.samples, "f")] for b in bundle.blocks],
    }


@pytest.mark.parametrize("case", CASES)
def test_a_golden_bundle_decodes_to_what_its_bytes_say(case: str) -> None:
    expected = json.loads((GOLDEN / case / "expected.json").read_text(encoding="utf-8"))
    assert as_json(decode_bundle(golden_bytes(case))) == expected


@pytest.mark.parametrize("case", ["one_batch"])
def test_the_encoder_gives_the_golden_bytes(case: str) -> None:
    assert encode_bundle(decode_bundle(golden_bytes(case))) == golden_bytes(case)


@pytest.mark.parametrize("case", CASES)
def test_a_compressed_golden_bundle_decodes_to_the_same(case: str) -> None:
    plain = decode_bundle(golden_bytes(case))
    assert decode_bundle(zlib.compress(golden_bytes(case))) == plain
    assert decode_bundle(zstandard.compress(golden_bytes(case))) == plain


names = st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True)
int64 = st.integers(-(2**63), 2**63 - 1)


@st.composite
def batches(draw: st.DrawFn) -> Batch:
    signals = SignalList.of(draw(names), tuple(draw(st.lists(names, min_size=1, max_size=5, unique=True))))
    times = draw(st.lists(int64, min_size=1, max_size=6))
    count, single = len(times) * len(signals.names), draw(st.booleans())
    values = draw(st.lists(st.floats(width=32), min_size=count, max_size=count))
    return Batch(
        equipment=draw(names),
        signals=signals,
        times=struct.pack(f"<{len(times)}q", *times),
        values=struct.pack(f"<{count}{'f' if single else 'd'}", *values),
        qualities=draw(st.none() | st.binary(min_size=count, max_size=count)),
        single=single,
    )


texts = st.text(st.characters(exclude_characters="\0", codec="utf-8"))
samples = st.lists(st.floats(width=32), max_size=9).map(lambda values: struct.pack(f"<{len(values)}f", *values))
bundles = st.builds(
    Bundle,
    gateway=names,
    epoch=st.integers(0, 2**63 - 1),
    seq=st.integers(1, 2**63 - 1),
    floor=st.integers(1, 2**63 - 1),
    sent_at_us=int64,
    batches=st.lists(batches(), max_size=4).map(tuple),
    events=st.lists(st.builds(Event, names, int64, names, texts), max_size=3).map(tuple),
    blocks=st.lists(st.builds(Block, names, names, int64, st.floats(0.001, 1e6), samples), max_size=2).map(tuple),
)


@given(bundles)
def test_every_bundle_survives_the_journey_bit_for_bit(bundle: Bundle) -> None:
    assert decode_bundle(encode_bundle(bundle)) == bundle


@settings(max_examples=2000)
@given(st.binary(max_size=300), st.sampled_from([b"", CBOR_MAGIC, b"\x78\x9c", b"\x28\xb5\x2f\xfd"]))
def test_no_bytes_crash_the_decoder(noise: bytes, magic: bytes) -> None:
    try:
        decode_bundle(magic + noise)
    except BadPayload as bad:
        assert bad.reason in {"empty", "compression", "oversized", "cbor", "version", "structure"}


@settings(max_examples=2000)
@given(st.integers(0, 250), st.integers(0, 255), st.sampled_from(CASES))
def test_no_single_changed_byte_crashes_the_decoder(position: int, value: int, case: str) -> None:
    data = bytearray(golden_bytes(case))
    data[position % len(data)] = value
    try:
        decode_bundle(bytes(data))
    except BadPayload as bad:
        assert bad.detail


def valid() -> dict[str, Any]:
    content = cbor2.loads(golden_bytes("one_batch")[len(CBOR_MAGIC) :])
    assert isinstance(content, dict)
    return content


def with_batch(position: int, item: object) -> dict[str, Any]:
    content = valid()
    content["batches"][0][position] = item
    return content


@pytest.mark.parametrize(
    ("content", "reason", "detail"),
    [
        ([], "structure", "a list where a map"),
        ({**valid(), "v": 2}, "version", "version 2,"),
        ({**valid(), "v": 10**5000}, "version", "a int"),
        ({**valid(), "events": [[10**5000, 1, "program", "O1"]]}, "structure", "a int"),
        ({**valid(), "seq": 10**5000}, "structure", "a int"),
        ({k: v for k, v in valid().items() if k != "seq"}, "structure", "seq"),
        ({**valid(), "seq": 0}, "structure", "no integer from 1"),
        ({**valid(), "seq": "1"}, "structure", "'1'"),
        ({**valid(), "seq": True}, "structure", "True"),
        ({**valid(), "epoch": -1}, "structure", "-1"),
        ({**valid(), "gateway": 7}, "structure", "7"),
        ({**valid(), "lists": ["steam_flow"]}, "structure", "signal list"),
        ({**valid(), "lists": ["boiler:a,a"]}, "structure", "distinct"),
        ({**valid(), "batches": 5}, "structure", "int"),
        ({**valid(), "blocks": [[0, "s", 1, 10**400, cbor2.CBORTag(85, b"")]]}, "structure", "OverflowError"),
        ({**valid(), "blocks": [[0, "s", 1, Decimal(50), cbor2.CBORTag(85, b"")]]}, "structure", "sampling rate"),
        (with_batch(3, cbor2.CBORTag(40, [[Decimal("9e999999"), 1], cbor2.CBORTag(86, bytes(8))])), "structure", "Decimal"),
        (with_batch(0, 9), "structure", "KeyError: 9"),
        (with_batch(0, -1), "structure", "-1"),
        (with_batch(2, b"1234"), "structure", "tag"),
        (with_batch(2, cbor2.CBORTag(79, b"1234")), "structure", "do not fit"),
        (with_batch(2, cbor2.CBORTag(78, b"12345678")), "structure", "tag 79"),
        (with_batch(3, cbor2.CBORTag(1040, [[1, 1], cbor2.CBORTag(86, bytes(8))])), "structure", "row-major matrix"),
        (with_batch(3, cbor2.CBORTag(40, [[2, 2], cbor2.CBORTag(82, bytes(32))])), "structure", "little-endian"),
        (with_batch(3, cbor2.CBORTag(40, [[2, 1], cbor2.CBORTag(86, bytes(16))])), "structure", "do not fit"),
        (with_batch(3, cbor2.CBORTag(40, [[3, 2], cbor2.CBORTag(86, bytes(48))])), "structure", "do not fit"),
    ],
)
def test_a_bundle_of_wrong_form_is_refused_with_its_reason(content: object, reason: str, detail: str) -> None:
    with pytest.raises(BadPayload) as refused:
        decode_bundle(CBOR_MAGIC + cbor2.dumps(content))
    assert refused.value.reason == reason
    assert detail in refused.value.detail


def references_to_references(depth: int) -> bytes:
    """Write a list of few bytes that is two to the power of ``depth`` long when it is printed, compared or hashed."""
    items = [bytes([0xD8, 28, 0x82, 0, 0])]
    items += [bytes([0xD8, 28, 0x82, 0xD8, 29, n, 0xD8, 29, n]) for n in range(depth - 1)]
    return bytes([0x98, len(items)]) + b"".join(items)


@pytest.mark.parametrize("key", ["v", "gateway", "epoch", "equipment", "lists", "batches"])
@pytest.mark.timeout(20)
def test_values_that_stand_in_several_places_are_refused_before_they_fill_the_memory(key: str) -> None:
    content = {**valid(), key: None}
    nested = references_to_references(22)
    plain = b"".join([CBOR_MAGIC, bytes([0xA0 + len(content)])])
    plain += b"".join(cbor2.dumps(name) + (nested if name == key else cbor2.dumps(value)) for name, value in content.items())
    with pytest.raises(BadPayload, match="tag 28"):
        decode_bundle(plain)
    assert identity_of(plain) is None


def test_a_key_that_is_a_list_is_refused() -> None:
    with pytest.raises(BadPayload, match="cbor"):
        decode_bundle(CBOR_MAGIC + bytes([0xA1]) + references_to_references(22) + b"\0")


@pytest.mark.parametrize("cut", [3, 40, 120, 180])
def test_a_truncated_bundle_is_refused(cut: int) -> None:
    with pytest.raises(BadPayload, match="cbor"):
        decode_bundle(golden_bytes("one_batch")[:cut])
    with pytest.raises(BadPayload, match="compression"):
        decode_bundle(zlib.compress(golden_bytes("one_batch"))[: cut // 2])


@pytest.mark.parametrize("compress", [zlib.compress, zstandard.compress])
def test_a_small_message_that_unpacks_to_a_huge_one_is_refused(compress: Any) -> None:
    bomb = compress(bytes(MAX_DECODED_BYTES * 20))
    assert len(bomb) < 200_000
    with pytest.raises(BadPayload, match="oversized"):
        decode_bundle(bomb)


def test_no_bytes_at_all_are_refused() -> None:
    with pytest.raises(BadPayload, match="empty"):
        decode_bundle(b"")


def test_json_instead_of_cbor_is_refused_with_a_hint() -> None:
    with pytest.raises(BadPayload, match="d9d9f7"):
        decode_bundle(b'{"time": 1}')


def test_a_missing_value_stays_missing() -> None:
    batch = decode_bundle(golden_bytes("one_batch")).batches[0]
    assert math.isnan(struct.unpack("<4d", batch.values)[3])
