"""The templates, once for each language: macros that a template imports see the language and its texts as well."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dashboards.static_files import vendor_address
from dashboards.texts import LANGUAGES, Language, translator

FOLDER = Path(__file__).parent


def environments() -> dict[Language, Environment]:
    return {language: _environment(language) for language in LANGUAGES}


def _environment(language: Language) -> Environment:
    environment = Environment(
        loader=FileSystemLoader([FOLDER / "templates", FOLDER / "pages"]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "_": translator(language),
        "language": language,
        "vendor_address": vendor_address,
        "address_with": address_with,
    }
    return environment


def address_with(query: Mapping[str, object], /, **changes: object) -> str:
    """Give the address of the same page with other parameters; those without a value are left out."""
    given = {name: value for name, value in {**query, **changes}.items() if value is not None and value not in ("", [], ())}
    return f"?{urlencode(given, doseq=True)}"
