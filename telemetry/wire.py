"""The wire format: CBOR (RFC 8949) with typed arrays (RFC 8746), byte by byte in ``docs/reference/wire.md``."""

import zlib
from typing import Any, NoReturn

import cbor2

try:
    from isal.isal_zlib import IsalError, decompressobj  # half of zlib's time; a part of the server install only

    _INFLATE_ERRORS: tuple[type[Exception], ...] = (IsalError,)  # type: ignore[assignment]  # its stub names an instance
except ImportError:
    from zlib import decompressobj  # type: ignore[assignment]

    _INFLATE_ERRORS = (zlib.error,)

from telemetry.bundle import Batch, Block, Bundle, Event, SignalList
from telemetry.errors import BadPayload

VERSION = 1
MAX_DECODED_BYTES = 1024 * 1024
"""A bundle that unpacks to more than this is refused before it can fill the memory."""

CBOR_MAGIC = b"\xd9\xd9\xf7"  # tag 55799, self-described CBOR
ZLIB_MAGIC = b"\x78"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_COMPRESS_FROM_BYTES = 512
_ZSTD_WINDOW_BYTES = 4 * 1024 * 1024  # an encoder that streams asks for a window of its own size, whatever it sends

_MATRIX, _FLOAT64, _FLOAT32, _INT64, _UINT8 = 40, 86, 85, 79, 64  # RFC 8746: row-major matrix, little-endian arrays
_VALUE_TAGS = {_FLOAT64: (8, False), _FLOAT32: (4, True)}
_MAX_DEPTH = 16
_SHAREABLE = 28
"""Lets a value stand in several places; two hundred bytes of references to references then print or compare for years."""


def encode_bundle(bundle: Bundle) -> bytes:
    """Give the exact bytes to spool and to publish, compressed where that pays."""
    lists: dict[str, int] = {}
    equipment: dict[str, int] = {}

    def index(table: dict[str, int], text: str) -> int:
        return table.setdefault(text, len(table))

    batches = [
        [
            index(equipment, batch.equipment),
            index(lists, batch.signals.text),
            cbor2.CBORTag(_INT64, batch.times),
            cbor2.CBORTag(
                _MATRIX,
                [
                    [batch.rows, len(batch.signals.names)],
                    cbor2.CBORTag(_FLOAT32 if batch.single else _FLOAT64, batch.values),
                ],
            ),
            *([cbor2.CBORTag(_UINT8, batch.qualities)] if batch.qualities is not None else []),
        ]
        for batch in bundle.batches
    ]
    events = [[index(equipment, e.equipment), e.time_us, e.signal, e.text] for e in bundle.events]
    blocks = [
        [index(equipment, b.equipment), b.signal, b.start_us, b.rate_hz, cbor2.CBORTag(_FLOAT32, b.samples)]
        for b in bundle.blocks
    ]
    content: dict[str, Any] = {
        "v": VERSION,
        "gateway": bundle.gateway,
        "epoch": bundle.epoch,
        "seq": bundle.seq,
        "floor": bundle.floor,
        "sent_at": bundle.sent_at_us,
        "equipment": list(equipment),
        "lists": list(lists),
        "batches": batches,
    }
    if events:
        content["events"] = events
    if blocks:
        content["blocks"] = blocks
    plain = CBOR_MAGIC + cbor2.dumps(content)
    if len(plain) < _COMPRESS_FROM_BYTES:
        return plain
    packed = zlib.compress(plain, level=1)
    return packed if len(packed) < len(plain) * 0.9 else plain


def decode_bundle(payload: bytes) -> Bundle:
    """Read a bundle and check its form.

    Raises
    ------
    BadPayload
        With one of the reasons ``empty``, ``compression``, ``oversized``, ``cbor``, ``version``, ``structure``.
    """
    content = _load(_unpack(payload))
    if content.get("v") != VERSION:
        raise BadPayload("version", f"version {_shown(content.get('v'))}, this side reads {VERSION}")
    try:
        return _bundle(content)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError) as error:
        # A KeyError quotes its key, and that may be a number of a million digits.
        told = _shown(error.args[0]) if isinstance(error, KeyError) else str(error)[:300]
        raise BadPayload("structure", f"{type(error).__name__}: {told}") from error


def identity_of(payload: bytes) -> tuple[int, int] | None:
    """Read epoch and seq of a bundle that `decode_bundle` refuses, so that it can be receipted; None if they cannot be read."""
    try:
        content = _load(_unpack(payload))
        return _integer(content["epoch"], low=0), _integer(content["seq"], low=1)
    except (BadPayload, KeyError, ValueError):
        return None


def _unpack(payload: bytes) -> bytes:
    if not payload:
        raise BadPayload("empty", "no bytes")
    if payload.startswith(ZLIB_MAGIC):
        inflate = decompressobj()
        try:
            plain = inflate.decompress(payload, MAX_DECODED_BYTES)
        except _INFLATE_ERRORS as error:
            raise BadPayload("compression", str(error)) from error
        if inflate.unconsumed_tail:
            raise BadPayload("oversized", f"unpacks to more than {MAX_DECODED_BYTES} bytes")
        if not inflate.eof:
            raise BadPayload("compression", "compressed stream is cut short")
        return plain
    if payload.startswith(ZSTD_MAGIC):
        return _unpack_zstd(payload)
    return payload


def _unpack_zstd(payload: bytes) -> bytes:
    """Unpack what a foreign producer compressed with zstd; our own gateways send zlib, for which every ARM box is ready."""
    try:
        import zstandard  # noqa: PLC0415 - a part of the server install only: 32-bit ARM has no wheel
    except ImportError:
        raise BadPayload("compression", "zstd needs the package zstandard, part of shangyun[server]") from None
    try:
        reader = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW_BYTES).stream_reader(payload)
        plain = reader.read(MAX_DECODED_BYTES + 1)
    except zstandard.ZstdError as error:
        raise BadPayload("compression", str(error)) from error
    if len(plain) > MAX_DECODED_BYTES:
        raise BadPayload("oversized", f"unpacks to more than {MAX_DECODED_BYTES} bytes")
    return plain


def _load(plain: bytes) -> dict[str, Any]:
    if not plain.startswith(CBOR_MAGIC):
        raise BadPayload("cbor", f"starts with {plain[:4].hex()}, not with the CBOR mark d9d9f7")
    try:
        content = cbor2.loads(
            plain[len(CBOR_MAGIC) :],
            semantic_decoders={_SHAREABLE: _refuse_sharing},
            max_depth=_MAX_DEPTH,
            strict_hashable_types=True,  # keys could be made to collide
        )
    except Exception as error:  # hostile bytes raise nearly anything inside the library: none of it may pass this door
        raise BadPayload("cbor", f"{type(error).__name__}: {str(error)[:300]}") from error
    if not isinstance(content, dict):
        raise BadPayload("structure", f"a {type(content).__name__} where a map was expected")
    return content


def _refuse_sharing(*_: object) -> NoReturn:
    raise ValueError(f"tag {_SHAREABLE} has no place in a bundle")


def _bundle(content: dict[str, Any]) -> Bundle:
    # By number in dictionaries, which know no negative index and need no check of their own.
    equipment = {number: _text(name) for number, name in enumerate(content["equipment"])}
    lists = {number: SignalList.parse(_text(text)) for number, text in enumerate(content["lists"])}
    return Bundle(
        gateway=_text(content["gateway"]),
        epoch=_integer(content["epoch"], low=0),
        seq=_integer(content["seq"], low=1),
        floor=_integer(content["floor"], low=1),
        sent_at_us=_integer(content["sent_at"]),
        batches=tuple([_batch(item, equipment, lists) for item in content["batches"]]),
        events=tuple(
            Event(equipment[e], _integer(time_us), _text(signal), _text(text, limit=65_536))
            for e, time_us, signal, text in content.get("events", ())
        ),
        blocks=tuple(
            Block(equipment[e], _text(signal), _integer(start_us), _rate(rate_hz), _array(samples, _FLOAT32, size=4))
            for e, signal, start_us, rate_hz, samples in content.get("blocks", ())
        ),
    )


def _batch(item: list[Any], equipment: dict[int, str], lists: dict[int, SignalList]) -> Batch:
    """Check a batch; a city sends a hundred thousand one-row batches a second, so calls are few here."""
    signals = lists[item[1]]
    times, matrix = item[2], item[3]
    if times.tag != _INT64 or matrix.tag != _MATRIX:
        raise ValueError(
            f"tags {times.tag} and {matrix.tag} where times (tag {_INT64}) and a row-major matrix ({_MATRIX}) belong"
        )
    (rows, columns), array = matrix.value
    _integer(rows, low=1)
    size, single = _VALUE_TAGS.get(array.tag, (0, False))
    if not size:
        raise ValueError(f"values carry tag {array.tag}; float64 is {_FLOAT64}, float32 is {_FLOAT32}, both little-endian")
    times_bytes, values = times.value, array.value
    if type(times_bytes) is not bytes or type(values) is not bytes:
        raise TypeError("arrays that are no byte strings")
    if not rows or rows * 8 != len(times_bytes) or columns != len(signals.names) or len(values) != rows * columns * size:
        raise ValueError(
            f"{len(times_bytes) / 8:g} times, a matrix of {rows} x {columns} with {len(values)} bytes and"
            f" {len(signals.names)} signals do not fit each other"
        )
    qualities = _array(item[4], _UINT8, size=1) if len(item) > 4 else None
    if qualities is not None and len(qualities) != rows * columns:
        raise ValueError(f"{len(qualities)} qualities for {rows * columns} values")
    return Batch(equipment[item[0]], signals, times_bytes, values, qualities, single)


def _array(tagged: Any, tag: int, *, size: int) -> bytes:
    if tagged.tag != tag:
        raise ValueError(f"tag {tagged.tag} where tag {tag} was expected")
    data = _bytes(tagged.value)
    if len(data) % size:
        raise ValueError(f"{len(data)} bytes are no whole number of {size}-byte elements")
    return data


def _bytes(value: Any) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError(f"a {type(value).__name__} where bytes were expected")
    return value


def _text(value: Any, *, limit: int = 65_536) -> str:
    if not isinstance(value, str) or len(value) > limit or "\0" in value:
        raise ValueError(f"{_shown(value)} is no text of at most {limit} characters without NUL")
    return value


def _integer(value: Any, *, low: int = -(2**63)) -> int:
    if type(value) is not int or not low <= value < 2**63:
        raise ValueError(f"{_shown(value)} is no integer from {low} to 2^63 - 1")
    return value


def _rate(value: Any) -> float:
    if type(value) not in (int, float):
        raise ValueError(f"{_shown(value)} is no sampling rate")
    rate_hz = float(value)
    if not 0 < rate_hz < float("inf"):
        raise ValueError(f"a sampling rate of {rate_hz} Hz")
    return rate_hz


def _shown(value: Any) -> str:
    """Name a value that may be anything; a number may have a million digits, and a list one text a million times."""
    if isinstance(value, str | bytes):
        return repr(value[:40])
    if value is None or isinstance(value, float) or (isinstance(value, int) and abs(value) < 2**64):
        return repr(value)
    return f"a {type(value).__name__}"
