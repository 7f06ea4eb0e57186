"""The pages about alarms as markup: what stands in them for whom, and what their forms do."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import httpx
import pytest

from analytics.alarms.acts import ProcessChange
from dashboards.texts import LANGUAGES
from store.alarms import ConditionKey
from tests.dashboards.alarm_plant import AWAY, HOME, LOW_LEVEL, PRESSURE, RULES, AlarmPlant
from tests.dashboards.plant import wait_until

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)

FLOW = "boiler.steam_flow.high"
HTMX = {"HX-Request": "true"}
PAGES = ("/alarms", "/alarms?view=shelved", "/alarms/journal", "/alarms/performance?days=1", "/alarms/rules")


class Page(HTMLParser):
    """What a page says, the links and buttons that it offers, and what the strict policy forbids."""

    def __init__(self, client: httpx.Client, address: str, **headers: str) -> None:
        super().__init__()
        answer = client.get(address, headers=headers)
        assert answer.status_code == 200, answer.text
        self.markup = answer.text
        self.words: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.forbidden: list[str] = []
        self._silent = 0
        self.feed(self.markup)

    @property
    def text(self) -> str:
        return " ".join(self.words)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._silent += tag in {"script", "style"}
        self.links += [value for name, value in attrs if name in {"href", "action"} and value]
        self.ids += [given["id"] or ""] if "id" in given else []
        if tag == "style" or "style" in given or any(name.startswith("on") for name in given):
            self.forbidden.append(f"<{tag}> {given}")
        if (
            tag in {"input", "select", "textarea"}
            and given.get("type") != "hidden"
            and "id" not in given
            and "value" not in given
        ):
            self.forbidden.append(f"<{tag}> without a label: {given}")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in {"script", "style"}

    def handle_data(self, data: str) -> None:
        if not self._silent and data.strip():
            self.words.append(" ".join(data.split()))


def wait_for(client: httpx.Client, count: int) -> None:
    def there() -> bool:
        answer = client.get("/api/v1/alarms")
        return answer.status_code == 200 and answer.json()["total"] == count

    wait_until(there)


def test_every_page_renders_in_both_languages_with_and_without_alarms(
    alarms: AlarmPlant, people: Callable[..., httpx.Client]
) -> None:
    client = people()
    wait_for(client, 0)
    assert "所有设备都在报警限值以内" in Page(client, "/alarms").text
    alarms.alarm(LOW_LEVEL)
    wait_for(client, 1)
    for address in (*PAGES, f"/alarms/rules/{FLOW}", "/alarms/act/shelve?ids=1"):
        for language in LANGUAGES:
            page = Page(client, f"{address}{'&' if '?' in address else '?'}lang={language}")
            assert page.forbidden == []
            assert page.markup.count("<h1") == 1
            assert len(page.ids) == len(set(page.ids)), address
            if language == "en":
                main = page.markup[page.markup.index("<main") :]
                assert not re.search(r"[\u4e00-\u9fff]", main.replace("厂区", "")) or "rules/" in address, address
    client.get("/?lang=zh")
    assert "没有符合条件的报警" in Page(client, "/alarms?search=none").text


def test_a_row_says_what_happens_and_what_to_do_and_offers_what_its_reader_may(
    alarms: AlarmPlant, people: Callable[..., httpx.Client]
) -> None:
    alarm = alarms.alarm(LOW_LEVEL, value=-81.5)
    operator = people("operator")
    wait_for(operator, 1)
    page = Page(operator, "/alarms")
    for said in (
        "紧急",
        "未确认",
        "boiler-1",
        "mm",
        RULES[LOW_LEVEL].title.zh,
        RULES[LOW_LEVEL].action.zh,
        RULES[LOW_LEVEL].consequence.zh,
    ):
        assert said in page.text, said
    assert f"/equipment/{alarms.equipment()}" in page.links
    assert f"/alarms/act/acknowledge?ids={alarm}" in page.links
    assert f"/alarms/act/shelve?ids={alarm}" in page.links
    assert f"/alarms/act/out-of-service?ids={alarm}" not in page.links
    assert f"pick-{alarm}" not in page.ids  # critical ones are not chosen in bulk
    assert not [link for link in Page(people("viewer"), "/alarms").links if "/act/" in link]


def test_htmx_gets_the_list_alone_which_brings_the_address_to_refresh_itself(
    alarms: AlarmPlant, people: Callable[..., httpx.Client]
) -> None:
    alarms.alarm(LOW_LEVEL)
    client = people()
    wait_for(client, 1)
    part = Page(client, "/alarms?priority=critical&sort=-since", **HTMX)
    assert "<html" not in part.markup
    assert 'hx-get="/alarms?priority=critical&amp;sort=-since"' in part.markup
    assert "<html" not in Page(client, "/alarms/act/shelve?ids=1", **HTMX).markup


def test_a_form_acknowledges_with_a_note_that_is_shown_as_text(alarms: AlarmPlant, people: Callable[..., httpx.Client]) -> None:
    alarm, note = alarms.alarm(LOW_LEVEL), '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
    client = people("operator")
    wait_for(client, 1)
    done = client.post("/alarms/act/acknowledge", data={"ids": alarm, "note": note}, headers=HTMX)
    assert (done.status_code, done.headers["hx-trigger"]) == (204, "alarms-acted")
    wait_until(lambda: client.get("/api/v1/alarms").json()["items"][0]["state"] == "acknowledged")
    for address in ("/alarms", f"/alarms/journal?alarm={alarm}"):
        page = Page(client, address)
        assert "<script>alert" not in page.markup
        assert "<img" not in page.markup[page.markup.index("<main") :]
        assert page.forbidden == []
        assert note in page.text
    again = client.post("/alarms/act/acknowledge", data={"ids": alarm})
    assert again.status_code == 409
    assert "没有待确认的报警" in again.text
    assert people("viewer").post("/alarms/act/acknowledge", data={"ids": alarm}).status_code == 403


@pytest.mark.parametrize("back", ["/alarms?kind=boiler&sort=-since", "/equipment/7"])
def test_without_script_a_form_leads_back_to_the_list_that_one_came_from(
    alarms: AlarmPlant, people: Callable[..., httpx.Client], back: str
) -> None:
    alarm, client = alarms.alarm(LOW_LEVEL), people("operator")
    wait_for(client, 1)
    page = client.get(f"/alarms/act/acknowledge?ids={alarm}", headers={"Referer": str(client.base_url.join(back))})
    assert "hx-post" not in page.text, "the page itself has no dialog that a script could close"
    assert f'name="back" value="{back.replace("&", "&amp;")}"' in page.text
    done = client.post("/alarms/act/acknowledge", data={"ids": alarm, "back": back}, follow_redirects=False)
    assert (done.status_code, done.headers["location"]) == (303, back)


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example/", "/alarms\\evil", "/logout"])
def test_a_form_leads_nowhere_else(alarms: AlarmPlant, people: Callable[..., httpx.Client], back: str) -> None:
    alarm, client = alarms.alarm(LOW_LEVEL), people("operator")
    wait_for(client, 1)
    assert client.post("/alarms/act/acknowledge", data={"ids": alarm, "back": back}).status_code == 422
    page = client.get(f"/alarms/act/acknowledge?ids={alarm}", headers={"Referer": back})
    assert 'name="back" value="/alarms"' in page.text


def test_several_with_a_critical_one_among_them_are_refused_in_the_form(
    alarms: AlarmPlant, people: Callable[..., httpx.Client]
) -> None:
    ids = [alarms.alarm(LOW_LEVEL), alarms.alarm(PRESSURE)]
    client = people("operator")
    wait_for(client, 2)
    answer = client.post("/alarms/act/acknowledge", data={"ids": ids}, headers=HTMX)
    assert answer.status_code == 200
    assert "紧急报警须逐条确认" in answer.text
    assert {row["state"] for row in client.get("/api/v1/alarms").json()["items"]} == {"unacknowledged"}


def test_a_shelved_alarm_moves_to_its_tab_with_reason_and_end(alarms: AlarmPlant, people: Callable[..., httpx.Client]) -> None:
    alarm = alarms.alarm(PRESSURE)
    client = people("operator")
    wait_for(client, 1)
    form = Page(client, f"/alarms/act/shelve?ids={alarm}")
    assert "10 分钟" in form.text
    assert "8 小时" in form.text
    without_reason = client.post("/alarms/act/shelve", data={"ids": alarm, "minutes": 60})
    assert "搁置须填写原因" in without_reason.text
    done = client.post("/alarms/act/shelve", data={"ids": alarm, "minutes": 60, "note": "校验压力表"})
    assert (done.status_code, done.headers["location"]) == (303, "/alarms")
    wait_for(client, 0)
    assert "校验压力表" in Page(client, "/alarms?view=shelved").text
    assert "没有报警" in Page(client, "/alarms").text


def test_an_alarm_that_returned_unacknowledged_stays_in_the_list(alarms: AlarmPlant, people: Callable[..., httpx.Client]) -> None:
    alarms.alarm(LOW_LEVEL, seconds_ago=60)
    alarms.alarm(LOW_LEVEL, is_active=False)
    client = people()
    wait_for(client, 1)
    page = Page(client, "/alarms")
    assert "已恢复，未确认" in page.text
    assert "恢复于" in page.text


def test_a_flood_is_grouped_under_a_banner_with_the_first_one_marked(
    alarms: AlarmPlant, people: Callable[..., httpx.Client]
) -> None:
    machine, began = alarms.equipment(), datetime.now(UTC) - timedelta(seconds=20)
    alarms.alarm(LOW_LEVEL, gateway=AWAY, seconds_ago=3600)
    rules = [name for name in RULES if not name.endswith((".stale", ".bad_quality", "low_low"))][:20]
    alarms.record(
        ProcessChange(ConditionKey(machine, rule), began + timedelta(seconds=number / 10), is_active=True)
        for number, rule in enumerate(rules)
    )
    client = people()
    wait_for(client, 21)
    page = Page(client, "/alarms")
    assert "flood-banner" in page.markup
    assert client.get("/api/v1/alarms/summary").json()["flood"] is True
    flood = page.markup[page.markup.index('<tbody class="flood"') : page.markup.index("</tbody>")]
    assert flood.count("<tr id=") == int(re.findall(r"报警泛滥：(\d+) 条", flood)[0]) >= 10
    first = flood[flood.index("<tr id=") : flood.index("</tr>", flood.index("<tr id="))]
    assert "first-out" in first
    assert RULES[rules[0]].title.zh in first
    assert AWAY not in flood


def test_what_is_at_another_site_is_on_no_page(alarms: AlarmPlant, people: Callable[..., httpx.Client]) -> None:
    away = alarms.alarm(LOW_LEVEL, gateway=AWAY, name="secret-boiler")
    client = people("engineer", HOME)
    wait_for(people(), 1)
    for address in PAGES:
        page = Page(client, address)
        assert "secret-boiler" not in page.markup
        assert AWAY not in page.markup
    assert client.get(f"/alarms/act/acknowledge?ids={away}").status_code == 404
    assert client.post("/alarms/act/acknowledge", data={"ids": away}).status_code == 404
    assert client.get(f"/alarms/performance?site={alarms.sites[AWAY]}").status_code == 404


def test_a_limit_is_unverified_until_somebody_saves_its_rule(alarms: AlarmPlant, people: Callable[..., httpx.Client]) -> None:
    client = people("engineer")
    listed = Page(client, "/alarms/rules?search=steam_flow")
    assert "未核实" in listed.text
    assert f"/alarms/rules/{FLOW}" in listed.links
    rule = RULES[FLOW]
    given = {
        "version": 1, "value": "11.5", "deadband": "0.2", "on_delay_seconds": "20", "off_delay_seconds": "5", "priority": "high",
        "respond_within_minutes": "15", "consequence_zh": rule.consequence.zh, "consequence_en": rule.consequence.en,
        "action_zh": rule.action.zh, "action_en": rule.action.en, "enabled": "true",
    }  # fmt: skip
    wrong = client.post(f"/alarms/rules/{FLOW}", data=given | {"value": "much", "priority": "urgent"})
    assert wrong.status_code == 422
    assert "priority" in wrong.text
    assert client.post(f"/alarms/rules/{FLOW}", data=given).status_code == 303
    saved = Page(client, "/alarms/rules?search=steam_flow")
    assert "未核实" not in saved.text
    assert "11.5 t/h" in saved.text
    assert "刚被别人改动过" in client.post(f"/alarms/rules/{FLOW}", data=given).text
    assert people("operator").get(f"/alarms/rules/{FLOW}").status_code == 403


def test_the_tables_of_the_performance_can_be_downloaded(alarms: AlarmPlant, people: Callable[..., httpx.Client]) -> None:
    alarms.alarm(PRESSURE)
    client = people()
    page = Page(client, "/alarms/performance?days=7")
    assert "统计期短于 30 天" in page.text
    assert "统计期短于 30 天" not in Page(client, "/alarms/performance").text
    for link in [link for link in page.links if ".csv" in link]:
        table = client.get(link)
        assert table.status_code == 200
        assert table.content.startswith(b"\xef\xbb\xbf")
    frequent = client.get("/alarms/performance/frequent.csv?days=7").text
    assert f"boiler-1 {RULES[PRESSURE].title.zh},1,100" in frequent
