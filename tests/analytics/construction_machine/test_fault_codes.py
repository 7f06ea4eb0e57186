"""SAE J1939-73 codes: bytes whose meaning is published, the table's shape, and what a broken wire hides."""

import numpy as np
import pytest

from analytics.construction_machine import codes
from analytics.construction_machine.fault_codes import (
    Code,
    codes_of,
    decode_dm1,
    failure_mode,
    parameter,
    read_codes,
    signals_without_a_wire,
)
from analytics.result import NotEvaluated
from analytics.spec import NoParameters
from analytics.window import Flags
from device_profiles.kind import load_kind
from tests.analytics.construction_machine.machine import Values, machine_window


def test_the_standards_example_is_decoded() -> None:
    # J1939-73, 5.7.1.7: SPN 1208, FMI 3, occurrence count 10 are the bytes B8 04 03 0A in the current version.
    assert decode_dm1(bytes.fromhex("00FF B804030A FFFF")) == [Code(1208, 3, 10)]


def test_the_spns_upper_bits_stand_above_the_fmi() -> None:
    # SPN 520192 = 0x7F000, FMI 31, count 127 (unknown)
    assert decode_dm1(bytes((0, 0, 0x00, 0xF0, 0x07 << 5 | 31, 127))) == [Code(520_192, 31, None)]


def test_several_codes_and_no_code_are_told() -> None:
    assert decode_dm1(bytes.fromhex("4000 6E000303 64000101")) == [Code(110, 3, 3), Code(100, 1, 1)]
    assert decode_dm1(bytes.fromhex("00FF 00000000 FFFF")) == []


def test_a_short_message_and_an_old_conversion_are_refused() -> None:
    with pytest.raises(ValueError, match="cut short"):
        decode_dm1(b"\x00\xff\x6e")
    with pytest.raises(ValueError, match="conversion method 1"):
        decode_dm1(bytes.fromhex("00FF B804038A"))


def test_every_failure_mode_has_a_text_and_every_signal_is_the_kinds() -> None:
    table = read_codes()
    assert [mode.fmi for mode in table.modes] == list(range(32))
    known = load_kind("construction_machine").signals
    assert all(one.signal in known for one in table.parameters if one.signal)
    assert len({one.spn for one in table.parameters}) == len(table.parameters)
    assert {fmi for fmi in range(32) if failure_mode(fmi).family == "circuit"} == {3, 4, 5, 6}
    assert not any(mode.verified for mode in table.modes)
    assert not any(one.verified for one in table.parameters)
    assert parameter(519_999) is None
    with pytest.raises(ValueError, match="0 to 31"):
        failure_mode(32)


def test_a_broken_wire_masks_its_signal_and_a_hot_engine_does_not() -> None:
    def show(values: Values, _running: Flags) -> None:
        values["diagnostic_spn"][500:] = 110
        values["diagnostic_fmi"][500:] = 3
        values["diagnostic_count"][500:] = 2
        values["diagnostic_spn"][100:130] = 1638
        values["diagnostic_fmi"][100:130] = 16

    window = machine_window(1, change=show)
    seen = codes_of(window)
    assert {(one.code.spn, one.code.fmi, one.code.occurrences, one.steps) for one in seen} == {
        (110, 3, 2, 940),
        (1638, 16, 0, 30),
    }
    assert list(signals_without_a_wire(seen)) == ["coolant_temperature"]
    result = codes.evaluate(window, NoParameters())
    assert {figure.name: figure.value for figure in result.figures} == {
        "codes_active": 1.0,
        "codes_of_the_week": 2.0,
        "gravest_code": 2.0,
        "signals_masked": 1.0,
    }
    assert len(result.pictures[0]["rows"]) == 2


def test_without_codes_there_is_no_table_and_without_a_reading_no_answer() -> None:
    assert not codes.evaluate(machine_window(0.1), NoParameters()).pictures

    def unknown(values: Values, _running: Flags) -> None:
        values["diagnostic_spn"][:] = np.nan

    with pytest.raises(NotEvaluated, match="diagnostic_spn"):
        codes.evaluate(machine_window(0.1, change=unknown), NoParameters())
