"""Sentences against published examples: gpsd's NMEA page and AIVDM page, Signal K's and Iot.Device.Nmea0183's test lines."""

from typing import Any

import hypothesis
import hypothesis.strategies as st
import pytest

from device_profiles.nmea_fields import FIELDS, SOURCES
from edge_gateway.drivers.nmea.sentences import READERS, Key, Rejected, parse, read
from tests.edge_gateway.drivers.nmea.rig import RMC, line


def values(text: str) -> dict[tuple[str, ...], Any]:
    """Give what a line says, by field, and by source where it has one."""
    sentence = parse(text.encode())
    assert sentence is not None
    return {(key.field, key.source) if key.source else (key.field,): value for key, value in read(sentence).items()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "$GPRMC,225446,A,4916.45,N,12311.12,W,000.5,054.7,191194,020.3,E*68",
            {
                ("latitude_degrees",): 49 + 16.45 / 60,
                ("longitude_degrees",): -(123 + 11.12 / 60),
                ("speed_knots",): 0.5,
                ("course_degrees",): 54.7,
            },
        ),
        (
            "$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47",
            {
                ("latitude_degrees",): 48.1173,
                ("longitude_degrees",): 11 + 31 / 60,
                ("satellites",): 8,
                ("horizontal_dilution",): 0.9,
                ("altitude_metres",): 545.4,
            },
        ),
        ("$GPVTG,17.6,T,10.8,M,23.6,N,43.7,K*40", {("course_degrees",): 17.6, ("speed_knots",): 23.6}),
        (
            "$SDVHW,182.5,T,181.8,M,0.0,N,0.0,K*4C",
            {("heading_degrees",): 182.5, ("heading_magnetic_degrees",): 181.8, ("speed_knots",): 0.0},
        ),
        (
            "$IIVHW,,T,,M,06.12,N,11.33,K*50",
            {("heading_degrees",): None, ("heading_magnetic_degrees",): None, ("speed_knots",): 6.12},
        ),
        (
            "$IIVLW,115.2,N,12.3,N*7A",
            {("distance_total_nautical_miles",): 115.2, ("distance_trip_nautical_miles",): 12.3},
        ),
        ("$GPHDT,18.2,T*0E", {("heading_degrees",): 18.2}),
        ("$GPROT,35.6,A*01", {("rate_of_turn_degrees_per_minute",): 35.6}),
        (
            "$IIDPT,4.1,1.0*44",
            {
                ("depth_below_transducer_metres",): 4.1,
                ("depth_below_surface_metres",): 5.1,
                ("depth_below_keel_metres",): None,
            },
        ),
        (
            "$IIDPT,4.1,-1.0*69",
            {
                ("depth_below_transducer_metres",): 4.1,
                ("depth_below_surface_metres",): None,
                ("depth_below_keel_metres",): 3.1,
            },
        ),
        (
            "$IIDPT,4.1,0.0*45",
            {
                ("depth_below_transducer_metres",): 4.1,
                ("depth_below_surface_metres",): None,
                ("depth_below_keel_metres",): None,
            },
        ),
        (
            "$IIMWV,336,R,13.41,N,A*22",
            {("relative_wind_angle_degrees",): 336, ("relative_wind_speed_metres_per_second",): 13.41 * 1852 / 3600},
        ),
        (
            "$IIMWV,074,T,05.85,K,A*2B",
            {("true_wind_angle_degrees",): 74, ("true_wind_speed_metres_per_second",): 1.625},
        ),
        ("$IIRPM,E,1,2418.2,10.5,A*5F", {("speed_rpm", "E1"): 2418.2, ("pitch_percent", "E1"): 10.5}),
        ("$IIRPM,S,2,1800.0,0.0,A*7A", {("speed_rpm", "S2"): 1800, ("pitch_percent", "S2"): 0}),
        ("$IIRSA,10.5,A,,V*4D", {("starboard_rudder_degrees",): 10.5, ("port_rudder_degrees",): None}),
        (
            "$IIXDR,C,18.20,C,ENV_WATER_T,C,28.69,C,ENV_OUTAIR_T,P,101400,P,ENV_ATMOS_P*4C",
            {
                ("temperature_celsius", "ENV_WATER_T"): 18.2,
                ("temperature_celsius", "ENV_OUTAIR_T"): 28.69,
                ("pressure_pascals", "ENV_ATMOS_P"): 101_400,
            },
        ),
        (
            "$IIXDR,A,4.00,D,ROLL,A,-2.00,D,PITCH*3E",
            {("angle_degrees", "ROLL"): 4.0, ("angle_degrees", "PITCH"): -2.0},
        ),
    ],
)
def test_published_sentences_mean_what_their_publishers_say(text: str, expected: dict[tuple[str, ...], Any]) -> None:
    found = values(text)
    assert found.keys() == expected.keys()
    for field, value in expected.items():
        assert found[field] == (None if value is None else pytest.approx(value, rel=1e-9)), field


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("YXXDR,P,1.02481,B,Barometer", {("pressure_pascals", "Barometer"): 102_481}),
        ("YXXDR,C,300.15,K,EXHAUST", {("temperature_celsius", "EXHAUST"): 27.0}),
        ("YXXDR,G,0.25,,BILGE", {("value", "BILGE"): 0.25}),
        ("YXXDR,C,,C,AIR", {("temperature_celsius", "AIR"): None}),
        ("SDDBT,,f,,M,10.0,F", {("depth_below_transducer_metres",): 18.288}),
        ("SDDBT,10.0,f,,M,,F", {("depth_below_transducer_metres",): 3.048}),
        ("SDDBT,10.0,f,3.1,M,1.7,F", {("depth_below_transducer_metres",): 3.1}),
        ("WIMTW,-1.5,C", {("water_temperature_celsius",): -1.5}),
        ("HETHS,77.1,A", {("heading_degrees",): 77.1}),
        ("WIMWV,10,R,10,S,A", {("relative_wind_angle_degrees",): 10, ("relative_wind_speed_metres_per_second",): 4.4704}),
    ],
)
def test_other_units_are_brought_to_the_units_of_the_table(text: str, expected: dict[tuple[str, ...], Any]) -> None:
    found = values(line(text))
    assert found == {field: None if value is None else pytest.approx(value, rel=1e-9) for field, value in expected.items()}


@pytest.mark.parametrize(
    "text",
    [
        RMC.replace(",A,", ",V,"),
        f"{RMC},E",  # estimated
        f"{RMC},S",  # simulated
        f"{RMC},N",
        "GPRMC,,V,,,,,,,,,,N",
        "GPGGA,123519,4807.038,N,01131.000,E,0,,,,M,,M,,",
        "GPGGA,123519,4807.038,N,01131.000,E,6,,,,M,,M,,",
        "GPVTG,17.6,T,10.8,M,23.6,N,43.7,K,N",
        "HETHS,77.1,V",
        "HETHS,77.1,S",
        "TIROT,12.0,V",
        "WIMWV,10,R,10,N,V",
        "ERRPM,S,0,100,,V",
        "AGRSA,5.0,V,,V",
    ],
)
def test_what_an_instrument_marks_as_void_is_no_value(text: str) -> None:
    assert set(values(line(text)).values()) == {None}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("$GPRMC,225446,A,4916.45,N,12311.12,W,000.5,054.7,191194,020.3,E*69", "wrong_checksum"),
        ("$GPRMC,225446,A,4916.46,N,12311.12,W,000.5,054.7,191194,020.3,E*68", "wrong_checksum"),
        ("$GPHDT,18.2,T*0", "wrong_checksum"),
        ("$GPHDT,18.2,T*0E0E", "wrong_checksum"),
        ("$GPHDT,18.2,T", "no_checksum"),
        ("GPHDT,18.2,T*0E", "no_sentence"),
        ("hello", "no_sentence"),
        (line("GPHD"), "no_sentence"),
        ("$GPHDT,18.2\t,T*07", "no_sentence"),
        ("$GPHDT,18.2°,T*07", "no_sentence"),
        (line("GPHDT,18.2,T$GPHDT,18.3,T"), "no_sentence"),
        (line("IIXDR," + ",".join(["C,18.20,C,ENV_WATER_T"] * 4)), "overlong"),
        ("\\s:GP0001*00\\$GPHDT,18.2,T*0E", "wrong_checksum"),
        ("\\s:GP0001$GPHDT,18.2,T*0E", "no_sentence"),
    ],
)
def test_a_line_that_is_no_sound_sentence_is_thrown_away_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(Rejected, match=f"^{reason}$"):
        parse(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        RMC.replace("4916.45", "4960.00"),
        RMC.replace("4916.45", "9116.45"),
        RMC.replace("4916.45", "49 16.4"),
        RMC.replace(",N,", ",X,"),
        RMC.replace("12311.12", "18000.01"),
        RMC.replace("054.7", "360.1"),
        RMC.replace("000.5", "-0.5"),
        RMC.replace("000.5", "0x5"),
        RMC.replace("000.5", "1e3"),
        RMC.replace("000.5", "nan"),
        RMC.replace("000.5", "1_0"),
        RMC.replace(",A,", ",X,"),
        "GPRMC,225446,A",
        "HEHDT,18.2,M",
        "VDVHW,,T,,M,6.0,K,,K",
        "GPVTG,54.7,34.4,5.5,10.2",
        "TIROT,12.0",
        "WIMTW,60.0,F",
        "WIMWV,10,X,10,N,A",
        "WIMWV,10,R,10,Q,A",
        "WIMWV,361,R,10,N,A",
        "ERRPM,Q,0,100,,A",
        "ERRPM,S,,100,,A",
        "RIRSA,10.0,",
        "YXXDR,C,7,C",
        "YXXDR,A,seven,D,ROLL",
    ],
)
def test_a_sentence_with_a_wrong_field_gives_none_of_its_values(text: str) -> None:
    sentence = parse(line(text).encode())
    assert sentence is not None
    with pytest.raises(Rejected, match=r"^wrong_field$"):
        read(sentence)


def test_proprietary_sentences_queries_and_unknown_ones_carry_nothing() -> None:
    assert parse(line("PGRME,15.0,M,45.0,M,25.0,M").encode()) is None
    assert parse(line("CCGPQ,GGA").encode()) is None
    sentence = parse(line("GPZDA,160012.71,11,03,2004,-1,00").encode())
    assert sentence is not None
    assert read(sentence) == {}


def test_a_tag_block_before_a_sentence_is_left_out() -> None:
    block = line("s:GP0001,n:23", start="\\")
    sentence = parse(f"{block}\\$GPHDT,18.2,T*0E".encode())
    assert sentence is not None
    assert read(sentence) == {Key("HDT", "heading_degrees"): 18.2}


def test_the_table_of_fields_and_the_readers_speak_of_the_same_sentences() -> None:
    assert READERS.keys() == FIELDS.keys() - {"VDO"}
    assert SOURCES.keys() <= READERS.keys()


@hypothesis.given(st.text("$!ABCDEFGHIMNPRSTVWXY0123456789,.*-\\", max_size=90) | st.binary(max_size=120))
def test_no_bytes_end_in_anything_but_values_or_a_reason(data: str | bytes) -> None:
    raw = data if isinstance(data, bytes) else data.encode()
    for text in (raw, line(data[:70], start="").encode() if isinstance(data, str) else raw):
        try:
            sentence = parse(text)
            found = {} if sentence is None else read(sentence)
        except Rejected as rejected:
            assert str(rejected) in {"overlong", "no_sentence", "no_checksum", "wrong_checksum", "wrong_field"}
        else:
            assert all(key.field in FIELDS[key.sentence] for key in found)


@hypothesis.given(st.sampled_from(sorted(READERS)), st.lists(st.text("ATNVRMSEKC0123456789.-", max_size=6), max_size=14))
def test_any_fields_of_a_known_sentence_are_read_or_wrong(formatter: str, fields: list[str]) -> None:
    sentence = parse(line(f"GP{formatter},{','.join(fields)[:60]}").encode())
    assert sentence is not None
    try:
        found = read(sentence)
    except Rejected as rejected:
        assert str(rejected) == "wrong_field"
    else:
        assert {key.field for key in found} <= FIELDS[formatter].keys()
