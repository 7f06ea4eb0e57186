"""Report by exception: a row goes when one of its points moved by more than its deadband, or after the longest silence.

Rows go or stay as wholes: a row with holes could not be told from one with bad values.
"""

from edge_gateway.driver import Deliver, Poll, Target

_MICROSECONDS = 1_000_000


class ReportByException:
    """Stands between a scan and the rows for targets that have ``on_change``; passes all others on."""

    def __init__(self, deliver: Deliver) -> None:
        self._deliver = deliver
        self._told: dict[Target, tuple[int, Poll]] = {}
        self._deadbands: dict[Target, list[float]] = {}

    def __call__(self, target: Target, time_us: int, poll: Poll) -> None:
        if target.on_change is not None:
            told = self._told.get(target)
            if told is not None and not self._is_news(target, time_us, poll, *told):
                return
            self._told[target] = time_us, poll
        self._deliver(target, time_us, poll)

    def forget(self, target: Target) -> None:
        self._told.pop(target, None)
        self._deadbands.pop(target, None)

    def _is_news(self, target: Target, time_us: int, poll: Poll, told_us: int, told: Poll) -> bool:
        assert target.on_change is not None
        # Half a period of grace, or a row that is due every tenth poll would come with every eleventh when polls jitter.
        grace_us = target.period_seconds * _MICROSECONDS / 2
        if time_us - told_us >= target.on_change.max_silence_seconds * _MICROSECONDS - grace_us or poll.texts != told.texts:
            return True
        deadbands = self._deadbands.get(target)
        if deadbands is None:
            signals = target.kind_signals
            deadbands = [target.on_change.deadband_of(name, signals[name]) for name in target.signals.names]
            self._deadbands[target] = deadbands
        return any(
            quality != told_quality or abs(value - told_value) > deadband
            for (value, quality), (told_value, told_quality), deadband in zip(
                poll.readings, told.readings, deadbands, strict=True
            )
        )
