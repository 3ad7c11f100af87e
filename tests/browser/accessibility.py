"""What axe-core finds on a page."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WORST = ("serious", "critical")


def serious(page: Page, within: str = "html") -> list[str]:
    """Every serious or critical violation in a part of the page, a line each: what it is, and where.

    within: a CSS selector. Raises LookupError where nothing is there to be examined.
    """
    if not page.locator(within).count():
        raise LookupError(f"there is no {within} on {page.url}")
    # Fetching the style sheets once more fails on pages from disk.
    found = Axe().run(page, within, options={"preload": False}).response["violations"]
    return [
        f"{violation['id']} ({violation['impact']}): {node['html'][:200]} {node['failureSummary'][:300]}"
        for violation in found
        if violation["impact"] in WORST
        for node in violation["nodes"]
    ]
