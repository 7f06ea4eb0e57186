"""The page of a machine with its parts, over HTTP: every kind, with and without data, by rights, and what its pictures show."""

import csv
import io
import math
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from html import escape, unescape

import httpx
import numpy as np
import pytest
import segno

from analytics import evidence
from dashboards.settings import WebSettings
from dashboards.texts import LANGUAGES
from device_profiles.kind import Label, kind_names, load_kind
from store.database import Database
from store.equipment import find_equipment, list_equipment
from store.nameplates import nameplate
from store.pictures import Pictures, write_pictures
from store.renames import Name, rename
from store.results import Finding, Kpi, Run, add_runs, write_findings, write_kpis
from store.work_orders import WorkOrder, open_work_order
from telemetry.bundle import Block
from tests.dashboards.alarm_plant import AWAY, HOME, LOW_LEVEL, AlarmPlant
from tests.dashboards.people import client_for
from tests.dashboards.plant import Filler, Plant, serving, wait_until
from tests.dashboards.test_pages import Checker

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)

PARTS = ("alarms", "results", "maintenance", "nameplate")
HTMX = {"HX-Request": "true"}
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def store(migrated_database: str) -> Iterator[Database]:
    with Database(migrated_database) as opened:
        yield opened


@pytest.fixture
def serve(database: str, settings_for: Callable[..., WebSettings]) -> Iterator[Callable[..., httpx.Client]]:
    """Start the app at the first call; each call signs somebody in."""
    clients: list[httpx.Client] = []
    with serving(settings_for()) as address:

        def sign_in(role: str = "operator", **asked: tuple[int, ...]) -> httpx.Client:
            clients.append(client_for(address, database, role=role, **asked))
            wait_until(lambda: clients[-1].get("/api/v1/equipment").json()["total"])
            return clients[-1]

        yield sign_in
        for client in clients:
            client.close()


@pytest.fixture
def boiler(filler: Filler, plant: Plant, store: Database) -> int:
    filler.commit(plant.boiler(time.time()))
    found = find_equipment(store, gateway=plant.gateway, name="boiler-1")
    assert found is not None
    return found.id


def rows_of(answer: httpx.Response) -> list[list[str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))


def text_of(page: httpx.Response) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page.text)).split())


def test_every_kind_has_a_page_whose_parts_stand_alone_too(
    filler: Filler, plant: Plant, serve: Callable[..., httpx.Client]
) -> None:
    now = time.time()
    batches = [plant.batch(f"{kind}-1", kind, {now: {load_kind(kind).state_signal or "": 1.0}}) for kind in kind_names()]
    filler.commit(plant.bundle(*batches, plant.batch("crane-1", "crane", {now: {"hook_load": 3.5}})))
    client = serve()
    for machine in client.get("/api/v1/equipment").json()["items"]:
        address, kind = f"/equipment/{machine['id']}", machine["kind"]
        known = load_kind(kind) if kind in kind_names() else None
        drawn = [f"pictures/{n}" for n, one in enumerate(known.pictures if known else ()) if one.form != "spectrum"]
        spectra = ["waveforms"] if known and len(drawn) < len(known.pictures) else []
        for language in LANGUAGES:
            page = client.get(address, params={"lang": language})
            assert page.status_code == 200
            assert Checker(page.text).problems == []
            assert set(re.findall(rf'hx-get="{address}/([^"]*)"', page.text)) == {*PARTS, *drawn, *spectra}
            assert page.text.count("<live-value") < 420
            if known:
                assert page.text.count("<tr data-signal=") == len(known.signals) - len(known.waveform_signals)
                assert str(getattr(known.label, language)) in unescape(page.text)
            for part in (*PARTS, *drawn, *spectra):
                fragment = client.get(f"{address}/{part}", headers=HTMX)
                assert (fragment.status_code, fragment.text.count("<main")) == (200, 0), f"{kind} {part}"
                assert Checker(fragment.text).problems == []
            assert client.get(f"{address}/label").status_code == 200
        for part in (PARTS[0], *drawn[:1]):
            assert client.get(f"{address}/{part}").text.count("<h1>") == 1
    assert "没有这个页面" in client.get("/equipment/2000000000?lang=zh").text
    assert [client.get(path).status_code for path in ("/equipment/2000000000", "/equipment/0", "/equipment/x")] == [404] * 3
    assert client.get(f"{address}/pictures/99").status_code == 404


def test_a_scatter_shows_the_median_of_each_bin_of_the_states_that_count(
    filler: Filler, plant: Plant, boiler: int, serve: Callable[..., httpx.Client]
) -> None:
    minute = time.time() // 60 * 60 - 3600
    line = {minute + 60 * n: {"state": 3, "burner_load": 10.0 * n, "flue_gas_oxygen": 8 - 0.5 * n} for n in range(1, 11)}
    stopped = {minute + 1200: {"state": 0, "burner_load": 50.0, "flue_gas_oxygen": 20.9}}
    filler.commit(plant.bundle(plant.batch("boiler-1", "boiler", line | stopped)))
    header, *rows = rows_of(serve().get(f"/equipment/{boiler}/pictures/0/numbers.csv?span=24h&lang=en"))
    assert header == ["Burner load (%)", "Points", "Median of Flue gas oxygen (%)"]
    assert {row[1] for row in rows} == {"1"}
    assert [float(row[2]) for row in rows] == pytest.approx([8 - 0.5 * n for n in range(1, 11)])
    assert "numbers.csv?span=7d" in serve().get(f"/equipment/{boiler}/pictures/0?span=7d", headers=HTMX).text


def test_a_heat_map_of_parts_has_a_row_for_each_and_a_column_for_each_hour(
    filler: Filler, plant: Plant, serve: Callable[..., httpx.Client], store: Database
) -> None:
    noon = (datetime.now(UTC) - timedelta(days=1)).replace(hour=4, minute=0, second=0, microsecond=0)  # 12:00 in Shanghai
    rows = {noon.timestamp() + 60 * n: {"string_current_1": 8.0 + 2 * n, "string_current_24": 5.0} for n in (0, 1)}
    filler.commit(plant.bundle(plant.batch("roof-1", "pv_inverter", rows)))
    roof = find_equipment(store, gateway=plant.gateway, name="roof-1")
    assert roof is not None
    header, *table = rows_of(serve().get(f"/equipment/{roof.id}/pictures/1/numbers.csv?span=7d&lang=en"))
    assert ([row[0] for row in table], len(header)) == ([str(n) for n in range(1, 25)], 25)
    assert [row[1:] for row in table if row[0] == "1"] == [[""] * 12 + ["9.0"] + [""] * 11]
    assert next(row for row in table if row[0] == "24")[13] == "5.0"


def test_a_record_is_shown_with_its_spectrum_and_the_spectrum_of_its_envelope(
    filler: Filler, plant: Plant, serve: Callable[..., httpx.Client], store: Database
) -> None:
    # A carrier of 3 at 300 Hz, modulated by half at 20 Hz: lines of 3 at 300 Hz and, of the envelope, of 1.5 at 20 Hz.
    start_us, t = round(time.time() - 100) * 1_000_000, np.arange(2000) / 1000
    samples = 3 * (1 + 0.5 * np.cos(2 * np.pi * 20 * t)) * np.sin(2 * np.pi * 300 * t)
    # It comes as a gateway sends what is too long for one block, and is one record all the same.
    block = Block("pump-1", "acceleration_waveform_drive", start_us, 1000.0, samples[:1200].astype("<f4").tobytes())
    rest = block._replace(start_us=start_us + 1_200_000, samples=samples[1200:].astype("<f4").tobytes())
    bundle = plant.bundle(plant.batch("pump-1", "motor", {time.time(): {"state": 2.0}}))
    filler.commit(bundle._replace(blocks=(block, rest)))
    motor = find_equipment(store, gateway=plant.gateway, name="pump-1")
    assert motor is not None
    client = serve()
    page = client.get(f"/equipment/{motor.id}/waveforms?lang=en&low=200&high=400", headers=HTMX)
    assert page.text.count("<svg") == 2
    assert re.findall(r'<option value="(\w+)"', page.text)[:3] == [
        "acceleration_waveform_drive",
        "acceleration_waveform_non_drive",
        "current_waveform_a",
    ]
    assert f"{3 * math.sqrt(0.5 * 1.125):.4g}" in text_of(page)  # root mean square
    asked: dict[str, str | int] = {"signal": block.signal, "start": start_us, "low": 200, "high": 400}
    address = f"/equipment/{motor.id}/waveforms"
    lines = {
        float(row[0]): (float(row[1]), float(row[2])) for row in rows_of(client.get(f"{address}/spectrum.csv", params=asked))[1:]
    }
    assert lines[300.0][0] == pytest.approx(3, rel=1e-3)
    assert lines[20.0][1] == pytest.approx(1.5, rel=1e-2)
    assert client.get(f"{address}/spectrum.csv", params=asked | {"start": 5}).status_code == 404
    wrong: list[dict[str, str | int]] = [
        {"signal": "state"},
        {"low": 400, "high": 200},
        {"start": 2**60},
        {"signal": "\x00"},
        {"high": "inf"},
    ]
    assert [client.get(address, params=one).status_code for one in wrong] == [404, 422, 404, 404, 404]


def test_an_operator_writes_the_log_and_a_viewer_does_not(
    boiler: int, serve: Callable[..., httpx.Client], store: Database
) -> None:
    address = f"/equipment/{boiler}/maintenance"
    order = WorkOrder(equipment_id=boiler, title="吹灰 <b>", opened_at=datetime.now(UTC), opened_by="li")
    open_work_order(store, order)
    operator, viewer = serve("operator"), serve("viewer")
    filled = {"work": "cleaning", "text": f"清灰 {SCRIPT}", "time": "2026-11-01T08:00", "hours": "1.5", "cost": ""}
    assert operator.post(address, data=filled, headers=HTMX, follow_redirects=False).headers["location"] == address
    page = operator.get(address, headers=HTMX)
    assert ("2026-11-01 08:00 清洗" in text_of(page), "吹灰 <b>" in text_of(page)) == (True, True)
    assert (SCRIPT in page.text, f"清灰 {escape(SCRIPT)}" in page.text) == (False, True)
    assert viewer.post(address, data=filled).status_code == 403
    assert "<form" not in viewer.get(address, headers=HTMX).text
    wrong = [{"work": "magic"}, {"text": ""}, {"text": "a\x00"}, {"hours": "nan"}, {"time": "0001-01-01T00:00"}, {"id": "3"}]
    assert {operator.post(address, data=filled | one).status_code for one in wrong} == {422}
    assert text_of(operator.get(address, headers=HTMX)).count("清洗") == 2  # the entry, and the choice of the form


def test_a_nameplate_is_filled_in_by_lines_and_shown_as_text(
    boiler: int, serve: Callable[..., httpx.Client], store: Database
) -> None:
    address = f"/equipment/{boiler}/nameplate"
    engineer = serve("engineer")
    filled = {
        "maker": f"济锅 {SCRIPT}",
        "model": "WNS10-1.25-Q",
        "made_year": "2019",
        "commissioned_on": "",
        "rated": "额定蒸发量: 10 t/h\n额定压力：1.25 MPa\n燃料: 天然气\n",
        "documents": "使用说明书 https://example.com/manual.pdf",
    }
    assert engineer.post(address, data=filled, follow_redirects=False).status_code == 303
    page = engineer.get(address, headers=HTMX)
    for told in ("额定蒸发量 10 t/h", "额定压力 1.25 MPa", "燃料 天然气", "制造年份 2019", "WNS10-1.25-Q"):
        assert told in text_of(page)
    assert SCRIPT not in page.text
    assert 'href="https://example.com/manual.pdf"' in page.text
    assert Checker(page.text).problems == []
    wrong = [
        {"rated": "no colon"},
        {"documents": "x javascript:alert(1)"},
        {"documents": "x //evil.example"},
        {"made_year": "99999999999"},
        {"maker": "a\nb"},
        {"owner": "me"},
    ]
    refused = [engineer.post(address, data=filled | one, headers=HTMX) for one in wrong]
    assert {answer.status_code for answer in refused} == {422}
    assert "no colon" in refused[0].text
    assert 'aria-invalid="true"' in refused[0].text
    kept = nameplate(store, boiler)
    assert kept is not None
    assert (kept.rated["额定蒸发量"], kept.rated["燃料"]) == ([10.0, "t/h"], ["天然气", ""])
    assert serve("viewer").post(address, data=filled).status_code == 403


def test_the_qr_code_holds_the_address_of_the_page(boiler: int, serve: Callable[..., httpx.Client]) -> None:
    client = serve()
    answer = client.get(f"/equipment/{boiler}/qr.svg")
    assert answer.headers["content-type"] == "image/svg+xml"
    expected = segno.make(f"{str(client.base_url).rstrip('/')}/equipment/{boiler}", error="m", micro=False)
    path = re.search(r'class="qrline"[^>]* d="([^"]*)"', answer.text)
    assert path is not None
    assert dark_modules(path[1], border=4) == {
        (x, y) for y, row in enumerate(expected.matrix) for x, module in enumerate(row) if module
    }
    assert f"/equipment/{boiler}" in client.get(f"/equipment/{boiler}/label").text


def test_a_label_that_bears_an_earlier_number_leads_to_the_machine(
    filler: Filler, plant: Plant, serve: Callable[..., httpx.Client], store: Database
) -> None:
    names = [Name(plant.gateway, name) for name in ("boiler-old", "boiler-new")]
    filler.commit(plant.boiler(time.time() - 90, name=names[0].name))
    filler.commit(plant.boiler(time.time() - 30, name=names[1].name))
    numbers = [one.id for one in list_equipment(store)]
    rename(store, *names, merge=True)
    client = serve()
    pages = [client.get(f"/equipment/{number}", follow_redirects=True) for number in numbers]
    assert ["<h1>boiler-new</h1>" in page.text for page in pages] == [True, True]
    assert len({page.url for page in pages}) == 1


def dark_modules(path: str, *, border: int) -> set[tuple[int, int]]:
    """Read the strokes of an SVG path (M, m, h) as the squares that they cover."""
    found: set[tuple[int, int]] = set()
    x, y = 0.0, 0.0
    for letter, numbers in re.findall(r"([Mmh])([-\d. ]+)", path):
        given = [float(number) for number in numbers.split()]
        if letter == "h":
            found |= {(round(x) + n - border, math.floor(y) - border) for n in range(round(given[0]))}
            x += given[0]
        else:
            x, y = (given[0], given[1]) if letter == "M" else (x + given[0], y + given[1])
    return found


def test_findings_and_figures_are_shown_and_their_absence_is_no_good_news(
    boiler: int, serve: Callable[..., httpx.Client], store: Database
) -> None:
    client, address = serve(), f"/equipment/{boiler}/results"
    assert "尚未评估" in client.get(address, headers=HTMX).text
    now = datetime.now(UTC)
    day = timedelta(days=1)
    text = {"zh": "省煤器积灰", "en": "Economiser fouled"}
    finding = Finding(
        equipment_id=boiler, analytic="a", code="c", title=text, severity="high", since=now, seen_at=now, confidence=0.8,
        advice={"zh": "吹灰", "en": "Blow soot"}, evidence=[{"form": "series"}], source="s",
    )  # fmt: skip
    write_findings(store, [finding])
    figures = [
        Kpi(equipment_id=boiler, name="efficiency", start=now - n * day, end=now - (n - 1) * day, value=90.0 + n, unit="%",
            uncertainty=0.6, analytic="a") for n in (1, 2, 3)
    ]  # fmt: skip
    missing = Kpi(equipment_id=boiler, name="loss", start=now - day, end=now, value=None, unit="%", validity="not_evaluated",
                  reason="no oxygen", analytic="a")  # fmt: skip
    write_kpis(store, [*figures, missing])
    shown = text_of(client.get(f"{address}?lang=en", headers=HTMX))
    for told in ("Economiser fouled", "with evidence", "80%", "efficiency a 91 ± 0.6 %", "not evaluated no oxygen"):
        assert told in shown
    assert "Not evaluated yet" not in shown


def test_a_finding_shows_its_curve_the_numbers_of_its_criterion_and_its_source(
    boiler: int, serve: Callable[..., httpx.Client], store: Database
) -> None:
    now, text = datetime.now(UTC), Label(zh="排烟温度残差", en="Residual of the stack temperature")
    times_us = np.array([1_795_000_000_000_000, 1_795_000_060_000_000])
    pieces = [
        evidence.inputs([("T_stack", 151.25, "°C")]),
        evidence.series(text, "K", times_us, {"residual": np.array([1.0, 12.5])}, band=(-3, 3)),
    ]
    finding = Finding(
        equipment_id=boiler, analytic="boiler_diagnosis", code="gas_side_fouling", title={"zh": "积灰", "en": "Fouled"},
        severity="medium", since=now, seen_at=now, confidence=0.8, advice={"zh": "吹灰", "en": "Blow soot"}, evidence=pieces,
        source="Miao 1999",
    )  # fmt: skip
    write_findings(store, [finding])
    answer = serve().get(f"/equipment/{boiler}/results?lang=en", headers=HTMX)
    _, _, evidence_of_it = answer.text.partition('<details class="evidence" open>')
    assert "<svg" in evidence_of_it
    for told in ("Residual of the stack temperature", "T_stack", "151.2", "Source : Miao 1999"):
        assert told.replace(" :", ":") in text_of(answer)


def test_what_an_analytic_has_drawn_stands_on_the_page(boiler: int, serve: Callable[..., httpx.Client], store: Database) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    text, one = Label(zh="图", en="Picture"), np.array([1.0, 2.0])
    times_us = np.array([0, 60_000_000])
    pieces = [
        evidence.curve(text, x=(text, "m/s"), y=(text, "kW"), lines={"a": (one, one)}, points=(one, one)),
        evidence.bars(text, "kWh", [text, "b"], {"x": one}),
        evidence.waterfall(text, "kWh", (text, 10.0), [(text, -1.5)]),
        evidence.heat_map(text, "1", ["r"], ["c", "d"], np.array([[1.0, np.nan]])),
        evidence.timeline(text, {"m": [(0, 60_000_000, "s")]}, {"s": text}),
        evidence.fan(text, "kW", times_us, one, {90: (one - 1, one + 1)}, actual=one),
        {"form": "unheard of"},
    ]
    write_pictures(store, [Pictures(boiler, "boiler_efficiency", now - timedelta(days=1), now, pieces)])
    # An older run that comes later changes nothing.
    write_pictures(store, [Pictures(boiler, "boiler_efficiency", now - timedelta(days=3), now - timedelta(days=2), [])])
    answer = serve().get(f"/equipment/{boiler}/results?lang=en", headers=HTMX)
    assert answer.text.count("<svg") == len(pieces) - 1
    assert "unheard of" in text_of(answer)
    assert "Not evaluated yet" not in text_of(answer)


def test_what_ran_and_why_nothing_came_of_it_is_told(boiler: int, serve: Callable[..., httpx.Client], store: Database) -> None:
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    ran = Run(
        analytic="boiler_efficiency", equipment_id=boiler, start=end - timedelta(days=1), end=end, result="not_evaluated",
        detail="missing_input: fuel_flow", seconds=0.01,
    )  # fmt: skip
    add_runs(store, [ran])
    client = serve()
    shown = text_of(client.get(f"/equipment/{boiler}/results?lang=en", headers=HTMX))
    assert "Input signal missing: fuel_flow" in shown
    (told,) = client.get(f"/api/v1/equipment/{boiler}/runs").json()["items"]
    assert (told["analytic"], told["not_evaluated"], told["last_detail"]) == ("boiler_efficiency", 1, "missing_input: fuel_flow")
    assert client.get(f"/api/v1/equipment/{boiler + 99}/runs").status_code == 404
    listed = client.get("/api/v1/analytics?kind=boiler").json()["items"]
    assert "boiler_efficiency" in [one["name"] for one in listed]
    assert client.get("/api/v1/analytics?kind=toaster").status_code == 404


def test_standing_alarms_and_their_journal_stand_on_the_page_of_their_machine(
    filler: Filler, store: Database, serve: Callable[..., httpx.Client]
) -> None:
    alarms = AlarmPlant(store, filler)
    alarms.alarm(LOW_LEVEL)
    client, address = serve(), f"/equipment/{alarms.equipment()}/alarms"
    wait_until(lambda: "未确认" in text_of(client.get(address, headers=HTMX)))
    page = client.get(address, headers=HTMX)
    assert ("发生" in page.text, "priority is-critical" in page.text) == (True, True)
    other = client.get(f"/equipment/{alarms.equipment(AWAY)}/alarms", headers=HTMX)
    assert ("没有报警" in other.text, "priority" in other.text) == (True, False)


def test_what_stands_at_another_site_is_not_there(filler: Filler, store: Database, serve: Callable[..., httpx.Client]) -> None:
    alarms = AlarmPlant(store, filler)
    home, away = alarms.equipment(HOME), alarms.equipment(AWAY)
    client = serve("engineer", sites=(alarms.sites[HOME],))
    parts = ("", "/label", "/qr.svg", "/waveforms", "/pictures/0", "/pictures/0/numbers.csv", *(f"/{part}" for part in PARTS))
    wait_until(lambda: client.get(f"/equipment/{home}").status_code == 200)
    assert {client.get(f"/equipment/{away}{part}").status_code for part in parts} == {404}
    for part in ("maintenance", "nameplate"):
        assert client.post(f"/equipment/{away}/{part}", data={"work": "other", "text": "x"}).status_code == 404
