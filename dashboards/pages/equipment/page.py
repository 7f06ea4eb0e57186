"""One machine: its key values, trends and every signal, drawn from its ``kind.toml``; what the database knows comes in parts.

The page itself is made of what is in memory, so that it shows at once and stays when the database is away.
"""

from io import BytesIO
from typing import Any

import segno
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from dashboards.context import CurrentFeed, CurrentSettings, language_of, render
from dashboards.live.feed import Feed
from dashboards.live.state import Machine
from dashboards.pages.equipment import alarms, maintenance, nameplate, pictures, results, waveforms
from dashboards.pages.equipment.machine import SeenMachine
from dashboards.pages.equipment.signal_groups import signal_groups
from dashboards.presentation import key_signals
from dashboards.security.access import Reader
from dashboards.texts import Language

router = APIRouter(prefix="/equipment/{equipment_id}")
for part in (alarms, maintenance, nameplate, pictures, results, waveforms):
    router.include_router(part.router)

CURVES_AT_FIRST = 3
"""Trends drawn before anybody has chosen: the first measured key values; of an unknown kind, whose types nobody has told, any."""


@router.get("", response_class=HTMLResponse)
async def equipment(*, request: Request, equipment_id: int, machine: SeenMachine, feed: CurrentFeed, _viewer: Reader) -> Response:
    if machine.equipment.id != equipment_id:
        return RedirectResponse(f"/equipment/{machine.equipment.id}", 307)
    language = language_of(request)
    groups = signal_groups(machine.kind, language)
    signals = {signal.name: signal for group in groups for signal in group.signals}
    keys = key_signals(machine.kind)
    measured = [name for name in keys if signals[name].type == "real"]
    head = machine.kind.state_signal
    return render(
        request,
        "equipment/page.html",
        **_named(machine, feed, language),
        head=signals[head] if head else None,
        groups=groups,
        key_signals=[signals[name] for name in keys],
        first_curves=(measured or [name for name in keys if signals[name].type == "double"])[:CURVES_AT_FIRST],
        pictures=pictures.drawn_numbers(machine.kind),
        has_waveforms=bool(waveforms.recorded_signals(machine.kind)),
    )


@router.get("/label", response_class=HTMLResponse)
async def label(request: Request, machine: SeenMachine, feed: CurrentFeed, _viewer: Reader) -> HTMLResponse:
    """Show what is printed and stuck on the machine."""
    address = _address(request, machine, request.app.state.settings.public_address)
    return render(request, "equipment/label.html", **_named(machine, feed, language_of(request)), address=address)


@router.get("/qr.svg")
async def qr_code(request: Request, machine: SeenMachine, settings: CurrentSettings, _viewer: Reader) -> Response:
    """Give the address of the machine's page as a QR code, which a telephone's camera opens."""
    code = segno.make(_address(request, machine, settings.public_address), error="m", micro=False)
    svg = BytesIO()
    code.save(svg, kind="svg", scale=4, light="#fff")
    return Response(svg.getvalue(), media_type="image/svg+xml")


def _named(machine: Machine, feed: Feed, language: Language) -> dict[str, Any]:
    """Give what the head of a page names."""
    number = feed.state.site_of(machine.equipment.gateway)
    site = next((site for site in feed.state.sites if site.id == number), None)
    return {
        "equipment": machine.equipment,
        "kind_label": getattr(machine.kind.label, language),
        "site": "" if site is None else getattr(site, f"label_{language}"),
    }


def _address(request: Request, machine: Machine, public_address: str) -> str:
    return f"{public_address or str(request.base_url).rstrip('/')}/equipment/{machine.equipment.id}"
