"""Every datatype in every order: against vectors of others, and there and back."""

import itertools
import json
import math
import struct
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device_profiles.datatype import Datatype
from telemetry.quality import Quality
from tests.device_profiles.made_profiles import codec_of, point, profile_of, registers

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "device_profiles" / "datatypes.json").read_text())
VECTORS: list[dict[str, Any]] = GOLDEN["vectors"]
ORDERS = [
    {"word_order": words, "byte_order": in_word} for words, in_word in itertools.product(("big", "little"), ("big", "little"))
]
NUMBERS = [datatype for datatype in Datatype if not datatype.is_text and datatype is not Datatype.BOOLEAN]
WHOLE = [datatype for datatype in NUMBERS if not datatype.is_float]


def local_times(first_year: int, last_year: int, timespec: str) -> st.SearchStrategy[str]:
    first, last = datetime.fromisoformat(f"{first_year}-01-01"), datetime.fromisoformat(f"{last_year}-12-31")
    return st.datetimes(first, last).map(lambda t: t.isoformat(timespec=timespec))


TEXTS: dict[str, st.SearchStrategy[str]] = {
    "string": st.text(st.characters(codec="ascii", exclude_categories=["C"]), max_size=12).map(str.strip),
    "ipv4": st.ip_addresses(v=4).map(str),
    "unix32": st.integers(1, 2**32 - 2).map(lambda s: datetime.fromtimestamp(s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")),
    "datetime_words": local_times(1000, 9999, "seconds"),
    "datetime_bytes": local_times(2000, 2255, "seconds"),
    "datetime_iec870": local_times(2000, 2127, "milliseconds"),
}


def is_text(vector: dict[str, Any]) -> bool:
    return Datatype(vector["type"]).is_text


def codec_for(vector: dict[str, Any]) -> Any:
    keys = ("word_order", "byte_order", "half", "bit", "bits", "sentinels")
    more = {key: vector[key] for key in keys if key in vector}
    if is_text(vector):
        more |= {"words": len(vector["words"])} if vector["type"] == "string" else {}
        return codec_of(profile_of(point("serial_number", vector["type"], **more), kind="pv_inverter"))
    return codec_of(profile_of(point(datatype=vector["type"], **more)))


def test_there_are_200_vectors_of_known_origin_for_every_datatype() -> None:
    assert len(VECTORS) >= 200
    assert {vector["source"] for vector in VECTORS} == GOLDEN["sources"].keys()
    assert {vector["type"] for vector in VECTORS} == set(Datatype)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"{v['type']}-{v['word_order']}-{v['byte_order']}-{v['value']}")
def test_registers_mean_what_their_source_says_and_the_meaning_gives_the_registers(vector: dict[str, Any]) -> None:
    codec, data, value = codec_for(vector), registers(*vector["words"]), vector["value"]
    if is_text(vector):
        assert codec.decode_texts(data) == [value]
        signal = "serial_number"
    else:
        [(found, quality)] = codec.decode(data)
        assert quality is Quality[vector.get("quality", "GOOD")]
        assert found == value if value is not None else math.isnan(found)
        signal = "fuel_total"
    if not vector.get("one_way"):
        assert codec.encode({signal: math.nan if value is None else value}) == data


@pytest.mark.parametrize("orders", ORDERS, ids=lambda o: "-".join(o.values()))
@pytest.mark.parametrize("datatype", WHOLE)
@given(data=st.data())
def test_a_whole_number_survives_encoding_exactly(datatype: Datatype, orders: dict[str, str], data: st.DataObject) -> None:
    layout = datatype.layout
    largest = 2**53  # beyond, a double skips numbers
    raw = data.draw(st.integers(max(layout.lowest, -largest), min(layout.highest, largest)))
    half = {"half": data.draw(st.sampled_from(["high", "low"]))} if datatype in (Datatype.INT8, Datatype.UINT8) else {}
    codec = codec_of(profile_of(point(datatype=datatype, **orders, **half)))
    sent = codec.encode({"fuel_total": raw})
    assert len(sent) == 2 * layout.registers
    assert codec.decode(sent) == [(raw, Quality.GOOD)]


@pytest.mark.parametrize("orders", ORDERS, ids=lambda o: "-".join(o.values()))
@pytest.mark.parametrize(("datatype", "width"), [("float16", 16), ("float32", 32), ("float64", 64)])
@given(data=st.data())
def test_a_float_survives_encoding_exactly(datatype: str, width: Any, orders: dict[str, str], data: st.DataObject) -> None:
    value = data.draw(st.floats(width=width, allow_nan=False, allow_infinity=False))
    codec = codec_of(profile_of(point(datatype=datatype, **orders)))
    sent = codec.encode({"fuel_total": value})
    assert codec.decode(sent) == [(value, Quality.GOOD)]


@pytest.mark.parametrize("orders", ORDERS, ids=lambda o: "-".join(o.values()))
@pytest.mark.parametrize("datatype", TEXTS)
@given(data=st.data())
def test_a_text_survives_encoding_exactly(datatype: str, orders: dict[str, str], data: st.DataObject) -> None:
    text = data.draw(TEXTS[datatype])
    more: dict[str, Any] = {}
    if datatype == "string":
        half = data.draw(st.sampled_from([None, "high", "low"]))
        more = {"words": 12} if half is None else {"words": 12, "half": half}
    codec = codec_of(profile_of(point("serial_number", datatype, **orders, **more), kind="pv_inverter"))
    assert codec.decode_texts(codec.encode({"serial_number": text})) == [text]


@given(first=st.integers(0, 31), size=st.integers(1, 32), word=st.integers(0, 2**32 - 1), orders=st.sampled_from(ORDERS))
def test_a_bit_field_is_read_and_written_without_touching_its_neighbours(
    first: int, size: int, word: int, orders: dict[str, str]
) -> None:
    last = min(first + size - 1, 31)
    points = [point("fuel_total", "uint32", bits=[first, last], **orders)]
    points += [point("trip_code", "uint32", bits=[0, first - 1], **orders)] if first else []
    codec, whole = codec_of(profile_of(*points)), codec_of(profile_of(point(datatype="uint32", **orders)))
    sent = whole.encode({"fuel_total": word})
    values = dict(zip(codec.signals, (value for value, _ in codec.decode(sent)), strict=True))
    assert values["fuel_total"] == (word >> first) % (1 << last - first + 1)
    assert values.get("trip_code", 0) == word % (1 << first)
    [(back, _)] = whole.decode(codec.encode(values))
    assert back == word % (1 << last + 1)


@pytest.mark.parametrize(
    ("datatype", "value", "more"),
    [
        ("uint8", 256, {"half": "low"}),
        ("int16", 32768, {}),
        ("uint32", -1, {}),
        ("uint48", 2**48, {}),
        ("int48", -(2**47) - 1, {}),
        ("bcd16", 10_000, {}),
        ("sm16", -32768, {}),
        ("m10k32", 10**8, {}),
        ("float16", 65520, {}),
        ("float32", 1e39, {}),
        ("uint16", math.inf, {}),
        ("uint16", 8, {"bits": [4, 6]}),
    ],
)
def test_a_number_beyond_its_datatype_is_refused_with_its_name(datatype: str, value: float, more: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^fuel_total = "):
        codec_of(profile_of(point(datatype=datatype, **more))).encode({"fuel_total": value})


@pytest.mark.parametrize(
    ("datatype", "text"),
    [("ipv4", "300.1.1.1"), ("unix32", "yesterday"), ("datetime_bytes", "1999-01-01"), ("datetime_iec870", "1999-01-01")],
)
def test_a_text_that_is_not_of_its_datatype_is_refused_with_its_name(datatype: str, text: str) -> None:
    codec = codec_of(profile_of(point("serial_number", datatype), kind="pv_inverter"))
    with pytest.raises(ValueError, match=r"^serial_number = "):
        codec.encode({"serial_number": text})


@given(data=st.binary(min_size=24, max_size=24))
def test_no_bytes_whatever_make_a_decoder_fail(data: bytes) -> None:
    numbers = [{"name": f"n{i}", "type": datatype, "address": 0} for i, datatype in enumerate(NUMBERS) if "int8" not in datatype]
    texts = [{"name": f"t{i}", "type": d, "address": 0} | ({"words": 12} if d == "string" else {}) for i, d in enumerate(TEXTS)]
    for datatype in NUMBERS:
        half = {"half": "low"} if "int8" in datatype else {}
        codec = codec_of(profile_of(point(datatype=datatype, **half), *numbers, *texts), count=12)
        [(value, quality)] = codec.decode(data)
        assert math.isfinite(value) is (quality is Quality.GOOD)
    for text_type in TEXTS:
        words = {"words": 12} if text_type == "string" else {}
        codec = codec_of(profile_of(point("serial_number", text_type, **words), kind="pv_inverter"), count=12)
        [text] = codec.decode_texts(data)
        assert isinstance(text, str)


def test_an_order_of_the_profile_holds_where_a_point_names_none() -> None:
    sent = struct.pack("<I", 0x01020304)  # DCBA
    assert codec_of(profile_of(point(datatype="uint32"), word_order="little", byte_order="little")).decode(sent) == [
        (0x01020304, Quality.GOOD)
    ]
    point_of_its_own = point(datatype="uint32", word_order="big", byte_order="big")
    codec = codec_of(profile_of(point_of_its_own, word_order="little", byte_order="little"))
    assert codec.decode(sent) == [(0x04030201, Quality.GOOD)]
