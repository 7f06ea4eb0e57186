"""One piece of equipment as a Sparkplug device: its current values, and which of them a host has not heard of yet."""

from collections.abc import Iterator, Sequence
from typing import Any

from edge_gateway.driver import Poll, Target
from edge_gateway.sparkplug.metric import UNREACHABLE, Metric
from telemetry.quality import Quality


class Device:
    """Made of all targets that share an equipment's name; ``aliases`` gives the next free number, or is None.

    What waits for being sent is at most one value per metric, the newest: a host that falls behind misses steps, never the end.
    """

    def __init__(self, targets: Sequence[Target], aliases: Iterator[int] | None) -> None:
        self.name = targets[0].name
        self.targets = tuple(targets)
        self.is_born = False
        """Whether the hosts of this session have heard its birth, and no death since."""
        self.is_reachable = False
        """Whether it has been read, and not been given up since."""
        carried = {name for target in targets for name in (*target.signals.names, *target.text_signals)}
        self._metrics = {
            name: Metric(name=name, alias=None if aliases is None else next(aliases), signal=signal)
            for name, signal in targets[0].kind_signals.items()
            if name in carried
        }
        self._waiting: dict[str, None] = {}

    def take(self, target: Target, time_us: int, poll: Poll) -> list[str]:
        """Note a row, and give the names of the metrics of which it brings news."""
        news = []
        for name, (value, quality) in zip(target.signals.names, poll.readings, strict=True):
            if self._metrics[name].take(value, quality, time_us):
                news.append(name)
        texts = poll.texts
        if not texts and all(quality in UNREACHABLE for _, quality in poll.readings):
            lost = ("", Quality.BAD_NO_COMMUNICATION)
            news += [name for name in target.text_signals if self._metrics[name].take(*lost, time_us)]
        news += [name for name, text in texts.items() if self._metrics[name].take(text, Quality.GOOD, time_us)]
        return news

    def renumber(self, aliases: Iterator[int] | None) -> None:
        """Give new aliases, which the next birth must explain."""
        for metric in self._metrics.values():
            metric.alias = None if aliases is None else next(aliases)

    def put_by(self, names: Sequence[str]) -> int:
        """Keep metrics for `tell_data`; the number of those among them whose last news nobody has heard."""
        unheard = sum(name in self._waiting for name in names)
        self._waiting.update(dict.fromkeys(names))
        return unheard

    @property
    def has_news(self) -> bool:
        return bool(self._waiting)

    @property
    def is_silent(self) -> bool:
        """Whether nothing of it could be reached when it was last read."""
        return all(metric.is_unreachable for metric in self._metrics.values())

    def tell_birth(self, payload: Any) -> None:
        """Write all metrics, in the order of their times, as the specification wants it."""
        self.is_born = True
        self._waiting.clear()
        for metric in sorted(self._metrics.values(), key=lambda metric: metric.time_us or payload.timestamp * 1000):
            metric.tell_birth(payload)

    def tell_data(self, payload: Any, *, with_datatype: bool) -> None:
        """Write what waits, and forget that it did."""
        for metric in sorted((self._metrics[name] for name in self._waiting), key=lambda metric: metric.time_us):
            metric.tell_data(payload, with_datatype=with_datatype)
        self._waiting.clear()

    def tell_death(self) -> None:
        """Forget what waits; the message itself says no more than that it is dead."""
        self._waiting.clear()
        self.is_born = False
