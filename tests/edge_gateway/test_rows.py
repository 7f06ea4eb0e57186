import math
import random
import struct
from itertools import pairwise

import pytest

from device_profiles.profile import load_profile
from edge_gateway.clock import Clock
from edge_gateway.driver import Poll, Target
from edge_gateway.rows import Rows
from edge_gateway.sealing import pack, time_span
from telemetry.bundle import MAX_BUNDLE_BYTES, Batch, Block, Bundle, Event, SignalList
from telemetry.quality import Quality
from telemetry.wire import encode_bundle
from tests.edge_gateway.responder import profile

NAN = math.nan
BOILER = Target.from_profile(
    profile({"signal": "steam_flow", "address": 0}, {"signal": "steam_pressure", "address": 1}), name="boiler-1"
)
CNC = Target.from_profile(load_profile("cnc_machine/opc_40501"), name="cnc-1")


def test_rows_become_columns_in_order_with_qualities_only_where_one_is_not_good() -> None:
    rows = Rows()
    rows.add(BOILER, time_us=1, poll=Poll(readings=[(1.5, 0), (2.5, 0)]))
    rows.add(BOILER, time_us=2, poll=Poll(readings=[(3.5, 0), (4.5, 0)]))
    ((batch,), events, blocks, lost) = rows.take()
    assert (batch.equipment, batch.signals.text, batch.rows) == ("boiler-1", "boiler:steam_flow,steam_pressure", 2)
    assert struct.unpack("<2q", batch.times) == (1, 2)
    assert struct.unpack("<4f", batch.values) == (1.5, 2.5, 3.5, 4.5)
    assert (batch.qualities, events, blocks, lost) == (None, [], [], None)

    rows.add(BOILER, time_us=3, poll=Poll(readings=[(1.0, 0), (NAN, Quality.BAD_NO_COMMUNICATION)]))
    ((batch,), _, _, _) = rows.take()
    assert batch.qualities == bytes([0, Quality.BAD_NO_COMMUNICATION])
    assert rows.take() == ([], [], [], None)


def test_a_number_that_float32_cannot_hold_is_bad_and_not_infinite() -> None:
    rows = Rows()
    rows.add(BOILER, time_us=1, poll=Poll(readings=[(1e300, 0), (1.0, 0)]))
    ((batch,), _, _, _) = rows.take()
    first, second = struct.unpack("<2f", batch.values)
    assert math.isnan(first)
    assert second == 1.0
    assert batch.qualities == bytes([Quality.BAD_SENSOR_FAILURE, 0])


def test_a_text_is_an_event_once_at_the_start_and_then_on_change() -> None:
    rows = Rows()
    good = [(0.0, 0)] * len(CNC.signals.names)
    for time_us, text in ((1, "O1001"), (2, "O1001"), (3, "O\0bad"), (4, "O1001")):
        rows.add(CNC, time_us=time_us, poll=Poll(readings=good, texts={"program": text}))
    _, events, _, _ = rows.take()
    assert [(event.time_us, event.text) for event in events] == [(1, "O1001"), (3, "O\N{REPLACEMENT CHARACTER}bad"), (4, "O1001")]


def test_memory_is_bounded_and_what_is_left_out_is_told() -> None:
    rows = Rows(max_bytes=100)
    for time_us in range(10, 20):
        rows.add(BOILER, time_us=time_us, poll=Poll(readings=[(1.0, 0), (2.0, 0)]))
    ((batch,), _, _, lost) = rows.take()
    assert batch.rows == 4
    assert lost == (14, 19, 6, "memory")


def test_no_content_makes_a_bundle_too_large_and_nothing_is_lost_in_the_cutting() -> None:
    dice = random.Random(1)
    names = tuple(f"signal_{n}" for n in range(40))
    batches = [
        Batch(
            equipment=f"machine-{n}",
            signals=SignalList.of("boiler", names),
            times=struct.pack("<300q", *range(300)),
            values=dice.randbytes(300 * 40 * 8),
            qualities=dice.randbytes(300 * 40),
        )
        for n in range(5)
    ]
    events = [Event("m", n, "program", "程" * 8000) for n in range(30)]
    records = [Block("m", f"waveform_{n}", n, 25_600.0, dice.randbytes(4 * 70_000)) for n in range(3)]
    parcels = pack(batches, events, records)
    assert len(parcels) > 5
    for seq, parcel in enumerate(parcels, start=1):
        bundle = Bundle(
            gateway="g" * 64,
            epoch=2**63 - 1,
            seq=seq,
            floor=1,
            sent_at_us=2**60,
            batches=tuple(parcel.batches),
            events=tuple(parcel.events),
            blocks=tuple(parcel.blocks),
        )
        assert len(encode_bundle(bundle)) <= MAX_BUNDLE_BYTES
    for batch in batches:
        parts = [part for parcel in parcels for part in parcel.batches if part.equipment == batch.equipment]
        assert b"".join(part.times for part in parts) == batch.times
        assert b"".join(part.values for part in parts) == batch.values
        assert b"".join(part.qualities or b"" for part in parts) == batch.qualities
    assert [event for parcel in parcels for event in parcel.events] == events
    for record in records:
        blocks = [block for parcel in parcels for block in parcel.blocks if block.signal == record.signal]
        assert b"".join(block.samples for block in blocks) == record.samples
        assert [len(block.samples) // 4 for block in blocks] == [30_000, 30_000, 10_000]
        assert [block.start_us - record.start_us for block in blocks] == [0, 1_171_875, 2_343_750], "30,000 samples of 1/25,600 s"
    assert time_span(batches, events, records) == (0, 299)
    assert time_span([], [], records) == (0, 2)


def test_a_record_goes_as_it_came_and_counts_against_the_memory() -> None:
    rows = Rows(max_bytes=100)
    record = Block("boiler-1", "waveform", 5, 1000.0, b"\0" * 200)
    rows.add(BOILER, time_us=10, poll=Poll(readings=[], blocks=[record]))
    rows.add(BOILER, time_us=11, poll=Poll(readings=[], blocks=[record._replace(start_us=6)]))
    assert rows.take() == ([], [], [record], (11, 11, 1, "memory"))
    rows.add(BOILER, time_us=12, poll=Poll(readings=[]))
    assert rows.take() == ([], [], [], None)


@pytest.mark.parametrize("step_us", [-3_600_000_000, 3_600_000_000])
def test_time_never_repeats_and_never_goes_back_when_the_clock_is_set(step_us: int) -> None:
    wall, steady = 10_000_000_000, 0
    clock = Clock(lambda: wall, lambda: steady)
    times = [clock.now_us(), clock.now_us()]
    wall += step_us
    for _ in range(7300):
        wall, steady = wall + 1_000_000, steady + 1_000_000
        times.append(clock.now_us())
    assert all(a < b for a, b in pairwise(times))
    assert clock.now_us() - wall <= 2, "after twice the step it is the system's time again"
