"""The codec against words that pymodbus made, and against itself in both directions."""

import json
import math
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.modbus_codec import BlockCodec
from device_profiles.profile import WORDS, Datatype, ModbusProfile
from telemetry.quality import Quality

GOLDEN = Path(__file__).parents[1] / "golden" / "device_profiles"
VECTORS = json.loads((GOLDEN / "datatypes.json").read_text())["vectors"]
INTEGER_RANGES = {
    Datatype.INT16: (-(2**15), 2**15 - 1),
    Datatype.UINT16: (0, 2**16 - 1),
    Datatype.INT32: (-(2**31), 2**31 - 1),
    Datatype.UINT32: (0, 2**32 - 1),
    Datatype.INT64: (-(2**53), 2**53),  # beyond, a double skips numbers
    Datatype.UINT64: (0, 2**53),
}


def profile_of(*points: dict[str, Any], **head: Any) -> ModbusProfile:
    about = {"maker": "test", "model": "test", "label": {"zh": "试", "en": "test"}, "source": "test", "verified": "simulator"}
    return ModbusProfile.model_validate({"kind": "boiler", "protocol": "modbus", **about, **head, "points": points})


def codec_of(profile: ModbusProfile, *, start: int = 0, count: int | None = None) -> BlockCodec:
    end = max(point.address + point.width for point in profile.points)
    return BlockCodec(profile, profile.points, table=profile.points[0].table, start=start, count=count or end - start)


def point(signal: str = "fuel_total", datatype: str = "uint16", **more: Any) -> dict[str, Any]:
    return {"signal": signal, "type": datatype, "address": 0, **more}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"{v['type']}-{v['word_order']}-{v['byte_order']}-{v['value']}")
def test_words_of_a_foreign_encoder_decode_to_their_value_and_encode_back(vector: dict[str, Any]) -> None:
    codec = codec_of(profile_of(point(datatype=vector["type"], word_order=vector["word_order"], byte_order=vector["byte_order"])))
    assert codec.decode(vector["words"]) == [(vector["value"], Quality.GOOD)]
    assert codec.encode({"fuel_total": vector["value"]}) == vector["words"]


@pytest.mark.parametrize(
    ("words", "value"),
    [  # IEEE 754 binary32, by hand
        ([0x3F80, 0x0000], 1.0),
        ([0xC020, 0x0000], -2.5),
        ([0x0000, 0x0001], 2.0**-149),
        ([0x7F7F, 0xFFFF], (2 - 2**-23) * 2.0**127),
    ],
)
def test_a_float_of_ieee_754_reads_as_the_standard_says(words: list[int], value: float) -> None:
    assert codec_of(profile_of(point(datatype="float32"))).decode(words) == [(value, Quality.GOOD)]


@pytest.mark.parametrize(
    ("words", "quality"),
    [
        ([0x7FC0, 0], Quality.BAD_NOT_AVAILABLE),
        ([0x7F80, 0], Quality.BAD_SENSOR_FAILURE),
        ([0xFF80, 0], Quality.BAD_SENSOR_FAILURE),
    ],
)
def test_a_float_that_is_no_number_is_bad(words: list[int], quality: Quality) -> None:
    [(value, found)] = codec_of(profile_of(point(datatype="float32"))).decode(words)
    assert math.isnan(value)
    assert found is quality


@pytest.mark.parametrize(
    ("raw", "exponent", "value"),
    [(1234, -2, 12.34), (1234, 0, 1234.0), (1234, 3, 1_234_000.0), (3, -1, 0.3), (7, -10, 7e-10), (7, 10, 7e10)],
)
def test_a_scale_factor_register_is_a_power_of_ten(raw: int, exponent: int, value: float) -> None:
    codec = codec_of(profile_of(point(scale_factor="SF"), {"name": "SF", "type": "int16", "address": 1}))
    assert codec.decode([raw, exponent & 0xFFFF]) == [(value, Quality.GOOD)]
    assert codec.encode({"fuel_total": value, "SF": exponent}) == [raw, exponent & 0xFFFF]


@pytest.mark.parametrize(("factor", "quality"), [(0x8000, Quality.BAD_NOT_AVAILABLE), (11, Quality.BAD_DEVICE_FAILURE)])
def test_a_value_with_an_impossible_scale_factor_is_bad(factor: int, quality: Quality) -> None:
    codec = codec_of(profile_of(point(scale_factor="SF"), {"name": "SF", "type": "int16", "address": 1}))
    assert [found for _, found in codec.decode([1, factor])] == [quality]


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
    [(value, quality)] = codec.decode(words)
    assert math.isnan(value)
    assert quality is Quality.BAD_NOT_AVAILABLE
    assert codec.encode({"fuel_total": math.nan}) == words


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
    assert [value for value, _ in codec_of(profile).decode([word])] == [1, 1, 0]
    assert codec_of(profile).encode({"low_water_interlock": 1.0, "trip_code": 1.0}) == [word]


def test_coils_are_bits_of_a_table_of_their_own() -> None:
    codec = codec_of(
        profile_of(
            point("low_water_interlock", "boolean", table="coil"), point("trip_code", "boolean", table="coil") | {"address": 2}
        )
    )
    assert codec.decode([1, 0, 0]) == [(1, Quality.GOOD), (0, Quality.GOOD)]
    assert codec.encode({"trip_code": 1.0}) == [0, 0, 1]


@pytest.mark.parametrize(("byte_order", "words"), [("big", [0x4142, 0x4300, 0]), ("little", [0x4241, 0x0043, 0])])
def test_a_string_ends_at_its_zero_in_both_byte_orders(byte_order: str, words: list[int]) -> None:
    text = {"signal": "serial_number", "type": "string", "address": 0, "words": 3, "byte_order": byte_order}
    codec = codec_of(profile_of(text, kind="pv_inverter"))
    assert codec.decode_texts(words) == ["ABC"]
    assert codec.encode({"serial_number": "ABC"}) == words


def test_a_helper_holds_the_text_or_number_that_it_is_given() -> None:
    codec = codec_of(
        profile_of({"name": "maker", "type": "string", "address": 0, "words": 2}, {"name": "id", "type": "uint16", "address": 2})
    )
    assert codec.encode({"maker": "AB", "id": 103}) == [0x4142, 0, 103]


def test_an_unknown_state_code_is_a_mistake_of_the_profile() -> None:
    codec = codec_of(profile_of(point("state", map={"10": "running", "20": "off"})))
    assert codec.decode([10]) == [(3, Quality.GOOD)]
    assert [quality for _, quality in codec.decode([11])] == [Quality.BAD_CONFIGURATION_ERROR]
    assert codec.encode({"state": 0.0}) == [20]
    with pytest.raises(ValueError, match="no device code means state 4"):
        codec.encode({"state": 4.0})


def test_a_unit_of_the_device_becomes_the_unit_of_the_kind() -> None:
    codec = codec_of(profile_of(point("steam_pressure", unit="bar", scale=0.01)))
    assert codec.decode([1003]) == [(1.003, Quality.GOOD)]


def test_a_decimal_scale_gives_the_double_nearest_to_the_decimal() -> None:
    codec = codec_of(profile_of(point(scale=0.1)))
    assert all(codec.decode([raw]) == [(float(f"{raw / 10:.1f}"), Quality.GOOD)] for raw in range(2000))


def test_a_reply_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="2 words where 1 were asked for"):
        codec_of(profile_of(point())).decode([1, 2])


@given(data=st.data())
def test_what_is_encoded_decodes_within_one_count(data: st.DataObject) -> None:
    datatype = data.draw(st.sampled_from(sorted(INTEGER_RANGES)))
    scale = data.draw(st.sampled_from([1.0, 0.1, 0.01, 0.001, 10.0, 2.5, -0.1]))
    orders = {name: data.draw(st.sampled_from(["big", "little"])) for name in ("word_order", "byte_order")}
    low, high = INTEGER_RANGES[Datatype(datatype)]
    value = data.draw(st.integers(low, high).map(lambda raw: raw * scale))
    codec = codec_of(profile_of(point(datatype=datatype, scale=scale, **orders)))
    words = codec.encode({"fuel_total": value})
    assert len(words) == WORDS[Datatype(datatype)]
    [(decoded, quality)] = codec.decode(words)
    assert quality is Quality.GOOD
    assert decoded == pytest.approx(value, abs=abs(scale), rel=1e-12)
    assert codec.encode({"fuel_total": decoded}) == words


@given(value=st.floats(width=32, allow_nan=False, allow_infinity=False), order=st.sampled_from(["big", "little"]))
def test_a_float32_survives_encoding_exactly(value: float, order: str) -> None:
    codec = codec_of(profile_of(point(datatype="float32", word_order=order)))
    words = codec.encode({"fuel_total": value})
    assert codec.decode(words) == [(value, Quality.GOOD)]
    raw = struct.pack(">HH", *(words if order == "big" else words[::-1]))
    assert struct.unpack(">f", raw) == (value,)
