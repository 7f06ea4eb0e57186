"""Use of business hosts (rows R8 and R9): means weighted by time, with median and 95th percentile beside them.

A mean alone could be bought by a host that burns its processor at night; median and percentile show it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import NamedTuple

from registry.stars.rating import Evidence, Figure, shown


@dataclass(frozen=True, slots=True, kw_only=True)
class HostUse:
    """What one host did in an interval."""

    host: str
    is_shared: bool
    start: datetime
    end: datetime
    cpu_percent: Fraction
    received_bytes: int
    sent_bytes: int
    bandwidth_bits_per_second: int
    """Provisioned, of each direction."""
    document: str = ""


class _Weighted(NamedTuple):
    value: Fraction
    seconds: Fraction


def cpu_figure(uses: Sequence[HostUse]) -> Figure:
    """Make the figure of R8 from a month's uses; of shared hosts no share is invented."""
    own = [one for one in uses if not one.is_shared]
    if not own:
        return Figure(value=None, note="not_separable" if uses else "not_stated", evidence=_documents(uses))
    weighted = [_Weighted(one.cpu_percent, _seconds(one)) for one in own]
    return Figure(
        value=_mean(weighted), source="measured", evidence=_documents(own), beside={**_spread(weighted), **_hosts(uses, own)}
    )


def bandwidth_figure(uses: Sequence[HostUse]) -> Figure:
    """Make the figure of R9: bytes over what the provisioned bandwidth could have carried, in the busier direction."""
    own = [one for one in uses if not one.is_shared]
    if not own:
        return Figure(value=None, note="not_separable" if uses else "not_stated", evidence=_documents(uses))
    directions = {
        "received": [_Weighted(_share(one, one.received_bytes), _seconds(one)) for one in own],
        "sent": [_Weighted(_share(one, one.sent_bytes), _seconds(one)) for one in own],
    }
    direction = max(directions, key=lambda name: _mean(directions[name]))
    other = next(name for name in directions if name != direction)
    return Figure(
        value=_mean(directions[direction]),
        source="measured",
        evidence=_documents(own),
        beside={
            "direction": direction,
            f"{other}_percent": shown(_mean(directions[other])),
            **_spread(directions[direction]),
            **_hosts(uses, own),
        },
    )


def percentile(weighted: Iterable[tuple[Fraction, Fraction]], share: Fraction) -> Fraction:
    """Give the least value that holds for at least ``share`` of the time; pairs are value and seconds."""
    ordered = sorted(weighted)
    due = share * sum((seconds for _, seconds in ordered), Fraction(0))
    gone = Fraction(0)
    for value, seconds in ordered:
        gone += seconds
        if gone >= due:
            return value
    raise ValueError("a percentile of nothing")


def _mean(weighted: Sequence[_Weighted]) -> Fraction:
    total = sum((one.seconds for one in weighted), Fraction(0))
    return sum((one.value * one.seconds for one in weighted), Fraction(0)) / total


def _spread(weighted: Sequence[_Weighted]) -> dict[str, str]:
    return {f"p{share}": shown(percentile(weighted, Fraction(share, 100))) for share in (50, 95)}


def _hosts(uses: Sequence[HostUse], own: Sequence[HostUse]) -> dict[str, str]:
    shared = {one.host for one in uses} - {one.host for one in own}
    return {"hosts": str(len({one.host for one in own}))} | ({"shared_hosts_left_out": str(len(shared))} if shared else {})


def _seconds(one: HostUse) -> Fraction:
    return Fraction(round((one.end - one.start).total_seconds()))


def _share(one: HostUse, carried: int) -> Fraction:
    return Fraction(100 * 8 * carried, one.bandwidth_bits_per_second) / _seconds(one)


def _documents(uses: Sequence[HostUse]) -> tuple[Evidence, ...]:
    return tuple(dict.fromkeys(Evidence("document", one.document) for one in uses if one.document))
