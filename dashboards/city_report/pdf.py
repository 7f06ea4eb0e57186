"""A page as PDF by WeasyPrint, which needs Pango of the system. Nothing is fetched: style and drawings are in the page itself."""

import re
import threading
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

from telemetry.errors import ConfigError

STATIC = Path(__file__).parents[1] / "static"
INSTALL = (
    "the PDF report needs WeasyPrint and Pango: pip install 'shangyun[city]', and of the system Pango >= 1.44 "
    "(Debian, Ubuntu: apt-get install libpango-1.0-0 libpangoft2-1.0-0 fonts-noto-cjk; Alpine: apk add pango font-noto-cjk); "
    "until then print the report's page from the browser"
)
_NOT_FOR_PAPER = re.compile(r"/\*.*?\*/|@(?:media|keyframes)[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}", re.DOTALL)
"""Comments, other looks than that by day, and what moves."""
_FONT = '"Noto Sans CJK SC", "Noto Sans SC", sans-serif'
"""What a screen calls its own font has other shapes of Chinese characters on a server."""
_one_at_a_time = threading.Lock()
"""Laying out takes a processor for seconds."""


def pdf_of(page: str) -> bytes:
    """Lay a page out on paper.

    Raises
    ------
    ConfigError
        If WeasyPrint or Pango are not installed; it says what to install.
    """
    try:
        from weasyprint import HTML  # noqa: PLC0415 - an extra, and slow to import
        from weasyprint.urls import URLFetcher  # noqa: PLC0415
    except (ImportError, OSError) as error:  # OSError: the package is there, a library of the system is not
        raise ConfigError(
            f"{INSTALL} ({str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__})"
        ) from None
    with _one_at_a_time:
        made: Any = HTML(string=page, url_fetcher=URLFetcher(allowed_protocols=())).write_pdf()
    return bytes(made)


def for_paper(svg: Markup) -> Markup:
    """Give a drawing its style: on paper it does not see that of the page around it."""
    head, bracket, rest = str(svg).partition(">")
    return Markup(f"{head}{bracket}<style>{_drawing_style()}</style>{rest}")  # noqa: S704 - a drawing of ours and files of ours


@cache
def _drawing_style() -> str:
    """Take the rules for drawings, by day, and put the colours into them that they name."""
    style = "\n".join((STATIC / name).read_text(encoding="utf-8") for name in ("style.css", "picture.css", "city.css"))
    style = _NOT_FOR_PAPER.sub("", style)
    colours = {name: colour.strip() for name, colour in re.findall(r"(--[\w-]+):\s*([^;}]+)", style)}
    colours["--font"] = _FONT
    rules = re.findall(r"(\.drawing [^\s{][^{}]*)\{([^{}]*)\}", style)
    written = "".join(f"{selector.replace('.drawing ', '').strip()}{{{body.strip()}}}" for selector, body in rules)
    return re.sub(r"var\((--[\w-]+)\)", lambda found: colours[found[1]], written)
