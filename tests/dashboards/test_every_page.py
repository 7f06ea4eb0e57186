"""Every page in a real browser, on a new, a small and a large site: it comes whole, fits, and can be used by everybody.

Screenshots go to test-output/.
"""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response, ViewportSize, sync_playwright

from device_profiles.kind import kind_names
from shangyun.local_servers import Broker
from tests.dashboards.axe import violations
from tests.dashboards.people import cookies_for
from tests.dashboards.sites import Site, running_site

OUTPUT = Path(__file__).parents[2] / "test-output"
DESK: ViewportSize = {"width": 1440, "height": 900}
LONGEST_PAINT_MILLISECONDS = 5000
"""Only against hanging: the machine is shared. How fast pages are is measured in benchmarks/web_paint.py."""
TELEPHONE: ViewportSize = {"width": 360, "height": 740}
PATHS = {
    "login": "/login",
    "overview": "/",
    "list": "/equipment",
    "list-of-kind": "/equipment?kind=boiler&sort=-name",
    "alarms": "/alarms",
    "alarms-shelved": "/alarms?view=shelved",
    "alarms-all": "/alarms?view=all&limit=200",
    "journal": "/alarms/journal",
    "performance": "/alarms/performance",
    "rules": "/alarms/rules",
    "energy": "/energy",
    "forecasts": "/forecasts",
    "forecast-assessment": "/forecasts/assessment",
    "forecast-models": "/forecasts/models",
    "forecast-weather": "/forecasts/weather",
    "health": "/maintenance",
    "findings": "/maintenance/findings",
    "orders": "/maintenance/orders",
    "log": "/maintenance/log",
    "plans": "/schedule",
    "machine-tools": "/schedule/machines",
    "capacity": "/schedule/capacity",
    "reservations": "/schedule/reservations",
    "spares": "/spares",
    "statements": "/statements",
    "gateways": "/gateways",
    "city": "/city",
    "city-machines": "/city/machines",
    "city-reports": "/city/report",
    "city-screen": "/city/screen",
    "city-screen-enter": "/city/screen/enter",
    "city-enterprises": "/city/enterprises",
    "city-enterprise-new": "/city/enterprises/new",
    "city-import": "/city/enterprises/import",
    "city-authenticity": "/city/authenticity",
    "city-plans": "/city/plans",
    "city-trainings": "/city/plans/trainings",
    "city-pilots": "/city/plans/pilots",
    "city-snapshots": "/city/plans/snapshots",
    "city-province": "/city/plans/province",
    "city-documents": "/city/documents",
    "city-stars": "/city/stars",
    "city-vouchers": "/city/vouchers",
    "city-budgets": "/city/vouchers/budgets",
    "city-batches": "/city/vouchers/batches",
    "city-silent": "/city/vouchers/silent",
    "city-providers": "/city/vouchers/providers",
    "city-calculator": "/city/vouchers/calculator",
    "city-projects": "/city/projects",
    "city-projects-new": "/city/projects/new",
    "city-duties": "/city/projects/duties",
    "city-access": "/city/projects/access-review",
    "users": "/admin/users",
    "sites": "/admin/sites",
    "tokens": "/admin/tokens",
    "audit": "/admin/audit",
    "account": "/account",
    "missing": "/nothing/here",
}
OF_ANY_SIZE = {
    "login",
    "alarms-shelved",
    "forecast-assessment",
    "forecast-models",
    "forecast-weather",
    "findings",
    "orders",
    "log",
    "reservations",
    "users",
    "tokens",
    "audit",
    "account",
    "missing",
    "city",
    "city-machines",
    "city-reports",
    "city-screen",
    "city-screen-enter",
    "city-enterprises",
    "city-enterprise-new",
    "city-import",
    "city-authenticity",
    "city-plans",
    "city-trainings",
    "city-pilots",
    "city-snapshots",
    "city-province",
    "city-documents",
    "city-stars",
    "city-vouchers",
    "city-budgets",
    "city-batches",
    "city-silent",
    "city-providers",
    "city-calculator",
    "city-projects",
    "city-projects-new",
    "city-duties",
    "city-access",
}
"""What the large site shows as the small one, or the empty one, does."""
OF_A_MACHINE = {
    "machine": "/equipment/{machine}",
    "gateway": "/gateways/{site.gateway}",
    "energy-of-machine": "/energy/machine?kind=boiler&equipment={machine}",
    "rule": "/alarms/rules/boiler.steam_pressure.high",
    "new-order": "/maintenance/orders/new?equipment={machine}",
}
OF_WHAT_HAPPENED = {
    "finding": "/maintenance/findings/{site.finding}",
    "order": "/maintenance/orders/{site.order}",
    "plan": "/schedule/plans/{site.plan}",
    "capability": "/schedule/capacity/machines/{site.machines[cnc_machine]}",
    "capacity-request": "/schedule/capacity/requests/{site.capacity_request}",
    "reservation": "/schedule/reservations/{site.reservation}",
    "alarm-act": "/alarms/act/shelve?ids={site.alarm}",
    "alarm-journal": "/alarms/journal?alarm={site.alarm}",
    "city-enterprise": "/city/enterprises/{site.enterprise}",
    "city-machine": "/city/machines/{site.city_machine}",
    "city-star": "/city/stars/{site.star_application}",
    "city-voucher": "/city/vouchers/{site.voucher}",
    "city-project": "/city/projects/{site.project}",
    "city-project-effect": "/city/projects/{site.project}/effect",
    "city-project-service": "/city/projects/{site.project}/service",
    "city-project-duties": "/city/projects/{site.project}/duties",
    "city-project-history": "/city/projects/{site.project}/history",
}
OF_KINDS = {f"machine-{kind}": f"/equipment/{{site.machines[{kind}]}}" for kind in kind_names() if kind != "boiler"}
PAGES_OF_SITE = {
    "empty": PATHS,
    "small": PATHS | OF_A_MACHINE | OF_WHAT_HAPPENED | OF_KINDS,
    "large": {name: path for name, path in PATHS.items() if name not in OF_ANY_SIZE} | OF_A_MACHINE,
}
QUOTING = {"city-documents"}
"""These quote documents of the government in their own words, in the middle of English sentences too."""
WATCH = """
addEventListener("securitypolicyviolation", (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
"""
PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null"
CHINESE = """() => {
  const isChinese = (text) => /[\\u4e00-\\u9fff]/.test(text ?? "");
  const found = isChinese(document.title) ? [document.title] : [];
  for (const element of document.body.querySelectorAll("*")) {
    if (element.closest("script, style") || element.closest("[lang]").lang.startsWith("zh")) continue;
    for (const node of element.childNodes) {
      if (node.nodeType === Node.TEXT_NODE && isChinese(node.data)) found.push(node.data.trim());
    }
    for (const name of ["aria-label", "title", "placeholder", "alt", "data-label"]) {
      if (isChinese(element.getAttribute(name))) found.push(`${name}=${element.getAttribute(name)}`);
    }
  }
  return found;
}"""
TOO_WIDE = """() => [...document.querySelectorAll("main *, header *")]
  .filter((element) => element.getBoundingClientRect().right > 361 && !element.parentElement.closest(".scroll"))
  .slice(0, 5).map((element) => element.outerHTML.slice(0, 120))"""


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def paints() -> dict[str, list[float]]:
    """Milliseconds to the first content, by site."""
    return {}


class Visitor:
    """A tab in one language, with what went wrong in it and how fast its pages came."""

    def __init__(self, context: BrowserContext) -> None:
        context.add_init_script(WATCH)
        self.page = context.new_page()
        self.wrong: list[str] = []
        self._asked: set[Request] = set()
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.wrong.append(f"fault in a script: {error}"))
        self.page.on("request", self._starts)
        self.page.on("requestfinished", self._ended)
        self.page.on("requestfailed", self._failed)
        self.page.on("response", self._answered)

    def open(self, address: str) -> None:
        """Open a page and wait for all that it fetches by itself, its stream excepted."""
        self.wrong.clear()
        self._asked.clear()
        self.page.set_viewport_size(DESK)
        self.page.goto(address, wait_until="load")
        while any(not is_stream(one) for one in self._asked):
            self.page.evaluate("() => new Promise((resolve) => requestAnimationFrame(resolve))")

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.wrong.append(f"{message.type}: {message.text}")

    def _starts(self, request: Request) -> None:
        self._asked.add(request)

    def _ended(self, request: Request) -> None:
        self._asked.discard(request)

    def _failed(self, request: Request) -> None:
        self._ended(request)
        if not is_stream(request):  # the browser drops it when the next page is opened
            self.wrong.append(f"failed: {request.url} {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.wrong.append(f"{response.status}: {response.url}")


def is_stream(request: Request) -> bool:
    return "/api/v1/stream" in request.url


class Tour:
    """The sites, each started when it is first visited, and their visitors: one in each language, and strangers."""

    def __init__(self, browser: Browser, start: Callable[[str], Site]) -> None:
        self._browser, self._start = browser, start
        self._sites: dict[str, Site] = {}
        self._visitors: dict[tuple[str, str, bool], Visitor] = {}

    def visit(self, site_name: str, page_name: str, language: str) -> Visitor:
        if site_name not in self._sites:
            self._sites[site_name] = self._start(site_name)
        site = self._sites[site_name]
        visitor = self._visitor(site, language, is_stranger=page_name == "login")
        path = PAGES_OF_SITE[site_name][page_name].format(site=site, machine=site.machines.get("boiler"))
        visitor.open(site.address + path)
        return visitor

    def _visitor(self, site: Site, language: str, *, is_stranger: bool) -> Visitor:
        key = (site.name, language, is_stranger)
        if key not in self._visitors:
            # Blinking symbols in the tabs that wait would take most of the processor.
            context = self._browser.new_context(viewport=DESK, reduced_motion="reduce")
            context.add_cookies([{"name": "lang", "value": language, "url": site.address}])
            if not is_stranger:
                context.add_cookies(cookies_for(site.address, site.database))  # type: ignore[arg-type]  # dictionaries will do
            self._visitors[key] = Visitor(context)
        return self._visitors[key]

    def close(self) -> None:
        for visitor in self._visitors.values():
            visitor.page.context.close()


@pytest.fixture(scope="module")
def start_site(
    postgresql_server: str,
    postgresql_template: str,
    broker: Broker,  # so that a machine without Mosquitto skips
    built_vendor: None,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[str], Site]]:
    with contextlib.ExitStack() as stack:

        def start(name: str) -> Site:
            folder = tmp_path_factory.mktemp(name)
            described = running_site(name, server=postgresql_server, template=postgresql_template, folder=folder)
            return stack.enter_context(described)

        yield start


@pytest.fixture(scope="module")
def tour(browser: Browser, start_site: Callable[[str], Site]) -> Iterator[Tour]:
    with contextlib.closing(Tour(browser, start_site)) as made:
        yield made


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    ("site", "name"),
    [pytest.param(site, name, id=f"{site}-{name}") for site, paths in PAGES_OF_SITE.items() for name in paths],
)
def test_a_page_comes_whole_fits_a_telephone_and_can_be_used_by_everybody(
    site: str, name: str, language: str, tour: Tour, paints: dict[str, list[float]]
) -> None:
    visitor = tour.visit(site, name, language)
    page = visitor.page
    paints.setdefault(site, []).append(page.evaluate(PAINT) or 0.0)
    wrong = [one for one in visitor.wrong if not (name == "missing" and "404" in one)]
    if page.locator("h1").count() != 1:
        wrong.append(f"{page.locator('h1').count()} headings of the first level")
    if not page.title().strip(" ·"):
        wrong.append("no title")
    if len(page.locator("main").inner_text().strip()) < 10:
        wrong.append("nothing to read")
    if language == "en" and name not in QUOTING:
        wrong += [f"Chinese: {text}" for text in page.evaluate(CHINESE)]
    if language == "zh" or (site == "small" and name not in OF_KINDS):
        wrong += violations(page, language=language)
        shoot(page, f"{name}-{site}-{language}")
    page.set_viewport_size(TELEPHONE)
    width = page.evaluate("document.documentElement.scrollWidth")
    if width > TELEPHONE["width"]:
        wrong.append(f"{width} px wide on a telephone: {page.evaluate(TOO_WIDE)}")
    assert wrong == []


def test_a_page_shows_something_soon_on_each_site(paints: dict[str, list[float]], record_result: Callable[[str], None]) -> None:
    for site, milliseconds in paints.items():
        record_result(f"first paint, {site} site, slowest of {len(milliseconds)} pages: {max(milliseconds):.0f} ms")
        assert max(milliseconds) < LONGEST_PAINT_MILLISECONDS


def shoot(page: Page, name: str) -> None:
    OUTPUT.mkdir(exist_ok=True)
    page.screenshot(path=OUTPUT / f"page-{name}.png")
