"""What documents mean by content on the cloud: their taxonomies, and where one subject stands in each."""

from functools import cache
from typing import Self

from pydantic import model_validator

from registry.documents.document import FOLDER
from telemetry.settings import Settings, load


class ContentClass(Settings):
    """A class of contents; a document that prints none has no items."""

    zh: str
    items: tuple[str, ...] = ()


class Taxonomy(Settings):
    """The classes of one document."""

    code: str
    document: str
    clause: str
    zh: str
    en: str
    classes: tuple[ContentClass, ...]

    def places(self) -> set[str]:
        """Give what a line of the crosswalk may name: a class, or a class with its item."""
        return {one.zh for one in self.classes} | {f"{one.zh}/{item}" for one in self.classes for item in one.items}


class Subject(Settings):
    """One line of the crosswalk; empty where a document does not name the subject."""

    zh: str
    en: str
    jiaxing: str = ""
    jining: str = ""
    jiangsu_guide: str = ""
    jiangsu_rating: str = ""
    jinan: str = ""
    shanxi: str = ""


class Contents(Settings):
    """All taxonomies with the crosswalk."""

    taxonomies: tuple[Taxonomy, ...]
    crosswalk: tuple[Subject, ...]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for taxonomy in self.taxonomies:
            legal = taxonomy.places()
            for subject in self.crosswalk:
                place = getattr(subject, taxonomy.code)
                if place and place not in legal:
                    raise ValueError(f"{subject.zh}: {place!r} is not in the taxonomy {taxonomy.code!r}")
        return self


@cache
def contents() -> Contents:
    return load(FOLDER / "contents.toml", Contents)
