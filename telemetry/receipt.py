"""The receipt: ingest's word that bundles are committed, the only thing that empties a spool."""

from collections.abc import Iterable
from dataclasses import dataclass

import cbor2

from telemetry.errors import BadPayload


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Seq ranges, both ends included, that the database has committed for one epoch of a gateway."""

    epoch: int
    ranges: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, epoch: int, seqs: Iterable[int]) -> "Receipt":
        """Fold seqs into as few ranges as they make."""
        ranges: list[tuple[int, int]] = []
        for seq in sorted(set(seqs)):
            if ranges and ranges[-1][1] == seq - 1:
                ranges[-1] = (ranges[-1][0], seq)
            else:
                ranges.append((seq, seq))
        return cls(epoch=epoch, ranges=tuple(ranges))


def encode_receipt(receipt: Receipt) -> bytes:
    return cbor2.dumps({"v": 1, "epoch": receipt.epoch, "ranges": receipt.ranges})


def decode_receipt(payload: bytes) -> Receipt:
    """Read a receipt; a gateway drops what it cannot read, and its bundles simply stay unreceipted.

    Raises
    ------
    BadPayload
        With reason ``receipt``.
    """
    try:
        content = cbor2.loads(payload)
        if content["v"] != 1 or type(content["epoch"]) is not int:
            raise ValueError("another version, or an epoch that is no integer")  # noqa: TRY301 - one handler for all forms
        ranges = tuple((first, last) for first, last in content["ranges"])
        if not all(type(n) is int and n >= 1 for pair in ranges for n in pair) or any(a > b for a, b in ranges):
            # Not shown: hostile lists of references to lists would print for years.
            raise ValueError("ranges that are no pairs of ascending seqs")  # noqa: TRY301 - the same
    except Exception as error:  # as in wire.py: hostile bytes raise nearly anything inside the library
        raise BadPayload("receipt", f"{type(error).__name__}: {str(error)[:300]}") from error
    return Receipt(epoch=content["epoch"], ranges=ranges)
