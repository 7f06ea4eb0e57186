"""Reading back: levels, thinning, newest values, quality and texts."""

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from store import readings
from store.equipment import Equipment, find_equipment, get_equipment, list_equipment
from store.readings import events, latest, quality_intervals, waveforms
from store.series import series
from telemetry.bundle import Block, Event
from telemetry.quality import Quality

NaN = float("nan")
BAD, DOUBTFUL = Quality.BAD_NO_COMMUNICATION, Quality.UNCERTAIN_SENSOR_NOT_ACCURATE


def boiler(store: Any, name: str = "boiler-1") -> Equipment:
    found = find_equipment(store.database, gateway="gw-1", name=name)
    assert found is not None
    return found


def us(at: datetime) -> int:
    return round(at.timestamp() * 1e6)


def test_raw_values_come_back_as_they_were_sent(store: Any, bundle: Any, batch: Any) -> None:
    store.commit(bundle(1, batch("boiler-1", [[1.5, NaN], [2.5, 7.0]])))

    read = series(
        store.database, boiler(store), ["steam_pressure", "steam_flow"], start=store.now, end=store.now + timedelta(hours=1)
    )

    assert read.level == "raw"
    assert read.times_us.tolist() == [us(store.now), us(store.now) + 1_000_000]
    assert read.columns["steam_flow"].tolist() == [1.5, 2.5]
    assert np.isnan(read.columns["steam_pressure"][0])
    assert read.columns["steam_pressure"][1] == 7.0
    assert list(read.columns) == ["steam_pressure", "steam_flow"]


def test_a_span_is_closed_at_its_start_and_open_at_its_end_and_may_be_empty(store: Any, bundle: Any, batch: Any) -> None:
    store.commit(bundle(1, batch("boiler-1", [[n, n] for n in range(5)])))
    second = timedelta(seconds=1)

    some = series(store.database, boiler(store), ["steam_flow"], start=store.now + second, end=store.now + 3 * second)
    none = series(store.database, boiler(store), ["steam_flow"], start=store.now + 10 * second, end=store.now + 20 * second)

    assert some.columns["steam_flow"].tolist() == [1, 2]
    assert len(none.times_us) == len(none.columns["steam_flow"]) == 0


def test_a_thinned_series_keeps_the_extremes_of_every_signal(store: Any, bundle: Any, batch: Any) -> None:
    values = np.random.default_rng(3).normal(size=(9000, 2))
    values[1234, 0], values[4567, 1], values[8000, 0], values[77, 1] = 99, -99, -88, 88
    start = store.now - timedelta(hours=3)
    store.commit(
        *(
            bundle(n, batch("boiler-1", values[n * 1000 - 1000 : n * 1000], at=start + timedelta(seconds=n * 1000)))
            for n in range(1, 10)
        )
    )

    read = series(
        store.database, boiler(store), ["steam_flow", "steam_pressure"], start=start, end=store.now, max_points=500, level="raw"
    )

    assert 100 < len(read.times_us) <= 510
    assert (np.diff(read.times_us) > 0).all()
    assert (read.columns["steam_flow"].max(), read.columns["steam_flow"].min()) == (99, -88)
    assert (read.columns["steam_pressure"].max(), read.columns["steam_pressure"].min()) == (88, -99)


def test_longer_spans_are_read_by_minute_and_by_hour(store: Any, bundle: Any, batch: Any) -> None:
    start = store.now - timedelta(days=100)
    rows = [[float(n), NaN] for n in range(120)]
    store.commit(
        bundle(1, batch("boiler-1", rows, at=start)), bundle(2, batch("boiler-1", [[500.0, 1.0]], at=start + timedelta(hours=1)))
    )

    day = series(store.database, boiler(store), ["steam_flow", "steam_pressure"], start=start, end=start + timedelta(days=1))
    season = series(store.database, boiler(store), ["steam_flow"], start=start, end=store.now, max_points=600)

    assert day.level == "1m"
    assert day.times_us.tolist() == [us(start), us(start) + 60_000_000, us(start) + 3_600_000_000]
    assert day.columns["steam_flow"].tolist() == [29.5, 89.5, 500.0]
    assert day.minimum["steam_flow"].tolist() == [0, 60, 500]
    assert day.maximum["steam_flow"].tolist() == [59, 119, 500]
    assert np.isnan(day.columns["steam_pressure"]).tolist() == [True, True, False]
    assert season.level == "1h"
    assert len(season.times_us) == 1, "100 days in 600 points are buckets of four hours"
    assert season.maximum["steam_flow"].tolist() == [500]


def test_all_types_can_be_read_as_numbers(store: Any, bundle: Any, batch: Any) -> None:
    signals = "boiler:state,low_water_interlock,trip_code,fuel_total"
    store.commit(bundle(1, batch("boiler-1", [[3, 1, 70000, 0.1], [NaN, NaN, NaN, NaN]], signals=signals)))
    names = signals.removeprefix("boiler:").split(",")

    raw = series(store.database, boiler(store), names, start=store.now, end=store.now + timedelta(hours=1))
    minute = series(store.database, boiler(store), names, start=store.now, end=store.now + timedelta(hours=1), level="1m")

    assert [raw.columns[name][0] for name in names] == [3, 1, 70000, 0.1]
    assert all(np.isnan(raw.columns[name][1]) for name in names)
    assert [minute.maximum[name][0] for name in names] == [3, 1, 70000, 0.1]


def test_an_unknown_signal_is_a_value_error(store: Any, bundle: Any) -> None:
    store.commit(bundle(1))
    for names in (["flux"], ["time"], ['x"; DROP TABLE reading.boiler'], []):
        with pytest.raises(ValueError, match="signal"):
            series(store.database, boiler(store), names, start=store.now, end=store.now + timedelta(hours=1))


def test_signals_outside_any_profile_are_stored_and_read(store: Any, bundle: Any, batch: Any) -> None:
    store.commit(bundle(1, batch("box", [[1.0, NaN], [2.0, 3.0]], signals="other:Door.open,room_temperature")))

    read = series(
        store.database,
        boiler(store, "box"),
        ["room_temperature", "Door.open"],
        start=store.now,
        end=store.now + timedelta(hours=1),
    )

    assert store.count("reading.other") == 3
    assert read.columns["Door.open"].tolist() == [1, 2]
    assert np.isnan(read.columns["room_temperature"]).tolist() == [True, False]


def test_equipment_is_registered_at_first_sight_and_keeps_its_id(store: Any, bundle: Any, batch: Any) -> None:
    store.commit(bundle(1, events=[Event("cnc-1", us(store.now), "program", "O1")]))
    assert boiler(store, "cnc-1").kind == ""
    number = boiler(store, "cnc-1").id
    other = store.second_worker()
    other.commit(bundle(2, batch("cnc-1", [[1.0, 2.0]]), batch("a", [[1.0, 2.0]])))
    store.commit(bundle(3, batch("cnc-1", [[1.0, 2.0]])))

    assert [(machine.name, machine.kind) for machine in list_equipment(store.database)] == [("a", "boiler"), ("cnc-1", "boiler")]
    assert get_equipment(store.database, number) == boiler(store, "cnc-1")
    assert get_equipment(store.database, -1) is None


def test_the_latest_values_are_those_of_the_newest_row_and_never_go_back(store: Any, bundle: Any, batch: Any) -> None:
    later = store.now + timedelta(seconds=30)
    store.commit(bundle(1, batch("boiler-1", [[1.0, 2.0], [NaN, 4.0]], qualities=[[0, 0], [BAD, DOUBTFUL]])))
    store.writer.tidy()
    (first,) = latest(store.database)
    assert first.values == {"steam_flow": None, "steam_pressure": 4.0}
    assert first.qualities == {"steam_flow": BAD, "steam_pressure": DOUBTFUL}
    assert first.time == store.now + timedelta(seconds=1)

    store.commit(
        bundle(2, batch("boiler-1", [[5.0, 6.0]], at=later)),
        bundle(3, batch("boiler-1", [[0.0]], at=later, signals="boiler:state")),
    )
    store.writer.tidy()
    late = store.second_worker()
    late.commit(bundle(4, batch("boiler-1", [[9.0, 9.0]], at=later - timedelta(seconds=1))))
    late.writer.tidy()

    (newest,) = latest(store.database, [first.equipment_id])
    assert newest.time == later
    assert newest.values == {"steam_flow": 5.0, "steam_pressure": 6.0, "state": 0.0}
    assert newest.qualities == {}
    assert latest(store.database, []) == []


def test_more_machines_than_one_write_takes_are_written_in_turns(store: Any, bundle: Any, batch: Any) -> None:
    def send(seq: int, value: float) -> None:
        at = store.now + timedelta(seconds=seq)
        store.commit(bundle(seq, *(batch(f"boiler-{n}", [[value, n]], at=at) for n in range(1500))))

    send(1, 1.0)
    assert store.writer.tidy()
    assert len(latest(store.database)) == 1000
    send(2, 2.0)
    assert store.writer.tidy(), "the second call begins where the first one stopped"
    assert [row.values["steam_flow"] for row in latest(store.database)] == [1.0] * 1000 + [2.0] * 500
    assert not store.writer.tidy()
    assert {row.values["steam_flow"] for row in latest(store.database)} == {2.0}


def test_infinite_values_are_no_latest_value(store: Any, bundle: Any, batch: Any) -> None:
    store.commit(bundle(1, batch("boiler-1", [[math.inf, 2.0]])))
    store.writer.tidy()
    assert latest(store.database)[0].values == {"steam_flow": None, "steam_pressure": 2.0}


def intervals(store: Any) -> list[tuple[tuple[str, ...], int, float, float]]:
    found = quality_intervals(
        store.database, boiler(store).id, start=store.now - timedelta(hours=1), end=store.now + timedelta(hours=1)
    )
    return [(i.signals, i.quality, (i.start - store.now).total_seconds(), (i.end - store.now).total_seconds()) for i in found]


def test_bad_values_become_null_and_an_interval_and_doubtful_ones_keep_their_value(store: Any, bundle: Any, batch: Any) -> None:
    qualities = [[0, 0], [BAD, DOUBTFUL], [BAD, DOUBTFUL], [0, 0], [BAD, 0]]
    store.commit(bundle(1, batch("boiler-1", [[float(n), 10.0 + n] for n in range(5)], qualities=qualities)))

    assert store.ask("SELECT steam_flow, steam_pressure FROM reading.boiler ORDER BY time") == [
        (0, 10), (None, 11), (None, 12), (3, 13), (None, 14),
    ]  # fmt: skip
    assert sorted(intervals(store)) == [
        (("steam_flow",), BAD, 1, 2),
        (("steam_flow",), BAD, 4, 4),
        (("steam_pressure",), DOUBTFUL, 1, 2),
    ]


def test_an_interval_goes_on_over_bundles_and_ends_with_a_good_value(store: Any, bundle: Any, batch: Any) -> None:
    silent, good = [[BAD, BAD]] * 3, [[0, 0]] * 3
    for seq, qualities in enumerate([silent, silent, good, silent, silent], start=1):
        at = store.now + timedelta(seconds=3 * seq)
        worker = store.second_worker()  # nothing is remembered outside the database
        worker.commit(bundle(seq, batch("boiler-1", [[1.0, 2.0]] * 3, at=at, qualities=qualities)))

    both = ("steam_flow", "steam_pressure")
    assert intervals(store) == [(both, BAD, 3, 8), (both, BAD, 12, 17)]


def test_machines_side_by_side_in_a_group_have_intervals_of_their_own(store: Any, bundle: Any, batch: Any) -> None:
    store.commit(
        bundle(
            1,
            batch("boiler-2", [[1.0, 2.0]] * 2, qualities=[[BAD, 0]] * 2),
            batch("boiler-1", [[1.0, 2.0]] * 2, qualities=[[BAD, 0]] * 2),
        ),
        bundle(2, batch("boiler-1", [[1.0, 2.0]] * 2, at=store.now + timedelta(seconds=2), qualities=[[BAD, 0]] * 2)),
    )

    assert intervals(store) == [(("steam_flow",), BAD, 0, 3)]
    assert store.count("reading.quality_interval") == 2


def test_rows_out_of_order_are_sorted_within_a_commit(store: Any, bundle: Any, batch: Any) -> None:
    earlier = store.now - timedelta(minutes=5)
    group = store.group(bundle(1, batch("boiler-1", [[2.0, 0.0]])), bundle(2, batch("boiler-1", [[1.0, 0.0]], at=earlier)))
    assert group.rows[0].values[:, 0].tolist() == [1, 2]
    store.writer.commit(group)
    store.writer.tidy()
    assert latest(store.database)[0].values["steam_flow"] == 2.0


def test_a_record_that_came_in_blocks_is_read_as_one(store: Any, bundle: Any) -> None:
    rate_hz, size, at = 25_600.0, 3000, store.now - timedelta(days=2)
    whole = np.sin(np.arange(4 * size)).astype("<f4")

    def pieces(start: datetime, samples: Any) -> list[Block]:
        start_us = us(start)
        return [
            Block("cnc-1", "vibration", start_us + round(n / rate_hz * 1e6), rate_hz, samples[n : n + size].tobytes())
            for n in range(0, len(samples), size)
        ]

    hour = timedelta(hours=1)
    first, *rest = pieces(at, whole)
    # The second record begins a millisecond after the first has ended: two records. A third of another rate follows it at once.
    apart = at + timedelta(seconds=4 * size / rate_hz + 0.001)
    other_rate = Block("cnc-1", "vibration", us(apart) + round(size / rate_hz * 1e6), 1000.0, whole[:10].tobytes())
    store.commit(bundle(1, blocks=[rest[2], first, *pieces(apart, whole[:size])]))
    store.commit(
        bundle(2, blocks=[first, *rest[:2], other_rate, Block("cnc-1", "current", first.start_us, rate_hz, first.samples)])
    )
    machine = boiler(store, "cnc-1")

    def read(start: datetime, end: datetime, limit: int = 100) -> list[tuple[datetime, int]]:
        return [
            (one.start, len(one.samples))
            for one in waveforms(store.database, machine.id, "vibration", start=start, end=end, limit=limit)
        ]

    third = apart + timedelta(microseconds=round(size / rate_hz * 1e6))
    assert read(at - hour, at + hour) == [(third, 10), (apart, size), (at, 4 * size)]
    assert read(at - hour, at + hour, limit=2) == [(third, 10), (apart, size)]
    assert read(at, at + timedelta(microseconds=1), limit=1) == [(at, 4 * size)], "blocks after the end belong to it"
    second_block = datetime.fromtimestamp(rest[0].start_us / 1e6, UTC)
    assert read(second_block, at + timedelta(seconds=0.2)) == [], "a record that began before is not cut"
    (wave, *_) = waveforms(store.database, machine.id, "vibration", start=at, end=at + timedelta(microseconds=1))
    assert np.array_equal(wave.samples, whole)


def test_of_many_dense_records_the_one_asked_for_is_found(store: Any, bundle: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings, "_BLOCKS_A_RECORD", 2)
    at, samples = store.now - timedelta(days=2), np.ones(100, "<f4").tobytes()
    starts = [us(at) + 10_000_000 * n for n in range(50)]
    blocks = [Block("cnc-1", "vibration", start + 100_000 * k, 1000.0, samples) for start in starts for k in range(3)]
    store.commit(bundle(1, blocks=blocks))
    machine = boiler(store, "cnc-1")
    for start_us in starts[::7]:
        start = datetime.fromtimestamp(start_us / 1e6, UTC)
        end = start + timedelta(microseconds=1)
        (one,) = waveforms(store.database, machine.id, "vibration", start=start, end=end, limit=1)
        assert (one.start, len(one.samples)) == (start, 300)
    # Six blocks are looked at, two records of three; what the last of them begins with is not known and left out.
    newest = waveforms(store.database, machine.id, "vibration", start=at, end=store.now, limit=2)
    assert [us(one.start) for one in newest] == [starts[-1]]


def test_texts_and_waveforms_are_read_back(store: Any, bundle: Any) -> None:
    at = store.now - timedelta(days=3, microseconds=1)
    samples = np.sin(np.arange(5000)).astype("<f4")
    store.commit(
        bundle(
            1,
            events=[Event("cnc-1", us(at), "program", "O1000 精加工"), Event("cnc-1", us(store.now), "program", "O2")],
            blocks=[Block("cnc-1", "vibration", us(at), 25_600.0, samples.tobytes())],
        )
    )
    machine = boiler(store, "cnc-1")
    span = {"start": store.now - timedelta(days=4), "end": store.now + timedelta(seconds=1)}

    assert [(event.time, event.text) for event in events(store.database, machine.id, **span)] == [
        (store.now, "O2"),
        (at, "O1000 精加工"),
    ]
    assert len(events(store.database, **span, limit=1)) == 1
    (wave,) = waveforms(store.database, machine.id, "vibration", **span)
    assert (wave.start, wave.rate_hz) == (at, 25_600.0)
    assert np.array_equal(wave.samples, samples)
