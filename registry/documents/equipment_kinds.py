"""Kinds of equipment in the four groups of the Jinan guide, the functions that it names for each, and what it wants of them."""

from functools import cache
from typing import NamedTuple

from analytics.guide import Function, functions
from registry.documents.document import FOLDER
from registry.names import Named, kinds
from telemetry.settings import Settings, load


class Aim(Settings):
    """What the text wants of a kind; ``row`` is the kind's place in it, K1 to K10."""

    row: str
    kind: str
    aim_zh: str
    aim_en: str


class _Aims(Settings):
    kinds: tuple[Aim, ...]


class GuideKind(NamedTuple):
    """A kind with its group, and the functions with what serves them here."""

    aim: Aim
    name_zh: str
    group: str
    group_label: Named
    functions: tuple[Function, ...]


@cache
def guide_kinds() -> tuple[GuideKind, ...]:
    """Give all kinds in the order of the text."""
    named = kinds()
    found = []
    for aim in load(FOLDER / "aims.toml", _Aims).kinds:
        kind = named.kinds[aim.kind]
        serves = tuple(one for one in functions() if one.kind == aim.kind)
        found.append(GuideKind(aim, kind.name, kind.group, named.groups[kind.group], serves))
    return tuple(found)
