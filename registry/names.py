"""Names that people write into tables: kinds of equipment and labels, with what documents call them besides."""

import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from telemetry.settings import Settings, load

FOLDER = Path(__file__).parent / "data"


class Named(Settings):
    label_zh: str
    label_en: str
    aliases: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()


class Kind(Settings):
    group: str
    name: str
    aliases: tuple[str, ...] = ()


class Kinds(Settings):
    """The ten kinds, each in one of four groups."""

    source: str
    groups: dict[str, Named]
    kinds: dict[str, Kind]


class Forms(Settings):
    """What a label is of, where a document tells some apart."""

    label: str
    names: tuple[str, ...]
    document: str


class Priority(Settings):
    """Whom a policy puts first: enterprises with one of the labels in force."""

    purpose: str
    labels: tuple[str, ...]
    document: str


class Labels(Settings):
    labels: dict[str, Named]
    levels: dict[str, Named]
    forms: tuple[Forms, ...]
    priorities: tuple[Priority, ...]


@cache
def kinds() -> Kinds:
    return load(FOLDER / "kinds.toml", Kinds)


@cache
def labels() -> Labels:
    return load(FOLDER / "labels.toml", Labels)


def plain(text: str) -> str:
    """Write a word so that it can be compared: half width, lower case, letters and digits alone."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", text).casefold() if letter.isalnum())


@cache
def _kind_words() -> dict[str, str]:
    return {plain(word): code for code, kind in kinds().kinds.items() for word in (code, kind.name, *kind.aliases)}


@cache
def _label_words() -> dict[str, str]:
    return _words(labels().labels)


@cache
def _level_words() -> dict[str, str]:
    return _words(labels().levels)


def _words(named: dict[str, Named]) -> dict[str, str]:
    return {plain(word): code for code, one in named.items() for word in (code, one.label_zh, one.label_en, *one.aliases)}


def kind_of(text: str) -> str | None:
    """Give the code of a kind that is written in any of its names."""
    return _kind_words().get(plain(text))


def label_of(text: str) -> str | None:
    return _label_words().get(plain(text))


def level_of(text: str) -> str | None:
    return _level_words().get(plain(text))


def forms_of(label: str) -> tuple[str, ...]:
    """Give what a label may be of; empty where no document tells some apart."""
    return next((one.names for one in labels().forms if one.label == label), ())


def priority_labels(purpose: str) -> frozenset[str]:
    """Give the labels that come first for a purpose, such as ``voucher`` (Jining 三(一))."""
    return frozenset(label for one in labels().priorities if one.purpose == purpose for label in one.labels)


def with_priority(held: Iterable[str], purpose: str) -> bool:
    """Tell whether an enterprise that has these labels in force comes first."""
    return not priority_labels(purpose).isdisjoint(held)
