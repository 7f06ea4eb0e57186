"""Time stamps that cannot be, nameplates that come twice, and marks of simulators."""

import numpy as np
import pytest

from benchmarks.registry_authenticity import honest_stamps
from registry.authenticity.clock import detect_stamps
from registry.authenticity.nameplates import Plate, copied, marked, near_twins

MINUTE_US = 60_000_000


def plate(number: int, **values: object) -> Plate:
    filled = {"label": f"{number}#", "enterprise": f"企业{number}", **values}
    return Plate(machine_id=number, **filled)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(12))
def test_stamps_of_a_gateway_that_jitters_and_was_offline_are_fine(seed: int) -> None:
    times, arrived = honest_stamps(np.random.default_rng(seed))
    assert detect_stamps(times, arrived_us=arrived) == []


def test_stamps_in_whole_seconds_are_a_devices_clock() -> None:
    assert detect_stamps(np.arange(1440) * MINUTE_US + 1_790_000_000_000_000) == []


@pytest.mark.parametrize(("minutes", "word"), [(-60, "future"), (600, "ever is live")])
def test_stamps_that_are_shifted_are_told_by_their_arrival(minutes: int, word: str) -> None:
    times, arrived = honest_stamps(np.random.default_rng(1))
    (found,) = detect_stamps(times - minutes * MINUTE_US, arrived_us=arrived)
    assert word in found.explanation.en


def test_stamps_of_later_than_now_cannot_be() -> None:
    times, _arrived = honest_stamps(np.random.default_rng(1))
    newest = int(times.max())
    assert detect_stamps(times, now_us=newest) == []
    (found,) = detect_stamps(times, now_us=newest - 30 * MINUTE_US)
    assert found.score == pytest.approx(30)


def test_stamps_that_repeat_or_keep_their_microseconds_are_made() -> None:
    times, _arrived = honest_stamps(np.random.default_rng(1))
    (repeated,) = detect_stamps(times // (10 * MINUTE_US) * (10 * MINUTE_US))
    assert "time stamp of another" in repeated.explanation.en
    (made,) = detect_stamps(np.arange(1440) * MINUTE_US + 1_790_000_000_654_321)
    assert "to the microsecond" in made.explanation.en


def test_a_nameplate_that_is_registered_twice_is_held_against_both() -> None:
    twins = [
        plate(1, nameplate_key="A|B|1"),
        plate(2, nameplate_key="A|B|1"),
        plate(3, nameplate_key="A|B|2"),
        plate(4),
        plate(5),
    ]
    found = copied(twins, start_us=0, end_us=1)
    assert {number: one.other for number, one in found.items()} == {1: "2", 2: "1"}


def test_a_registration_code_that_is_used_twice_is_held_against_both() -> None:
    boilers = [plate(1, registration_code="11001"), plate(2, registration_code="11001"), plate(3, registration_code="11002")]
    assert set(copied(boilers, start_us=0, end_us=1)) == {1, 2}


def test_serial_numbers_one_character_apart_are_a_hint_where_enterprises_differ() -> None:
    def of(number: int, serial: str, enterprise: str = "") -> Plate:
        named = enterprise or f"企业{number}"
        return plate(number, maker="厂", model="M", serial_number=serial, enterprise=named)

    far, row = of(1, "SN20231234"), of(2, "SN20231235")
    typed, own = of(3, "SN2023I234"), of(4, "SN2O231234", "企业1")
    assert near_twins([far, row]) == []
    assert near_twins([far, of(5, "SN30231234")]) == [(1, 5)]
    assert near_twins([far, typed]) == [(1, 3)]
    assert near_twins([far, own]) == []


@pytest.mark.parametrize(
    ("values", "is_marked"),
    [
        ({"is_simulator": True}, True),
        ({"gateway_is_simulator": True, "gateway": "gw-1"}, True),
        ({"label": "模拟锅炉"}, True),
        ({"texts": ("Modsim64",)}, True),
        ({"label": "发动机测试台"}, False),
        ({"label": "模拟量采集柜"}, False),
        ({"label": "1# 锅炉", "maker": "济锅"}, False),
    ],
)
def test_marks_of_simulators_are_read_and_test_benches_are_none(values: dict[str, object], *, is_marked: bool) -> None:
    assert (marked(plate(1, **values), start_us=0, end_us=1) is not None) is is_marked
