"""What people type into forms, checked as the API checks what programs send."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError

from dashboards.settings import WebSettings
from telemetry.settings import Settings

Cell = Annotated[str, Field(max_length=400, pattern=r"^[^\x00]*$")]
AnyModel = TypeVar("AnyModel", bound=Settings)


def checked(model: type[AnyModel], plain: Mapping[str, Any]) -> tuple[AnyModel | None, set[str]]:
    """Make a model of what was typed; or name the fields that are wrong."""
    try:
        return model.model_validate(plain), set()
    except ValidationError as error:
        return None, {_field(problem["loc"]) for problem in error.errors()}


def _field(place: tuple[Any, ...]) -> str:
    names = [part for part in place if isinstance(part, str)]
    sizes = ("length_mm", "width_mm", "height_mm")
    if names and names[-1] in ("envelope_mm", "size_mm"):
        return sizes[place[-1]] if isinstance(place[-1], int) else sizes[0]
    return names[1] if len(names) > 1 and names[0] == "demand" else names[0] if names else ""


def listed(text: str) -> list[str]:
    """Read words between commas."""
    return [word.strip() for word in text.replace("，", ",").replace("、", ",").split(",") if word.strip()]


def local_time(text: str, settings: WebSettings) -> datetime | None:
    """Read a time as a form gives it, on the plant's clock."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(settings.time_zone))
