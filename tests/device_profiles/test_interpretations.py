"""The order finder: what an engineer sees on a display finds how the registers are to be read."""

import math
import struct
import tomllib

import pytest

from device_profiles.datatype import Datatype
from device_profiles.interpretations import interpretations, matching
from device_profiles.modbus_codec import BlockCodec
from device_profiles.profile import ModbusProfile, Table
from tests.device_profiles.made_profiles import point, profile_of, registers


def floats(*values: float) -> bytes:
    return struct.pack(f">{len(values)}f", *values)


METERS = [
    # Bytes from the address on, as the meter's map puts them there, and what its display shows. An energy below half the range of
    # its datatype reads the same signed and unsigned, so that the Schneider's int64 is found as uint64.
    ("Eastron SDM630, 0x0000 voltage", "float32 ABCD", [(floats(230.17, 231.02), 230.2)]),
    ("Schneider PM5560, 3060 active power in kW", "float32 ABCD", [(floats(45.3712, 3.1e38), 45.37)]),
    (
        "Schneider PM5560, 3204 energy in Wh, shown in kWh",
        "uint64 ABCDEFGH x 0.001",
        [(struct.pack(">q", 12_345_678), 12345.678)],
    ),
    ("Schneider iEM3000, 0x0C25 frequency", "float32 ABCD", [(floats(49.9873, 0), 49.99)]),
    ("Siemens PAC3200, 801 energy", "float64 ABCDEFGH", [(struct.pack(">d", 98_765_432.1), 98_765_432)]),
    ("Janitza UMG 96RM-E, 19026 active power", "float32 ABCD", [(floats(-12_345.5, 830.25), -12_346)]),
    ("SunSpec 113, W", "float32 ABCD", [(floats(81_234.4, 49.99), 81_234)]),
    (
        "Huawei SUN2000, 32082 reactive power",
        "int32 ABCD",
        [(struct.pack(">iI", 120, 0), 120), (struct.pack(">iI", -85, 0), -85)],
    ),
    ("Huawei SUN2000, 32106 yield in 0.01 kWh", "uint32 ABCD x 0.01", [(struct.pack(">II", 1_234_567, 0), 12_345.67)]),
    ("Huawei SUN2000, 32085 frequency", "uint16 AB x 0.01", [(registers(5001, 9873, 413, 3000), 50.01)]),
    (
        "Huawei SUN2000, 32087 temperature",
        "int16 AB x 0.1",
        [(registers(413, 3000, 512, 0), 41.3), (registers(0xFFD3, 3000, 512, 0), -4.5)],
    ),
    (
        "Sungrow SG110CX, 5031 active power",
        "uint32 CDAB",
        [(registers(0xEF42, 0, 0, 0), 61_250), (registers(0x81CD, 1, 0, 0), 98_765)],
    ),
    (
        "Sungrow SG, 5033 reactive power",
        "int32 CDAB",
        [(registers(300, 0, 998, 500), 300), (registers(0x63C0, 0xFFFF, 998, 500), -40_000)],
    ),
    ("Sungrow SG, 5144 yield in 0.1 kWh", "uint32 CDAB x 0.1", [(registers(0x614E, 0x00BC, 65535, 7012), 1_234_567.8)]),
    ("Sungrow SG, 5019 voltage", "uint16 AB x 0.1", [(registers(2318, 2322, 2309, 101), 231.8)]),
    ("SINAMICS V20, 40026 current", "uint16 AB x 0.01", [(registers(1234, 955, 512, 321), 12.34)]),
    (
        "SINAMICS G120, 40341 speed",
        "int16 AB",
        [(registers(1450, 4833, 380, 540), 1450), (registers(0xFA56, 4833, 380, 540), -1450)],
    ),
    ("ABB ACS880, 420254, low word first", "uint32 CDAB", [(registers(0x9CA4, 0x0001, 0x0002, 0), 105_636)]),
    ("Deep Sea GenComm, 1032 voltage", "uint32 ABCD x 0.1", [(struct.pack(">II", 2312, 2309), 231.2)]),
    ("PowerLogic ION, energy modulo 10,000", "m10k32 ABCD", [(registers(12, 3456, 0, 17), 123_456)]),
]


def test_there_are_twenty_meters() -> None:
    assert len({meter for meter, _, _ in METERS}) == 20


@pytest.mark.parametrize(("meter", "name", "samples"), METERS, ids=[meter for meter, _, _ in METERS])
def test_the_first_reading_that_fits_the_display_is_that_of_the_meter(
    meter: str, name: str, samples: list[tuple[bytes, float]]
) -> None:
    (data, shown), *more = samples
    assert matching(data, shown, *more)[0].name == name


def test_one_sample_may_fit_several_readings_and_a_second_decides() -> None:
    low, high = registers(0xEF42, 0), registers(0x81CD, 1)
    assert [reading.name for reading in matching(low, 61_250)][:2] == ["uint16 AB", "uint32 CDAB"]
    assert [reading.name for reading in matching(low, 61_250, (high, 98_765))] == ["uint32 CDAB", "int32 CDAB", "sm32 CDAB"]


def test_the_display_finds_a_tenth_and_the_settings_for_the_profile() -> None:
    reading = matching(registers(235), 23.5)[0]
    assert reading == ("uint16 AB x 0.1", 1, "23.5", 23.5, 'type = "uint16", scale = 0.1')


@pytest.mark.parametrize(
    ("sent", "name", "settings"),
    [
        ("41BC 0000", "float32 ABCD", 'type = "float32"'),
        ("0000 41BC", "float32 CDAB", 'type = "float32", word_order = "little"'),
        ("BC41 0000", "float32 BADC", 'type = "float32", byte_order = "little"'),
        ("0000 BC41", "float32 DCBA", 'type = "float32", word_order = "little", byte_order = "little"'),
    ],
)
def test_all_four_orders_of_a_float_are_told_apart(sent: str, name: str, settings: str) -> None:
    best = matching(bytes.fromhex(sent), 23.5)[0]  # IEEE 754: 23.5 = 0x41BC0000
    assert (best.name, best.settings) == (name, settings)


def test_a_display_that_is_a_little_behind_still_matches_within_the_tolerance() -> None:
    data = floats(230.9)
    assert matching(data, 230.1)[0].name == "float32 ABCD"
    assert not [reading for reading in matching(data, 230.1, tolerance=0.001) if reading.name == "float32 ABCD"]


def test_nothing_matches_where_nothing_fits() -> None:
    assert matching(registers(1), 77.7) == []


@pytest.mark.parametrize("shown", [math.nan, math.inf])
def test_no_number_cannot_be_looked_for(shown: float) -> None:
    with pytest.raises(ValueError, match="only a finite number"):
        matching(registers(1), shown)


@pytest.mark.parametrize("data", [b"", b"\1", b"\1\2\3"])
def test_half_a_register_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="bytes are no whole registers"):
        interpretations(data)


def test_six_registers_show_every_datatype() -> None:
    seen = {reading.name.split()[0].rstrip(",") for reading in interpretations(registers(0x07E8, 2, 29, 23, 59, 58))}
    assert seen >= set(Datatype) - {Datatype.BOOLEAN, Datatype.DATETIME_BYTES, Datatype.DATETIME_IEC870}


def test_one_register_is_read_in_all_ways_that_need_no_more() -> None:
    readings = {reading.name: reading.text for reading in interpretations(registers(0x80C4))}
    assert readings == {
        "uint16 AB": "32964",
        "uint16 BA": "50304",
        "int16 AB": "-32572",
        "int16 BA": "-15232",
        "bcd16 AB": "no number",
        "bcd16 BA": "no number",
        "sm16 AB": "-196",
        "sm16 BA": "-17536",
        "float16 AB": "-1.168e-05",
        "float16 BA": "-4.5",
        "uint8 high byte": "128",
        "uint8 low byte": "196",
        "int8 high byte": "-128",
        "int8 low byte": "-60",
        "bits of the first register": "1000000011000100",
        "string, big byte order": "'��'",
        "string, little byte order": "'Ā'",
        "string, high bytes": "'�'",
        "string, low bytes": "'�'",
    }


def test_what_a_reading_says_to_write_reads_the_same_in_a_profile() -> None:
    data = registers(0x1234, 0x4321, 0x0102, 0x2211, 0x0910, 0x0015)
    count = 0
    for reading in interpretations(data):
        settings = tomllib.loads("x = { " + reading.settings.replace("...", "0") + " }")["x"]
        if reading.number is None or settings["type"] == "boolean":
            continue
        profile: ModbusProfile = profile_of(point() | settings)
        codec = BlockCodec(profile, profile.points, table=Table.HOLDING, start=0, count=6)
        [(value, _)] = codec.decode(data)
        assert value == reading.number, reading.name
        count += 1
    assert count > 50


def test_dates_and_addresses_are_shown_as_text() -> None:
    readings = {reading.name: reading.text for reading in interpretations(registers(0x0018, 0x021D, 0x173B, 0xE38A))}
    assert readings["datetime_iec870 ABCDEFGH"] == "2024-02-29T23:59:58.250"
    readings = {reading.name: reading.text for reading in interpretations(registers(0xC0A8, 0x010A))}
    assert readings["ipv4 ABCD"] == "192.168.1.10"
