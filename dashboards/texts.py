"""Texts for people. Templates and scripts hold them in Chinese; a catalogue beside them (gettext, ``en.po``) has the English."""

import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from babel.messages.pofile import read_po

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
"""The first one is what a visitor gets who has not chosen."""
FOLDER = Path(__file__).parent
Translate = Callable[..., str]


@cache
def catalogue() -> dict[str, str]:
    """Give the English of every Chinese text: of ``languages/en.po``, and of the ``en.po`` of each page."""
    english: dict[str, str] = {}
    for path in [FOLDER / "languages" / "en.po", *sorted(FOLDER.glob("pages/*/en.po"))]:
        with path.open("rb") as file:
            english |= {str(message.id): str(message.string) for message in read_po(file, locale="en") if message.id}
    return english


def translator(language: Language) -> Translate:
    """Give the function that templates call as ``_('共 {count} 台', count=3)``; a text without an entry stays Chinese."""
    english = catalogue() if language == "en" else {}

    def translate(text: str, **values: object) -> str:
        shown = english.get(text, text)
        return shown.format(**values) if values else shown

    return translate


@cache
def texts(language: Language) -> dict[str, str]:
    """Give the catalogue of a language as ``section.name`` to text."""
    content = tomllib.loads((FOLDER / "languages" / f"{language}.toml").read_text(encoding="utf-8"))
    return {f"{section}.{name}": text for section, entries in content.items() for name, text in entries.items()}


def as_language(text: str | None) -> Language | None:
    return text if text in LANGUAGES else None
