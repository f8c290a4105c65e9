"""Uses Locust's web UI with the scenarios in Chromium, as a person would, and prints what was seen, as JSON.

It runs in a separate process, like browser.py. Screenshots are left in a folder.

    python visit.py ADDRESS FOLDER
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from browser import DESK, PHONE, QUIET
from playwright.sync_api import Browser, Page, Route, sync_playwright

# Only what hangs takes longer.
TIMEOUT_MS = 60_000
LOOK_MS = 50
ROWS = """() => [...document.querySelectorAll("tbody tr")].map(
    row => [...row.querySelectorAll("td")].map(each => each.innerText))"""
LIVE = """() => {
    const shown = (selector) => [...document.querySelectorAll(selector)].filter(each => each.offsetParent);
    const lines = (chart) => [...document.querySelectorAll(`#${chart} polyline`)].map(each => each.dataset.series);
    return {
        state: document.getElementById("state").innerText,
        facts: Object.fromEntries([...document.querySelectorAll("#facts div")].map(
            each => [each.querySelector("dt").innerText, each.querySelector("dd").innerText])),
        headings: shown("h2").map(each => each.innerText),
        rows: [...document.querySelectorAll("#costs tbody tr")].map(
            row => [...row.querySelectorAll("th, td")].map(each => each.innerText)),
        bars: document.querySelectorAll("#layers rect").length,
        // The names of the lines in each chart, and of its legend.
        lines: Object.fromEntries(shown("figure").map(each => [each.id, lines(each.id)])),
        legends: Object.fromEntries(shown("figure").map(each => [
            each.id, [...each.querySelectorAll(".legend li > span:not(.swatch)")].map(each => each.innerText)])),
        // What tells each series apart.
        looks: [...document.querySelectorAll("#rate polyline")].map(
            each => [each.style.stroke, each.getAttribute("stroke-dasharray")].join()),
        images: [...document.querySelectorAll("svg[role=img]")].map(each => each.getAttribute("aria-label")),
        width: document.documentElement.scrollWidth,
        paper: getComputedStyle(document.body).backgroundColor,
    };
}"""
# Each place that the Tab key reaches, with its name and whether its focus can be seen.
TAB = """() => {
    const each = document.activeElement;
    const name = each.getAttribute("aria-label") || each.innerText || "";
    return [each.id || each.localName, name.trim().slice(0, 60),
            each === document.body || getComputedStyle(each).outlineStyle !== "none"];
}"""
TABS = 60
# How many points the first line has.
POINTS = "() => document.querySelector('#rate polyline').getAttribute('points').split(' ').length"


class Visitor:
    """A browser that keeps what its pages asked for, and what ours said."""

    def __init__(self, browser: Browser, address: str, shots: Path) -> None:
        self._browser = browser
        self._shots = shots
        self.address = address
        self.requests: list[str] = []
        self.said: list[str] = []

    def open(self, path: str, ours: bool) -> Page:
        page = self._browser.new_page(viewport={"width": DESK, "height": 900})
        page.set_default_timeout(TIMEOUT_MS)
        page.on("request", lambda request: self.requests.append(request.url))
        if ours:
            page.on("console", lambda message: self.said.append(message.text))
            page.on("pageerror", lambda error: self.said.append(str(error)))
        page.goto(f"{self.address}{path}")
        return page

    def shoot(self, page: Page, name: str) -> None:
        page.screenshot(path=self._shots / f"{name}.png", full_page=True)


def wait_until(page: Page, holds: str) -> None:
    """Wait until an expression holds. Playwright's own wait is an eval in the page, whose policy forbids that."""
    for _ in range(TIMEOUT_MS // LOOK_MS):
        if page.evaluate(holds):
            return
        page.wait_for_timeout(LOOK_MS)
    raise TimeoutError(holds)


def tabs(page: Page) -> list[list[Any]]:
    """What the Tab key reaches from the top of a page, in order."""
    page.locator("body").focus()
    page.evaluate("() => { document.activeElement.blur(); window.scrollTo(0, 0); }")
    found: list[list[Any]] = []
    for _ in range(TABS):
        page.keyboard.press("Tab")
        found.append(page.evaluate(TAB))
        if found[-1][0] == "body":
            break
    return found


def visit(visitor: Visitor) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    locust = visitor.open("/", ours=False)
    form = locust.locator("form.wiretax-form")
    form.wait_for()
    seen["form"] = {
        each.get_attribute("name"): each.get_attribute("type") or "select" for each in form.locator("[name]").all()
    }
    form.get_by_label("MultiTriggerUser").check()
    form.get_by_label("QueueUser").check()
    form.get_by_label("Number of users").fill("20")
    form.get_by_label("Users started").fill("20")
    form.get_by_role("textbox", name="Events per call").fill("11")
    form.get_by_role("button", name="Start").click()
    seen["refused"] = form.get_by_role("alert").inner_text()
    form.get_by_role("textbox", name="Events per call").fill("5")
    form.get_by_label("Kind of data").select_option("json")
    visitor.shoot(locust, "form")
    form.get_by_role("button", name="Start").click()

    locust.get_by_role("tab", name="Bytes on the wire").click()
    locust.locator("tbody tr").nth(2).wait_for()
    seen["tab"] = {
        "titles": [each.inner_text() for each in locust.locator("thead th").all()],
        "rows": locust.evaluate(ROWS),
    }
    visitor.shoot(locust, "tab")
    seen["link"] = locust.locator("#wiretax-live").get_attribute("href")

    live = visitor.open("/wiretax/", ours=True)
    wait_until(live, f"['rate', 'latency-p50'].every((chart) => ({LIVE})().lines[chart]?.length === 4)")
    wait_until(
        live, f"['arrivals', 'depth', 'wait-p99', 'total-p99'].every((chart) => ({LIVE})().lines[chart]?.length)"
    )
    seen["no_gain"] = live.locator("#gain .note").inner_text()
    seen["live"] = live.evaluate(LIVE)
    visitor.shoot(live, "live")
    live.emulate_media(color_scheme="dark")
    seen["dark"] = live.evaluate(LIVE)
    visitor.shoot(live, "live-dark")
    live.emulate_media(color_scheme="light")
    live.set_viewport_size({"width": PHONE, "height": 844})
    wait_until(live, f"document.querySelector('#layers .plot svg').clientWidth < {PHONE}")
    seen["phone"] = live.evaluate(LIVE)
    visitor.shoot(live, "live-phone")
    seen["tabs"] = tabs(live)
    live.locator("#rate summary").focus()
    live.keyboard.press("Enter")
    live.locator("#rate details table").wait_for()
    seen["values"] = [each.inner_text() for each in live.locator("#rate details thead th").all()]
    # The history comes from the server.
    before = live.evaluate(POINTS)
    live.reload()
    wait_until(live, f"({LIVE})().lines.rate?.length === 4")
    seen["points"] = [before, live.evaluate(POINTS)]

    locust.get_by_role("button", name="Stop").click()
    link = live.locator("#runs-list a[href^='runs/']").first
    link.wait_for()
    seen["run"] = live.locator("#runs-list code").first.inner_text()
    seen["runs"] = live.locator("#runs-list").inner_text()
    handle = link.element_handle()
    live.set_viewport_size({"width": DESK, "height": 900})
    wait_until(live, f"document.querySelector('#layers .plot svg').clientWidth > {PHONE}")
    seen["link_was_kept"] = handle.evaluate("link => link.isConnected")
    # A slow machine may show the page long before its script runs.
    scripts: list[Route] = []
    live.route("**/report.js", lambda route: scripts.append(route))
    link.click()
    live.locator("#message").wait_for()
    while not scripts:
        live.wait_for_timeout(10)
    seen["button_without_script"] = live.locator("#make").is_visible()
    scripts.pop().continue_()
    live.locator("#make").click()
    live.locator("progress").wait_for()
    visitor.shoot(live, "report-being-made")
    live.get_by_role("heading", name="In brief").or_(live.locator("figure").first).first.wait_for(timeout=90_000)
    seen["report"] = live.inner_text("body")
    visitor.shoot(live, "report")
    return seen


def main(address: str, folder: str) -> None:
    shots = Path(folder)
    shots.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
        visitor = Visitor(browser, address, shots)
        seen = visit(visitor)
        browser.close()
    print(json.dumps({**seen, "requests": visitor.requests, "said": visitor.said}))


if __name__ == "__main__":
    main(*sys.argv[1:])
