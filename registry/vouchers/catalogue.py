"""The catalogue of services that vouchers are good for: classes, sub-classes and services, each with a code of our own."""

from functools import cache
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import Field

from telemetry.settings import Settings, load

FILE = Path(__file__).with_name("catalogue.toml")
Name = Annotated[str, Field(min_length=1)]


class Service(NamedTuple):
    """One service; ``code`` tells apart what has the same name in two sub-classes."""

    code: str
    zh: str
    en: str
    class_code: str
    group_zh: str
    group_en: str


class _Group(Settings):
    zh: Name
    en: Name
    services: Annotated[list[tuple[Name, Name]], Field(min_length=1)]


class _Class(Settings):
    code: Name
    zh: Name
    en: Name
    group: Annotated[list[_Group], Field(min_length=1)]


class Catalogue(Settings):
    """The file as it stands."""

    version: Name
    document: Name
    clause: Name
    classes: Annotated[list[_Class], Field(min_length=1, alias="class")]

    def services(self) -> list[Service]:
        """Give all services in the order of the document."""
        return [
            Service(f"{number}.{place}.{item:02}", zh, en, one.code, group.zh, group.en)
            for number, one in enumerate(self.classes, 1)
            for place, group in enumerate(one.group, 1)
            for item, (zh, en) in enumerate(group.services, 1)
        ]


@cache
def catalogue() -> Catalogue:
    return load(FILE, Catalogue)


@cache
def services() -> dict[str, Service]:
    """Give the services by code."""
    return {one.code: one for one in catalogue().services()}


def unknown(codes: list[str]) -> list[str]:
    """Give those of some codes that the catalogue does not have."""
    return [code for code in codes if code not in services()]
