"""Chained statements: they hold as they were made, and any change is found where it was made."""

import json
import sys

import pytest

from analytics.leasing.chain import GENESIS, canonical, key_pair, seal, statements_of, verify
from telemetry.errors import ConfigError

PRIVATE, PUBLIC = key_pair(bytes(range(32)))


def chain(days: int, **changed: str) -> list[bytes]:
    lines: list[bytes] = []
    for day in range(1, days + 1):
        statement = {"machine": "挖掘机-7", "day": f"2026-03-{day:02d}", "hours": f"{day}.25", "flags": ["power_cut"], **changed}
        lines.append(seal(statement, after=lines[-1] if lines else None, private_key=PRIVATE))
    return lines


def test_the_key_pair_of_the_standard_is_reproduced() -> None:
    # RFC 8032, 7.1, test 1.
    secret = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    public = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    assert key_pair(secret) == (secret, public)
    assert key_pair() != key_pair()


def test_a_value_has_one_canonical_form() -> None:
    # RFC 8785: keys in order, no spaces, characters as themselves.
    assert canonical({"b": [1, None, True], "a": "柴油"}) == '{"a":"柴油","b":[1,null,true]}'.encode()


@pytest.mark.parametrize("wrong", [{"hours": 1.5}, {1: "a"}, {"ü": "a"}, {"a": b"b"}, {"a": "\ud800"}])
def test_what_has_no_canonical_form_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match=r"canonical|word|character"):
        canonical(wrong)


def test_a_chain_holds_and_gives_its_statements_back() -> None:
    lines = chain(5)
    assert verify(lines, public_key=PUBLIC) is None
    assert [one["hours"] for one in statements_of(lines, public_key=PUBLIC)] == ["1.25", "2.25", "3.25", "4.25", "5.25"]
    assert json.loads(lines[0])["previous"] == GENESIS
    assert verify([], public_key=PUBLIC) is None


def test_a_change_of_any_byte_is_found_in_its_line() -> None:
    lines = chain(3)
    for line in range(3):
        for place in range(len(lines[line])):
            for flipped in (1, 32):  # 32 turns small letters into capitals, and hexadecimal digits with them
                changed = bytearray(lines[line])
                changed[place] ^= flipped
                found = verify([*lines[:line], bytes(changed), *lines[line + 1 :]], public_key=PUBLIC)
                assert found is not None, (line, place)
                assert found.line == line + 1


def test_a_line_that_is_left_out_moved_or_repeated_is_found() -> None:
    lines = chain(4)
    for changed, line, why in (
        ([lines[0], *lines[2:]], 2, "number"),
        ([lines[0], lines[2], lines[1], lines[3]], 2, "number"),
        ([lines[0], lines[0], *lines[1:]], 2, "number"),
        (lines[1:], 1, "number"),
        ([*lines[:2], chain(3, hours="9.00")[2]], 3, "previous"),
    ):
        found = verify(changed, public_key=PUBLIC)
        assert found is not None
        assert (found.line, found.why) == (line, why)


def test_records_cut_off_at_the_end_are_missed_by_who_kept_the_newest_hash() -> None:
    lines = chain(4)
    newest = json.loads(lines[-1])["hash"]
    assert verify(lines, public_key=PUBLIC, newest_hash=newest) is None
    assert verify(lines[:3], public_key=PUBLIC) is None
    found = verify(lines[:3], public_key=PUBLIC, newest_hash=newest)
    assert found is not None
    assert (found.line, found.why) == (4, "end")


def test_a_statement_that_somebody_else_signed_is_found() -> None:
    other, _ = key_pair(bytes(32))
    lines = chain(2)
    forged = seal({"machine": "挖掘机-7", "day": "2026-03-03"}, after=lines[-1], private_key=other)
    found = verify([*lines, forged], public_key=PUBLIC)
    assert found is not None
    assert (found.line, found.why) == (3, "signature")


@pytest.mark.parametrize(
    ("statement", "why"),
    [({"machine": "other", "day": "2026-03-09"}, "machine"), ({"machine": "挖掘机-7", "day": "2026-03-02"}, "day")],
)
def test_another_machine_and_a_day_that_does_not_follow_are_found(statement: dict[str, str], why: str) -> None:
    lines = chain(2)
    found = verify([*lines, seal(statement, after=lines[-1], private_key=PRIVATE)], public_key=PUBLIC)
    assert found is not None
    assert (found.line, found.why) == (3, why)
    with pytest.raises(ValueError, match="line 3"):
        statements_of([*lines, seal(statement, after=lines[-1], private_key=PRIVATE)], public_key=PUBLIC)


@pytest.mark.parametrize("line", [b"", b"{}", b"[]", b"\xff", b'{"hash":1.0}', b"[" * 100_000])
def test_lines_that_are_no_records_break_a_chain(line: bytes) -> None:
    found = verify([line], public_key=PUBLIC)
    assert found is not None
    assert (found.line, found.why) == (1, "not_canonical")
    with pytest.raises(ValueError, match="no record"):
        seal({}, after=line, private_key=PRIVATE)


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric", None)
    with pytest.raises(ConfigError, match="pip install cryptography"):
        verify([], public_key=PUBLIC)
