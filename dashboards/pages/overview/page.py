"""The overview: one card per machine, by kind."""

import math
from collections import Counter
from itertools import groupby
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from dashboards.context import CurrentFeed, language_of, render
from dashboards.presentation import key_signals, shown_signal
from device_profiles.kind import load_kind

router = APIRouter()

MACHINES_PER_PAGE = 100


@router.get("/", response_class=HTMLResponse)
async def overview(
    request: Request,
    feed: CurrentFeed,
    kind: str = "",
    search: Annotated[str, Query(max_length=100)] = "",
    page: Annotated[int, Query(ge=1)] = 1,
) -> HTMLResponse:
    language = language_of(request)
    found = feed.state.find(kind=kind, search=search)
    pages = max(math.ceil(len(found) / MACHINES_PER_PAGE), 1)
    page = min(page, pages)
    shown = found[(page - 1) * MACHINES_PER_PAGE : page * MACHINES_PER_PAGE]
    groups = []
    for name, machines in groupby(shown, key=lambda machine: machine.kind.name):
        described = load_kind(name)
        head = described.state_signal
        groups.append(
            {
                "label": getattr(described.label, language),
                "name": name,
                "machines": [machine.equipment for machine in machines],
                "head": shown_signal(described, head, language) if head else None,
                "signals": [shown_signal(described, key, language) for key in key_signals(described)],
            }
        )
    counts = Counter(machine.kind.name for machine in feed.state)
    kinds = [(name, getattr(load_kind(name).label, language), count) for name, count in sorted(counts.items())]
    return render(
        request,
        "overview/page.html",
        groups=groups,
        kinds=kinds,
        kind=kind,
        search=search,
        page=page,
        pages=pages,
        found=len(found),
        total=len(feed.state),
        is_first_look=feed.database_connected is None,
        ids=",".join(str(machine.equipment.id) for machine in shown) or "0",  # 0 is nobody: no id at all would mean all
    )
