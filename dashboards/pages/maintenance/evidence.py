"""What a finding rests on and what a result shows, drawn: as `analytics.evidence` has put it down.

Each piece is a dictionary with ``form``, perhaps a ``label`` in both languages and a ``unit``, and

* ``series``: ``times`` (milliseconds since 1970), ``columns`` (name to values), perhaps a ``band`` of two numbers;
* ``spectrum``: ``frequencies_hz``, ``amplitudes``, perhaps ``marks`` (pairs of hertz and text);
* ``curve``: ``x`` and ``y`` (each ``label`` and ``unit``), ``lines`` (name to two lists), perhaps ``points`` (two lists);
* ``bars``: ``categories``, ``columns``, ``stacked``;
* ``waterfall``: ``total`` and ``steps``, each a label and a number;
* ``heat_map``: ``rows``, ``columns``, ``values``;
* ``timeline``: ``lanes`` (name to spans of start, end and state), ``states`` (name to label);
* ``fan``: ``times``, ``median``, ``bands`` (per cent to two lists), perhaps ``actual``;
* ``table``: ``header`` and ``rows``.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from dashboards.pictures.bars import bars
from dashboards.pictures.curves import curves
from dashboards.pictures.fan import fan
from dashboards.pictures.heat_map import heat_map
from dashboards.pictures.line import line
from dashboards.pictures.picture import Picture
from dashboards.pictures.spectrum import spectrum
from dashboards.pictures.timeline import timeline
from dashboards.pictures.waterfall import waterfall
from dashboards.texts import Language, translator

Piece = Mapping[str, Any]


class Evidence(NamedTuple):
    """One piece: a picture, a table, or, where it can be neither, what was put down, as text."""

    title: str
    picture: Picture | None = None
    header: Sequence[str] = ()
    rows: Sequence[Sequence[object]] = ()
    text: str = ""


def drawn(pieces: Sequence[Piece], *, zone: str, language: Language) -> list[Evidence]:
    """Draw each piece; one that does not hold what its form promises is shown as it is, never left out."""
    return [_drawn(piece, zone, language) for piece in pieces]


def _drawn(piece: Piece, zone: str, language: Language) -> Evidence:
    try:
        title = str(piece.get("label", {}).get(language, ""))
        if piece["form"] == "table":
            return Evidence(title, header=[str(cell) for cell in piece["header"]], rows=[list(row) for row in piece["rows"]])
        return Evidence(title, _FORMS[piece["form"]](piece, zone, language))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return Evidence("", text=json.dumps(piece, ensure_ascii=False, indent=1))


def _series(piece: Piece, zone: str, language: Language) -> Picture:
    band = tuple(map(float, piece["band"])) if piece.get("band") else None
    return line(
        _microseconds(piece),
        {str(name): values for name, values in piece["columns"].items()},
        unit=_unit(piece),
        zone=zone,
        band=None if band is None else (band[0], band[1]),
        language=language,
    )


def _spectrum(piece: Piece, _zone: str, language: Language) -> Picture:
    marks = [(float(hertz), str(text)) for hertz, text in piece.get("marks", ())]
    return spectrum(piece["frequencies_hz"], piece["amplitudes"], unit=_unit(piece), marks=marks, language=language)


def _curve(piece: Piece, _zone: str, language: Language) -> Picture:
    x, y = piece["x"], piece["y"]
    return curves(
        {str(name): (across, up) for name, (across, up) in piece["lines"].items()},
        tuple(piece["points"]) if piece.get("points") else None,
        x_label=_words(x["label"], language),
        x_unit=str(x["unit"]),
        y_label=_words(y["label"], language),
        y_unit=str(y["unit"]),
        language=language,
    )


def _bars(piece: Piece, _zone: str, language: Language) -> Picture:
    categories = [_words(one, language) for one in piece["categories"]]
    columns = {str(name): values for name, values in piece["columns"].items()}
    return bars(categories, columns, unit=_unit(piece), stacked=bool(piece["stacked"]), language=language)


def _waterfall(piece: Piece, _zone: str, language: Language) -> Picture:
    total, *steps = ((_words(name, language), float(value)) for name, value in (piece["total"], *piece["steps"]))
    return waterfall(total, steps, unit=_unit(piece), rest=translator(language)("余下"), language=language)


def _heat_map(piece: Piece, _zone: str, language: Language) -> Picture:
    values = [[float("nan") if value is None else float(value) for value in row] for row in piece["values"]]
    return heat_map(values, row_labels=piece["rows"], column_labels=piece["columns"], unit=_unit(piece), language=language)


def _timeline(piece: Piece, zone: str, language: Language) -> Picture:
    lanes = {
        str(lane): [(int(start) * 1000, int(end) * 1000, str(state), "") for start, end, state in of]
        for lane, of in piece["lanes"].items()
    }
    return timeline(lanes, {name: _words(of, language) for name, of in piece["states"].items()}, zone=zone, language=language)


def _fan(piece: Piece, zone: str, language: Language) -> Picture:
    return fan(
        _microseconds(piece),
        piece["median"],
        {int(percent): (low, high) for percent, (low, high) in piece["bands"].items()},
        actual=piece.get("actual"),
        unit=_unit(piece),
        zone=zone,
        language=language,
    )


_FORMS: Mapping[str, Callable[[Piece, str, Language], Picture]] = {
    "series": _series,
    "spectrum": _spectrum,
    "curve": _curve,
    "bars": _bars,
    "waterfall": _waterfall,
    "heat_map": _heat_map,
    "timeline": _timeline,
    "fan": _fan,
}


def _microseconds(piece: Piece) -> list[int]:
    return [int(time) * 1000 for time in piece["times"]]


def _unit(piece: Piece) -> str:
    return str(piece.get("unit", ""))


def _words(label: object, language: Language) -> str:
    """A text in both languages, or one that needs none."""
    return str(label[language]) if isinstance(label, Mapping) else str(label)
