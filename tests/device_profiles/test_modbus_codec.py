"""The codec of whole replies: scale factors, sentinels, bits, states, units, and several points together."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.datatype import Datatype
from device_profiles.modbus_codec import BlockCodec
from device_profiles.profile import Table
from device_profiles.rollover import Rollover
from telemetry.quality import Quality
from tests.device_profiles.made_profiles import codec_of, point, profile_of, registers

SCALED_RANGES = {
    Datatype.INT16: (-(2**15), 2**15 - 1),
    Datatype.UINT16: (0, 2**16 - 1),
    Datatype.INT32: (-(2**31), 2**31 - 1),
    Datatype.UINT32: (0, 2**32 - 1),
    Datatype.INT64: (-(2**53), 2**53),  # beyond, a double skips numbers
    Datatype.UINT64: (0, 2**53),
}


@pytest.mark.parametrize(
    ("raw", "exponent", "value"),
    [(1234, -2, 12.34), (1234, 0, 1234.0), (1234, 3, 1_234_000.0), (3, -1, 0.3), (7, -10, 7e-10), (7, 10, 7e10)],
)
def test_a_scale_factor_register_is_a_power_of_ten(raw: int, exponent: int, value: float) -> None:
    codec = codec_of(profile_of(point(scale_factor="SF"), {"name": "SF", "type": "int16", "address": 1}))
    assert codec.decode(registers(raw, exponent & 0xFFFF)) == [(value, Quality.GOOD)]
    assert codec.encode({"fuel_total": value, "SF": exponent}) == registers(raw, exponent & 0xFFFF)


@pytest.mark.parametrize(("factor", "quality"), [(0x8000, Quality.BAD_NOT_AVAILABLE), (11, Quality.BAD_DEVICE_FAILURE)])
def test_a_value_with_an_impossible_scale_factor_is_bad(factor: int, quality: Quality) -> None:
    codec = codec_of(profile_of(point(scale_factor="SF"), {"name": "SF", "type": "int16", "address": 1}))
    assert [found for _, found in codec.decode(registers(1, factor))] == [quality]


def test_a_block_without_the_scale_factor_of_a_value_is_refused() -> None:
    profile = profile_of(point(scale_factor="SF"), {"name": "SF", "type": "int16", "address": 1})
    with pytest.raises(ValueError, match="'SF' of 'fuel_total' lies outside the block"):
        codec_of(profile, count=1)


@pytest.mark.parametrize(
    ("datatype", "sentinel", "words"),
    [("int16", -32768, [0x8000]), ("uint16", 65535, [0xFFFF]), ("uint32", 0, [0, 0]), ("int32", -(2**31), [0x8000, 0])],
)
def test_a_sentinel_is_never_a_number(datatype: str, sentinel: int, words: list[int]) -> None:
    codec = codec_of(profile_of(point(datatype=datatype, sentinels=[sentinel], scale=0.1, offset=5)))
    [(value, quality)] = codec.decode(registers(*words))
    assert math.isnan(value)
    assert quality is Quality.BAD_NOT_AVAILABLE
    assert codec.encode({"fuel_total": math.nan}) == registers(*words)


def test_a_missing_value_without_a_sentinel_cannot_be_encoded() -> None:
    with pytest.raises(ValueError, match="no code to say so"):
        codec_of(profile_of(point())).encode({"fuel_total": math.nan})


@pytest.mark.parametrize("value", [-1.0, 65536.0, math.inf])
def test_a_value_beyond_its_datatype_is_refused_with_its_name(value: float) -> None:
    with pytest.raises(ValueError, match="fuel_total = "):
        codec_of(profile_of(point())).encode({"fuel_total": value})


@pytest.mark.parametrize(("byte_order", "word"), [("big", 0b0000_0010_0000_1000), ("little", 0b0000_1000_0000_0010)])
def test_bits_of_one_register_are_read_one_by_one(byte_order: str, word: int) -> None:
    bits = [("low_water_interlock", 3), ("trip_code", 9), ("fuel_total", 0)]
    profile = profile_of(*(point(name, "boolean", bit=bit) for name, bit in bits), byte_order=byte_order)
    assert [value for value, _ in codec_of(profile).decode(registers(word))] == [1, 1, 0]
    assert codec_of(profile).encode({"low_water_interlock": 1.0, "trip_code": 1.0}) == registers(word)


def test_coils_come_eight_to_a_byte_with_the_first_in_the_least_significant_bit() -> None:
    # Modbus Application Protocol V1.1b3, 6.1: coils 27 to 20 as CD, 35 to 28 as 6B, 38 to 36 as 05
    names = [f"c{address}" for address in range(20, 39)]
    coils = [{"name": name, "type": "boolean", "table": "coil", "address": address} for address, name in enumerate(names, 20)]
    coils[0], coils[18] = (
        point("low_water_interlock", "boolean", table="coil") | {"address": 20},
        point("trip_code", "boolean", table="coil") | {"address": 38},
    )
    profile = profile_of(*coils)
    codec = BlockCodec(profile, profile.points, table=Table.COIL, start=20, count=19)
    assert codec.decode(b"\xcd\x6b\x05") == [(1, Quality.GOOD), (1, Quality.GOOD)]
    on = dict.fromkeys(
        ["low_water_interlock", "c22", "c23", "c26", "c27", "c28", "c29", "c31", "c33", "c34", "c36", "trip_code"], 1
    )
    assert codec.encode(on) == b"\xcd\x6b\x05"


def test_a_helper_holds_the_text_or_number_that_it_is_given() -> None:
    codec = codec_of(
        profile_of({"name": "maker", "type": "string", "address": 0, "words": 2}, {"name": "id", "type": "uint16", "address": 2})
    )
    assert codec.encode({"maker": "AB", "id": 103}) == registers(0x4142, 0, 103)


def test_an_unknown_state_code_is_a_mistake_of_the_profile() -> None:
    codec = codec_of(profile_of(point("state", map={"10": "running", "20": "off"})))
    assert codec.decode(registers(10)) == [(3, Quality.GOOD)]
    assert [quality for _, quality in codec.decode(registers(11))] == [Quality.BAD_CONFIGURATION_ERROR]
    assert codec.encode({"state": 0.0}) == registers(20)
    with pytest.raises(ValueError, match="no device code means state 4"):
        codec.encode({"state": 4.0})


def test_a_unit_of_the_device_becomes_the_unit_of_the_kind() -> None:
    codec = codec_of(profile_of(point("steam_pressure", unit="bar", scale=0.01)))
    assert codec.decode(registers(1003)) == [(1.003, Quality.GOOD)]


def test_a_decimal_scale_gives_the_double_nearest_to_the_decimal() -> None:
    codec = codec_of(profile_of(point(scale=0.1)))
    assert all(codec.decode(registers(raw)) == [(float(f"{raw / 10:.1f}"), Quality.GOOD)] for raw in range(2000))


def test_a_reply_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="4 bytes where 2 were asked for"):
        codec_of(profile_of(point())).decode(registers(1, 2))


@given(data=st.data())
def test_what_is_encoded_decodes_within_one_count(data: st.DataObject) -> None:
    datatype = data.draw(st.sampled_from(sorted(SCALED_RANGES)))
    scale = data.draw(st.sampled_from([1.0, 0.1, 0.01, 0.001, 10.0, 2.5, -0.1]))
    low, high = SCALED_RANGES[Datatype(datatype)]
    value = data.draw(st.integers(low, high).map(lambda raw: raw * scale))
    codec = codec_of(profile_of(point(datatype=datatype, scale=scale)))
    sent = codec.encode({"fuel_total": value})
    [(decoded, quality)] = codec.decode(sent)
    assert quality is Quality.GOOD
    assert decoded == pytest.approx(value, abs=abs(scale), rel=1e-12)
    assert codec.encode({"fuel_total": decoded}) == sent


def test_points_of_all_orders_and_overlapping_ones_come_from_one_reply() -> None:
    profile = profile_of(
        point("fuel_total", "uint32", address=0),
        point("steam_flow", "uint32", address=2, word_order="little"),
        point("feedwater_flow", "uint32", address=4, byte_order="little"),
        point("burner_load", "uint32", address=6, word_order="little", byte_order="little"),
        point("drum_level", "int16", address=7),
        point("low_water_interlock", "boolean", address=7, bit=0),
    )
    sent = bytes.fromhex("00010002 00040003 05000600 08000700")
    codec = codec_of(profile)
    values = dict(zip(codec.signals, (value for value, _ in codec.decode(sent)), strict=True))
    assert values == {
        "fuel_total": 0x10002,
        "steam_flow": 0x30004,
        "feedwater_flow": 0x50006,
        "burner_load": 0x70008,
        "drum_level": 0x0700,
        "low_water_interlock": 0,
    }


@pytest.mark.parametrize(("byte_order", "sent"), [("big", "0001 0100"), ("little", "0100 0001")])
def test_both_bytes_of_a_register_are_values_of_their_own(byte_order: str, sent: str) -> None:
    points = [point("fuel_total", "uint8", half="low"), point("drum_level", "int8", half="high", address=1)]
    codec = codec_of(profile_of(*points, byte_order=byte_order))
    assert codec.decode(bytes.fromhex(sent)) == [(1, Quality.GOOD), (1, Quality.GOOD)]
    assert codec.encode({"fuel_total": 1.0, "drum_level": 1.0}) == bytes.fromhex(sent)


def test_a_state_stands_in_some_bits_of_a_word() -> None:
    codec = codec_of(profile_of(point("state", "uint16", bits=[4, 6], map={"0": "off", "0x5": "running"})))
    assert codec.decode(registers(0xFF5F)) == [(3, Quality.GOOD)]
    assert codec.decode(registers(0xFF8F)) == [(0, Quality.GOOD)]
    assert codec.encode({"state": 3.0}) == registers(0x0050)


def test_a_bit_that_means_the_opposite_is_mapped() -> None:
    codec = codec_of(profile_of(point("low_water_interlock", "boolean", bit=2, map={"0": "true", "1": "false"})))
    assert codec.decode(registers(0b100)) == [(0, Quality.GOOD)]
    assert codec.encode({"low_water_interlock": 1.0}) == registers(0)


@pytest.mark.parametrize("raw", [math.inf, -math.inf, 0.5])
def test_a_float_that_is_no_code_of_a_state_is_bad_and_breaks_nothing(raw: float) -> None:
    codec = codec_of(profile_of(point("state", "float64", scale=1.0), point("fuel_total", "float64", address=4)))
    sent = codec_of(profile_of(point("fuel_total", "float64"))).encode({"fuel_total": raw})
    [(value, quality), _] = codec.decode(sent + bytes(8))
    assert math.isnan(value)
    assert quality is Quality.BAD_CONFIGURATION_ERROR


def test_a_float_without_a_sentinel_says_by_nan_that_there_is_no_value() -> None:
    codec = codec_of(profile_of(point(datatype="float32")))
    assert codec.encode({"fuel_total": math.nan}) == registers(0x7FC0, 0)


def test_the_first_sentinel_is_the_one_that_is_sent() -> None:
    codec = codec_of(profile_of(point(sentinels=[0xFFFF, 0xFFFE, 0xFFFD])))
    assert codec.encode({"fuel_total": math.nan}) == registers(0xFFFF)
    assert [quality for _, quality in codec.decode(registers(0xFFFD))] == [Quality.BAD_NOT_AVAILABLE]


def test_a_counter_goes_on_where_the_device_starts_again() -> None:
    codec = codec_of(profile_of(point(scale=0.1, rollover=True)))
    assert codec.moduli == {"fuel_total": 65536}
    counters = {"fuel_total": Rollover(65536)}
    values = [codec.decode(registers(raw), counters) for raw in (65530, 4)]
    assert values == [[(6553.0, Quality.GOOD)], [(6554.0, Quality.GOOD)]]
    assert codec.decode(registers(4)) == [(0.4, Quality.GOOD)]


def test_a_counter_with_a_scale_factor_goes_on_too() -> None:
    codec = codec_of(profile_of(point(scale_factor="SF", rollover=True), {"name": "SF", "type": "int16", "address": 1}))
    counters = {"fuel_total": Rollover(65536)}
    assert codec.decode(registers(65535, 1), counters) == [(655350, Quality.GOOD)]
    assert codec.decode(registers(1, 1), counters) == [(655370, Quality.GOOD)]


def test_no_value_does_not_turn_a_counter() -> None:
    codec = codec_of(profile_of(point(rollover=32768, sentinels=[65535])))
    counters = {"fuel_total": Rollover(32768)}
    qualities = [codec.decode(registers(raw), counters)[0][1] for raw in (32767, 65535, 40000, 0)]
    bad = [Quality.BAD_NOT_AVAILABLE, Quality.BAD_CONFIGURATION_ERROR]
    assert qualities == [Quality.GOOD, *bad, Quality.GOOD]
    assert counters["fuel_total"].state == (0, 1)


def test_signals_of_the_profile_itself_are_decoded_like_those_of_the_kind() -> None:
    own = {"vibration": {"type": "real", "unit": "mm/s", "label": {"zh": "振动", "en": "Vibration"}}}
    codec = codec_of(profile_of(point("vibration", scale=0.1), signals=own))
    assert codec.signals == ("vibration",)
    assert codec.decode(registers(23)) == [(2.3, Quality.GOOD)]


def test_a_counter_turns_over_where_the_devices_does() -> None:
    codec = codec_of(profile_of(point(rollover=32768)))
    assert codec.encode({"fuel_total": 970_574}) == registers(970_574 % 32_768)


def test_a_device_that_saturates_stops_at_the_end_of_its_range_and_before_its_sentinel() -> None:
    codec = codec_of(
        profile_of(
            point("furnace_pressure", "int16", sentinels=[-32768]),
            point("steam_flow", "uint16", scale=0.01, sentinels=[65535, 65534]) | {"address": 1},
            point("burner_load", "uint16", bits=[0, 3]) | {"address": 2},
        )
    )
    values = {"furnace_pressure": -1e6, "steam_flow": 1e6, "burner_load": -3.0}
    with pytest.raises(ValueError, match="is not between"):
        codec.encode(values)
    assert codec.encode(values, saturates=True) == registers(-32767 & 0xFFFF, 65533, 0)
    assert codec.encode({**values, "steam_flow": math.nan}, saturates=True) == registers(-32767 & 0xFFFF, 65535, 0)


def test_a_device_tells_a_failed_measurement_from_one_that_it_does_not_have() -> None:
    codec = codec_of(profile_of(point("drum_level", "int16", sentinels=[0x7FFF], failures=[0x7FFC, 0x7FFE])))
    readings = [codec.decode(registers(word))[0][1] for word in (0x7FFF, 0x7FFE, 0x7FFC, 0x7FFB)]
    assert readings == [Quality.BAD_NOT_AVAILABLE, Quality.BAD_SENSOR_FAILURE, Quality.BAD_SENSOR_FAILURE, Quality.GOOD]
