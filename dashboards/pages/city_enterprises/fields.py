"""The fields of forms, made of the columns that a table has, so that a form asks for what an import does."""

from collections.abc import Mapping
from typing import Annotated, NamedTuple

from fastapi import Depends, HTTPException, Request

from dashboards.pages.city_enterprises import words
from dashboards.texts import Language, Translate
from registry.imports.cells import Cells
from registry.imports.columns import COLUMNS, TableName
from registry.industries import industries
from registry.names import kinds, labels
from store.city_registry import Area, Department, Enterprise

_DAYS = frozenset({"verified_on", "valid_from", "valid_to", "declared_on"})
_FLAGS = frozenset({"is_independent", "is_simulator"})
_MOST_LETTERS = 1000


class Field(NamedTuple):
    """One control; with ``options`` it is a choice."""

    name: str
    label: str
    value: str
    type: str = "text"
    options: list[tuple[str, str]] | None = None
    error: str = ""
    hint: str = ""
    is_required: bool = False


async def _given(request: Request) -> dict[str, str]:
    """Read a form whose fields depend on its table; all of them are short lines of text."""
    form = await request.form(max_files=0, max_fields=40)
    known = {one.name for columns in COLUMNS.values() for one in columns}
    given: dict[str, str] = {}
    for name, value in form.multi_items():
        if name not in known or name in given or not isinstance(value, str) or len(value) > _MOST_LETTERS:
            raise HTTPException(422, f"{name[:40]!r} is no field of this form, is there twice, or is too long")
        given[name] = value
    return given


Given = Annotated[dict[str, str], Depends(_given)]


def stored_values(enterprise: Enterprise) -> dict[str, str]:
    """Give the facts of an enterprise as a form shows them."""
    yes_or_no = {True: "yes", False: "no"}
    names = [one.name for one in COLUMNS["enterprises"]]
    found = {name: getattr(enterprise, name) for name in names}
    return {
        name: yes_or_no[value] if isinstance(value, bool) else "" if value is None else str(value)
        for name, value in found.items()
    }


def fields_of(
    table: TableName,
    given: Mapping[str, str],
    checked: Cells | None,
    *,
    areas: list[Area],
    departments: list[Department],
    language: Language,
    _: Translate,
) -> list[Field]:
    """Give the fields of a table with what was filled in, and what is wrong with it; that of a code is left to the page."""
    choices = _choices(table, areas, departments, language, _)
    found = []
    for column in COLUMNS[table]:
        name = column.name
        is_typed = name not in {*choices, *_DAYS}
        mistake = None if checked is None else checked.wrong(name)
        found.append(
            Field(
                name=name,
                label=getattr(column, language),
                value=given.get(name, ""),
                type="date" if name in _DAYS else "text",
                options=None if name not in choices else [("", "—"), *choices[name]],
                error="" if mistake is None else getattr(mistake, language),
                hint=_("例如：{example}", example=column.example) if is_typed and _is_telling(column.example, language) else "",
                is_required=column.is_required,
            )
        )
    return found


def _choices(
    table: TableName, areas: list[Area], departments: list[Department], language: Language, _: Translate
) -> dict[str, list[tuple[str, str]]]:
    """Give what there is to choose from, by column."""
    found = {
        "area": words.area_options(areas, language),
        "department": [(one.code, getattr(one, f"label_{language}")) for one in departments],
        "sector": list(words.sectors(_).items()),
        "industry_edition": [(one, one) for one in industries().editions],
        "kind": [(code, words.kind_name(code, language)) for code in kinds().kinds],
        **{name: [("yes", _("是")), ("no", _("否"))] for name in _FLAGS},
    }
    if table == "labels":  # a machine's label is any text
        found |= {
            "label": list(words.label_names(language).items()),
            "level": [(code, name) for code, name in words.level_names(language).items() if code],
            "form": [(name, name) for one in labels().forms for name in one.names],
        }
    return found


def _is_telling(example: str, language: Language) -> bool:
    """Whether an example says something to who reads the language."""
    return bool(example) and (language == "zh" or example.isascii())
