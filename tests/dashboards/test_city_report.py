"""The city's report: what a frozen count says, on paper, as a page and as a file, and what to do where it cannot be made."""

import argparse
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from markupsafe import Markup
from playwright.sync_api import sync_playwright

from dashboards.city_report.commands import add_commands
from dashboards.city_report.pdf import for_paper, pdf_of
from store.city_plans import Plan, Target, save_plan
from store.database import Database
from telemetry.errors import ConfigError
from tests.dashboards.axe import violations
from tests.dashboards.people import client_for, cookies_for
from tests.dashboards.plant import serving
from tests.registry import counted_city
from tests.registry.city import CITY
from tests.registry.counted_city import CountedCity

on_one_server = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
HEADINGS = ("摘要", "计划完成情况", "计数漏斗", "区域", "设备类型", "趋势", "数据质量", "规则与校验")


@pytest.fixture
def counted(migrated_database: str) -> CountedCity:
    with Database(migrated_database) as opened, opened.connection() as connection:
        return counted_city.fill(connection)


@pytest.fixture
def client(counted: CountedCity, database: str, settings_for: Any) -> Iterator[httpx.Client]:
    with serving(settings_for()) as address, client_for(address, database, role="evaluator") as made:
        yield made


@pytest.fixture
def typeset() -> None:
    try:
        pdf_of("<p>1</p>")
    except ConfigError as error:
        pytest.skip(str(error))


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    add_commands(parser.add_subparsers())
    chosen = parser.parse_args(["report", "city", *arguments])
    return int(chosen.run(chosen))


def add_plan(database: str, low: int) -> None:
    """Add a plan that runs in 2026 with a target for the city and one that names no number for a county."""
    span: dict[str, Any] = {"first_day": date(2026, 1, 1), "last_day": date(2026, 12, 31)}
    plan = Plan(
        code="plan-2026", area=CITY, label_zh="2026 年计划", label_en="Plan of 2026", document="文件", loaded_by="test", **span
    )
    of_city = Target(code="a", counter="on_cloud", low=Decimal(low), document="文件", clause="一", **span)
    of_county = Target(
        code="b", counter="on_cloud", dimension="area", member="jining-qufu", low=None, document="文件", clause="附件3", **span
    )
    with Database(database) as opened, opened.connection() as connection:
        save_plan(connection, plan, [], [of_city, of_county])


@on_one_server
def test_the_report_has_all_its_parts_with_the_figures_of_the_count_its_rule_and_its_hash(
    client: httpx.Client, counted: CountedCity
) -> None:
    page = client.get(f"/city/report/{counted.months[-1]}").text
    assert all(heading in page for heading in HEADINGS)
    told = client.get("/city/report").text
    assert f"/city/report/{counted.months[-1]}/pdf" in told
    with_hash = re.search(r'class="hash">([0-9a-f]{64})<', page)
    assert with_hash is not None
    assert "window_days" in page
    assert "这段时间没有下达目标" in page


@on_one_server
def test_a_target_stands_beside_what_was_reached_and_one_that_was_not_issued_is_never_0(
    client: httpx.Client, counted: CountedCity, database: str
) -> None:
    add_plan(database, low=68)
    page = re.sub(r"\s+", " ", client.get(f"/city/report/{counted.months[-1]}").text)
    assert '上云企业（累计） </th><td class="right">68</td><td class="right">34</td><td class="right">50.0%</td>' in page
    assert '曲阜市</th><td class="right">未下达目标</td>' in page
    assert "未下达目标" in client.get("/city").text
    assert "plan" in client.get("/city/tables/plan.csv?lang=en").headers["content-disposition"]


@on_one_server
def test_a_count_that_was_corrected_names_the_one_that_counts(client: httpx.Client, counted: CountedCity, database: str) -> None:
    old = counted.months[-1]
    with Database(database) as opened, opened.connection() as connection:
        new = counted_city.freeze(connection, counted, form="month", last=date(2026, 10, 31), fewer=0, replaces=old)
    assert f"已被快照 {new} 更正" in client.get(f"/city/report/{old}").text
    assert f"更正快照 {old}" in client.get(f"/city/report/{new}").text


@on_one_server
def test_the_pdf_holds_its_chinese_fonts_page_numbers_and_all_of_its_text(
    client: httpx.Client, counted: CountedCity, typeset: None, tmp_path: Path
) -> None:
    answer = client.get(f"/city/report/{counted.months[-1]}/pdf")
    assert answer.headers["content-type"] == "application/pdf"
    assert f"city-{CITY}-month-2026-10-31.pdf" in answer.headers["content-disposition"]
    assert answer.content.startswith(b"%PDF")
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed, so nobody reads the PDF")
    file = tmp_path / "report.pdf"
    file.write_bytes(answer.content)
    text = subprocess.run(["pdftotext", "-layout", file, "-"], capture_output=True, text=True, check=True).stdout.replace(
        " / ", "/"
    )
    assert all(heading in text for heading in HEADINGS)
    pages = text.removesuffix("\f").split("\f")
    assert [page.split()[-1] for page in pages] == [f"{number}/{len(pages)}" for number in range(1, len(pages) + 1)]
    assert "济宁经济技术开发区" in text


def test_a_drawing_on_paper_has_its_colours_in_itself() -> None:
    drawn = for_paper(Markup('<svg class="drawing" viewBox="0 0 1 1"><rect class="series-1"></rect></svg>'))
    assert "var(" not in drawn
    assert ".series-1{fill: #" in drawn
    assert drawn.startswith('<svg class="drawing" viewBox="0 0 1 1"><style>')


def test_a_report_fetches_nothing(typeset: None) -> None:
    assert pdf_of('<img src="http://127.0.0.1:1/x.png"><p>1</p>').startswith(b"%PDF")
    assert pdf_of('<img src="file:///etc/passwd"><p>1</p>').startswith(b"%PDF")


@on_one_server
def test_without_the_typesetter_the_page_and_the_command_say_what_to_install(
    client: httpx.Client, counted: CountedCity, database: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    answer = client.get(f"/city/report/{counted.months[-1]}/pdf?lang=en")
    assert answer.status_code == 503
    assert "apt-get install libpango-1.0-0" in answer.text
    assert f"/city/report/{counted.months[-1]}" in answer.text
    with pytest.raises(ConfigError, match="pip install 'shangyun\\[city\\]'"):
        run(str(tmp_path / "report.pdf"), "--database", database)
    assert run(str(tmp_path / "report.html"), "--database", database, "--language", "en") == 0
    written = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "report on enterprises on the cloud" in written
    assert "/static/" not in written  # it stands by itself


@on_one_server
@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["report.docx"], "neither .pdf nor .html"),
        (["report.html", "--form", "year"], "no year is frozen yet"),
        (["report.html", "--area", "nowhere"], "no month of nowhere is frozen yet"),
        (["report.html", "--snapshot", "999"], "there is no count 999"),
        (["report.html", "--zone", "Mars/Olympus"], "--zone"),
        (["/nowhere/report.html"], "No such file"),
    ],
)
def test_a_wrong_command_says_what_is_wrong_with_it(
    arguments: list[str], problem: str, counted: CountedCity, database: str
) -> None:
    with pytest.raises(ConfigError, match=problem):
        run(*arguments, "--database", database)


@on_one_server
@pytest.mark.browser
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_report_as_a_page_fits_a_telephone_and_can_be_used_by_everybody(
    *, client: httpx.Client, counted: CountedCity, database: str, chromium: str, built_vendor: None, language: str
) -> None:
    address = str(client.base_url)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        context = browser.new_context(base_url=address, viewport={"width": 1200, "height": 900}, color_scheme="dark")
        context.add_cookies(cookies_for(address, database, role="evaluator"))  # type: ignore[arg-type]
        page = context.new_page()
        wrong: list[str] = []
        page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
        page.goto(f"/city/report/{counted.months[-1]}?lang={language}")
        assert violations(page, language=language) == []
        page.screenshot(path=f"test-output/page-city-report-{language}.png", full_page=True)
        page.set_viewport_size({"width": 360, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert wrong == []
        browser.close()
