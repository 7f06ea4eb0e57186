"""From memory to disk, once per flush interval; what the disk does not take waits in memory within bounds."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from edge_gateway import metrics
from edge_gateway.rows import Loss, Rows
from edge_gateway.sealing import time_span
from edge_gateway.spool import Spool, SpoolFailed, Waiting
from telemetry.bundle import Batch, Block, Event

_log = logging.getLogger(__name__)

MAX_UNSAVED_BYTES = 16 * 1024 * 1024
_LONGEST_WAIT_SECONDS = 15.0


class _Unsaved(NamedTuple):
    batches: list[Batch]
    events: list[Event]
    blocks: list[Block]

    @property
    def size(self) -> int:
        samples = sum(len(b.times) + len(b.values) + len(b.qualities or b"") for b in self.batches)
        return samples + sum(64 + len(event.text) for event in self.events) + sum(len(block.samples) for block in self.blocks)

    @property
    def rows(self) -> int:
        return sum(batch.rows for batch in self.batches) + len(self.events) + len(self.blocks)


class Flusher:
    """Owns the samples between the poll and the commit."""

    def __init__(
        self,
        rows: Rows,
        spool: Spool,
        *,
        committed: Callable[[Sequence[Waiting]], None],
        flush_seconds: float,
        max_unsaved_bytes: int = MAX_UNSAVED_BYTES,
    ) -> None:
        self._rows = rows
        self._spool = spool
        self._committed = committed
        self._flush_seconds = flush_seconds
        self._max_unsaved_bytes = max_unsaved_bytes
        self._unsaved: deque[_Unsaved] = deque()
        self._losses: dict[str, Loss] = {}
        self._failures = 0
        self._reason = "disk"
        self._try_again_at = 0.0

    async def run(self, stop: asyncio.Event) -> None:
        """Flush at a fixed rate until ``stop``, and once more then. Never cancel it while samples matter."""
        clock = asyncio.get_running_loop().time
        due = clock()
        while not stop.is_set():
            due = max(due + self._flush_seconds, clock())
            try:
                async with asyncio.timeout_at(due):
                    await stop.wait()
            except TimeoutError:
                await self.flush()
        self._try_again_at = 0.0
        await self.flush()
        if self._unsaved:
            rows = sum(unsaved.rows for unsaved in self._unsaved)
            _log.error("the disk did not take the last %d rows; they are lost (%s)", rows, self._reason)

    async def flush(self) -> None:
        batches, events, blocks, lost = self._rows.take()
        if lost is not None:
            self._lose(lost)
        if batches or events or blocks:
            self._unsaved.append(_Unsaved(batches, events, blocks))
        clock = asyncio.get_running_loop().time
        if clock() >= self._try_again_at:
            try:
                await self._save()
                self._failures, self._try_again_at = 0, 0.0
            except SpoolFailed as failure:
                self._failures += 1
                self._try_again_at = clock() + min(self._flush_seconds * 2 ** min(self._failures - 1, 10), _LONGEST_WAIT_SECONDS)
                self._reason = failure.reason
        self._keep_within_bounds()

    async def _save(self) -> None:
        while self._unsaved or self._losses:
            batches, events, blocks = self._unsaved[0] if self._unsaved else _Unsaved([], [], [])
            losses = tuple(self._losses.values())
            sealed = await self._spool.append(batches, events, losses, blocks=blocks)
            if self._unsaved:
                self._unsaved.popleft()
            for loss in losses:
                del self._losses[loss.reason]
            self._committed(sealed)

    def _keep_within_bounds(self) -> None:
        size = sum(unsaved.size for unsaved in self._unsaved)
        while size > self._max_unsaved_bytes:
            oldest = self._unsaved.popleft()
            size -= oldest.size
            self._lose(Loss(*time_span(*oldest), oldest.rows, self._reason))

    def _lose(self, loss: Loss) -> None:
        metrics.DROPPED_ROWS.labels(loss.reason).inc(loss.rows)
        known = self._losses.get(loss.reason, loss._replace(rows=0))
        self._losses[loss.reason] = Loss(
            min(known.from_us, loss.from_us), max(known.to_us, loss.to_us), known.rows + loss.rows, loss.reason
        )
