"""Texts for people, by language."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Literal, get_args

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
"""The first one is what a visitor gets who has not chosen."""
FOLDER = Path(__file__).parent / "languages"


@cache
def texts(language: Language) -> dict[str, str]:
    """Give the catalogue of a language as ``section.name`` to text."""
    content = tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    return {f"{section}.{name}": text for section, entries in content.items() for name, text in entries.items()}


def as_language(text: str | None) -> Language | None:
    return text if text in LANGUAGES else None
