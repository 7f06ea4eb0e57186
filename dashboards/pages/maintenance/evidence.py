"""What a finding rests on, drawn: curves, spectra and tables as an analytic has put them down.

Each piece is a dictionary with ``form``, perhaps a ``label`` in both languages and a ``unit``, and

* ``series``: ``times`` (milliseconds since 1970), ``columns`` (name to values), perhaps a ``band`` of two numbers;
* ``spectrum``: ``frequencies_hz``, ``amplitudes``, perhaps ``marks`` (pairs of hertz and text);
* ``table``: ``header`` and ``rows``.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from dashboards.pictures.line import line
from dashboards.pictures.picture import Picture
from dashboards.pictures.spectrum import spectrum
from dashboards.texts import Language


class Evidence(NamedTuple):
    """One piece: a picture, a table, or, where it can be neither, what was put down, as text."""

    title: str
    picture: Picture | None = None
    header: Sequence[str] = ()
    rows: Sequence[Sequence[object]] = ()
    text: str = ""


def drawn(pieces: Sequence[Mapping[str, Any]], *, zone: str, language: Language) -> list[Evidence]:
    """Draw each piece; one that does not hold what its form promises is shown as it is, never left out."""
    return [_drawn(piece, zone, language) for piece in pieces]


def _drawn(piece: Mapping[str, Any], zone: str, language: Language) -> Evidence:
    try:
        title = str(piece.get("label", {}).get(language, ""))
        match piece["form"]:
            case "series":
                times_us = [int(time) * 1000 for time in piece["times"]]
                band = tuple(map(float, piece["band"])) if piece.get("band") else None
                picture = line(
                    times_us,
                    {str(name): values for name, values in piece["columns"].items()},
                    unit=str(piece.get("unit", "")),
                    zone=zone,
                    band=None if band is None else (band[0], band[1]),
                    language=language,
                )
                return Evidence(title, picture)
            case "spectrum":
                marks = [(float(hertz), str(text)) for hertz, text in piece.get("marks", ())]
                picture = spectrum(
                    piece["frequencies_hz"], piece["amplitudes"], unit=str(piece.get("unit", "")), marks=marks, language=language
                )
                return Evidence(title, picture)
            case "table":
                return Evidence(title, header=[str(cell) for cell in piece["header"]], rows=[list(row) for row in piece["rows"]])
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        title = ""
    return Evidence("", text=json.dumps(piece, ensure_ascii=False, indent=1))
