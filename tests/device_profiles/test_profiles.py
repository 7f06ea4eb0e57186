"""The device models that are shipped: golden files, the SunSpec models, and what every profile must have."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from device_profiles.kind import kind_names, load_kind
from device_profiles.modbus_codec import BlockCodec
from device_profiles.profile import ModbusPoint, ModbusProfile, OpcUaProfile, Table, load_profile, profile_names
from device_profiles.value import ValueCodec
from telemetry.errors import ConfigError
from telemetry.quality import Quality
from tests.device_profiles.made_profiles import registers

GOLDEN = Path(__file__).parents[1] / "golden" / "device_profiles"
SUNSPEC = Path(__file__).parents[2] / ".." / "shared" / "data" / "sunspec_models"
TYPES = {"acc32": "uint32", "enum16": "uint16", "bitfield32": "uint32", "sunssf": "int16", "pad": "int16"}
UNITS = {"W": "W", "VA": "VA", "var": "var", "Wh": "Wh", "Pct": "%"}
"""SunSpec's units that are not the kind's own."""
NOT_IMPLEMENTED = {"int16": -32768, "uint16": 65535, "acc32": 0, "enum16": 65535, "bitfield32": 0xFFFFFFFF}


def golden(name: str) -> Any:
    return json.loads((GOLDEN / f"{name.replace('/', '.')}.json").read_text())


def modbus_profiles() -> list[str]:
    return [name for name in profile_names() if isinstance(load_profile(name), ModbusProfile)]


@pytest.mark.parametrize("name", profile_names())
def test_every_profile_loads_and_has_a_golden_file_with_a_source(name: str) -> None:
    assert load_profile(name).source
    assert golden(name)["source"]


@pytest.mark.parametrize("name", modbus_profiles())
def test_the_golden_words_of_a_register_map_mean_the_golden_values(name: str) -> None:
    profile = load_profile(name)
    assert isinstance(profile, ModbusProfile)
    seen = set()
    for block in golden(name)["blocks"]:
        table, start, words = Table(block["table"]), block["start"], block["words"]
        codec = BlockCodec(profile, profile.points, table=table, start=start, count=len(words))
        data = registers(*words)
        readings = dict(zip(codec.signals, codec.decode(data), strict=True))
        found = {signal: value for signal, (value, _) in readings.items()}
        texts = dict(zip(codec.text_signals, codec.decode_texts(data), strict=True))
        expected = {signal: math.nan if value is None else value for signal, value in block["values"].items()}
        assert found == pytest.approx(expected, rel=1e-12, nan_ok=True)
        assert texts == block.get("texts", {})
        for signal, value in block["values"].items():
            assert readings[signal][1] == (Quality.BAD_NOT_AVAILABLE if value is None else Quality.GOOD), signal
        seen |= found.keys() | texts.keys()
    assert seen == {point.signal for point in profile.points if point.signal}


def test_the_golden_raw_values_of_opc_40501_mean_the_golden_values() -> None:
    profile = load_profile("cnc_machine/opc_40501")
    assert isinstance(profile, OpcUaProfile)
    kind = load_kind(profile.kind)
    rows = {path: (raw, signal, value) for path, raw, signal, value in golden("cnc_machine/opc_40501")["points"]}
    assert rows.keys() == {point.path for point in profile.points}
    for point in profile.points:
        raw, signal, value = rows[point.path]
        assert point.signal == signal
        found = raw if isinstance(raw, str) else ValueCodec(point, kind.signals[signal]).decode(raw)[0]
        assert found == (pytest.approx(value, rel=1e-11) if isinstance(value, float) else value)


@pytest.mark.skipif(not SUNSPEC.exists(), reason="the SunSpec models are not on this machine")
@pytest.mark.parametrize(("model", "first"), [(1, 40002), (103, 40070)])
def test_every_row_of_the_sunspec_profile_is_that_of_the_standard(model: int, first: int) -> None:
    profile = load_profile("pv_inverter/sunspec_103")
    assert isinstance(profile, ModbusProfile)
    at = {point.address: point for point in profile.points}
    address = first
    for row in json.loads((SUNSPEC / f"model_{model}.json").read_text())["group"]["points"]:
        point = at.pop(address)
        assert_is_the_row(point, row)
        if row["name"] == "ID":
            assert point.constant == model
        if row["name"] == "L":
            body_end = first + 2 + (point.constant or 0)
        address += row["size"]
    assert address == body_end
    assert not [left for left in at if first <= left < address]


def assert_is_the_row(point: ModbusPoint, row: dict[str, Any]) -> None:
    assert point.type == TYPES.get(row["type"], row["type"]), row["name"]
    assert point.width == row["size"]
    assert (point.scale, point.offset) == (1, 0)
    if point.signal is None:
        assert point.name == row["name"] or row["name"] in {"ID", "L"}
    elif point.type != "string":
        assert point.scale_factor == row.get("sf")
        assert point.unit == UNITS.get(row.get("units", ""))
        assert point.sentinels == (NOT_IMPLEMENTED[row["type"]],)


def test_the_sunspec_map_is_one_request_without_a_hole() -> None:
    profile = load_profile("pv_inverter/sunspec_103")
    assert isinstance(profile, ModbusProfile)
    covered = [address for point in profile.points for address in range(point.address, point.address + point.width)]
    assert covered == list(range(40000, 40124))


def test_a_profile_that_does_not_exist_names_those_that_do() -> None:
    with pytest.raises(ConfigError, match=f"'boiler/none' is not a device profile; known: {', '.join(profile_names())}"):
        load_profile("boiler/none")


def test_a_kind_that_does_not_exist_names_those_that_do() -> None:
    with pytest.raises(ConfigError, match=f"known: {', '.join(kind_names())}"):
        load_kind("none")


@pytest.mark.parametrize("name", kind_names())
def test_alarm_limits_lie_outside_the_normal_range(name: str) -> None:
    for signal_name, signal in load_kind(name).signals.items():
        for alarm in signal.alarms:
            assert signal.normal, signal_name
            is_outside = alarm.value >= signal.normal[1] if alarm.limit.startswith("high") else alarm.value <= signal.normal[0]
            assert is_outside, f"{signal_name} {alarm.limit}"
