"""The gateways of the kills keep what the guarantee asks of a gateway: else the judge would judge something else."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from benchmarks.gateway_fleet import (
    BOILERS,
    FIRST_TIMEOUT_SECONDS,
    MILLS,
    ROWS_PER_FLUSH,
    STRAY_AFTER_SECONDS,
    WINDOW,
    Gateway,
    Truth,
)
from benchmarks.row_truth import read_truth
from telemetry.receipt import Receipt, encode_receipt
from telemetry.wire import decode_bundle


@pytest.fixture
def truth(tmp_path: Path) -> Iterator[Truth]:
    with contextlib.ExitStack() as stack:
        yield Truth(tmp_path, stack)


@pytest.fixture
def gateway(truth: Truth) -> Gateway:
    return Gateway(3, seed=1, truth=truth)


def receipt(gateway: Gateway, payload: bytes, *seqs: int) -> None:
    gateway.take_receipt(encode_receipt(Receipt.of(decode_bundle(payload).epoch, seqs)))


def test_at_most_a_window_is_in_flight_and_the_newest_goes_first(gateway: Gateway) -> None:
    for _ in range(20):
        gateway.seal()
    assert [decode_bundle(payload).seq for payload in gateway.due(0.0)] == list(range(20, 20 - WINDOW, -1))
    assert list(gateway.due(0.1)) == []


def test_a_receipt_alone_empties_the_spool_and_lets_the_next_go(gateway: Gateway) -> None:
    for _ in range(10):
        gateway.seal()
    first = next(iter(list(gateway.due(0.0))))
    receipt(gateway, first, 9, 10)
    assert gateway.spooled == 8
    assert [decode_bundle(payload).seq for payload in gateway.due(0.1)] == [2, 1]


def test_what_has_no_receipt_is_sent_again_as_the_same_bytes_ever_more_rarely(gateway: Gateway) -> None:
    gateway.seal()
    (sent,) = gateway.due(0.0)
    assert list(gateway.due(FIRST_TIMEOUT_SECONDS * 0.99)) == []
    assert list(gateway.due(FIRST_TIMEOUT_SECONDS)) == [sent]
    assert list(gateway.due(FIRST_TIMEOUT_SECONDS * 2.5)) == []
    assert sent in list(gateway.due(FIRST_TIMEOUT_SECONDS * 4))


def test_the_floor_is_the_lowest_bundle_without_a_receipt(gateway: Gateway) -> None:
    for _ in range(3):
        gateway.seal()
    sent = list(gateway.due(0.0))
    assert [decode_bundle(payload).floor for payload in sent] == [1, 1, 1]
    receipt(gateway, sent[0], 1, 3)
    gateway.seal()
    (newest,) = gateway.due(0.1)
    assert decode_bundle(newest).floor == 2


def test_receipts_for_what_was_never_sent_are_counted(gateway: Gateway) -> None:
    for _ in range(WINDOW + 1):
        gateway.seal()
    sent = list(gateway.due(0.0))
    receipt(gateway, sent[0], 1)
    receipt(gateway, sent[0], WINDOW + 2)
    gateway.take_receipt(encode_receipt(Receipt.of(5, [2])))
    gateway.take_receipt(b"no receipt")
    assert gateway.counts["bad_receipts"] == 4
    assert gateway.spooled == WINDOW + 1


def test_some_bundles_stray_and_come_once_more_after_their_receipt(gateway: Gateway) -> None:
    for _ in range(400):
        gateway.seal()
        for payload in gateway.due(0.0):
            receipt(gateway, payload, decode_bundle(payload).seq)
    assert gateway.spooled == 0
    strays = list(gateway.due(STRAY_AFTER_SECONDS))
    assert 0 < len(strays) == gateway.counts["strays"] < 20


def test_the_truth_is_what_the_bundles_say(tmp_path: Path) -> None:
    sent = []
    with contextlib.ExitStack() as stack:
        gateway = Gateway(3, seed=1, truth=Truth(tmp_path, stack))
        for _ in range(100):
            gateway.seal()
            for payload in gateway.due(0.0):
                sent.append(decode_bundle(payload))
                receipt(gateway, payload, sent[-1].seq)
    for number, fleet in enumerate((BOILERS, MILLS)):
        batches = [bundle.batches[number] for bundle in sent]
        rows = read_truth(str(tmp_path / f"{fleet.kind}.truth"), fleet.signals)
        values = np.concatenate([np.frombuffer(b.values, "<f4" if b.single else "<f8").astype("<f8") for b in batches])
        bad = [np.frombuffer(b.qualities or bytes(ROWS_PER_FLUSH * len(fleet.signals)), np.uint8) >= 128 for b in batches]
        values[np.concatenate(bad)] = np.nan
        np.testing.assert_array_equal(rows.values, values.reshape(-1, len(fleet.signals)))
        np.testing.assert_array_equal(rows.times_us, np.concatenate([np.frombuffer(b.times, "<i8") for b in batches]))
        assert set(rows.machines.tolist()) == {3}
    events = [(3, event.time_us, event.text) for bundle in sent for event in bundle.events]
    assert events
    assert [tuple(json.loads(line)) for line in (tmp_path / "events.truth").read_text().splitlines()] == events
