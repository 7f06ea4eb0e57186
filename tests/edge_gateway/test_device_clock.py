"""A device's clock against the gateway's, which stands at 1,000 s here and goes on as the tests say."""

import logging

import pytest

from edge_gateway import metrics
from edge_gateway.device_clock import DeviceClock

SECOND = 1_000_000
HOUR = 3600 * SECOND


class Gateway:
    def __init__(self) -> None:
        self.now = 1000 * SECOND

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


@pytest.fixture
def clock(gateway: Gateway) -> DeviceClock:
    return DeviceClock("plc", gateway)


def test_times_of_a_clock_that_is_right_are_taken_as_they_are(clock: DeviceClock, gateway: Gateway) -> None:
    clock.says(gateway.now - 2 * SECOND)
    assert clock.time_us(995 * SECOND) == 995 * SECOND


@pytest.mark.parametrize("off", [8 * HOUR, -8 * HOUR, -26 * 365 * 24 * HOUR, 2 * SECOND + 1])
def test_a_clock_that_is_off_is_corrected_and_distances_stay(clock: DeviceClock, gateway: Gateway, off: int) -> None:
    clock.says(gateway.now + off)
    assert clock.time_us(gateway.now + off - 3 * SECOND) == 997 * SECOND
    assert clock.time_us(gateway.now + off - 3 * SECOND + 7) == 997 * SECOND + 7


def test_the_delay_of_a_message_does_not_move_the_correction(clock: DeviceClock, gateway: Gateway) -> None:
    clock.says(gateway.now + HOUR)
    clock.says(gateway.now + HOUR - SECOND)
    assert clock.time_us(990 * SECOND + HOUR) == 990 * SECOND


def test_a_clock_that_is_set_right_is_believed_again_and_each_step_is_told_once(
    clock: DeviceClock, gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for off in (HOUR, HOUR, 0, 0):
        clock.says(gateway.now + off)
    assert clock.time_us(990 * SECOND) == 990 * SECOND
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert "off by 3600.0 s" in caplog.text


def test_no_time_lies_in_the_future(clock: DeviceClock, gateway: Gateway) -> None:
    assert clock.time_us(gateway.now + SECOND) == gateway.now
    clock.says(gateway.now - HOUR)
    assert clock.time_us(gateway.now - HOUR + 5 * SECOND) == gateway.now


def test_how_far_it_is_off_is_a_metric(clock: DeviceClock, gateway: Gateway) -> None:
    clock.says(gateway.now + 90 * SECOND)
    assert metrics.DEVICE_CLOCK_OFFSET.labels("plc")._value.get() == 90.0  # noqa: SLF001 - the library has no getter
