"""The device models that are shipped: golden files, the SunSpec models, and what every profile must have."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from device_profiles.kind import kind_names, load_kind
from device_profiles.modbus_codec import BlockCodec
from device_profiles.profile import ModbusProfile, OpcUaProfile, Table, load_profile, profile_names, signals_of
from device_profiles.value import ValueCodec
from telemetry.errors import ConfigError
from telemetry.quality import Quality
from tests.device_profiles.made_profiles import registers

GOLDEN = Path(__file__).parents[1] / "golden" / "device_profiles"
NO_VALUES = {None: Quality.BAD_NOT_AVAILABLE, "failed": Quality.BAD_SENSOR_FAILURE}
"""What golden files have in the place of a value, and the quality that it means."""
WITNESSES = GOLDEN.parent / "witnesses"
"""Rows of register maps from a second public source, as facts."""


def golden(name: str) -> Any:
    return json.loads((GOLDEN / f"{name.replace('/', '.')}.json").read_text())


def witnessed() -> list[str]:
    return sorted(path.stem.replace(".", "/", 1) for path in WITNESSES.glob("*.json"))


def witness_of(name: str) -> Any:
    return json.loads((WITNESSES / f"{name.replace('/', '.')}.json").read_text(encoding="utf-8"))


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
        expected = {signal: math.nan if value in NO_VALUES else value for signal, value in block["values"].items()}
        assert found == pytest.approx(expected, rel=1e-11, nan_ok=True)
        assert texts == block.get("texts", {})
        for signal, value in block["values"].items():
            assert readings[signal][1] == NO_VALUES.get(value, Quality.GOOD), signal
        seen |= found.keys() | texts.keys()
    assert seen == {point.signal for point in profile.points if point.signal}


def opcua_profiles() -> list[str]:
    return [name for name in profile_names() if isinstance(load_profile(name), OpcUaProfile)]


@pytest.mark.parametrize("name", opcua_profiles())
def test_the_golden_raw_values_of_an_information_model_mean_the_golden_values(name: str) -> None:
    profile = load_profile(name)
    assert isinstance(profile, OpcUaProfile)
    kind = load_kind(profile.kind)
    rows = {place: (raw, signal, value) for place, raw, signal, value in golden(name)["points"]}
    assert rows.keys() == {point.path or point.node for point in profile.points}
    for point in profile.points:
        raw, signal, value = rows[point.path or point.node]
        assert point.signal == signal
        codec = ValueCodec(point, kind.signals[signal])
        samples = raw if signal in kind.waveform_signals else [raw]
        found: Any = [one if isinstance(one, str) else codec.decode(one)[0] for one in samples]
        found = found if signal in kind.waveform_signals else found[0]
        assert found == (value if isinstance(value, str | int) else pytest.approx(value, rel=1e-11))


@pytest.mark.parametrize("name", witnessed())
def test_a_register_map_agrees_with_its_second_witness(name: str) -> None:
    profile, witness = load_profile(name), witness_of(name)
    assert isinstance(profile, ModbusProfile)
    assert witness["source"]
    at = {point.signal: point for point in profile.points if point.signal}
    signals = signals_of(profile)
    for row in witness["rows"]:
        point = at[row["signal"]]
        found = (point.table, point.address, point.type, point.scale, point.unit or signals[row["signal"]].unit)
        assert found == (row["table"], row["address"], row["type"], row["scale"], row["unit"]), row["signal"]


def test_at_least_five_register_maps_have_a_second_witness() -> None:
    assert len(witnessed()) >= 5
    assert sum(len(witness_of(name)["rows"]) for name in witnessed()) >= 100


def test_all_ten_kinds_have_device_models_and_there_are_at_least_twenty_five() -> None:
    assert len(profile_names()) >= 25
    assert {name.partition("/")[0] for name in profile_names()} == set(kind_names())


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
