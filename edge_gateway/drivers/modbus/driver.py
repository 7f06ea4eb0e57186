"""Polls the units of one Modbus connection, block by block."""

import logging
from collections import deque
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from edge_gateway import metrics
from edge_gateway.driver import Answer, Counters, Target
from edge_gateway.drivers.modbus.block import Block
from edge_gateway.drivers.modbus.line import DeviceSaysNo, Line, NoAnswer
from edge_gateway.drivers.modbus.transport import AnyModbusSettings
from edge_gateway.planner import halve, plan, request_cost_of, split
from telemetry.errors import NotConnected
from telemetry.quality import Quality

_log = logging.getLogger(__name__)

_ILLEGAL_ADDRESS, _ILLEGAL_VALUE = 2, 3
_SILENT_BEHIND_GATEWAY = (10, 11)
"""Exceptions of a gateway that could not reach the unit: the unit itself has said nothing."""


class Modbus:
    """See `edge_gateway.driver.Driver` for what callers may rely on."""

    def __init__(
        self, name: str, settings: AnyModbusSettings, *, now_us: Callable[[], int], counters: Counters | None = None
    ) -> None:
        self._line = Line(name, settings, now_us=now_us)
        self._name = name
        self._settings = settings
        self._now_us = now_us
        self._counters: Counters = {} if counters is None else counters
        self._blocks: dict[tuple[Target, ...], list[Block]] = {}
        self._doubted: set[str] = set()

    async def __aenter__(self) -> Self:
        await self._line.open()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._line.close()

    def place(self, target: Target) -> str:
        return f"unit {target.unit_id}"

    def forget(self, target: Target) -> None:
        self._blocks = {targets: blocks for targets, blocks in self._blocks.items() if target not in targets}

    async def read(self, targets: Sequence[Target], *, due: float = 0.0, raw: dict[str, str] | None = None) -> Answer:
        answer = Answer(
            time_us=self._now_us(), polls=[target.nothing(Quality.BAD_NO_COMMUNICATION) for target in targets], answered=False
        )
        polls = dict(zip(targets, answer.polls, strict=True))
        blocks = self._blocks_of(targets)
        to_ask, has_data = deque(blocks), False
        while to_ask:
            block = to_ask.popleft()
            try:
                data, asked_us = await self._line.ask(block.question, due=due)
            except NoAnswer as silence:
                answer.spent_seconds = silence.spent_seconds
                self._missed(block, blocks)
                break
            except NotConnected:
                answer.is_connection_lost = True
                for unread in (block, *to_ask):
                    unread.spoil(polls, Quality.BAD_NOT_CONNECTED)
                break
            except DeviceSaysNo as refusal:
                if not self._answers(block, refusal):
                    break
                answer.answered = True
                block.spoil(polls, Quality.BAD_REFUSED_BY_DEVICE)
                if raw is not None:
                    raw.update(dict.fromkeys(block.request.labels, f"exception {refusal.code}"))
                to_ask.extendleft(reversed(self._divided(block, blocks, refusal)))
                continue
            answer.answered = True
            if not has_data:
                answer.time_us, has_data = asked_us, True
            self._doubt(block.fill(polls, data))
            if raw is not None:
                block.note(raw, data)
        return answer

    def _missed(self, block: Block, blocks: list[Block]) -> None:
        """Let the block go last: one that is never answered, and ends the poll each time, must not hide the others."""
        for target in block.targets:
            metrics.TIMEOUTS.labels(self._name, target.name).inc()
        blocks.remove(block)
        blocks.append(block)

    def _answers(self, block: Block, refusal: DeviceSaysNo) -> bool:
        """Tell whether an exception is the unit's own word."""
        for target in block.targets:
            metrics.EXCEPTIONS.labels(self._name, target.name, str(refusal.code)).inc()
        return refusal.code not in _SILENT_BEHIND_GATEWAY

    def _blocks_of(self, targets: Sequence[Target]) -> list[Block]:
        key = tuple(targets)
        if key not in self._blocks:
            requests = plan(targets, request_cost=request_cost_of(self._settings))
            self._blocks[key] = [Block(request, self._counters, unit=targets[0].unit_id) for request in requests]
        return self._blocks[key]

    def _divided(self, block: Block, blocks: list[Block], refusal: DeviceSaysNo) -> list[Block]:
        """Give smaller blocks to ask instead, from now on, where the refusal may be one of the address or of the length."""
        division = {_ILLEGAL_ADDRESS: split, _ILLEGAL_VALUE: halve}.get(refusal.code)
        if division is None or not refusal.is_certain:
            return []
        parts = [Block(request, self._counters, unit=block.question.unit) for request in division(block.request)]
        if parts:
            _log.info(
                "%s: unit %d refuses %s %d to %d (exception %d): asked in %d parts from now on",
                self._name,
                block.question.unit,
                block.request.table,
                block.request.start,
                block.request.start + block.request.count - 1,
                refusal.code,
                len(parts),
            )
            place = blocks.index(block)
            blocks[place : place + 1] = parts
        return parts

    def _doubt(self, contradictions: dict[str, str]) -> None:
        for equipment, constant in contradictions.items():
            if equipment not in self._doubted:
                self._doubted.add(equipment)
                _log.error("%s: %s is not what its profile says: %s differs", self._name, equipment, constant)
