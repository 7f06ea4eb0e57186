"""The machine that a page is about, and how a part of its page is shown: alone to htmx, as a page of its own to a plain link."""

from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from dashboards.asking import EquipmentId
from dashboards.context import CurrentDatabase, CurrentFeed, language_of, render
from dashboards.error_answers import not_found, require_directory
from dashboards.live.state import Machine
from dashboards.plant_time import plant_time
from dashboards.security.access import Permission, Reader
from store.equipment import get_equipment


def _seen(equipment_id: EquipmentId, feed: CurrentFeed, database: CurrentDatabase, viewer: Reader) -> Machine:
    require_directory(feed)
    machine = feed.state.get(equipment_id)
    if machine is None:  # a label printed before the machine got its present name bears the id of the earlier one
        renamed = get_equipment(database, equipment_id)
        machine = None if renamed is None else feed.state.get(renamed.id)
    if machine is None or not viewer.sees(machine.equipment.gateway):
        raise not_found(f"equipment {equipment_id}")
    return machine


SeenMachine = Annotated[Machine, Depends(_seen)]


def is_fragment(request: Request) -> bool:
    return request.headers.get("HX-Request") == "true"


def show_part(
    request: Request, machine: Machine, template: str, title: str, *, status: int = 200, **content: Any
) -> HTMLResponse:
    """Render a part of a machine's page; ``title`` is its heading where it stands alone."""
    part = f"equipment/{template}"
    return render(
        request,
        part if is_fragment(request) else "equipment/part.html",
        status,
        part=part,
        title=title,
        machine=machine.equipment,
        kind_label=getattr(machine.kind.label, language_of(request)),
        local_time=plant_time(request.app.state.settings),
        may_maintain=request.state.viewer.may(Permission.MAINTAIN),
        **content,
    )


def back_to(machine: Machine, part: str) -> RedirectResponse:
    """Lead to a part after a form; htmx follows and gets the part alone."""
    return RedirectResponse(f"/equipment/{machine.equipment.id}/{part}", 303)
