"""Sites, and the gateways that stand there."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel

from dashboards.context import CurrentDatabase
from dashboards.security import administration as acts
from dashboards.security.access import Administrator, Reader
from dashboards.short_lists import Limit, Offset, Page, Search, Sort, part
from store.sites import gateway_sites, list_sites

router = APIRouter(prefix="/api/v1/sites", tags=["sites"])


class SiteItem(BaseModel):
    """A site, with the names of its gateways."""

    id: int
    name: str
    label: dict[str, str]
    time_zone: str
    gateways: list[str]


class Changed(BaseModel):
    """What was changed or made."""

    id: int


@router.get("", response_model=Page[SiteItem])
def list_all(
    *,
    viewer: Reader,
    database: CurrentDatabase,
    limit: Limit = 50,
    offset: Offset = 0,
    sort: Sort = "name",
    search: Search = "",
) -> dict[str, Any]:
    """List the sites that the viewer sees."""
    gateways: dict[int, list[str]] = {}
    for gateway, number in sorted(gateway_sites(database).items()):
        gateways.setdefault(number, []).append(gateway)
    items = [
        {
            "id": site.id,
            "name": site.name,
            "label": {"zh": site.label_zh, "en": site.label_en},
            "time_zone": site.time_zone,
            "gateways": gateways.get(site.id, []),
        }
        for site in list_sites(database)
        if viewer.sites is None or site.id in viewer.sites
    ]
    return part(items, limit=limit, offset=offset, sort=sort, sorts=("name", "id", "time_zone"), search=search)


@router.post("", response_model=Changed, status_code=201)
def add(viewer: Administrator, database: CurrentDatabase, asked: acts.NewSite) -> dict[str, int]:
    """Add a site."""
    return {"id": acts.add_site(database, viewer, asked)}


@router.put("/{site}", response_model=Changed)
def change(
    viewer: Administrator,
    database: CurrentDatabase,
    site: Annotated[int, Path(ge=1, le=2**31 - 1, description="number of the site")],
    asked: acts.SiteLabels,
) -> dict[str, int]:
    """Change labels and time zone."""
    acts.change_site(database, viewer, site, asked)
    return {"id": site}


@router.post("/gateways", response_model=acts.Assignment)
def assign(request: Request, viewer: Administrator, database: CurrentDatabase, asked: acts.Assignment) -> acts.Assignment:
    """Put a gateway at a site, or at none."""
    acts.assign_gateway(database, viewer, asked)
    request.app.state.identities.forget()
    return asked
