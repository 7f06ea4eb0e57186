"""The plant at a glance: each site by condition and alarms, what is worst, and cards of machines by kind."""

from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request
from fastapi.responses import HTMLResponse

from dashboards.context import CurrentFeed, language_of, render
from dashboards.live.feed import Feed
from dashboards.live.listing import PRIORITIES, Moment, Wanted, activity
from dashboards.live.moment import CurrentMoment
from dashboards.live.shown_values import age_text, condition_text
from dashboards.live.state import Machine
from dashboards.presentation import key_signals, shown_signal
from dashboards.security.access import Reader, Viewer
from dashboards.texts import Language

router = APIRouter()

MOST_CARDS = 60
MOST_WORST = 8
_KEPT_US = 2_000_000
_MOST_KEPT = 100


@dataclass(frozen=True, kw_only=True)
class SiteSummary:
    """How the machines of one site do; without an id those that stand at none."""

    id: int | None
    label: str
    machines: int
    running: int
    idle: int
    live: int
    """Live machines, whatever they do: some do not tell."""
    stale: int
    offline: int
    no_data: int
    alarms: dict[str, int]
    """Machines by the highest priority of their active alarms."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """All machines of a viewer, as they were a moment ago."""

    at_us: int
    directory: int
    worst_first: list[Machine]
    summary: dict[str, Any]


@router.get("/", response_class=HTMLResponse)
async def overview(
    *,
    request: Request,
    feed: CurrentFeed,
    viewer: Reader,
    moment: CurrentMoment,
    hx_target: Annotated[str, Header(max_length=100)] = "",
) -> HTMLResponse:
    language = language_of(request)
    seen = _seen(request, feed, viewer, moment, language)
    if hx_target == "summary":
        return render(request, "overview/summary.html", **seen.summary)
    groups = _groups(seen.worst_first, language)
    return render(
        request,
        "overview/page.html",
        groups=groups,
        is_first_look=feed.database_connected is None,
        # 0 is nobody: no id at all would mean all.
        ids=",".join(str(equipment.id) for group in groups for equipment in group["machines"]) or "0",
        **seen.summary,
    )


def _seen(request: Request, feed: Feed, viewer: Viewer, moment: Moment, language: Language) -> Seen:
    """Look at all machines of a viewer; those who see the same share a look of the last moments, however many tabs ask."""
    kept = _kept(request)
    key = viewer.gateways, viewer.sites, language
    known = kept.get(key)
    if known is not None and moment.now_us - known.at_us < _KEPT_US and known.directory == feed.state.directory_version:
        return known
    worst_first = feed.listing.find(Wanted(gateways=viewer.gateways, sort="condition"), moment)
    troubled = [machine for machine in worst_first[: MOST_WORST + 1] if _is_troubled(machine, feed, moment)]
    summary = {
        "sites": _summaries(feed, viewer, moment, language),
        "worst": [_worst(machine, feed, moment, language) for machine in troubled[:MOST_WORST]],
        "has_more_troubled": len(troubled) > MOST_WORST,
        "total": len(worst_first),
    }
    if len(kept) >= _MOST_KEPT:
        kept.clear()
    kept[key] = Seen(at_us=moment.now_us, directory=feed.state.directory_version, worst_first=worst_first, summary=summary)
    return kept[key]


def _kept(request: Request) -> dict[Any, Seen]:
    state = request.app.state
    if not hasattr(state, "overviews"):
        state.overviews = {}
    kept: dict[Any, Seen] = state.overviews
    return kept


def _summaries(feed: Feed, viewer: Viewer, moment: Moment, language: Language) -> list[SiteSummary]:
    """Sum up the sites that a viewer sees; a plant without sites is one."""
    labels = {site.id: getattr(site, f"label_{language}") for site in feed.state.sites}
    machines: dict[int | None, list[Machine]] = {site: [] for site in labels if viewer.sites is None or site in viewer.sites}
    for machine in feed.listing.seen(viewer.gateways):
        machines.setdefault(feed.state.site_of(machine.equipment.gateway), []).append(machine)
    return [_summary(site, labels.get(site or 0, ""), group, feed, moment) for site, group in machines.items()]


def _summary(site: int | None, label: str, machines: list[Machine], feed: Feed, moment: Moment) -> SiteSummary:
    conditions = [feed.listing.condition(machine, moment) for machine in machines]
    counts = Counter(conditions)
    works = Counter(activity(machine) for machine, condition in zip(machines, conditions, strict=True) if condition == "live")
    alarms = Counter(moment.alarms.get(machine.equipment.id) for machine in machines)
    return SiteSummary(
        id=site,
        label=label,
        machines=len(machines),
        running=works["running"],
        idle=works["idle"],
        live=counts["live"],
        stale=counts["stale"],
        offline=counts["offline"],
        no_data=counts["no_data"],
        alarms={name: alarms[name] for name in PRIORITIES},
    )


def _is_troubled(machine: Machine, feed: Feed, moment: Moment) -> bool:
    return machine.equipment.id in moment.alarms or feed.listing.condition(machine, moment) != "live"


def _worst(machine: Machine, feed: Feed, moment: Moment, language: Language) -> dict[str, Any]:
    return {
        "equipment": machine.equipment,
        "kind": getattr(machine.kind.label, language),
        "alarm": moment.alarms.get(machine.equipment.id),
        "condition": condition_text(feed.listing.condition(machine, moment), language),
        "age": "" if machine.time_us is None else age_text((moment.now_us - machine.time_us) / 1e6, language),
    }


def _groups(worst_first: list[Machine], language: Language) -> list[dict[str, Any]]:
    """Choose machines for cards, an equal share of each kind where they are too many: the worst, by name and gateway."""
    by_kind = sorted(worst_first, key=lambda machine: machine.kind.name)  # stable: the worst of each kind stay in front
    kinds = {name: list(machines) for name, machines in groupby(by_kind, key=lambda machine: machine.kind.name)}
    share = MOST_CARDS if len(worst_first) <= MOST_CARDS else max(MOST_CARDS // max(len(kinds), 1), 1)
    return [_group(machines, share, language) for machines in list(kinds.values())[:MOST_CARDS]]


def _group(machines: list[Machine], share: int, language: Language) -> dict[str, Any]:
    kind = machines[0].kind
    shown = sorted(machines[:share], key=lambda machine: (machine.equipment.name, machine.equipment.gateway))
    described = {machine.equipment.id: machine.kind for machine in shown}
    return {
        "label": getattr(kind.label, language),
        "name": kind.name,
        "count": len(machines),
        "machines": [machine.equipment for machine in shown],
        "head": shown_signal(kind, kind.state_signal, language) if kind.state_signal else None,
        # Machines of a kind that nobody has described have each their own signals.
        "signals": {number: [shown_signal(own, key, language) for key in key_signals(own)] for number, own in described.items()},
    }
