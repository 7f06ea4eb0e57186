"""High-rate records of a machine, with the spectrum of one of them and the spectrum of its envelope."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import numpy as np
from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, StreamingResponse

from analytics.vibration.spectra import envelope_spectrum_of
from dashboards.context import CurrentDatabase, CurrentSettings, language_of
from dashboards.csv_table import csv_response
from dashboards.error_answers import not_found
from dashboards.live.state import Machine
from dashboards.pages.equipment.machine import SeenMachine, show_part
from dashboards.pictures.spectrum import spectrum
from dashboards.reports.machine_pictures import lines_of
from dashboards.security.access import Reader
from dashboards.texts import translator
from device_profiles.kind import Kind
from store.database import Database
from store.readings import Waveform, waveforms

router = APIRouter()

MOST_RECORDS = 20
KEPT = timedelta(days=400)
"""Records older than this are not looked for."""
ENVELOPE_SHARES = 0.125, 0.45
"""Where nobody chooses a band: from an eighth of the sampling rate, above most shaft harmonics, to below the filter's edge."""

MICROSECONDS = timedelta(microseconds=1)
SignalName = Annotated[str, Query(max_length=63)]
StartMicroseconds = Annotated[int | None, Query(ge=0, le=2**53, description="start of the record; the newest where left out")]
Hertz = Annotated[float | None, Query(gt=0, le=1e7, allow_inf_nan=False)]


@dataclass(frozen=True, kw_only=True)
class Record:
    """One row of the list."""

    start_us: int
    start: datetime
    rate_hz: float
    seconds: float
    rms: float
    is_chosen: bool


def recorded_signals(kind: Kind) -> list[str]:
    """Name the signals of which a kind shows spectra, and its other waveforms."""
    spectra = [picture.y for picture in kind.pictures if picture.form == "spectrum"]
    return list(dict.fromkeys([*spectra, *kind.waveform_signals]))


@router.get("/waveforms", response_class=HTMLResponse)
def machine_waveforms(
    *,
    request: Request,
    machine: SeenMachine,
    _viewer: Reader,
    database: CurrentDatabase,
    signal: SignalName = "",
    start: StartMicroseconds = None,
    low: Hertz = None,
    high: Hertz = None,
) -> HTMLResponse:
    language = language_of(request)
    _ = translator(language)
    signals = recorded_signals(machine.kind)
    signal = _chosen_signal(signal, signals)
    now = datetime.now(UTC)
    records = waveforms(database, machine.equipment.id, signal, start=now - KEPT, end=now, limit=MOST_RECORDS)
    chosen = None if start is None else _record_at(database, machine, signal, start)
    chosen = chosen or next(iter(records), None)
    pictures: dict[str, Any] = {}
    if chosen is not None:
        low_hz, high_hz = _band(chosen, low, high)
        unit = machine.kind.signals[signal].unit
        pictures = {
            "low_hz": low_hz,
            "high_hz": high_hz,
            "start_us": _microseconds(chosen),
            "spectrum": spectrum(*lines_of(chosen.samples, chosen.rate_hz), unit=unit, language=language),
            "envelope": spectrum(*_envelope(chosen, low_hz, high_hz), unit=unit, language=language),
        }
    return show_part(
        request,
        machine,
        "waveforms.html",
        _("波形与频谱"),
        signals=[(name, getattr(machine.kind.signals[name].label, language)) for name in signals],
        signal=signal,
        signal_unit=machine.kind.signals[signal].unit,
        records=[_record(one, chosen) for one in records],
        **pictures,
    )


@router.get("/waveforms/spectrum.csv", response_class=StreamingResponse)
def spectrum_numbers(
    *,
    machine: SeenMachine,
    _viewer: Reader,
    database: CurrentDatabase,
    settings: CurrentSettings,
    signal: SignalName,
    start: Annotated[int, Query(ge=0, le=2**53)],
    low: Hertz = None,
    high: Hertz = None,
) -> StreamingResponse:
    """Give the lines of a record's spectrum and of its envelope's as a table for spreadsheets."""
    signal = _chosen_signal(signal, recorded_signals(machine.kind))
    chosen = _record_at(database, machine, signal, start)
    if chosen is None:
        raise not_found("such record")
    frequencies_hz, amplitudes = lines_of(chosen.samples, chosen.rate_hz)
    _, envelope = _envelope(chosen, *_band(chosen, low, high))
    unit = machine.kind.signals[signal].unit
    taken = chosen.start.astimezone(ZoneInfo(settings.time_zone))
    rows = zip(np.asarray(frequencies_hz).tolist(), np.asarray(amplitudes).tolist(), np.asarray(envelope).tolist(), strict=True)
    header = ["Hz", f"{signal} ({unit})", f"envelope ({unit})"]
    return csv_response(f"{machine.equipment.name}_{signal}_{taken:%Y%m%dT%H%M%S}", header, rows)


def _chosen_signal(name: str, signals: list[str]) -> str:
    if not signals or (name and name not in signals):
        raise not_found(f"record of {name or 'any signal'}")
    return name or signals[0]


def _record_at(database: Database, machine: Machine, signal: str, start_us: int) -> Waveform | None:
    at = datetime.fromtimestamp(0, UTC) + start_us * MICROSECONDS
    return next(iter(waveforms(database, machine.equipment.id, signal, start=at, end=at + MICROSECONDS, limit=1)), None)


def _band(record: Waveform, low: float | None, high: float | None) -> tuple[float, float]:
    low_hz, high_hz = low or record.rate_hz * ENVELOPE_SHARES[0], high or record.rate_hz * ENVELOPE_SHARES[1]
    if not 0 < low_hz < high_hz <= record.rate_hz / 2:
        raise HTTPException(422, f"low, high: the band must lie below {record.rate_hz / 2:g} Hz, half the sampling rate")
    return low_hz, high_hz


def _envelope(record: Waveform, low_hz: float, high_hz: float) -> tuple[Any, Any]:
    try:
        return envelope_spectrum_of(record.samples, rate_hz=record.rate_hz, low_hz=low_hz, high_hz=high_hz)
    except ValueError:  # too short
        return (), ()


def _record(one: Waveform, chosen: Waveform | None) -> Record:
    samples = one.samples.astype(float)
    return Record(
        start_us=_microseconds(one),
        start=one.start,
        rate_hz=one.rate_hz,
        seconds=len(samples) / one.rate_hz if one.rate_hz > 0 else 0.0,
        rms=float(np.sqrt(np.mean((samples - samples.mean()) ** 2))) if len(samples) else 0.0,
        is_chosen=chosen is not None and one.start == chosen.start,
    )


def _microseconds(record: Waveform) -> int:
    return (record.start - datetime.fromtimestamp(0, UTC)) // MICROSECONDS
