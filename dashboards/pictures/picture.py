"""What a picture is: something to look at, and the same numbers as a table."""

import math
import re
from dataclasses import dataclass

from markupsafe import Markup, escape

from dashboards.pictures.figures import significant
from dashboards.texts import Language, translator

MOST_ROWS_SHOWN = 500
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A drawing with its table; the table's numbers are plain, so that a spreadsheet can calculate with them."""

    svg: Markup
    header: list[str]
    rows: list[tuple[object, ...]]

    def shown_rows(self) -> list[list[str]]:
        """Give the first rows as people read them."""
        return [[_cell(value) for value in row] for row in self.rows[:MOST_ROWS_SHOWN]]


class Drawing:
    """An SVG image under construction; every word that comes in is escaped."""

    def __init__(self, *, width: float, height: float, title: str = "", description: str = "", css: str = "") -> None:
        described = f"<title>{_words(title)}</title><desc>{_words(description)}</desc>" if title else ""
        role = 'role="img"' if title else 'aria-hidden="true"'
        size = f"{coordinate(width)} {coordinate(height)}"
        self._parts = [f'<svg class="drawing {css}" viewBox="0 0 {size}" {role}>{described}']

    def add(self, tag: str, css: str, *, words: str = "", tip: str = "", **attributes: float | str) -> None:
        """Add an element; ``text_anchor=`` becomes ``text-anchor=``, and a tip shows under the pointer."""
        given = "".join(
            f' {name.replace("_", "-")}="{_words(value) if isinstance(value, str) else coordinate(value)}"'
            for name, value in attributes.items()
        )
        content = (f"<title>{_words(tip)}</title>" if tip else "") + _words(words)
        self._parts.append(f'<{tag} class="{css}"{given}>{content}</{tag}>')

    def svg(self) -> Markup:
        return Markup("".join([*self._parts, "</svg>"]))  # noqa: S704 - add() and __init__() have escaped every word


def empty_picture(header: list[str], language: Language) -> Picture:
    """Say that there is nothing to draw, so that nobody takes an empty frame for a value of zero."""
    _ = translator(language)
    sentence = _("这段时间没有可画的数据")
    drawing = Drawing(width=640, height=120, title=sentence, description=sentence, css="is-empty")
    drawing.add("text", "empty-words", words=sentence, x=320, y=66, text_anchor="middle")
    return Picture(svg=drawing.svg(), header=header, rows=[])


def coordinate(number: float) -> str:
    """Write a coordinate in hundredths of a unit, which no eye can tell from the exact one."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


def _words(text: str) -> str:
    return str(escape(_NOT_XML.sub("", text)))


def _cell(value: object) -> str:
    if isinstance(value, float):
        return significant(value, digits=5) if math.isfinite(value) else ""
    return "" if value is None else str(value)
