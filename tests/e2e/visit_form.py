"""Uses the form in Chromium, by mouse and by keyboard, at several widths, and prints what was seen, as JSON.

It runs in a separate process, like browser.py. Screenshots are left in a folder.

    python visit_form.py ADDRESS FOLDER
"""

from __future__ import annotations

import json
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from browser import PHONE, QUIET
from playwright.sync_api import Locator, Page, ViewportSize, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError
from visit import TIMEOUT_MS, Visitor

DESK: ViewportSize = {"width": 1440, "height": 900}
WIDTHS = (1440, 1024, 768, PHONE)
# Whether the links at the top can be clicked, lie above all that Locust shows, and widen nothing.
BAR = """() => {
    const bar = document.getElementById("wiretax-bar"), box = bar.getBoundingClientRect();
    const hit = [...bar.querySelectorAll("a")].every(each => {
        const { left, top, width, height } = each.getBoundingClientRect();
        return document.elementFromPoint(left + width / 2, top + height / 2) === each;
    });
    const isAbove = box.bottom <= document.getElementById("root").getBoundingClientRect().top + 0.5;
    return hit && isAbove && document.documentElement.scrollWidth <= innerWidth;
}"""
FOCUS = "document.activeElement.name"
REDRAWN_MS = 10_000


def shown(form: Locator) -> list[str]:
    """The names of the fields that are seen."""
    names = [each.get_attribute("name") or "" for each in form.locator("[name]").all() if each.is_visible()]
    return list(dict.fromkeys(names))


def bars(page: Page) -> dict[int, bool]:
    seen = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        # Locust's charts follow the width of the window a moment later.
        with suppress(PlaywrightTimeoutError):
            page.wait_for_function(BAR, timeout=REDRAWN_MS)
        seen[width] = bool(page.evaluate(BAR))
    page.set_viewport_size(DESK)
    return seen


def complaint(form: Locator) -> list[Any]:
    """The message, the field that it stands below, the one that is marked, and the one with the focus."""
    alert = form.get_by_role("alert")
    alert.wait_for()
    return [
        alert.inner_text(),
        alert.locator("xpath=..").get_attribute("data-field"),
        [each.get_attribute("name") for each in form.locator("[aria-invalid=true]").all()],
        form.page.evaluate(FOCUS),
    ]


def visit(visitor: Visitor) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    page = visitor.open("/", ours=False)
    form = page.locator("form.wiretax-form")
    form.wait_for()
    seen["bars"] = {"form": bars(page)}
    seen["classes"] = [each.get_attribute("value") for each in form.locator("[name=user_classes]:checked").all()]
    seen["groups"] = [each.inner_text() for each in form.locator("> fieldset > legend:visible").all()]
    seen["free"] = shown(form)
    seen["nameless"] = [each.get_attribute("name") for each in form.locator("[name]").all() if not named(each)]

    start = form.get_by_role("button", name="Start")
    payload = form.get_by_role("textbox", name="Payload")
    payload.fill("0")
    # By keyboard alone.
    payload.press("Enter")
    seen["payload"] = complaint(form)
    payload.fill("100")
    seen["is_cleared"] = form.locator("[aria-invalid=true]").count() == 0
    form.get_by_text("Channel and event names").click()
    form.get_by_label("Channel name").fill("two words")
    form.get_by_text("Channel and event names").click()
    start.click()
    seen["folded"] = complaint(form)
    form.get_by_label("Channel name").fill("my-channel")
    for each in ("TriggerUser", "BatchUser"):
        form.get_by_label(each, exact=True).uncheck()
    start.click()
    seen["no_class"] = complaint(form)
    form.get_by_label("QueueUser").check()
    seen["queue"] = shown(form)

    consent = form.locator(".consent")
    seen["asks_at_first"] = consent.is_visible()
    form.get_by_label("Endpoint", exact=True).fill("https://key:hidden@192.0.2.1/apps/1")
    form.get_by_label("Message limit").fill("2500")
    seen["consent"] = consent.inner_text()
    start.click()
    seen["remote"] = complaint(form)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        visitor.shoot(page, f"form-refused-{scheme}")
    form.get_by_label("Endpoint", exact=True).fill("")
    seen["asks_at_last"] = consent.is_visible()
    # A quick machine would send as many before the first slice begins.
    form.get_by_label("Message limit").fill("0")

    form.get_by_label("Plan", exact=True).select_option("quick")
    seen["plan"] = shown(form)
    form.get_by_label("Rounds").fill("2")
    form.get_by_label("Only these workloads").fill("trigger*")
    form.get_by_label("Number of users").fill("2")
    start.click()
    page.get_by_role("button", name="New").wait_for(timeout=TIMEOUT_MS)
    for tab in page.get_by_role("tab").all():
        tab.click()
        seen["bars"][tab.inner_text()] = bars(page)
    page.get_by_role("tab", name="Download Data").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Newest run: slices.parquet").click()
    seen["file"] = download.value.suggested_filename
    page.get_by_role("link", name="Runs and files").click()
    page.get_by_role("heading", name="Runs and files").wait_for()
    seen["runs"] = page.locator("summary").first.inner_text()
    page.set_viewport_size({"width": PHONE, "height": 900})
    seen["files_width"] = page.evaluate("document.documentElement.scrollWidth")

    page.set_viewport_size(DESK)
    page.goto(visitor.address)
    page.get_by_role("button", name="New").click()
    form.wait_for()
    form.get_by_role("button", name="Use Locust's form").click()
    theirs = page.locator("form:not(.wiretax-form)")
    theirs.wait_for()
    seen["locusts"] = theirs.locator("[name=userCount]").input_value()
    # Without the script, Locust's form is there.
    page.route("**/form.js", lambda route: route.abort())
    page.goto(visitor.address)
    page.get_by_role("button", name="New").click()
    page.get_by_text("Custom parameters").click()
    seen["without_script"] = theirs.locator("[name=batchSize]").is_visible()
    return seen


def named(control: Locator) -> bool:
    """Whether a reader of the page has a name for a field."""
    return bool(control.evaluate("each => each.labels.length || each.getAttribute('aria-label')"))


def main(address: str, folder: str) -> None:
    shots = Path(folder)
    shots.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
        seen = visit(Visitor(browser, address, shots))
        browser.close()
    print(json.dumps(seen))


if __name__ == "__main__":
    main(*sys.argv[1:])
