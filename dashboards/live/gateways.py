"""The gateways with what is behind each: for the API and the pages."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from dashboards.live.gateway_reports import GatewayReport, GatewayStatus
from dashboards.live.listing import Gateways, Listing, Moment
from dashboards.live.state import LiveState, Machine
from device_profiles.profile import load_profile, profile_names
from telemetry.quality import Quality

ClockJudgement = Literal["good", "off", "wrong", "unknown"]
_GOOD_CLOCK_SECONDS = 5.0
"""The way of a bundle counts as well, and a flush may take a few seconds."""
_WRONG_CLOCK_SECONDS = 60.0
"""Values from so far ahead are not shown (`dashboards.live.FUTURE_US`)."""


@dataclass(frozen=True, kw_only=True)
class Gateway:
    """One gateway as people look at it."""

    name: str
    site: int | None
    status: GatewayStatus
    machines: list[Machine]
    troubled: list[Machine]
    """Those of whose values none is of now."""
    silent: list[str]
    """Names of the machines that do not answer it."""
    other_profiles: list[str]
    """Device models that it has in another version than this installation, or that are not known here."""

    @property
    def report(self) -> GatewayReport:
        return self.status.report or GatewayReport()

    @property
    def last_seen_us(self) -> int | None:
        times = [machine.time_us for machine in self.machines if machine.time_us is not None]
        times += [self.status.heard_us] if self.status.heard_us is not None else []
        return max(times, default=None)

    @property
    def lines_down(self) -> list[str]:
        return sorted(name for name, is_up in self.report.connections.items() if not is_up)

    @property
    def clock_ahead_seconds(self) -> float | None:
        return None if self.status.clock_ahead_us is None else self.status.clock_ahead_us / 1e6

    @property
    def clock_judgement(self) -> ClockJudgement:
        ahead = self.clock_ahead_seconds
        if ahead is None:
            return "unknown"
        return "good" if abs(ahead) < _GOOD_CLOCK_SECONDS else "off" if abs(ahead) < _WRONG_CLOCK_SECONDS else "wrong"


async def list_gateways(
    state: LiveState, listing: Listing, moment: Moment, *, gateways: Gateways, only: str | None = None
) -> list[Gateway]:
    """Give the gateways that a viewer may see, sorted by name; with ``only`` that one, if it is among them."""
    machines: dict[str, list[Machine]] = defaultdict(list)
    for machine in listing.seen(gateways):
        machines[machine.equipment.gateway].append(machine)
    names = sorted(machines.keys() | state.statuses.keys() | state.gateways_with_site())
    names = [name for name in names if (gateways is None or name in gateways) and only in (None, name)]
    statuses = {name: state.statuses.get(name, GatewayStatus()) for name in names}
    told = {profile for status in statuses.values() if status.report for profile in status.report.profiles}
    digests = await asyncio.to_thread(_digests, told)
    return [
        Gateway(
            name=name,
            site=state.site_of(name),
            status=status,
            machines=machines[name],
            troubled=[machine for machine in machines[name] if listing.condition(machine, moment) != "live"],
            silent=_silent(status, machines[name]),
            other_profiles=[]
            if status.report is None
            else sorted(profile for profile, digest in status.report.profiles.items() if digests.get(profile) != digest),
        )
        for name, status in statuses.items()
    ]


def _silent(status: GatewayStatus, machines: list[Machine]) -> list[str]:
    told = set(status.report.equipment_without_values) if status.report else set()
    return sorted(told | {machine.equipment.name for machine in machines if _is_dead(machine)})


def _is_dead(machine: Machine) -> bool:
    """Each of its values failed when it was last read."""
    qualities = [cell.quality for cell in machine.cells.values() if not isinstance(cell.value, str)]
    return bool(qualities) and min(qualities) >= Quality.BAD


def _digests(profiles: Iterable[str]) -> dict[str, str]:
    """Hash device models as gateways do; a path to a plant's own file comes from outside and is not followed."""
    return {name: load_profile(name).digest for name in profiles if name in profile_names()}
