"""Faults come, grow, are told and go."""

from datetime import datetime, timedelta

import pytest

from simulators.fleet import JINAN
from simulators.machine_faults import Change, Growth, MachineFault, MachineFaults
from telemetry.errors import ConfigError

NOON = datetime(2026, 6, 22, 12, tzinfo=JINAN)
KNOWN = {
    "fouling": MachineFault("积灰", "Fouling", "half of the heat transfer"),
    "string_open": MachineFault("组串断开", "Open string", "no current", part="string"),
}


def faults(n: int = 2) -> MachineFaults:
    return MachineFaults(KNOWN, n=n, parts={"string": ("1", "2", "3")})


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_a_healthy_machine_has_no_severity() -> None:
    healthy = faults()
    healthy.advance(at(1000))
    assert healthy["fouling"].tolist() == [0, 0]
    assert healthy["string_open"].shape == (2, 3)
    assert not healthy.has("fouling")


def test_a_fault_comes_at_its_time_grows_evenly_and_is_mended() -> None:
    growing = faults()
    growing.order("fouling", Growth(severity=0.8, from_seconds=100, ramp_seconds=1000, for_seconds=2000), at=NOON, machine=1)
    severities = []
    for seconds in (0, 90, 600, 1100, 1500, 2110):
        growing.advance(at(seconds))
        severities.append(growing["fouling"][1])
    assert severities == pytest.approx([0, 0, 0.4, 0.8, 0.8, 0])
    assert growing["fouling"][0] == 0


def test_wear_starts_slowly_and_doubles_six_times() -> None:
    wearing = faults()
    wearing.order("fouling", Growth(ramp_seconds=600, shape="exponential"), at=NOON)
    found = []
    for seconds in (300, 500, 600):
        wearing.advance(at(seconds))
        found.append(wearing["fouling"][0])
    assert found == pytest.approx([7 / 63, 31 / 63, 1])


def test_one_part_is_struck_and_the_others_are_not() -> None:
    struck = faults()
    struck.order("string_open", Growth(), at=NOON, machine=0, part="2")
    struck.advance(at(0))
    assert struck["string_open"].tolist() == [[0, 1, 0], [0, 0, 0]]


def test_of_two_orders_of_one_fault_the_worse_counts() -> None:
    twice = faults()
    twice.order("fouling", Growth(severity=0.3), at=NOON)
    number = twice.order("fouling", Growth(severity=0.6), at=NOON)
    twice.advance(at(0))
    assert twice["fouling"][0] == 0.6
    assert twice.cancel(number, at=at(1)) == 1
    assert twice["fouling"][0] == 0.3
    assert twice.cancel(at=at(2)) == 1
    assert twice["fouling"][0] == 0


def test_what_was_wrong_when_is_told_in_steps_and_to_the_end() -> None:
    told = faults()
    told.order("fouling", Growth(severity=0.2, from_seconds=60, ramp_seconds=400, for_seconds=1000), at=NOON, machine=1)
    for seconds in range(0, 1200, 30):
        told.advance(at(seconds))
    changes = told.take_changes()
    assert all((change.machine, change.fault) == (1, "fouling") for change in changes)
    severities = [change.severity for change in changes]
    assert severities[0] > 0
    assert severities[-2:] == [0.2, 0.0]
    assert severities[:-1] == sorted(severities[:-1])
    assert 4 <= len(severities) <= 7
    assert changes[-1] == Change(at(1080), 1, "fouling", "", 0.0)
    assert told.take_changes() == []


def test_changes_are_taken_machine_by_machine() -> None:
    told = faults()
    for machine in (0, 1):
        told.order("fouling", Growth(), at=NOON, machine=machine)
    told.advance(at(0))
    assert [change.machine for change in told.take_changes(1)] == [1]
    assert [change.machine for change in told.take_changes()] == [0]


@pytest.mark.parametrize(
    ("fault", "part", "message"),
    [
        ("rust", "", "'rust' is not a fault of this machine; known: fouling, string_open"),
        ("string_open", "", "string_open befalls one string: 'part' is one of 1, 2, 3"),
        ("string_open", "9", "'part' is one of 1, 2, 3"),
        ("fouling", "1", "fouling befalls the whole machine and has no 'part'"),
    ],
)
def test_an_order_that_fits_nothing_is_refused(fault: str, part: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        faults().order(fault, Growth(), at=NOON, part=part)
