"""How far a long command has come, told on standard error."""

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, TextIO

_TERMINAL_SECONDS, _LOG_SECONDS = 0.5, 30.0


class Progress:
    """One line that renews itself on a terminal; where the output goes to a file, a line every half minute.

    ``done`` is what an earlier run has done: it counts for the share, not for the rate.
    """

    def __init__(
        self,
        title: str,
        *,
        total: int,
        unit: str = "rows",
        done: int = 0,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._title, self._total, self._unit = title, total, unit
        self._first = self._done = done
        self._stream = stream or sys.stderr
        self._is_terminal = self._stream.isatty()
        self._clock = clock
        self._started = clock()
        self._next_at = self._started + (0 if self._is_terminal else _LOG_SECONDS)
        self._shown = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Leave the last state standing, so that the next message has a line of its own."""
        if self._is_terminal:
            self._show()
            print(file=self._stream)

    def advance(self, amount: int) -> None:
        self._done += amount
        now = self._clock()
        if now >= self._next_at:
            self._next_at = now + (_TERMINAL_SECONDS if self._is_terminal else _LOG_SECONDS)
            self._show()

    def _show(self) -> None:
        seconds = max(self._clock() - self._started, 1e-3)
        rate = (self._done - self._first) / seconds
        parts = [f"{self._title}: {_amount(self._done, self._unit)}"]
        if self._total:
            parts.append(f"{min(100 * self._done / self._total, 100):.0f} %")
        parts.append(f"{_amount(rate, self._unit)}/s")
        if self._total > self._done and rate > 0:
            parts.append(f"{_duration((self._total - self._done) / rate)} left")
        text = ", ".join(parts)
        if self._is_terminal:
            print("\r" + text.ljust(len(self._shown)), end="", file=self._stream, flush=True)
        else:
            print(text, file=self._stream, flush=True)
        self._shown = text


def _amount(amount: float, unit: str) -> str:
    return f"{amount / 1e6:,.1f} MB" if unit == "bytes" else f"{amount:,.0f} {unit}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
