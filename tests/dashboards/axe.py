"""What axe-core finds on a page that keeps somebody from using it, in sentences."""

import json
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import pytest
from playwright.sync_api import Page

ROOT = Path(__file__).parents[2]
PACKAGED = Path("node_modules", "axe-core", "axe.min.js")
RULES = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]
GRAVE = ("serious", "critical")
NPM_SECONDS = 110
RUN = """async (rules) => {
  const found = await axe.run(document, { runOnly: { type: "tag", values: rules }, resultTypes: ["violations"] });
  return JSON.stringify(found.violations);
}"""


def violations(page: Page, *, language: str) -> list[str]:
    """Judge the page as it stands, by WCAG 2.2 AA; ``language`` (zh or en) is the one that it must say it is in."""
    # Else whatever the header that stays on top half covers would be too small a target.
    page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
    page.evaluate(_source())  # not a script tag: the pages' policy allows only scripts of their own server
    said = [
        f"{page.url}: {one['id']} ({one['impact']}): {one['help']}: {node['html'][:160]} {node.get('failureSummary', '')[:300]}"
        for one in json.loads(page.evaluate(RUN, RULES))
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]
    declared = page.locator("html").get_attribute("lang") or ""
    if not declared.startswith(language):
        said.append(f"{page.url}: the page is in {language} and says {declared!r}")
    return said


@cache
def _source() -> str:
    """Read axe-core: of a developer's ``npm ci``, else fetched once for this run with the lock file's hash."""
    if (ROOT / PACKAGED).is_file():
        return (ROOT / PACKAGED).read_text(encoding="utf-8")
    npm = shutil.which("npm") or shutil.which(str(ROOT / ".venv" / "bin" / "npm"))
    if npm is None:
        pytest.skip("axe-core needs npm, which is not installed")
    with tempfile.TemporaryDirectory(prefix="axe-") as folder:
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(ROOT / name, folder)
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=NPM_SECONDS)
        if done.returncode != 0:
            pytest.skip(f"axe-core cannot be fetched: {done.stderr.strip()[-300:]}")
        return (Path(folder) / PACKAGED).read_text(encoding="utf-8")
