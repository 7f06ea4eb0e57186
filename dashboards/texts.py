"""Texts for people. Templates and scripts hold them in Chinese; a catalogue beside them (gettext, ``en.po``) has the English."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from dashboards.text_catalogues import catalogues, entries, script_texts

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
"""The first one is what a visitor gets who has not chosen."""
FOLDER = Path(__file__).parent
Translate = Callable[..., str]


@cache
def catalogue() -> dict[str, str]:
    """Give the English of every Chinese text: of ``languages/en.po``, and of the ``en.po`` of each page."""
    english: dict[str, str] = {}
    for path in catalogues(FOLDER):
        english |= {text: translation for text, translation in entries(path).items() if translation}
    return english


def translator(language: Language) -> Translate:
    """Give the function that templates call as ``_('共 {count} 台', count=3)``; a text without an entry stays Chinese."""
    english = catalogue() if language == "en" else {}

    def translate(text: str, **values: object) -> str:
        shown = english.get(text, text)
        return shown.format(**values) if values else shown

    return translate


@cache
def texts_for_scripts(language: Language) -> dict[str, str]:
    """Give what the scripts of the pages need of the catalogue; Chinese they hold themselves."""
    if language == "zh":
        return {}
    english = catalogue()
    return {text: english[text] for text in sorted(script_texts(FOLDER)) if text in english}


def as_language(text: str | None) -> Language | None:
    return text if text in LANGUAGES else None
