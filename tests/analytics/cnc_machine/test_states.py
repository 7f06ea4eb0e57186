"""Item states of OPC 40501-1 from a control's words and from windows."""

import numpy as np
import pytest

from analytics.cnc_machine.states import (
    REASONS,
    ItemState,
    debounced,
    item_states,
    micro_stops,
    reasons_of,
    seconds_by_reason,
    spans,
    states_of,
)
from analytics.window import Window

NAN = float("nan")


def test_a_machine_executes_when_it_is_active_in_automatic() -> None:
    # OPC 40501-1, reference N.2: Executing = ACTIVE and AUTOMATIC.
    found = item_states(["ACTIVE", "ACTIVE"], controller_mode=["AUTOMATIC", "MANUAL"])
    assert found.tolist() == [ItemState.EXECUTING, ItemState.NOT_EXECUTING]


@pytest.mark.parametrize("word", ["READY", "INTERRUPTED", "FEED_HOLD", "STOPPED", "PROGRAM_COMPLETED", "feed hold"])
def test_a_machine_that_waits_does_not_execute(word: str) -> None:
    assert item_states([word]).tolist() == [ItemState.NOT_EXECUTING]


def test_a_fault_or_an_emergency_stop_is_out_of_service() -> None:
    words = ["ACTIVE", "READY", "READY"]
    found = item_states(words, emergency_stop=["TRIGGERED", "ARMED", "ARMED"], condition=["NORMAL", "FAULT", "WARNING"])
    assert found.tolist() == [ItemState.OUT_OF_SERVICE, ItemState.OUT_OF_SERVICE, ItemState.NOT_EXECUTING]


def test_what_says_nothing_is_not_available() -> None:
    found = item_states(["UNAVAILABLE", "ACTIVE", "what"], availability=["AVAILABLE", "UNAVAILABLE", "AVAILABLE"])
    assert found.tolist() == [ItemState.NOT_AVAILABLE] * 3


def test_a_state_of_two_seconds_is_no_state() -> None:
    # Debounce of 3 s (reference N.2): READY for 2 s between two cycles belongs to the cycle.
    found = debounced(spans(np.array([0.0, 100.0, 102.0]), np.array([0, 1, 0]), end_seconds=200.0))
    assert found.state.tolist() == [0]
    assert found.seconds.tolist() == [200.0]


def test_late_records_are_sorted_in() -> None:
    found = spans(np.array([50.0, 0.0, 80.0]), np.array([1, 0, 2]), end_seconds=100.0)
    assert found.state.tolist() == [0, 1, 2]
    assert found.seconds.tolist() == [50.0, 30.0, 20.0]


def test_interruptions_below_a_minute_are_micro_stops() -> None:
    found = spans(np.array([0.0, 100.0, 159.0, 300.0, 360.0]), np.array([0, 3, 0, 3, 0]), end_seconds=400.0)
    assert micro_stops(found, interrupted=3).tolist() == [False, True, False, False, False]


def test_no_moments_make_no_stretches() -> None:
    assert len(debounced(spans(np.empty(0), np.empty(0, np.int64), end_seconds=0.0)).state) == 0


def window(**codes: list[float]) -> Window:
    return Window(kind="cnc_machine", start_us=0, step_seconds=10.0, values={name: np.array(of) for name, of in codes.items()})


def test_a_window_gives_the_same_states() -> None:
    found = states_of(
        window(
            execution=[0, 0, 2, 1, 0, NAN],
            operation_mode=[1, 0, 1, 1, 1, 1],
            controller_condition=[0, 0, 0, 2, 2, 0],
            availability=[1, 1, 1, 1, 1, 0],
        )
    )
    assert found.tolist() == [
        ItemState.EXECUTING,
        ItemState.NOT_EXECUTING,
        ItemState.NOT_EXECUTING,
        ItemState.OUT_OF_SERVICE,
        ItemState.EXECUTING,
        ItemState.NOT_AVAILABLE,
    ]


def test_a_step_in_which_the_state_changed_keeps_the_one_before() -> None:
    assert states_of(window(execution=[NAN, 0, NAN, 2])).tolist() == [
        ItemState.NOT_AVAILABLE, ItemState.EXECUTING, ItemState.EXECUTING, ItemState.NOT_EXECUTING,
    ]  # fmt: skip


def test_short_gaps_are_loading_and_long_ones_waiting() -> None:
    # 30 s of loading, 310 s of waiting, 20 s of a fault.
    one = window(
        execution=[0.0] * 5 + [2.0] * 3 + [0.0] * 5 + [2.0] * 31 + [0.0] * 2 + [1.0] * 2,
        controller_condition=[0.0] * 46 + [2.0] * 2,
    )
    by = dict(zip(REASONS, seconds_by_reason(one, reasons_of(one)).tolist(), strict=True))
    assert (by["executing"], by["loading"], by["waiting"], by["fault"]) == (120.0, 30.0, 310.0, 20.0)
    assert sum(by.values()) == 480.0
