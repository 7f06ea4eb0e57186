"""Equipment kinds: what each measures."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from dashboards.asking import Offset, example
from dashboards.error_answers import not_found
from dashboards.presentation import signal_json
from dashboards.security.access import Permission, require
from device_profiles.kind import kind_names, load_kind

router = APIRouter(prefix="/api/v1/kinds", tags=["kinds"], dependencies=[require(Permission.READ)])

_LABEL = {"zh": "工业锅炉", "en": "Industrial boiler"}
_SIGNAL = {"label": {"zh": "锅筒压力", "en": "Drum pressure"}, "type": "real", "unit": "MPa", "key": True, "normal": [0.8, 1.2]}


@router.get("", responses=example({"total": 10, "offset": 0, "limit": 50, "items": [{"name": "boiler", "label": _LABEL}]}))
async def list_kinds(
    *,
    limit: Annotated[int, Query(ge=1, le=1000, description="rows at most")] = 50,
    offset: Offset = 0,
) -> dict[str, Any]:
    """List the kinds of equipment that this installation knows."""
    shown = kind_names()[offset : offset + limit]
    items = [{"name": name, "label": load_kind(name).label.model_dump()} for name in shown]
    return {"total": len(kind_names()), "offset": offset, "limit": limit, "items": items}


@router.get(
    "/{name}", responses=example({"name": "boiler", "label": _LABEL, "source": "...", "signals": {"steam_pressure": _SIGNAL}})
)
async def show_kind(
    name: Annotated[str, Path(max_length=100, description="name of a kind")],
) -> dict[str, Any]:
    """Show what machines of a kind measure: units, normal ranges, limits, states."""
    if name not in kind_names():
        raise not_found(f"equipment kind {name[:80]!r}; known: {', '.join(kind_names())}")
    kind = load_kind(name)
    return {
        "name": kind.name,
        "label": kind.label.model_dump(),
        "source": kind.source,
        "signals": {name: signal_json(signal) for name, signal in kind.signals.items()},
    }
