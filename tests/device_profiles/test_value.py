"""Numbers and words of a device to values of a signal, where the registers' codec has no part in it."""

import math

import pytest

from device_profiles.kind import Signal, load_kind
from device_profiles.profile import MtConnectPoint, OpcUaPoint
from device_profiles.value import ValueCodec
from telemetry.quality import Quality

CNC = load_kind("cnc_machine").signals


def codec_of(signal: str, **more: object) -> ValueCodec:
    return ValueCodec(MtConnectPoint.model_validate({"signal": signal, "data_item": "x", **more}), CNC[signal])


def test_words_of_an_agent_become_states_and_back() -> None:
    codec = codec_of("execution", map={"ACTIVE": "active", "FEED_HOLD": "interrupted"})
    codes = {state.name: state.code for state in CNC["execution"].states}
    assert codec.decode_text("ACTIVE") == (codes["active"], Quality.GOOD)
    assert codec.decode_text("FEED_HOLD") == (codes["interrupted"], Quality.GOOD)
    assert codec.decode_text("READY")[1] is Quality.BAD_CONFIGURATION_ERROR
    assert codec.encode_text(codes["interrupted"]) == "FEED_HOLD"
    with pytest.raises(ValueError, match="no device word means state"):
        codec.encode_text(codes["reset"])


def test_a_state_without_a_map_goes_by_its_name_in_capitals() -> None:
    codes = {state.name: state.code for state in CNC["execution"].states}
    assert codec_of("execution").decode_text("ACTIVE") == (codes["active"], Quality.GOOD)
    assert codec_of("execution").encode_text(codes["active"]) == "ACTIVE"


def test_a_device_with_one_word_for_several_states_means_the_first_and_shows_it_for_all() -> None:
    codec = codec_of("execution", map={"BUSY": "active", "IDLE": "reset|interrupted"})
    codes = {state.name: state.code for state in CNC["execution"].states}
    assert codec.decode_text("IDLE") == (codes["reset"], Quality.GOOD)
    assert codec.encode_text(codes["interrupted"]) == "IDLE"
    numbers = codec_of("execution", map={"3": "active", "0x10": "reset|interrupted"})
    assert numbers.decode(16) == (codes["reset"], Quality.GOOD)
    assert numbers.encode(codes["interrupted"]) == 16


def test_a_boolean_is_told_by_words_too() -> None:
    codec = codec_of("is_warm_up", map={"ARMED": "false", "TRIGGERED": "true"})
    assert [codec.decode_text(word)[0] for word in ("ARMED", "TRIGGERED")] == [0, 1]


def test_a_number_that_came_as_text_is_scaled_like_any_other() -> None:
    codec = codec_of("path_feedrate", unit="mm/s")  # MTConnect's unit; the kind's is mm/min
    assert codec.decode_text("12.5") == (750, Quality.GOOD)
    assert codec.encode_text(750) == "12.5"


@pytest.mark.parametrize(
    ("text", "quality"),
    [
        ("UNAVAILABLE", Quality.BAD_NOT_AVAILABLE),
        ("1 2 3", Quality.BAD_CONFIGURATION_ERROR),
        ("", Quality.BAD_CONFIGURATION_ERROR),
        ("nan", Quality.BAD_NOT_AVAILABLE),
        ("inf", Quality.BAD_SENSOR_FAILURE),
    ],
)
def test_a_text_that_is_no_number_is_bad(text: str, quality: Quality) -> None:
    value, found = codec_of("spindle_speed").decode_text(text)
    assert math.isnan(value)
    assert found is quality


def test_no_value_is_the_agents_own_word() -> None:
    assert codec_of("spindle_speed").encode_text(math.nan) == "UNAVAILABLE"


@pytest.mark.parametrize("scale", [1e-320, 1e300, -1e-16])
def test_a_scale_of_any_size_breaks_nothing(scale: float) -> None:
    point = OpcUaPoint(signal="spindle_speed", path="sy:X", scale=scale)
    signal: Signal = CNC["spindle_speed"]
    value, quality = ValueCodec(point, signal).decode(2.0)
    assert value == pytest.approx(2 * scale, rel=1e-3)
    assert quality is Quality.GOOD
