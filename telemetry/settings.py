"""Settings of a process: a TOML file becomes a frozen model, and every mistake is told with file, line and key."""

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError, ValidationInfo
from pydantic_core import ErrorDetails

from telemetry.errors import ConfigError, Problem
from telemetry.toml_file import TomlFile


class Settings(BaseModel):
    """Base of every settings model: closed (an unknown key is a mistake) and frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, hide_input_in_errors=False)


AnySettings = TypeVar("AnySettings", bound=Settings)


def beside_the_file(path: Path, info: ValidationInfo) -> Path:
    """Let a relative path start at the folder of the file that names it."""
    folder = (info.context or {}).get("folder")
    return path.expanduser() if folder is None else Path(folder, path.expanduser())


SettingsPath = Annotated[Path, AfterValidator(beside_the_file)]
"""A path in a settings file: relative ones start at the file's own folder, not at the folder a person happens to stand in."""


def time_zone_name(name: str) -> str:
    """Give the name back if it is one of the IANA's time zones.

    Raises
    ------
    ValueError
    """
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is not a time zone; one looks like Asia/Shanghai") from None
    return name


TimeZoneName = Annotated[str, AfterValidator(time_zone_name)]


def _origin(address: str) -> str:
    try:
        parts = urlsplit(address)
        is_origin = parts.scheme in ("http", "https") and bool(parts.hostname) and address == f"{parts.scheme}://{parts.netloc}"
    except ValueError:
        is_origin = False
    if address and not (is_origin and parts.username is None):
        raise ValueError(f"{address!r} is not the address of a web app; one looks like https://shangyun.example.com")
    return address.lower()


PublicAddress = Annotated[str, AfterValidator(_origin)]
"""Where people reach the web app, scheme and host; empty where nobody has said."""


def load(path: Path, model: type[AnySettings]) -> AnySettings:
    """Read a settings file without touching the network.

    Raises
    ------
    ConfigError
        With every mistake found in the file, each with line and key.
    """
    return fit(TomlFile(path), model)


def fit(file: TomlFile, model: type[AnySettings]) -> AnySettings:
    """Make a model of a parsed file; see `load`."""
    try:
        return model.model_validate(file.content, context={"folder": file.path.resolve().parent})
    except ValidationError as error:
        raise ConfigError(*(_problem(file, model, detail) for detail in _causes(error.errors()))) from None


def _causes(details: Sequence[ErrorDetails]) -> list[ErrorDetails]:
    """Leave out that a list is too short where its items are wrong, and would be enough if they were right."""
    places = [detail["loc"] for detail in details]
    return [
        detail
        for detail in details
        if detail["type"] != "too_short"
        or not any(len(place) > len(detail["loc"]) and place[: len(detail["loc"])] == detail["loc"] for place in places)
    ]


def _problem(file: TomlFile, model: type[BaseModel], detail: ErrorDetails) -> Problem:
    path = _place(file.content, detail["loc"])
    match detail["type"]:
        case "missing":
            message = "is missing"
        case "union_tag_not_found" | "union_tag_invalid" as kind:
            tags = detail["ctx"].get("expected_tags") or ", ".join(
                _tags_at(model, path, detail["ctx"]["discriminator"].strip("'"))
            )
            path = (*path, detail["ctx"]["discriminator"].strip("'"))
            message = "is missing" if kind == "union_tag_not_found" else f"is {detail['ctx']['tag']!r}"
            message += f"; known: {tags}".replace("'", "")
        case "extra_forbidden":
            known = _keys_at(model, detail["loc"][:-1])
            near = difflib.get_close_matches(str(path[-1]), known, n=1)
            message = "is not a known key" + (f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(known)}")
        case "too_short":
            message = f"needs at least {detail['ctx']['min_length']} of them"
        case "value_error" | "assertion_error":
            message = str(detail["ctx"]["error"])
        case _:
            shown = "" if isinstance(detail["input"], dict | list) else f" (found {detail['input']!r})"
            message = detail["msg"][:1].lower() + detail["msg"][1:] + shown
    return file.problem(path, message)


def _place(content: Any, path: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Leave out what pydantic adds to a place but the file does not hold: the tag that chose the model of a table."""
    place: tuple[str | int, ...] = ()
    for index, part in enumerate(path):
        is_key = (
            part in content
            if isinstance(content, dict)
            else isinstance(content, list) and isinstance(part, int) and part < len(content)
        )
        if is_key:
            content = content[part]
        elif index < len(path) - 1 or (isinstance(content, dict) and part in content.values()):
            continue
        place = (*place, part)
    return place


def _keys_at(model: type[BaseModel], path: tuple[str | int, ...]) -> list[str]:
    """Name the keys that are legal where ``path`` points."""
    return sorted({field.alias or name for m in _models_at(model, path) for name, field in m.model_fields.items()})


def _tags_at(model: type[BaseModel], path: tuple[str | int, ...], discriminator: str) -> list[str]:
    """Name the words that choose between the models where ``path`` points."""
    fields = [m.model_fields[discriminator] for m in _models_at(model, path) if discriminator in m.model_fields]
    return sorted(str(word) for field in fields for word in get_args(field.annotation))


def _models_at(model: type[BaseModel], path: tuple[str | int, ...]) -> list[type[BaseModel]]:
    """Walk the models' annotations; a part that is no field may be a key of a dictionary, or a tag that chooses a model."""
    models = [model]
    for part in path:
        inner = [found for m in models if part in m.model_fields for found in _models_in(m.model_fields[str(part)].annotation)]
        tagged = [m for m in models if any(part in get_args(field.annotation) for field in m.model_fields.values())]
        models = inner or tagged or models
    return models


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for argument in get_args(annotation) for found in _models_in(argument)]
