"""Bad bundles between good ones, through a real broker and a real worker: each gets its reason, and the good ones never wait."""

import asyncio
import struct
import zlib
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import cbor2

from telemetry.wire import CBOR_MAGIC, encode_bundle

CHANGED_KIND, NO_KIND, VERSION, NAN_TIME, NAN_EVENT, YEAR_1970, YEAR_2200, CORRUPTED = range(1001, 1009)


def microseconds(year: int) -> int:
    return round(datetime(year, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000


def content_of(site: Any, seq: int, **changes: Any) -> dict[str, Any]:
    """Give a good bundle as the map that CBOR carries."""
    content: dict[str, Any] = cbor2.loads(encode_bundle(site.bundle(seq, rows=1)))
    return {**content, **changes}


def encoded(content: dict[str, Any]) -> bytes:
    return CBOR_MAGIC + cbor2.dumps(content)


def with_times(site: Any, seq: int, times: bytes, *, tag: int = 79) -> bytes:
    (batch,) = content_of(site, seq)["batches"]
    return encoded(content_of(site, seq, batches=[[*batch[:2], cbor2.CBORTag(tag, times), batch[3]]]))


async def test_every_kind_of_bad_bundle_gets_its_reason_while_good_traffic_goes_on(site: Any) -> None:
    site.running_worker("group_bundles = 20\ngroup_milliseconds = 20")
    plant = site.gateway()
    await plant.deliver(site.encoded(1, 10))  # boiler-1 is known as a boiler from here on
    good = encode_bundle(site.bundle(2000))
    told = {  # their header is readable, so they are receipted
        CORRUPTED: (encode_bundle(site.bundle(CORRUPTED)).replace(b"\xd8\x4f", b"\xd8\x4e", 1), "structure"),
        VERSION: (encoded(content_of(site, VERSION, v=2)), "version"),
        CHANGED_KIND: (encoded(content_of(site, CHANGED_KIND, lists=["cnc_machine:spindle_speed,spindle_load"])), "kind_changed"),
        NO_KIND: (encoded(content_of(site, NO_KIND, lists=["a kind!:x,y"])), "kind_name"),
        NAN_TIME: (with_times(site, NAN_TIME, struct.pack("<d", float("nan")), tag=86), "structure"),
        NAN_EVENT: (encoded(content_of(site, NAN_EVENT, events=[[0, float("nan"), "program", "O1"]])), "structure"),
        YEAR_1970: (with_times(site, YEAR_1970, struct.pack("<q", microseconds(1970))), "time_range"),
        YEAR_2200: (with_times(site, YEAR_2200, struct.pack("<q", microseconds(2200))), "time_range"),
    }
    unreadable = {
        "truncated": (good[:-20], "cbor"),
        "non-UTF-8": (good.replace(b"boiler-1", b"boiler\xff1"), "cbor"),
        "corrupted mark": (b"\x00" + good[1:], "cbor"),
        "corrupted stream": (b"\x78\x01" + bytes(100), "compression"),
        "truncated stream": (zlib.compress(good)[:-10], "compression"),
        "oversized": (zlib.compress(CBOR_MAGIC + bytes(5 * 1024 * 1024)), "oversized"),
        "empty": (b"", "empty"),
    }

    async def send_bad() -> None:
        async with site.link() as link:
            for payload, _ in unreadable.values():
                await link.publish(site.topic, payload)
                await asyncio.sleep(0.02)

    mixed = {**site.encoded(11, 300), **{seq: payload for seq, (payload, _) in told.items()}}
    shuffled = dict(sorted(mixed.items(), key=lambda item: item[0] * 7919 % 1009))
    await asyncio.gather(plant.deliver(shuffled), send_bad())
    await plant.deliver(site.encoded(301, 310))

    assert site.ask("SELECT count(*), count(DISTINCT steam_flow) FROM reading.boiler") == [(930, 930)]
    letters = site.ask("SELECT seq, reason, payload FROM ingest.dead_letter")
    assert {seq: (payload, reason) for seq, reason, payload in letters if seq is not None} == told
    assert Counter(reason for seq, reason, _ in letters if seq is None) == Counter(reason for _, reason in unreadable.values())
    assert {bytes(payload) for seq, _, payload in letters if seq is None} == {payload for payload, _ in unreadable.values()}
