"""Equipment kinds: what each measures."""

from typing import Any

from fastapi import APIRouter

from dashboards.error_answers import not_found
from dashboards.presentation import signal_json
from device_profiles.kind import kind_names, load_kind

router = APIRouter(prefix="/api/v1/kinds")


@router.get("")
async def list_kinds() -> dict[str, Any]:
    return {"kinds": {name: load_kind(name).label.model_dump() for name in kind_names()}}


@router.get("/{name}")
async def show_kind(name: str) -> dict[str, Any]:
    if name not in kind_names():
        raise not_found(f"equipment kind {name[:80]!r}; known: {', '.join(kind_names())}")
    kind = load_kind(name)
    return {
        "name": kind.name,
        "label": kind.label.model_dump(),
        "source": kind.source,
        "signals": {name: signal_json(signal) for name, signal in kind.signals.items()},
    }
