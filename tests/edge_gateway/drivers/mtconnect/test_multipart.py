"""Streams cut into parts, whatever pieces they come in."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_gateway.drivers.mtconnect.documents import BadDocument
from edge_gateway.drivers.mtconnect.multipart import Parts, boundary_of

# Part 1 of the standard, 1.4, shows a stream like this one.
STREAM = b"".join(
    b"--abc\r\nContent-type: text/xml\r\nContent-length: %d\r\n\r\n%s\r\n" % (len(body), body)
    for body in (b"<a/>", b"<b>--abc</b>", b"")
)


@given(st.lists(st.integers(0, len(STREAM)), max_size=6))
def test_parts_are_the_same_wherever_the_chunks_begin(cuts: list[int]) -> None:
    parts = Parts(b"abc")
    ends = [0, *sorted(cuts), len(STREAM)]
    found = [part for begin, end in pairwise(ends) for part in parts.feed(STREAM[begin:end])]
    assert found == [b"<a/>", b"<b>--abc</b>", b""]


def test_without_lengths_a_part_ends_where_the_next_begins() -> None:
    parts = Parts(b"abc")
    assert list(parts.feed(b"\n--abc\nContent-type: text/xml\n\n<a/>\n--abc\nX: y\n\n<b")) == [b"<a/>\n"]
    assert list(parts.feed(b"/>\n--abc--")) == [b"<b/>\n"]


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ("multipart/x-mixed-replace;boundary=abc", b"abc"),
        ('multipart/x-mixed-replace; charset=utf-8; boundary="a b:c"', b"a b:c"),
        ("multipart/mixed;boundary=--abc", b"abc"),
        ("text/xml", None),
        ("multipart/x-mixed-replace", None),
        ("", None),
    ],
)
def test_the_boundary_stands_in_the_content_type(content_type: str, boundary: bytes | None) -> None:
    assert boundary_of(content_type) == boundary


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"x" * 9000, "a boundary is missing"),
        (b"--abc\r\n" + b"x" * 9000, "whose head does not end"),
        (b"--abc\r\nContent-length: 99999999\r\n\r\n", "has a part longer"),
    ],
)
def test_what_would_grow_without_end_is_refused(data: bytes, why: str) -> None:
    parts = Parts(b"abc")
    with pytest.raises(BadDocument, match=why):
        list(parts.feed(data))
