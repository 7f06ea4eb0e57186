"""The parts of a ``multipart/x-mixed-replace`` stream, cut out of bytes as they come."""

import re
from collections.abc import Iterator

from edge_gateway.drivers.mtconnect.documents import MAX_BYTES, BadDocument

_MAX_HEAD_BYTES = 8192
_BOUNDARY = re.compile(r'^multipart/[^;]+;(?:.*;)?\s*boundary="?([^";]{1,200})"?\s*(?:;|$)', re.IGNORECASE)
_LENGTH = re.compile(rb"^content-length:\s*(\d{1,10})\s*$", re.IGNORECASE | re.MULTILINE)


def boundary_of(content_type: str) -> bytes | None:
    """Give the boundary of a multipart answer; None where the answer is one document."""
    found = _BOUNDARY.match(content_type)
    return found[1].removeprefix("--").encode("ascii", "replace") if found else None


class Parts:
    """Takes chunks of any size and gives whole parts; agents differ in line ends and in the blank lines between parts."""

    def __init__(self, boundary: bytes) -> None:
        self._mark = b"--" + boundary
        self._buffer = bytearray()

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Take bytes and give the parts that they complete.

        Raises
        ------
        BadDocument
        """
        self._buffer += chunk
        while (part := self._next()) is not None:
            yield part

    def _next(self) -> bytes | None:
        begin = self._buffer.find(self._mark)
        if begin < 0:
            if len(self._buffer) > _MAX_HEAD_BYTES:
                raise BadDocument("is no multipart stream: a boundary is missing")
            return None
        head_end = re.search(rb"\r?\n\r?\n", self._buffer[begin : begin + _MAX_HEAD_BYTES])
        if head_end is None:
            if len(self._buffer) - begin > _MAX_HEAD_BYTES:
                raise BadDocument("has a part whose head does not end")
            return None
        start = begin + head_end.end()
        length = _LENGTH.search(self._buffer, begin, start)
        # Without a length, the end of a part shows only when the next one begins.
        end = self._buffer.find(self._mark, start) if length is None else start + int(length[1])
        if (end if end >= 0 else len(self._buffer)) - start > MAX_BYTES:
            raise BadDocument(f"has a part longer than {MAX_BYTES} bytes")
        if end < 0 or end > len(self._buffer):
            return None
        part = bytes(self._buffer[start:end])
        del self._buffer[:end]
        return part
