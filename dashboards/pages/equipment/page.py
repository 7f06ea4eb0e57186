"""One machine: its key values, every signal, and trends; drawn from its ``kind.toml`` alone."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from dashboards.context import CurrentFeed, language_of, render
from dashboards.error_answers import not_found, require_directory
from dashboards.presentation import key_signals, shown_signals

router = APIRouter()

SPANS = ("1h", "24h", "7d")
CURVES_AT_FIRST = 3
"""Trends drawn before anybody has chosen: the first measured key values."""


@router.get("/equipment/{equipment_id}", response_class=HTMLResponse)
async def equipment(request: Request, equipment_id: int, feed: CurrentFeed) -> HTMLResponse:
    require_directory(feed)
    machine = feed.state.get(equipment_id)
    if machine is None:
        raise not_found(f"equipment {equipment_id}")
    language = language_of(request)
    signals = {signal.name: signal for signal in shown_signals(machine.kind, language)}
    keys = key_signals(machine.kind)
    head = machine.kind.state_signal
    return render(
        request,
        "equipment/page.html",
        equipment=machine.equipment,
        kind_label=getattr(machine.kind.label, language),
        head=signals[head] if head else None,
        signals=list(signals.values()),
        key_signals=[signals[name] for name in keys],
        first_curves=[name for name in keys if signals[name].type == "real"][:CURVES_AT_FIRST],
        spans=SPANS,
    )
