"""Statements that cannot be changed afterwards: each carries the hash of the one before it, and the plant's signature.

A chain is a file of lines, one record each. Who has the public key can check it without us; `verify` tells where it breaks.
Records cut off at the end leave a chain that holds: keep the newest hash elsewhere (the lessor's own copy) and hand it to
`verify`.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from telemetry.errors import ConfigError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ed25519

GENESIS = "0" * 64
"""What the first record has in place of a hash before it."""
_KEYS = ("hash", "number", "previous", "signature", "statement")
_DEEPEST = 20


class Break(NamedTuple):
    """Where a chain breaks first."""

    line: int
    """Counted from 1; one more than there are lines where the end is missing."""
    why: str
    """``not_canonical``, ``number``, ``previous``, ``hash``, ``signature``, ``day``, ``machine`` or ``end``."""
    detail: str


def canonical(value: Any) -> bytes:
    """Write a value in the one form that it has: keys in order, no spaces, UTF-8.

    Raises
    ------
    ValueError
        If it holds a binary fraction (write it as a string with its decimals), a key that is no plain word, or another type.

    References
    ----------
    RFC 8785 (JSON canonicalization scheme), of which values without fractions and keys in ASCII need no more than this.
    """
    _check_plain(value, 0)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def key_pair(private_key: bytes | None = None) -> tuple[bytes, bytes]:
    """Give a private and its public key, 32 bytes each; a new pair where no private key is given."""
    keys = _ed25519()
    key = keys.Ed25519PrivateKey.generate() if private_key is None else keys.Ed25519PrivateKey.from_private_bytes(private_key)
    return key.private_bytes_raw(), key.public_key().public_bytes_raw()


def seal(statement: Mapping[str, Any], *, after: bytes | None, private_key: bytes) -> bytes:
    """Make a statement's record.

    Parameters
    ----------
    after : bytes, optional
        The record before it; None for the first.
    private_key : bytes
        32 bytes of Ed25519 (RFC 8032).

    Raises
    ------
    ValueError
        If the statement has no canonical form, the key is none, or the record before is none.
    """
    previous, number = GENESIS, 1
    if after is not None:
        before = _parse(after)
        if before is None:
            raise ValueError("what it should follow is no record")
        previous, number = str(before["hash"]), int(before["number"]) + 1
    digest = _hash(number, previous, statement)
    signature = _ed25519().Ed25519PrivateKey.from_private_bytes(private_key).sign(digest)
    return canonical(
        {
            "hash": digest.hex(),
            "number": number,
            "previous": previous,
            "signature": signature.hex(),
            "statement": dict(statement),
        }
    )


def verify(lines: Sequence[bytes], *, public_key: bytes, newest_hash: str | None = None) -> Break | None:
    """Check a chain from its first record on, and give where it breaks first; None where it holds.

    Parameters
    ----------
    lines : sequence of bytes
        Records without their line ends.
    newest_hash : str, optional
        The last record's hash as somebody else kept it.
    """
    key = _ed25519().Ed25519PublicKey.from_public_bytes(public_key)
    before: dict[str, Any] | None = None
    for line, written in enumerate(lines, start=1):
        record = _parse(written)
        if record is None:
            return Break(line, "not_canonical", "is no record in canonical form")
        for why, holds, detail in _checks(record, before, line, key):
            if not holds:
                return Break(line, why, detail)
        before = record
    if newest_hash is not None and newest_hash != (GENESIS if before is None else before["hash"]):
        return Break(len(lines) + 1, "end", "records are missing at the end, or the kept hash is another chain's")
    return None


def _checks(
    record: dict[str, Any], before: dict[str, Any] | None, line: int, key: "ed25519.Ed25519PublicKey"
) -> Iterator[tuple[str, bool, str]]:
    """Give what must hold of a record, the plainest first: a name, whether it holds, and what to say where it does not."""
    digest = _hash(record["number"], record["previous"], record["statement"])
    yield "hash", digest.hex() == record["hash"], "was changed after it was made"
    yield "signature", _is_signed(key, record["signature"], digest), "is not signed with this key"
    yield "number", record["number"] == line, f"is number {record['number']}"
    previous = GENESIS if before is None else before["hash"]
    yield "previous", record["previous"] == previous, "does not follow the record before it"
    if before is not None:
        (machine, day), (old_machine, old_day) = (
            (str(of["statement"].get("machine")), str(of["statement"].get("day"))) for of in (record, before)
        )
        yield "machine", machine == old_machine, f"is of {machine}, the chain of {old_machine}"
        yield "day", day > old_day, f"{day} is not after {old_day}"


def statements_of(lines: Sequence[bytes], *, public_key: bytes) -> list[dict[str, Any]]:
    """Give the statements of a chain that holds.

    Raises
    ------
    ValueError
        If it does not, with the line.
    """
    broken = verify(lines, public_key=public_key)
    if broken is not None:
        raise ValueError(f"line {broken.line} {broken.detail}")
    return [json.loads(line)["statement"] for line in lines]


def _hash(number: int, previous: str, statement: Mapping[str, Any]) -> bytes:
    return hashlib.sha256(canonical({"number": number, "previous": previous, "statement": dict(statement)})).digest()


def _parse(written: bytes) -> dict[str, Any] | None:
    """Read a record; None where it is none, or another form of one."""
    try:
        record = json.loads(written)
        is_one = (
            isinstance(record, dict)
            and tuple(sorted(record)) == _KEYS
            and canonical(record) == written
            and isinstance(record["statement"], dict)
            and type(record["number"]) is int
            and all(isinstance(record[name], str) for name in ("hash", "previous", "signature"))
        )
    except (ValueError, RecursionError):
        return None
    return record if is_one else None


def _is_signed(key: "ed25519.Ed25519PublicKey", signature: str, digest: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - see _ed25519

    try:
        written = bytes.fromhex(signature)
        key.verify(written, digest)
    except (ValueError, InvalidSignature):
        return False
    return written.hex() == signature


def _check_plain(value: Any, depth: int) -> None:
    if depth > _DEEPEST:
        raise ValueError("it is nested too deeply")
    if isinstance(value, Mapping):
        for key, of in value.items():
            if not (isinstance(key, str) and key.isascii()):
                raise ValueError(f"{key!r} is no plain word for a key")
            _check_plain(of, depth + 1)
    elif isinstance(value, list | tuple):
        for of in value:
            _check_plain(of, depth + 1)
    elif isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueError(f"{value!r} holds half of a character") from None
    elif not (value is None or isinstance(value, int)):
        raise ValueError(f"{value!r} has no canonical form; write numbers with decimals as strings")


def _ed25519() -> Any:
    try:
        # Whoever reads figures alone need not wait for a cryptographic library.
        from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415
    except ImportError:
        raise ConfigError("signatures need a library: pip install cryptography") from None
    return ed25519
