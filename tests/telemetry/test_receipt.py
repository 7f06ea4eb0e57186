import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.errors import BadPayload
from telemetry.receipt import Receipt, decode_receipt, encode_receipt


def test_seqs_fold_into_as_few_ranges_as_they_make() -> None:
    assert Receipt.of(7, [5, 1, 2, 3, 9, 2]).ranges == ((1, 3), (5, 5), (9, 9))


@given(st.integers(0, 2**63 - 1), st.sets(st.integers(1, 2**40), max_size=20))
def test_a_receipt_survives_the_journey_and_covers_exactly_its_seqs(epoch: int, seqs: set[int]) -> None:
    receipt = decode_receipt(encode_receipt(Receipt.of(epoch, seqs)))
    assert receipt.epoch == epoch
    assert sum(last - first + 1 for first, last in receipt.ranges) == len(seqs)
    assert all(any(first <= seq <= last for first, last in receipt.ranges) for seq in seqs)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xff",
        cbor2.dumps([1]),
        cbor2.dumps({"v": 2, "epoch": 1, "ranges": []}),
        cbor2.dumps({"v": 1, "epoch": "1", "ranges": []}),
        cbor2.dumps({"v": 1, "epoch": 1, "ranges": [[3, 1]]}),
        cbor2.dumps({"v": 1, "epoch": 1, "ranges": [[0, 1]]}),
        cbor2.dumps({"v": 1, "epoch": 1, "ranges": [[1, 2, 3]]}),
        cbor2.dumps({"v": 1, "epoch": 1, "ranges": [["a", "b"]]}),
    ],
)
def test_what_is_no_receipt_is_refused(content: bytes) -> None:
    with pytest.raises(BadPayload, match="receipt"):
        decode_receipt(content)
