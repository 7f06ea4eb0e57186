"""AIS messages against published ones: gpsd's AIVDM page, and the test lines of pyais with what it says of them."""

from typing import Any

import hypothesis
import hypothesis.strategies as st
import pytest

from edge_gateway.drivers.nmea.ais import Groups, Message, decode
from edge_gateway.drivers.nmea.sentences import Rejected, parse
from tests.edge_gateway.drivers.nmea.rig import line

MITCHELL = (
    "!AIVDM,2,1,3,B,55P5TL01VIaAL@7WKO@mBplU@<PDhh000000001S;AJ::4A80?4i@E53,0*3E",
    "!AIVDM,2,2,3,B,1@0000000000000,2*55",
)


def heard(groups: Groups, text: str) -> Message | None:
    sentence = parse(text.encode())
    assert sentence is not None
    return groups.add(sentence)


@pytest.mark.parametrize(
    ("lines", "kind", "mmsi", "expected"),
    [
        (
            ["!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5C"],
            1,
            477553000,
            {
                "navigational_status": 5,
                "rate_of_turn_degrees_per_minute": 0,
                "speed_knots": 0.0,
                "longitude_degrees": -122.34583333333333,
                "latitude_degrees": 47.58283333333333,
                "course_degrees": 51.0,
                "heading_degrees": 181,
            },
        ),
        (
            ["!AIVDM,1,1,,A,15NPOOPP00o?b=bE`UNv4?w428D;,0*24"],
            1,
            367533950,
            {
                "navigational_status": 0,
                "rate_of_turn_degrees_per_minute": None,
                "speed_knots": 0.0,
                "longitude_degrees": -122.408232,
                "latitude_degrees": 37.808418,
                "course_degrees": None,
                "heading_degrees": None,
            },
        ),
        (
            ["!AIVDM,1,1,,A,35NSH95001G?wopE`beasVk@0E5:,0*6F"],
            3,
            367581220,
            {
                "navigational_status": 5,
                "rate_of_turn_degrees_per_minute": 0,
                "speed_knots": 0.1,
                "longitude_degrees": -122.3343,
                "latitude_degrees": 37.8107,
                "course_degrees": 254.2,
                "heading_degrees": 217,
            },
        ),
        (
            list(MITCHELL),
            5,
            369190000,
            {
                "imo_number": 6710932,
                "callsign": "WDA9674",
                "name": "MT.MITCHELL",
                "ship_type": 99,
                "draught_metres": 6.0,
                "destination": "SEATTLE",
            },
        ),
        (
            [
                "!AIVDM,2,1,1,A,55?MbV02;H;s<HtKR20EHE:0@T4@Dn2222222216L961O5Gf0NSQEp6ClRp8,0*1C",
                "!AIVDM,2,2,1,A,88888888880,2*25",
            ],
            5,
            351759000,
            {
                "imo_number": 9134270,
                "callsign": "3FOF8",
                "name": "EVER DIADEM",
                "ship_type": 70,
                "draught_metres": 12.2,
                "destination": "NEW YORK",
            },
        ),
        (
            ["!AIVDM,1,1,,A,B5NJ;PP005l4ot5Isbl03wsUkP06,0*76"],
            18,
            367430530,
            {
                "speed_knots": 0.0,
                "longitude_degrees": -122.267320,
                "latitude_degrees": 37.785035,
                "course_degrees": 0.0,
                "heading_degrees": None,
            },
        ),
        (["!AIVDM,1,1,,A,H52KMeDU653hhhi0000000000000,0*1A"], 24, 338091445, {"ship_type": 37, "callsign": None}),
    ],
)
def test_published_messages_mean_what_their_publishers_say(
    lines: list[str], kind: int, mmsi: int, expected: dict[str, Any]
) -> None:
    groups = Groups()
    *before, message = [heard(groups, text) for text in lines]
    assert before == [None] * (len(lines) - 1)
    assert message is not None
    assert (message.type, message.mmsi) == (kind, mmsi)
    assert message.values.keys() == expected.keys()
    for field, value in expected.items():
        assert message.values[field] == (pytest.approx(value, abs=5e-5) if isinstance(value, float) else value), field


def test_a_static_report_of_160_bits_is_whole() -> None:
    message = heard(Groups(), "!AIVDO,1,1,,A,H1mg=5@EP4m0hF1<PU000000000,2*77")
    assert message is not None
    assert (message.type, message.mmsi) == (24, 123456789)
    assert message.values.keys() == {"name"}


def test_a_base_station_and_other_types_are_not_read() -> None:
    assert heard(Groups(), "!AIVDM,1,1,,A,403OviQuMGCqWrRO9>E6fE700@GO,0*4D") is None


def test_messages_of_two_channels_may_come_through_each_other() -> None:
    groups = Groups()
    other = [line("AIVDM,2,1,3,A," + MITCHELL[0].split(",")[5] + ",0", "!"), line("AIVDM,2,2,3,A,1@0000000000000,2", "!")]
    assert heard(groups, MITCHELL[0]) is None
    assert heard(groups, other[0]) is None
    for last in (other[1], MITCHELL[1]):
        message = heard(groups, last)
        assert message is not None
        assert message.values["name"] == "MT.MITCHELL"


def test_a_part_without_those_before_it_is_no_message() -> None:
    groups = Groups()
    with pytest.raises(Rejected, match="incomplete_group"):
        heard(groups, MITCHELL[1])
    assert heard(groups, MITCHELL[0]) is None
    with pytest.raises(Rejected, match="incomplete_group"):
        heard(groups, MITCHELL[0])  # the first one was never finished
    assert heard(groups, MITCHELL[1]) is not None


def test_messages_that_are_never_finished_take_no_more_room_than_sixteen() -> None:
    groups = Groups()
    for number in range(40):
        text = line(f"AIVDM,2,1,{number % 10},{'AB12'[number // 10]},5000,0", "!")
        if number < 16:
            assert heard(groups, text) is None
        else:
            with pytest.raises(Rejected, match="incomplete_group"):
                heard(groups, text)
    assert len(groups._open) == 16  # noqa: SLF001 - how much it holds is not to be seen from outside


@pytest.mark.parametrize(
    "text",
    [
        "AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TK,0",  # too short
        "AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKX,0",  # X is no armour
        "AIVDM,1,1,,B,,0",
        "AIVDM,1,1,,B,1,0",
        "AIVDM,0,0,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0",
        "AIVDM,1,2,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0",
        "AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,6",
        "AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH",
        "AIVDM,x,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0",
    ],
)
def test_a_message_that_is_too_short_or_no_armour_is_thrown_away(text: str) -> None:
    with pytest.raises(Rejected, match="wrong_field"):
        heard(Groups(), line(text, "!"))


@hypothesis.given(st.text("0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVW`abcdefghijklmnopqrstuvw", max_size=80), st.integers(0, 5))
def test_any_armour_is_a_message_or_none_or_wrong(payload: str, fill_bits: int) -> None:
    try:
        message = decode(payload, fill_bits)
    except Rejected:
        return
    for field, value in {} if message is None else message.values.items():
        if isinstance(value, float) and field.endswith("_degrees"):
            assert -180 <= value <= 360
