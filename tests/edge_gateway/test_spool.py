import asyncio
import os
import signal
import sqlite3
import struct
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from device_profiles.rollover import Rollover
from edge_gateway.driver import Poll
from edge_gateway.flusher import Flusher
from edge_gateway.rows import Loss, Rows
from edge_gateway.spool import Spool, SpoolFailed
from telemetry.bundle import Batch, Block, SignalList
from telemetry.errors import ConfigError
from telemetry.receipt import Receipt
from telemetry.wire import decode_bundle
from tests.edge_gateway.test_rows import BOILER

SIGNALS = SignalList.of("boiler", ("steam_flow",))
HOUR_US = 3_600_000_000
TODAY_US = 1_795_000_000_000_000
ROOT = Path(__file__).parents[2]


def batch(time_us: int, value: float = 1.0, rows: int = 1) -> Batch:
    times = struct.pack(f"<{rows}q", *range(time_us, time_us + rows))
    return Batch(equipment="boiler-1", signals=SIGNALS, times=times, values=struct.pack(f"<{rows}d", *[value] * rows))


def spool(path: Path, *, max_bytes: int = 10**9, max_age_us: int = HOUR_US, now_us: Callable[[], int] = lambda: 1000) -> Spool:
    return Spool(path, gateway="plant-7", max_bytes=max_bytes, max_age_us=max_age_us, now_us=now_us)


def run(*command: str | Path) -> int:
    return subprocess.run(command, check=False).returncode


def files_in(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def started(program: str) -> "subprocess.Popen[str]":
    return subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)


async def seqs(of: Spool) -> list[int]:
    return [bundle.seq for bundle in await of.pending(limit=100_000)]


async def test_bundles_are_numbered_from_one_and_carry_epoch_and_floor(tmp_path: Path) -> None:
    async with spool(tmp_path / "s") as it:
        for time_us in (10, 20, 30):
            await it.append([batch(time_us)], [])
        assert await it.receipt(Receipt(epoch=it.status.epoch, ranges=((1, 1), (3, 3)))) == 2
        (sealed,) = await it.append([batch(40)], [])
        bundle = decode_bundle(sealed.payload)
        assert (bundle.gateway, bundle.epoch, bundle.seq, bundle.floor) == ("plant-7", it.status.epoch, 4, 2)
        assert await seqs(it) == [2, 4]
        assert it.status.bundles == 2
        assert it.status.bytes == sum(len(b.payload) for b in await it.pending())


async def test_a_record_travels_in_the_bundle_beside_the_rows(
    tmp_path: Path,
) -> None:
    record = Block("boiler-1", "waveform", 3, 1000.0, struct.pack("<4f", 1, 2, 3, 4))
    async with spool(tmp_path / "s") as it:
        (sealed,) = await it.append([batch(40)], [], blocks=[record])
        bundle = decode_bundle(sealed.payload)
        assert (bundle.batches, bundle.blocks) == ((batch(40),), (record,))
        await it.append([], [], blocks=[record])
        assert await seqs(it) == [1, 2]
    with sqlite3.connect(tmp_path / "s") as database:
        assert database.execute("SELECT from_us, to_us FROM bundle ORDER BY seq").fetchall() == [(3, 40), (3, 3)]
    database.close()


async def test_the_same_bytes_come_back_after_a_restart_and_no_seq_is_used_twice(tmp_path: Path) -> None:
    async with spool(tmp_path / "s") as it:
        sealed = await it.append([batch(10)], [])
        await it.append([batch(20)], [])
        epoch = it.status.epoch
        await it.receipt(Receipt(epoch=epoch, ranges=((2, 2),)))
    async with spool(tmp_path / "s") as it:
        assert it.status.epoch == epoch
        assert await it.pending() == sealed
        assert [b.seq for b in await it.append([batch(30)], [])] == [3]


async def test_only_a_receipt_of_this_epoch_deletes(tmp_path: Path) -> None:
    async with spool(tmp_path / "s") as it:
        await it.append([batch(10)], [])
        assert await it.receipt(Receipt(epoch=it.status.epoch ^ 1, ranges=((1, 100),))) == 0
        assert await seqs(it) == [1]
        assert await it.receipt(Receipt(epoch=it.status.epoch, ranges=((1, 2**64),))) == 1
        assert it.status.bundles == it.status.bytes == 0


async def test_above_its_size_the_oldest_go_and_the_gap_is_recorded(tmp_path: Path) -> None:
    async with spool(tmp_path / "s", max_bytes=3000) as it:
        for time_us in range(0, 5000, 100):
            await it.append([batch(time_us)], [])
        kept = await seqs(it)
        assert kept == list(range(kept[0], 51))
        assert it.status.bytes <= 3000
        (gap,) = it.status.gaps
        assert gap[:5] == ("size", 1, kept[0] - 1, 0, (kept[0] - 2) * 100)
        assert gap.bundles == kept[0] - 1


async def test_bundles_leave_at_exactly_the_configured_age(tmp_path: Path) -> None:
    now = TODAY_US
    async with spool(tmp_path / "s", max_age_us=500, now_us=lambda: now) as it:
        await it.append([batch(1)], [])
        now += 500
        await it.append([batch(2)], [])
        assert await seqs(it) == [1, 2]
        now += 1
        await it.append([batch(3)], [])
        assert await seqs(it) == [2, 3]
        assert it.status.gaps[0][:3] == ("age", 1, 1)


async def test_a_system_clock_that_is_set_forward_makes_no_bundle_older(tmp_path: Path) -> None:
    """A box without a battery starts in the past and learns the time an hour later: that hour is no month."""
    now, steady = TODAY_US, 0
    it = Spool(tmp_path / "s", gateway="g", max_bytes=10**9, max_age_us=HOUR_US, now_us=lambda: now, steady_us=lambda: steady)
    async with it:
        await it.append([batch(1)], [])
        now, steady = now + 30 * 24 * HOUR_US, steady + HOUR_US // 2
        await it.append([batch(2)], [])
        assert await seqs(it) == [1, 2]
        now, steady = now + HOUR_US // 2 + 1, steady + HOUR_US // 2 + 1
        await it.append([batch(3)], [])
        assert await seqs(it) == [2, 3]


async def test_what_was_read_before_the_clock_was_ever_set_is_not_thrown_away_for_its_age(tmp_path: Path) -> None:
    async with spool(tmp_path / "s", now_us=lambda: 7) as it:
        await it.append([batch(1)], [])
    async with spool(tmp_path / "s", now_us=lambda: TODAY_US) as it:
        assert await seqs(it) == [1]


async def test_how_far_counters_have_turned_outlives_the_process(tmp_path: Path) -> None:
    counter = Rollover(65_536)
    for raw in (65_000, 10):
        counter.unwrap(raw)
    async with spool(tmp_path / "s") as it:
        await it.keep_counters({("meter-1", "energy_total"): counter})
    async with spool(tmp_path / "s") as it:
        kept = await it.read_counters()
    assert kept["meter-1", "energy_total"].unwrap(11) == 65_536 + 11


async def test_kill_9_amid_appends_keeps_everything_that_was_committed(tmp_path: Path) -> None:
    program = f"""
import asyncio, sys
sys.path.insert(0, {str(ROOT)!r})
from contextlib import suppress
from pathlib import Path
from tests.edge_gateway.test_spool import batch, spool
async def main():
    async with spool(Path({str(tmp_path / "s")!r})) as it:
        n = 0
        while True:
            n += 1
            await it.append([batch(n, float(n))], [])
            print(n, flush=True)
asyncio.run(main())
"""
    committed = 0
    for _ in range(3):
        child = started(program)
        assert child.stdout is not None
        said = 0
        while said < 40:
            said = int(child.stdout.readline())
        child.send_signal(signal.SIGKILL)
        said = max([said, *(int(line) for line in child.stdout.read().split("\n")[:-1] if line)])
        child.wait()
        child.stdout.close()
        async with spool(tmp_path / "s") as it:
            found = [decode_bundle(bundle.payload) for bundle in await it.pending(committed, limit=10_000)]
        assert said <= len(found) <= said + 1, "all that was said to be committed, and at most the one under way"
        for index, bundle in enumerate(found, start=1):
            assert bundle.seq == committed + index
            assert bundle.batches[0] == batch(index, float(index))
        committed += len(found)


async def test_a_byte_that_flips_in_a_bundle_loses_that_bundle_alone_and_is_told(tmp_path: Path) -> None:
    async with spool(tmp_path / "s") as it:
        for time_us in (10, 20, 30):
            await it.append([batch(time_us)], [])
        payload = (await it.pending())[1].payload
    with sqlite3.connect(tmp_path / "s") as database:
        database.execute("UPDATE bundle SET bytes = ? WHERE seq = 2", (payload[:40] + bytes([payload[40] ^ 1]) + payload[41:],))
    database.close()
    async with spool(tmp_path / "s") as it:
        assert await seqs(it) == [1, 3]
        assert it.status.gaps[0][:5] == ("rotten", 2, 2, 20, 20)


@pytest.mark.parametrize("damage", ["header", "pages", "not a database"])
async def test_a_damaged_file_is_moved_aside_and_work_goes_on_in_a_new_epoch(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "s"
    async with spool(path) as it:
        for time_us in range(200):
            await it.append([batch(time_us)], [])
        epoch = it.status.epoch
    content = bytearray(path.read_bytes())
    if damage == "header":
        content[:16] = os.urandom(16)
    elif damage == "pages":
        content[4096 * 2 :] = os.urandom(len(content) - 4096 * 2)
    else:
        content[:] = b"hello" * 1000
    path.write_bytes(content)
    async with spool(path) as it:
        try:
            sealed = await it.append([batch(1)], [])
        except SpoolFailed:  # the damage was found by this very call
            sealed = await it.append([batch(1)], [])
        assert it.status.epoch != epoch
        assert [bundle.seq for bundle in sealed] == [1]
        assert await seqs(it) == [1]
        assert any(gap.reason == "damaged" for gap in it.status.gaps)
    assert "s.damaged-1000" in files_in(tmp_path)


async def test_damage_that_comes_while_running_stops_nothing(tmp_path: Path) -> None:
    path = tmp_path / "s"
    async with spool(path) as it:
        for time_us in range(200):
            await it.append([batch(time_us)], [])
        await it._stop()  # noqa: SLF001 - so that nothing of the file is left in the cache
        content = bytearray(path.read_bytes())
        content[4096 * 1 :] = os.urandom(len(content) - 4096)
        path.write_bytes(content)
        kept = 0
        for time_us in range(5):
            try:
                kept += len(await it.append([batch(time_us)], []))
            except SpoolFailed:
                continue
        assert kept >= 4
        assert it.status.is_working


async def test_a_full_disk_is_a_failure_that_loses_nothing_on_disk_and_ends_by_itself(tmp_path: Path) -> None:
    async with spool(tmp_path / "s") as it:
        await it.append([batch(10)], [])
        it._database().execute("PRAGMA max_page_count = 1")  # noqa: SLF001 - as small as the file is: a full disk
        with pytest.raises(SpoolFailed) as caught:
            await it.append([batch(time_us, float(time_us), rows=5000) for time_us in range(20, 100)], [])
        assert caught.value.reason == "disk_full"
        before = await seqs(it)
        assert before == [1], "all of a commit or nothing"
        # Opening the file again has lifted the limit.
        (sealed,) = await it.append([batch(99)], [], [Loss(20, 98, 5000, "disk_full")])
        assert await seqs(it) == [*before, sealed.seq]
        assert it.status.gaps[0] == ("disk_full", None, None, 20, 98, 0, 5000)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small file system needs root")
async def test_on_a_really_full_disk_polling_goes_on_and_the_loss_is_counted_and_recorded(tmp_path: Path) -> None:
    if run("mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", tmp_path):
        pytest.skip("this container may not mount")
    try:
        rows = Rows()
        async with spool(tmp_path / "s") as it:
            saved: list[int] = []
            flusher = Flusher(
                rows,
                it,
                committed=lambda sealed: saved.extend(b.seq for b in sealed),
                flush_seconds=0.0,
                max_unsaved_bytes=2000,
            )
            free = os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_bsize
            (tmp_path / "filler").write_bytes(bytes(free - 300_000))
            for time_us in range(1500):
                rows.add(BOILER, time_us=time_us, poll=Poll(readings=[(float(time_us), 0), (0.5, 0)]))
                await flusher.flush()
            assert not it.status.is_working
            on_disk = sum(b.rows for w in await it.pending(limit=100_000) for b in decode_bundle(w.payload).batches)
            (tmp_path / "filler").unlink()
            await flusher.flush()
            found = [decode_bundle(waiting.payload) for waiting in await it.pending(limit=100_000)]
            times = [time for bundle in found for b in bundle.batches for time in struct.unpack(f"<{b.rows}q", b.times)]
            lost = sum(gap.row_count for gap in it.status.gaps)
            assert len(times) == len(set(times)), "nothing twice"
            assert len(times) + lost == 1500, "each row is on disk or in a gap record"
            assert len(times) > on_disk
            assert lost > 0
            assert it.status.is_working
    finally:
        run("umount", "-l", tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small file system needs root")
async def test_a_gateway_that_starts_on_a_full_disk_works_as_soon_as_there_is_room(tmp_path: Path) -> None:
    if run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", tmp_path):
        pytest.skip("this container may not mount")
    try:
        filler = tmp_path / "filler"
        filler.write_bytes(bytes(1_000_000))
        with suppress(OSError), filler.open("ab", buffering=0) as file:
            while file.write(bytes(4096)):
                pass
        async with spool(tmp_path / "s") as it:
            assert not it.status.is_working
            with pytest.raises(SpoolFailed, match="full"):
                await it.append([batch(1)], [])
            filler.unlink()
            assert [bundle.seq for bundle in await it.append([batch(1)], [])] == [1]
            assert it.status.is_working
    finally:
        run("umount", "-l", tmp_path)


async def test_a_commit_whose_sync_failed_is_not_stored_twice(tmp_path: Path) -> None:
    """The error comes after the bundle is on disk; the caller keeps its samples and gives them again."""
    async with spool(tmp_path / "s") as it:
        await it.append([batch(10)], [])
        commit = it._commit  # noqa: SLF001

        def commit_and_fail(*arguments: object) -> None:
            commit(*arguments)  # type: ignore[arg-type]
            it._unsure_from_seq = 2  # noqa: SLF001 - what _commit leaves behind when COMMIT itself raises
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = sqlite3.SQLITE_IOERR
            raise error

        it._commit = commit_and_fail  # type: ignore[assignment,method-assign]  # noqa: SLF001
        with pytest.raises(SpoolFailed):
            await it.append([batch(20)], [])
        it._commit = commit  # type: ignore[method-assign]  # noqa: SLF001
        await it.append([batch(20)], [])
        found = [decode_bundle(b.payload).batches[0].times for b in await it.pending()]
        assert found == [batch(10).times, batch(20).times]


async def test_two_gateways_on_one_spool_are_refused(tmp_path: Path) -> None:
    async with spool(tmp_path / "s"):
        with pytest.raises(ConfigError, match="locked"):
            await spool(tmp_path / "s").__aenter__()


async def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unable to open database file"):
        await spool(tmp_path / "nowhere" / "s").__aenter__()


async def test_the_flusher_saves_what_is_in_memory_when_it_is_told_to_stop(tmp_path: Path) -> None:
    rows, stop = Rows(), asyncio.Event()
    async with spool(tmp_path / "s") as it:
        flusher = Flusher(rows, it, committed=lambda _: None, flush_seconds=60.0)
        task = asyncio.create_task(flusher.run(stop))
        await asyncio.sleep(0)
        rows.add(BOILER, time_us=1, poll=Poll(readings=[(1.0, 0), (2.0, 0)]))
        stop.set()
        await task
        assert await seqs(it) == [1]


async def test_what_a_kill_may_have_cost_is_a_gap_and_stopping_in_good_order_is_none(tmp_path: Path) -> None:
    program = f"""
import asyncio, os, sys
sys.path.insert(0, {str(ROOT)!r})
from pathlib import Path
from tests.edge_gateway.test_spool import batch, spool
async def main():
    async with spool(Path({str(tmp_path / "s")!r}), now_us=lambda: 2_000) as it:
        await it.append([batch(1_500)], [])
        os.kill(os.getpid(), 9)
asyncio.run(main())
"""
    assert run(sys.executable, "-c", program) == -signal.SIGKILL
    async with spool(tmp_path / "s", now_us=lambda: 9_000) as it:
        assert [gap[:5] for gap in it.status.gaps] == [("killed", None, None, 1_500, 9_000)]
    async with spool(tmp_path / "s", now_us=lambda: 20_000) as it:
        assert len(it.status.gaps) == 1, "it was closed in between"


async def test_losses_far_apart_are_two_gaps_and_losses_in_a_row_are_one(tmp_path: Path) -> None:
    async with spool(tmp_path / "s") as it:
        for second in (10, 11, 500):
            await it.append([], [], [Loss(second * 1_000_000, second * 1_000_000 + 5, 3, "memory")])
        assert [(gap.from_us, gap.to_us, gap.row_count) for gap in it.status.gaps] == [
            (500_000_000, 500_000_005, 3),
            (10_000_000, 11_000_005, 6),
        ]
