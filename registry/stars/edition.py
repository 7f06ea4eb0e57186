"""Editions of the star rating as data: rows with thresholds, items with aliases, windows, conditions; each with its clause.

A further edition is one more TOML file beside this module.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from telemetry.errors import ConfigError
from telemetry.settings import Settings, load

FOLDER = Path(__file__).parent

Source = Literal["measured", "declared", "mixed"]
Deployment = Literal["public", "private", "hybrid"]
ConditionForm = Literal[
    "legal_person", "division", "deployment", "star_before", "quota", "veto", "analysed_machines", "modelled_machines"
]


def _whole_keys(values: object) -> object:
    return {int(key): value for key, value in values.items()} if isinstance(values, dict) else values


class Row(Settings):
    """One row of the rating table."""

    code: str
    clause: str
    class_zh: str
    class_aliases: tuple[str, ...] = ()
    label_zh: str
    label_en: str
    aliases: tuple[str, ...] = ()
    form: Literal["items", "sub_classes", "figure"]
    """What is counted: items, sub-classes with at least one item, or nothing, since the row has a figure of its own."""
    obtained: Source
    """A measured figure needs a measurement; what is declared is shown beside it and passes nothing."""
    only_it_service: bool = False
    unit_zh: str
    unit_en: str
    needs: Annotated[Mapping[int, int], BeforeValidator(_whole_keys)]
    """The least that a star needs; a star without an entry needs nothing of this row."""


class Item(Settings):
    """One line of the table that an enterprise has on the cloud or not."""

    row: str
    code: str
    sub_class: str
    domain: str
    label_zh: str
    """The table's own name."""
    label_en: str
    aliases: tuple[str, ...] = ()
    evidence: Literal["", "analysed", "diagnosed"] = ""
    """Which machines prove it: counted ones on which an analytic ran, or one that diagnoses."""


class Windows(Settings):
    """Months in which the edition takes applications."""

    clause: str
    years: tuple[int, ...]
    months: tuple[int, ...]


class FormField(Settings):
    """A field of the application form; ``longest`` counts characters of text."""

    code: str
    label_zh: str
    label_en: str
    form: Literal["text", "area", "number", "month"]
    longest: int = 20
    is_required: bool = True


class Attachment(Settings):
    """A document that comes with the form."""

    code: str
    label_zh: str
    label_en: str
    needed_for: tuple[Deployment, ...]


class Condition(Settings):
    """Who may apply, a quota or a veto; one that is off waits for a city to turn it on, naming the notice."""

    code: str
    form: ConditionForm
    label_zh: str
    label_en: str
    clause: str
    stars: tuple[int, ...]
    is_on: bool = True
    division: str = ""
    deployments: tuple[Deployment, ...] = ()
    least: int = 0
    percent: Annotated[int, Field(ge=0, le=100)] = 0


class Edition(Settings):
    """A whole rule set."""

    code: str
    label_zh: str
    label_en: str
    document: str
    plan: str
    """The document of `registry.documents` that it belongs to: a plan shows its windows."""
    stars: tuple[int, ...]
    people_divisor: Literal["cloud_users", "people"]
    it_service_industries: tuple[str, ...]
    """Beginnings of codes of GB/T 4754; ``it_service_words`` are for forms of enterprises without such a code."""
    it_service_words: tuple[str, ...]
    diagnosing_words: tuple[str, ...]
    """An analytic diagnoses that serves a function with such a word in its Chinese name."""
    windows: Windows
    authorities: Mapping[str, str]
    """Division code to who organises the rating there, besides the ``clause`` that says so."""
    rows: tuple[Row, ...]
    items: tuple[Item, ...]
    sub_class_aliases: Mapping[str, str] = {}
    fields: tuple[FormField, ...]
    attachments: tuple[Attachment, ...]
    conditions: tuple[Condition, ...]

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        rows = {one.code: one for one in self.rows}
        for one in self.items:
            if one.row not in rows or rows[one.row].form == "figure":
                raise ValueError(f"item {one.code}: {one.row!r} is not a row of items")
        for row in self.rows:
            have = len({one.sub_class if row.form == "sub_classes" else one.code for one in self.items_of(row.code)})
            if row.form != "figure" and max(row.needs.values(), default=0) > have:
                raise ValueError(f"row {row.code}: needs more than its {have} items")
        for names in ([one.code for one in self.items], list(rows), [one.code for one in self.conditions]):
            if len(set(names)) < len(names):
                raise ValueError("a code stands twice")
        return self

    def row(self, code: str) -> Row:
        return next(one for one in self.rows if one.code == code)

    def items_of(self, row: str) -> list[Item]:
        return [one for one in self.items if one.row == row]

    def item_named(self, name: str) -> Item | None:
        """Find an item by its code, the table's name or an alias."""
        return next((one for one in self.items if name in (one.code, one.label_zh, *one.aliases)), None)

    def sub_class_named(self, name: str) -> str | None:
        """Give a sub-class as the table names it."""
        canonical = self.sub_class_aliases.get(name, name)
        return canonical if any(one.sub_class == canonical for one in self.items) else None

    def authority_of(self, divisions: Sequence[str]) -> str:
        """Name who organises the rating: the most exact of the division codes counts; empty if none of them is listed."""
        listed = {code: name for code, name in self.authorities.items() if code != "clause"}
        found = [code for code in listed if any(one.startswith(code) for one in divisions)]
        return listed[max(found, key=len)] if found else ""


@cache
def editions() -> Mapping[str, Edition]:
    """Give all editions by code.

    Raises
    ------
    ConfigError
        With file and key, if one of them does not fit together.
    """
    found = [load(path, Edition) for path in sorted(FOLDER.glob("*.toml"))]
    return {one.code: one for one in found}


def edition(code: str) -> Edition:
    """Look an edition up; a wrong code's error lists the legal ones."""
    if code not in editions():
        raise ConfigError(f"{code!r} is not an edition of the star rating; known: {', '.join(editions())}")
    return editions()[code]


DEFAULT = "jiangsu-2018"
