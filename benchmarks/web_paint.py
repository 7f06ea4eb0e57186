"""First paint of each page on a large site, in a real browser on this machine.

The reference in the same run is the login page, which asks the server for next to nothing.
"""

import shutil
import statistics
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from benchmarks.bars import SHORT, Bar, Measure
from benchmarks.web_site import Site, running_site

MACHINES = 1_000 if SHORT else 10_000
ALARMS = 100 if SHORT else 1_000
CHARTED = 1
TIMES = 2 if SHORT else 5
BAR_SECONDS = 1.0
PAINT = """() => new Promise((resolve) => {
  const known = () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime;
  if (known()) resolve(known());
  new PerformanceObserver(() => known() && resolve(known())).observe({ type: "paint", buffered: true });
})"""
SWITCHES = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update")


def pages(site: Site) -> dict[str, str]:
    return {
        "login": "/login",
        "overview": "/",
        "list": "/equipment",
        "machine": f"/equipment/{site.charted[0]}",
        "alarms": "/alarms",
        "journal": "/alarms/journal",
        "performance": "/alarms/performance",
        "rules": "/alarms/rules",
        "energy": "/energy",
        "maintenance": "/maintenance",
        "gateways": "/gateways",
        "gateway": f"/gateways/{site.machines[0].gateway}",
        "admin": "/admin",
    }


def first_paint(browser: Browser, site: Site, path: str) -> float:
    """Seconds from the navigation to the first content, in a browser that has nothing cached."""
    name, _, value = site.cookie.partition("=")
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    if path != "/login":
        context.add_cookies([{"name": name, "value": value, "url": site.address}])
    page = context.new_page()
    answer = page.goto(site.address + path, wait_until="commit")
    assert answer is not None
    assert answer.status == 200, f"{path}: {answer.status}"
    seconds = page.evaluate(PAINT) / 1000
    context.close()
    return float(seconds)


def paint(folder: Path) -> Bar:
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        return Bar("web_paint", False, "not measured: there is no chromium", {})
    with running_site(folder, machines=MACHINES, alarms=ALARMS, charted=CHARTED) as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(SWITCHES))
        first_paint(browser, site, "/login")  # the browser's own start is nobody's page
        found = {name: [first_paint(browser, site, path) for _ in range(TIMES)] for name, path in pages(site).items()}
        browser.close()
    medians = {name: statistics.median(seconds) for name, seconds in found.items()}
    floor = medians.pop("login")
    slowest = max(medians, key=lambda name: medians[name])
    line = (
        f"{MACHINES:,} machines, {len(medians)} pages: slowest {slowest} {medians[slowest]:.2f} s,"
        f" median {statistics.median(medians.values()):.2f} s"
        f" (bar {BAR_SECONDS:.0f} s; login {floor:.2f} s, x {medians[slowest] / floor:.1f})"
    )
    return Bar("web_paint", max(medians.values()) < BAR_SECONDS, line, {"seconds": found})


BARS: dict[str, Measure] = {"web_paint": paint}
